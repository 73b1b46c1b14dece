"""The offline stand-in's form filling: whatever it fills in fits the schema."""

import datetime
import decimal
import enum
import json
import uuid
from typing import Annotated, Any, Literal, Optional, Union

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, create_model

from chatkit.testing._schema_filler import fill

PROMPT = 'Susan (13, 1.5 m) wrote "Moby Dick" to Bob on 2024-05-06: 7 pages, red.'


class Colour(enum.Enum):
    BLUE = "blue"
    RED = "red"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str]


class Tree(BaseModel):
    name: str
    children: list["Tree"]


class Chain(BaseModel):
    value: int
    rest: Optional["Chain"]


class Person(BaseModel):
    name: str
    age: int
    height: float | None = None
    friends: list["Person"] = []


PLAIN = [int, float, str, bool, type(None), datetime.date, datetime.datetime, datetime.time, uuid.UUID, decimal.Decimal]
BOUNDED = [
    Annotated[int, Field(ge=5)],
    Annotated[int, Field(gt=0, lt=3)],
    Annotated[int, Field(multiple_of=7, ge=20)],
    Annotated[int, Field(multiple_of=5, ge=3, le=11)],
    Annotated[float, Field(gt=0, lt=1)],
    Annotated[float, Field(le=-2)],
    Annotated[str, Field(min_length=200)],
    Annotated[str, Field(max_length=2)],
    Annotated[list[int], Field(min_length=5)],
    Annotated[list[int], Field(max_length=1)],
    Annotated[set[int], Field(min_length=6)],
    Annotated[set[str], Field(min_length=6)],
    Annotated[set[bool | int], Field(min_length=1)],
    Annotated[set[Colour], Field(min_length=2)],
]
COMPOSED = [
    Literal["a", "red"],
    Literal[1, 2],
    Literal["only"],
    Colour,
    Any,
    object,
    Cat,
    Dog,
    Cat | Dog,
    Annotated[Union[Cat, Dog], Field(discriminator="kind")],  # noqa: UP007
    list[Annotated[Cat | Dog, Field(discriminator="kind")]],
    Tree,
    Chain,
    Person,
    list[Person],
    dict[str, int],
    dict[str, Person],
    tuple[int, str],
    tuple[int, ...],
    tuple[Person, Person],
    list[list[int]],
    list[Colour | None],
    int | str | None,
    str | list[str],
    None | Tree,
]


def fits(annotation: Any, prompt: str) -> Any:
    """Fill in the schema of a type and validate what comes out; return it."""
    adapter = TypeAdapter(annotation)
    value = fill(adapter.json_schema(), prompt)
    adapter.validate_json(json.dumps(value))
    return value


@pytest.mark.parametrize("prompt", [PROMPT, "", "nothing to find here"])
@pytest.mark.parametrize("annotation", [*PLAIN, *BOUNDED, *COMPOSED], ids=str)
def test_what_is_filled_in_fits(annotation, prompt):
    fits(annotation, prompt)


def model_of(fields: list[Any]) -> Any:
    return create_model("Made", **{f"field_{place}": (one, ...) for place, one in enumerate(fields)})


leaves = st.sampled_from([int, str, float, bool, Colour, Literal["x", 3], Annotated[int, Field(ge=3, le=4)], Cat])
types = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda one: list[one]),
        inner.map(lambda one: one | None),
        inner.map(lambda one: dict[str, one]),
        st.tuples(inner, inner).map(lambda pair: tuple[pair]),
        st.tuples(inner, inner).map(lambda pair: Union[pair]),  # noqa: UP007
        inner.map(lambda one: Annotated[list[one], Field(min_length=2, max_length=3)]),
        st.lists(inner, min_size=1, max_size=3).map(model_of),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60)
@given(types, st.sampled_from([PROMPT, "", "a 4 and 'x' and Blue"]) | st.text(max_size=30))
def test_made_up_types_fit_too(annotation, prompt):
    fits(annotation, prompt)


