"""Lines about the conversation that are no part of it: what failed, who is asked now, and what is waited for."""

from __future__ import annotations

from typing import TextIO

from chatkit._display.layout import cells, cut
from chatkit._display.place import interactive
from chatkit._display.sanitize import one_line, visible
from chatkit._display.terminal import Terminal
from chatkit._turns.events import ModelLoading, Retrying

# Back to the beginning of the line, and clear it to its end.
_REWIND = "\r\x1b[K"
_SECONDS_BETWEEN_LINES = 10.0


class Notes:
    """Writes such lines: beside the answer on a terminal and at a prompt, else on stderr.

    Waiting for a model is one line that is written over and over on a terminal, and elsewhere a new line every ten
    seconds at most. `settle()` ends the line; it must come before anything else is written.

    Args:
        out: Where the answer goes.
        stream: The stream that was given for it, if one was.
    """

    __slots__ = ("_aside", "_out", "_told_at", "_unended")

    def __init__(self, out: Terminal, stream: TextIO | None) -> None:
        self._out = out
        self._aside = Terminal(name="stderr") if stream is None else out
        self._unended: Terminal | None = None
        self._told_at: float | None = None

    @property
    def terminal(self) -> Terminal:
        """Where such lines go now."""
        return self._out if self._out.is_terminal or interactive() else self._aside

    def retrying(self, event: Retrying) -> None:
        """Tell that a request failed, and what comes next."""
        self._told_at = None
        terminal, error = self.terminal, " ".join(visible(event.error).split())
        if event.next_model is None:
            line = f"Attempt {event.attempt} failed, trying again in {event.delay:.3g} s: {error}"
        else:
            line = self._switching(event, error.removesuffix("."), terminal)
        terminal.write(_dim(line, terminal, terminal.width) + "\n")

    def loading(self, event: ModelLoading) -> None:
        """Tell that a model is waited for."""
        terminal = self.terminal
        line = f"The model is loading: waited {event.waited:.0f} s of {event.limit:.0f} s at most,"
        line += f" asking again in {event.delay:.2g} s."
        if terminal.rewrites:
            # The last column stays free, or some terminals go on to the next line.
            terminal.write(_REWIND + _dim(line, terminal, terminal.width - 1))
            self._unended = terminal
        elif self._told_at is None or not 0 <= event.waited - self._told_at < _SECONDS_BETWEEN_LINES:
            terminal.write(_dim(line, terminal, terminal.width) + "\n")
            self._told_at = event.waited

    def settle(self) -> None:
        """End the line that was still to be written over, if there is one."""
        if self._unended is not None:
            self._unended.write("\n")
            self._unended = None

    @staticmethod
    def _switching(event: Retrying, error: str, terminal: Terminal) -> str:
        """What failed, and who is asked now; where both do not fit, who is asked is told whole."""
        when = f" in {event.delay:.3g} s" if event.delay else ""
        where = f" at {one_line(event.next_service)}" if event.next_service else ""
        now = f"; now{when} {one_line(event.next_model or '')}{where}"
        return cut(error, max(1, terminal.width - cells(now)), terminal.symbol("…", "...")) + now


def _dim(line: str, terminal: Terminal, width: int) -> str:
    return terminal.style.dim(cut(line, width, terminal.symbol("…", "...")))
