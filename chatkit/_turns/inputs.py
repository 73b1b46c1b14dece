"""What users hand over, made into turns, or refused before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chatkit._errors import ConfigError, HistoryError
from chatkit._turns.contents import ContentText
from chatkit._turns.history import History
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn, as_contents


def user_turn(contents: Iterable[Any]) -> UserTurn:
    """The user turn for what was given to a verb; None among the contents vanishes.

    Raises:
        ConfigError: when nothing is said by it, or something is no content.
    """
    given = as_contents([item for item in contents if item is not None])
    if not any(not isinstance(item, ContentText) or item.text.strip() for item in given):
        raise ConfigError("There is nothing to say: give a text that is not blank, or another content.")
    return UserTurn(given)


def system_turn(value: Any) -> SystemTurn | None:
    """The system turn for a text, or for several, which are joined by a blank line; None when there is no text.

    Raises:
        ConfigError: when it is something else.
    """
    texts = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise ConfigError("The system prompt must be a string, a list of strings, or None.")
    text = "\n\n".join(texts)
    return SystemTurn(text) if text else None


def exchange(user: Any, assistant: Any) -> tuple[UserTurn, AssistantTurn]:
    """The pair of turns for an exchange given as turns or as strings.

    Raises:
        HistoryError: when it is something else, or in the wrong order.
    """
    said = UserTurn(user) if isinstance(user, str) else user
    answer = AssistantTurn(as_contents(assistant)) if isinstance(assistant, str) else assistant
    if not isinstance(said, UserTurn) or not isinstance(answer, AssistantTurn):
        raise HistoryError("An exchange is a user turn and an assistant turn, in this order.")
    return said, answer


def whole_history(value: Any) -> tuple[SystemTurn | None, History]:
    """The system turn that a list of turns begins with, if it does, and a history of the others.

    Raises:
        HistoryError: when it is no list of turns.
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise HistoryError(f"The turns of a chat are a list of turns, not {type(value).__name__}.")
    turns = list(value)
    system = turns.pop(0) if turns and isinstance(turns[0], SystemTurn) else None
    return system, History(turns)


def whole_number(name: str, value: Any, least: int | None = None) -> int:
    """A whole number that a user gave, checked.

    Raises:
        ConfigError: when it is something else, or less than the least.
    """
    if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
        allowed = "a whole number" if least is None else f"a whole number of {least} or more"
        raise ConfigError(f"`{name}` must be {allowed}, not {value!r}.")
    return value
