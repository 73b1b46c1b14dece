"""Tool calls as they arrive: fragments by index, by id, by neither, and put together again.

Servers differ: an index may be missing or always 0, an id may come once, in every fragment, empty or changed in
mid-call; a name may be repeated or cut; arguments may be a JSON text in pieces, or an object at once.
"""

from __future__ import annotations

import json
import random
from typing import Any

from chatkit._turns.contents import ContentToolRequest
from chatkit._turns.events import ToolInputDelta


class _Call:
    __slots__ = ("arguments", "id", "index", "name")

    def __init__(self, index: int, key: str) -> None:
        self.index = index
        self.id = key
        self.name = ""
        self.arguments: list[str] = []

    def at_rest(self) -> bool:
        """Whether the arguments are whole, or have not begun: what comes next may be another call."""
        text = "".join(self.arguments)
        return not text.strip() or read_arguments(text) is not None

    def take_name(self, name: str) -> None:
        # Repeated: the same. Cumulative: the longer one. In pieces: put together.
        if not self.name or name.startswith(self.name):
            self.name = name
        elif not self.arguments and not self.name.endswith(name):
            self.name += name


class ToolCalls:
    """Collects the tool calls of one answer."""

    __slots__ = ("_by_id", "_by_index", "_calls")

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def feed(self, fragment: dict[str, Any], *, whole: bool = False) -> ToolInputDelta:
        """Take a fragment of a call, or a whole one.

        Args:
            fragment: An element of `tool_calls`.
            whole: Whether each element is a call of its own, as in an answer that is not streamed.
        """
        function = fragment.get("function") or {}
        key, name = fragment.get("id") or "", function.get("name") or ""
        index = fragment.get("index")
        call = None if whole else self._find(index, key, name)
        if call is None:
            call = self._begin(index, key)
        if name:
            call.take_name(name)
        delta = _text_of(function)
        if delta:
            call.arguments.append(delta)
        return ToolInputDelta(call.index, call.id, call.name, delta)

    def requests(self) -> list[ContentToolRequest]:
        """The calls as requests, in order, each with an id of its own."""
        seen: set[str] = set()
        requests = []
        for call in self._calls:
            if call.id in seen:
                call.id = _new_id()
            seen.add(call.id)
            text = "".join(call.arguments)
            arguments = read_arguments(text)
            requests.append(ContentToolRequest(call.id, call.name, arguments, None if arguments is not None else text))
        return requests

    def _find(self, index: Any, key: str, name: str) -> _Call | None:
        known = self._by_id.get(key)
        if not isinstance(index, int):
            call = known or (self._calls[-1] if self._calls else None)
        elif index in self._by_index:
            call = known or self._by_index[index]
        else:
            # A new place with a name in it is a new call, even under an id that was given before.
            call = None if name else known
        if call is None:
            return None
        # A new id, or none at all, together with a name may begin another call in the place of one that is whole.
        another = name and ((key and key != call.id) or (not key and index is None and name != call.name))
        return None if another and call.at_rest() else call

    def _begin(self, index: Any, key: str) -> _Call:
        call = _Call(len(self._calls), key or _new_id())
        self._calls.append(call)
        if key:
            self._by_id[key] = call
        if isinstance(index, int):
            self._by_index[index] = call
        return call


def read_arguments(text: str) -> dict[str, Any] | None:
    """The arguments in a JSON text, or None when it holds no object. No text means no arguments."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
        if isinstance(value, str):
            # Some servers encode twice.
            value = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text_of(function: dict[str, Any]) -> str:
    arguments = function.get("arguments")
    if arguments is None:
        arguments = function.get("parameters")
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def _new_id() -> str:
    return f"call_{random.getrandbits(96):024x}"
