"""Which of the offered tools the offline stand-in calls, and with what."""

import re
from collections.abc import Mapping
from typing import Any

from ._answers import ToolCall
from ._arithmetic import find_sum
from ._conversation import Conversation
from ._schema_filler import fill

_EVERY = re.compile(r"\b(?:all|each|every|both)\b[\w ]{0,40}\btools?\b", re.IGNORECASE)
_SOME = re.compile(r"^\W*call\b|\b(?:call|use|run|invoke|try)\b.{0,200}\btools?\b", re.IGNORECASE | re.DOTALL)
# Words of a tool's name that tell nothing about when it is meant.
_MUTE = {"get", "set", "fetch", "find", "lookup", "look", "up", "do", "make", "the", "a", "an", "of", "my", "tool"}
_SIGNS = {
    "+": {"add", "sum", "plus"},
    "-": {"subtract", "minus"},
    "*": {"multiply", "times", "product"},
    "/": {"divide"},
}
# Long arguments arrive in pieces, as from a real server.
_FRAGMENT = 12


def choose_calls(conversation: Conversation) -> list[ToolCall]:
    """Return the tool calls that a conversation asks for next; empty when there are none."""
    names = [name for name in _wanted(conversation) if name not in conversation.called]
    if conversation.field("parallel_tool_calls") is False:
        names = names[:1]
    return [_call(conversation.tools[name], conversation.source) for name in names]


def _wanted(conversation: Conversation) -> list[str]:
    tools, choice = conversation.tools, conversation.field("tool_choice")
    if not tools or choice == "none":
        return []
    if isinstance(choice, dict):
        function = choice.get("function")
        named = function.get("name") if isinstance(function, dict) else None
        return [name for name in tools if name == named]
    mentioned = _mentioned(conversation)
    # A required call is one call, or no conversation with required tools would ever end.
    if choice == "required" and not mentioned and not conversation.results:
        return list(tools)[:1]
    return mentioned


def _mentioned(conversation: Conversation) -> list[str]:
    names, prompt = list(conversation.tools), conversation.prompt
    if _EVERY.search(prompt):
        return names
    if mentioned := [name for name in names if _is_mentioned(name, prompt)]:
        return mentioned
    if _SOME.search(prompt) and not conversation.results:
        return names[:1]
    return []


def _is_mentioned(name: str, prompt: str) -> bool:
    words = {word.lower() for word in re.findall(r"[A-Za-z]+|\d+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name))}
    said = set(re.findall(r"[a-z]+|\d+", prompt.lower()))
    telling = words - _MUTE or words
    if telling and telling <= said:
        return True
    written = find_sum(prompt) or ""
    return any(sign in written and words & meant for sign, meant in _SIGNS.items())


def _call(tool: Mapping[str, Any], prompt: str) -> ToolCall:
    schema = tool.get("parameters")
    arguments = fill(schema, prompt) if isinstance(schema, dict) else {}
    return ToolCall(tool["name"], arguments if isinstance(arguments, dict) else {}, fragment=_FRAGMENT)
