"""Schemas in words that every server understands: few references, no `oneOf`, closed objects."""

from __future__ import annotations

import copy
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from chatkit._tools.refs import tidied
from chatkit._tools.schema import parameters_of


class Leaf(BaseModel):
    """A leaf."""

    kind: Literal["leaf"] = "leaf"
    size: int


class Branch(BaseModel):
    kind: Literal["branch"]
    leaf: Leaf


class Node(BaseModel):
    children: list[Node] = []


class Ping(BaseModel):
    pong: Pong | None = None


class Pong(BaseModel):
    ping: Ping | None = None


def schema_of(function: Any) -> dict[str, Any]:
    return parameters_of(function, "it").schema


def test_what_is_used_once_stands_where_it_is_used():
    def it(branch: Annotated[Branch, "The branch."]) -> None: ...

    schema = schema_of(it)
    assert "$defs" not in schema
    branch = schema["properties"]["branch"]
    assert branch["description"] == "The branch."
    assert branch["properties"]["leaf"]["description"] == "A leaf."
    assert branch["properties"]["leaf"]["properties"]["size"] == {"type": "integer"}


def test_what_is_used_twice_is_defined_once():
    def it(a: Annotated[Leaf, "One."], b: Leaf, c: Leaf | None = None) -> None: ...

    schema = schema_of(it)
    assert list(schema["$defs"]) == ["Leaf"]
    assert schema["properties"]["a"] == {"$ref": "#/$defs/Leaf", "description": "One."}
    assert schema["properties"]["b"] == {"$ref": "#/$defs/Leaf"}
    assert schema["properties"]["c"]["anyOf"] == [{"$ref": "#/$defs/Leaf"}, {"type": "null"}]


def test_what_contains_itself_is_defined():
    def one(node: Node) -> None: ...
    def two(ping: Ping) -> None: ...

    assert schema_of(one)["$defs"]["Node"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}
    pong = schema_of(two)["$defs"]["Ping"]["properties"]["pong"]["anyOf"][0]
    assert pong["properties"]["ping"]["anyOf"][0] == {"$ref": "#/$defs/Ping"}


def test_branches_told_apart_by_a_field_become_any_of():
    def it(part: Annotated[Leaf | Branch, Field(discriminator="kind")]) -> None: ...

    part = schema_of(it)["properties"]["part"]
    assert part.keys() == {"anyOf"}
    # Leaf is used twice, by the branch too, and so it is defined; Branch stands in place.
    assert [option.get("type", "ref") for option in part["anyOf"]] == ["ref", "object"]


def test_one_of_without_a_discriminator_stays():
    schema = {"oneOf": [{"type": "string"}]}
    assert tidied(schema) == schema


def test_references_to_elsewhere_stay_and_the_input_is_not_touched():
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/properties/b"}, "b": {"$ref": "#/$defs/B"}, "c": {"$ref": "#/$defs/None"}},
        "$defs": {"B": {"type": "string", "title": "B"}, "Unused": {"$ref": "#/$defs/Unused"}},
    }
    before = copy.deepcopy(schema)
    tidy = tidied(schema)
    assert schema == before
    assert tidy["properties"] == {
        "a": {"$ref": "#/properties/b"},
        "b": {"type": "string"},
        "c": {"$ref": "#/$defs/None"},
    }
