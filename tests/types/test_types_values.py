"""Ellmer's types: what they describe, and the checks that they make."""

import json
import pickle
from typing import Annotated

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from chatkit._errors import ConfigError
from chatkit._types.kinds import TypeIgnore
from chatkit._types.values import (
    type_array,
    type_boolean,
    type_enum,
    type_from_schema,
    type_ignore,
    type_integer,
    type_number,
    type_object,
    type_string,
)

NODE = {
    "type": "object",
    "description": "A node.",
    "properties": {"next": {"$ref": "#"}, "kind": {"$ref": "#/$defs/Kind"}},
    "$defs": {"Kind": {"enum": ["a", "b"]}},
}


@pytest.mark.parametrize(
    ("made", "schema"),
    [
        (type_string(), {"type": "string"}),
        (type_integer("How many."), {"type": "integer", "description": "How many."}),
        (type_number("", required=False), {"type": "number", "description": ""}),
        (type_boolean(), {"type": "boolean"}),
        (type_enum(["a", "b"], "One."), {"type": "string", "enum": ["a", "b"], "description": "One."}),
        (type_enum([1, True, "x"]), {"type": ["integer", "boolean", "string"], "enum": [1, True, "x"]}),
        (type_array(type_string("s"), "All."), {"type": "array", "items": {"type": "string", "description": "s"}}),
        (
            type_object("It.", a=type_string(), b=type_integer(required=False), c=type_ignore()),
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
                "required": ["a"],
                "additionalProperties": False,
                "description": "It.",
            },
        ),
        (
            type_object(additional_properties=True),
            {"type": "object", "properties": {}, "required": [], "additionalProperties": True},
        ),
        (type_from_schema({"type": "object", "description": "d"}), {"type": "object", "description": "d"}),
    ],
)
def test_the_schema(made, schema):
    found = made.schema()
    assert {key: found[key] for key in schema} == schema
    assert found.get("description") == made.description
    # The same schema, wherever pydantic makes one of it.
    model = TypeAdapter(made.annotation()).json_schema()
    assert {key: model[key] for key in schema} == schema


def test_what_is_required():
    assert type_string().required and not type_string(required=False).required
    assert not type_array(type_string(), required=False).required
    assert not type_object(required=False).required
    assert not type_enum(["a"], required=False).required
    assert not type_from_schema("{}", required=False).required
    assert not type_ignore().required


@pytest.mark.parametrize(
    ("made", "text", "value"),
    [
        (type_string(), '"x"', "x"),
        (type_string(), '["x"]', "x"),
        (type_integer(), "3", 3),
        (type_integer(), "3.0", 3),
        (type_integer(), "[3.0]", 3),
        (type_number(), "3", 3.0),
        (type_boolean(), "true", True),
        (type_enum(["a", 1]), "1", 1),
        (type_enum(["a", 1]), '["a"]', "a"),
        (type_array(type_array(type_integer())), "[[1], []]", [[1], []]),
        (type_object(a=type_string(), b=type_string(required=False)), '{"a": "x", "z": 1}', {"a": "x", "b": None}),
        (type_object(_x=type_string(), json=type_integer()), '{"_x": "x", "json": 1}', {"_x": "x", "json": 1}),
        (type_object(a=type_string(), additional_properties=True), '{"a": "x", "z": 1}', {"a": "x", "z": 1}),
        (type_from_schema({"type": ["integer", "null"]}), "null", None),
    ],
)
def test_what_fits(made, text, value):
    found = TypeAdapter(made.annotation()).validate_json(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (type_string(), "3"),
        (type_string(), '["a", "b"]'),
        (type_integer(), '"3"'),
        (type_integer(), "3.5"),
        (type_integer(), "true"),
        (type_number(), '"3"'),
        (type_boolean(), "1"),
        (type_enum(["a"]), '"b"'),
        (type_array(type_string()), '"a"'),
        (type_object(a=type_string()), "{}"),
        (type_object(a=type_string()), '{"a": null}'),
        (type_object(a=type_string()), "[]"),
        (type_from_schema('{"type": "integer"}'), '"3"'),
    ],
)
def test_what_does_not_fit(made, text):
    with pytest.raises(ValidationError):
        TypeAdapter(made.annotation()).validate_json(text)


