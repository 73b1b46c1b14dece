"""What a streamed answer costs a terminal: bytes written to it, and seconds, as drawn Markdown and as plain text.

    .venv/bin/python tests/benchmarks/terminal_bytes.py

The last two columns are chatlas' figures, measured elsewhere on a terminal of the same size (spec/chatlas.md 1.6).
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable
from typing import TextIO

from notebook_bytes import chunks

from chatkit._display.choosing import Display
from chatkit._display.echo import OutputEcho
from chatkit._display.markdown_echo import MarkdownEcho
from chatkit._turns.events import TextDelta

_COUNTS = (500, 1_000, 2_000, 4_000, 8_000)
_ROWS, _COLUMNS = 40, 100
_CHATLAS = {500: ("0.8", ""), 1_000: ("2.5", ""), 2_000: ("12", ""), 4_000: ("50", "13,000")}


class _Terminal:
    """A pseudoterminal that counts what is written to it."""

    def __init__(self) -> None:
        self._screen, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        self.stream = os.fdopen(side, "w", encoding="utf-8")
        self._size = 0
        self._reader = threading.Thread(target=self._count, daemon=True)
        self._reader.start()

    def _count(self) -> None:
        while True:
            try:
                self._size += len(os.read(self._screen, 1 << 20))
            except OSError:  # the end, as Linux tells it
                return

    def finish(self) -> int:
        """How many bytes came."""
        self.stream.close()
        self._reader.join()
        os.close(self._screen)
        return self._size


def measured(pieces: list[str], echo: Callable[[TextIO], Display]) -> tuple[int, float]:
    """The bytes that an answer comes to on a terminal, and the seconds that it takes."""
    terminal = _Terminal()
    display = echo(terminal.stream)
    events = [TextDelta(piece) for piece in pieces]
    begin = time.perf_counter()
    for event in events:
        display.show(event)
    display.close()
    seconds = time.perf_counter() - begin
    return terminal.finish(), seconds


def main() -> int:
    """Measure and print the table; 1 when the bytes grow faster than the answer, or are three times the text."""
    os.environ |= {"COLUMNS": str(_COLUMNS), "TERM": "xterm-256color"}
    os.environ.pop("NO_COLOR", None)
    measured(chunks(500), MarkdownEcho)
    print("| chunks | text, kB | drawn, kB | drawn / text | s | plain, kB | plain / text | s | chatlas, s | kB |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    sizes: dict[int, int] = {}
    most = 0.0
    for count in _COUNTS:
        pieces = chunks(count)
        text = len("".join(pieces).encode())
        sizes[count], seconds = measured(pieces, MarkdownEcho)
        plain, plainly = measured(pieces, OutputEcho)
        most = max(most, sizes[count] / text)
        drawn = f"{sizes[count] / 1e3:.1f} | {sizes[count] / text:.2f} | {seconds:.2f}"
        other = f"{plain / 1e3:.1f} | {plain / text:.2f} | {plainly:.3f}"
        print(f"| {count:,} | {text / 1e3:.0f} | {drawn} | {other} | {' | '.join(_CHATLAS.get(count, ('', '')))} |")
    growth = sizes[8_000] / sizes[4_000]
    print(f"\n8,000 chunks against 4,000: {growth:.2f} times the bytes; at most {most:.2f} times the text")
    return 0 if growth <= 2.2 and most < 3 else 1


if __name__ == "__main__":
    sys.exit(main())
