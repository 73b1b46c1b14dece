"""An answer coming in: bytes read under the time limits and handed on as events, or whole."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import Any

from urllib3.exceptions import HTTPError

from chatkit._errors import APITimeoutError
from chatkit._http.bodies import (
    MAX_BODY,
    MAX_ERROR_BODY,
    BodyKind,
    check_framing,
    is_telling,
    kind_of,
    reader_of,
    sniff,
    too_large,
    unknown_encoding,
)
from chatkit._http.faults import timed_out
from chatkit._http.messages import Batch, Head, Piece, TimeLimits
from chatkit._http.sse import EventReader
from chatkit._http.tap import Tap

_DRAIN_READS = 16
# Seconds for the body of an error: its status tells most, and whoever waits for the rest may wait for ever.
_ERROR_PATIENCE = 10.0


class Incoming:
    """The body of one answer.

    Args:
        raw: The urllib3 response, unread.
        head: The head that came before it.
        limits: How long to wait.
        tap: Sets the time limit of the next read.
    """

    __slots__ = (
        "_ended",
        "_events",
        "_head",
        "_is_told",
        "_kind",
        "_last_event",
        "_limits",
        "_phase",
        "_raw",
        "_read",
        "_tap",
        "_timed",
    )

    def __init__(self, raw: Any, head: Head, limits: TimeLimits, tap: Tap) -> None:
        self._raw = raw
        self._head = head
        self._limits = limits if head.status < 400 else _hurried(limits, head)
        self._tap = tap
        self._kind: BodyKind = kind_of(head)
        self._read = reader_of(raw, by_chunk=self._kind != "whole")
        self._events = EventReader()
        self._ended = False
        # Of an error body that does not end there is one piece nevertheless.
        self._is_told = False
        self._last_event = time.monotonic()
        self._phase = "idle"
        # Only the limits that bytes cannot keep at bay need the clock at every read.
        self._timed = self._limits.progress is not None or self._limits.total is not None
        if not self._timed:
            tap.wait_at_most(limits.idle)

    def receive(self) -> Batch | None:
        """Wait for more; None at the end."""
        if self._ended or self._is_told:
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
        """The error for a read that took too long."""
        phase = self._phase if self._tap.due.is_late else "idle"
        return timed_out(phase, getattr(self._limits, phase), self._head.url)

    def drain(self) -> None:
        """Read what little may be left, so that the connection can serve the next request."""
        if self._ended:
            return
        with contextlib.suppress(HTTPError, OSError, ValueError):
            for _ in range(_DRAIN_READS):
                if not self._read():
                    self._end()
                    return

    def close(self) -> None:
        """Give the connection back when the body was read to its end, drop it otherwise."""
        with contextlib.suppress(HTTPError, OSError, ValueError):
            if not self._ended:
                self._raw.close()
            self._raw.release_conn()

    def _next(self) -> bytes:
        if self._timed:
            self._set_time()
        return self._read()

    def _set_time(self) -> None:
        """Let the next read take as long as the limit that runs out first; one read may take many of the socket's."""
        now = time.monotonic()
        ends = []
        if self._limits.progress is not None:
            ends.append((self._last_event + self._limits.progress, "progress"))
        if self._limits.total is not None:
            ends.append((self._head.sent_at + self._limits.total, "total"))
        due, self._phase = min(ends)
        idle, left = self._limits.idle, due - now
        is_late = idle is None or left < idle
        self._tap.due.at = due
        self._tap.wait_at_most(max(left, 0.0) if is_late else idle, is_late=is_late)
        if left <= 0:
            raise self.timed_out()

    def _end(self) -> None:
        """The body is read. Its connection may serve another line from now on, so nothing may be done to it here."""
        self._ended = True
        self._tap.let_go()

    def _finish(self) -> Batch | None:
        self._end()
        if self._events.is_untouched:
            check_framing(self._head, self._raw.version)
        pieces = self._events.finish()
        return Batch(pieces, time.monotonic()) if pieces else None

    def _sniffed(self, start: bytes) -> Batch | None:
        if not start:
            return self._finish()
        while not is_telling(start) and (more := self._next()):
            start += more
        self._kind = sniff(self._head, start)
        if self._kind == "whole":
            return self._whole(start)
        pieces = self._events.feed(start)
        return Batch(pieces, time.monotonic()) if pieces else self.receive()

    def _whole(self, start: bytes) -> Batch | None:
        """Read a whole body, which is one piece; of an error body as much as can be had."""
        self._is_told = True
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
            if size <= limit:
                self._end()
        if size > limit and not failed:
            raise too_large(self._head)
        text = b"".join(parts)[: limit + 64].decode("utf-8-sig", "replace")
        return Batch([Piece(self._error_text(text) if failed else text)], time.monotonic())

    def _error_text(self, text: str) -> str:
        encoding = unknown_encoding(self._head)
        return f"[a body in the encoding {encoding!r}]" if encoding else self._head.redact(text)


def _hurried(limits: TimeLimits, head: Head) -> TimeLimits:
    patience = time.monotonic() - head.sent_at + _ERROR_PATIENCE
    return replace(limits, total=patience if limits.total is None else min(limits.total, patience))
