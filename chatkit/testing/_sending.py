"""Sending a reply over a line, with the faults that its delivery asks for."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Literal

from ._coding import coded
from ._delivery import Delivery
from ._line import Line
from ._replies import Reply

# What a chunk that is cut inside still owes when the connection ends.
_OWED = 7


class DeliberateCut(Exception):
    """The script ends the connection here."""

    def __init__(self, how: Literal["fin", "rst"]) -> None:
        super().__init__(how)
        self.how = how


class Sender:
    """Sends one reply. It counts body bytes, for that is how faults are placed."""

    def __init__(self, line: Line, reply: Reply, *, keep_alive: bool) -> None:
        self._line = line
        self._reply = reply
        self._delivery = reply.delivery
        self._framing = reply.delivery.framing or ("chunked" if reply.live else "length")
        self._keep_alive = keep_alive and self._framing != "close"
        self._sent = 0
        self._stalled = self._delivery.stall_after is None

    def send(self) -> bool:
        """Send the reply; return whether the connection can be used again.

        Raises:
            OSError: The client left.
            DeliberateCut: The script says that the connection ends here.
        """
        delivery = self._delivery
        self._line.rest(delivery.pause_before_headers)
        if delivery.cut_before_headers:
            raise DeliberateCut(delivery.cut_before_headers)
        pieces: Iterable[bytes] = coded(self._reply.pieces, delivery)
        if self._framing == "length":
            pieces = list(pieces)
            self._send_head({"content-length": str(sum(map(len, pieces)))})
        else:
            self._send_head({"transfer-encoding": "chunked"} if self._framing == "chunked" else {})
        if not self._bodiless:
            self._send_body(pieces)
        return self._keep_alive and not delivery.hang_up

    @property
    def _bodiless(self) -> bool:
        return self._reply.status in (204, 304) or self._reply.status < 200

    @property
    def _cut_mark(self) -> int | None:
        return None if self._delivery.cut == "clean" else self._delivery.cut_after

    def _send_head(self, framing: dict[str, str]) -> None:
        headers = {"connection": "keep-alive" if self._keep_alive else "close"}
        if not self._bodiless:
            headers |= framing
        if self._delivery.gzip:
            headers["content-encoding"] = "gzip"
        head = head_bytes(self._reply, headers, self._delivery)
        if self._delivery.cut_headers_after is not None:
            self._line.send(head[: self._delivery.cut_headers_after])
            raise DeliberateCut("fin")
        self._line.send(head)

    def _send_body(self, pieces: Iterable[bytes]) -> None:
        for number, piece in enumerate(pieces):
            if number:
                self._line.rest(self._delivery.pause)
            for part in self._parts(piece):
                self._send_part(part)
        self._finish()

    def _parts(self, piece: bytes) -> Iterator[bytes]:
        """Divide a piece so that no part is too large and none goes across a stall or a cut."""
        start, base = 0, self._sent
        marks = [mark - base for mark in (self._delivery.stall_after, self._cut_mark) if mark is not None]
        while start < len(piece):
            end = min(len(piece), start + (self._delivery.piece or len(piece)))
            end = min([end, *(mark for mark in marks if mark > start)])
            yield piece[start:end]
            start = end

    def _send_part(self, part: bytes) -> None:
        self._stop_at(self._sent)
        self._sent += len(part)
        owed = _OWED if self._delivery.cut == "inside_chunk" and self._sent == self._cut_mark else 0
        self._line.send(self._framed(part, owed))

    def _framed(self, data: bytes, owed: int = 0) -> bytes:
        if self._framing != "chunked":
            return data
        return b"%x\r\n%b" % (len(data) + owed, data if owed else data + b"\r\n")

    def _finish(self) -> None:
        self._stop_at(max(self._sent, self._delivery.stall_after or 0, self._cut_mark or 0))
        if self._framing == "chunked":
            self._line.send(b"0\r\n\r\n")

    def _stop_at(self, place: int) -> None:
        """Do what the script has in store for this place of the body: stall, then cut."""
        if not self._stalled and place >= (self._delivery.stall_after or 0):
            self._stalled = True
            self._stall()
        if self._cut_mark is not None and place >= self._cut_mark:
            self._cut()

    def _stall(self) -> None:
        ping, left = self._delivery.keepalive, self._delivery.stall
        if ping is None:
            self._line.rest(left)
            return
        while left > 0:
            self._line.send(self._framed(ping))
            self._line.rest(min(left, self._delivery.keepalive_every))
            left -= self._delivery.keepalive_every

    def _cut(self) -> None:
        cut = self._delivery.cut
        if self._framing == "chunked":
            if cut == "bad_chunk_size":
                self._line.send(b"no-number\r\n")
            # Otherwise the last part already told more bytes than it had.
            elif cut == "inside_chunk" and (self._sent == 0 or self._sent != self._cut_mark):
                self._line.send(b"%x\r\n" % _OWED)
        raise DeliberateCut("rst" if cut == "rst" else "fin")


def head_bytes(reply: Reply, headers: dict[str, str], delivery: Delivery) -> bytes:
    """Return status line and headers; what the reply itself says outweighs `headers`."""
    try:
        reason = HTTPStatus(reply.status).phrase
    except ValueError:
        reason = "Unknown"
    first = delivery.status_line or f"HTTP/1.1 {reply.status} {reason}".encode()
    lines = [f"{name}: {value}".encode("latin-1") for name, value in {**headers, **reply.headers}.items()]
    return b"\r\n".join([first, *lines, b"", b""])