def test_a_type_may_stand_in_a_model():
    hint = type_object("Where.", x=type_integer())

    class Holder(BaseModel):
        place: hint.annotation()  # type: ignore[valid-type]

    assert Holder.model_validate_json('{"place": {"x": 1}}').place == {"x": 1}
    assert Holder.model_json_schema()["properties"]["place"]["description"] == "Where."


def test_a_schema_inside_of_another_keeps_its_references():
    schema = type_array(type_object(node=type_from_schema(NODE))).schema()
    assert schema["$defs"] == {"Kind": {"enum": ["a", "b"]}}
    node = schema["items"]["properties"]["node"]
    assert node["properties"] == {
        "next": {"$ref": "#/items/properties/node"},
        "kind": {"$ref": "#/$defs/Kind"},
    }
    assert NODE["properties"]["next"] == {"$ref": "#"}


def test_pydantic_is_not_told_of_references():
    assert TypeAdapter(type_from_schema(NODE).annotation()).json_schema() == {"description": "A node."}


def test_a_property_with_a_slash_in_its_name():
    schema = type_object(**{"a/b~": type_from_schema(NODE)}).schema()
    assert schema["properties"]["a/b~"]["properties"]["next"] == {"$ref": "#/properties/a~1b~0"}


def test_two_schemas_that_contradict_each_other():
    other = {**NODE, "$defs": {"Kind": {"type": "string"}}}
    assert type_object(a=type_from_schema(NODE), b=type_from_schema(NODE)).schema()
    with pytest.raises(ConfigError, match="'Kind'"):
        type_object(a=type_from_schema(NODE), b=type_from_schema(other)).schema()


def test_a_schema_from_a_file(tmp_path):
    file = tmp_path / "node.json"
    file.write_text(json.dumps(NODE))
    assert type_from_schema(path=file) == type_from_schema(json.dumps(NODE)) == type_from_schema(path=str(file))


def test_a_schema_is_a_copy():
    given = {"type": "object", "properties": {}}
    made = type_from_schema(given)
    given["properties"]["a"] = {"type": "string"}
    assert made.schema()["properties"] == {}


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: type_string(3), "description"),
        (lambda: type_enum([]), "at least one"),
        (lambda: type_enum("abc"), "a list"),
        (lambda: type_enum([1.5]), "whole numbers"),
        (lambda: type_enum([None]), "strings"),
        (lambda: type_array(str), "`items`"),
        (lambda: type_object(a=str), "`a`"),
        (lambda: type_from_schema(), "either"),
        (lambda: type_from_schema("{}", path="x"), "either"),
        (lambda: type_from_schema("{"), "not valid JSON"),
        (lambda: type_from_schema("[]"), "but list"),
        (lambda: type_from_schema(path="/nowhere/at/all.json"), "No such file"),
        (lambda: type_ignore().schema(), "no value"),
        (lambda: type_ignore().annotation(), "no value"),
        (lambda: type_array(type_ignore()).schema(), "no value"),
    ],
)
def test_mistakes_are_told(act, words):
    with pytest.raises(ConfigError, match=words):
        act()


def test_a_file_that_is_no_text(tmp_path):
    file = tmp_path / "schema.json"
    file.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigError, match="UTF-8"):
        type_from_schema(path=file)


def test_an_argument_to_ignore_is_a_note_in_a_type_hint():
    assert isinstance(Annotated[int, type_ignore()].__metadata__[0], TypeIgnore)
    with pytest.raises(ConfigError):
        type_ignore()._checked()


def test_they_are_values():
    made = type_object("It.", a=type_array(type_enum(["x"])), b=type_integer())
    assert made == type_object("It.", a=type_array(type_enum(["x"])), b=type_integer())
    assert made != type_object("It.", a=type_array(type_enum(["y"])), b=type_integer())
    assert pickle.loads(pickle.dumps(made)) == made
    assert len({type_string(), type_string(), type_integer(), hash(made) and made}) == 3
    with pytest.raises(AttributeError):
        made.required = False
    with pytest.raises(TypeError):
        made.properties["c"] = type_string()
