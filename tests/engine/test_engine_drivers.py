"""The two drivers, with a line that has no wire: the same suite for the plain one and for the awaited one."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from chatkit._engine.drivers import Means, drive, drive_async
from chatkit._engine.loop import converse
from chatkit._errors import APIConnectionError, Cancelled
from chatkit._http.messages import Request
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.turns import UserTurn

Q = UserTurn("q")
OK = [200, "Hello .stop"]
ASKS = [200, "+c1 +c2 .tool_calls"]


@pytest.fixture(params=["plain", "async"])
def driver(request, fake, talk):
    return Driver(request.param == "async", fake, talk)


class Driver:
    """Runs a whole call; what it told is in `told`, also after an exception."""

    def __init__(self, is_async, fake, talk):
        self.is_async, self._fake, self._talk = is_async, fake, talk
        self.told = []

    def begin(self, *answers, hook=None, concurrent=False):
        self.wire = self._fake.Wire(*answers)
        self.line = (self._fake.AsyncLine if self.is_async else self._fake.Line)(self.wire, hook)
        script = converse(self._talk, Q, stream=True, concurrent=concurrent)
        run = drive_async if self.is_async else drive
        return run(script, self.line, Means(self._talk.toolbox))

    def __call__(self, *answers, leave_at=None, **about):
        self.told = []
        if self.is_async:
            asyncio.run(self._run_async(self.begin(*answers, **about), leave_at))
        else:
            self._run(self.begin(*answers, **about), leave_at)
        return self.told

    def _run(self, events, leave_at):
        with contextlib.closing(events):
            for event in events:
                self.told.append(self._fake.shown(event))
                if self.told[-1] == leave_at:
                    break

    async def _run_async(self, events, leave_at):
        async with contextlib.aclosing(events):
            async for event in events:
                self.told.append(self._fake.shown(event))
                if self.told[-1] == leave_at:
                    break


def toolbox(act):
    def add() -> int:
        """Add."""
        return act()

    return Toolbox([add])


def test_asks_are_done_and_events_are_told(driver, talk):
    assert driver([200, "Hel", "lo .stop"]) == ["turn_started", "Hel", "lo", "turn_ended"]
    assert driver.wire.log == ["send", "receive", "receive", "release", "close"]
    assert talk.history.turns[-1].text == "Hello"


def test_tools_are_run(driver, talk):
    talk.toolbox = toolbox(lambda: 4)
    told = driver(ASKS, OK)
    assert told[4:10] == [*("requested c1", "returned c1", "requested c2", "returned c2", "turn_started", "Hello")]
    assert [result.text for result in talk.history.turns[2].tool_results] == ["4", "4"]


def test_tools_are_run_at_once(driver, talk):
    together = threading.Barrier(2)
    talk.toolbox = toolbox(lambda: together.wait(5))
    driver(ASKS, OK, concurrent=True)
    assert [result.error for result in talk.history.turns[2].tool_results] == [None, None]


def test_pauses_are_made(driver):
    told = driver([(503, None), "busy"], OK)
    assert told == ["turn_started", "retrying 1 0.5", "Hello", "turn_ended"]
    assert driver.wire.log == ["send", "receive", "pause 0.5", "send", "receive", "release", "close"]


def test_an_error_is_raised_and_the_line_closed(driver, talk):
    error = APIConnectionError("Refused.")
    with pytest.raises(APIConnectionError) as caught:
        driver([error])
    assert caught.value is error
    assert (driver.wire.log[-1], len(talk.history)) == ("close", 0)


@pytest.mark.parametrize("place", ["send", "receive", "release", "pause 0.5"])
@pytest.mark.parametrize("make", [KeyboardInterrupt, lambda: ValueError("mine"), SystemExit])
def test_an_exception_out_of_the_line_goes_through_the_script(driver, talk, place, make):
    error = make()

    def hook(what):
        if what == place:
            raise error

    answers = ([(503, None), "busy"],) if place.startswith("pause") else (OK,)
    with pytest.raises(type(error)) as caught:
        driver(*answers, hook=hook)
    assert caught.value is error
    assert driver.wire.log[-1] == "close"
    assert len(talk.history) == (2 if place == "release" else 0)


@pytest.mark.parametrize("make", [KeyboardInterrupt, SystemExit])
def test_an_exception_out_of_a_tool_that_is_meant_to_end_everything(driver, talk, make):
    error = make()

    def act():
        raise error

    talk.toolbox = toolbox(act)
    with pytest.raises(make):
        driver(ASKS)
    assert [result.error for result in talk.history.turns[-1].tool_results] == ["The tool call was interrupted."] * 2


def test_a_callback_that_raises_stop_iteration_does_not_end_the_call_as_if_all_were_well(driver, talk):
    def refuse(request):
        raise StopIteration

    talk.toolbox = toolbox(lambda: 4)
    talk.toolbox.on_request(refuse)
    with pytest.raises(RuntimeError):
        driver(ASKS)
    assert len(talk.history.turns[-1].tool_results) == 2


def test_leaving_early_ends_the_script_and_closes_the_line(driver, talk):
    assert driver([200, "Hel", "lo"], leave_at="Hel") == ["turn_started", "Hel"]
    assert driver.wire.log == ["send", "receive", "close"]
    assert talk.history.turns[-1].interrupted == "stopped"


def test_leaving_before_the_first_event(driver, talk):
    events = driver.begin(OK)
    if driver.is_async:
        asyncio.run(events.aclose())
    else:
        events.close()
    assert len(talk.history) == 0


def test_hanging_up_while_tools_run(driver, talk):
    def act():
        driver.line.hang_up("enough")
        return 4

    talk.toolbox = toolbox(act)
    with pytest.raises(Cancelled) as caught:
        driver(ASKS)
    assert caught.value.reason == "enough"
    first, second = talk.history.turns[-1].tool_results
    assert (first.text, second.error) == ("4", "The tool call was interrupted.")


def test_hanging_up_between_two_events(driver, talk):
    def hook(what):
        if driver.wire.log.count("receive") == 2:
            driver.line.hang_up("enough")

    with pytest.raises(Cancelled):
        driver([200, "Hel", "lo"], hook=hook)
    assert (talk.history.turns[-1].text, talk.history.turns[-1].interrupted) == ("Hel", "enough")


def test_an_exception_thrown_where_an_event_is_told_reaches_the_draft(driver, talk):
    events = driver.begin([200, "Hel", "lo"])
    error = ValueError("mine")

    async def throw_async():
        while (await anext(events)).type != "text_delta":
            pass
        await events.athrow(error)

    def throw():
        while next(events).type != "text_delta":
            pass
        events.throw(error)

    with pytest.raises(ValueError, match="mine"):
        asyncio.run(throw_async()) if driver.is_async else throw()
    assert talk.history.turns[-1].interrupted == "ValueError: mine"


def test_a_task_that_is_cancelled_keeps_what_there_is(fake, talk):
    class Stalling(fake.AsyncLine):
        async def receive(self):
            if not self.wire.items:
                await asyncio.sleep(30)
            return await super().receive()

    wire = fake.Wire([200, "Hel"])

    async def listen():
        script = converse(talk, Q, stream=True, concurrent=False)
        async for _ in drive_async(script, Stalling(wire), Means(talk.toolbox)):
            pass

    async def main():
        task = asyncio.create_task(listen())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert (talk.history.turns[-1].text, talk.history.turns[-1].interrupted) == ("Hel", "cancelled")
    assert wire.log[-1] == "close"


# --- credentials ----------------------------------------------------------------------------------------------------


class Awaited:
    asynchronous = True

    def __init__(self, give):
        self._give = give

    def __call__(self):
        return self._give()


@pytest.mark.parametrize("kind", ["awaitable", "plain after all"])
def test_async_credentials_are_awaited_in_the_callers_loop(fake, talk, kind):
    where = []

    async def give():
        where.append(asyncio.get_running_loop())
        return {"Authorization": "Bearer x"}

    talk.provider = fake.Provider(
        credentials=Awaited(give if kind == "awaitable" else lambda: {"Authorization": "Bearer x"})
    )
    line = fake.AsyncLine(fake.Wire(OK))

    async def main():
        async for _ in drive_async(converse(talk, Q, stream=True, concurrent=False), line, Means(talk.toolbox)):
            pass
        return asyncio.get_running_loop()

    loop = asyncio.run(main())
    assert where == ([loop] if kind == "awaitable" else [])
    assert line.request.credentials() == {"Authorization": "Bearer x"}


def test_plain_credentials_are_left_to_the_line(fake, talk):
    def give():
        raise AssertionError("not here")

    talk.provider = fake.Provider(credentials=give)
    line = fake.AsyncLine(fake.Wire(OK))

    async def main():
        async for _ in drive_async(converse(talk, Q, stream=True, concurrent=False), line, Means(talk.toolbox)):
            pass

    asyncio.run(main())
    assert isinstance(line.request, Request)
    assert line.request.credentials is give
