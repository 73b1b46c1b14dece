"""Markdown within a line, as styled text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chatkit._render.markup import leads_well

if TYPE_CHECKING:
    from markdown_it.token import Token
    from rich.text import Text

_STYLES = {"strong_open": "bold", "em_open": "italic", "s_open": "strike"}
CODE, LINK = "cyan", "underline"
# The one element that models write because Markdown lacks it: a new line in the cell of a table.
_is_break = re.compile(r"<br\s*/?>", re.I).fullmatch


def inline(tokens: Iterable[Token]) -> Text:
    """Styled text; where a link leads stands behind it, since a terminal must not be told to hide it.

    Args:
        tokens: The children of an inline token.
    """
    from rich.text import Text

    text = Text()
    styles: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        if token.type in _STYLES:
            styles.append(_STYLES[token.type])
        elif token.type == "link_open":
            links.append((str(token.attrs.get("href", "")), len(text)))
            styles.append(LINK)
        elif token.type.endswith("_close"):
            styles.pop()
            if token.type == "link_close":
                text.append(_address(*links.pop(), text.plain))
        else:
            text.append(_words(token), " ".join([*styles, *([CODE] if token.type == "code_inline" else [])]))
    return text


def _words(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " " if token.type == "softbreak" else "\n"
    if token.type == "image":
        address = str(token.attrs.get("src", ""))
        return f"{token.content or 'image'} ({address})"
    if token.type == "html_inline" and _is_break(token.content):
        return "\n"
    return token.content


def _address(href: str, begin: int, text: str) -> str:
    """Where a link leads, unless its text says so."""
    said = text[begin:]
    if href in (said, f"mailto:{said}", f"http://{said}"):
        return ""
    return f" ({href})" if leads_well(href) else ""
