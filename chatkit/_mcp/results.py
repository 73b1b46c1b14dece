"""What a server's tool returned, as the result of a tool call."""

from __future__ import annotations

import base64
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from chatkit._errors import ConfigError, MediaError
from chatkit._media.kinds import AUDIO, IMAGES, PACKED, is_text, kind_of, name_of
from chatkit._turns.contents import (
    ContentAudio,
    ContentImageInline,
    ContentMedia,
    ContentText,
    ContentToolResult,
)

if TYPE_CHECKING:
    import mcp_types

# Characters of base64; no service takes more.
_LARGEST = 45_000_000


def result_from(result: mcp_types.CallToolResult) -> ContentToolResult:
    """Make a result of what a server answered.

    The model reads the texts; where there are none, the structured value as JSON. Images, sounds and documents are
    attached. `value` is the structured value if there is one, else the texts.
    """
    parts = [_part(block) for block in result.content]
    texts = [part.text for part in parts if isinstance(part, ContentText) and part.text]
    media = tuple(part for part in parts if not isinstance(part, ContentText))
    text = "\n".join(texts)
    if result.structured_content is None:
        return ContentToolResult(text, text=text, attachments=media)
    return ContentToolResult(result.structured_content, text=text if texts else None, attachments=media)


def text_of(result: mcp_types.CallToolResult) -> str:
    """The texts of a result alone."""
    parts = [_part(block) for block in result.content]
    return "\n".join(part.text for part in parts if isinstance(part, ContentText) and part.text)


def _part(block: Any) -> ContentText | ContentMedia:
    match block.type:
        case "text":
            return ContentText(block.text)
        case "image" | "audio":
            return _medium(block.mime_type, block.data, block.type)
        case "resource":
            return _resource(block.resource)
        case _:
            return ContentText(_link(block))


def _resource(resource: Any) -> ContentText | ContentMedia:
    if isinstance(text := getattr(resource, "text", None), str):
        return ContentText(f"[{resource.uri}]\n{text}")
    name = _file_name(resource.uri) or "document"
    return _medium(resource.mime_type or "application/octet-stream", resource.blob, name)


def _file_name(uri: str) -> str:
    try:
        return PurePosixPath(unquote(urlsplit(uri).path)).name
    except ValueError:  # a server writes what it likes
        return ""


def _link(link: Any) -> str:
    about = [link.title or link.name, link.mime_type, link.description]
    return f"[{link.uri}] {'; '.join(filter(None, about))}"


def _medium(media_type: str, data: str, name: str) -> ContentText | ContentMedia:
    """Media of a kind that can be sent on, or a text that says why they are missing."""
    if len(data) > _LARGEST:
        return _left_out(name, media_type, "too large")
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except ValueError:
        return _left_out(name, media_type, "no valid base64")
    clean = base64.b64encode(content).decode()
    # What the bytes are counts, not what the server says: another server has to take them.
    found = kind_of(content)
    if found in IMAGES:
        return ContentImageInline(found, clean)
    if found in AUDIO:
        return ContentAudio(AUDIO[found], clean)
    return _document(media_type.partition(";")[0].strip().lower(), content, name)


def _document(media_type: str, content: bytes, name: str) -> ContentText | ContentMedia:
    from chatkit._media.documents import content_document_file

    if media_type.startswith(("image/", "audio/")):
        return _left_out(name, media_type, f"{name_of(kind_of(content))}, which models do not take")
    declared = media_type if is_text(media_type) or media_type in PACKED.values() else "auto"
    try:
        return content_document_file(content, media_type=declared, filename=name)
    except ConfigError:
        return _left_out(name, media_type, "its media type is none")
    except MediaError as error:
        return _left_out(name, media_type, error.summary)


def _left_out(name: str, media_type: str, reason: str) -> ContentText:
    return ContentText(f"[{name} ({media_type}) was left out: {reason}]")
