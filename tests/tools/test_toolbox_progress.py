"""Progress: what generators yield and tools report is told while they run, in every way to run tools."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import pytest

from chatkit._tools.context import ToolContext
from chatkit._tools.tool import Tool, tool
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.events import ToolProgressed

Results = list[ContentToolResult | None]
PATIENCE = 5  # seconds until a test that hangs fails


def call(name: str, id: str = "0", /, **arguments: Any) -> ContentToolRequest:
    return ContentToolRequest(id, name, arguments)


def counting(n: int) -> Iterator[int]:
    yield from range(n)


async def counting_async(n: int) -> AsyncIterator[int]:
    for number in range(n):
        yield number


def counting_indirectly(n: int) -> Any:
    return counting_async(n)


def reporting(n: int, ctx: ToolContext) -> int:
    for number in range(n - 1):
        ctx.report(number)
    return n - 1


async def reporting_async(n: int, ctx: ToolContext) -> int:
    for number in range(n - 1):
        ctx.report(number)
        await asyncio.sleep(0)
    return n - 1


FUNCTIONS = [counting, counting_async, counting_indirectly, reporting, reporting_async]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_comes_before_the_result_is_progress(way, function):
    box = Toolbox([tool(function, name="it")])
    request = call("it", n=4)
    results: Results = [None]
    assert way(box, [request], results) == [ToolProgressed(request, value) for value in (0, 1, 2)]
    assert results[0] is not None
    assert results[0].value == 3


@pytest.mark.parametrize("function", FUNCTIONS)
def test_several_calls_tell_progress_of_their_own(way, function):
    box = Toolbox([tool(function, name="it")])
    requests = [call("it", name, n=3) for name in ("a", "b")]
    told = way(box, requests, [None, None])
    assert [event.value for event in told if event.request is requests[0]] == [0, 1]
    assert [event.value for event in told if event.request is requests[1]] == [0, 1]
    assert len(told) == 4


def returning(n: int) -> Generator[int, None, str]:
    yield from range(n)
    return "all done"


def test_what_a_generator_returns_is_its_result_and_all_its_values_are_progress(way):
    assert way.answer(returning, n=2).value == "all done"
    assert [event.value for event in way.told if event.request.id == "1"] == [0, 1]
    assert way.answer(returning, n=0).value == "all done"
    assert way.told == []


def test_a_generator_may_report_too(way):
    def both(ctx: ToolContext) -> Iterator[str]:
        ctx.report("reported")
        yield "yielded"
        yield "result"

    assert way.answer(both).value == "result"
    assert [event.value for event in way.told if event.request.id == "0"] == ["reported", "yielded"]


def test_progress_may_be_anything_also_what_cannot_be_sent(way):
    thing = object()

    def strange() -> Iterator[Any]:
        yield thing
        yield None
        yield "done"

    assert way.answer(strange).text == "done"
    assert [event.value for event in way.told if event.request.id == "1"] == [thing, None]


def waits(heard: threading.Event) -> Iterator[bool]:
    yield False
    yield False
    yield heard.is_set()


async def waits_async(heard: threading.Event) -> AsyncIterator[bool]:
    yield False
    yield False
    yield await asyncio.to_thread(heard.wait, PATIENCE)


def reports(heard: threading.Event, ctx: ToolContext) -> bool:
    ctx.report(False)
    return heard.wait(PATIENCE)


async def reports_async(heard: threading.Event, ctx: ToolContext) -> bool:
    ctx.report(False)
    return await asyncio.to_thread(heard.wait, PATIENCE)


def waits_in_a_thread(heard: threading.Event) -> Iterator[bool]:
    yield False
    yield False
    yield heard.wait(PATIENCE)


def knowing(function: Any, heard: threading.Event) -> Tool:
    return tool(functools.partial(function, heard=heard), name="it")


@pytest.mark.parametrize("concurrent", [True, False])
@pytest.mark.parametrize("function", [waits, waits_async, reports, reports_async])
def test_progress_is_told_while_the_tool_runs(function, concurrent):
    heard = threading.Event()
    results: Results = [None]
    for _ in Toolbox([knowing(function, heard)]).run([call("it")], results, concurrent=concurrent):
        heard.set()
    assert results[0] is not None
    assert results[0].value is True


@pytest.mark.parametrize("function", [waits_in_a_thread, waits_async, reports, reports_async])
def test_progress_is_told_while_the_tool_runs_on_a_loop(function):
    heard = threading.Event()
    results: Results = [None]

    async def main() -> None:
        async for _ in Toolbox([knowing(function, heard)]).run_async([call("it")], results):
            heard.set()

    asyncio.run(main())
    assert results[0] is not None
    assert results[0].value is True


def test_plain_generators_stay_in_the_callers_thread(plain):
    here = threading.get_ident()

    def where() -> Iterator[bool]:
        for _ in range(3):
            yield threading.get_ident() == here

    assert plain.answer(where).value is True
    assert [event.value for event in plain.told] == [True] * 4


def test_progress_of_a_tool_that_fails_was_told(way):
    def fails() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("late")

    assert way.answer(fails).error == "Tool `it` failed: ValueError: late"
    assert [event.value for event in way.told if event.request.id == "0"] == [1]
