"""Arguments: read, checked, mended, handed over as declared."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator

from chatkit._tools.arguments import ArgumentsError, read_arguments
from chatkit._tools.schema import parameters_of
from chatkit._turns.contents import ContentToolRequest


class Color(enum.Enum):
    RED = "red"


class Place(BaseModel):
    city: str
    zoom: int = 3
    inner: Place | None = None


class Strict(BaseModel):
    model_config = {"strict": True}
    when: datetime.date
    size: tuple[int, int]
    key: uuid.UUID


class Picky(BaseModel):
    n: int

    @field_validator("n")
    @classmethod
    def never(cls, value: int) -> int:
        raise ValueError("line one\nline two")


@dataclasses.dataclass
class Pair:
    left: int
    right: list[int] = dataclasses.field(default_factory=list)


def bind(function, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return parameters_of(function).bind(arguments)


def complaint(function, arguments: Mapping[str, Any]) -> str:
    with pytest.raises(ArgumentsError) as caught:
        bind(function, arguments)
    return str(caught.value)


def one(x: int) -> None: ...
def text(x: str) -> None: ...
def maybe(x: int = 7) -> None: ...
def real(x: float) -> None: ...
def many(x: list[int]) -> None: ...
def place(x: Place) -> None: ...
def places(x: list[Place]) -> None: ...
def mapping(x: dict[str, int]) -> None: ...
def map_of_places(x: dict[str, Place]) -> None: ...
def pair(x: tuple[Place, int]) -> None: ...
def union(x: int | list[str]) -> None: ...
def nullable(x: int | None = 5) -> None: ...
def bounded(x: Annotated[str, Field(max_length=2)]) -> None: ...
def anything(x: Any) -> None: ...


def test_the_function_gets_what_it_declares():
    def go(p: Place, q: Strict, c: Color, d: Pair, m: decimal.Decimal, s: set[int]) -> None: ...

    key = uuid.uuid4()
    given = {
        "p": {"city": "Oslo"},
        "q": {"when": "2024-02-29", "size": [1, 2], "key": str(key)},
        "c": "red",
        "d": {"left": "1"},
        "m": "1.50",
        "s": [1, 1],
    }
    assert bind(go, given) == {
        "p": Place(city="Oslo"),
        "q": Strict(when=datetime.date(2024, 2, 29), size=(1, 2), key=key),
        "c": Color.RED,
        "d": Pair(1),
        "m": decimal.Decimal("1.50"),
        "s": {1},
    }


def test_arguments_not_given_are_left_to_the_functions_defaults():
    assert bind(maybe, {}) == {}


def test_a_default_known_only_to_the_model_is_passed():
    def go(x: Annotated[int, Field(default=9)]) -> None: ...

    assert bind(go, {}) == {"x": 9}


def test_any_mapping_will_do():
    assert bind(one, MappingProxyType({"x": 1})) == {"x": 1}


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        (one, {"x": "5"}, 5),
        (one, {"x": 5.0}, 5),
        (one, {"x": ["5"]}, 5),
        (one, {"x": "[5]"}, 5),
        (text, {"x": ["a"]}, "a"),
        (text, {"x": "[1]"}, "[1]"),
        (real, {"x": "[2.5]"}, 2.5),
        (many, {"x": "[1, 2]"}, [1, 2]),
        (place, {"x": '{"city": "Oslo"}'}, Place(city="Oslo")),
        (place, {"x": {"city": ["Oslo"], "zoom": None}}, Place(city="Oslo")),
        (place, {"x": {"city": "Oslo", "inner": {"city": "Bergen", "zoom": None}}}, None),
        (places, {"x": [{"city": "Oslo", "zoom": None}]}, [Place(city="Oslo")]),
        (map_of_places, {"x": {"k": {"city": "Oslo", "zoom": None}}}, {"k": Place(city="Oslo")}),
        (union, {"x": [5]}, 5),
        (union, {"x": '["a"]'}, ["a"]),
        (nullable, {"x": None}, None),
        (nullable, {"x": "null"}, None),
        (text, {"x": "\ud83d\ude00 \ud800"}, "😀 \N{REPLACEMENT CHARACTER}"),
        (anything, {"x": {"a": [1, None]}}, {"a": [1, None]}),
    ],
)
def test_case_50_what_models_slip_on_is_mended(function, arguments, expected):
    if expected is None and function is place:
        expected = Place(city="Oslo", inner=Place(city="Bergen"))
    before = json.dumps(arguments)
    assert bind(function, arguments) == {"x": expected}
    assert json.dumps(arguments) == before


def test_null_for_an_optional_parameter_means_not_given():
    assert bind(maybe, {"x": None}) == {}


@pytest.mark.parametrize(
    ("function", "arguments", "lines"),
    [
        (one, {}, ["- x: required, but missing"]),
        (one, {"x": 1, "y": None}, ["- y: there is no such parameter"]),
        (one, {"x": 1, "p0": 1}, ["- p0: there is no such parameter"]),
        (one, {"x": None}, ["- x: Input should be a valid integer (got null)"]),
        (one, {"x": [1, 2]}, ["- x: Input should be a valid integer (got [1, 2])"]),
        (text, {"x": 42, "z": 1}, ["- x: Input should be a valid string (got 42)", "- z: there is no such parameter"]),
        (real, {"x": float("nan")}, ["- x: nan is not a JSON number"]),
        (real, {"x": "NaN"}, ["- x: nan is not a JSON number"]),
        (anything, {"x": [1, {"a": float("inf")}]}, ["- x[1].a: inf is not a JSON number"]),
        (
            many,
            {"x": [1, "b"]},
            ['- x[1]: Input should be a valid integer, unable to parse string as an integer (got "b")'],
        ),
        (place, {"x": {}}, ["- x.city: required, but missing"]),
        (place, {"x": 3}, ["- x: Input should be an object (got 3)"]),
        (mapping, {"x": {"a": None}}, ["- x.a: Input should be a valid integer (got null)"]),
        (map_of_places, {"x": {"a": None}}, ["- x.a: Input should be an object (got null)"]),
        (pair, {"x": [{"city": "a", "zoom": None}, 1]}, ["- x[0].zoom: Input should be a valid integer (got null)"]),
        (bounded, {"x": "[1, 2]"}, ['- x: String should have at most 2 characters (got "[1, 2]")']),
        (
            union,
            {"x": {}},
            ["- x: Input should be a valid integer (got {}); or Input should be a valid array (got {})"],
        ),
        (lambda: None, {"x": 1}, ["- x: there is no such parameter"]),
    ],
)
def test_row_h5_each_field_and_its_reason_on_one_line(function, arguments, lines):
    assert complaint(function, arguments).splitlines() == lines


def test_a_validators_own_words_stay_on_one_line():
    def go(x: Picky) -> None: ...

    assert complaint(go, {"x": {"n": 1}}) == "- x.n: Value error, line one line two (got 1)"


def test_long_inputs_are_cut_in_the_complaint():
    assert len(complaint(one, {"x": "y" * 10_000})) < 200


def test_huge_numbers_deep_nests_and_foreign_values_are_refused():
    assert complaint(real, {"x": 10**400}).startswith("- x: Input should be a ")
    assert "4300 digits" in complaint(real, {"x": 10**5000})
    nest: list[Any] = []
    for _ in range(50_000):
        nest = [nest]
    assert complaint(anything, {"x": nest}) == "- arguments: nested too deeply"
    assert complaint(anything, {"x": object()}) == "- arguments: Object of type object is not JSON serializable"


def test_nesting_that_python_bears_but_the_checker_does_not_is_refused():
    nest: list[Any] = []
    for _ in range(250):
        nest = [nest]
    assert complaint(anything, {"x": nest}).startswith("- arguments: ")


BINDERS = [parameters_of(function).bind for function in (one, maybe, place, union, nullable)]
VALUES = (
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["[1]", "null", '{"city": "a"}'])
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["x", "y"]), VALUES | st.lists(VALUES | st.lists(VALUES, max_size=2), max_size=2))
)
def test_whatever_a_model_says_gives_arguments_or_a_complaint(arguments):
    for bind_ in BINDERS:
        try:
            assert set(bind_(arguments)) <= {"x"}
        except ArgumentsError as error:
            assert str(error).startswith("- ")


# read_arguments


def request(arguments: Any = None, raw: str | None = None) -> ContentToolRequest:
    return ContentToolRequest("1", "it", arguments, raw)


@pytest.mark.parametrize("raw", [None, "", "  \n", "null", "{}"])
def test_row_h3_no_arguments_at_all(raw):
    assert read_arguments(request(raw=raw)) == {}


def test_an_object_is_taken_as_it_is():
    arguments = {"a": 1}
    assert read_arguments(request(arguments)) is arguments


@pytest.mark.parametrize("raw", ['{"a": 1}', '"{\\"a\\": 1}"'])
def test_case_50_an_object_is_found_in_the_raw_text_even_encoded_twice(raw):
    assert read_arguments(request(raw=raw)) == {"a": 1}


@pytest.mark.parametrize(
    ("raw", "kind"),
    [("[1]", "an array"), ('"x"', "a string"), ("3", "a number"), ("2.5", "a number"), ("true", "a boolean")],
)
def test_row_h4_object_expected(raw, kind):
    with pytest.raises(ArgumentsError, match=f"object expected, got {kind}"):
        read_arguments(request(raw=raw))


def test_row_h4_also_when_the_decoder_let_it_pass():
    with pytest.raises(ArgumentsError, match="object expected, got an array"):
        read_arguments(request([1]))
    with pytest.raises(ArgumentsError, match="object expected, got set"):
        read_arguments(request({1}))


def test_row_h2_the_position_is_named():
    with pytest.raises(ArgumentsError, match=r"not valid JSON: .* at line 2, column \d+ \(character \d+\)"):
        read_arguments(request(raw='{"a":\n 1, "b'))


def test_row_h2_numbers_and_nests_beyond_bounds():
    with pytest.raises(ArgumentsError, match="not valid JSON: Exceeds"):
        read_arguments(request(raw='{"a": ' + "1" * 5000 + "}"))
    with pytest.raises(ArgumentsError, match="not valid JSON: "):
        read_arguments(request(raw="[" * 100_000))
