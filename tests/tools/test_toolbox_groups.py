"""How several requests are answered, one by one or at once."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from chatkit._tools.tool import tool
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import ContentToolRequest, ContentToolResult

AT_ONCE = pytest.mark.parametrize("way", ["threads", "tasks"], indirect=True)
ONE_BY_ONE = pytest.mark.parametrize("way", ["plain", "async"], indirect=True)

Results = list[ContentToolResult | None]
PATIENCE = 5  # seconds until a test that hangs fails


def add(x: int, y: int = 2) -> int:
    """Add."""
    return x + y


async def later(x: int) -> int:
    """Come back later."""
    await asyncio.sleep(0)
    return x


def call(name: str, id: str = "1", /, **arguments: Any) -> ContentToolRequest:
    return ContentToolRequest(id, name, arguments)


def test_case_46_results_stand_in_the_order_of_the_requests(way):
    box = Toolbox([add, later])
    mixed = [call("add", x=1), call("later", x=2), call("nix"), call("add"), call("later", x=5)]
    found = way.answers(box, *mixed)
    assert [result.id for result in found] == ["0", "1", "2", "3", "4"]
    assert [result.error is None for result in found] == [True, True, False, False, True]


@ONE_BY_ONE
def test_case_47_a_tool_may_register_another_for_the_next_call(way):
    box = Toolbox()
    box.register(tool(lambda: box.register(add).name, name="grow"))
    assert [result.text for result in way.answers(box, call("grow"), call("add", x=1))] == ["add", "3"]


@AT_ONCE
@pytest.mark.parametrize("kind", ["plain", "async"])
def test_case_53_concurrent_calls_overlap(way, kind):
    meeting = threading.Barrier(3, timeout=PATIENCE)

    def meet() -> str:
        meeting.wait()
        return "met"

    async def meet_later() -> str:
        return await asyncio.to_thread(meet)

    box = Toolbox([tool(meet if kind == "plain" else meet_later, name="meet")])
    assert [result.text for result in way.answers(box, *[call("meet")] * 3)] == ["met"] * 3


def test_case_53_async_and_plain_tools_overlap_on_one_loop(tasks):
    started = threading.Event()

    async def opens() -> str:
        await asyncio.sleep(0)
        started.set()
        return "opened"

    def waits() -> str:
        assert started.wait(PATIENCE)
        return "waited"

    box = Toolbox([waits, opens])
    found = tasks.answers(box, call("waits"), call("opens"))
    assert [result.text for result in found] == ["waited", "opened"]


def test_a_plain_tool_does_not_block_the_loop():
    ticked = threading.Event()

    def waits() -> bool:
        return ticked.wait(PATIENCE)

    async def main() -> str | None:
        results: Results = [None]
        asyncio.get_running_loop().call_soon(ticked.set)
        async for _ in Toolbox([waits]).run_async([call("waits")], results):
            pass
        return results[0].text if results[0] else None

    assert asyncio.run(main()) == "true"


@AT_ONCE
def test_many_plain_tools_overlap_beyond_any_pool(way):
    meeting = threading.Barrier(60, timeout=PATIENCE)
    box = Toolbox([tool(lambda: meeting.wait() >= 0, name="meet")])
    assert {result.text for result in way.answers(box, *[call("meet")] * 60)} == {"true"}


@ONE_BY_ONE
def test_case_53_sequential_calls_do_not_overlap(way):
    inside: list[str] = []
    seen: list[list[str]] = []

    async def step(name: str) -> None:
        inside.append(name)
        await asyncio.sleep(0)
        seen.append(list(inside))
        inside.remove(name)

    way.answers(Toolbox([step]), call("step", name="a"), call("step", name="b"))
    assert seen == [["a"], ["b"]]


def test_plain_tools_stay_in_the_callers_thread_unless_told_otherwise(plain, threads):
    box = Toolbox([tool(lambda: threading.get_ident(), name="where")])
    here = str(threading.get_ident())
    assert [result.text for result in plain.answers(box, *[call("where")] * 2)] == [here] * 2
    assert here not in [result.text for result in threads.answers(box, *[call("where")] * 2)]


@AT_ONCE
def test_results_are_filled_in_as_calls_finish(way):
    results: Results = [None, None]
    filled = threading.Event()

    def quick() -> str:
        return "quick"

    def slow() -> bool:
        return filled.wait(PATIENCE)

    box = Toolbox([quick, slow])
    box.on_result(lambda result: filled.set() if results[1] is result else None)
    way(box, [call("slow"), call("quick", "2")], results)
    assert [result and result.text for result in results] == ["true", "quick"]
