"""Answers of a type: what a model is told, and what becomes of what it writes."""

import dataclasses
import datetime
import enum
import json
import typing
from typing import Annotated, Any, Generic, Literal, NotRequired, Required, TypedDict, TypeVar

import pytest
import typing_extensions
from pydantic import BaseModel, ConfigDict, Field, RootModel

from chatkit._errors import ConfigError
from chatkit._types.answer import answer_of
from chatkit._types.paths import NotOfTypeError
from chatkit._types.values import type_array, type_from_schema, type_object, type_string

X = TypeVar("X")


class Person(BaseModel):
    """A person."""

    name: str
    age: int = 3


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class Page(BaseModel, Generic[X]):
    items: list[X]


class Numbers(RootModel[list[int]]):
    pass


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Inner(TypedDict):
    x: int


class Outer(TypedDict, total=False):
    """The outer one."""

    inner: Required[Inner]
    more: "dict[str, list[Inner] | None]"
    noted: Annotated[Inner, "a note"]
    other: NotRequired[int]
    modern: "Modern"


class Modern(typing_extensions.TypedDict):
    y: int


class Loop(TypedDict):
    again: "list[Loop]"


@dataclasses.dataclass
class Event:
    when: datetime.date
    strict: bool = False


class Color(enum.Enum):
    RED = "red"


def problems(kind: Any, data: Any) -> dict[str, str]:
    with pytest.raises(NotOfTypeError) as caught:
        answer_of(kind).value(data)
    assert caught.value.problems
    assert str(caught.value)
    return caught.value.problems


@pytest.mark.parametrize(
    ("kind", "name", "wrapped", "arrays"),
    [
        (Person, "Person", False, False),
        (Node, "Node", False, False),
        (Page[int], "Page_int", False, False),
        (Outer, "Outer", False, False),
        (Event, "Event", False, False),
        (dict[str, int], "answer", False, False),
        (Numbers, "answer", True, True),
        (list[Person], "answer", True, True),
        (Color, "answer", True, False),
        (int, "answer", True, False),
        (Cat | Dog, "answer", True, False),
        (type_object(a=type_string()), "answer", False, False),
        (type_array(type_string()), "answer", True, True),
        ({"type": "object"}, "answer", False, False),
        ({"anyOf": [{"type": "array"}, {"type": "null"}]}, "answer", True, True),
    ],
)
def test_the_root_is_an_object(kind, name, wrapped, arrays):
    answer = answer_of(kind)
    assert (answer.name, answer.wrapped, answer.arrays) == (name, wrapped, arrays)
    assert answer.schema["type"] == "object"
    assert answer.root_path == ("$.answer" if wrapped else "$")
    json.dumps(answer.schema)


def test_a_long_name_is_cut():
    long = type("P" * 80, (Person,), {})
    assert answer_of(long).name == "P" * 64


def test_a_type_of_other_letters_has_a_name_all_the_same():
    assert answer_of(type("人", (Person,), {})).name == "answer"


def test_the_description():
    assert answer_of(Person).description == "A person."
    assert answer_of(Outer).description == "The outer one."
    assert answer_of(Node).description == ""
    assert answer_of({"type": "object", "description": "Mine."}).description == "Mine."


def test_what_refers_to_itself():
    answer = answer_of(Node)
    assert answer.schema["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}
    assert answer.value({"value": 1, "children": [{"value": 2}]}).children[0].value == 2
    listed = answer_of(list[Node]).schema
    assert listed["$defs"].keys() == {"Node"}
    raw = answer_of({"type": "array", "items": {"$ref": "#"}})
    assert raw.schema["properties"]["answer"]["items"] == {"$ref": "#/properties/answer"}
    assert raw.value({"answer": [[], [[]]]}) == [[], [[]]]


def test_where_a_schema_comes_from_is_not_told():
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "$id": "x", "type": "object", "properties": {}}
    answer = answer_of(schema)
    assert answer.schema == {"type": "object", "properties": {}}
    assert answer.value({"a": 1}) == {"a": 1}


def test_titles_are_left_out_but_not_a_property_of_that_name():
    class Book(BaseModel):
        title: str

    assert answer_of(Book).schema["properties"] == {"title": {"type": "string"}}


def test_typed_dicts_of_the_standard_library():
    answer = answer_of(Outer)
    assert answer.schema["required"] == ["inner"]
    value = {"inner": {"x": 1}, "more": {"a": [{"x": 2}], "b": None}, "noted": {"x": 3}, "modern": {"y": 4}}
    assert answer.value(value) == value
    assert problems(Outer, {"inner": {}, "more": {"a": [{}]}}) == {
        "$.inner.x": "required, but missing",
        "$.more.a[0].x": "required, but missing",
    }
    assert answer_of(typing.Optional[Inner]).value({"answer": {"x": 1}}) == {"x": 1}  # noqa: UP045
    assert answer_of(Inner | None).value({"answer": None}) is None
    assert answer_of(typing.List[Inner]).value({"answer": [{"x": 1}]}) == [{"x": 1}]  # noqa: UP006


