"""Output items of the Responses format taken apart: what the parts of a message say, what a call asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["text", "refusal", "thinking", "summary"]
_KINDS: dict[str, Kind] = {
    "output_text": "text",
    "text": "text",
    "refusal": "refusal",
    "reasoning_text": "thinking",
    "summary_text": "summary",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what an item says, as far as a server tells it in one place.

    Args:
        kind: What is said.
        item: The id of the item; empty when it has none.
        index: Which part of that kind in the item.
        text: All of its text.
        notes: The part itself, in which annotations and log probabilities may stand.
    """

    kind: Kind
    item: str
    index: int
    text: str
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A function call, as far as a server tells it in one place.

    Args:
        item: The id of the item; empty when it has none.
        call: The id of the call, to which its output refers.
        name: The name of the function.
        text: All of its arguments, as JSON text.
    """

    item: str
    call: str
    name: str
    text: str


def said_in(item: Any) -> Iterator[Part | Call]:
    """What an output item says, in order; nothing for an item of a kind that is none of ours."""
    if not isinstance(item, dict):
        return
    kind, key = item.get("type"), string(item.get("id"))
    if kind == "function_call":
        yield call_in(item)
    elif kind == "reasoning":
        yield from _parts(item.get("content"), key, "thinking")
        yield from _parts(item.get("summary"), key, "summary")
    elif kind in ("message", None):
        yield from _parts(item.get("content"), key, "text")


def call_in(item: dict[str, Any]) -> Call:
    """The call that a `function_call` item, or an event about its arguments, tells of."""
    arguments = item.get("arguments")
    text = arguments if isinstance(arguments, str) else "" if arguments is None else json.dumps(arguments)
    key = item.get("item_id") if "item_id" in item else item.get("id")
    return Call(string(key), string(item.get("call_id")), string(item.get("name")), text)


def part_in(part: Any, item: str, index: int) -> Part | None:
    """A content part that is told alone; None when it says nothing that is of use."""
    if not isinstance(part, dict):
        return None
    kind = _KINDS.get(string(part.get("type")))
    text = part.get("refusal" if kind == "refusal" else "text")
    return Part(kind, item, index, text, part) if kind and isinstance(text, str) else None


def _parts(content: Any, item: str, plain: Kind) -> Iterator[Part]:
    if isinstance(content, str):
        yield Part(plain, item, 0, content)
    elif isinstance(content, list):
        parts = (part_in(part, item, index) for index, part in enumerate(content))
        yield from (part for part in parts if part is not None)


def string(value: Any) -> str:
    """The value when it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def number(value: Any) -> int:
    """The value when it is a whole number, else 0."""
    return value if type(value) is int else 0
