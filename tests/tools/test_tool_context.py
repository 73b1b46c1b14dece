"""ToolContext: filled in by type, hidden from the model, and what it tells."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any, Optional

import pytest

from chatkit._errors import Cancelled, ConfigError
from chatkit._tools.context import ToolContext
from chatkit._tools.tool import Tool, tool
from chatkit._tools.toolbox import Toolbox
from chatkit._tools.watch import Halt, Watch
from chatkit._turns.contents import ContentToolRequest

REQUEST = ContentToolRequest("0", "it", {"city": "Oslo"})


def first(ctx: ToolContext, city: str) -> str:
    return f"{city} for {ctx.metadata['user']}"


def keyword(city: str, *, whatever: ToolContext) -> str:
    return first(whatever, city)


def maybe(city: str, ctx: ToolContext | None = None) -> str:
    return first(ctx, city) if ctx else city


def old(city: str, ctx: Optional[ToolContext] = None) -> str:  # noqa: UP045  what this is about
    return maybe(city, ctx)


def noted(city: str, ctx: Annotated[ToolContext, "not for the model"]) -> str:
    return first(ctx, city)


async def later(city: str, ctx: ToolContext) -> str:
    return first(ctx, city)


class Bound:
    def method(self, city: str, ctx: ToolContext) -> str:
        return first(ctx, city)

    def __call__(self, city: str, ctx: ToolContext) -> str:
        return first(ctx, city)


CALLABLES: list[Callable[..., Any]] = [
    first,
    keyword,
    maybe,
    old,
    noted,
    later,
    Bound().method,
    Bound(),
    functools.partial(maybe),
]


@pytest.mark.parametrize("function", CALLABLES)
def test_it_is_filled_in_by_type_and_hidden_from_the_model(way, function):
    made = tool(function, name="it")
    assert list(made.parameters["properties"]) == ["city"]
    assert made.parameters["required"] == ["city"]
    result = way.answers(Toolbox([made]), REQUEST, metadata={"user": "Ada"})[0]
    assert result.text == "Oslo for Ada"


def test_a_tool_with_an_optional_context_is_called_by_hand_without():
    assert tool(maybe)("Oslo") == "Oslo"
    assert tool(maybe).context == "ctx"


def test_a_model_cannot_fill_it(way):
    result = way.answers(Toolbox([tool(maybe, name="it")]), ContentToolRequest("0", "it", {"city": "a", "ctx": {}}))[0]
    assert "- ctx: there is no such parameter" in (result.error or "")


def test_a_keyword_bound_by_a_partial_stays_as_it_is():
    assert tool(functools.partial(maybe, ctx=None)).context == ""


def test_two_of_them_are_one_too_many():
    def both(a: ToolContext, b: ToolContext) -> None: ...

    with pytest.raises(ConfigError, match="'both', parameter 'b': 'a' is given the ToolContext already"):
        tool(both)


def test_nothing_can_be_said_of_it_to_the_model():
    with pytest.raises(ConfigError, match="no parameter 'ctx' for the model"):
        tool(maybe, arguments={"ctx": "The context."})


def test_it_knows_its_request(way):
    def it(ctx: ToolContext, city: str) -> list[Any]:
        return [ctx.request.id, ctx.request.name, ctx.request.arguments, dict(ctx.metadata), ctx.cancelled]

    assert way.answers(Toolbox([it]), REQUEST)[0].value == ["0", "it", {"city": "Oslo"}, {}, False]


def test_it_can_be_made_by_hand_to_test_a_tool():
    ctx = ToolContext(REQUEST, {"user": "Ada"})
    assert first(ctx, "Oslo") == "Oslo for Ada"
    assert repr(ctx) == "<ToolContext of it (0)>"
    ctx.report("nobody hears this")
    ctx.raise_if_cancelled()
    assert not ctx.cancelled
    assert ToolContext(REQUEST).metadata == {}


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        ToolContext(REQUEST).metadata = {}  # type: ignore[misc]


def test_it_says_when_the_call_is_not_wanted_any_more():
    stopped: list[bool] = []
    ctx = ToolContext(REQUEST, watch=Watch(REQUEST, Halt(lambda: bool(stopped))))
    assert not ctx.cancelled
    stopped.append(True)
    assert ctx.cancelled
    with pytest.raises(Cancelled, match="tool `it` is not wanted"):
        ctx.raise_if_cancelled()


def test_ending_a_watch_whose_event_loop_is_gone_does_no_harm():
    def gone() -> None:
        raise RuntimeError("Event loop is closed")

    watch = Watch(REQUEST, Halt(), leave=gone)
    watch.end()
    assert watch.cancelled


def test_a_tool_made_by_hand_names_its_context_itself(way):
    made = Tool("it", "", {"type": "object"}, lambda **given: given["c"].request.id, context="c")
    assert way.answers(Toolbox([made]), REQUEST)[0].text == "0"
