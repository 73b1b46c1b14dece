"""Turns: who said what. A system, a user or an assistant turn is a frozen tuple of contents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from os import PathLike
from typing import Any, ClassVar, Literal, TypeAlias

from chatkit._errors import ConfigError
from chatkit._turns.contents import (
    CONTENT_TYPES,
    Content,
    ContentJson,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.details import FailedAttempt, Source, TokenLogProb
from chatkit._turns.shown import Shown

Contents: TypeAlias = str | Content | Sequence["str | Content"]


def short_repr(value: Any) -> str:
    """The repr of a dataclass without what is not known or not said."""
    pairs = [(item.name, getattr(value, item.name)) for item in fields(value) if item.repr]
    known = [
        f"{name}={format(held, '.3g') if type(held) is float else repr(held)}"
        for name, held in pairs
        if held is not None and held != Usage() and (held != () or name == "contents")
    ]
    return f"{type(value).__name__}({', '.join(known)})"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer, as the server counted them. None means the server did not say.

    Args:
        input_tokens: Tokens of the whole request, cached ones included.
        output_tokens: Tokens of the answer, reasoning included.
        cached_tokens: How many of the input tokens came from a cache.
        reasoning_tokens: How many of the output tokens were reasoning.
        image_tokens: How many of the input tokens were images.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    image_tokens: int | None = None

    def __repr__(self) -> str:
        return short_repr(self)


def as_contents(value: Contents) -> tuple[Content, ...]:
    """Turn a string, a content or a sequence of both into a tuple of contents.

    Raises:
        ConfigError: when something else is among them.
    """
    if isinstance(value, str):
        return (ContentText(value),)
    items: Iterable[Any] = (value,) if isinstance(value, CONTENT_TYPES) else value
    if not isinstance(items, Iterable) or isinstance(items, bytes | dict):
        raise _no_content(value)
    return tuple([_as_content(item) for item in items])


def _as_content(item: Any) -> Content:
    if isinstance(item, str):
        return ContentText(item)
    if isinstance(item, CONTENT_TYPES):
        return item
    raise _no_content(item)


def _no_content(value: Any) -> ConfigError:
    hint = ""
    if isinstance(value, list | tuple):
        hint = "Give its items one by one: chat(*items)."
    elif isinstance(value, dict):
        hint = "Messages as dicts are for from_messages()."
    elif isinstance(value, bytes | bytearray | PathLike) or callable(getattr(value, "save", None)):
        hint = "content_image_file(), content_pdf_file() and their like make contents of files, bytes and pictures."
    return ConfigError(f"A turn is made of strings and contents, not {type(value).__name__}.", hint=hint)


def _join_text(contents: Iterable[Content]) -> str:
    return "".join([item.text for item in contents if type(item) is ContentText or type(item) is ContentJson])


def _state(turn: Any) -> list[Any]:
    # What a turn was worded in is made anew where it is unpickled.
    return [None if item.name == "wording" else getattr(turn, item.name) for item in fields(turn)]


# `wording`: the bytes that a turn was worded in are kept on the turn itself (frozen values make that safe), so
# that a conversation is worded once however often it is sent, and forks share the work.
@dataclass(frozen=True, slots=True)
class SystemTurn(Shown):
    """The system prompt.

    Args:
        contents: A string, or contents.
    """

    contents: tuple[Content, ...]
    wording: Any = field(default=None, init=False, repr=False, compare=False)
    role: ClassVar[Literal["system"]] = "system"
    __getstate__ = _state

    def __init__(self, contents: Contents = "") -> None:
        object.__setattr__(self, "contents", as_contents(contents))
        object.__setattr__(self, "wording", None)

    @property
    def text(self) -> str:
        """All text of the turn, joined."""
        return _join_text(self.contents)


@dataclass(frozen=True, slots=True)
class UserTurn(Shown):
    """What the user said, or the results of the tools that the model asked for.

    Args:
        contents: A string, or contents.
    """

    contents: tuple[Content, ...]
    wording: Any = field(default=None, init=False, repr=False, compare=False)
    role: ClassVar[Literal["user"]] = "user"
    __getstate__ = _state

    def __init__(self, contents: Contents = ()) -> None:
        object.__setattr__(self, "contents", as_contents(contents))
        object.__setattr__(self, "wording", None)

    @property
    def text(self) -> str:
        """All text of the turn, joined; tool results are not text."""
        return _join_text(self.contents)

    @property
    def tool_results(self) -> tuple[ContentToolResult, ...]:
        """The tool results in the turn, in order."""
        return tuple(item for item in self.contents if isinstance(item, ContentToolResult))

    @property
    def only_tool_results(self) -> bool:
        """Whether the turn holds tool results and nothing that a user said."""
        return bool(self.contents) and all(isinstance(item, ContentToolResult) for item in self.contents)


@dataclass(frozen=True, slots=True)
class AssistantTurn(Shown):
    """What the model answered, whole or partial.

    Args:
        contents: A string, or contents: text, thinking and tool requests.
        usage: Token counts; unknown ones are None.
        cost: US dollars, or None when the price is not known.
        finish_reason: "stop", "tool_calls", "length", "content_filter", "unknown" (the server gave none), or the
            server's own word where chatkit does not know it.
        raw_finish_reason: The server's own word.
        duration: Seconds from sending the request to the end of the answer.
        time_to_first_token: Seconds from sending the request to the first piece of the answer.
        model: The model that really served the answer, as the server named it.
        served_by: The inference provider that really served it, where a router said so.
        request_id: What the server calls the request.
        response_id: What the server calls the answer.
        interrupted: Why the turn is partial, or None when it is whole.
        requested_model: The model asked for, with its route; it may differ from the one that served.
        inference_id: What the Hugging Face router calls the inference.
        log_probs: How likely the model thought each token of the text, where `params(log_probs=True)` asked for it.
        sources: The pages that the answer cites.
        attempts: The attempts with other models or services that failed before this one answered.
    """

    contents: tuple[Content, ...] = ()
    usage: Usage = Usage()
    cost: float | None = None
    finish_reason: str | None = None
    raw_finish_reason: str | None = None
    duration: float | None = None
    time_to_first_token: float | None = None
    model: str | None = None
    served_by: str | None = None
    request_id: str | None = None
    response_id: str | None = None
    interrupted: str | None = None
    requested_model: str | None = None
    inference_id: str | None = None
    log_probs: tuple[TokenLogProb, ...] | None = field(default=None, repr=False)
    sources: tuple[Source, ...] = ()
    attempts: tuple[FailedAttempt, ...] = ()
    wording: Any = field(default=None, init=False, repr=False, compare=False)
    role: ClassVar[Literal["assistant"]] = "assistant"
    __getstate__ = _state

    def __post_init__(self) -> None:
        object.__setattr__(self, "contents", as_contents(self.contents))

    def __repr__(self) -> str:
        return short_repr(self)

    @property
    def text(self) -> str:
        """The answer's text, joined; thinking is not in it."""
        return _join_text(self.contents)

    @property
    def thinking(self) -> str:
        """The answer's thinking, joined."""
        return "".join(item.thinking for item in self.contents if isinstance(item, ContentThinking))

    @property
    def tool_requests(self) -> tuple[ContentToolRequest, ...]:
        """The tool requests in the turn, in order."""
        return tuple([item for item in self.contents if type(item) is ContentToolRequest])


Turn: TypeAlias = SystemTurn | UserTurn | AssistantTurn


@dataclass(frozen=True, slots=True)
class Round(Shown):
    """One exchange: what went in, and all that was answered, tool calls included.

    Args:
        input: The system and user turns that opened the round.
        response: The assistant turns and tool-result turns that followed.
    """

    input: tuple[Turn, ...]
    response: tuple[Turn, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the last response is a whole assistant turn that asks for no tool."""
        last = self.response[-1] if self.response else None
        return isinstance(last, AssistantTurn) and last.interrupted is None and not last.tool_requests
