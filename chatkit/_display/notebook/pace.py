"""How often a notebook is sent something: at most ten times a second, and never long after it was there to be sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_SECONDS = 0.1
_LATEST = 0.2
# What may be sent ten times a second, and beyond what size it is sent less often than five times.
_SMALL, _LARGE = 4_000, 24_000


def interval(size: int) -> float:
    """Seconds between two updates of an output, by the characters of an update.

    A tenth of a second for what is small, up to twice that for what is not; what is large is sent no faster than
    some 120 kB a second, or a front end that is far away would fall behind.
    """
    return max(_SECONDS * size / _LARGE * 2, min(_LATEST, max(_SECONDS, _SECONDS * size / _SMALL)))


class Pace:
    """Calls a function from a thread of its own, soon after `touch()` was called and not too often.

    What is touched when it is time is sent at once. What has to wait is sent by a thread, so that a stream that falls
    silent is shown up to its last word all the same; it starts when it is first needed and ends in `close()`. Where
    no thread can be had, it is sent with what comes next.

    Args:
        send: Sends what there is, and gives its size in characters. It is called with `lock` held.
        thread: Makes a thread that may send.
    """

    def __init__(self, send: Callable[[], int], thread: Callable[[Callable[[], None]], threading.Thread]) -> None:
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._send = send
        self._make = thread
        self._thread: threading.Thread | None = None
        self._alone = False
        self._dirty = False
        self._closed = False
        self._due = 0.0

    def touch(self) -> None:
        """Tell that there is something to send; `lock` is held."""
        # A stream that comes in faster than it can be shown leaves the other thread no turn.
        if time.monotonic() - self._due >= (0 if self._alone else _SECONDS):
            self.now()
        elif not self._dirty:
            self._dirty = True
            if self._thread is None and not self._alone:
                self._start()
            self._changed.notify()

    def now(self) -> None:
        """Send what there is; `lock` is held."""
        size = self._send()
        # Only now: when it is interrupted on the way, it is sent again.
        self._dirty = False
        self._due = time.monotonic() + interval(size)

    def close(self) -> None:
        """End the thread and wait for that; `lock` is not held."""
        with self.lock:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _start(self) -> None:
        thread = self._make(self._run)
        try:
            thread.start()
            self._thread = thread
        except RuntimeError:
            # Too many threads, or a Python in a browser.
            self._alone = True

    def _run(self) -> None:
        with self.lock:
            while not self._closed:
                wait = self._due - time.monotonic() if self._dirty else None
                if wait is not None and wait <= 0:
                    self.now()
                else:
                    self._changed.wait(wait)
