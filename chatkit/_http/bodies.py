"""How the body of an answer is read: live, bounded, and as what it really is.

A chunked body is taken in HTTP chunks; any other is read with `read1`, since everything else holds an unchunked
stream back until its end (128 bytes, or all of it). What the body is follows from its content type, and where that is
missing or wrong, from how it begins.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from urllib3.response import HTTPResponse

from chatkit._errors import APIConnectionError, APIResponseError
from chatkit._http.faults import host_of, proxy_refused
from chatkit._http.messages import Head
from chatkit._http.sse import looks_like_events

READ_SIZE = 65536
MAX_BODY = 64 * 1024 * 1024
MAX_ERROR_BODY = 1024 * 1024

BodyKind = Literal["events", "whole", "unknown"]

_ENCODINGS = ("", "identity", *HTTPResponse.CONTENT_DECODERS)
_ORIGIN = re.compile(r"[A-Za-z0-9.:\[\]_-]+")
# What a first line needs to tell events from JSON, and how much white space may come before it.
_TELLING = 16
_MAX_BLANK = 1024 * 1024


def reader_of(raw: Any, *, by_chunk: bool) -> Callable[[], bytes]:
    """A function that gives the next bytes of a urllib3 response as soon as there are any, and b"" at the end.

    Args:
        raw: The response.
        by_chunk: Whether whole HTTP chunks are wanted: faster, but of a chunk that is cut nothing is had.
    """
    # Decompressing goes through read1 even when chunked: it alone bounds how much one read may unpack.
    if by_chunk and raw.chunked and raw.supports_chunked_reads() and not raw.headers.get("content-encoding"):
        chunks: Iterator[bytes] = raw.read_chunked(READ_SIZE, decode_content=False)
        return lambda: next(chunks, b"")
    return lambda: raw.read1(READ_SIZE, decode_content=True)


def check_head(head: Head) -> None:
    """Refuse answers that can never be one: redirects, a proxy's own, those without a body, unknown encodings.

    Raises:
        APIResponseError: naming what came instead.
        APIConnectionError: when a proxy wants a name and a password.
    """
    status, host = head.status, host_of(head.url)
    if status == 407:
        raise proxy_refused(head.url, denied=True)
    if 300 <= status < 400 and status != 304 and (target := _origin(head)):
        raise APIResponseError(
            f"{host} answered {status} and redirects to {target}; redirects are not followed.",
            kind="redirect",
            status_code=status,
            url=head.url,
            hint=f"Set base_url to the final address, at {target}.",
        )
    if status < 200 or status in (204, 205) or 300 <= status < 400:
        raise APIResponseError(
            f"{host} answered {status}, which carries no answer.", kind="empty", status_code=status, url=head.url
        )
    if status < 400 and (encoding := unknown_encoding(head)):
        raise APIResponseError(
            f"{host} answered in the encoding {encoding!r}, which cannot be read here.",
            kind="encoding",
            status_code=status,
            url=head.url,
        )


def unknown_encoding(head: Head) -> str:
    """The first content encoding of an answer that cannot be undone, or nothing."""
    encodings = [name.strip().lower() for name in head.headers.get("content-encoding", "").split(",")]
    return next((name for name in encodings if name not in _ENCODINGS), "")


def _origin(head: Head) -> str:
    """Where a redirect leads to: scheme, host and port alone, for the rest may be secret; empty if nowhere."""
    try:
        parts = urlsplit(urljoin(head.url, head.headers.get("location", "")))
    except ValueError:
        return "an address that is none"
    host = parts.netloc.rpartition("@")[2]
    if not head.headers.get("location"):
        return ""
    return f"{parts.scheme}://{host}" if _ORIGIN.fullmatch(host) else "an address that is none"


def kind_of(head: Head) -> BodyKind:
    """What the head says the body is. JSON is looked at first, too: some servers call their events so."""
    if head.status >= 400:
        return "whole"
    return "events" if _media(head) == "text/event-stream" else "unknown"


def is_telling(start: bytes) -> bool:
    """Whether a body's first bytes are enough to say what it is."""
    text = start.lstrip()
    return len(text) >= _TELLING or b"\n" in text or len(start) > _MAX_BLANK


def sniff(head: Head, start: bytes) -> BodyKind:
    """What a body of unknown type is, from its first bytes.

    Raises:
        APIResponseError: when it is neither an event stream nor JSON.
    """
    text = start.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    media = _media(head)
    if "ndjson" not in media:
        if looks_like_events(text):
            return "events"
        # What is called JSON but is none shall be shown as bad JSON, not as a foreign type.
        if text.startswith("{") or media == "application/json" or media.endswith("+json"):
            return "whole"
    raise _foreign(head, media, text)


def _media(head: Head) -> str:
    return head.headers.get("content-type", "").split(";")[0].strip().lower()


def _foreign(head: Head, media: str, text: str) -> APIResponseError:
    title = re.search(r"<title[^>]{0,200}>([^<]{1,200})", text, re.IGNORECASE)
    page = f' (a page titled "{_plain(head, html.unescape(title[1]))}")' if title else ""
    if "ndjson" in media:
        hint = "This is a server's native interface; the compatible one usually lies under /v1."
    else:
        hint = "Check base_url: is it the API's address, and does nothing (a login page, a portal) stand in between?"
    return APIResponseError(
        f"{head.url} answered with {_plain(head, media) or 'a body of no type'}{page}, not with a chat completion.",
        kind="content_type",
        status_code=head.status,
        url=head.url,
        hint=hint,
    )


def _plain(head: Head, text: str) -> str:
    """A server's words on one line, without control characters and keys."""
    return head.redact(" ".join("".join(char if char.isprintable() else " " for char in text[:200]).split()))


def check_framing(head: Head, version: int) -> None:
    """Refuse a body without a single byte when the headers themselves were cut off, which http.client does not tell.

    Args:
        head: The head.
        version: The HTTP version as http.client writes it, such as 11.

    Raises:
        APIConnectionError: when they were.
    """
    headers = head.headers
    if "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower():
        return
    closing = version < 11 or headers.get("connection", "").lower() == "close"
    if not (closing and headers.get("content-type")):
        raise APIConnectionError(
            f"The answer of {host_of(head.url)} was cut off in its headers.",
            kind="protocol",
            url=head.url,
            retryable=True,
        )


def too_large(head: Head) -> APIResponseError:
    """The error for a whole body beyond the limit."""
    return APIResponseError(
        f"The answer of {host_of(head.url)} is larger than {MAX_BODY >> 20} MiB.",
        kind="too_large",
        status_code=head.status,
        url=head.url,
    )
