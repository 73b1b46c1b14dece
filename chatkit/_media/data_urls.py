"""`data:` URLs taken apart, strictly.

Source: RFC 2397, and RFC 4648 for base64.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Container
from dataclasses import dataclass
from urllib.parse import unquote

from chatkit._errors import MediaError
from chatkit._media.limits import size_of

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE)
_LONGEST_HEAD = 1000


@dataclass(frozen=True, slots=True)
class DataURL:
    """What a `data:` URL holds.

    Args:
        media_type: What it says its data is, in lower case.
        data: The bytes.
        name: The file name in its parameters; empty when there is none.
    """

    media_type: str
    data: bytes
    name: str


def is_data_url(url: object) -> bool:
    """Whether something is a `data:` URL, a good one or not."""
    return isinstance(url, str) and url[:5].lower() == "data:"


def parse(url: str, *, allowed: Container[str], limit: int) -> DataURL:
    """Take a `data:` URL apart.

    Args:
        url: For example "data:image/png;name=x.png;base64,iVBORw0...". Parameters are allowed.
        allowed: The media types that it may have.
        limit: How many bytes it may hold.

    Raises:
        MediaError: naming the part at fault.
    """
    head, comma, encoded = url[5:].partition(",")
    if not comma or len(head) > _LONGEST_HEAD:
        raise MediaError("The data: URL has no comma between its media type and its data.")
    media_type, *parameters = head.split(";")
    media_type = media_type.strip().lower()
    if not _TYPE.fullmatch(media_type):
        raise MediaError(f"The data: URL begins with {media_type[:80]!r}, which is no media type such as 'image/png'.")
    if media_type not in allowed:
        raise MediaError(f"The data: URL has the media type {media_type[:80]!r}, which cannot be used here.")
    if not parameters or parameters[-1].strip().lower() != "base64":
        raise MediaError("The data: URL is not in base64: ';base64' must stand before its comma.")
    data = _decoded(encoded, limit)
    names = dict(item.strip().partition("=")[::2] for item in parameters[:-1])
    return DataURL(media_type, data, unquote(names.get("name") or names.get("filename") or "").strip('"'))


def _decoded(encoded: str, limit: int) -> bytes:
    # Four letters hold three bytes. Looked at before anything is copied.
    if len(encoded) // 4 * 3 > limit + 3:
        told = f"{size_of(len(encoded))} of base64, about {size_of(len(encoded) // 4 * 3)} decoded"
        raise MediaError(f"The data: URL holds {told}; the limit is {size_of(limit)}.")
    data = None
    try:
        data = base64.b64decode(unquote(encoded) if "%" in encoded else encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        reason = str(error).rstrip(".")
    if data is None:
        raise MediaError(f"The data of the data: URL is not valid base64: {reason}.")
    if not data:
        raise MediaError("The data: URL holds no data.")
    if len(data) > limit:
        told = f"{size_of(len(encoded))} of base64, {size_of(len(data))} decoded"
        raise MediaError(f"The data: URL holds {told}; the limit is {size_of(limit)}.")
    return data
