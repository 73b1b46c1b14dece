"""Everything that can be called can be a tool, and says itself what its arguments are."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest

from chatkit._errors import ConfigError
from chatkit._tools.tool import Tool, tool


class Thermometer:
    """Measures.

    Parameters
    ----------
    city : str
        Where to measure.
    depth : int
        How deep.
    """

    def __call__(self, city: str, depth: int = 0) -> int:
        return depth

    def read(self, city: str) -> int:
        """Read.

        Parameters
        ----------
        city
            Where to read.
        """
        return 1

    async def watch(self, city: str) -> AsyncIterator[int]:
        """Watch.

        Args:
            city: Where to watch.
        """
        yield 1

    @staticmethod
    def scale(unit: Literal["c", "f"]) -> str:
        return unit

    @classmethod
    def make(cls, kind: str) -> str:
        return cls.__name__ + kind


class Worded(Thermometer):
    def __call__(self, city: str, depth: int = 0) -> int:
        """Measure.

        Args:
            city: The town.
        """
        return depth


def logged(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def descriptions(function: Any, name: str | None = None) -> dict[str, str]:
    found = tool(function, name=name).parameters["properties"]
    return {key: part.get("description", "") for key, part in found.items()}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (Thermometer(), {"city": "Where to measure.", "depth": "How deep."}),
        (Worded(), {"city": "The town.", "depth": ""}),
        (Thermometer().read, {"city": "Where to read."}),
        (Thermometer().watch, {"city": "Where to watch."}),
        (Thermometer.scale, {"unit": ""}),
        (Thermometer.make, {"kind": ""}),
        (functools.partial(Thermometer(), depth=3), {"city": "Where to measure."}),
        (logged(Thermometer().read), {"city": "Where to read."}),
        (functools.partial(logged(Thermometer().watch)), {"city": "Where to watch."}),
    ],
)
def test_all_callables_say_what_their_arguments_are_and_self_is_none(function, expected):
    assert descriptions(function) == expected


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x, /: x, "parameter 'x': it is positional-only"),
        (lambda *x: x, r"parameter 'x': a model cannot fill \*x"),
        (lambda **x: x, r"parameter 'x': a model cannot fill \*\*x"),
        (lambda x: x, "parameter 'x': it has no type hint"),
        (Thermometer.read, "parameter 'self': a method needs its object"),
    ],
)
def test_what_a_model_cannot_fill_is_refused_with_the_reason(function, words):
    with pytest.raises(ConfigError, match=words):
        tool(function, name="it")


def test_a_class_is_no_tool():
    class Person:
        """A person."""

        def __init__(self, name: str) -> None:
            self.name = name

    with pytest.raises(ConfigError, match="not of the class Person"):
        tool(Person)


def test_the_class_of_tools_has_a_signature_of_its_own():
    assert list(inspect.signature(Tool).parameters)[:2] == ["name", "description"]
    assert not hasattr(Tool, "__wrapped__")
