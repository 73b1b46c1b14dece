"""What bytes are, told by how they begin; names of files and what servers say do not count.

Sources: the signatures in the specifications of the formats (PNG, JFIF, GIF89a, RIFF, ISO/IEC 14496-12, ...).
"""

from __future__ import annotations

import re
from pathlib import PurePath

PDF = "application/pdf"
# What servers accept as images, most of them nothing else.
IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
# What Pillow turns into one of those, when an image is resized.
CONVERTIBLE = ("image/bmp", "image/tiff", "image/x-icon")
# The short names that the wire has for sound.
AUDIO = {
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "video/webm": "webm",
}

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"%PDF-", PDF),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"\x1f\x8b", "application/gzip"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"mif1": "image/heic",
    b"msf1": "image/heic",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
}
_MARKUP = re.compile(
    rb"(?:<\?xml[^>]{0,200}>\s*|<!--(?:(?!-->).){0,500}-->\s*)*<(!doctype html|!doctype svg|html|svg)\b", re.S | re.I
)
_MARKED = {b"svg": "image/svg+xml", b"tml": "text/html"}

_NAMES = {
    "image/svg+xml": "an SVG drawing",
    "image/heic": "a HEIC photo",
    "image/vnd.adobe.photoshop": "a Photoshop image",
    "image/x-icon": "an icon",
    PDF: "a PDF",
    "application/zip": "a ZIP archive",
    "application/x-ole-storage": "an old Office document",
    "application/gzip": "a gzip archive",
    "text/html": "a web page",
    "text/plain": "plain text",
    "": "nothing that chatkit knows",
}

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
# Documents that are archives inside; which one, only the name tells.
PACKED = {
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
    ".odt": f"{_OPEN}.text",
    ".ods": f"{_OPEN}.spreadsheet",
    ".odp": f"{_OPEN}.presentation",
    ".epub": "application/epub+zip",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
}
_TEXTS = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".html": "text/html",
    ".htm": "text/html",
    ".css": "text/css",
    ".xml": "text/xml",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".toml": "application/toml",
    ".js": "text/javascript",
    ".py": "text/x-python",
    ".r": "text/x-r",
    ".rtf": "application/rtf",
}
_TEXT_TYPES = re.compile(r"text/.+|application/(.+\+)?(json|xml|yaml|toml|javascript|x-ndjson|sql|rtf)")


def kind_of(data: bytes | bytearray | memoryview) -> str:
    """The media type of some bytes, or "" when they begin like nothing known here. Plain text is not known."""
    head = bytes(data[:2048])
    found = next((kind for magic, kind in _BEGINNINGS if head.startswith(magic)), "")
    return found or _boxed(head) or _framed(head) or _marked_up(head)


def _boxed(head: bytes) -> str:
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    # Two letters are little, so the field that is always zero counts, too.
    return "image/bmp" if head[:2] == b"BM" and head[6:10] == bytes(4) else ""


def _framed(head: bytes) -> str:
    """Sound without a header: it begins with the eleven or twelve bits that mark a frame."""
    if len(head) < 4 or head[0] != 0xFF:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    # Layer III, and no bit rate or sample rate that is reserved.
    sound = head[1] & 0xE6 == 0xE2 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C
    return "audio/mpeg" if sound else ""


def _marked_up(head: bytes) -> str:
    found = _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf").lstrip())
    return _MARKED[found[1].lower()[-3:]] if found else ""


def name_of(kind: str) -> str:
    """A media type in words, such as "a HEIC photo (image/heic)"."""
    if kind in _NAMES:
        return f"{_NAMES[kind]} ({kind})" if kind else _NAMES[kind]
    return kind


def text_type(name: str) -> str:
    """The media type of a text, by the name of its file."""
    return _TEXTS.get(PurePath(name).suffix.lower(), "text/plain")


def is_text(media_type: str) -> bool:
    """Whether what has this media type is text that a model can read as it is."""
    return bool(_TEXT_TYPES.fullmatch(media_type))
