"""The streamed answer as Markdown on a terminal: each block is drawn once, when it is finished, and never again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chatkit._display.markdown_blocks import Sheet, drawn
from chatkit._display.markdown_code import code_line
from chatkit._display.markdown_console import sgr
from chatkit._display.markdown_flow import Flow
from chatkit._display.reply import ReplyWriter
from chatkit._display.sanitize import Sanitizer
from chatkit._display.terminal import Terminal
from chatkit._render.blocks import Blocks

if TYPE_CHECKING:
    from rich.text import Text

_item = re.compile(r"(?:[ \t]*\n)* {0,3}(?:[-*+]|(\d{1,9})([.)]))(?:\s|$)").match
_has_gap = re.compile(r"\S[^\n]*\n[ \t]*\n").search
_lines = re.compile(r"[^\n]*\n|[^\n]+").findall


class MarkdownReply:
    """Writes answers as a `ReplyWriter` does, but their text as drawn Markdown.

    Only ever something is added below, so that what has scrolled away is whole, and the cost is linear. Code appears
    line by line, and so do the items of a list; a paragraph or a table when it is there.

    Args:
        terminal: Where to write. Without colour nothing is drawn: the text goes there as it comes.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._streamed = ReplyWriter(terminal)
        self._text = _Text(terminal)
        self._thought = False

    def text(self, delta: str) -> None:
        """Take a piece of the answer's text."""
        if not self._terminal.colour:
            self._streamed.text(delta)
            return
        if self._thought:
            self._streamed.end()
            self._thought = False
            self._text.leave_room()
        self._text.feed(delta)

    def thinking(self, delta: str) -> None:
        """Write a piece of the model's thinking, which is not drawn."""
        if delta and not self._thought and self._terminal.colour:
            self._text.end()
        self._thought = self._thought or bool(delta)
        self._streamed.thinking(delta)

    def end(self) -> None:
        """Finish whatever is open; does nothing when nothing is."""
        self._streamed.end()
        self._thought = False
        self._text.end()


class _Text:
    """Text that is drawn."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._begin()

    def _begin(self) -> None:
        self._sanitizer = Sanitizer()
        self._blocks = Blocks()
        self._flow = Flow(self._blocks)
        # The source of the block that was drawn last, and its number if it is an item that has one.
        self._last = ""
        self._number: int | None = None
        self._in_code = False
        self._apart = False

    def leave_room(self) -> None:
        """Have a blank line before what comes next."""
        self._apart = True

    def feed(self, delta: str) -> None:
        """Take a piece, and draw what is finished by it."""
        for piece in _lines(self._sanitizer.feed(delta)):
            begin = 0
            while begin < len(piece):
                end = begin + self._flow.room(self._sheet())
                self._take(piece[begin:end])
                begin = end

    def end(self) -> None:
        """Draw the rest."""
        self.feed(self._sanitizer.finish())
        if self._in_code and not self._blocks.tail.endswith("\n"):
            self._take("\n")
        for block in self._blocks.finish():
            self._finished(block)
        self._begin()

    def _take(self, piece: str) -> None:
        blocks = self._blocks.feed(piece)
        for block in blocks:
            self._finished(block)
        self._flowing(None if blocks else piece)
        info = self._blocks.info
        if info is not None:
            self._code(self._blocks.code_lines(), info)

    def _code(self, lines: list[str], info: str) -> None:
        if lines and not self._in_code:
            self._separate("")
            self._in_code = True
        self._write(code_line(line, info) for line in lines)

    def _flowing(self, piece: str | None) -> None:
        """Draw what can be of an open paragraph that goes on with a piece; None when another block began."""
        begun = self._flow.begun and piece is not None
        sheet = self._sheet()
        lines = self._flow.restart(sheet) if piece is None else self._flow.feed(piece, sheet)
        if self._flow.begun and not begun:
            self._separate("")
        self._write(lines)

    def _finished(self, block: str) -> None:
        if not block.strip():
            return
        self._number = _number(block, self._last, self._number)
        if self._flow.begun:
            self._write(self._flow.finish(block, self._sheet()))
        elif not self._in_code:  # or it was drawn line by line
            self._separate(block)
            self._write(drawn(block, self._sheet(), self._number))
        self._in_code = False
        self._last = block

    def _sheet(self) -> Sheet:
        # Asked anew each time: the window may have been resized.
        return Sheet(self._terminal.width - 1, self._terminal.encoding)

    def _separate(self, block: str) -> None:
        """A blank line between blocks, but for the items of a list that stand close together."""
        close = _item(self._last) and _item(block) and not _has_gap(self._last)
        if self._apart or (self._last and not close):
            self._terminal.write("\n")
        self._apart = False

    def _write(self, lines: Iterable[Text]) -> None:
        shown = sgr(lines)
        if shown:
            self._terminal.write(shown)


def _number(block: str, last: str, number: int | None) -> int | None:
    """The number of an item: one more than that of the item above it, whatever is written in front of it."""
    item = _item(block)
    if item is None or item[1] is None:
        return None
    above = _item(last)
    return number + 1 if number is not None and above and above[2] == item[2] else int(item[1])
