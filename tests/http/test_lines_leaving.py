"""Leaving an awaited line: cancelled tasks, hanging up from other threads, pauses, and loops that close."""

from __future__ import annotations

import asyncio
import time

import pytest

from chatkit._errors import Cancelled
from chatkit._http.lines import AsyncLine
from chatkit._http.messages import Batch, Head, Piece
from chatkit.testing import Answer, Delivery, EventsAnswer

FOR_EVER = Delivery(pause=30)
CUT = 9
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


async def read_all(line, request):
    await line.send(request)
    data = []
    while (batch := await line.receive()) is not None:
        data += [piece.data for piece in batch.pieces]
    return data


async def hold(seconds, act):
    """Do something later, in another thread."""
    await asyncio.sleep(seconds)
    await asyncio.to_thread(act)


@pytest.mark.parametrize("phase", ["headers", "body"])
def test_g6_a_cancelled_task_hangs_up_at_once(phase, service, chat_with):
    how = Delivery(pause_before_headers=30) if phase == "headers" else Delivery(stall_after=10)

    async def main():
        task = asyncio.create_task(chat.chat_async("a"))
        await asyncio.sleep(0.15)
        cancelled_at = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return cancelled_at

    service.script(Answer("x", delivery=how), "good")
    chat = chat_with(service)
    cancelled_at = asyncio.run(main())
    assert service.requests[0].wait_disconnected()
    assert service.requests[0].disconnected_at - cancelled_at < 5
    assert str(chat.chat("b")) == "good"


@pytest.mark.parametrize("phase", ["headers", "body"])
def test_g6_hanging_up_from_another_thread(phase, service, transport, to, fails):
    how = Delivery(pause_before_headers=30) if phase == "headers" else FOR_EVER
    line, hung_up_at = AsyncLine(transport), []

    def hang_up():
        hung_up_at.append(time.monotonic())
        line.hang_up("enough")

    async def main():
        other = asyncio.create_task(hold(0.1, hang_up))
        try:
            await read_all(line, to(service))
        finally:
            await other

    service.script(EventsAnswer(["x", "y"], delivery=how))
    error = fails(lambda: asyncio.run(main()), Cancelled, "(enough)")
    assert (error.reason, line.hung_up) == ("enough", "enough")
    assert time.monotonic() - hung_up_at[0] < 3
    assert service.requests[0].wait_disconnected()


def test_g8_a_pause_is_interrupted_from_another_thread(transport, fails):
    line = AsyncLine(transport)

    async def main():
        other = asyncio.create_task(hold(0.1, lambda: line.hang_up("enough")))
        try:
            await line.pause(30)
        finally:
            await other

    started = time.monotonic()
    fails(lambda: asyncio.run(main()), Cancelled, "(enough)")
    assert time.monotonic() - started < 3


def test_a_pause_lasts_as_long_as_it_should(transport):
    started = time.monotonic()
    asyncio.run(AsyncLine(transport).pause(0.1))
    assert 0.1 <= time.monotonic() - started < 3


@pytest.mark.parametrize("act", ["send", "receive", "pause"])
def test_a_line_hung_up_does_nothing_more(act, service, transport, to, fails):
    line = AsyncLine(transport)
    line.hang_up("enough")
    line.hang_up("again")
    arguments = {"send": [to(service)], "receive": [], "pause": [30]}[act]

    async def main():
        await getattr(line, act)(*arguments)

    assert fails(lambda: asyncio.run(main()), Cancelled).reason == "enough"
    assert service.connections == 0


class HungUpMeanwhile(AsyncLine):
    """Hung up by another thread just after it was looked whether it was."""

    def _check(self):
        super()._check()
        if self.hung_up is None:
            self.hang_up("enough")


@pytest.mark.parametrize("act", ["send", "pause"])
def test_hanging_up_in_the_narrowest_moment_is_not_missed(act, service, transport, to, fails):
    service.script(Answer("x", delivery=Delivery(pause_before_headers=30)))
    line = HungUpMeanwhile(transport)
    started = time.monotonic()

    async def main():
        await (line.send(to(service)) if act == "send" else line.pause(30))

    fails(lambda: asyncio.run(main()), Cancelled, "(enough)")
    assert time.monotonic() - started < 3


