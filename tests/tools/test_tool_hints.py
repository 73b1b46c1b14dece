"""Every kind of type hint, from end to end: what the model is told, and what the function receives."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from collections.abc import Mapping, Sequence
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    TypeAlias,
    TypeVar,
    Union,
)

import pytest
from pydantic import BaseModel, Field, Json
from typing_extensions import TypeAliasType, TypedDict

from chatkit._tools.tool import tool
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import ContentToolRequest

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


class Plain(enum.Enum):
    A = 1
    B = "b"


@dataclasses.dataclass
class Pair:
    left: int
    color: Color = Color.RED
    right: list[int] = dataclasses.field(default_factory=list)


class Options(TypedDict, total=False):
    verbose: bool
    depth: int


class Point(NamedTuple):
    x: int
    y: int = 0


class Place(BaseModel):
    city: str
    color: Color | None = None
    parts: list[Place] = Field(default_factory=list)


class Box(BaseModel, Generic[T]):
    inside: T


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


UserId = NewType("UserId", int)
Alias: TypeAlias = dict[str, list[int]]
Tree = TypeAliasType("Tree", "dict[str, Tree] | int")
Pet = Annotated[Cat | Dog, Field(discriminator="kind")]
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
DAY = datetime.date(2024, 2, 29)

CASES: list[tuple[Any, Any, Any]] = [
    (str, "a", "a"),
    (int, 3, 3),
    (float, 3, 3.0),
    (bool, True, True),
    (None, None, None),
    (Any, {"a": [1]}, {"a": [1]}),
    (object, [1], [1]),
    (list, [1, "a"], [1, "a"]),
    (dict, {"a": 1}, {"a": 1}),
    (list[int], [1, "2"], [1, 2]),
    (set[int], [1, 1, 2], {1, 2}),
    (frozenset[str], ["a"], frozenset({"a"})),
    (tuple[int, str], [1, "a"], (1, "a")),
    (tuple[int, ...], [1, 2], (1, 2)),
    (Sequence[int], [1], [1]),
    (Mapping[str, int], {"a": 1}, {"a": 1}),
    (dict[str, list[Pair]], {"a": [{"left": 1}]}, {"a": [Pair(1)]}),
    (dict[int, str], {"1": "a"}, {1: "a"}),
    (Literal["a", "b"], "b", "b"),
    (Literal[1, "a", None], None, None),
    (Color, "blue", Color.BLUE),
    (Level, 1, Level.LOW),
    (Plain, "b", Plain.B),
    (list[Color], ["red"], [Color.RED]),
    (dict[Color, int], {"red": 1}, {Color.RED: 1}),
    (Optional[int], None, None),  # noqa: UP045  what this is about
    (Union[int, str], "a", "a"),  # noqa: UP007  what this is about
    (int | list[str], ["a"], ["a"]),
    (Color | None, "red", Color.RED),
    (Color | None, None, None),
    (Options, {"depth": 2}, {"depth": 2}),
    (Pair, {"left": 1, "color": "blue"}, Pair(1, Color.BLUE)),
    (Point, [1, 2], Point(1, 2)),
    (Place, {"city": "Oslo", "parts": [{"city": "Aker"}]}, Place(city="Oslo", parts=[Place(city="Aker")])),
    (Box[int], {"inside": "3"}, Box[int](inside=3)),
    (Box[Place], {"inside": {"city": "Oslo"}}, Box[Place](inside=Place(city="Oslo"))),
    (Pet, {"kind": "dog", "name": "Rex"}, Dog(kind="dog", name="Rex")),
    (list[Pet], [{"kind": "cat"}], [Cat(kind="cat")]),
    (UserId, 7, 7),
    (Alias, {"a": [1]}, {"a": [1]}),
    (Tree, {"a": {"b": 1}}, {"a": {"b": 1}}),
    (datetime.date, "2024-02-29", DAY),
    (datetime.datetime, "2024-02-29T10:00:00", datetime.datetime(2024, 2, 29, 10)),
    (datetime.time, "10:30", datetime.time(10, 30)),
    (datetime.timedelta, "PT90S", datetime.timedelta(seconds=90)),
    (uuid.UUID, str(ID), ID),
    (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
    (pathlib.Path, "a/b", pathlib.Path("a/b")),
    (bytes, "abc", b"abc"),
    (Json[list[int]], "[1, 2]", [1, 2]),
    (Annotated[int, Field(ge=1, le=5)], 5, 5),
    (Annotated[str, Field(pattern="^[a-z]+$")], "abc", "abc"),
    (Annotated[Annotated[int, Field(gt=0)], "nested"], 1, 1),
    (T, "anything", "anything"),
    (ForwardRef("Color"), "red", Color.RED),
    ("list[Color]", ["red"], [Color.RED]),
]


@pytest.mark.parametrize(("hint", "given", "expected"), CASES, ids=lambda value: str(value)[:40])
def test_the_function_receives_what_it_declares(plain, hint, given, expected):
    received: list[Any] = []

    def it(x):  # type: ignore[no-untyped-def]
        received.append(x)

    it.__annotations__["x"] = hint
    result = plain.answers(Toolbox([it]), ContentToolRequest("0", "it", {"x": given}))[0]
    assert result.error is None
    assert received == [expected]
    assert type(received[0]) is type(expected)


def nested(place: Place | None = None, color: Color | None = None, level: Literal["a", "b"] | None = None) -> None: ...


def test_case_40_optional_enums_allow_null_wherever_they_are():
    def allows_null(schema: dict[str, Any]) -> bool:
        return {"type": "null"} in schema["anyOf"]

    schema = tool(nested).parameters
    assert all(allows_null(schema["properties"][name]) for name in ("place", "color", "level"))
    assert allows_null(schema["$defs"]["Place"]["properties"]["color"])


def test_case_40_nulls_are_received_as_none():
    given = {"place": {"city": "Oslo", "color": None}, "color": None, "level": None}
    assert tool(nested).bind(given) == {"place": Place(city="Oslo"), "color": None, "level": None}


class Sealed(BaseModel):
    model_config = {"extra": "allow"}
    a: int


def test_objects_are_closed_at_every_depth_unless_they_say_otherwise():
    def it(pair: Pair, options: Options, pets: list[Pet], free: dict[str, int], open_: Sealed) -> None: ...

    found = tool(it).parameters["properties"]
    assert found["pair"]["additionalProperties"] is False
    assert found["options"]["additionalProperties"] is False
    assert [part["additionalProperties"] for part in found["pets"]["items"]["anyOf"]] == [False, False]
    assert found["free"]["additionalProperties"] == {"type": "integer"}
    assert found["open_"]["additionalProperties"] is True


def test_defaults_and_default_factories_are_not_required():
    def it(
        a: int,
        b: int = 1,
        c: list[int] = [],  # noqa: B006  what this is about
        d: Annotated[list[int], Field(default_factory=lambda: [4])] = Field(default_factory=list),  # noqa: B008
        e: Annotated[int, Field(default=5)] = 6,
    ) -> None: ...

    made = tool(it)
    assert made.parameters["required"] == ["a"]
    assert made.bind({"a": 0}) == {"a": 0, "d": []}


def test_a_bad_argument_of_each_kind_is_told_by_field(plain):
    def it(c: Color, d: datetime.date, p: Pet, n: Annotated[int, Field(ge=1)]) -> None: ...

    request = ContentToolRequest("0", "it", {"c": "green", "d": "soon", "p": {"kind": "cow"}, "n": 0})
    error = plain.answers(Toolbox([it]), request)[0].error or ""
    for words in ("- c: Input should be 'red' or 'blue'", "- d: ", "- p: ", "- n: Input should be greater than or"):
        assert words in error
