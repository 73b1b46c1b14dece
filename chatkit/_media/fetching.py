"""Files fetched on request, under the rules of `_http/download`."""

from __future__ import annotations

from chatkit._errors import MediaError
from chatkit._media.kinds import kind_of, name_of
from chatkit._media.limits import size_of
from chatkit._media.sources import Source


def fetch(url: str, *, limit: int, what: str, accept: str) -> Source:
    """Download a URL from the public internet.

    Args:
        url: An http or https URL.
        limit: How many bytes there may be.
        what: What is wanted, such as "an image".
        accept: The Accept header, such as "image/*".

    Raises:
        MediaError: when it must not or cannot be fetched, is empty, or is a web page.
    """
    from chatkit._http.download import download

    found = download(url, max_bytes=limit, accept=accept)
    if not found.data:
        raise MediaError(f"{found.origin}: the server sent nothing.")
    kind = kind_of(found.data)
    if kind == "text/html" or (not kind and found.media_type == "text/html"):
        raise MediaError(
            f"{found.origin}: the server sent {name_of('text/html')} of {size_of(len(found.data))}, not {what}.",
            hint="Give the address of the file itself.",
        )
    return Source(found.data, url.partition("#")[0].partition("?")[0].rpartition("/")[2], f"What {found.origin} sent")
