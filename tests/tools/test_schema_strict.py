"""What strict servers are told of a function's parameters."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import enum
from collections.abc import Callable
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from chatkit._tools.schema import parameters_of
from chatkit._types.schema import allows_strict, strict_schema


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    """A place."""

    city: str
    title: str = "none"
    zoom: int = 3


class Shade(enum.Enum):
    DARK = "dark"
    LIGHT = "light"


class Style(BaseModel):
    shade: Shade = Shade.DARK


@dataclasses.dataclass
class Pair:
    left: int
    right: list[int] = dataclasses.field(default_factory=list)


def schema_of(function: Callable[..., Any]) -> dict[str, Any]:
    return parameters_of(function, "it").schema


def strict_of(function: Callable[..., Any]) -> dict[str, Any]:
    return strict_schema(schema_of(function))


def test_strict_closes_every_object_and_requires_everything():
    def go(place: Place, pairs: list[Pair], when: datetime.date | None = None) -> None: ...

    strict = strict_of(go)
    assert strict["required"] == ["place", "pairs", "when"]
    assert strict["properties"]["when"]["anyOf"][-1] == {"type": "null"}
    place = strict["properties"]["place"]
    assert place["required"] == ["city", "title", "zoom"]
    assert place["additionalProperties"] is False
    assert place["properties"]["title"] == {"type": ["string", "null"]}
    assert strict["properties"]["pairs"]["items"]["properties"]["right"]["type"] == ["array", "null"]


def test_strict_does_not_change_its_input():
    def go(place: Place, c: Literal["a", "b"] = "a", o: Place = None) -> None: ...

    schema = schema_of(go)
    before = copy.deepcopy(schema)
    strict_schema(schema)
    assert schema == before


def test_case_40_an_optional_enum_has_null_among_its_values():
    def go(
        unit: Literal["c", "f"] = "c",
        color: Color = Color.RED,
        other: Color = Color.RED,
        maybe: Literal["a"] | None = None,
        style: Style | None = None,
    ) -> None: ...

    strict = strict_of(go)
    found = strict["properties"]
    assert found["unit"] == {"type": ["string", "null"], "enum": ["c", "f", None]}
    assert found["color"] == {"anyOf": [{"$ref": "#/$defs/Color"}, {"type": "null"}]}
    assert found["style"]["anyOf"][0]["properties"]["shade"] == {
        "type": ["string", "null"],
        "enum": ["dark", "light", None],
    }
    assert found["maybe"]["anyOf"][1:] == [{"type": "null"}]


@pytest.mark.parametrize(
    ("optional", "strict"),
    [
        ({"description": "anything"}, {"description": "anything"}),
        (True, True),
        ({"type": "string"}, {"type": ["string", "null"]}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": ["string", "null"], "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"enum": ["a", 1]}, {"type": ["string", "integer", "null"], "enum": ["a", 1, None]}),
        ({"enum": ["a", None]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"enum": [["a"]]}, {"enum": [["a"], None]}),
        ({"const": 1, "type": "integer"}, {"anyOf": [{"const": 1, "type": "integer"}, {"type": "null"}]}),
        (
            {"$ref": "#/$defs/X", "description": "d", "default": None},
            {"anyOf": [{"$ref": "#/$defs/X"}, {"type": "null"}], "description": "d"},
        ),
        ({"anyOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"oneOf": [{"type": "string"}]}, {"anyOf": [{"oneOf": [{"type": "string"}]}, {"type": "null"}]}),
        (
            {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
            {
                "type": ["array", "null"],
                "items": {
                    "type": "object",
                    "properties": {"a": {"type": ["string", "null"]}},
                    "required": ["a"],
                    "additionalProperties": False,
                },
            },
        ),
        (
            {"type": "object", "properties": {}},
            {"type": ["object", "null"], "properties": {}, "required": [], "additionalProperties": False},
        ),
    ],
)
def test_case_40_optional_properties_become_nullable(optional, strict):
    schema = {"type": "object", "properties": {"it": optional}}
    assert strict_schema(schema)["properties"]["it"] == strict


def test_whether_strict_can_say_the_same():
    def closed(place: Place, c: Color = Color.RED, o: Literal["a"] | None = None) -> None: ...
    def free(d: dict[str, int]) -> None: ...
    def tuples(a: tuple[int, str]) -> None: ...
    def anything(a: Any) -> None: ...
    def anythings(a: list) -> None: ...  # type: ignore[type-arg]

    assert allows_strict(schema_of(closed))
    assert [allows_strict(schema_of(function)) for function in (free, tuples, anything, anythings)] == [False] * 4


def test_an_object_that_names_no_properties_is_free_unless_it_is_closed():
    assert not allows_strict({"type": "object"})
    assert allows_strict({"type": "object", "additionalProperties": False})
    assert allows_strict({"type": "object", "properties": {}})
