"""A long paragraph of a streamed answer, drawn line by line while it comes."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatkit._display.markdown_blocks import Sheet, drawn, words
from chatkit._display.markdown_console import wrapped
from chatkit._display.markdown_inline import inline
from chatkit._render.blocks import Blocks

if TYPE_CHECKING:
    from markdown_it.token import Token
    from rich.text import Text

_ENDS = " \n\u3001\u3002\uff0c\uff01\uff1f\uff1b\uff1a"
# As many characters of a line tell that it goes on with the paragraph.
_KNOWN = 20
# For as many rows it is looked often whether what has begun has ended.
_OFTEN = 16
# What may be the beginning of something that ends behind it: emphasis, code, a formula, an element, a row of a table.
_opens = re.compile(r"\*(?=\S)|(?<=\S)\*|(?<!\w)_|_(?!\w)|~~|[`$|]|<(?=[A-Za-z/!?])").search
_row = re.compile(r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*\|", re.M).search
_underline = re.compile(r"\n[ \t]*(=+|-+)[ \t]*\s*\Z").sub


class Flow:
    """Gives a paragraph before its end: whole lines, up to where nothing can change any more what was written.

    As long as an emphasis, a link, code or the like is open, it waits. Each character is read once or, while it
    waits, a few times: the cost is linear. What is lost: a heading of several lines, which is told to be one by the
    line under it, is a paragraph here.

    Args:
        blocks: Where the paragraph comes from.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._begin()

    def _begin(self) -> None:
        self._pieces: list[str] = []
        self._length = self._wanted = 0
        self._off = False
        # How much of the block's source is in what was given, or in the line that is held.
        self._taken = 0
        self._line: Text | None = None

    @property
    def begun(self) -> bool:
        """Whether something was taken of the paragraph; then `finish` gives the rest."""
        return self._taken > 0

    def room(self, sheet: Sheet) -> int:
        """How many characters `feed` takes next at most; so any split of the text gives the same lines."""
        return sys.maxsize if self._off else max(1, max(self._wanted, 2 * sheet.width) - self._length)

    def feed(self, piece: str, sheet: Sheet) -> list[Text]:
        """Take what came, after the blocks took it, and give the lines that are finished.

        Args:
            piece: A line or a part of one.
            sheet: What is drawn on.
        """
        if self._off:
            return []
        self._pieces.append(piece)
        self._length += len(piece)
        return self._lines(sheet) if self._length >= max(self._wanted, 2 * sheet.width) else []

    def _lines(self, sheet: Sheet) -> list[Text]:
        if not self._blocks.in_paragraph:
            self._off = True
            return []
        source = "".join(self._pieces)
        size = _settled(source)
        tokens = words(source[:size].lstrip("\n"))
        if not tokens or _waits(tokens, source[:size]):
            self._pieces, self._wanted = [source], _later(self._length, sheet.width)
            return []
        self._pieces, self._length, self._wanted = [source[size:]], len(source) - size, 0
        self._taken += size
        *lines, last = wrapped(self._joined(inline(tokens)), sheet.width)
        # Wrapping takes the space away that the next word is to stand behind.
        self._line = last.append(" ") if last and source[size - 1] in " \n" else last
        return lines

    def _joined(self, text: Text) -> Text:
        return text if self._line is None else self._line.append_text(text)

    def finish(self, block: str, sheet: Sheet) -> list[Text]:
        """Give the rest, and begin anew with what comes after the block.

        Args:
            block: The source of the whole block.
            sheet: What is drawn on.
        """
        rest = _underline("", block[self._taken :].rstrip())
        first, _, below = rest.partition("\n")
        table = drawn(below, sheet) if _row(below) else []
        text = self._joined(inline(words(first if table else rest)))
        return [*wrapped(text, sheet.width), *table]

    def restart(self, sheet: Sheet) -> list[Text]:
        """Forget the block, since it is finished, and begin with what the blocks have of the next one."""
        self._begin()
        return self.feed(self._blocks.tail, sheet)


def _later(length: int, width: int) -> int:
    """At what length to look again: soon, but seldom when it has been long."""
    return length + width // 2 if length < _OFTEN * width else 2 * length


def _settled(source: str) -> int:
    """How much of a paragraph no further character can change, but for what `_waits` finds."""
    words = source.rstrip()
    end = max(words.rfind(mark) for mark in _ENDS) + 1
    line = source.rfind("\n") + 1
    return line if 0 < line <= end and len(source) - line < _KNOWN else end


def _waits(tokens: Sequence[Token], source: str) -> bool:
    """Whether something may have begun that ends behind the source."""
    said = [token.content for token in tokens if token.type == "text"]
    return "\\" in source or source.count("[") > source.count("]") or any(_opens(words) for words in said)
