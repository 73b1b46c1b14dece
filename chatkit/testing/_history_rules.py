"""What the strictest Chat Completions endpoint demands of a history."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")

_KEYS = {
    "system": {"role", "content", "name"},
    "developer": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "refusal", "audio", "tool_calls"},
    "tool": {"role", "content", "tool_call_id"},
}
_PART_VALUES: dict[str, type] = {
    "text": str,
    "refusal": str,
    "image_url": dict,
    "input_audio": dict,
    "file": dict,
}


def check_history(messages: Any) -> list[str]:
    """Return what a strict endpoint would refuse in `messages`; an empty list when there is nothing.

    The rules are the strictest of several servers taken together: known roles and keys only; a system
    message only at the beginning; no empty text and no empty message; user and assistant taking turns; the
    last word left to the user or a tool; every tool call well formed, with an id of its own, and answered
    exactly once by the `tool` messages directly after it; no tool message without its call.

    Args:
        messages: The `messages` of a request, as parsed from JSON.

    Returns:
        One sentence per fault, such as `"messages[2]: the content is empty"`.
    """
    if not isinstance(messages, list) or not messages:
        return ["messages: must be a list of at least one message"]
    inspection = _Inspection()
    for place, message in enumerate(messages):
        inspection.take(place, message)
    inspection.conclude()
    return inspection.problems


class _Inspection:
    """A walk through a history, message by message."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._place = 0
        self._previous: str | None = None
        self._ids: set[str] = set()
        self._unanswered: list[str] = []
        self._answerable: set[str] = set()

    def take(self, place: int, message: Any) -> None:
        """Check the next message, and its place among the others."""
        self._place = place
        if not isinstance(message, dict):
            self._note("must be an object")
            return
        role = message.get("role")
        if not isinstance(role, str) or role not in _KEYS:
            self._note(f"unknown role {role!r}")
            return
        for key in sorted(message.keys() - _KEYS[role]):
            self._note(f"unknown key {key!r} in a message of role {role}")
        self._check_order(role)
        checks: dict[str, Callable[[dict[str, Any]], None]] = {
            "assistant": self._check_assistant,
            "tool": self._check_tool,
        }
        checks.get(role, self._check_said)(message)
        self._previous = role

    def conclude(self) -> None:
        """Check what only shows at the end."""
        self._check_all_answered()
        if self._previous not in ("user", "tool", None):
            self._note(f"the last message must not be of role {self._previous}")

    def _note(self, problem: str) -> None:
        self.problems.append(f"messages[{self._place}]: {problem}")

    def _check_order(self, role: str) -> None:
        if role != "tool":
            self._check_all_answered()
            self._answerable = set()
        if role in ("system", "developer") and self._place > 0:
            self._note(f"a {role} message must come first")
        if role in ("user", "assistant") and role == self._previous:
            self._note(f"two {role} messages in a row")

    def _check_all_answered(self) -> None:
        for name in self._unanswered:
            self._note(f"tool call {name!r} is not answered directly after it")
        self._unanswered = []

    def _check_said(self, message: dict[str, Any]) -> None:
        self._check_content(message.get("content"))

    def _check_content(self, content: Any) -> None:
        if content is None or content in ("", []):
            self._note("the content is empty")
        elif isinstance(content, list):
            for part in content:
                self._check_part(part)
        elif not isinstance(content, str):
            self._note(f"the content must be a string or a list of parts, not {type(content).__name__}")

    def _check_part(self, part: Any) -> None:
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(kind, str) or kind not in _PART_VALUES:
            self._note(f"a content part of unknown type {kind!r}")
        elif not isinstance(part.get(kind), _PART_VALUES[kind]) or not part[kind]:
            self._note(f"a content part whose {kind} is empty or of the wrong type")
        elif kind == "image_url" and not isinstance(part[kind].get("url"), str):
            self._note("an image part without a url")

    def _check_assistant(self, message: dict[str, Any]) -> None:
        content, calls = message.get("content"), message.get("tool_calls")
        if "tool_calls" in message and (not isinstance(calls, list) or not calls):
            self._note("tool_calls must be a list of at least one call, or left out")
        if not calls or content not in (None, ""):
            self._check_content(content)
        for call in calls if isinstance(calls, list) else ():
            self._check_call(call)
        self._answerable = set(self._unanswered)

    def _check_call(self, call: Any) -> None:
        if not isinstance(call, dict) or call.get("type") != "function":
            self._note("a tool call must be an object of type 'function'")
            return
        for key in sorted(call.keys() - {"id", "type", "function"}):
            self._note(f"unknown key {key!r} in a tool call")
        self._check_id(call.get("id"))
        function = call.get("function")
        self._check_function(function if isinstance(function, dict) else {})

    def _check_id(self, name: Any) -> None:
        if not isinstance(name, str) or not name:
            self._note("a tool call without an id")
        elif name in self._ids:
            self._note(f"tool call id {name!r} is used twice")
        else:
            self._ids.add(name)
            self._unanswered.append(name)

    def _check_function(self, function: Mapping[str, Any]) -> None:
        name = function.get("name")
        if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
            self._note(f"a tool call with the bad name {name!r}")
        if not _holds_object(function.get("arguments")):
            self._note(f"the arguments of {name!r} must be a string that holds a JSON object")

    def _check_tool(self, message: dict[str, Any]) -> None:
        if not isinstance(message.get("content"), str):
            self._note("the content of a tool message must be a string")
        name = message.get("tool_call_id")
        if not isinstance(name, str) or name not in self._answerable:
            self._note(f"a tool message for {name!r}, which is no call of the message before")
        elif name not in self._unanswered:
            self._note(f"tool call {name!r} is answered twice")
        else:
            self._unanswered.remove(name)


def _holds_object(arguments: Any) -> bool:
    if not isinstance(arguments, str):
        return False
    try:
        return isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        return False
