"""Listening to the body of an answer while somebody else reads it: framing taken off, gzip undone, the pieces timed."""

from __future__ import annotations

import contextlib
import select
import threading
import time
import zlib
from collections.abc import Callable
from typing import Any, Literal

Framing = Literal["chunked", "length", "close", "none"]
End = Literal["complete", "left", "cut", "reset", "timeout", "garbled", "encoding"]
"""How a body ended: by its own rules; the reader left; the server stopped in the middle, or reset the connection; the
reader would wait no longer; a chunk without a size came; what came is not in the encoding announced."""

ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB, _BARE = 47, -15


class Dechunker:
    """Takes the framing off a chunked body.

    Attributes:
        is_done: Whether the last chunk has come.
        is_garbled: Whether something stood where a size should.
        missing: How many bytes of the chunk at hand have not come.
    """

    def __init__(self) -> None:
        self.is_done = False
        self.is_garbled = False
        self.missing = 0
        self._line = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they stand on the wire; gives what they say, in pieces that lie within one chunk."""
        pieces = []
        while data and not self.is_done and not self.is_garbled:
            if self.missing:
                piece, data = data[: self.missing], data[self.missing :]
                self.missing -= len(piece)
                pieces.append(piece)
            else:
                data = self._feed_line(data)
        return pieces

    def _feed_line(self, data: bytes) -> bytes:
        line, newline, data = data.partition(b"\n")
        self._line += line
        if not newline:
            return b""
        told, self._line = self._line.strip(), b""
        # An empty line ends the chunk before.
        if told:
            try:
                self.missing = int(told.split(b";")[0], 16)
            except ValueError:
                self.is_garbled = True
            self.is_done = self.missing == 0 and not self.is_garbled
        return data


class Unpacker:
    """Undoes gzip and deflate, piece by piece.

    Attributes:
        is_broken: Whether something came that is not in the encoding; what follows it is left out.
    """

    def __init__(self, encoding: str) -> None:
        self._kind = encoding
        self._inner: Any = None
        self._members = 0
        self._is_over = False
        self.is_broken = False

    def feed(self, data: bytes) -> bytes:
        """Take packed bytes; gives what can be told already."""
        if self._kind in ("", "identity"):
            return data
        told = b""
        while (data := self._at_member(data)) and not self._is_over:
            try:
                told += self._inner.decompress(data)
            except zlib.error:
                self._is_over = True
                # Behind a whole member anything may stand; nobody reads it.
                self.is_broken = self._members == 1
            data = self._inner.unused_data
        return told

    def _at_member(self, data: bytes) -> bytes:
        """Begin a member where none is going on; gives the data without what may stand between two."""
        if self._inner is not None and not self._inner.eof:
            return data
        data = data.lstrip(b"\0") if self._members else data
        if data:
            self._members += 1
            self._inner = zlib.decompressobj(self._window(data))
        return data

    def _window(self, start: bytes) -> int:
        is_bare = self._kind == "deflate" and start[:1] not in (b"\x78", b"\x08")
        return _BARE if is_bare else _GZIP_OR_ZLIB


class Listener:
    """Hears a body, and tells once how it ended.

    Args:
        framing: How the end of the body is told.
        length: How many bytes were announced, where they were.
        encoding: The content encoding.
        started: When the request was sent, on the monotonic clock.
        at_end: Called once, when the body is over.

    Attributes:
        pieces: The pieces of the body, each with the seconds since the request.
        end: How it ended, or None.
        missing: How many bytes were announced and did not come.
    """

    def __init__(
        self, framing: Framing, length: int | None, encoding: str, started: float, at_end: Callable[[], None]
    ) -> None:
        self.pieces: list[tuple[float, bytes]] = []
        self.end: End | None = None
        self._framing = framing
        self._length = length
        self._heard = 0
        self._chunks = Dechunker()
        self._unpacker = Unpacker(encoding)
        self._started = started
        self._at_end = at_end
        self._lock = threading.Lock()

    @property
    def missing(self) -> int:
        """How many bytes were announced and did not come."""
        return self._chunks.missing if self._framing == "chunked" else max((self._length or 0) - self._heard, 0)

    def hear(self, data: bytes) -> None:
        """Take what was read."""
        if self.end is not None:
            return
        at = time.monotonic() - self._started
        for piece in self._chunks.feed(data) if self._framing == "chunked" else [data]:
            self._heard += len(piece)
            if told := self._unpacker.feed(piece):
                self.pieces.append((at, told))
        if self._unpacker.is_broken:
            self.over("encoding")
        elif self._chunks.is_garbled:
            self.over("garbled")
        elif self._is_complete():
            self.over("complete")

    def over(self, end: End) -> None:
        """Note how it ended; what comes later does not count."""
        with self._lock:
            if self.end is not None:
                return
            self.end = end
        self._at_end()

    def stopped(self, *, by_reader: bool) -> None:
        """Note that no more bytes come."""
        if self._framing == "close" and not by_reader:
            self.over("complete")
        else:
            self.over("left" if by_reader else "cut")

    def failed(self, error: BaseException) -> None:
        """Note that reading raised an error."""
        if isinstance(error, TimeoutError):
            self.over("timeout")
        else:
            self.over("reset" if isinstance(error, OSError) else "left")

    def _is_complete(self) -> bool:
        if self._framing == "chunked":
            return self._chunks.is_done
        return self._framing == "length" and not self.missing


class Overheard:
    """The file that an `http.client.HTTPResponse` reads from, with a listener.

    Args:
        file: The file.
        listener: Hears what is read.
    """

    def __init__(self, file: Any, listener: Listener) -> None:
        self._file = file
        self._listener = listener

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int | None = -1) -> bytes:
        """Read."""
        data = self._heard(lambda: self._file.read(size), wants=size)
        # This one waits for all that it was asked for, or the end.
        if size is None or size < 0 or len(data) < size:
            self._listener.stopped(by_reader=was_shut_here(self._file))
        return data

    def read1(self, size: int = -1) -> bytes:
        """Read what is there."""
        return self._heard(lambda: self._file.read1(size), wants=size)

    def readline(self, size: int = -1) -> bytes:
        """Read a line."""
        return self._heard(lambda: self._file.readline(size), wants=size)

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        view = memoryview(buffer)
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file: whatever had not come by now does not."""
        self._listener.stopped(by_reader=True)
        self._file.close()

    def _heard(self, read: Callable[[], bytes], *, wants: int | None) -> bytes:
        try:
            data = read()
        except BaseException as error:
            self._listener.failed(error)
            raise
        self._listener.hear(data)
        if not data and wants != 0:
            self._listener.stopped(by_reader=was_shut_here(self._file))
        return data


def was_shut_here(file: Any) -> bool:
    """Whether it was this side that ended the connection a file reads from, as hanging up does."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        poll = select.poll()
        poll.register(file.fileno(), 0)
        # Told of a socket only when it is shut in both directions, which the other side alone cannot do.
        return any(event & select.POLLHUP for _, event in poll.poll(0))
    return False
