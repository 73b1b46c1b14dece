"""How wide text is on a terminal, and how a line is cut to fit."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import accumulate, takewhile


@lru_cache(maxsize=4096)
def _cell(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cells(text: str) -> int:
    """How many columns a terminal needs for a text without line breaks."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def cut(text: str, room: int, mark: str) -> str:
    """Shorten a line to `room` columns, with `mark` at its end where something was left out."""
    if cells(text) <= room:
        return text
    kept = takewhile((room - len(mark)).__ge__, accumulate(map(_cell, text)))
    return text[: len(list(kept))] + mark
