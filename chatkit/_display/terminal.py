"""The one way to the outside: a text stream that may be a terminal, a pipe, a notebook, or gone."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from typing import Any, Literal, TextIO

_MIN_WIDTH = 20


class Style:
    """Colours and typefaces, as SGR sequences; without colour every method gives the text back as it is.

    Args:
        colour: Whether SGR sequences may be used.
    """

    __slots__ = ("colour",)

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def _mark(self, text: str, on: int, off: int) -> str:
        return f"\x1b[{on}m{text}\x1b[{off}m" if self.colour else text

    def blue(self, text: str) -> str:
        """What the user said or decides about."""
        return self._mark(text, 34, 39)

    def green(self, text: str) -> str:
        """What went well, and the assistant."""
        return self._mark(text, 32, 39)

    def red(self, text: str) -> str:
        """What failed."""
        return self._mark(text, 31, 39)

    def bold(self, text: str) -> str:
        """The system prompt's role: bold reads on light and dark ground, bright white only on dark."""
        return self._mark(text, 1, 22)

    def dim(self, text: str) -> str:
        """What is not the answer itself."""
        return self._mark(text, 2, 22)

    def italic(self, text: str) -> str:
        """What a tool gave back."""
        return self._mark(text, 3, 23)


class Terminal:
    """A text stream to write to, whatever has become of it.

    Without a stream, `sys.stdout` (or `sys.stderr`) is looked up at every call, so that `redirect_stdout`, pytest's
    capture and notebooks get what is theirs. What the stream's encoding lacks is replaced by `?`. When the stream is
    None, closed, or a pipe that nobody reads any more, writing goes quiet for good: an echo that nobody sees is no
    reason to lose the answer. What Python itself says at exit about its broken `sys.stdout` is left alone.

    Text is written as it is: whoever got it from outside has to sanitise it first.

    Args:
        stream: Where to write; None for the process's own stream.
        name: Which of the process's own streams that is.
        environ: Where NO_COLOR, FORCE_COLOR and TERM are looked up.
    """

    __slots__ = ("_dead", "_environ", "_name", "_stream")

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        name: Literal["stdout", "stderr"] = "stdout",
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._stream = stream
        self._name = name
        self._environ = environ
        self._dead: Any = None

    def _target(self) -> Any:
        return getattr(sys, self._name) if self._stream is None else self._stream

    def write(self, text: str) -> None:
        """Write and flush, so that a pipe streams too; never raises because of the stream."""
        stream = self._target()
        if stream is None or stream is self._dead:
            return
        try:
            try:
                stream.write(text)
            except UnicodeEncodeError:
                stream.write(encodable(text, self.encoding))
            if not _flushes_itself(stream):
                stream.flush()
        except (OSError, ValueError):
            self._dead = stream

    @property
    def is_terminal(self) -> bool:
        """Whether a person's terminal is at the other end."""
        try:
            return bool(self._target().isatty())
        except (AttributeError, OSError, ValueError):
            return False

    @property
    def width(self) -> int:
        """Columns: COLUMNS if set, the terminal's own number, or 80; at least 20."""
        return max(_MIN_WIDTH, shutil.get_terminal_size().columns)

    @property
    def colour(self) -> bool:
        """Whether colour is wanted: NO_COLOR forbids it, FORCE_COLOR asks for it, else a terminal that is not dumb."""
        if self._environ.get("NO_COLOR"):
            return False
        if forced := self._environ.get("FORCE_COLOR"):
            return forced != "0"
        return self.rewrites

    @property
    def rewrites(self) -> bool:
        """Whether a line can be written over: on a terminal that is not dumb."""
        return self._environ.get("TERM") != "dumb" and self.is_terminal

    @property
    def style(self) -> Style:
        """The styles as this terminal has them."""
        return Style(self.colour)

    @property
    def encoding(self) -> str:
        """The stream's encoding; UTF-8 where it has none."""
        return getattr(self._target(), "encoding", None) or "utf-8"

    def symbol(self, wanted: str, plain: str) -> str:
        """A symbol, or its ASCII stand-in where the encoding lacks it."""
        return symbol(wanted, plain, self.encoding)


def _flushes_itself(stream: Any) -> bool:
    # ipykernel sends what was written five times a second; flushed by hand, every token becomes a message of its own
    # and an output of its own in the saved notebook.
    return type(stream).__module__.startswith("ipykernel")


def symbol(wanted: str, plain: str, encoding: str) -> str:
    """A symbol, or its ASCII stand-in where the encoding lacks it."""
    return wanted if encodable(wanted, encoding) == wanted else plain


def encodable(text: str, encoding: str) -> str:
    """The text with `?` for every character that the encoding lacks."""
    try:
        return text.encode(encoding, "replace").decode(encoding)
    except LookupError:  # a stand-in for stdout may call its encoding anything
        return encodable(text, "ascii")
