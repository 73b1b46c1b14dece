"""Undoing gzip and deflate, to the very end: what is cut off is not taken for the whole, and a bomb does not go off."""

from __future__ import annotations

import contextlib
import zlib

# zlib's numbers: gzip or zlib by their heads; deflate without any, as some servers send it.
_WRAPPED, _BARE = 47, -15


class TooMuchError(ValueError):
    """There are more bytes than allowed."""


class DecodeError(ValueError):
    """The data is damaged, cut off, or in another encoding."""


def unpacked(data: bytes, encodings: str, most: int) -> bytes:
    """Undo what a Content-Encoding header names.

    Args:
        data: The packed bytes.
        encodings: The header; empty when nothing was packed.
        most: How many bytes there may be at any step.

    Raises:
        TooMuchError: when there are more.
        DecodeError: when the data ends in the middle, is not in the encoding, or that is unknown.
    """
    for name in reversed([item.strip().lower() for item in encodings.split(",")]):
        if name in ("gzip", "x-gzip"):
            data = _members(data, most, _WRAPPED)
        elif name == "deflate":
            data = _members(data, most, _WRAPPED if data[:1] in (b"\x78", b"\x08") else _BARE)
        elif name not in ("", "identity"):
            raise DecodeError(f"the encoding {name!r} cannot be read")
    return data


def _members(data: bytes, most: int, kind: int) -> bytes:
    """Unpack data of several members, which may follow each other, with zeros at the end."""
    parts: list[bytes] = []
    left = most + 1
    while data:
        unpacker = zlib.decompressobj(kind)
        with contextlib.suppress(zlib.error):
            parts.append(unpacker.decompress(data, left))
            left -= len(parts[-1])
        if left <= 0:
            raise TooMuchError
        if not unpacker.eof:
            raise DecodeError("the data is damaged or cut off")
        data = unpacker.unused_data.lstrip(b"\0")
    return b"".join(parts)
