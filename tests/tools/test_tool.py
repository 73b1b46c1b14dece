"""Tools: values that describe a function and can still be called like it."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from typing import Any

import pytest

from chatkit._errors import ConfigError
from chatkit._tools.tool import Tool, tool


def add(x: int, y: int = 2) -> int:
    """Add two numbers.

    The sum is exact.

    Args:
        x: One.
        y: The other.

    Returns:
        The sum.
    """
    return x + y


class Adder:
    """Adds."""

    def __call__(self, x: int) -> int:
        return x

    def method(self, x: int) -> int:
        """Add in a method."""
        return x


class Worded(Adder):
    def __call__(self, x: int) -> int:
        """Add in a call."""
        return x


def test_a_function_becomes_a_tool():
    made = tool(add)
    assert made.name == "add"
    assert made.description == "Add two numbers.\n\nThe sum is exact."
    assert made.function is add
    assert made.strict is None
    assert made.definition == {"name": made.name, "description": made.description, "parameters": made.parameters}
    assert made.bind({"x": "1"}) == {"x": 1}


def test_a_tool_is_called_like_its_function():
    assert tool(add)(1, y=5) == 6
    assert inspect.signature(tool(add)) == inspect.signature(add)


def test_as_a_decorator_with_and_without_arguments():
    @tool
    def one(a: int) -> int:
        return a

    @tool(name="deux", description="Two.", strict=False)
    def two(a: int) -> int:
        return a

    assert (one.name, one.description, one.strict) == ("one", "", None)
    assert (two.name, two.description, two.strict) == ("deux", "Two.", False)


def test_a_tool_is_a_frozen_value():
    assert tool(add) == tool(add)
    assert hash(tool(add)) == hash(tool(add))
    assert tool(add) != tool(add, name="plus")
    with pytest.raises(dataclasses.FrozenInstanceError):
        tool(add).name = "x"  # type: ignore[misc]


def test_a_tool_is_reworded_without_a_new_schema():
    made = tool(add)
    again = tool(made, name="plus")
    assert (again.name, again.description) == ("plus", made.description)
    assert again.parameters is made.parameters
    assert tool(made) == made


def test_repr():
    assert repr(tool(add)) == "<Tool add(x, y=...): Add two numbers.>"
    assert repr(tool(add, description="")) == "<Tool add(x, y=...)>"


@pytest.mark.parametrize(
    ("function", "name", "description"),
    [
        (Adder().method, "method", "Add in a method."),
        (Adder(), "Adder", "Adds."),
        (Worded(), "Worded", "Add in a call."),
        (functools.partial(add, 1), "add", "Add two numbers.\n\nThe sum is exact."),
        (functools.partial(Adder()), "Adder", "Adds."),
        (functools.partial(tool(add), 1), "add", "Add two numbers.\n\nThe sum is exact."),
    ],
)
def test_names_and_descriptions_of_all_callables(function, name, description):
    made = tool(function)
    assert (made.name, made.description) == (name, description)


def test_a_partial_of_a_function_without_docstring_has_no_description():
    def bare(x: int) -> int:
        return x

    assert tool(functools.partial(bare)).description == ""


@pytest.mark.parametrize("name", ["", "has space", "a" * 65, "é", "__class__.x", "a\n", "../x"])
def test_row_a15_names_that_servers_refuse(name):
    with pytest.raises(ConfigError, match="cannot be a tool's name"):
        tool(add, name=name)


@pytest.mark.parametrize("name", ["a", "A-b_9", "a" * 64])
def test_names_that_servers_accept(name):
    assert tool(add, name=name).name == name


def test_a_lambda_needs_a_name():
    with pytest.raises(ConfigError, match="lambda has no name"):
        tool(lambda: 1)
    assert tool(lambda: 1, name="one").name == "one"


def test_row_a15_a_missing_type_hint_names_tool_and_parameter():
    def half(a: int, b) -> int:  # type: ignore[no-untyped-def]
        return a

    with pytest.raises(ConfigError, match=r"'half', parameter 'b': it has no type hint"):
        tool(half)


def test_what_is_not_callable_is_refused():
    with pytest.raises(ConfigError, match="not of int"):
        tool(3)  # type: ignore[call-overload]


def test_free_form_parameters_are_not_sent_as_strict():
    def free(options: dict[str, Any]) -> None: ...

    assert tool(free).strict is False
    assert tool(free, strict=True).strict is True


def test_a_tool_made_by_hand_takes_the_arguments_as_they_are():
    made = Tool("far", "Far away.", {"type": "object"}, lambda **given: given)
    assert made.function(**made.bind({"a": 1})) == {"a": 1}
    assert repr(made) == "<Tool far(): Far away.>"
