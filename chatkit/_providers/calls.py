"""Tool calls as they arrive: fragments by index, by id, by neither, and put together again.

Servers differ: an index may be missing or always 0, an id may come once, in every fragment, empty or changed in
mid-call; a name may be repeated or cut; arguments may be a JSON text in pieces, or an object at once.
"""

from __future__ import annotations

import json
import math
import random
from typing import Any

from chatkit._providers.tail import Tail
from chatkit._turns.characters import whole_characters
from chatkit._turns.contents import ContentToolRequest
from chatkit._turns.events import ToolInputDelta


class _Call:
    __slots__ = ("arguments", "id", "index", "name", "tail")

    def __init__(self, index: int, key: str) -> None:
        self.index = index
        self.id = key
        self.name = ""
        self.arguments: list[str] = []
        self.tail = Tail()

    def at_rest(self) -> bool:
        """Whether the arguments are whole, or have not begun: what comes next may be another call."""
        text = "".join(self.arguments)
        return not text.strip() or read_arguments(text) is not None

    def take_name(self, name: str) -> None:
        # Repeated: the same. Cumulative: the longer one. In pieces: put together.
        if not self.name or name.startswith(self.name):
            self.name = name
        elif not self.arguments:
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
        function = fragment.get("function")
        if not isinstance(function, dict):
            function = {}
        key, name = _string(fragment.get("id")), _string(function.get("name"))
        index = fragment.get("index")
        call = None if whole else self._find(index, key, name)
        if call is None:
            call = self._begin(index, key)
        if name:
            call.take_name(name)
        delta = call.tail.feed(_text_of(function))
        if delta:
            call.arguments.append(delta)
        return ToolInputDelta(call.index, call.id, call.name, delta)

    def flush(self) -> list[ToolInputDelta]:
        """What was held back of the arguments, at the end of the answer; a special token there is none of it."""
        rests = [(call, call.tail.finish(strip=True)) for call in self._calls]
        for call, rest in rests:
            if rest:
                call.arguments.append(rest)
        return [ToolInputDelta(call.index, call.id, call.name, rest) for call, rest in rests if rest]

    def requests(self) -> list[ContentToolRequest]:
        """The calls as requests, in order, each with an id of its own."""
        self.flush()
        seen: set[str] = set()
        requests = []
        for call in self._calls:
            if call.id in seen:
                call.id = _new_id()
            seen.add(call.id)
            text = whole_characters("".join(call.arguments))
            arguments = read_arguments(text)
            requests.append(ContentToolRequest(call.id, call.name, arguments, None if arguments is not None else text))
        return requests

    def _find(self, index: Any, key: str, name: str) -> _Call | None:
        known = self._by_id.get(key)
        latest = self._calls[-1] if self._calls else None
        if isinstance(index, int) and index in self._by_index:
            call: _Call | None = self._by_index[index]
            if known is not None and key != self._by_index[index].id:
                call = known
        elif name and isinstance(index, int):
            # A new place with a name in it is a new call, even under an id that was given before.
            call = None
        else:
            # A new id with a name is a new call; without a name, nothing can begin one.
            call = known or (None if key and name else latest)
        if call is None:
            return None
        return None if name and self._another(call, index, key, name) else call

    def _another(self, call: _Call, index: Any, key: str, name: str) -> bool:
        """Whether a named fragment begins another call where this one was, which must be whole then."""
        if key:
            return key != call.id and call.at_rest()
        # Without id and index only the name, or arguments that are whole already, tell the next call from this one.
        return index is None and call.at_rest() and (name != call.name or bool(call.arguments))

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
        value = _strict_json(text)
        if isinstance(value, str):
            # Some servers encode twice.
            value = _strict_json(value)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number in JSON")
    return number


# Python reads NaN and numbers beyond all bounds, which no server would take back.
_strict_json = json.JSONDecoder(parse_float=_finite, parse_constant=_finite).decode


def _text_of(function: dict[str, Any]) -> str:
    arguments = function.get("arguments")
    if arguments is None:
        arguments = function.get("parameters")
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _new_id() -> str:
    return f"call_{random.getrandbits(96):024x}"
