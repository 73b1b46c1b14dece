"""What a strict endpoint demands of a request for a typed answer."""

import pytest

from chatkit.testing._request_rules import check_request

TOOL = {"type": "function", "function": {"name": "add"}}
CLOSED = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}


def faults(**more):
    return check_request({"model": "m", "messages": [{"role": "user", "content": "Hi"}], **more})


def shape(schema, **more):
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, **more}}


@pytest.mark.parametrize(
    "schema",
    [
        CLOSED,
        {**CLOSED, "properties": {"a": {"anyOf": [CLOSED, {"$ref": "#/$defs/B"}]}}, "$defs": {"B": CLOSED}},
    ],
)
def test_a_closed_schema_is_strict(schema):
    assert faults(response_format=shape(schema, strict=True)) == []


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"type": "array"}, "must be of type 'object'"),
        ({**CLOSED, "additionalProperties": True}, "at $, additionalProperties must be false"),
        ({**CLOSED, "required": []}, "at $, required must list all properties"),
        ({**CLOSED, "properties": {"a": {"type": "object"}}}, "at $.properties.a, additionalProperties"),
        ({**CLOSED, "properties": {"a": {"anyOf": [{"$ref": "#", "title": "A"}]}}}, "$ref must stand alone"),
    ],
)
def test_what_is_not_strict(schema, fault):
    assert any(fault in found for found in faults(response_format=shape(schema, strict=True)))
    assert faults(response_format=shape(schema)) == []


@pytest.mark.parametrize("choice", ["auto", "none", "required", {"type": "function", "function": {"name": "add"}}])
def test_what_may_be_chosen(choice):
    assert faults(tools=[TOOL], tool_choice=choice) == []


@pytest.mark.parametrize(
    "choice", ["any", {"type": "function", "function": {"name": "other"}}, {"type": "function"}, {"type": "x"}, 3]
)
def test_what_may_not_be_chosen(choice):
    assert faults(tools=[TOOL], tool_choice=choice)
