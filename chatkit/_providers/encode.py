"""Wording turns and tools as Chat Completions has them.

Source of the wire format: OpenAI's Chat Completions API, in the subset that the strictest compatible servers accept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatkit._errors import ConfigError, MediaError
from chatkit._providers.profiles import Profile
from chatkit._providers.wording import to_json
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
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, SystemTurn, Turn, UserTurn

if TYPE_CHECKING:
    from chatkit._tools.tool import Tool

_NO_NAME = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class WordingRules:
    """How turns are worded for one server.

    Args:
        parts: Whether a single text is sent as a list of parts.
        thinking_field: The field in which thinking is sent back; None leaves thinking out.
    """

    parts: bool = False
    thinking_field: str | None = None

    def messages(self, turn: Turn) -> Iterator[dict[str, Any]]:
        """The messages that a turn becomes."""
        return _messages(turn, self)


def _messages(turn: Turn, rules: WordingRules) -> Iterator[dict[str, Any]]:
    if isinstance(turn, SystemTurn):
        if turn.text:
            yield {"role": "system", "content": turn.text}
    elif isinstance(turn, AssistantTurn):
        yield from _assistant_messages(turn, rules)
    else:
        yield from _user_messages(turn, rules)


def _user_messages(turn: UserTurn, rules: WordingRules) -> Iterator[dict[str, Any]]:
    rest: list[Content] = []
    for item in turn.contents:
        if isinstance(item, ContentToolResult):
            yield {"role": "tool", "tool_call_id": item.id, "content": _result_text(item)}
            # Tool messages carry text only, and must stand together: images of results follow them all.
            rest += _marked(item)
    rest += [item for item in turn.contents if not isinstance(item, ContentToolResult)]
    if rest:
        yield {"role": "user", "content": _content(rest, rules)}


def _marked(result: ContentToolResult) -> list[Content]:
    """The attachments of a result, between texts that tell the model which call they belong to."""
    if not result.attachments:
        return []
    head = f"<attachments tool_call_id={to_json(result.id)} tool={to_json(result.name)}>"
    return [ContentText(head), *result.attachments, ContentText("</attachments>")]


def _result_text(result: ContentToolResult) -> str:
    if result.text is not None:
        return result.text
    value = result.value if result.error is None else result.error
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _content(contents: Sequence[Content], rules: WordingRules) -> Any:
    parts = [_part(item) for item in contents]
    if rules.parts or any(part["type"] != "text" for part in parts):
        return parts
    return "\n\n".join([part["text"] for part in parts])


def _part(item: Content) -> dict[str, Any]:
    match item:
        case ContentText() | ContentJson():
            return {"type": "text", "text": item.text}
        case ContentImageRemote():
            return {"type": "image_url", "image_url": {"url": item.url, "detail": item.detail}}
        case ContentImageInline():
            url = f"data:{item.media_type};base64,{item.data}"
            return {"type": "image_url", "image_url": {"url": url, "detail": item.detail}}
        case ContentDocument():
            return _document(item)
        case ContentDocumentRemote():
            return {"type": "file", "file": {"filename": item.filename, "file_data": item.url}}
        case ContentAudio():
            return {"type": "input_audio", "input_audio": {"data": item.data, "format": item.format}}
        case _:
            raise ConfigError(f"A user turn cannot hold {type(item).__name__}.")


def _document(item: ContentDocument) -> dict[str, Any]:
    import base64

    from chatkit._media.kinds import is_text

    if not is_text(item.media_type):
        url = f"data:{item.media_type};base64,{item.data}"
        return {"type": "file", "file": {"filename": item.filename, "file_data": url}}
    try:
        # As text every server can read it; few know files other than PDFs.
        text = base64.b64decode(item.data, validate=True).decode("utf-8", "replace")
    except ValueError as error:
        trouble = str(error)
    else:
        return {"type": "text", "text": f"<document name={to_json(item.filename)}>\n{text}\n</document>"}
    raise MediaError(f"The data of the document {item.filename!r} is not base64: {trouble}.")


def _assistant_messages(turn: AssistantTurn, rules: WordingRules) -> Iterator[dict[str, Any]]:
    message: dict[str, Any] = {"role": "assistant"}
    if text := turn.text:
        message["content"] = [{"type": "text", "text": text}] if rules.parts else text
    if rules.thinking_field and (thinking := turn.thinking):
        message[rules.thinking_field] = thinking
    if requests := turn.tool_requests:
        message["tool_calls"] = [_tool_call(request) for request in requests]
    if "content" in message or "tool_calls" in message:
        yield message
    for item in turn.contents:
        if not isinstance(item, ContentText | ContentJson | ContentThinking | ContentToolRequest):
            raise ConfigError(f"An assistant turn cannot hold {type(item).__name__}.")


def _tool_call(request: ContentToolRequest) -> dict[str, Any]:
    # Templates parse the arguments, so what was no JSON object goes back inside of one.
    arguments: Mapping[str, Any] = (
        request.arguments if request.arguments is not None else {"INVALID_JSON": request.raw or ""}
    )
    # A model may make a name up; servers refuse to be told of names that no tool could have.
    name = _NO_NAME.sub("_", request.name)[:64] or "unnamed"
    function = {"name": name, "arguments": _arguments(dict(arguments))}
    return {"id": request.id, "type": "function", "function": function}


def _arguments(arguments: dict[str, Any]) -> str:
    try:
        return to_json(arguments)
    except ValueError:
        # Turns made by hand may hold NaN or an infinity, which JSON cannot say.
        return to_json(json.loads(json.dumps(arguments), parse_constant=str))


def word_tools(tools: Sequence[Tool], profile: Profile) -> list[dict[str, Any]]:
    """The `tools` field of a request."""
    return [{"type": "function", "function": _function(tool, profile)} for tool in tools]


def _function(tool: Tool, profile: Profile) -> dict[str, Any]:
    from chatkit._types.schema import strict_schema

    strict = profile.strict_tools and tool.strict is not False
    function: dict[str, Any] = {"name": tool.name, "description": tool.description}
    if tool.parameters.get("properties") or profile.empty_parameters:
        function["parameters"] = strict_schema(tool.parameters) if strict else tool.parameters
    if strict:
        function["strict"] = True
    return function
