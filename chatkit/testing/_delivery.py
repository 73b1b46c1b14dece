"""How an answer travels: its framing, its pace, and the faults that befall it on the way."""

from dataclasses import dataclass
from typing import Literal

Framing = Literal["chunked", "close", "length"]
Cut = Literal["fin", "rst", "inside_chunk", "bad_chunk_size", "clean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    r"""How the bytes of an answer are put on the wire.

    The plain `Delivery()` behaves: a streamed answer is sent chunked, one chunk per event, a whole answer
    with a Content-Length. Every field bends one thing, and they combine. *Body bytes* are counted after
    compression and before chunk framing. A mark beyond the end of the body takes effect at its end.

    Waiting never outlasts the client or the service: it ends as soon as either goes away.

    Args:
        framing: How the end of the body is told: `"chunked"`, `"length"` (Content-Length) or `"close"`
            (neither; the connection closes). None picks chunked for streams and length for the rest.
        coalesce: Send all events at once instead of one by one.
        piece: The most body bytes per send (and per chunk); 1 sends byte by byte.
        gzip: Compress the body, flushed after every event so that it stays live.
        gzip_fault: Damage the compressed body: at the `"start"`, in the `"middle"`, or leave out its end
            (`"truncated"`).
        pause: Seconds between two events.
        pause_before_headers: Seconds before the status line.
        stall_after: Fall silent after that many body bytes ...
        stall: ... for that many seconds (`math.inf`: until somebody leaves), then go on.
        keepalive: Bytes sent again and again during the stall, such as `b": ping\n\n"`.
        keepalive_every: Seconds between them.
        cut_after: End the connection after that many body bytes; 0 sends the headers alone.
        cut: How it ends: `"fin"` closes the socket, `"rst"` resets it, `"inside_chunk"` closes it in the
            middle of an announced chunk, `"bad_chunk_size"` sends a chunk size that is no number, and
            `"clean"` ends the body by the rules of HTTP although the answer is not finished.
        cut_before_headers: End the connection, by `"fin"` or `"rst"`, instead of answering.
        cut_headers_after: Close after that many bytes of the status line and headers.
        status_line: Bytes sent in place of the status line.
        hang_up: Close the connection after the answer although the headers promised to keep it.
    """

    framing: Framing | None = None
    coalesce: bool = False
    piece: int | None = None
    gzip: bool = False
    gzip_fault: Literal["start", "middle", "truncated"] | None = None
    pause: float = 0.0
    pause_before_headers: float = 0.0
    stall_after: int | None = None
    stall: float = float("inf")
    keepalive: bytes | None = None
    keepalive_every: float = 0.05
    cut_after: int | None = None
    cut: Cut = "fin"
    cut_before_headers: Literal["fin", "rst"] | None = None
    cut_headers_after: int | None = None
    status_line: bytes | None = None
    hang_up: bool = False

    def __post_init__(self) -> None:
        if self.piece is not None and self.piece < 1:
            raise ValueError("piece is a number of bytes, 1 or more")
        if self.gzip_fault and not self.gzip:
            raise ValueError("gzip_fault needs gzip=True")
