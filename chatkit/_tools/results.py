"""From what a tool returned, or raised, to what the model reads."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from enum import Enum
from typing import Any, TypeAlias

from chatkit._media.kinds import IMAGES, PDF, kind_of, name_of
from chatkit._media.pictures import figure_png, is_figure, is_picture, picture_png
from chatkit._tools.text import shortened
from chatkit._turns.characters import whole_characters
from chatkit._turns.contents import (
    MEDIA_TYPES,
    ContentDocument,
    ContentImageInline,
    ContentJson,
    ContentMedia,
    ContentText,
    ContentToolRequest,
    ContentToolResult,
)

Rendered: TypeAlias = tuple[str, tuple[ContentMedia, ...]]

_BYTES = (bytes, bytearray, memoryview)
# What lists are mostly made of; a list may be long.
_PLAIN = (str, int, float, dict, list)


def result_of(value: Any, request: ContentToolRequest) -> ContentToolResult:
    """Make the result of a call out of whatever the tool returned; decided here, so nothing fails when it is sent.

    Text stays as it is, images and contents become attachments, everything else becomes JSON. What cannot be told
    to a model gives an error result that says why.
    """
    result = ContentToolResult(value)
    try:
        # A proxy whose target is gone raises already when it is asked what it is.
        if isinstance(value, BaseException):
            return failed(request, in_words(value, request))
        result = value if isinstance(value, ContentToolResult) else result
        return _completed(result, request)
    except Exception as error:
        kind, reason = type(result.value).__name__, _said_by(error) or type(error).__name__
        text = f"Tool `{request.name}` returned a value of type {kind} that cannot be sent to a model: {reason}"
        return replace(failed(request, text), extra=result.extra)


def _completed(result: ContentToolResult, request: ContentToolRequest) -> ContentToolResult:
    text, media = _worded(result)
    attachments = (*media, *[_medium(item) for item in result.attachments])
    text = readable(text)
    if attachments:
        # Tool messages carry only text, so this says where to look.
        pointer = (
            f"[Attached: {_count(attachments)}, in the next message, marked with the id {request.id} of this call.]"
        )
        text = f"{text}\n{pointer}" if text.strip() else pointer
    value = bytes(result.value) if isinstance(result.value, memoryview) else result.value  # a view cannot be pickled
    return replace(result, value=value, request=request, text=text, attachments=attachments)


def _worded(result: ContentToolResult) -> Rendered:
    if result.error is not None:
        return result.text or result.error, ()
    if result.text is not None:
        return result.text, ()
    if result.model_format not in _FORMATS:
        raise ValueError(f"model_format must be one of {', '.join(_FORMATS)}, not {result.model_format!r}")
    return _FORMATS[result.model_format](result.value)


def _as_it_is(value: Any) -> Rendered:
    if not isinstance(value, str):
        raise TypeError(f'with model_format="as_is" it must be a text, not {type(value).__name__}')
    return str(value), ()


def failed(request: ContentToolRequest, error: str) -> ContentToolResult:
    """Make an error result."""
    error = readable(error)
    return ContentToolResult(error=error, request=request, text=error)


def in_words(error: BaseException, request: ContentToolRequest) -> str:
    """Say which tool failed and how; no traceback, for that may hold what a model must not read."""
    text = _said_by(error)
    return f"Tool `{request.name}` failed: {type(error).__name__}{': ' if text else ''}{text}"


def _said_by(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def readable(text: str) -> str:
    """Make a text fit to be sent: encodable and not too long."""
    return shortened(whole_characters(text))


def render(value: Any, before: int = 0) -> Rendered:
    """Turn a value into text and media.

    Lists and dictionaries may hold media beside other values; of a dictionary's the text says where they belong.

    Args:
        value: What a tool returned.
        before: How many media stand before those of this value.

    Raises:
        ValueError, TypeError: when that is not possible; the message names the type.
    """
    if isinstance(value, ContentText | ContentJson):
        return value.text, ()
    if isinstance(value, str) and not isinstance(value, Enum):
        return str(value), ()
    if isinstance(value, list | tuple) and any(_is_rich(item) for item in value):
        return _joined(value, before)
    if isinstance(value, Mapping) and any(_is_media(item) for item in value.values()):
        return _labelled(value, before)
    if _is_media(value):
        return "", (_medium(value),)
    return (_decoded(bytes(value)) if isinstance(value, _BYTES) else _json(value)), ()


def _is_rich(value: Any) -> bool:
    return isinstance(value, ContentText | ContentJson) or _is_media(value)


def _joined(values: Sequence[Any], before: int) -> Rendered:
    texts: list[str] = []
    media: list[ContentMedia] = []
    for value in values:
        text, found = render(value, before + len(media))
        texts += [text] if text else []
        media += found
    return "\n".join(texts), tuple(media)


def _labelled(value: Mapping[Any, Any], before: int) -> Rendered:
    media: list[ContentMedia] = []
    plain: dict[Any, Any] = {}
    for key, item in value.items():
        if _is_media(item):
            media.append(_medium(item))
            plain[key] = f"[attachment {before + len(media)}]"
        else:
            plain[key] = item.text if isinstance(item, ContentText) else item
    return _json(plain), tuple(media)


def _count(attachments: Sequence[ContentMedia]) -> str:
    kinds = [item.type.partition("_")[0] for item in attachments]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    return ", ".join(f"{count} {kind}{'s' if count > 1 and kind != 'audio' else ''}" for kind, count in counts.items())


def _is_media(value: Any) -> bool:
    if value is None or isinstance(value, _PLAIN):
        return False
    if isinstance(value, _BYTES):
        return kind_of(value) in (*IMAGES, PDF)
    return isinstance(value, MEDIA_TYPES) or is_picture(value) or is_figure(value)


def _medium(value: Any) -> ContentMedia:
    if isinstance(value, MEDIA_TYPES):
        return value
    if not _is_media(value):
        raise TypeError(f"{type(value).__name__} is nothing to attach")
    data = bytes(value) if isinstance(value, _BYTES) else picture_png(value) if is_picture(value) else figure_png(value)
    kind, encoded = kind_of(data), base64.b64encode(data).decode()
    return ContentDocument(PDF, encoded, "document.pdf") if kind == PDF else ContentImageInline(kind, encoded)


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        found = f" ({name_of(kind)})" if (kind := kind_of(data)) else ""
        raise ValueError(
            f"{len(data):,} bytes{found} that are neither UTF-8 text nor a PNG, JPEG, GIF or WEBP image or a PDF"
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


_FORMATS: dict[str, Callable[[Any], Rendered]] = {
    "auto": render,
    "json": lambda value: (_json(value), ()),
    "str": lambda value: (str(value), ()),
    "as_is": _as_it_is,
}
