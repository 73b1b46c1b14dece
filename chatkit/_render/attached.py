"""What may be shown of media: pictures of known kinds that came along, web addresses, names and sizes."""

from __future__ import annotations

import re

from chatkit._turns.contents import ContentAudio, ContentDocument, ContentImageInline

_PICTURES = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_base64 = re.compile(r"[A-Za-z0-9+/]+={0,2}").fullmatch
_web = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f]+", re.I).fullmatch
_awkward = re.compile(r"""[<>"'()\\`|{}^\[\]*_~]""")


def picture_kind(image: ContentImageInline) -> str:
    """The short name of an image's kind ("png") when it can be shown safely; else nothing. SVG is a program."""
    return _PICTURES.get(image.media_type, "") if _base64(image.data) else ""


def web_address(url: str) -> str:
    """The URL if it is an http(s) URL, with characters that mean something in Markdown or HTML encoded; else ""."""
    return _awkward.sub(lambda found: f"%{ord(found[0]):02X}", url) if _web(url) else ""


def file_words(content: ContentDocument | ContentAudio | ContentImageInline) -> tuple[str, str, str]:
    """What is said of something that cannot be shown: "Document", its name, its media type and size."""
    size = _size(len(content.data) * 3 // 4)
    if isinstance(content, ContentDocument):
        return "Document", content.filename, f"{content.media_type}, {size}"
    if isinstance(content, ContentAudio):
        return "Audio", content.format, size
    return "Image", content.media_type, size


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
