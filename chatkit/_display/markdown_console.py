"""What is drawn, wrapped to a width and written as SGR sequences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from chatkit._render.columns import cells
from chatkit._render.controls import visible

if TYPE_CHECKING:
    from rich.text import Text

# Chinese and Japanese have no spaces: a line may end behind each character, but does not begin with a closing mark.
_WIDE = r"\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003fffd"
_CLOSING = r"\u3001\u3002\u3009\u300b\u300d\u300f\u3011\u3015\u30fc\uff01\uff09\uff0c\uff0e\uff1a\uff1b\uff1f"
_words = re.compile(rf"(?:[{_WIDE}]|[^\s{_WIDE}]+)[{_CLOSING}]*\s*").finditer


def wrapped(text: Text, width: int) -> list[Text]:
    """The lines of a text, broken between words only.

    A word that is longer than a line is left to the terminal, so that an address can be copied whole.
    """
    lines: list[Text] = []
    for part in text.split("\n", allow_blank=True):
        lines += part.divide(_breaks(part.plain, width))
    for line in lines:
        line.rstrip()
    return lines


def folded(text: Text, width: int) -> list[Text]:
    """The lines of a text, none of them longer than the width: for a column of a table."""
    lines = []
    for line in wrapped(text, width):
        begin, used = 0, 0
        for place, character in enumerate(line.plain):
            if used + cells(character) > width and place > begin:
                lines.append(line[begin:place])
                begin, used = place, 0
            used += cells(character)
        lines.append(line[begin:])
    return lines


def _breaks(text: str, width: int) -> Iterator[int]:
    used = 0
    for word in _words(text):
        size = cells(word[0].rstrip())
        if used and used + size > width:
            yield word.start()
            used = 0
        used += cells(word[0])


def sgr(lines: Iterable[Text]) -> str:
    """Lines as they are written, each with a line break: colours and typefaces, and no other sequences.

    Control characters are made visible here once more, since Markdown has names for some: `&#x202e;`.

    The sixteen colours of the terminal are used, which its owner has chosen.
    """
    from io import StringIO

    from rich.color import ColorSystem
    from rich.console import Console

    console = Console(file=StringIO(), legacy_windows=False, _environ={})
    written: list[str] = []
    for line in lines:
        for part, style, _ in line.render(console):
            text = visible(part)
            written.append(style.render(text, color_system=ColorSystem.STANDARD) if style else text)
        written.append("\n")
    return "".join(written)
