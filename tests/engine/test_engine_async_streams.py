"""The awaited stream: the twin of the plain one, and what only happens in an event loop."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from chatkit._engine.call import Call
from chatkit._engine.loop import converse
from chatkit._engine.streams import AsyncStream
from chatkit._errors import APIConnectionError, APIStatusError, Cancelled, ChatBusyError, ConfigError
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.turns import Usage, UserTurn

Q = UserTurn("q")
HELLO = [200, "Hel", "lo .stop"]
TOGETHER = [200, "Hel lo", "never .stop"]


@pytest.fixture
def make(fake, talk):
    def make(*answers, hook=None, on_event=lambda event: None, line=None):
        line = (line or fake.AsyncLine)(fake.Wire(*answers), hook)
        made = AsyncStream(Call(talk, converse(talk, Q, stream=True, concurrent=False), line), fake.Watcher(on_event))
        made.log = line.wire.log
        return made

    return make


def last(talk):
    turn = talk.history.turns[-1]
    return turn.text, turn.interrupted


async def read(stream):
    return [piece async for piece in stream]


async def read_events(stream):
    return [event async for event in stream.events()]


def add() -> str:
    """Add."""
    return "4"


# --- reading --------------------------------------------------------------------------------------------------------


def test_iterating_gives_the_text(make, talk):
    stream = make(HELLO)
    assert asyncio.run(read(stream)) == ["Hel", "lo"]
    assert (stream.text, stream.turn, last(talk)) == ("Hello", talk.history.turns[-1], ("Hello", None))
    talk.busy.check()


def test_events_are_everything(make, fake, talk):
    talk.toolbox = Toolbox([add])
    heard = []
    stream = make([200, "+c1 .tool_calls"], HELLO, on_event=lambda event: heard.append(event.type))
    told = [event.type for event in asyncio.run(read_events(stream))]
    assert told == [
        *("turn_started", "tool_input_delta", "turn_ended", "tool_requested", "tool_returned"),
        *("turn_started", "text_delta", "text_delta", "turn_ended"),
    ]
    assert heard == [name for name in told if name != "text_delta"]


def test_a_stream_is_read_once(make):
    async def main():
        stream = make(HELLO)
        assert await read(stream) == ["Hel", "lo"]
        for again in (read, read_events):
            with pytest.raises(ConfigError, match="read to its end"):
                await again(stream)

    asyncio.run(main())


def test_anext_on_one_iterator(make):
    async def main():
        pieces = aiter(make(HELLO))
        assert aiter(pieces) is pieces
        return [await anext(pieces), await anext(pieces), await anext(pieces, "over")]

    assert asyncio.run(main()) == ["Hel", "lo", "over"]


# --- leaving --------------------------------------------------------------------------------------------------------


async def leave_loop(stream):
    async for _ in stream:
        break


async def leave_events(stream):
    async for event in stream.events():
        if event.type == "text_delta":
            break


async def leave_with(stream):
    async with stream as same:
        assert same is stream
        async for _ in stream:
            return


async def close(stream):
    pieces = aiter(stream)
    await anext(pieces)
    await stream.aclose()
    await stream.aclose()


@pytest.mark.parametrize("leave", [leave_loop, leave_events, leave_with, close])
def test_leaving_early_ends_the_answer_at_once(make, talk, leave):
    async def main():
        stream = make(TOGETHER)
        await leave(stream)
        # At once: not when the event loop finds the time.
        assert last(talk) == ("Hel", "stopped")
        assert stream.log[-1] == "close"
        talk.busy.check()
        assert (stream.text, stream.turn, repr(stream)) == (
            "Hel",
            talk.history.turns[-1],
            "<AsyncStream over, 3 characters>",
        )
        assert await read(stream) == []
        assert await read(make(HELLO)) == ["Hel", "lo"]

    asyncio.run(main())


@pytest.mark.parametrize("reader", [read, read_events])
def test_an_exception_of_the_watcher_ends_the_answer(make, talk, reader):
    def on_event(event):
        raise UserWarning("as an error")

    with pytest.raises(UserWarning):
        asyncio.run(reader(make(HELLO, on_event=on_event)))
    gc.collect()
    talk.busy.check()
    assert len(talk.history) == 0


def test_an_exception_in_the_loop_body_is_ones_own(make, talk):
    async def main():
        async for _ in make(TOGETHER):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())
    gc.collect()
    talk.busy.check()
    assert talk.history.turns[-1].text == "Hel"


def test_a_stream_that_is_dropped_ends(make, talk):
    async def main():
        pieces = aiter(make(TOGETHER))
        assert await anext(pieces) == "Hel"
        del pieces
        gc.collect()
        assert last(talk) == ("Hel", "stopped")
        talk.busy.check()

    asyncio.run(main())


def test_a_stream_that_outlives_its_loop_is_dropped_quietly(make, talk):
    kept = []

    async def main():
        kept.append(aiter(make(TOGETHER)))
        await anext(kept[0])

    asyncio.run(main())
    kept.clear()
    gc.collect()
    assert last(talk)[0] == "Hel"
    talk.busy.check()


def test_a_stream_that_is_never_read_sends_nothing(make, talk):
    async def main():
        stream = make()
        async with stream:
            pass
        assert await read(stream) == []
        return stream.log

    assert "send" not in asyncio.run(main())
    stream = make()
    aiter(stream)
    assert repr(stream) == "<AsyncStream not begun, 0 characters>"
    del stream
    gc.collect()
    assert len(talk.history) == 0
    talk.busy.check()


def test_a_second_stream_is_refused_and_the_first_goes_on(make, talk):
    async def main():
        first = aiter(make(HELLO))
        assert await anext(first) == "Hel"
        with pytest.raises(ChatBusyError):
            await read(make(HELLO))
        assert await anext(first) == "lo"

    asyncio.run(main())


# --- failing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", [read, read_events])
def test_an_error_is_raised_and_the_partial_answer_stays(make, talk, reader):
    stream = make([200, "Hel", APIConnectionError("Reset.")])
    with pytest.raises(ConnectionError) as caught:
        asyncio.run(reader(stream))
    assert (stream.text, stream.turn) == ("Hel", caught.value.partial)
    talk.busy.check()


# --- cancelling -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["text", "events"])
def test_cancelling_between_two_pieces_ends_the_iteration_there(make, talk, how):
    async def main():
        stream, told = make(TOGETHER), []
        async for piece in stream if how == "text" else stream.events():
            if how == "text" or piece.type == "text_delta":
                told.append(piece)
                stream.cancel("enough")
        return told

    assert len(asyncio.run(main())) == 1
    assert last(talk) == ("Hel", "enough")
    talk.busy.check()


def test_cancelling_before_anything_sends_nothing(make, talk):
    async def main():
        stream = make(HELLO)
        stream.cancel()
        assert await read(stream) == []
        return stream.log

    assert "receive" not in asyncio.run(main())
    assert len(talk.history) == 0


def test_cancelling_afterwards_is_harmless(make, talk):
    async def main():
        stream = make(HELLO)
        await read(stream)
        stream.cancel()

    asyncio.run(main())
    assert last(talk) == ("Hello", None)


def test_cancelling_in_another_thread(make, fake, talk):
    class Stalling(fake.AsyncLine):
        async def receive(self):
            if not self.wire.items:
                thread = threading.Thread(target=stream.cancel, args=("enough",))
                thread.start()
                while self.hung_up is None:
                    await asyncio.sleep(0.001)
                thread.join(5)
            return await super().receive()

    stream = make([200, "Hel"], line=Stalling)
    assert asyncio.run(read(stream)) == ["Hel"]
    assert last(talk) == ("Hel", "enough")


def test_a_cancellation_that_is_not_ones_own_is_no_error_either(make, talk):
    stream = make([200, "Hel", Cancelled("x", reason="enough")])
    assert asyncio.run(read(stream)) == ["Hel"]
    assert last(talk) == ("Hel", "enough")


def test_a_task_that_is_cancelled(make, fake, talk):
    class Stalling(fake.AsyncLine):
        async def receive(self):
            if not self.wire.items:
                await asyncio.sleep(30)
            return await super().receive()

    async def main():
        task = asyncio.create_task(read(make([200, "Hel"], line=Stalling)))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        talk.busy.check()

    asyncio.run(main())
    assert last(talk) == ("Hel", "cancelled")


def test_closing_while_another_task_waits_for_the_answer(make, fake, talk):
    class Stalling(fake.AsyncLine):
        async def receive(self):
            while not self.wire.items and self.hung_up is None and self.wire.log[-1] != "close":
                await asyncio.sleep(0.001)
            return await super().receive() if self.wire.items else None

    async def main():
        stream = make([200, "Hel"], line=Stalling)
        task = asyncio.create_task(read(stream))
        await asyncio.sleep(0.01)
        await stream.aclose()
        assert await asyncio.wait_for(task, 5) == ["Hel"]

    asyncio.run(main())
    assert last(talk) == ("Hel", "stopped")
    talk.busy.check()


# --- what it says of itself -----------------------------------------------------------------------------------------


def test_before_during_and_after(make, talk):
    async def main():
        stream = make(HELLO)
        assert (stream.text, stream.turn, stream.usage) == ("", None, Usage(0, 0, 0, 0, 0))
        assert repr(stream) == "<AsyncStream not begun, 0 characters>"
        pieces = aiter(stream)
        await anext(pieces)
        assert (stream.text, stream.turn, repr(stream)) == ("Hel", None, "<AsyncStream live, 3 characters>")
        await anext(pieces)
        await anext(pieces, None)
        assert (stream.text, stream.turn, stream.usage) == ("Hello", talk.history.turns[-1], Usage(1, 2, None, None))
        assert repr(stream) == "<AsyncStream over, 5 characters>"

    asyncio.run(main())


def test_a_stream_that_failed_does_not_take_an_earlier_partial_turn_for_its_own(make):
    async def main():
        await leave_loop(make(TOGETHER))
        stream = make([400, "bad"])
        with pytest.raises(APIStatusError):
            await read(stream)
        assert stream.turn is None

    asyncio.run(main())
