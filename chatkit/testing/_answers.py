"""What a scripted server says: frozen values, each one answer to one request."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ._delivery import Delivery

Usage = Literal["asked", "finish", "separate", "cumulative"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStyle:
    r"""How server-sent events are spelled.

    Args:
        newline: `"\n"`, `"\r\n"` or `"\r"`.
        space_after_colon: Whether a field reads `data: x` or `data:x`.
        bom: Begin the stream with a byte order mark.
        comment: A comment put before every event, as keep-alives are.
        fields: Further lines of every event, such as `("event: message", "id: 1")`.
        multiline: Spread the JSON over several `data` lines.
        ascii: Escape everything beyond ASCII, as `json.dumps` does by default.
        last: What follows the last event: a blank line (`"blank"`), only the end of its own line
            (`"line"`) or `"nothing"`.
    """

    newline: Literal["\n", "\r\n", "\r"] = "\n"
    space_after_colon: bool = True
    bom: bool = False
    comment: str | None = None
    fields: Sequence[str] = ()
    multiline: bool = False
    ascii: bool = False
    last: Literal["blank", "line", "nothing"] = "blank"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call of an answer.

    Args:
        name: The tool's name.
        arguments: An object, sent as JSON text, or the raw text to send.
        id: The call's id; None makes one that is unique in the service.
        fragment: Stream the arguments in pieces of that many characters; None sends them at once.
        name_fragment: Stream the name in pieces of that many characters.
        index: The position claimed on the wire; None is the true one.
        omit: Keys left out: any of `"index"`, `"id"`, `"type"`, `"name"`.
        repeat: Repeat id, type and name in every piece.
        as_object: Send the arguments as a JSON object instead of text.
    """

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str | None = None
    fragment: int | None = None
    name_fragment: int | None = None
    index: int | None = None
    omit: Sequence[Literal["index", "id", "type", "name"]] = ()
    repeat: bool = False
    as_object: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the model: streamed when the request says `stream: true`, one JSON object otherwise.

    It is worded for the path that was asked: as Chat Completions, or as Responses. The Responses API has no words
    for `reasoning_field`, `interleave`, `role`, `fingerprint`, `done` and for most oddities of a `ToolCall`.

    Example:
        ```python
        Answer("Hello")
        Answer(["Hel", "lo"], reasoning="They greeted me.")
        Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2}, fragment=3)])
        Answer("cut off", delivery=Delivery(cut_after=200, cut="rst"))
        ```

    Args:
        text: The words; each item of a sequence is one streamed delta.
        reasoning: The thinking before the words, in deltas likewise.
        reasoning_field: The key it travels under, `"reasoning"` or `"reasoning_content"`.
        tool_calls: The tool calls, after the words.
        interleave: Stream the pieces of the calls in turns rather than call by call.
        finish_reason: Why the answer ended. `"auto"` is `"tool_calls"` when there are calls, else
            `"stop"`; None never sends one.
        usage: Where a stream tells the token counts: in the chunk of the finish reason (`"finish"`), in a
            last chunk without choices (`"separate"`), in every chunk (`"cumulative"`), nowhere (None), or
            separately when `stream_options.include_usage` asks for it (`"asked"`). The router's Responses server
            asks for none, so that it counts only where a provider does so unasked.
        usage_body: The usage object itself; None counts one token for every four characters.
        model: The model said to have answered; None repeats the one asked for.
        id: The completion's id; None makes one.
        fingerprint: The `system_fingerprint`; None leaves it out.
        role: Whether the `"first"` delta, `"every"` delta or none (None) carries the role.
        done: Whether `data: [DONE]` ends the stream.
        headers: Response headers to add or replace, such as `{"x-inference-provider": "cerebras"}`.
        content_type: Replaces the content type; an empty one is not sent.
        style: How the events are spelled.
        delivery: How the bytes travel.
        annotations: What the words cite, as objects of the wire format; a Responses server of the Hugging Face
            flavour tells none.
        fails: The message of an error with which the server ends the answer after its words, under status 200.
    """

    text: str | Sequence[str] = ()
    reasoning: str | Sequence[str] = ()
    reasoning_field: Literal["reasoning", "reasoning_content"] = "reasoning"
    tool_calls: Sequence[ToolCall] = ()
    interleave: bool = False
    finish_reason: str | None = "auto"
    usage: Usage | None = "asked"
    usage_body: Mapping[str, Any] | None = None
    model: str | None = None
    id: str | None = None
    fingerprint: str | None = None
    role: Literal["first", "every"] | None = "first"
    done: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None
    style: EventStyle = field(default_factory=EventStyle)
    delivery: Delivery = field(default_factory=Delivery)
    annotations: Sequence[Mapping[str, Any]] = ()
    fails: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error status with a body.

    Args:
        status: The HTTP status.
        body: An object or list is sent as JSON, a string or bytes as they are; None sends the usual
            `{"error": {"message": ...}}`.
        headers: Response headers to add, such as `{"retry-after": "1"}`.
        content_type: Replaces the content type, else `application/json` for objects and `text/plain`.
        delivery: How the bytes travel.
    """

    status: int
    body: Mapping[str, Any] | Sequence[Any] | str | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None
    delivery: Delivery = field(default_factory=Delivery)


@dataclass(frozen=True, slots=True)
class EventsAnswer:
    """A stream of ready-made events, whatever the request asked for.

    Args:
        events: A string is the event's data as it stands, bytes are put on the wire without any framing,
            and everything else is sent as JSON.
        done: Whether `data: [DONE]` ends the stream.
        status: The HTTP status.
        headers: Response headers to add or replace.
        content_type: Replaces `text/event-stream`; an empty one is not sent.
        style: How the events are spelled.
        delivery: How the bytes travel.
    """

    events: Iterable[Any]
    done: bool = True
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None
    style: EventStyle = field(default_factory=EventStyle)
    delivery: Delivery = field(default_factory=Delivery)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Any bytes at all.

    Args:
        body: The body, or its pieces in order; an endless iterator works with any framing but `"length"`.
        status: The HTTP status.
        headers: Response headers to add or replace.
        content_type: The content type; an empty one is not sent.
        delivery: How the bytes travel; its framing is chunked when `body` comes in pieces.
    """

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delivery: Delivery = field(default_factory=Delivery)
