"""Rewording schemas of typed answers; those of tools are tested with the tools."""

import copy
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from chatkit._types.answer import answer_of
from chatkit._types.schema import allows_strict, array_of, object_of, rewritten, strict_schema, without_titles
from chatkit.testing._request_rules import _strict_faults


class Cat(BaseModel):
    """A cat."""

    kind: Literal["cat"] = Field(description="What it is.")
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    friend: "Dog | None" = None
    cats: list[Cat] = []


class House(BaseModel):
    owner: Cat | Dog | None = Field(None, description="Who owns it.")
    guard: Annotated[Cat | Dog, Field(discriminator="kind", description="Who guards it.")]
    first: Cat = Field(description="Who came first.")
    mood: Literal["good", "bad"] | None = None
    always: Literal["x"] = "x"
    size: float | None = Field(None, ge=0)
    either: int | str = 3


@pytest.mark.parametrize("kind", [Cat, Dog, House, list[House], House | None, dict[str, int] | None])
def test_what_strict_says_is_strict(kind):
    schema = answer_of(kind).schema
    before = copy.deepcopy(schema)
    if allows_strict(schema):
        assert _strict_faults(strict_schema(schema), "$") == []
    else:
        assert "dict" in str(kind)
    assert schema == before


def test_a_tagged_union_becomes_a_plain_one():
    guard = strict_schema(answer_of(House).schema)["properties"]["guard"]
    assert guard == {"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}], "description": "Who guards it."}


def test_a_reference_stands_alone():
    first = strict_schema(answer_of(House).schema)["properties"]["first"]
    assert first == {"anyOf": [{"$ref": "#/$defs/Cat"}], "description": "Who came first."}


def test_case_40_what_is_optional_becomes_nullable_whatever_it_is():
    strict = strict_schema(answer_of(House).schema)
    assert strict["required"] == list(House.model_fields)
    assert strict["properties"]["always"] == {"anyOf": [{"const": "x", "type": "string"}, {"type": "null"}]}
    assert {"type": "null"} in strict["properties"]["owner"]["anyOf"]
    assert {"type": "null"} in strict["properties"]["mood"]["anyOf"]
    assert strict["$defs"]["Dog"]["properties"]["cats"]["type"] == ["array", "null"]
    both = {"type": "object", "properties": {"a": True, "b": {"enum": [1]}, "c": {"type": ["string", "null"]}}}
    named = {"enum": [1, None], "type": ["integer", "null"]}
    assert strict_schema(both)["properties"] == {"a": True, "b": named, "c": {"type": ["string", "null"]}}


@pytest.mark.parametrize(
    "part",
    [
        {"type": "object"},
        {"type": "object", "additionalProperties": True, "properties": {}},
        {"description": "anything"},
        {"type": "array", "prefixItems": [{"type": "string"}]},
        {"allOf": [{"type": "string"}]},
        {"oneOf": [{"type": "string"}]},
        {"type": "object", "properties": {}, "patternProperties": {"a": {"type": "string"}}},
        {"type": "string", "not": {"const": "a"}},
        {"type": "string", "if": {"const": "a"}, "then": {"const": "b"}},
        {"type": "array", "items": {"type": "array", "items": {}}},
    ],
)
def test_what_strict_cannot_say(part):
    assert not allows_strict({"type": "object", "properties": {"a": part}})
    assert not allows_strict({"type": "array", "items": part})


def test_every_schema_in_a_schema_is_reached():
    found: list[Any] = []
    schema = {
        "properties": {"n1": {"items": {"x": "n2"}}},
        "$defs": {"n3": {"anyOf": [{"x": "n4"}, True]}},
        "additionalProperties": {"not": {"x": "n5"}},
        "if": {"x": "n6"},
        "default": {"properties": {"x": "no"}},
    }
    rewritten(schema, lambda part: found.append(part.get("x")) or part)
    assert sorted(filter(None, found)) == ["n2", "n4", "n5", "n6"]


def test_composing():
    part = {"$ref": "#/definitions/A", "definitions": {"A": {"type": "string"}}}
    assert array_of(part) == {
        "type": "array",
        "items": {"$ref": "#/definitions/A"},
        "definitions": {"A": {"type": "string"}},
    }
    made = object_of({"a": {"items": {"$ref": "#/items"}}}, [], True)
    assert made["properties"]["a"] == {"items": {"$ref": "#/properties/a/items"}}
    assert made["additionalProperties"] is True
    remote = {"$ref": "https://example.com"}
    assert array_of(remote)["items"] == remote


def test_titles():
    schema = {"title": "A", "properties": {"title": {"title": "Title", "type": "string"}}}
    assert without_titles(schema) == {"properties": {"title": {"type": "string"}}}


@pytest.mark.parametrize(
    ("part", "strict"),
    [
        (
            {"enum": [1, "a", True, None]},
            {"enum": [1, "a", True, None], "type": ["integer", "string", "boolean", "null"]},
        ),
        ({"const": "a"}, {"const": "a", "type": "string"}),
        ({"enum": [[1], "a"]}, {"enum": [[1], "a"]}),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
        (
            {"type": "string", "format": "uri", "description": "Where."},
            {"type": "string", "description": "Where. (format: uri)"},
        ),
        ({"type": "string", "pattern": "^(?!a)"}, {"type": "string", "description": "(pattern: ^(?!a))"}),
        ({"type": "string", "pattern": "^(?:a)"}, {"type": "string", "pattern": "^(?:a)"}),
        (
            {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            {"type": "array", "items": {"type": "string"}, "description": "(uniqueItems: true)"},
        ),
    ],
)
def test_strict_says_in_words_what_strict_servers_refuse(part, strict):
    before = copy.deepcopy(part)
    assert allows_strict(part)
    assert strict_schema(part) == strict
    assert part == before


@pytest.mark.parametrize(
    "part",
    [
        {"type": ["object", "null"]},
        {"type": "array"},
        {"type": ["array", "null"], "items": True},
        {"type": "object", "properties": {"x": True}},
    ],
)
def test_strict_cannot_say_that_anything_goes(part):
    assert not allows_strict(part)
