"""Runs that are stopped, interrupted or cancelled."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import Any

import pytest

from chatkit._tools.tool import tool
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import ContentToolRequest, ContentToolResult

ONE_BY_ONE = pytest.mark.parametrize("way", ["plain", "async"], indirect=True)

Results = list[ContentToolResult | None]
PATIENCE = 5  # seconds until a test that hangs fails


async def exhaust(running: Any) -> None:
    async for _ in running:
        pass


def add(x: int, y: int = 2) -> int:
    """Add."""
    return x + y


async def later(x: int) -> int:
    """Come back later."""
    await asyncio.sleep(0)
    return x


def call(name: str, id: str = "1", /, **arguments: Any) -> ContentToolRequest:
    return ContentToolRequest(id, name, arguments)


def calls(*requests: ContentToolRequest) -> list[ContentToolRequest]:
    return [ContentToolRequest(str(index), item.name, item.arguments, item.raw) for index, item in enumerate(requests)]


def test_case_58_stopped_before_the_first_call(way):
    box = Toolbox([add])
    told: list[Any] = []
    box.on_request(told.append)
    results: Results = [None, None]
    way(box, calls(call("add", x=1), call("add", x=2)), results, stop=lambda: True)
    assert results == [None, None]
    assert told == []


@ONE_BY_ONE
def test_case_58_stopped_between_calls_the_rest_is_not_begun(way):
    results: Results = [None] * 3
    way(Toolbox([add]), calls(*[call("add", x=1)] * 3), results, stop=lambda: results[0] is not None)
    assert [result is None for result in results] == [False, True, True]


def test_case_58_stop_is_not_asked_again_once_it_said_so(way):
    said = iter([False, True])
    results: Results = [None] * 3
    box = Toolbox([add])
    way(box, calls(*[call("add", x=1)] * 3), results, stop=lambda: next(said))
    assert results == [None] * 3


def test_case_58_stopped_by_a_request_callback_its_own_tool_is_not_run(way):
    stopped: list[Any] = []
    box = Toolbox([add])
    box.on_request(stopped.append)
    results: Results = [None, None]
    way(box, calls(call("add", x=1), call("add", x=2)), results, stop=lambda: bool(stopped))
    assert results == [None, None]
    assert len(stopped) == 1


def test_stop_that_says_no_lets_all_run(way):
    assert len(way.answers(Toolbox([add]), call("add", x=1), call("add", x=2), stop=lambda: False)) == 2


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SystemExit])
@ONE_BY_ONE
@pytest.mark.parametrize("kind", ["plain", "async"])
def test_rows_h10_t5_an_interrupt_in_a_tool_propagates_and_keeps_what_is_done(way, fault, kind):
    def stops() -> None:
        raise fault

    async def stops_later() -> None:
        raise fault

    box = Toolbox([add, tool(stops if kind == "plain" else stops_later, name="stops")])
    results: Results = [None] * 3
    with pytest.raises(fault):
        way(box, calls(call("add", x=1), call("stops"), call("add", x=1)), results)
    assert [result is None for result in results] == [False, True, True]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SystemExit])
def test_row_h10_an_exit_in_a_thread_propagates_at_once(fault, threads):
    release = threading.Event()

    def hangs() -> None:
        release.wait(PATIENCE)

    def stops() -> None:
        raise fault

    results: Results = [None] * 2
    with pytest.raises(fault):
        threads(Toolbox([hangs, stops]), calls(call("hangs"), call("stops")), results)
    assert not release.is_set()
    release.set()
    assert results == [None, None]


@pytest.mark.skipif(os.name == "nt", reason="a wait for a lock cannot be interrupted there")
def test_row_t5_ctrl_c_while_threads_work_propagates_at_once_and_nothing_is_written_later(threads):
    release, ended, pressed = threading.Event(), threading.Event(), threading.Lock()

    def hangs() -> None:
        if pressed.acquire(blocking=False):  # once only: a second Ctrl-C would end the test run
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        release.wait(PATIENCE)
        ended.set()

    told: list[Any] = []
    box = Toolbox([add, hangs])
    box.on_result(told.append)
    results: Results = [None, None]
    with pytest.raises(KeyboardInterrupt):
        threads(box, calls(call("hangs"), call("hangs")), results)
    before, heard = list(results), list(told)
    release.set()
    assert ended.wait(PATIENCE)
    assert (results, told) == (before, heard)


@pytest.mark.parametrize("concurrent", [True, False])
def test_cancelling_cancels_async_tools_and_waits_for_them(concurrent):
    ended: list[str] = []

    async def main() -> Results:
        begun = asyncio.Event()

        async def hangs() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append("hangs")

        results: Results = [None, None]
        box = Toolbox([add, hangs])
        requests = calls(call("add", x=1), call("hangs"))
        running = asyncio.create_task(exhaust(box.run_async(requests, results, concurrent=concurrent)))
        await begun.wait()
        while results[0] is None:
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert ended == ["hangs"]
        assert len(asyncio.all_tasks()) == 1
        return results

    results = asyncio.run(main())
    assert results[0] is not None
    assert results[1] is None


@pytest.mark.parametrize("concurrent", [True, False])
def test_cancelling_leaves_a_plain_tool_unheard(concurrent):
    release, begun, ended = threading.Event(), threading.Event(), threading.Event()

    def hangs() -> None:
        begun.set()
        release.wait(PATIENCE)
        ended.set()
        raise ValueError("nobody hears this")

    async def main(results: Results) -> None:
        box = Toolbox([hangs])
        running = asyncio.create_task(exhaust(box.run_async([call("hangs")] * 2, results, concurrent=concurrent)))
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    results: Results = [None, None]
    asyncio.run(main(results))
    assert not ended.is_set()
    release.set()
    assert ended.wait(PATIENCE)
    assert results == [None, None]


def test_cancelling_closes_an_async_generator():
    closed: list[bool] = []

    async def main() -> None:
        begun = asyncio.Event()

        async def endless() -> Any:
            try:
                while True:
                    begun.set()
                    yield 1
                    await asyncio.sleep(0)
            finally:
                closed.append(True)

        running = asyncio.create_task(exhaust(Toolbox([endless]).run_async([call("endless")], [None])))
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert closed == [True]

    asyncio.run(main())


def test_a_tool_that_is_cancelled_itself_propagates(tasks):
    async def gives_up() -> None:
        raise asyncio.CancelledError

    results: Results = [None, None]
    with pytest.raises(asyncio.CancelledError):
        tasks(Toolbox([add, gives_up]), calls(call("add", x=1), call("gives_up")), results)
    assert results[0] is not None


def test_row_a1_a_second_loop_is_no_different(tasks):
    box = Toolbox([later])
    for _ in range(2):
        assert tasks.answers(box, call("later", x=1), call("later", x=2))[1].text == "2"
