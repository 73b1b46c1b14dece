"""Saying where in a JSON value something is wrong, and what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from chatkit._turns.characters import whole_characters

if TYPE_CHECKING:
    from pydantic import ValidationError

Place: TypeAlias = tuple[int | str, ...]
Problems: TypeAlias = dict[str, str]
_PLAIN_NAME = re.compile(r"[^\W\d]\w*\Z")
_LONGEST = 200


class NotOfTypeError(ValueError):
    """A value is not what was asked for. Internal: it becomes a repair or a `StructuredOutputError`.

    Args:
        problems: A text per JSON path, such as `{"$.people[0].age": "required, but missing"}`.
    """

    def __init__(self, problems: Problems) -> None:
        super().__init__("; ".join(f"{path}: {text}" for path, text in problems.items()))
        self.problems = problems


def json_path(place: Iterable[int | str]) -> str:
    """A place in a JSON value as a path, such as `$.people[0].age`."""
    return "$" + "".join([_step(key) for key in place])


def _step(key: int | str) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _PLAIN_NAME.match(key) else f"[{json.dumps(key, ensure_ascii=False)}]"


def place_of(data: Any, location: Iterable[int | str], missing: bool) -> Place:
    """The place in the data that pydantic means; in between it names members of unions, which are no places.

    Args:
        data: The JSON value that was checked.
        location: The `loc` of the error.
        missing: Whether the last step is what the data lacks.
    """
    steps = list(location)
    lacking = steps[-1:] if missing else []
    found: list[int | str] = []
    for key in steps[: len(steps) - len(lacking)]:
        inside = key in data if isinstance(data, dict) else isinstance(data, list) and isinstance(key, int)
        if inside:
            found.append(key)
            data = data[key]
    return (*found, *lacking)


def problems_of(error: ValidationError, data: Any) -> Problems:
    """What pydantic found wrong with some data."""
    reasons: dict[str, list[str]] = {}
    for detail in error.errors(include_url=False):
        missing = detail["type"] == "missing"
        place = place_of(data, detail["loc"], missing)
        inner: Problems = detail.get("ctx", {}).get("problems", {})
        for path, text in inner.items():
            reasons.setdefault(json_path(place) + path[1:], []).append(text)
        if not inner:
            text = "required, but missing" if missing else f"{brief(detail['msg'])} (got {_shown(detail['input'])})"
            reasons.setdefault(json_path(place), []).append(text)
    return {path: "; or ".join(dict.fromkeys(texts)) for path, texts in reasons.items()}


def without_nulls(data: Any, places: Iterable[Place]) -> Any:
    """A copy of the data without the properties that are null at these places; None when there is none of them.

    A strict schema makes a model say null for "not given".
    """
    found = [place for place in set(places) if place and isinstance(place[-1], str) and _is_null(data, place)]
    if not found:
        return None
    copy = json.loads(json.dumps(data))
    for place in found:
        holder = copy
        for key in place[:-1]:
            holder = holder[key]
        del holder[place[-1]]
    return copy


def _is_null(data: Any, place: Place) -> bool:
    for key in place[:-1]:
        data = data[key]
    return place[-1] in data and data[place[-1]] is None


def brief(text: str) -> str:
    """A text, cut where it is long, in characters that can be printed anywhere."""
    return whole_characters(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def _shown(value: Any) -> str:
    return brief(json.dumps(value, ensure_ascii=False, default=str))
