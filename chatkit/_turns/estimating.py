"""Estimating tokens: before anything is sent nobody knows them, and no two models count alike.

The rules, all of them rough:

- Text: a quarter of its bytes in UTF-8. English is usually within a fifth of that; other languages, code and numbers
  stray further.
- Every message: 4 for the marks around it.
- Images: OpenAI's rule of tiles (https://platform.openai.com/docs/guides/images-vision). 85 with `detail="low"`; else
  85 and 170 for each tile of 512 pixels, once the image fits 2,048 pixels and its short side 768. 765, that of 1,024 by
  1,024, where the size is not known.
- Sound: 10 for each second; the bytes of a second are read from WAV files, and taken to be 16,000 elsewhere.
- PDFs: 40 for each KB, some 4,000 for a page of 100 KB; documents that are text are counted as such. 765 for one that
  the server fetches itself.

Thinking is not counted: as a rule it is not sent back.
"""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Iterable

from chatkit._turns.contents import (
    Content,
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentText,
    ContentThinking,
    ContentToolRequest,
)
from chatkit._turns.turns import Turn

_BYTES_PER_TOKEN = 4
_PER_MESSAGE = 4
_LOW_DETAIL, _PER_TILE, _UNKNOWN_IMAGE = 85, 170, 765
_PDF_BYTES_PER_TOKEN = 24
_PER_SECOND = 10
_BYTES_PER_SECOND = 16_000
# Enough of a picture to find its size in: cameras put a preview in front of it.
_HEAD = 256 * 1024
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def estimate_tokens(turns: Iterable[Turn]) -> int:
    """About how many tokens turns take, by the rules above."""
    return sum(_PER_MESSAGE + sum(map(_tokens, turn.contents)) for turn in turns)


def text_tokens(text: str) -> int:
    """About how many tokens a text takes."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return -(-size // _BYTES_PER_TOKEN)


def _tokens(content: Content) -> int:
    match content:
        case ContentText() | ContentJson():
            return text_tokens(content.text)
        case ContentThinking():
            return 0
        case ContentImageInline() | ContentImageRemote():
            return _image_tokens(content)
        case ContentDocument() | ContentDocumentRemote():
            return _document_tokens(content)
        case ContentAudio():
            return math.ceil(_bytes(content.data) / _bytes_per_second(content) * _PER_SECOND)
        case ContentToolRequest():
            return text_tokens(content.name + (content.raw or json.dumps(content.arguments, default=str)))
        case _:
            text = content.text or content.error or str(content.value)
            return text_tokens(text) + sum(map(_tokens, content.attachments))


def _bytes(data: str) -> int:
    return len(data) * 3 // 4


def _head(data: str, size: int) -> bytes:
    try:
        return base64.b64decode(data[: size * 4 // 3 // 4 * 4])
    except ValueError:
        return b""


def _document_tokens(content: ContentDocument | ContentDocumentRemote) -> int:
    if isinstance(content, ContentDocumentRemote):
        return _UNKNOWN_IMAGE
    is_pdf = content.media_type == "application/pdf"
    return -(-_bytes(content.data) // (_PDF_BYTES_PER_TOKEN if is_pdf else _BYTES_PER_TOKEN))


def _bytes_per_second(content: ContentAudio) -> int:
    head = _head(content.data, 36)
    # A WAV file tells it 28 bytes from its beginning, if its first chunk is the usual one.
    told = struct.unpack_from("<I", head, 28)[0] if head[:4] == b"RIFF" and head[12:16] == b"fmt " else 0
    return told or _BYTES_PER_SECOND


def _image_tokens(content: ContentImageInline | ContentImageRemote) -> int:
    if content.detail == "low":
        return _LOW_DETAIL
    size = pixel_size(_head(content.data, _HEAD)) if isinstance(content, ContentImageInline) else None
    if size is None:
        return _UNKNOWN_IMAGE
    scale = min(1.0, 2048 / max(size))
    scale = min(scale, 768 / min(size))
    tiles = math.prod(math.ceil(round(side * scale) / 512) or 1 for side in size)
    return _LOW_DETAIL + _PER_TILE * tiles


def pixel_size(head: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, WebP or JPEG file, read from its beginning; None when they are not there."""
    try:
        size = _size_in(head)
    except (struct.error, IndexError):
        return None
    return (size[0], size[1]) if size and all(size) else None


def _size_in(head: bytes) -> tuple[int, ...] | None:
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return struct.unpack_from(">II", head, 16)
    if head[:4] == b"GIF8":
        return struct.unpack_from("<HH", head, 6)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp_size(head)
    return _jpeg_size(head) if head[:2] == b"\xff\xd8" else None


def _webp_size(head: bytes) -> tuple[int, ...] | None:
    kind = head[12:16]
    if kind == b"VP8X":
        return tuple(1 + int.from_bytes(head[at : at + 3], "little") for at in (24, 27)) if len(head) >= 30 else None
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", head, 21)[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return tuple(side & 0x3FFF for side in struct.unpack_from("<HH", head, 26)) if kind == b"VP8 " else None


def _jpeg_size(head: bytes) -> tuple[int, ...] | None:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        # Marks without a length of their own are one byte long; a file may be padded with 0xFF.
        at += 1 if marker == 0xFF else 2 + struct.unpack_from(">H", head, at + 2)[0]
    return None
