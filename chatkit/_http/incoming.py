"""An answer coming in: bytes read under the time limits and handed on as events, or whole."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from urllib3.exceptions import HTTPError

from chatkit._errors import APITimeoutError
from chatkit._http.bodies import (
    MAX_BODY,
    MAX_ERROR_BODY,
    BodyKind,
    kind_of,
    nothing_came,
    reader_of,
    sniff,
    too_large,
)
from chatkit._http.connections import Tap
from chatkit._http.faults import timed_out
from chatkit._http.messages import Batch, Head, Piece, TimeLimits
from chatkit._http.sse import EventReader

_DRAIN_READS = 16


class Incoming:
    """The body of one answer.

    Args:
        raw: The urllib3 response, unread.
        head: The head that came before it.
        limits: How long to wait.
        tap: Sets the time limit of the next read.
    """

    __slots__ = ("_ended", "_events", "_head", "_kind", "_last_event", "_limits", "_raw", "_read", "_tap", "_timed")

    def __init__(self, raw: Any, head: Head, limits: TimeLimits, tap: Tap) -> None:
        self._raw = raw
        self._head = head
        self._limits = limits
        self._tap = tap
        self._read = reader_of(raw)
        self._kind: BodyKind = kind_of(head)
        self._events = EventReader()
        self._ended = False
        self._last_event = time.monotonic()
        # Only the limits that bytes cannot keep at bay need the clock at every read.
        self._timed = limits.progress is not None or limits.total is not None
        if not self._timed:
            tap.wait_at_most(limits.idle)

    def receive(self) -> Batch | None:
        """Wait for more; None at the end."""
        if self._ended:
            return None
        if self._kind == "whole":
            return self._whole(b"")
        while True:
            data = self._next()
            if self._kind == "unknown":
                return self._sniffed(data)
            if not data:
                return self._finish()
            pieces = self._events.feed(data)
            if pieces:
                self._last_event = now = time.monotonic()
                return Batch(pieces, now)

    def timed_out(self) -> APITimeoutError:
        """The error for a read that took too long: the limit that was nearest."""
        phase, _ = self._nearest()
        return timed_out(phase, getattr(self._limits, phase), self._head.url)

    def drain(self) -> None:
        """Read what little may be left, so that the connection can serve the next request."""
        with contextlib.suppress(HTTPError, OSError, ValueError):
            for _ in range(_DRAIN_READS):
                if not self._read():
                    self._ended = True
                    return

    def close(self) -> None:
        """Give the connection back when the body was read to its end, drop it otherwise."""
        with contextlib.suppress(HTTPError, OSError, ValueError):
            if not self._ended:
                self._raw.close()
            self._raw.release_conn()

    def _next(self) -> bytes:
        if self._timed:
            phase, left = self._nearest()
            if left is not None and left <= 0:
                raise timed_out(phase, getattr(self._limits, phase), self._head.url)
            self._tap.wait_at_most(left)
        return self._read()

    def _nearest(self) -> tuple[str, float | None]:
        """The limit that runs out first, and the seconds left of it."""
        now = time.monotonic()
        left = {
            "idle": self._limits.idle,
            "progress": self._limits.progress and self._limits.progress - (now - self._last_event),
            "total": self._limits.total and self._limits.total - (now - self._head.sent_at),
        }
        return min(left.items(), key=lambda item: float("inf") if item[1] is None else item[1])

    def _finish(self) -> Batch | None:
        self._ended = True
        pieces = self._events.finish()
        return Batch(pieces, time.monotonic()) if pieces else None

    def _sniffed(self, start: bytes) -> Batch | None:
        if not start:
            raise nothing_came(self._head)
        while len(start) < 16 and (more := self._next()):
            start += more
        self._kind = sniff(self._head, start)
        if self._kind == "whole":
            return self._whole(start)
        pieces = self._events.feed(start)
        return Batch(pieces, time.monotonic()) if pieces else self.receive()

    def _whole(self, start: bytes) -> Batch | None:
        """Read a whole body, which is one piece; of an error body as much as can be had."""
        failed = self._head.status >= 400
        limit = MAX_ERROR_BODY if failed else MAX_BODY
        parts, size = [start], len(start)
        try:
            while size <= limit and (data := self._next()):
                parts.append(data)
                size += len(data)
        except (HTTPError, OSError):
            if not failed:
                raise
            parts.append(b" [the rest of the answer did not arrive]")
        else:
            self._ended = size <= limit
        if size > limit and not failed:
            raise too_large(self._head)
        if not size and not failed:
            raise nothing_came(self._head)
        body = b"".join(parts)[: limit + 64]
        text = body.decode("utf-8", "replace")
        return Batch([Piece(self._head.redact(text) if failed else text)], time.monotonic())
