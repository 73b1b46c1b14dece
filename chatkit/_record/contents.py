"""The recorded form of contents: plain objects with a fixed tag, never the name of a class."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from chatkit._errors import HistoryError
from chatkit._record.kinds import (
    Kind,
    base64_text,
    fields_of,
    items,
    one_of,
    optional,
    plain,
    plain_object,
    plain_or,
    refused,
    said,
    said_object,
    text,
)
from chatkit._record.shapes import Shape
from chatkit._turns.contents import (
    CONTENT_TYPES,
    MEDIA_TYPES,
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
    ContentToolResult,
)


def content_record(content: Any, at: str) -> dict[str, Any]:
    """The recorded form of a content.

    Raises:
        HistoryError: when it is none, or holds what a content of its kind cannot; it names the place.
    """
    if type(content) not in CONTENT_TYPES:
        # What a subclass adds would be lost without a word.
        raise refused(at, "one of chatkit's own contents", content)
    if isinstance(content, ContentToolResult):
        content = replace(content, value=plain_or(content.value, lambda: _text_read(content)))
    return {"type": content.type} | _SHAPES[content.type].write(content, at)


def content_of(record: Any, at: str) -> Content:
    """The content that a record tells of.

    Raises:
        HistoryError: when it is no such record; it names the place.
    """
    tag = fields_of(record, at).get("type")
    if not isinstance(tag, str) or tag not in _SHAPES:
        raise refused(f"{at}.type", f"one of {', '.join(map(repr, _SHAPES))}", tag)
    content: Content = _SHAPES[tag].read(record, at, "type")
    return content


def _contents_record(contents: Any, at: str) -> list[dict[str, Any]]:
    return [content_record(item, f"{at}[{place}]") for place, item in enumerate(contents)]


def _contents_of(record: Any, at: str) -> tuple[Content, ...]:
    return tuple([content_of(item, f"{at}[{place}]") for place, item in enumerate(items(record, at))])


def _media_of(record: Any, at: str) -> tuple[Content, ...]:
    return tuple(
        [
            _content_among(MEDIA_TYPES, "an image, a document or sound", item, f"{at}[{place}]")
            for place, item in enumerate(items(record, at))
        ]
    )


def _request_of(record: Any, at: str) -> Content:
    return _content_among((ContentToolRequest,), "a tool request", record, at)


def _content_among(kinds: tuple[type[Any], ...], wanted: str, record: Any, at: str) -> Content:
    # Its tag is looked at first: results within results within results would go deeper than Python can.
    tag = fields_of(record, at).get("type")
    shape = _SHAPES.get(tag) if isinstance(tag, str) else None
    if shape is not None and shape.made_by not in kinds:
        raise HistoryError(f"{at} must be {wanted}, not {shape.made_by.__name__}.")
    return content_of(record, at)


def _text_read(result: ContentToolResult) -> str:
    """What the model read in place of a value."""
    if result.text is not None:
        return result.text
    return json.dumps(said(result.value), ensure_ascii=False)


CONTENTS = Kind(_contents_record, _contents_of)
"""A list of contents."""
_DETAIL = one_of("auto", "low", "high")
_OBJECT = Kind(optional(said_object), optional(plain_object))
_SHAPES = {
    "text": Shape(ContentText, text=text),
    "thinking": Shape(ContentThinking, thinking=text),
    "image_remote": Shape(ContentImageRemote, url=text, detail=_DETAIL),
    "image_inline": Shape(ContentImageInline, media_type=text, data=base64_text, detail=_DETAIL),
    "document": Shape(ContentDocument, media_type=text, data=base64_text, filename=text),
    "document_remote": Shape(ContentDocumentRemote, url=text, filename=text),
    "audio": Shape(ContentAudio, format=text, data=base64_text),
    "json": Shape(ContentJson, data=Kind(lambda value, at: said(value), plain), text=text),
    "tool_request": Shape(ContentToolRequest, id=text, name=text, arguments=_OBJECT, raw=optional(text)),
    "tool_result": Shape(
        ContentToolResult,
        value=plain,
        error=optional(text),
        request=Kind(optional(content_record), optional(_request_of)),
        text=optional(text),
        attachments=Kind(_contents_record, _media_of),
        extra=_OBJECT,
        model_format=one_of("auto", "json", "str", "as_is"),
    ),
}
