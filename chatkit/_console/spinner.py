"""A sign of life while nothing is written: one line that is written over, and gone before anything else comes."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TextIO, cast

from chatkit._display.layout import cells, cut
from chatkit._display.sanitize import one_line
from chatkit._display.terminal import Terminal

_FRAMES, _PLAIN_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
_REWIND = "\r\x1b[K"
_KEEP_PLACE, _BACK = "\x1b7", "\x1b8"
_EVERY = 0.1
_PATIENCE, _LONG_PATIENCE = 0.25, 1.0


class Spinner:
    """A text stream for a display, with a spinner wherever nothing was written for a while.

    It turns only at the beginning of a line and only on a terminal that can write over a line; elsewhere this is the
    stream and nothing else. While a tool runs it turns at the right margin, and the cursor keeps its place: the tool,
    or a program that it runs, may ask something. It stops as soon as somebody else writes.

    Args:
        out: Where everything goes.
        is_taken: Whether a program has made the terminal its own, so that nothing may be drawn.
    """

    def __init__(self, out: Terminal, is_taken: Callable[[], bool] = lambda: False) -> None:
        self._out = out
        self._is_taken = is_taken
        self._label = ""
        self._in_margin = False
        self._erasing = ""
        self._at_start = True
        self._since = self._written_at = time.monotonic()
        self._lock = threading.Lock()
        self._writer: int | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __getattr__(self, name: str) -> Any:
        # Whatever else a display asks of a stream, such as its file number.
        return getattr(self._out._target(), name)

    @property
    def encoding(self) -> str:
        """The encoding of what is below."""
        return self._out.encoding

    def isatty(self) -> bool:
        """Whether a person's terminal is below."""
        return self._out.is_terminal

    def write(self, text: str) -> int:
        """Take the spinner away and write."""
        with self._mine():
            self._erase()
            self._out.write(text)
            self._note(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def turn(self, label: str) -> None:
        """Turn from now on.

        Args:
            label: What is waited for.
        """
        self._turn(label, in_margin=False)

    def turn_in_margin(self) -> None:
        """Turn at the right margin from now on: a tool runs."""
        self._turn("running", in_margin=True)

    def _turn(self, label: str, *, in_margin: bool) -> None:
        with self._mine():
            if label != self._label:
                self._erase()
                self._label, self._in_margin, self._since = label, in_margin, time.monotonic()
        if self._thread is None and self._out.rewrites:
            self._thread = threading.Thread(target=self._spin, name="chatkit-spinner", daemon=True)
            self._thread.start()

    def rest(self) -> None:
        """Turn no more until told again: something else may write now."""
        with self._mine():
            self._label = ""
            self._erase()

    def close(self) -> None:
        """Take the spinner away for good."""
        self._over.set()
        self.rest()
        if self._thread is not None:
            self._thread.join()

    def make_way(self, text: str) -> None:
        """Take the spinner away, since somebody else writes something."""
        if text and self._writer != threading.get_ident():
            with self._mine():
                self._erase()
                self._note(text)
                if self._in_margin:
                    self._label = ""

    @contextlib.contextmanager
    def among_others(self) -> Iterator[None]:
        """Make way for whatever is written to the process's own streams meanwhile."""
        if not self._out.rewrites:
            yield
            return
        out, err = (stream and cast(TextIO, _Heard(stream, self)) for stream in (sys.stdout, sys.stderr))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield

    @contextlib.contextmanager
    def _mine(self) -> Iterator[None]:
        with self._lock:
            self._writer = threading.get_ident()
            try:
                yield
            finally:
                self._writer = None

    def _note(self, text: str) -> None:
        if text:
            self._at_start = text.endswith("\n")
            self._written_at = time.monotonic()

    def _spin(self) -> None:
        frames = self._out.symbol(_FRAMES, _PLAIN_FRAMES)
        count = 0
        while not self._over.wait(_EVERY):
            with self._mine():
                if self._is_due():
                    count += 1
                    self._draw(frames[count % len(frames)], time.monotonic() - self._since)

    def _is_due(self) -> bool:
        silence = time.monotonic() - max(self._written_at, self._since if self._in_margin else 0)
        if not self._label:
            return False
        if self._in_margin:
            return silence >= _LONG_PATIENCE and not self._is_taken()
        return self._at_start and silence >= _PATIENCE

    def _draw(self, frame: str, seconds: float) -> None:
        line = f"{frame} {one_line(self._label)} {seconds:.0f} s"
        # The last column stays free, or some terminals go on to the next line.
        line = cut(line, self._out.width - 1, self._out.symbol("…", "..."))
        if self._in_margin:
            column = self._out.width - cells(line)
            self._out.write(f"{self._erasing}{_KEEP_PLACE}\x1b[{column}G{self._out.style.dim(line)}{_BACK}")
            self._erasing = f"{_KEEP_PLACE}\x1b[{column}G\x1b[K{_BACK}"
        else:
            self._out.write(_REWIND + self._out.style.dim(line))
            self._erasing = _REWIND

    def _erase(self) -> None:
        if self._erasing:
            self._out.write(self._erasing)
            self._erasing = ""


class _Heard:
    """A stream of the process, before whose text the spinner makes way."""

    def __init__(self, stream: TextIO, spinner: Spinner) -> None:
        self._stream = stream
        self._spinner = spinner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._spinner.make_way(text)
        return self._stream.write(text)
