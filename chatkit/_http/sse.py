"""Server-sent events: bytes in, whole events out, however the bytes were cut.

Framing is done here and linearly: UTF-8 with replacement, one byte order mark, CR, LF and CRLF, and the cut at blank
lines. Nearly every event of a chat is one plain `data:` line and needs no further parsing; whatever else there is
(several lines, comments, named events) goes to sseclient-py, one complete block at a time. On its own sseclient-py
merges events at mixed line ends, hands out half-received ones and takes quadratic time, so its part is thin.

Source of the rules: WHATWG HTML, 9.2.5 "Parsing an event stream" and 9.2.6.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from sseclient import SSEClient

from chatkit._errors import StreamError
from chatkit._http.messages import Piece

MAX_EVENT = 32 * 1024 * 1024
_GROUP = 256
_SWEEP = 64 * 1024
_FIELDS = ("", "data", "event", "id", "retry")


class _BlockClient(SSEClient):
    """sseclient-py's parser, given complete blocks, so that its own quadratic splitting is not needed."""

    _event_source: Iterator[bytes]

    def _read(self) -> Iterator[bytes]:
        yield from self._event_source


class EventReader:
    """Cuts a byte stream into events.

    Args:
        max_event: How many characters one event may have.
    """

    __slots__ = ("_after_cr", "_begun", "_decode", "_max", "_size", "_sweep_at", "_tail")

    def __init__(self, max_event: int = MAX_EVENT) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._max = max_event
        self._tail: list[str] = []
        self._size = 0
        self._sweep_at = min(_SWEEP, max_event)
        self._begun = False
        self._after_cr = False

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has been fed yet."""
        return not self._begun

    def feed(self, data: bytes) -> list[Piece]:
        """Take bytes and give the events that are now complete.

        Raises:
            StreamError: (kind "too_large") when one event outgrows the limit.
        """
        text = self._decode(data)
        if not self._begun and text:
            self._begun = True
            text = text.removeprefix("\ufeff")
        if self._after_cr or "\r" in text:
            text = self._unify_line_ends(text)
        if not text:
            return []
        if self._tail:
            # Only what could close the event is looked at, or an event in many pieces would cost their square.
            if "\n\n" not in text and not (text[0] == "\n" and self._tail[-1][-1] == "\n"):
                return self._keep(text)
            text = "".join(self._tail) + text
        blocks = text.split("\n\n")
        rest = blocks.pop()
        self._tail = [rest] if rest else []
        self._size = len(rest)
        self._sweep_at = min(_SWEEP, self._max)
        pieces: list[Piece] = []
        for block in blocks:
            if block.startswith("data: ") and "\n" not in block:
                pieces.append(Piece(block[6:]))
            else:
                pieces += parse_block(block)
        return pieces

    def finish(self) -> list[Piece]:
        """Say that no more comes. An event without its blank line is dropped, but for a bare `[DONE]`."""
        tail = "".join(self._tail).strip("\n")
        self._tail = []
        return [Piece("[DONE]")] if tail in ("data: [DONE]", "data:[DONE]") else []

    def _unify_line_ends(self, text: str) -> str:
        if self._after_cr and text:
            text = text.removeprefix("\n")
            self._after_cr = False
        if text.endswith("\r"):
            # The line ends now; a line feed that comes with the next bytes belongs to it.
            self._after_cr = True
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _keep(self, text: str) -> list[Piece]:
        self._tail.append(text)
        self._size += len(text)
        if self._size > self._sweep_at:
            self._sweep()
        return []

    def _sweep(self) -> None:
        """Drop comment lines that no blank line ever closed; keep-alives may come for hours."""
        lines = "".join(self._tail).split("\n")
        kept = [line for line in lines[:-1] if not line.startswith(":")]
        tail = "\n".join([*kept, lines[-1]])
        self._tail, self._size = [tail] if tail else [], len(tail)
        # Looked at again when it has doubled, or every piece would cost a look at all of them.
        self._sweep_at = min(max(_SWEEP, 2 * self._size), self._max)
        if self._size > self._max:
            raise StreamError(f"One event of the stream is longer than {self._max:,} characters.", kind="too_large")


def parse_block(block: str) -> list[Piece]:
    """Parse one complete block of event lines with sseclient-py; gives one event or none."""
    lines = block.split("\n")
    # In groups, since sseclient-py's cost grows with the square of the lines of one event.
    groups = [lines[start : start + _GROUP] for start in range(0, len(lines), _GROUP)]
    if len(groups) > 1:
        # The last line that tells the type counts, and it counts for all of them.
        named = [line for line in lines if line.partition(":")[0] == "event"][-1:]
        groups = [[line for line in group if line.partition(":")[0] != "event"] + named for group in groups]
    events = list(_BlockClient("\n".join(group).encode() for group in groups).events())
    return [Piece("\n".join([event.data for event in events]), events[-1].event)] if events else []


def looks_like_events(start: str) -> bool:
    """Whether the beginning of a body of unknown type is an event stream."""
    name, colon, _ = start.lstrip("\ufeff\r\n").split("\n", 1)[0].partition(":")
    return bool(colon) and name in _FIELDS
