"""`arguments=`: saying of single parameters what the signature does not say, or says otherwise."""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from chatkit._errors import ConfigError
from chatkit._tools.arguments import ArgumentsError
from chatkit._tools.tool import Tool, tool
from chatkit._types.schema import strict_schema
from chatkit._types.values import (
    type_array,
    type_enum,
    type_from_schema,
    type_ignore,
    type_integer,
    type_object,
    type_string,
)


def weather(city: str, days: int = 3, unit: str = "c", key: str = "secret") -> str:
    """Tell the weather.

    Args:
        city: Where.
        days: How far.
    """
    return f"{city} {days} {unit} {key}"


def properties(made: Tool) -> dict[str, Any]:
    return dict(made.parameters["properties"])


def test_a_text_is_a_description_and_wins():
    found = properties(tool(weather, arguments={"city": "The city.", "unit": "c or f."}))
    assert found["city"] == {"type": "string", "description": "The city."}
    assert found["days"]["description"] == "How far."
    assert found["unit"] == {"type": "string", "default": "c", "description": "c or f."}


def test_a_type_takes_the_place_of_the_hint():
    made = tool(weather, arguments={"unit": Literal["c", "f"], "days": Annotated[int, Field(le=9), "Days ahead."]})
    assert properties(made)["unit"] == {"type": "string", "enum": ["c", "f"], "default": "c"}
    assert properties(made)["days"] == {"type": "integer", "maximum": 9, "default": 3, "description": "Days ahead."}
    assert made.bind({"city": "Oslo", "days": "2"}) == {"city": "Oslo", "days": 2}
    with pytest.raises(ArgumentsError, match="- unit: Input should be 'c' or 'f'"):
        made.bind({"city": "Oslo", "unit": "k"})


def test_a_type_makes_a_hint_needless():
    made = tool(lambda x: x * 2, name="double", arguments={"x": int})
    assert properties(made) == {"x": {"type": "integer"}}
    assert made(**made.bind({"x": "4"})) == 8


def test_the_types_of_ellmer_are_told_and_checked_as_they_say():
    made = tool(
        weather,
        arguments={"city": type_string("The city."), "days": type_integer(), "unit": type_enum(["c", "f"], "Unit.")},
    )
    assert properties(made) == {
        "city": {"type": "string", "description": "The city."},
        "days": {"type": "integer", "default": 3, "description": "How far."},
        "unit": {"type": "string", "enum": ["c", "f"], "description": "Unit.", "default": "c"},
        "key": {"type": "string", "default": "secret"},
    }
    assert made.parameters["required"] == ["city"]
    assert made.bind({"city": "Oslo", "days": 2.0, "unit": ["f"]}) == {"city": "Oslo", "days": 2, "unit": "f"}
    with pytest.raises(ArgumentsError, match="- unit: "):
        made.bind({"city": "Oslo", "unit": "k"})


def test_a_type_that_is_not_required_gives_none_to_a_parameter_without_default():
    made = tool(lambda x: x, name="it", arguments={"x": type_integer("A number.", required=False)})
    assert "required" not in made.parameters
    assert made.bind({}) == {"x": None}
    assert made.bind({"x": None}) == {"x": None}
    assert made.bind({"x": 3}) == {"x": 3}


