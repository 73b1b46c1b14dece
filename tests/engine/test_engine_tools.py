"""Tools under the two drivers: their progress is told while they run, and whatever happens nothing dangles."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from chatkit._engine.drivers import Means, drive, drive_async
from chatkit._engine.loop import converse
from chatkit._errors import Cancelled
from chatkit._tools.context import ToolContext
from chatkit._tools.tool import tool
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.turns import UserTurn

ASKS = [200, "+c1 .tool_calls"]
ASKS_TWO = [200, "+c1 +c2 .tool_calls"]
OK = [200, "Hello .stop"]


class Driver:
    """Runs a whole call, plain or async; tells each event to a function that may say that it has seen enough."""

    def __init__(self, is_async, fake, talk):
        self.is_async, self.fake, self.talk = is_async, fake, talk

    def __call__(self, *answers, heard=lambda event: False, concurrent=False, metadata=None):
        self.line = (self.fake.AsyncLine if self.is_async else self.fake.Line)(self.fake.Wire(*answers))
        script = converse(self.talk, UserTurn("q"), stream=True, concurrent=concurrent)
        means = Means(self.talk.toolbox, metadata=metadata or {})
        self.told = []
        if self.is_async:
            asyncio.run(self._heard_async(drive_async(script, self.line, means), heard))
        else:
            with contextlib.closing(drive(script, self.line, means)) as events:
                self._heard(events, heard)
        return self.told

    def _heard(self, events, heard):
        for event in events:
            self.told.append(event)
            if heard(event):
                break

    async def _heard_async(self, events, heard):
        async with contextlib.aclosing(events):
            async for event in events:
                self.told.append(event)
                if heard(event):
                    break


@pytest.fixture(params=["plain", "async"])
def driver(request, fake, talk):
    return Driver(request.param == "async", fake, talk)


def counting(n):
    def add():
        """Count."""
        yield from range(n)

    return add


def results_of(talk):
    return [turn.tool_results for turn in talk.history.turns if isinstance(turn, UserTurn) and turn.tool_results]


def is_progress(event):
    return event.type == "tool_progressed"


@pytest.mark.parametrize("concurrent", [False, True])
def test_progress_is_told_between_request_and_result(driver, talk, concurrent):
    talk.toolbox = Toolbox([counting(3)])
    told = driver(ASKS, OK, concurrent=concurrent)
    kinds = [event.type for event in told if event.type.startswith("tool_") and event.type != "tool_input_delta"]
    assert kinds == ["tool_requested", "tool_progressed", "tool_progressed", "tool_returned"]
    assert [event.value for event in told if is_progress(event)] == [0, 1]
    assert results_of(talk)[0][0].value == 2


@pytest.mark.parametrize("concurrent", [False, True])
def test_leaving_at_a_progress_ends_the_tool_and_answers_every_call(driver, talk, concurrent):
    closed = threading.Event()

    def add():
        """Count."""
        try:
            yield from range(10**9)
        finally:
            closed.set()

    talk.toolbox = Toolbox([add])
    driver(ASKS_TWO, OK, heard=is_progress, concurrent=concurrent)
    (results,) = results_of(talk)
    assert [result.id for result in results] == ["c1", "c2"]
    assert results[0].error is not None
    assert driver.line.wire.log[-1] == "close"
    # On a loop it runs in a thread, which takes note a little later.
    assert closed.wait(5)


def test_who_hangs_up_at_a_progress_ends_the_tool_at_its_next_value(driver, talk):
    talk.toolbox = Toolbox([counting(10**9)])

    def hang_up(event):
        if is_progress(event):
            driver.line.hang_up("bored")

    with pytest.raises(Cancelled, match="bored"):
        driver(ASKS_TWO, heard=hang_up)
    (results,) = results_of(talk)
    assert [result.error is not None for result in results] == [True, True]


def test_an_exception_of_a_callback_after_progress_is_told_to_the_script(driver, talk):
    talk.toolbox = Toolbox([counting(2)])
    talk.toolbox.on_result(lambda result: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        driver(ASKS)
    assert results_of(talk)[0][0].value == 1


def test_tools_find_the_metadata(driver, talk):
    def add(ctx: ToolContext):
        """Add."""
        return dict(ctx.metadata)

    talk.toolbox = Toolbox([tool(add)])
    driver(ASKS, OK, metadata={"user": "Ada"})
    assert results_of(talk)[0][0].value == {"user": "Ada"}
