"""Time limits of tools, row H12 of the fault catalogue, in every way to run tools."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from chatkit._errors import ConfigError
from chatkit._tools.context import ToolContext
from chatkit._tools.tool import tool
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import ContentToolRequest, ContentToolResult

Results = list[ContentToolResult | None]
PATIENCE = 5  # seconds until a test that hangs fails
SOON = 0.02


def call(name: str, id: str = "0", /, **arguments: Any) -> ContentToolRequest:
    return ContentToolRequest(id, name, arguments)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_h12_a_plain_tool_that_hangs_times_out_and_its_thread_goes_on(way, release):
    ended = threading.Event()

    def hangs() -> str:
        release.wait(PATIENCE)
        ended.set()
        return "nobody hears this"

    told: list[str | None] = []
    box = Toolbox([tool(hangs, timeout=SOON)])
    box.on_result(lambda result: told.append(result.error))
    found = way.answers(box, call("hangs"), call("hangs"))
    assert [result.error for result in found] == told == ["Tool `hangs` timed out after 0.02 s."] * 2
    assert not ended.is_set()
    release.set()
    assert ended.wait(PATIENCE)
    assert [result.error for result in found] == told


def test_h12_an_async_tool_that_hangs_is_cancelled(way):
    cancelled = threading.Event()

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    result = way.answers(Toolbox([tool(hangs, timeout=SOON)]), call("hangs"))[0]
    assert result.error == "Tool `hangs` timed out after 0.02 s."
    assert cancelled.wait(PATIENCE)


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_h12_a_generator_that_hangs_keeps_the_progress_it_told(way, release, kind):
    def hangs() -> Iterator[int]:
        yield 1
        yield 2
        release.wait(PATIENCE)

    async def hangs_async() -> AsyncIterator[int]:
        yield 1
        yield 2
        await asyncio.Event().wait()

    box = Toolbox([tool(hangs if kind == "plain" else hangs_async, name="hangs", timeout=SOON)])
    assert way.answers(box, call("hangs"))[0].error == "Tool `hangs` timed out after 0.02 s."
    assert [event.value for event in way.told] == [1]


def test_h12_a_tool_is_told_that_it_timed_out(way):
    seen = threading.Event()

    def patient(ctx: ToolContext) -> None:
        while not ctx.cancelled:
            threading.Event().wait(0.001)
        ctx.report("too late")
        seen.set()

    assert way.answers(Toolbox([tool(patient, timeout=SOON)]), call("patient"))[0].error is not None
    assert seen.wait(PATIENCE)
    assert way.told == []


def test_h12_the_others_are_not_held_up(way, release):
    def hangs() -> None:
        release.wait(PATIENCE)

    def quick(x: int) -> int:
        return x

    box = Toolbox([tool(hangs, timeout=SOON), tool(quick, timeout=PATIENCE)])
    found = way.answers(box, call("quick", x=1), call("hangs"), call("quick", x=2))
    assert [result.text for result in found] == ["1", "Tool `hangs` timed out after 0.02 s.", "2"]


def test_h12_a_late_result_is_not_heard(at_once, release):
    hanging: list[threading.Thread] = []

    def hangs() -> str:
        hanging.append(threading.current_thread())
        release.wait(PATIENCE)
        return "late"

    def outlives() -> bool:
        release.wait(PATIENCE)
        hanging[0].join(PATIENCE)
        return hanging[0].is_alive()

    box = Toolbox([tool(hangs, timeout=SOON), outlives])
    box.on_result(lambda result: release.set())
    found = at_once.answers(box, call("hangs"), call("outlives"))
    assert [result.text for result in found] == ["Tool `hangs` timed out after 0.02 s.", "false"]


def test_h12_what_a_late_tool_wanted_awaited_is_cancelled(plain, release):
    ended = threading.Event()
    finished: list[bool] = []

    async def last() -> None:
        try:
            await asyncio.sleep(0)
            finished.append(True)
        finally:
            ended.set()

    def hangs() -> Any:
        release.wait(PATIENCE)
        return last()

    assert plain.answers(Toolbox([tool(hangs, timeout=SOON)]), call("hangs"))[0].error is not None
    release.set()
    assert ended.wait(PATIENCE)
    assert finished == []


def test_a_tool_that_is_in_time_is_as_ever(way):
    def fails() -> None:
        raise TimeoutError("the server's")

    async def fails_later() -> None:
        raise TimeoutError("the server's")

    box = Toolbox([tool(fails, timeout=PATIENCE), tool(fails_later, timeout=PATIENCE)])
    for name in ("fails", "fails_later"):
        assert way.answers(box, call(name))[0].error == f"Tool `{name}` failed: TimeoutError: the server's"


def test_the_box_has_a_limit_for_tools_that_have_none(way, release):
    def hangs() -> None:
        release.wait(PATIENCE)

    async def own(ctx: ToolContext) -> str:
        await asyncio.sleep(SOON * 2)
        return "in time"

    box = Toolbox([hangs, tool(own, timeout=math.inf)], timeout=SOON)
    assert box.copy().timeout == SOON
    assert way.answers(box, call("hangs"))[0].error == "Tool `hangs` timed out after 0.02 s."
    assert way.answers(box, call("own"))[0].text == "in time"


def test_an_absurdly_long_limit_does_no_harm(way):
    assert way.answer(tool(lambda: "done", name="it", timeout=1e300)).text == "done"


@pytest.mark.parametrize("timeout", [0, -1, math.nan, True, "5"])
def test_a_limit_is_a_positive_number_of_seconds(timeout):
    with pytest.raises(ConfigError, match="positive number of seconds"):
        tool(lambda: 1, name="one", timeout=timeout)
    with pytest.raises(ConfigError, match="positive number of seconds"):
        Toolbox(timeout=timeout)


@pytest.mark.parametrize(("own", "left", "limit"), [(None, SOON, SOON), (SOON, 60, SOON), (60, SOON, SOON)])
def test_what_is_left_of_a_run_limits_its_tools_too(way, release, own, left, limit):
    box = Toolbox([tool(lambda: release.wait(PATIENCE), name="hangs", description="", timeout=own)])
    result = way.answers(box, call("hangs"), left=lambda: left)[0]
    assert result.error == f"Tool `hangs` timed out after {limit:g} s."


def test_without_a_limit_of_the_run_the_tool_has_its_own(way):
    box = Toolbox([tool(lambda: "done", name="quick", description="", timeout=PATIENCE)])
    assert way.answers(box, call("quick"), left=lambda: None)[0].value == "done"