def test_a_pause_may_be_cut_short_by_its_task(transport):
    async def main():
        line = AsyncLine(transport)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(line.pause(30), 0.05)
        line.hang_up("too late to matter")

    asyncio.run(main())


def test_release_does_not_wait_long_for_a_body_that_does_not_end(service, transport, to):
    async def main():
        line = AsyncLine(transport)
        await line.send(to(service))
        await line.receive()
        started = time.monotonic()
        await line.release()
        return time.monotonic() - started

    service.script(EventsAnswer(["one", "[DONE]", "more"], done=False, delivery=FOR_EVER))
    assert asyncio.run(main()) < 3
    assert service.requests[0].wait_disconnected()


def test_release_reads_what_is_left(service, transport, to):
    async def main():
        line = AsyncLine(transport)
        for _ in range(3):
            await line.send(to(service))
            await line.receive()
            await line.release()

    service.on_request(lambda request: EventsAnswer(["one", "two", "three"], delivery=Delivery(pause=0.02)))
    asyncio.run(main())
    assert service.connections == 1


def test_release_after_a_break_is_quiet(service, transport, to):
    async def main():
        line = AsyncLine(transport)
        await line.send(to(service))
        await line.receive()
        await line.release()

    service.script(EventsAnswer(["x", "y"], delivery=Delivery(cut_after=CUT, pause=0.05)))
    asyncio.run(main())


def test_the_loop_may_close_while_a_thread_still_reads(service, transport, to):
    line = AsyncLine(transport)
    service.script(EventsAnswer([str(n) for n in range(20)], delivery=Delivery(pause=0.01)))
    asyncio.run(line.send(to(service)))
    time.sleep(0.1)
    # Nobody waits any more, and nobody is disturbed by what comes in.
    line.close()


def test_a_pause_in_a_closed_loop_can_be_hung_up(transport):
    line = AsyncLine(transport)

    async def main():
        asyncio.get_running_loop().create_task(line.pause(30))
        await asyncio.sleep(0)

    asyncio.run(main())
    line.hang_up("late")
    assert line.hung_up == "late"


def test_g10_an_answer_that_is_dropped_ends_at_once(service, chat_with):
    hello = {"choices": [{"delta": {"content": "Hello "}}]}

    async def main():
        async for _ in chat.stream_async("a"):
            break
        left_at = time.monotonic()
        await asyncio.sleep(0)
        return left_at

    service.script(EventsAnswer([hello, hello], delivery=FOR_EVER))
    chat = chat_with(service)
    left_at = asyncio.run(main())
    assert service.requests[0].wait_disconnected()
    assert service.requests[0].disconnected_at - left_at < 5


# --- the narrowest moments between the loop and the thread ----------------------------------------------------------


class Instant:
    """A plain line whose answer is there at once: a head, some batches, and the end."""

    hung_up = None

    def __init__(self, batches):
        self.batches = [Batch([Piece(str(number))], 0.0) for number in range(batches)]

    def line(self):
        return self

    def send(self, request):
        time.sleep(0.02)
        return Head(200, {}, "http://x/")

    def receive(self):
        return self.batches.pop(0) if self.batches else None

    def release(self):
        pass


def test_what_comes_while_the_wait_is_prepared_is_not_waited_for(to, monkeypatch):
    async def main():
        loop = asyncio.get_running_loop()
        make = loop.create_future

        def slowly():
            time.sleep(0.05)
            return make()

        monkeypatch.setattr(loop, "create_future", slowly)
        return await asyncio.wait_for(read_all(AsyncLine(Instant(2)), to("http://x/v1")), 5)

    assert asyncio.run(main()) == ["0", "1"]


def test_room_made_while_the_thread_sees_that_there_is_none_is_used(to):
    async def main():
        line = AsyncLine(Instant(1000))
        head = await line.send(to("http://x/v1"))
        room = line._reader._room
        cleared = room.clear

        def clear_after_all_was_taken():
            cleared()
            line._reader._items.clear()

        room.clear = clear_after_all_was_taken
        await asyncio.sleep(0.1)
        return head.status, line._reader._ended.is_set()

    assert asyncio.run(main()) == (200, True)
