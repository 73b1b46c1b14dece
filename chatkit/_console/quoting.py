'''Texts between three quotes (`"""`), which may have several lines.'''

from __future__ import annotations

_QUOTES = '"""'


def quoted(line: str) -> str | None:
    """The text between three quotes; None when the line does not begin with them."""
    text = line.strip()
    if not text.startswith(_QUOTES):
        return None
    return text.removeprefix(_QUOTES).removesuffix(_QUOTES).strip("\n")


def is_open(line: str) -> bool:
    """Whether a text that begins with three quotes has not come to those that end it."""
    text = line.strip()
    return text.startswith(_QUOTES) and not (len(text) >= 2 * len(_QUOTES) and text.endswith(_QUOTES))