def test_nested_types_and_what_they_share():
    shape = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": {"type": "string"}}}
    made = tool(
        lambda a, b, c: [a, b, c],
        name="it",
        arguments={
            "a": type_array(type_object(x=type_integer(), y=type_string(required=False))),
            "b": type_from_schema(shape),
            "c": type_array(type_from_schema(shape)),
        },
    )
    assert made.parameters["$defs"] == {"Node": {"type": "string"}}
    assert properties(made)["b"] == {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    given = {"a": [{"x": 1}], "b": {"next": "n"}, "c": [{"next": "n"}]}
    assert made.bind(given)["b"] == {"next": "n"}
    with pytest.raises(ArgumentsError, match="- b"):
        made.bind({**given, "b": {"next": 3}})


def test_two_schemas_that_define_a_name_differently_are_refused():
    one = {"$ref": "#/$defs/A", "$defs": {"A": {"type": "string"}}}
    two = {"$ref": "#/$defs/A", "$defs": {"A": {"type": "integer"}}}
    with pytest.raises(ConfigError, match="'it', parameter 'b': its schema defines 'A' differently"):
        tool(lambda a, b: a, name="it", arguments={"a": one, "b": two})


def test_a_raw_schema_is_told_as_it_is_and_the_hint_still_checks():
    raw = {"type": "string", "pattern": "^[A-Z]", "examples": ["Oslo"], "description": "Capitalised."}
    made = tool(weather, arguments={"city": raw, "days": {"type": "integer", "minimum": 1}})
    assert properties(made)["city"] == raw
    assert properties(made)["days"] == {"type": "integer", "minimum": 1, "default": 3, "description": "How far."}
    with pytest.raises(ArgumentsError, match="- days: Input should be a valid integer"):
        made.bind({"city": "oslo", "days": "many"})


def test_a_raw_schema_without_a_hint_lets_everything_through():
    made = tool(lambda x: x, name="it", arguments={"x": {"type": "object"}})
    assert properties(made) == {"x": {"type": "object"}}
    assert made.bind({"x": [1, None]}) == {"x": [1, None]}
    assert made.strict is False


def test_what_is_no_json_schema_is_refused():
    with pytest.raises(ConfigError, match="no usable JSON schema"):
        tool(weather, arguments={"city": {"type": "text"}})


def test_what_no_model_can_be_told_of_is_refused():
    with pytest.raises(ConfigError, match="'weather', parameter 'city'"):
        tool(weather, arguments={"city": object()})


@pytest.mark.parametrize("given", ["city", [("city", "x")], {1: "x"}])
def test_arguments_are_a_mapping_of_names(given):
    with pytest.raises(ConfigError, match="`arguments` maps the names"):
        tool(weather, arguments=given)


def test_names_that_there_are_not_are_listed_all():
    with pytest.raises(ConfigError, match=r"no parameter 'town', 'day' for the model") as caught:
        tool(weather, arguments={"town": "x", "city": "y", "day": int})
    assert "city, days, unit, key" in str(caught.value)
    with pytest.raises(ConfigError, match="It has: none"):
        tool(lambda: 1, name="it", arguments={"x": int})
    with pytest.raises(ConfigError, match="no parameter 'key'"):
        tool(functools.partial(weather, key="other"), arguments={"key": "x"})


# Hidden


def test_type_ignore_hides_an_argument_and_its_default_applies():
    made = tool(weather, arguments={"key": type_ignore()})
    assert list(properties(made)) == ["city", "days", "unit"]
    assert "secret" not in str(made.parameters)
    assert made(**made.bind({"city": "Oslo"})) == "Oslo 3 c secret"
    with pytest.raises(ArgumentsError, match="- key: there is no such parameter"):
        made.bind({"city": "Oslo", "key": "x"})


def test_type_ignore_stands_in_a_hint_too():
    def it(x: int, key: Annotated[str, type_ignore()] = "secret") -> str:
        return key

    assert list(properties(tool(it))) == ["x"]


def test_what_is_hidden_needs_a_default_but_no_hint():
    def it(x, *rest, y=1, **more): ...  # type: ignore[no-untyped-def]

    hidden = dict.fromkeys(("rest", "y", "more"), type_ignore())
    assert list(properties(tool(it, arguments={"x": int, **hidden}))) == ["x"]
    with pytest.raises(ConfigError, match=r"'it', parameter 'x': type_ignore\(\) hides it .* no default"):
        tool(it, arguments={"x": type_ignore(), **hidden})

    def marked(key: Annotated[str, type_ignore()]) -> None: ...

    with pytest.raises(ConfigError, match=r"parameter 'key'.*no default"):
        tool(marked)


# Said of a tool later


def test_a_tool_is_told_in_other_words_and_keeps_the_earlier_ones():
    made = tool(weather, arguments={"city": "The city.", "key": type_ignore()})
    again = tool(made, arguments={"days": Literal[1, 3]})
    assert properties(again)["city"]["description"] == "The city."
    assert properties(again)["days"] == {"type": "integer", "enum": [1, 3], "default": 3, "description": "How far."}
    assert list(properties(again)) == ["city", "days", "unit"]
    assert properties(made)["days"]["description"] == "How far."
    assert tool(made, arguments={}) == made


def far(**given: Any) -> dict[str, Any]:
    return given


BY_HAND = Tool("far", "Far.", {"type": "object", "properties": {"a": {"type": "string", "default": "x"}, "b": {}}}, far)


def test_a_tool_made_by_hand_is_told_in_other_words():
    made = tool(BY_HAND, arguments={"a": "A.", "b": type_string("B.")})
    assert properties(made) == {
        "a": {"type": "string", "default": "x", "description": "A."},
        "b": {"type": "string", "description": "B."},
    }
    assert properties(tool(BY_HAND, arguments={"a": {"type": "integer"}}))["a"] == {"type": "integer", "default": "x"}
    assert properties(BY_HAND)["b"] == {}
    assert made.bind is BY_HAND.bind


@pytest.mark.parametrize("given", [int, type_ignore()])
def test_but_types_that_chatkit_would_have_to_check_cannot_be_given_to_it(given):
    with pytest.raises(ConfigError, match="'far', parameter 'a': this tool checks its arguments itself"):
        tool(BY_HAND, arguments={"a": given})
    with pytest.raises(ConfigError, match="no parameter 'z'"):
        tool(BY_HAND, arguments={"z": "Z."})


def test_strict_servers_accept_the_result():
    made = tool(weather, arguments={"unit": type_enum(["c", "f"])})
    assert strict_schema(made.parameters)["properties"]["unit"] == {
        "type": ["string", "null"],
        "enum": ["c", "f", None],
    }
