"""Schemas: what a model is told of a function's parameters."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from chatkit._errors import ConfigError
from chatkit._tools.schema import parameters_of


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    """A place."""

    city: str
    title: str = "none"
    zoom: int = 3


def schema_of(function: Callable[..., Any]) -> dict[str, Any]:
    return parameters_of(function, "it").schema


def properties_of(function: Callable[..., Any]) -> dict[str, Any]:
    return schema_of(function)["properties"]


def google(city: str, days: int = 3) -> str:
    """Tell the weather.

    Args:
        city: Where to
            look.
        days: How far ahead.

    Returns:
        Words.
    """


def numpy(city: str, days: int = 3) -> str:
    """Tell the weather.

    Parameters
    ----------
    city : str
        Where to
        look.
    days
        How far ahead.
    """


def rest(city: str, days: int = 3) -> str:
    """Tell the weather.

    :param city: Where to look.
    :param days: How far ahead.
    """


@pytest.mark.parametrize("function", [google, numpy, rest])
def test_descriptions_come_from_the_docstring_in_each_style(function):
    assert schema_of(function) == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where to look."},
            "days": {"type": "integer", "default": 3, "description": "How far ahead."},
        },
        "required": ["city"],
        "additionalProperties": False,
    }


def test_annotated_descriptions_come_before_the_docstring():
    def look(
        a: Annotated[int, "words"],
        b: Annotated[int, "words", Field(description="field", ge=1)],
        c: Annotated[int, Field(le=3)],
        d: Annotated[str | None, "maybe"] = None,
    ) -> None:
        """Look.

        Args:
            a: doc a
            b: doc b
            c: doc c
        """

    found = properties_of(look)
    assert found["a"]["description"] == "words"
    assert found["b"] == {"type": "integer", "minimum": 1, "description": "field"}
    assert found["c"] == {"type": "integer", "maximum": 3, "description": "doc c"}
    assert found["d"]["description"] == "maybe"


def test_titles_are_dropped_but_not_a_property_named_title():
    def go(place: Place, title: str) -> None: ...

    schema = schema_of(go)
    place = schema["properties"]["place"]
    assert place["properties"]["title"] == {"type": "string", "default": "none"}
    assert schema["properties"]["title"] == {"type": "string"}
    assert "title" not in place
    assert "title" not in schema


def test_a_field_of_pydantic_as_default_is_understood():
    def go(a: int = Field(3, description="three"), b: int = Field(ge=2)) -> None: ...

    parameters = parameters_of(go)
    assert parameters.schema["properties"]["a"]["description"] == "three"
    assert parameters.schema["properties"]["b"] == {"type": "integer", "minimum": 2}
    assert parameters.bind({"b": 2}) == {"a": 3, "b": 2}


def test_an_alias_in_a_field_does_not_rename_the_parameter():
    def go(a: Annotated[int, Field(alias="zz")]) -> None: ...

    parameters = parameters_of(go)
    assert list(parameters.schema["properties"]) == ["a"]
    assert parameters.bind({"a": 1}) == {"a": 1}


def test_names_that_mean_something_to_pydantic_are_ordinary_names():
    def go(_hidden: int, json: int, schema: int, model_config: int, copy: int = 1, *, p0: int = 2) -> None: ...

    given = {"_hidden": 1, "json": 2, "schema": 3, "model_config": 4, "p0": 5}
    assert parameters_of(go).bind(given) == given


def test_none_as_default_makes_the_type_optional():
    def go(city: str = None) -> None: ...  # noqa: RUF013  what this is about

    assert properties_of(go)["city"] == {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}


def test_any_with_none_as_default_stays_any():
    def go(a: Any = None) -> None: ...

    assert properties_of(go)["a"] == {"default": None}


def test_a_default_that_is_not_json_is_left_out_without_a_warning():
    def go(a: int = object(), c: Color = Color.RED) -> None: ...

    assert properties_of(go)["a"] == {"type": "integer"}
    assert properties_of(go)["c"]["default"] == "red"


def test_no_parameters():
    def go() -> None: ...

    assert schema_of(go) == {"type": "object", "properties": {}, "additionalProperties": False}


def test_a_return_type_that_exists_only_for_the_type_checker_does_no_harm():
    def go(a: int) -> DataFrame: ...  # noqa: F821

    assert list(properties_of(go)) == ["a"]


class Thermometer:
    """Measures."""

    def read(self, city: str) -> int: ...

    def __call__(self, depth: int) -> int: ...

    @classmethod
    def make(cls, kind: str) -> None: ...


def test_bound_methods_callable_objects_and_partials():
    assert list(properties_of(Thermometer().read)) == ["city"]
    assert list(properties_of(Thermometer.make)) == ["kind"]
    assert list(properties_of(Thermometer())) == ["depth"]
    assert list(properties_of(functools.partial(google, "Oslo"))) == ["days"]
    assert properties_of(functools.partial(google, "Oslo"))["days"]["description"] == "How far ahead."


def test_keywords_bound_by_a_partial_are_hidden():
    parameters = parameters_of(functools.partial(google, city="secret"))
    assert list(parameters.schema["properties"]) == ["days"]
    assert "secret" not in str(parameters.schema)
    with pytest.raises(ValueError, match="no such parameter"):
        parameters.bind({"city": "Oslo"})


def test_decorated_functions_are_seen_through():
    @functools.wraps(google)
    def wrapper(*args, **kwargs):
        return google(*args, **kwargs)

    assert schema_of(wrapper) == schema_of(google)
    assert schema_of(functools.partial(wrapper, "Oslo"))["properties"].keys() == {"days"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: functools.partial(lambda a: a), "'a'.*no type hint"),
        (lambda: lambda *rest: rest, r"'rest'.*\*rest"),
        (lambda: lambda **more: more, r"'more'.*\*\*more"),
        (lambda: len, "'obj'.*positional-only"),
        (lambda: max, "no readable signature"),
    ],
)
def test_row_a15_unusable_signatures_name_tool_and_parameter(make, words):
    with pytest.raises(ConfigError, match=f"'it'.*{words}|'it' has {words}"):
        parameters_of(make(), "it")


def test_row_a15_a_hint_that_cannot_be_resolved_names_the_parameter():
    def go(a: int, b: Nowhere) -> None: ...  # noqa: F821

    with pytest.raises(ConfigError, match=r"'it', parameter 'b'.*'Nowhere'"):
        parameters_of(go, "it")


class Opaque:
    pass


def test_row_a15_a_type_without_a_json_schema_names_the_parameter():
    def takes_object(a: int, thing: Opaque) -> None: ...
    def takes_function(a: int, thing: Callable[[int], int]) -> None: ...

    for function in (takes_object, takes_function):
        with pytest.raises(ConfigError, match="'it', parameter 'thing'"):
            parameters_of(function, "it")


def test_what_goes_wrong_only_together_is_not_swallowed(monkeypatch):
    from chatkit._tools import schema

    original = schema._modelled

    def breaks(parameters, tool):
        if len(parameters) > 1:
            raise MemoryError("together")
        return original(parameters, tool)

    monkeypatch.setattr(schema, "_modelled", breaks)
    with pytest.raises(MemoryError):
        parameters_of(google)
