"""An answer from a tape: a real `http.client` response, read from bytes in place of a socket.

So whatever reads it meets what it would meet in a network: chunks, lengths, the end of the file, errors. Only the
socket is played, and with it the waiting.
"""

from __future__ import annotations

import http.client
import io
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from urllib3 import HTTPHeaderDict, HTTPResponse

from ._tape_bytes import untold

# So that one piece of the tape is read at once.
_BUFFER = 1 << 20
# Seconds for a client to leave where it left when this was recorded; then it is told that there is no more.
_PATIENCE = 10.0


class TapeSocket:
    """What plays the socket: gives the pieces of an answer one by one, in their time.

    Args:
        pieces: Seconds to wait for a piece since the one before, and the piece.
        last: What happens after the last piece: nothing (the end of the file), or an error that it raises.
        stays_open: Whether the answer falls silent after the last piece, and `last` comes when nobody leaves.
    """

    def __init__(
        self, pieces: Iterator[tuple[float, bytes]], last: Callable[[], None], *, stays_open: bool = False
    ) -> None:
        self._pieces = pieces
        self._last = last
        self._stays_open = stays_open
        self._shut = threading.Event()
        self._timeout: float | None = None

    def settimeout(self, seconds: float | None) -> None:
        """Set how long a read may wait."""
        self._timeout = seconds

    def gettimeout(self) -> float | None:
        """How long a read may wait."""
        return self._timeout

    def shutdown(self, how: int = 0) -> None:
        """Wake whoever reads: there is no more."""
        self._shut.set()

    def close(self) -> None:
        """Close."""
        self._shut.set()

    def makefile(self, mode: str = "rb") -> io.BufferedReader:
        """Open the file that is read from."""
        return io.BufferedReader(_Wire(self), _BUFFER)

    def next_piece(self) -> bytes:
        """Wait for the next piece; nothing at the end.

        Raises:
            TimeoutError: when it takes longer than the time limit.
        """
        if self._shut.is_set():
            return b""
        for wait, piece in self._pieces:
            self._rest(wait)
            return b"" if self._shut.is_set() else piece
        if self._stays_open and self._rest(_PATIENCE):
            return b""
        self._last()
        return b""

    def _rest(self, seconds: float) -> bool:
        """Wait, unless somebody hangs up, which it tells."""
        if self._timeout is not None and seconds > self._timeout:
            if not self._shut.wait(self._timeout):
                raise TimeoutError("timed out")
        elif seconds > 0:
            self._shut.wait(seconds)
        return self._shut.is_set()


class _Wire(io.RawIOBase):
    def __init__(self, sock: TapeSocket) -> None:
        self._socket = sock
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = self._socket.next_piece()
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


class _Connection:
    """What a response closes when it is dropped."""

    def __init__(self, sock: TapeSocket) -> None:
        self.sock = sock

    def close(self) -> None:
        self.sock.close()


def answer_of(
    recorded: dict[str, Any], request: Any, speed: float, at_end: Callable[[], None], timeout: float | None
) -> HTTPResponse:
    """Make the answer that a tape tells of.

    Args:
        recorded: The `response` of an exchange, checked.
        request: The prepared request.
        speed: 0 for no waiting, 1 for the pace of the recording, 2 for twice that.
        at_end: Called when a client reads on where the one that was recorded had left; it may raise.
        timeout: Seconds that a read may wait.
    """
    end = recorded["end"]

    def last() -> None:
        if end == "reset":
            raise ConnectionResetError(104, "Connection reset by peer")
        if end == "timeout":
            raise TimeoutError("timed out")
        if end == "left":
            at_end()

    sock = TapeSocket(_timed(recorded, speed), last, stays_open=end == "left")
    sock.settimeout(timeout)
    original = http.client.HTTPResponse(sock, method=request.method)  # type: ignore[arg-type]
    original.begin()
    return HTTPResponse(
        body=original,
        headers=HTTPHeaderDict(original.msg.items()),
        status=original.status,
        version=original.version,
        version_string="HTTP/1.1",
        reason=original.reason,
        preload_content=False,
        decode_content=False,
        original_response=original,
        connection=_Connection(sock),  # type: ignore[arg-type]
        request_method=request.method,
        request_url=request.url,
        sock_shutdown=sock.shutdown,
    )


def _timed(recorded: dict[str, Any], speed: float) -> Iterator[tuple[float, bytes]]:
    """The bytes of an answer as they stood on the wire, with the seconds to wait for each."""
    # An empty piece would be the end of a chunked body; nothing else stands for it either.
    body = [(at, piece) for at, piece in ((at, untold(text)) for at, text in recorded["body"]) if piece]
    times, pieces = [at for at, _ in body], [piece for _, piece in body]
    if recorded["end"] == "encoding":
        pieces = _packed(pieces)
        times.append(times[-1] if times else 0.0)
    yield (_seconds(recorded["at"], speed), _head(recorded, sum(map(len, pieces))))
    before = recorded["at"]
    for at, wire in zip(times, _framed(recorded, pieces), strict=True):
        yield _seconds(at - before, speed), wire
        before = at
    if recorded["framing"] == "chunked" and recorded["end"] in ("complete", "garbled"):
        yield 0.0, b"0\r\n\r\n" if recorded["end"] == "complete" else b"no-size\r\n"


def _head(recorded: dict[str, Any], size: int) -> bytes:
    headers = [(str(name), str(value)) for name, value in recorded["headers"]]
    if recorded["end"] == "encoding":
        headers.append(("Content-Encoding", "gzip"))
    if recorded["framing"] == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
    elif recorded["framing"] == "length":
        # Of the body as it stands here; it may have been packed, and keys were taken out.
        unfinished = recorded["end"] not in ("complete", "encoding")
        headers.append(("Content-Length", str(size + (max(recorded.get("missing", 0), 1) if unfinished else 0))))
    else:
        headers.append(("Connection", "close"))
    lines = [f"HTTP/1.1 {recorded['status']} {recorded['reason']}".rstrip(), *(": ".join(item) for item in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _framed(recorded: dict[str, Any], pieces: list[bytes]) -> Iterator[bytes]:
    if recorded["framing"] != "chunked":
        yield from pieces
        return
    for number, piece in enumerate(pieces, start=1):
        missing = recorded.get("missing", 0) if number == len(pieces) and recorded["end"] != "complete" else 0
        yield b"%x\r\n%b%b" % (len(piece) + missing, piece, b"" if missing else b"\r\n")


def _packed(pieces: list[bytes]) -> list[bytes]:
    """The pieces of a body that broke off its own encoding, packed again and broken again."""
    packer = zlib.compressobj(wbits=31)
    packed = [packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in pieces]
    return [*packed, b"\xff\xff no gzip \xff\xff"]


def _seconds(milliseconds: float, speed: float) -> float:
    return max(milliseconds, 0.0) / 1000 / speed if speed else 0.0
