"""Tools that run on when nobody wants their result: asked to end, ended at a yield, or not heard any more."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from chatkit._errors import Cancelled
from chatkit._tools.context import ToolContext
from chatkit._tools.tool import tool
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import ContentToolRequest, ContentToolResult

Results = list[ContentToolResult | None]
PATIENCE = 5  # seconds until a test that hangs fails


def call(name: str, id: str = "0", /, **arguments: Any) -> ContentToolRequest:
    return ContentToolRequest(id, name, arguments)


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_stop_ends_a_generator_between_two_values(way, kind):
    closed: list[bool] = []
    given: list[int] = []

    def endless() -> Iterator[int]:
        try:
            while True:
                given.append(1)
                yield len(given)
        finally:
            closed.append(True)

    async def endless_async() -> AsyncIterator[int]:
        with contextlib.closing(endless()) as values:
            for value in values:
                yield value

    box = Toolbox([tool(endless if kind == "plain" else endless_async, name="endless")])
    results: Results = [None]
    way(box, [call("endless")], results, stop=lambda: len(given) > 2)
    assert results == [None]
    assert closed == [True]
    assert len(given) == 3


def test_a_tool_asks_whether_it_is_still_wanted(way):
    rounds: list[bool] = []

    def patient(ctx: ToolContext) -> None:
        while True:
            rounds.append(ctx.cancelled)
            ctx.raise_if_cancelled()

    results: Results = [None]
    way(Toolbox([patient]), [call("patient")], results, stop=lambda: len(rounds) > 2)
    assert results == [None]
    assert len(rounds) in (3, 4)


def test_a_cancelled_call_of_something_else_in_a_tool_is_an_error_like_any_other(way):
    def asks_another_chat() -> None:
        raise Cancelled("The answer was cancelled (bored).")

    assert way.answer(asks_another_chat).error == "Tool `it` failed: Cancelled: The answer was cancelled (bored)."


def leave(box: Toolbox, requests: list[ContentToolRequest], results: Results, concurrent: bool, on_loop: bool) -> None:
    async def main() -> None:
        async with contextlib.aclosing(box.run_async(requests, results, concurrent=concurrent)) as running:
            async for _ in running:
                break

    if on_loop:
        asyncio.run(main())
        return
    running = box.run(requests, results, concurrent=concurrent)
    next(running)
    running.close()


def endless(ended: threading.Event) -> Iterator[int]:
    try:
        yield from range(10**9)
    finally:
        ended.set()


async def endless_async(ended: threading.Event) -> AsyncIterator[int]:
    with contextlib.closing(endless(ended)) as numbers:
        for number in numbers:
            yield number


def reports(ended: threading.Event, ctx: ToolContext) -> None:
    with contextlib.closing(endless(ended)) as numbers:
        for number in numbers:
            ctx.report(number)
            ctx.raise_if_cancelled()


async def reports_async(ended: threading.Event, ctx: ToolContext) -> None:
    with contextlib.closing(endless(ended)) as numbers:
        for number in numbers:
            ctx.report(number)
            await asyncio.sleep(0)


@pytest.mark.parametrize("on_loop", [False, True])
@pytest.mark.parametrize("concurrent", [False, True])
@pytest.mark.parametrize("function", [endless, endless_async, reports, reports_async])
def test_leaving_early_ends_the_tools_and_keeps_what_is_done(function, concurrent, on_loop):
    ended = threading.Event()
    box = Toolbox([tool(functools.partial(function, ended=ended), name="it"), tool(lambda: "quick", name="quick")])
    told: list[str] = []
    box.on_result(lambda result: told.append(result.name))
    results: Results = [None, None]
    leave(box, [call("quick", "a"), call("it", "b")], results, concurrent, on_loop)
    assert ended.wait(PATIENCE)
    assert results[1] is None
    assert "it" not in told
    if not concurrent:
        assert results[0] is not None


def test_a_generator_that_objects_to_being_closed_is_not_heard(plain):
    def stubborn() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            raise ValueError("not now")

    running = Toolbox([stubborn]).run([call("stubborn")], [None])
    next(running)
    running.close()
    assert list(running) == []


def test_what_a_tool_reports_after_its_end_is_not_heard(way):
    kept: list[ToolContext] = []

    def keeps(ctx: ToolContext) -> str:
        kept.append(ctx)
        return "done"

    assert way.answers(Toolbox([keeps]), call("keeps"))[0].text == "done"
    kept[0].report("late")
    assert kept[0].cancelled
    assert way.told == []


def test_an_async_tool_that_is_left_in_a_thread_is_cancelled():
    ended = threading.Event()

    async def hangs(ctx: ToolContext) -> None:
        ctx.report("begun")
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    running = Toolbox([hangs]).run([call("hangs")], [None])
    assert next(running).value == "begun"
    running.close()
    assert ended.wait(PATIENCE)
