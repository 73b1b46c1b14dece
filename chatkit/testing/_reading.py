"""Reading HTTP/1.1 requests off a line (RFC 9112)."""

from dataclasses import dataclass

from ._line import Line

_HEAD_LIMIT = 1 << 20


class MalformedRequestError(ValueError):
    """What arrived is not an HTTP request."""


@dataclass(frozen=True, slots=True)
class Head:
    """The request line and the headers, their names in lower case."""

    method: str
    target: str
    version: str
    headers: dict[str, str]

    @property
    def keep_alive(self) -> bool:
        """Whether the client would use the connection again."""
        wish = self.headers.get("connection", "").lower()
        return "close" not in wish if self.version == "HTTP/1.1" else "keep-alive" in wish


def read_head(line: Line) -> Head | None:
    """Read the next request's head; None when the client has no further request.

    Raises:
        MalformedRequestError: It is not HTTP.
    """
    first = line.peek()
    if not first:
        return None
    # A TLS greeting has no line end to wait for: tell by its first byte.
    if not first[:1].isalpha():
        raise MalformedRequestError("not an HTTP request")
    try:
        text = line.read_until(b"\r\n\r\n", _HEAD_LIMIT).decode("latin-1")
    except EOFError:
        return None
    except ValueError as error:
        raise MalformedRequestError(f"headers are {error}") from None
    request_line, *fields = text[:-4].split("\r\n")
    return _head(request_line.split(" "), fields)


def _head(words: list[str], fields: list[str]) -> Head:
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise MalformedRequestError("not an HTTP/1.1 request line")
    headers: dict[str, str] = {}
    for one in fields:
        name, colon, value = one.partition(":")
        if not colon:
            raise MalformedRequestError("a header line without a colon")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Head(words[0], words[1], words[2], headers)


def read_body(line: Line, head: Head) -> bytes:
    """Read the body that belongs to `head`.

    Raises:
        EOFError: The client left in the middle of it.
        MalformedRequestError: Its framing is wrong.
    """
    if head.headers.get("expect", "").lower() == "100-continue":
        line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        if "chunked" in head.headers.get("transfer-encoding", "").lower():
            return _read_chunks(line)
        return line.read_exactly(_natural(head.headers.get("content-length", "0"), 10))
    except ValueError as error:
        raise MalformedRequestError(f"a body of unknown length: {error}") from None


def _read_chunks(line: Line) -> bytes:
    body = bytearray()
    while size := _natural(line.read_until(b"\r\n", _HEAD_LIMIT).partition(b";")[0].strip(), 16):
        body += line.read_exactly(size)
        line.read_exactly(2)
    while line.read_until(b"\r\n", _HEAD_LIMIT) != b"\r\n":
        pass  # trailers say nothing here
    return bytes(body)


def _natural(text: str | bytes, base: int) -> int:
    if not text.isalnum():
        raise ValueError(f"{text!r} is no number")
    return int(text, base)
