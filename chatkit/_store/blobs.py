"""Contents large in bytes: taken out of the records of turns, kept once by their hash, and put back."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from chatkit._errors import StoreError

_TYPES = ("image_inline", "document", "audio")
# Less than this is not worth a row of its own.
_LEAST = 1024


def take_blobs(record: dict[str, Any], blobs: dict[str, bytes]) -> tuple[str, ...]:
    """Take the large contents out of the record of a turn or of a content, which is changed.

    Args:
        record: The record.
        blobs: Where they are put, by the SHA-256 of their bytes.

    Returns:
        The hashes.
    """
    hashes = []
    for content in _media(record):
        data = content["data"]
        if not isinstance(data, str) or len(data) < _LEAST:
            continue
        blob = base64.b64decode(data)
        # Base64 may be written in more ways than one; what would come back differently stays as it is.
        if base64.b64encode(blob).decode("ascii") != data:
            continue
        key = hashlib.sha256(blob).hexdigest()
        content["data"] = {"sha256": key}
        blobs[key] = blob
        hashes.append(key)
    return tuple(dict.fromkeys(hashes))


def put_blobs(record: Any, blobs: Mapping[str, bytes], at: str) -> None:
    """Put large contents back into a record, which is changed.

    Args:
        record: The record.
        blobs: The bytes by their hash.
        at: What messages call the record.

    Raises:
        StoreError: when one is not there, or damaged.
    """
    for content in _media(record):
        data = content.get("data")
        if not isinstance(data, dict):
            continue
        key = data.get("sha256")
        blob = blobs.get(key) if isinstance(key, str) else None
        if blob is None or hashlib.sha256(blob).hexdigest() != key:
            what = "is missing" if blob is None else "is damaged"
            raise StoreError(f"{at}: a content of the type {content.get('type')!r} {what}.", kind="corrupt")
        content["data"] = base64.b64encode(blob).decode("ascii")


def leave_out_blobs(record: Any) -> None:
    """Leave large contents empty in a record, which is changed: for whoever needs only the rest."""
    for content in _media(record):
        content["data"] = ""


def _media(record: Any) -> Iterator[dict[str, Any]]:
    """The contents of a record, and of what tools gave, that may be large."""
    if not isinstance(record, dict):
        return
    for name in ("contents", "attachments"):
        inner = record.get(name)
        for item in inner if isinstance(inner, list) else ():
            yield from _media(item)
    if record.get("type") in _TYPES and "data" in record:
        yield record
