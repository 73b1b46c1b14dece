"""How the body of an answer is read: live, bounded, and as what it really is.

A chunked body is taken in HTTP chunks; any other is read with `read1`, since everything else holds an unchunked
stream back until its end (128 bytes, or all of it). What the body is follows from its content type, and where that is
missing or wrong, from how it begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

from chatkit._errors import APIConnectionError, APIResponseError
from chatkit._http.faults import host_of
from chatkit._http.messages import Head
from chatkit._http.sse import looks_like_events

READ_SIZE = 65536
MAX_BODY = 64 * 1024 * 1024
MAX_ERROR_BODY = 1024 * 1024

BodyKind = Literal["events", "whole", "unknown"]


def reader_of(raw: Any) -> Callable[[], bytes]:
    """A function that gives the next bytes of a urllib3 response as soon as there are any, and b"" at the end."""
    # Decompressing goes through read1 even when chunked: it alone bounds how much one read may unpack.
    if raw.chunked and raw.supports_chunked_reads() and not raw.headers.get("content-encoding"):
        chunks: Iterator[bytes] = raw.read_chunked(READ_SIZE, decode_content=False)
        return lambda: next(chunks, b"")
    return lambda: _read1(raw)


def _read1(raw: Any) -> bytes:
    while True:
        data: bytes = raw.read1(READ_SIZE, decode_content=True)
        # With compression a read may bring bytes that do not unpack to any text yet.
        if data or raw._fp is None or raw._fp.isclosed():
            return data


def check_head(head: Head, known_encodings: tuple[str, ...]) -> None:
    """Refuse answers that can never be one: redirects, answers without a body, unknown encodings.

    Raises:
        APIResponseError: naming what came instead.
    """
    status, host = head.status, host_of(head.url)
    if 300 <= status < 400 and status != 304:
        target = host_of(head.headers.get("location", "")) or "another address"
        raise APIResponseError(
            f"{host} answered {status} and redirects to {target}; redirects are not followed.",
            kind="redirect",
            status_code=status,
            url=head.url,
            hint="Set base_url to the final address.",
        )
    if status < 200 or status in (204, 205, 304):
        raise APIResponseError(
            f"{host} answered {status}, which carries no answer.", kind="empty", status_code=status, url=head.url
        )
    encodings = [name.strip().lower() for name in head.headers.get("content-encoding", "").split(",")]
    for name in encodings:
        if name not in ("", "identity", *known_encodings):
            raise APIResponseError(
                f"{host} answered in the encoding {name!r}, which cannot be read here.",
                kind="encoding",
                status_code=status,
                url=head.url,
            )


def kind_of(head: Head) -> BodyKind:
    """What the head says the body is."""
    media = head.headers.get("content-type", "").split(";")[0].strip().lower()
    if head.status >= 400:
        return "whole"
    if media == "text/event-stream":
        return "events"
    return "whole" if media == "application/json" or media.endswith("+json") else "unknown"


def sniff(head: Head, start: bytes) -> BodyKind:
    """What a body of unknown type is, from its first bytes.

    Raises:
        APIResponseError: when it is neither an event stream nor a JSON object.
    """
    text = start.decode("utf-8", "replace").lstrip()
    media = head.headers.get("content-type", "")
    if "ndjson" not in media:
        if looks_like_events(text):
            return "events"
        if text.startswith("{"):
            return "whole"
    raise _foreign(head, media, text)


def _foreign(head: Head, media: str, text: str) -> APIResponseError:
    title = re.search(r"<title[^>]*>([^<]{1,200})", text, re.IGNORECASE)
    page = f' (a page titled "{title[1].strip()}")' if title else ""
    if "ndjson" in media:
        hint = "This is a server's native interface; the compatible one usually lies under /v1."
    else:
        hint = "Check base_url: is it the API's address, and does nothing (a login page, a portal) stand in between?"
    return APIResponseError(
        f"{head.url} answered with {media or 'a body of no type'}{page}, not with a chat completion.",
        kind="content_type",
        status_code=head.status,
        url=head.url,
        hint=hint,
    )


def nothing_came(head: Head) -> APIResponseError | APIConnectionError:
    """The error for a body without a single byte."""
    host = host_of(head.url)
    if not head.headers.get("content-type"):
        # http.client gives an answer whose headers were cut off as a 200 without any.
        return APIConnectionError(
            f"The answer of {host} was cut off in its headers.", kind="protocol", url=head.url, retryable=True
        )
    return APIResponseError(
        f"{host} gave an empty answer.", kind="empty", status_code=head.status, url=head.url, retryable=True
    )


def too_large(head: Head) -> APIResponseError:
    """The error for a whole body beyond the limit."""
    return APIResponseError(
        f"The answer of {host_of(head.url)} is larger than {MAX_BODY >> 20} MiB.",
        kind="too_large",
        status_code=head.status,
        url=head.url,
    )
