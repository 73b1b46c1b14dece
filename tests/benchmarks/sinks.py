"""Where an echo goes: a pipe or a terminal with another process at its end, which tells afterwards what it got."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

# Reads until nobody writes any more; a terminal then fails, a pipe ends.
_READER = """
import os, sys
parts = []
try:
    while data := os.read(0, 65536):
        parts.append(data)
except OSError:
    pass
sys.stdout.buffer.write(b"".join(parts))
"""


@dataclass
class Sink:
    """A text stream, and what came out at its other end once it was closed."""

    out: TextIO
    text: str = ""


@contextmanager
def sink(*, terminal: bool) -> Iterator[Sink]:
    """Open a sink; its `text` is there when the block was left."""
    reading, writing = pty.openpty() if terminal else os.pipe()
    own = os.sched_getaffinity(0)
    others = set(range(os.cpu_count() or 1)) - own
    reader = subprocess.Popen(
        [sys.executable, "-S", "-c", _READER],
        stdin=reading,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, others or own),
    )
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        opened = Sink(out)
        yield opened
    assert reader.stdout is not None
    opened.text = reader.stdout.read().decode()
    reader.wait()
