"""What is expected of an answer, and whether it holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeAlias

from chatkit._chat.json_subset import json_problem
from chatkit._errors import ConfigError
from chatkit._turns.accounting import dollars
from chatkit._turns.contents import ContentToolRequest
from chatkit._turns.turns import AssistantTurn, Turn

Expected: TypeAlias = "Mapping[str, Any] | Sequence[Expectation]"
_MOST_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that is expected of an answer.

    Args:
        name: "contains", "not_contains", "matches", "equals", "json", "calls_tool", "max_seconds" or "max_cost".
        value: What is expected, as in a script; see `Prompt`.
        line: The line of the script that says so, if one does.
    """

    name: str
    value: Any
    line: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        kind = _KINDS.get(self.name)
        if kind is None:
            raise ConfigError(f"There is no expectation {self.name!r}.", hint=_near(self.name))
        trouble = kind.refused(self.value)
        if trouble:
            raise ConfigError(f"`{self.name}` {trouble}.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an expectation.

    Args:
        expectation: What was expected.
        problem: What is wrong with the answer, in a sentence; "" when the expectation holds.
    """

    expectation: Expectation
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether the expectation holds."""
        return not self.problem

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True, slots=True)
class Heard:
    """All that expectations can be about.

    Args:
        text: The text of the last answer.
        data: The value of a typed answer as JSON has it; None for others.
        turns: What was said from the user's turn on.
        seconds: How long it took, tools included.
        cost: US dollars; None when that is not known.
    """

    text: str
    data: Any
    turns: Sequence[Turn]
    seconds: float
    cost: float | None


def expectations(given: Any) -> tuple[Expectation, ...]:
    """The expectations that a mapping such as `{"contains": "4"}` tells of, or that a sequence holds.

    Raises:
        ConfigError: when something in it is none.
    """
    if given is None:
        return ()
    if isinstance(given, Mapping):
        return tuple(Expectation(name, value) for name, value in given.items())
    items = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    for item in items:
        if not isinstance(item, Expectation):
            raise ConfigError(f'What is expected is told as {{"contains": "..."}}, not as {type(item).__name__}.')
    return items


def judged(expected: Iterable[Expectation], heard: Heard) -> tuple[Outcome, ...]:
    """What became of each expectation."""
    return tuple(Outcome(item, _KINDS[item.name].problem(item.value, heard)) for item in expected)


def _near(name: Any) -> str:
    near = get_close_matches(str(name), _KINDS, 1, 0.6)
    return f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(_KINDS)}."


def _texts(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _no_texts(value: Any) -> str:
    texts = _texts(value)
    return "" if texts and all(isinstance(item, str) and item for item in texts) else "takes a text, or a list of texts"


def _no_patterns(value: Any) -> str:
    if trouble := _no_texts(value):
        return trouble
    for pattern in _texts(value):
        try:
            re.compile(pattern)
        except re.error as error:
            return f"holds {pattern!r}, which is no regular expression: {error}"
    return ""


def _no_number(value: Any) -> str:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return "" if fits else "takes a number of 0 or more"


def _no_calls(value: Any) -> str:
    return "" if value and all(map(_is_call, _texts(value))) else "takes a tool's name, or {name, arguments}, or a list"


def _is_call(value: Any) -> bool:
    if isinstance(value, Mapping):
        named = isinstance(value.get("name"), str) and value["name"]
        return bool(named and value.keys() <= {"name", "arguments"} and isinstance(value.get("arguments", {}), Mapping))
    return isinstance(value, str) and bool(value)


def _contains(value: Any, heard: Heard) -> str:
    missing = [text for text in _texts(value) if text not in heard.text]
    return f"it should contain {_told(missing)}, {_answer(heard)}" if missing else ""


def _not_contains(value: Any, heard: Heard) -> str:
    there = [text for text in _texts(value) if text in heard.text]
    return f"it should not contain {_told(there)}, {_answer(heard)}" if there else ""


def _matches(value: Any, heard: Heard) -> str:
    missing = [pattern for pattern in _texts(value) if not re.search(pattern, heard.text)]
    return f"it should match {_told(missing)}, {_answer(heard)}" if missing else ""


def _equals(value: Any, heard: Heard) -> str:
    if heard.text.strip() in [text.strip() for text in _texts(value)]:
        return ""
    return f"it should be {_told(_texts(value), ' or ')}, {_answer(heard)}"


def _json(value: Any, heard: Heard) -> str:
    problem = json_problem(value, heard.text, heard.data)
    return f"{problem}, {_answer(heard)}" if problem else ""


def _calls_tool(value: Any, heard: Heard) -> str:
    calls = [call for turn in heard.turns if isinstance(turn, AssistantTurn) for call in turn.tool_requests]
    missing = [wanted for wanted in _texts(value) if not any(_is_wanted(call, wanted) for call in calls)]
    if not missing:
        return ""
    made = ", ".join(f"{call.name}({_arguments(call.arguments)})" for call in calls) or "none"
    return f"it should call {', '.join(map(_call_told, missing))}, and the calls were: {_cut(made)}"


def _is_wanted(call: ContentToolRequest, wanted: Any) -> bool:
    name, arguments = (wanted, {}) if isinstance(wanted, str) else (wanted["name"], wanted.get("arguments", {}))
    return call.name == name and not json_problem(arguments, "", dict(call.arguments or {}))


def _call_told(wanted: Any) -> str:
    return wanted if isinstance(wanted, str) else f"{wanted['name']}({_arguments(wanted.get('arguments', {}))})"


def _arguments(arguments: Any) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in dict(arguments or {}).items())


def _max_seconds(value: Any, heard: Heard) -> str:
    return f"it should take {value:g} s at most, and took {heard.seconds:.3g} s" if heard.seconds > value else ""


def _max_cost(value: Any, heard: Heard) -> str:
    if heard.cost is None:
        return f"it should cost {dollars(value)} at most, and what it cost is not known"
    return f"it should cost {dollars(value)} at most, and cost {dollars(heard.cost)}" if heard.cost > value else ""


def _told(texts: Iterable[str], between: str = " and ") -> str:
    return between.join(map(repr, texts))


def _answer(heard: Heard) -> str:
    return f"and it is {_cut(heard.text)!r}" if heard.text else "and it is empty"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


@dataclass(frozen=True, slots=True)
class _Kind:
    refused: Callable[[Any], str]
    problem: Callable[[Any, Heard], str]


_KINDS = {
    "contains": _Kind(_no_texts, _contains),
    "not_contains": _Kind(_no_texts, _not_contains),
    "matches": _Kind(_no_patterns, _matches),
    "equals": _Kind(_no_texts, _equals),
    "json": _Kind(lambda value: "", _json),
    "calls_tool": _Kind(_no_calls, _calls_tool),
    "max_seconds": _Kind(_no_number, _max_seconds),
    "max_cost": _Kind(_no_number, _max_cost),
}