def test_values_are_of_the_type():
    assert answer_of(Event).value({"when": "2026-01-02"}) == Event(datetime.date(2026, 1, 2))
    assert answer_of(Color).value({"answer": "red"}) is Color.RED
    assert answer_of(Numbers).value({"answer": [1]}).root == [1]
    assert answer_of(Page[Person]).value({"items": [{"name": "A"}]}).items == [Person(name="A")]


def test_json_is_checked_as_json():
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True)
        when: datetime.date
        pair: tuple[int, int]

    assert answer_of(Strict).value({"when": "2026-01-02", "pair": [1, 2]}).pair == (1, 2)


def test_the_object_around_it_may_be_missing():
    assert answer_of(int).value(3) == 3
    assert answer_of(list[int]).value([1]) == [1]
    assert answer_of(dict[str, int]).value({"answer": 3}) == {"answer": 3}


def test_null_for_what_was_not_given():
    # A strict schema lists all properties as required, and null is how a model says that there is no value.
    assert answer_of(Person).value({"name": "Ann", "age": None}).age == 3
    assert answer_of(list[Person]).value({"answer": [{"name": "Ann", "age": None}]})[0].age == 3
    assert problems(Person, {"name": None, "age": None}).keys() == {"$.name", "$.age"}
    assert problems(list[int], {"answer": [None]}) == {"$[0]": "Input should be a valid integer (got null)"}
    assert problems(int, {"answer": None}).keys() == {"$"}


def test_problems_by_path():
    assert problems(Person, []) == {"$": "Input should be an object (got [])"}
    assert problems(dict[str, int], {"a b": "x", 'q"': "y"}).keys() == {'$["a b"]', '$["q\\""]'}
    assert problems(Person, {"name": "x" * 1000, "age": "y" * 1000})["$.age"].count("y") < 300


def test_members_of_a_union_are_no_places():
    found = problems(Cat | Dog, {"answer": {"kind": "cat", "lives": "x"}})
    assert found.keys() >= {"$.lives", "$.kind"}
    assert all(path.startswith("$.") and path.count(".") == 1 for path in found)
    tagged = Annotated[Cat | Dog, Field(discriminator="kind")]
    assert problems(tagged, {"answer": {"kind": "dog"}}) == {"$.name": "required, but missing"}


def test_several_problems_at_one_place():
    found = problems(int | datetime.date, {"answer": "x"})
    assert "; or " in found["$"]


def test_a_schema_inside_of_a_type_tells_its_own_paths():
    inner = type_from_schema({"type": "object", "properties": {"n": {"type": "integer"}}})
    assert problems(type_array(inner), {"answer": [{"n": 1}, {"n": "x"}]}) == {"$[1].n": "'x' is not of type 'integer'"}
    assert problems({"type": "object", "required": ["a"]}, {}) == {"$": "'a' is a required property"}


def test_half_a_character_is_replaced():
    assert answer_of(str).value({"answer": "a\ud800"}) == "a\ufffd"
    assert problems(int, "\ud800")["$"].endswith('(got "\ufffd")')


def test_what_is_nested_too_deeply():
    data: Any = []
    for _ in range(3000):
        data = [data]
    assert problems(list[Any], data).keys() == {"$"}
    for depth in (300, 500, 700, 900, 940, 980):
        data = []
        for _ in range(depth):
            data = [data]
        assert problems(list[Any], data).keys() == {"$"}


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "Person",
        [Person],
        (Person,),
        {1, 2},
        3,
        Person(name="x"),
        len,
        lambda: 3,
        typing.Callable[[], int],
    ],
)
def test_what_is_no_type_of_an_answer(kind):
    with pytest.raises(ConfigError) as caught:
        answer_of(kind)
    assert "Give a pydantic model" in caught.value.hint
    assert caught.value.__context__ is None


def test_what_holds_itself_without_end():
    try:
        assert answer_of(Loop).schema["type"] == "object"
    except ConfigError as error:
        assert "Loop" in str(error)


def test_a_part_of_an_answer():
    assert answer_of(Person).partial({"name": "A"}) == ({"name": "A"},)
    assert answer_of(list[int]).partial({"answer": [1]}) == ([1],)
    assert answer_of(list[int]).partial({}) == ()
    assert answer_of(list[int]).partial([1]) == ([1],)
