"""From what a tool returned, or raised, to what the model reads."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from enum import Enum
from typing import Any, TypeAlias

from chatkit._tools.text import shortened, well_formed
from chatkit._turns.contents import (
    ContentImage,
    ContentImageInline,
    ContentImageRemote,
    ContentMedia,
    ContentText,
    ContentToolRequest,
    ContentToolResult,
)

Rendered: TypeAlias = tuple[str, tuple[ContentImage, ...]]

# The first bytes of the image formats that servers accept; WEBP also has a length in between.
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_BYTES = (bytes, bytearray, memoryview)


def result_of(value: Any, request: ContentToolRequest) -> ContentToolResult:
    """Make the result of a call out of whatever the tool returned; decided here, so nothing fails when it is sent.

    Text stays as it is, images and contents become attachments, everything else becomes JSON. What cannot be told
    to a model gives an error result that says why.
    """
    if isinstance(value, BaseException):
        return failed(request, in_words(value, request))
    result = value if isinstance(value, ContentToolResult) else ContentToolResult(value)
    if result.error is not None:
        return replace(result, request=request, text=readable(result.text or result.error))
    try:
        return _completed(result, request)
    except Exception as error:
        kind = type(result.value).__name__
        text = f"Tool `{request.name}` returned a value of type {kind} that cannot be sent to a model: {error}"
        return replace(failed(request, text), extra=result.extra)


def _completed(result: ContentToolResult, request: ContentToolRequest) -> ContentToolResult:
    text, images = render(result.value) if result.text is None else (result.text, ())
    attachments = (*result.attachments, *images)
    if attachments and not text.strip():
        text = f"The result of tool call {request.id!r} is attached: {_count(attachments)}."
    value = bytes(result.value) if isinstance(result.value, memoryview) else result.value  # a view cannot be pickled
    return replace(result, value=value, request=request, text=readable(text), attachments=attachments)


def failed(request: ContentToolRequest, error: str) -> ContentToolResult:
    """Make an error result."""
    error = readable(error)
    return ContentToolResult(error=error, request=request, text=error)


def in_words(error: BaseException, request: ContentToolRequest) -> str:
    """Say which tool failed and how; no traceback, for that may hold what a model must not read."""
    try:
        text = str(error)
    except Exception:
        text = ""
    return f"Tool `{request.name}` failed: {type(error).__name__}{': ' if text else ''}{text}"


def readable(text: str) -> str:
    """Make a text fit to be sent: encodable and not too long."""
    return shortened(well_formed(text))


def render(value: Any) -> Rendered:
    """Turn a value into text and images.

    Raises:
        ValueError, TypeError: when that is not possible; the message names the type.
    """
    if isinstance(value, ContentText):
        return value.text, ()
    if isinstance(value, str) and not isinstance(value, Enum):
        return str(value), ()
    if isinstance(value, list | tuple) and any(_is_rich(item) for item in value):
        return _joined([render(item) for item in value])
    if _is_image(value):
        return "", (_image(value),)
    return (_decoded(bytes(value)) if isinstance(value, _BYTES) else _json(value)), ()


def _is_rich(value: Any) -> bool:
    return isinstance(value, ContentText) or _is_image(value)


def _joined(parts: list[Rendered]) -> Rendered:
    text = "\n".join(text for text, _ in parts if text)
    return text, tuple(image for _, images in parts for image in images)


def _count(attachments: Sequence[ContentMedia]) -> str:
    kinds = [item.type.partition("_")[0] for item in attachments]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    return ", ".join(f"{count} {kind}{'s' if count > 1 and kind != 'audio' else ''}" for kind, count in counts.items())


def _is_image(value: Any) -> bool:
    if isinstance(value, _BYTES):
        return _media_type(value) is not None
    return isinstance(value, ContentImageInline | ContentImageRemote) or _is_pillow(value)


def _is_pillow(value: Any) -> bool:
    # Known by its looks; naming the library here would make everyone import it.
    return isinstance(getattr(value, "mode", None), str) and callable(getattr(value, "save", None))


def _image(value: Any) -> ContentImage:
    if isinstance(value, ContentImageInline | ContentImageRemote):
        return value
    data = bytes(value) if isinstance(value, _BYTES) else _as_png(value)
    return ContentImageInline(_media_type(data) or "image/png", base64.b64encode(data).decode())


def _as_png(value: Any) -> bytes:
    buffer = io.BytesIO()
    value.save(buffer, format="PNG")
    return buffer.getvalue()


def _media_type(data: bytes | bytearray | memoryview) -> str | None:
    head = bytes(data[:12])
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return "image/webp"
    return next((media_type for magic, media_type in _MAGIC.items() if head.startswith(magic)), None)


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError(
            f"{len(data):,} bytes that are neither UTF-8 text nor a PNG, JPEG, GIF or WEBP image"
        ) from None


def _json(value: Any) -> str:
    from pydantic_core import to_json, to_jsonable_python

    try:
        text = to_json(value, fallback=_plain).decode()
    except Exception:
        # Lone surrogates stop the fast way; what stops this one too is a real obstacle.
        text = _dumps(to_jsonable_python(value, fallback=_plain))
    if "NaN" in text or "Infinity" in text:
        # JSON has no such numbers, and strict servers refuse what holds them: they become texts.
        text = _dumps(json.loads(text, parse_constant=str))
    return text


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """Put what JSON does not know into plainer values: data frames into rows, arrays into lists."""
    if callable(getattr(value, "to_dicts", None)) and hasattr(value, "columns"):
        return value.to_dicts()
    if callable(getattr(value, "to_json", None)) and hasattr(value, "columns"):
        return json.loads(value.to_json(orient="records", date_format="iso"))
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence | AbstractSet):
        return list(value)
    return _as_list(value)


def _as_list(value: Any) -> Any:
    for name in ("tolist", "to_list"):
        if callable(getattr(value, name, None)):
            return getattr(value, name)()
    raise TypeError(f"{type(value).__name__} is not known to JSON")
