"""The streamed answer on a text stream: text as it comes, thinking dimmed and kept apart from it."""

from __future__ import annotations

from typing import Literal

from chatkit._display.layout import Layout, Unwrapped, Wrapped
from chatkit._display.sanitize import Sanitizer
from chatkit._display.terminal import Terminal
from chatkit._display.wording import END_THINKING, THINKING

_Part = Literal["", "text", "thinking"]
_DIM, _UNDIM = "\x1b[2m", "\x1b[22m"


def layout(terminal: Terminal, prefix: str) -> Layout:
    """Wrapped on a terminal; elsewhere not, so that a pipe gets the text unchanged and a notebook wraps by itself."""
    return Wrapped(terminal.width, prefix) if terminal.is_terminal else Unwrapped(prefix)


class ReplyWriter:
    """Writes answers, delta by delta.

    With colour, thinking is dim and a blank line stands between it and the text; without, it stands between
    `<thinking>` and `</thinking>`. Dim begins and ends once, not at every delta, so `end()` must not be left out.

    Args:
        terminal: Where to write.
        prefix: What every line begins with.
    """

    __slots__ = ("_coloured", "_layout", "_part", "_prefix", "_sanitizer", "_terminal")

    def __init__(self, terminal: Terminal, prefix: str = "") -> None:
        self._terminal = terminal
        self._prefix = prefix
        self._part: _Part = ""
        self._coloured = False
        self._sanitizer = Sanitizer()
        self._layout: Layout = Unwrapped(prefix)

    def text(self, delta: str) -> None:
        """Write a piece of the answer's text."""
        if self._part != "text" and delta:
            self._begin("text")
        self._write(delta)

    def thinking(self, delta: str) -> None:
        """Write a piece of the model's thinking."""
        if self._part != "thinking" and delta:
            self._begin("thinking")
        self._write(delta)

    def _write(self, delta: str) -> None:
        shown = self._layout.feed(self._sanitizer.feed(delta))
        if shown:
            self._terminal.write(shown)

    def _begin(self, part: _Part) -> None:
        follows = self._part != ""
        self.end()
        self._part = part
        # Asked anew for every part: the window may have been resized, or stdout redirected.
        self._coloured = self._terminal.colour
        self._layout = layout(self._terminal, self._prefix)
        opening = self._layout.feed("\n") if follows and self._coloured else ""
        if part == "thinking":
            opening += _DIM if self._coloured else self._layout.feed(f"{THINKING}\n")
        if opening:
            self._terminal.write(opening)

    def end(self) -> None:
        """Finish whatever part is open and end its line; does nothing when none is."""
        part, self._part = self._part, ""
        if not part:
            return
        rest = self._layout.feed(self._sanitizer.finish()) + self._layout.finish()
        if part == "thinking":
            rest += _UNDIM if self._coloured else self._layout.feed(f"{END_THINKING}\n")
        if rest:
            self._terminal.write(rest)
