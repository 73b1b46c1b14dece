"""The last lines that a server wrote to its standard error: what explains a start that failed."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from typing import TextIO

from chatkit._display.sanitize import one_line

_log = logging.getLogger("chatkit")
_LINES, _LINE, _AT_ONCE = 8, 300, 10_000


class LogTail:
    """A pipe for a server's standard error, read in a thread, of which the last lines are kept.

    A thread, because a pipe cannot be read in an event loop on every system. It ends when the server and all that
    it started have closed their ends.

    Args:
        name: What the server is called in the log; each line is logged at debug level.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept: deque[str] = deque(maxlen=_LINES)
        reading, writing = os.pipe()
        self.writer: TextIO = os.fdopen(writing, "w")
        """What the server is given as its standard error."""
        self._thread = threading.Thread(target=self._read, args=(reading,), name="chatkit-mcp-log", daemon=True)
        self._thread.start()

    def text(self, patience: float = 0.0) -> str:
        """The last lines, made safe to show; empty when there are none.

        Args:
            patience: Seconds to wait for the end of what the server writes.
        """
        self._thread.join(patience)
        return "\n".join(self._kept)

    def close(self) -> None:
        """Close this side's end, so that the reading ends with the server."""
        self.writer.close()

    def _read(self, descriptor: int) -> None:
        with os.fdopen(descriptor, encoding="utf-8", errors="replace") as stream:
            for line in iter(lambda: stream.readline(_AT_ONCE), ""):
                words = one_line(line.rstrip())[:_LINE]
                if words:
                    self._kept.append(words)
                    _log.debug("MCP server %s: %s", self._name, words)
