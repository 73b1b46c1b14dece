"""A request's history, as the offline rules look at it."""

from collections.abc import Mapping
from typing import Any

from ._requests import RecordedRequest

_ROLES = ("system", "developer", "user", "assistant", "tool")


def find_faults(body: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a request body for a tolerant server; an empty list when nothing is."""
    faults = []
    if not isinstance(body.get("model", ""), str):
        faults.append("model: must be a string")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        faults.append("messages: must be a list of at least one message")
    else:
        faults += [f"messages[{place}]: {fault}" for place, one in enumerate(messages) if (fault := _fault(one))]
    for name, kind in (("tools", list), ("stream", bool), ("response_format", dict)):
        if not isinstance(body.get(name), kind | None):
            faults.append(f"{name}: must be of JSON type {kind.__name__}")
    for name in ("max_tokens", "max_completion_tokens"):
        limit = body.get(name)
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            faults.append(f"{name}: must be an integer of 1 or more")
    return faults


def _fault(message: Any) -> str | None:
    if not isinstance(message, dict):
        return "must be an object"
    if message.get("role") not in _ROLES:
        return f"unknown role {message.get('role')!r}"
    if not isinstance(message.get("content"), str | list | None):
        return "the content must be a string or a list of parts"
    return None


class Conversation:
    """The messages and tools of one request.

    Args:
        request: A request without `find_faults()`.
    """

    def __init__(self, request: RecordedRequest) -> None:
        self._request = request
        self.messages = request.messages
        self.said = [_text(one) for one in self.messages if one["role"] == "user"]
        self.prompt = self.said[-1] if self.said else ""
        self.tools = {tool["name"]: tool for tool in map(_function, self.field("tools") or ()) if "name" in tool}

    def field(self, name: str) -> Any:
        """Return a top-level field of the request, or None."""
        return self._request.field(name)

    @property
    def earlier(self) -> list[str]:
        """What the user said before the last prompt."""
        return self.said[:-1]

    @property
    def system(self) -> str:
        """The system prompt, or an empty string."""
        return " ".join(_text(one) for one in self.messages if one["role"] in ("system", "developer"))

    @property
    def is_terse(self) -> bool:
        """Whether the system prompt wants short answers."""
        return any(word in self.system.lower() for word in ("terse", "brief", "concise", "short", "one sentence"))

    @property
    def attachments(self) -> list[str]:
        """The types of the parts of the last prompt that are not text."""
        users = [one for one in self.messages if one["role"] == "user"]
        content = users[-1].get("content") if users else None
        parts = content if isinstance(content, list) else []
        return [str(one.get("type")) for one in parts if isinstance(one, dict) and one.get("type") != "text"]

    @property
    def results(self) -> list[tuple[str, str]]:
        """Name and result of each tool that has just returned; empty when the last word is not a tool's."""
        if self.messages[-1]["role"] != "tool":
            return []
        names = {str(call.get("id")): _function(call).get("name", "") for call in self._calls()}
        start = max((i for i, one in enumerate(self.messages) if one["role"] != "tool"), default=-1)
        return [(names.get(str(one.get("tool_call_id")), ""), _text(one)) for one in self.messages[start + 1 :]]

    @property
    def source(self) -> str:
        """What answers are made of: what the tools gave, and the last prompt."""
        return " ".join([*(result for _, result in self.results), self.prompt])

    @property
    def called(self) -> set[str]:
        """The names of the tools called since the last prompt."""
        return {str(_function(call).get("name")) for call in self._calls()}

    def _calls(self) -> list[Mapping[str, Any]]:
        """The tool calls since the last prompt."""
        start = max((i for i, one in enumerate(self.messages) if one["role"] == "user"), default=-1)
        groups = (one.get("tool_calls") or () for one in self.messages[start + 1 :])
        return [call for calls in groups for call in calls if isinstance(call, dict)]


def _function(described: Any) -> Mapping[str, Any]:
    function = described.get("function") if isinstance(described, dict) else None
    return function if isinstance(function, dict) else {}


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    texts = (part.get("text") for part in content or () if isinstance(part, dict))
    return " ".join(text for text in texts if isinstance(text, str))
