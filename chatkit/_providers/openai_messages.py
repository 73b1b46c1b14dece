"""Conversations as messages in OpenAI's form: read from them, and told in them.

Source of the form: the `messages` of OpenAI's Chat Completions API.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chatkit._errors import HistoryError
from chatkit._providers.encode import WordingRules
from chatkit._providers.openai_parts import assistant_contents, known, said_text, shown_text, user_contents
from chatkit._providers.wording import word_turns
from chatkit._record.kinds import fields_of, refused, shown, text
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.inputs import system_turn, whole_history
from chatkit._turns.turns import AssistantTurn, SystemTurn, Turn, UserTurn


def to_messages(
    turns: Iterable[Turn], *, system: str | Sequence[str] | None = None, thinking_field: str | None = None
) -> list[dict[str, Any]]:
    """Tell a conversation as messages in OpenAI's form, as they would be sent. See `from_messages`.

    The messages are lawful for the strictest server: a tool call that has no result is answered by an error, empty
    turns are left out, and turns of one side in a row become one. So this is a form to pass a conversation on; to save
    a conversation exactly as it stands, record it with `contents_record()`.

    Args:
        turns: The turns, oldest first; a system turn may stand in front.
        system: The system prompt, in place of the one in the turns.
        thinking_field: The key under which thinking is told, such as "reasoning_content"; None leaves it out.

    Returns:
        Dicts of strings, lists and dicts, which JSON can say.

    Raises:
        HistoryError: when these are no turns, a turn holds what no message of its role can, or something in them cannot
            be said in JSON.
    """
    own, history = whole_history(turns)
    begin = own if system is None else system_turn(system)
    said: list[Turn] = [*([begin] if begin else []), *history.sendable()]
    try:
        worded = word_turns(said, WordingRules(thinking_field=thinking_field))
        messages: list[dict[str, Any]] = json.loads(b"[" + b",".join(worded) + b"]")
        return messages
    except (TypeError, ValueError, RecursionError) as error:
        reason = str(error)
    raise HistoryError(f"The conversation cannot be told in messages: {reason}.")


def from_messages(messages: Iterable[Any]) -> list[Turn]:
    """Make turns of messages in OpenAI's form. See `to_messages`.

    Nothing is ignored: what cannot be understood is an error. Keys whose value is None or empty say nothing, so they
    are no matter.

    Args:
        messages: Dicts, such as `json.loads` gives, or messages of openai-python. Roles: "system" and "developer" (in
            front only; several are joined by a blank line), "user", "assistant" and "tool".

    Returns:
        The turns, oldest first; a system turn stands in front if there is one. The results of tools stand in a user
        turn, each with the request that it answers.

    Raises:
        HistoryError: when they are no such messages; it names the place, such as `messages[2].content[0].type`.
    """
    if isinstance(messages, str | bytes | Mapping) or not isinstance(messages, Iterable):
        hint = "Give the list itself: parsed from JSON, and taken out of the request."
        raise HistoryError(f"Messages are a list of dicts, not {type(messages).__name__}.", hint=hint)
    reading = _Reading()
    for place, message in enumerate(messages):
        reading.take(message, f"messages[{place}]")
    return reading.finish()


class _Reading:
    """A walk through messages, from the first to the last."""

    def __init__(self) -> None:
        self._turns: list[Turn] = []
        self._results: list[ContentToolResult] = []
        self._asked: dict[str, ContentToolRequest] = {}

    def take(self, message: Any, at: str) -> None:
        """Read the next message."""
        given = fields_of(_dumped(message), at)
        match given.get("role"):
            case "system" | "developer":
                self._system(known(given, at, "role", "content"), at)
            case "user":
                self._say(UserTurn(user_contents(known(given, at, "role", "content").get("content"), f"{at}.content")))
            case "assistant":
                self._answer(given, at)
            case "tool":
                self._result(known(given, at, "role", "content", "tool_call_id", "name"), at)
            case role:
                raise refused(f"{at}.role", "'system', 'developer', 'user', 'assistant' or 'tool'", role)

    def finish(self) -> list[Turn]:
        """The turns."""
        self._settle()
        return self._turns

    def _system(self, given: Mapping[str, Any], at: str) -> None:
        prompt = said_text(given.get("content"), f"{at}.content")
        if any(not isinstance(turn, SystemTurn) for turn in self._turns):
            raise HistoryError(f"{at} is a {given['role']} message; one can only stand in front of all others.")
        before = [turn.text for turn in self._turns]
        self._turns = [SystemTurn("\n\n".join([*before, prompt]))] if prompt else self._turns

    def _answer(self, given: Mapping[str, Any], at: str) -> None:
        turn = AssistantTurn(assistant_contents(given, at))
        self._say(turn)
        for request in turn.tool_requests:
            if request.id in self._asked:
                raise HistoryError(f"{at}.tool_calls has the id {shown(request.id)} twice.")
            self._asked[request.id] = request

    def _result(self, given: Mapping[str, Any], at: str) -> None:
        key = text(given.get("tool_call_id"), f"{at}.tool_call_id")
        request = self._asked.pop(key, None)
        if request is None:
            raise HistoryError(f"{at}.tool_call_id is {shown(key)}: no call before it waits for a result of that id.")
        if given.get("name") not in (None, request.name):
            raise refused(f"{at}.name", f"{shown(request.name)}, as in the call", given["name"])
        told = shown_text(given.get("content"), f"{at}.content")
        self._results.append(ContentToolResult(told, request=request, text=told))

    def _say(self, turn: UserTurn | AssistantTurn) -> None:
        self._settle()
        self._turns.append(turn)

    def _settle(self) -> None:
        """What follows the results of tools ends them."""
        self._asked = {}
        if self._results:
            self._turns.append(UserTurn(self._results))
            self._results = []


def _dumped(message: Any) -> Any:
    # The models of openai-python, which are pydantic's.
    dump = getattr(message, "model_dump", None)
    return dump(exclude_none=True) if callable(dump) else message
