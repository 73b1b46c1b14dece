"""The contents of messages in OpenAI's form, read part by part; what is not understood is an error.

Source of the form: the content parts and tool calls of OpenAI's Chat Completions API, and the fields that compatible
servers use for thinking.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from chatkit._errors import HistoryError, MediaError
from chatkit._media.data_urls import DataURL, is_data_url, parse
from chatkit._providers.calls import read_arguments
from chatkit._providers.spoken import joined
from chatkit._record.files import MOST_BYTES
from chatkit._record.kinds import base64_text, fields_of, items, one_of, refused, said_object, shown, text
from chatkit._turns.contents import (
    Content,
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentText,
    ContentThinking,
    ContentToolRequest,
)

_detail = one_of("auto", "low", "high")
_THOUGHTS = ("reasoning_content", "reasoning")


class _Types:
    """The media types that begin in one way."""

    def __init__(self, beginning: str) -> None:
        self._beginning = beginning

    def __contains__(self, media_type: object) -> bool:
        return isinstance(media_type, str) and media_type.startswith(self._beginning)


def known(given: Mapping[str, Any], at: str, *names: str) -> Mapping[str, Any]:
    """An object of which every key is known, unless its value says nothing.

    Raises:
        HistoryError: when one is not; it names the key.
    """
    for name, value in given.items():
        if name not in names and value is not None and value not in ([], {}):
            raise HistoryError(f"{at} has the key {shown(name)}, which chatkit does not understand here.")
    return given


def user_contents(content: Any, at: str) -> list[Content]:
    """What a user message says."""
    if isinstance(content, str):
        return [ContentText(text(content, at))]
    return [_user_part(fields_of(part, f"{at}[{place}]"), f"{at}[{place}]") for place, part in _parts(content, at)]


def said_text(content: Any, at: str) -> str:
    """What a system message says; parts are joined by a blank line."""
    return "\n\n".join(_texts(content, at))


def shown_text(content: Any, at: str) -> str:
    """What a tool message says; parts are joined as they are."""
    return "".join(_texts(content, at))


def assistant_contents(given: Mapping[str, Any], at: str) -> tuple[Content, ...]:
    """What an assistant message says: thinking, then text, then tool calls."""
    known(given, at, "role", "content", "refusal", "tool_calls", *_THOUGHTS)
    # Some servers tell the same thoughts twice, under both names.
    thoughts = dict.fromkeys(text(given[name], f"{at}.{name}") for name in _THOUGHTS if given.get(name))
    refusal = [ContentText(text(given["refusal"], f"{at}.refusal"))] if given.get("refusal") else []
    said = _answered(given.get("content"), f"{at}.content")
    return *map(ContentThinking, thoughts), *said, *refusal, *_calls(given.get("tool_calls"), f"{at}.tool_calls")


def _answered(content: Any, at: str) -> list[Content]:
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [ContentText(text(content, at))]
    return [_spoken(part, f"{at}[{place}]") for place, part in _parts(content, at)]


def _calls(calls: Any, at: str) -> list[ContentToolRequest]:
    if calls is None:
        return []
    return [_call(call, f"{at}[{place}]") for place, call in enumerate(items(calls, at))]


def _parts(content: Any, at: str) -> enumerate[Any]:
    if not isinstance(content, list | tuple):
        raise refused(at, "a text or a list of parts", content)
    return enumerate(content)


def _texts(content: Any, at: str) -> list[str]:
    if isinstance(content, str):
        return [text(content, at)]
    return [_text_part(fields_of(part, f"{at}[{place}]"), f"{at}[{place}]") for place, part in _parts(content, at)]


def _text_part(part: Mapping[str, Any], at: str) -> str:
    one_of("text")(part.get("type"), f"{at}.type")
    return text(known(part, at, "type", "text").get("text"), f"{at}.text")


def _user_part(part: Mapping[str, Any], at: str) -> Content:
    match part.get("type"):
        case "text":
            return ContentText(_text_part(part, at))
        case "image_url":
            return _image(_inner(part, at, "image_url", "url", "detail"), f"{at}.image_url")
        case "file":
            return _file(_inner(part, at, "file", "filename", "file_data"), f"{at}.file")
        case "input_audio":
            sound = _inner(part, at, "input_audio", "data", "format")
            at = f"{at}.input_audio"
            return ContentAudio(text(sound.get("format"), f"{at}.format"), base64_text(sound.get("data"), f"{at}.data"))
        case kind:
            raise refused(f"{at}.type", "'text', 'image_url', 'file' or 'input_audio'", kind)


def _inner(part: Mapping[str, Any], at: str, name: str, *keys: str) -> Mapping[str, Any]:
    return known(fields_of(known(part, at, "type", name).get(name), f"{at}.{name}"), f"{at}.{name}", *keys)


def _image(given: Mapping[str, Any], at: str) -> Content:
    url, detail = text(given.get("url"), f"{at}.url"), _detail(given.get("detail") or "auto", f"{at}.detail")
    if is_data_url(url):
        data = _data(url, f"{at}.url", "image/")
        return ContentImageInline(data.media_type, _in_base64(data), detail)
    return ContentImageRemote(_remote(url, f"{at}.url"), detail)


def _file(given: Mapping[str, Any], at: str) -> Content:
    url = text(given.get("file_data"), f"{at}.file_data")
    name = {"filename": text(given["filename"], f"{at}.filename")} if given.get("filename") is not None else {}
    if is_data_url(url):
        data = _data(url, f"{at}.file_data", "")
        return ContentDocument(data.media_type, _in_base64(data), **name)
    return ContentDocumentRemote(_remote(url, f"{at}.file_data"), **name)


def _data(url: str, at: str, beginning: str) -> DataURL:
    try:
        return parse(url, allowed=_Types(beginning), limit=MOST_BYTES)
    except MediaError as error:
        trouble = str(error)
    raise HistoryError(f"{at}: {trouble}")


def _in_base64(found: DataURL) -> str:
    return base64.b64encode(found.data).decode("ascii")


def _remote(url: str, at: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise refused(at, "a URL that begins with http://, https:// or data:", url)
    return url


def _spoken(part: Any, at: str) -> Content:
    given = fields_of(part, at)
    match given.get("type"):
        case "text":
            return ContentText(_text_part(given, at))
        case "refusal":
            return ContentText(text(known(given, at, "type", "refusal").get("refusal"), f"{at}.refusal"))
        case "thinking" | "reasoning":
            return ContentThinking(text(joined(dict(known(given, at, "type", "thinking", "text", "summary"))), at))
        case kind:
            raise refused(f"{at}.type", "'text', 'refusal', 'thinking' or 'reasoning'", kind)


def _call(call: Any, at: str) -> ContentToolRequest:
    given = known(fields_of(call, at), at, "id", "type", "function", "index")
    one_of("function")(given.get("type", "function"), f"{at}.type")
    key, at = text(given.get("id"), f"{at}.id"), f"{at}.function"
    function = known(fields_of(given.get("function"), at), at, "name", "arguments")
    name, told = text(function.get("name"), f"{at}.name"), function.get("arguments")
    if isinstance(told, Mapping):
        return ContentToolRequest(key, name, said_object(told, f"{at}.arguments"))
    raw = text(told, f"{at}.arguments")
    arguments = read_arguments(raw)
    if arguments is None:
        return ContentToolRequest(key, name, None, raw)
    return ContentToolRequest(key, name, said_object(arguments, f"{at}.arguments"))
