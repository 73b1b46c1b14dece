"""What can be put into another form: contents, turns, rounds, sequences of them, and a chat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from chatkit._errors import ConfigError
from chatkit._turns.contents import CONTENT_TYPES, Content, ContentText
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn, Round, SystemTurn, Turn, UserTurn

Voice: TypeAlias = Literal["user", "assistant", "system", "tool"]

_TURNS = (SystemTurn, UserTurn, AssistantTurn)


class Conversation(Protocol):
    """Whatever has turns to give, such as a `Chat`."""

    def get_turns(self, *, include_system_prompt: bool = False) -> Sequence[Turn]:
        """The turns, oldest first."""
        ...


Subject: TypeAlias = "Content | Turn | Round | Conversation | str | Sequence[Content | Turn | Round | str]"


def said(x: Any, include_system_prompt: bool = False) -> tuple[list[Content], list[Turn]]:
    """What is to be shown: contents, which stand bare, or turns, each under its role; one of the lists is empty.

    Args:
        x: A content, a string (it counts as text), a turn (its contents), a round, a chat, or a sequence of contents
            or of turns and rounds.
        include_system_prompt: Whether a chat's system prompt is shown too.

    Raises:
        ConfigError: when it is something else.
    """
    x = x.turn if isinstance(x, Reply) else x
    if isinstance(x, _TURNS):
        return list(x.contents), []
    if callable(getattr(x, "get_turns", None)):
        return _sorted(x.get_turns(include_system_prompt=include_system_prompt))
    if isinstance(x, (str, Round, *CONTENT_TYPES)):
        return _sorted([x])
    if isinstance(x, Iterable) and not isinstance(x, bytes | bytearray | Mapping):
        return _sorted(x)
    raise _no_subject(x)


def turns_of(x: Any, include_system_prompt: bool = False) -> list[Turn]:
    """The turns of a chat, a round, a turn, or a sequence of turns and rounds.

    Raises:
        ConfigError: when it is something else; contents without a turn have nobody who said them.
    """
    x = x.turn if isinstance(x, Reply) else x
    if isinstance(x, _TURNS):
        return [x]
    contents, turns = said(x, include_system_prompt)
    if contents:
        raise ConfigError("Only a chat, or turns, can be exported: contents alone have nobody who said them.")
    return turns


def voice(turn: Turn) -> Voice:
    """Who speaks in a turn: its role, or "tool" for a user turn that holds nothing but tool results."""
    return "tool" if isinstance(turn, UserTurn) and turn.only_tool_results else turn.role


def _sorted(items: Iterable[Any]) -> tuple[list[Content], list[Turn]]:
    contents: list[Content] = []
    turns: list[Turn] = []
    for item in items:
        bare, under_roles = _bare(item), _turns(item)
        if not bare and not under_roles and not isinstance(item, Round):
            raise _no_subject(item)
        contents += bare
        turns += under_roles
    if contents and turns:
        raise ConfigError("Contents and turns cannot be mixed here: give either contents, or turns and rounds.")
    return contents, turns


def _bare(item: Any) -> list[Content]:
    if isinstance(item, str):
        return [ContentText(str(item))]
    return [item] if isinstance(item, CONTENT_TYPES) else []


def _turns(item: Any) -> Sequence[Turn]:
    if isinstance(item, Round):
        return (*item.input, *item.response)
    return (item,) if isinstance(item, _TURNS) else ()


def _no_subject(x: Any) -> ConfigError:
    return ConfigError(f"Give a content, a turn, a round, a chat, or a sequence of them, not {type(x).__name__}.")
