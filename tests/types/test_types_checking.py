"""Raw JSON schemas: what is one, and the check of values against it."""

from types import MappingProxyType

import pytest
from pydantic_core import PydanticCustomError

from chatkit._errors import ConfigError
from chatkit._types.checking import SchemaCheck, as_schema
from chatkit._types.paths import NotOfTypeError

DEEP = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer", "maximum": 9}}}}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "nonsense"}, "at \\$.type, 'nonsense'"),
        ({"properties": {"a": {"minimum": "x"}}}, "at \\$.properties.a.minimum"),
        ({"$ref": "#/$defs/Missing"}, "'#/\\$defs/Missing' is nowhere in it"),
        ({"items": {"$ref": "https://example.com/schema.json"}}, "is nowhere in it"),
        ({"items": {"$ref": "other.json#/a"}}, "is nowhere in it"),
        # jsonschema tells it by itself where packages for its formats are installed.
        ({"$ref": "#/%"}, "is nowhere in it|uri-reference"),
        ({"type": "string", "pattern": "("}, "at \\$.pattern, '\\(' is not a 'regex'"),
        ({"patternProperties": {"[": {}}}, "regex"),
        ({"$schema": []}, "unhashable|attribute|type"),
        ({"$schema": 3}, "attribute|type"),
        (3, "but int"),
        ("3", "but int"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_schema(schema, words):
    with pytest.raises(ConfigError, match=words):
        as_schema(schema)


def test_any_mapping_will_do():
    assert as_schema(MappingProxyType(DEEP)) == DEEP


def test_older_drafts_are_known():
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "integer"}]}
    assert SchemaCheck(as_schema(schema)).problems(["a"]) == {"$[0]": "'a' is not of type 'integer'"}


def test_a_schema_nested_too_deeply_to_be_checked():
    schema = {}
    for _ in range(3000):
        schema = {"not": schema}
    with pytest.raises(ConfigError):
        as_schema(schema)


def test_problems_by_path():
    check = SchemaCheck(DEEP)
    assert check.problems({"a": [1, 2]}) == {}
    assert check.problems({"a": [1, "x", 10]}) == {
        "$.a[1]": "'x' is not of type 'integer'",
        "$.a[2]": "10 is greater than the maximum of 9",
    }
    assert check.problems(3) == {"$": "3 is not of type 'object'"}


def test_several_problems_at_one_place():
    found = SchemaCheck({"minLength": 3, "pattern": "^[0-9]+$"}).problems("x")
    assert found == {"$": "'x' is too short; and 'x' does not match '^[0-9]+$'"}


def test_long_values_are_cut():
    found = SchemaCheck({"type": "integer"}).problems("x" * 10_000)
    assert len(found["$"]) < 300


def test_a_value_nested_too_deeply():
    value: list = []
    for _ in range(5000):
        value = [value]
    assert SchemaCheck({"items": {"$ref": "#"}}).problems(value) == {"$": "nested too deeply"}


def test_as_a_function_it_gives_the_value_or_raises():
    check = SchemaCheck(DEEP)
    value = {"a": [1]}
    assert check(value) is value
    with pytest.raises(PydanticCustomError, match="'x' is not of type"):
        check({"a": ["x"]})


def test_a_null_that_does_not_fit_stands_for_what_was_not_given():
    pair = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": ["integer", "null"]}}}
    either = {"anyOf": [{"type": "array", "items": pair}, {"type": "string"}]}
    check = SchemaCheck({"type": "object", "properties": {"a": either, "b": {"enum": [1]}}, "required": ["a"]})
    value = {"a": [{"x": None, "y": None}], "b": None}
    assert check.fitted(value) == {"a": [{"y": None}]}
    assert value == {"a": [{"x": None, "y": None}], "b": None}
    for wrong in ({"a": None}, {"a": "x", "b": 2}, {"a": [{"x": None}], "b": 2}):
        with pytest.raises(NotOfTypeError):
            check.fitted(wrong)


def test_what_is_nested_too_deeply_does_not_fit():
    schema = {"type": "array", "items": {"$ref": "#"}}
    value: list = []
    for _ in range(5000):
        value = [value]
    with pytest.raises(NotOfTypeError) as caught:
        SchemaCheck(schema).fitted(value)
    assert caught.value.problems == {"$": "nested too deeply"}