def test_values_come_from_the_prompt_in_order():
    schema = TypeAdapter(Person).json_schema()
    assert fill(schema, "Susan is 13 and 1.62 tall") == {"name": "Susan", "age": 13, "height": 1.62}


def one(kind: Any, prompt: str, name: str = "x") -> Any:
    schema = kind if isinstance(kind, dict) else {"type": kind}
    return fill({"type": "object", "properties": {name: schema}, "required": [name]}, prompt)[name]


@pytest.mark.parametrize(
    ("kind", "prompt", "value"),
    [
        ("integer", "add 1.5 and 2", 2),
        ("integer", "add -4", -4),
        ("integer", "x = 7, not 3", 7),
        ("number", "1.5 and 2", 1.5),
        ("number", "version v2 of gpt-4", 0),
        ("string", "greet 'Ada Lovelace' now", "Ada Lovelace"),
        ("string", "don't stop 'now'", "now"),
        ("string", "the weather in New York today", "New York"),
        ("string", "What's up in Paris?", "Paris"),
        ("string", "x: Berlin.", "Berlin"),
        ("string", 'the x is "two words" here', "two words"),
        ("string", "nothing", "nothing"),
        ("boolean", "x: no", False),
        ("boolean", "x = yes", True),
        ("boolean", "whatever", True),
        ("array", "1 2", []),
        ({"type": "array", "items": {"type": "integer"}}, "1, 2 and 3", [1, 2, 3]),
        ({"type": "array", "items": {"type": "string"}}, "'a' and 'b'", ["a", "b"]),
        ({"type": "array", "items": {"type": "string"}}, "x: salt and `pepper`", ["salt", "pepper"]),
        ({"enum": ["red", "dark blue"]}, "a dark_blue one", "dark blue"),
        ({"enum": ["red", "blue"]}, "a bluer one", "red"),
        ({"type": "integer", "minimum": 10}, "3 or 12", 12),
        ({"type": "integer", "default": 9}, "none", 9),
        ({"type": ["string", "null"]}, "none", "none"),
        ({"type": ["integer", "null"]}, "take 3", 3),
        ({"allOf": [{"type": "integer"}, {"minimum": 4}]}, "1", 4),
        ({"type": "string", "format": "date"}, "Bob", "2024-01-02"),
        (True, "x", None),
        ({"$ref": "#/nowhere/at/all"}, "x", None),
        ({"$ref": "#/properties/x"}, "x", None),
    ],
)
def test_single_fields(kind, prompt, value):
    assert one(kind, prompt) == value


def test_optional_fields_are_filled_only_when_the_prompt_speaks_for_them():
    schema = {
        "properties": {
            "count": {"type": "integer"},
            "unit": {"enum": ["C", "F"]},
            "deep": {"type": "object", "properties": {}},
            "tags": {"type": "array", "items": {"type": "integer"}},
            "quick": {"type": "boolean"},
        }
    }
    assert fill(schema, "nothing") == {}
    assert fill(schema, "3 degrees F, 4, quick: on") == {"count": 3, "unit": "F", "tags": [4], "quick": True}


def test_a_tag_in_the_prompt_chooses_among_tagged_objects():
    adapter = TypeAdapter(Annotated[Cat | Dog, Field(discriminator="kind")])
    assert fill(adapter.json_schema(), "a dog that can 'roll'") == {"kind": "dog", "tricks": ["roll"]}


def test_required_fields_without_a_schema_are_filled():
    assert fill({"type": "object", "required": ["city"]}, "the city is Rome") == {"city": "Rome"}


def test_a_schema_without_end_is_refused():
    endless = {"$ref": "#/$defs/N", "$defs": {"N": {"properties": {"n": {"$ref": "#/$defs/N"}}, "required": ["n"]}}}
    with pytest.raises(ValueError, match="without end"):
        fill(endless, "x")


def test_a_union_of_objects_and_others_ends():
    schema = {
        "$ref": "#/$defs/N",
        "$defs": {
            "N": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/N"}, "minItems": 1}, {"type": "string"}]}
        },
    }
    assert "x" in str(fill(schema, "x"))
