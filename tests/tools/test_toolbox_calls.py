"""How one request is answered, in every way to run tools."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatkit._errors import ToolRejectError
from chatkit._tools.tool import Tool, tool
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import ContentToolRequest, ContentToolResult


def add(x: int, y: int = 2) -> int:
    """Add."""
    return x + y


async def later(x: int) -> int:
    """Come back later."""
    await asyncio.sleep(0)
    return x


def call(name: str, id: str = "1", /, **arguments: Any) -> ContentToolRequest:
    return ContentToolRequest(id, name, arguments)


def test_row_t3_arguments_are_checked_and_converted(way):
    assert way.answer(add, x="40").text == "42"


def test_case_52_an_async_tool_runs_everywhere(way):
    assert way.answer(later, x=7).text == "7"


class Caller:
    async def __call__(self, x: int) -> int:
        return x


@pytest.mark.parametrize(
    "function", [functools.partial(later), Caller(), functools.partial(Caller()), lambda x=3: later(3)]
)
def test_case_52_async_in_all_its_forms(way, function):
    if getattr(function, "__name__", "") == "<lambda>":
        box = Toolbox([Tool("it", "", {}, function)])
        assert [result.text for result in way.answers(box, call("it"), call("it"))] == ["3", "3"]
    else:
        assert way.answer(function, x=3).text == "3"


def counting(n: int) -> Iterator[int]:
    yield from range(n)


async def counting_async(n: int) -> Any:
    for number in range(n):
        yield number


def counting_indirectly(n: int) -> Any:
    return counting_async(n)


@pytest.mark.parametrize("function", [counting, counting_async, counting_indirectly])
def test_row_t9_a_generator_gives_its_last_value(way, function):
    assert way.answer(function, n=3).text == "2"
    assert way.answer(function, n=0).text == "null"


def test_row_h1_unknown_tool(way):
    result = way.answers(Toolbox([add, later]), call("nix"))[0]
    assert result.error == result.text == "Unknown tool 'nix'. Available tools: add, later."


@pytest.mark.parametrize(
    "name", ["__class__", "constructor", "../add", "\N{CYRILLIC SMALL LETTER A}dd", "register", "", "x" * 10_000]
)
def test_row_t2_names_lead_only_to_registered_tools(way, name):
    error = way.answers(Toolbox([add]), call(name))[0].error
    assert error is not None
    assert error.endswith("Available tools: add.")
    assert len(error) < 150


def test_row_h21_no_tools_at_all(way):
    assert way.answers(Toolbox(), call("add"))[0].error == "Unknown tool 'add'. No tools are available."


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (ContentToolRequest("1", "never", None, '{"x": 1, "y'), "not valid JSON: "),
        (ContentToolRequest("1", "never", None, "[1]"), "object expected, got an array"),
        (call("never", x="many"), "- x: Input should be a valid integer"),
        (call("never"), "- x: required, but missing"),
        (call("never", x=None), "- x: Input should be a valid integer"),
        (call("never", x=float("nan")), "- x: nan"),
        (call("never", x=1, z=1), "- z: there is no such parameter"),
    ],
)
def test_cases_48_and_49_rows_h2_h4_h5_bad_arguments_are_answered_and_the_tool_is_not_called(way, request_, words):
    called = []

    def never(x: int) -> None:
        called.append(x)

    result = way.answers(Toolbox([never]), request_)[0]
    assert result.error is not None
    assert result.error.startswith("Tool `never` was not called, its arguments are wrong:\n")
    assert words in result.error
    assert called == []


@pytest.mark.parametrize("raw", ["", " ", "null", None])
def test_row_h3_a_tool_without_parameters_is_called_with_none(way, raw):
    box = Toolbox([tool(lambda: "done", name="go")])
    assert way.answers(box, ContentToolRequest("1", "go", None, raw))[0].text == "done"


def test_rows_h9_t1_a_tool_that_raises(way, caplog, capsys):
    def fails(x: int) -> None:
        raise ValueError("too cold")

    async def fails_later(x: int) -> None:
        fails(x)

    def fails_at_last(x: int) -> Iterator[int]:
        yield x
        fails(x)

    for function in (fails, fails_later, fails_at_last):
        result = way.answer(function, x=1)
        assert result.error == result.text == "Tool `it` failed: ValueError: too cold"
        assert result.value is None
        assert pickle.loads(pickle.dumps(result)) == result
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")


def test_a_failure_is_logged_for_debugging_without_its_locals(way, caplog):
    def fails(x: int) -> None:
        password = "hunter2".upper()
        raise ValueError(len(password))

    with caplog.at_level(logging.DEBUG, logger="chatkit"):
        way.answers(Toolbox([fails]), call("fails", x=1))
    assert "Traceback" in caplog.text
    assert "HUNTER2" not in caplog.text
    assert [record.exc_info for record in caplog.records if record.name == "chatkit"] == [None]


def test_stop_iteration_is_an_error_like_any_other(way):
    def runs_dry() -> Any:
        return next(iter([]))

    async def runs_dry_later() -> Any:
        return next(iter([]))

    assert way.answer(runs_dry).error == "Tool `it` failed: RuntimeError: the tool raised StopIteration"
    assert "StopIteration" in (way.answer(runs_dry_later).error or "")


def test_case_48_a_tool_may_reject(way):
    def picky(x: int) -> None:
        raise ToolRejectError("Not today.")

    result = way.answer(picky, x=1)
    assert result.error == result.text == "Tool call rejected. Not today."


def test_a_result_of_the_tools_own(way):
    def own() -> ContentToolResult:
        return ContentToolResult({"a": 1}, extra={"title": "A"})

    result = way.answer(own)
    assert (result.text, result.extra, result.id) == ('{"a":1}', {"title": "A"}, "0")


def test_case_43_a_value_that_cannot_be_sent(way):
    assert "that cannot be sent" in (way.answer(lambda: object()).error or "")


def test_context_variables_reach_tools(way):
    variable = contextvars.ContextVar("variable", default="unset")
    box = Toolbox([tool(lambda: variable.get(), name="plain"), tool(_reader(variable), name="later")])
    token = variable.set("set")
    try:
        found = way.answers(box, call("plain"), call("later"))
    finally:
        variable.reset(token)
    assert [result.text for result in found] == ["set", "set"]


def _reader(variable: contextvars.ContextVar[str]) -> Callable[[], Any]:
    async def read() -> str:
        return variable.get()

    return read
