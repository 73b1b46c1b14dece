"""The awaited line: the same answers and faults through an event loop, which never waits and is never kept waiting."""

from __future__ import annotations

import asyncio
import time
from functools import partial

import pytest

from chatkit._errors import (
    APIConnectionError,
    APIResponseError,
    APITimeoutError,
    Cancelled,
    ConfigError,
    StreamError,
    StreamInterruptedError,
)
from chatkit._http.lines import AsyncLine
from chatkit._http.messages import Batch, Head, Piece, TimeLimits
from chatkit._http.sse import EventReader
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, RawAnswer

FOR_EVER = Delivery(pause=30)
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


async def read_all(line, request):
    await line.send(request)
    data = []
    while (batch := await line.receive()) is not None:
        data += [piece.data for piece in batch.pieces]
    return data


# --- answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
def test_d13_every_framing_is_live(framing, service, transport, to):
    async def main():
        line = AsyncLine(transport)
        head = await line.send(to(service))
        return [(await line.receive()).at - head.sent_at for _ in range(2)]

    service.script(EventsAnswer(["x", "two"], done=False, delivery=Delivery(pause=1.25, framing=framing)))
    first, second = asyncio.run(main())
    # All at once it would come if something held it back.
    assert second - first > 0.5


def test_one_connection_serves_streams_whole_answers_and_errors(service, transport, to):
    async def main():
        line = AsyncLine(transport)
        for answer in (EventsAnswer(["one"]), ErrorAnswer(500, "oh"), RawAnswer(b"{}")) * 2:
            service.script(answer)
            await line.send(to(service))
            await line.receive()
            await line.release()

    asyncio.run(main())
    assert (service.connections, len(service.requests)) == (1, 6)


def test_what_little_is_left_of_an_answer_is_read_before_the_next_request(service, transport, to):
    async def main():
        line = AsyncLine(transport)
        for _ in range(3):
            await line.send(to(service))
            await line.receive()

    service.on_request(lambda request: EventsAnswer(["one", "two"], delivery=Delivery(pause=0.03)))
    asyncio.run(main())
    assert service.connections == 1


def test_a_chat_keeps_its_connection_over_retries_and_turns(service, chat_with):
    async def main():
        chat = chat_with(service)
        return [str(await chat.chat_async("a")) for _ in range(3)]

    service.script("one", ErrorAnswer(500), "two", ErrorAnswer(429), "three")
    assert asyncio.run(main()) == ["one", "two", "three"]
    assert (service.connections, len(service.requests)) == (1, 5)


def test_pieces_that_came_together_are_handed_over_together(service, transport, to):
    async def main():
        line = AsyncLine(transport)
        await line.send(to(service))
        await asyncio.sleep(0.2)
        batches = []
        while (batch := await line.receive()) is not None:
            batches.append([piece.data for piece in batch.pieces])
        return batches

    service.script(EventsAnswer([str(n) for n in range(100)]))
    assert asyncio.run(main()) == [[*map(str, range(100)), "[DONE]"]]


def test_nothing_is_there_to_receive_before_sending(transport):
    async def main():
        line = AsyncLine(transport)
        await line.release()
        line.close()
        return await line.receive()

    assert asyncio.run(main()) is None


# --- faults ---------------------------------------------------------------------------------------------------------

CUT = 9
FAULTS = {
    "B4": (Answer("", delivery=Delivery(cut_before_headers="fin")), APIConnectionError, "before answering"),
    "B5": (Answer("", delivery=Delivery(cut_before_headers="rst")), APIConnectionError, "before answering"),
    "B7": (Answer("", delivery=Delivery(status_line=b"NOT HTTP")), APIConnectionError, "not HTTP"),
    "B8": (Answer("", delivery=Delivery(cut_headers_after=40)), APIConnectionError, "cut off"),
    "C27": (ErrorAnswer(307, headers={"location": "http://x.example/"}), APIResponseError, "http://x.example"),
    "C28": (ErrorAnswer(204, b""), APIResponseError, "no answer"),
    "D1": (RawAnswer(b"<title>Pay</title>", content_type="text/html"), APIResponseError, "Pay"),
    "D6": (RawAnswer(b"x", headers={"content-encoding": "foo"}), APIResponseError, "'foo'"),
    "D8": (EventsAnswer(["x"], delivery=Delivery(gzip=True, gzip_fault="start")), APIResponseError, "gzip"),
    "F1": (EventsAnswer(["x"], delivery=Delivery(cut_after=CUT, cut="rst", framing="close")), APIConnectionError, ""),
    "F2": (EventsAnswer(["x"], delivery=Delivery(cut_after=CUT)), APIConnectionError, "cut off"),
    "G1": (Answer("", delivery=Delivery(pause_before_headers=30)), APITimeoutError, "did not begin to answer"),
    "G2": (EventsAnswer(["x", "y"], delivery=FOR_EVER), APITimeoutError, "sent nothing"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_those_of_the_plain_line(name, service, transport, to, fails):
    answer, kind, words = FAULTS[name]
    service.script(answer, "good")
    line = AsyncLine(transport)

    async def main():
        await read_all(line, to(service, limits=TimeLimits(first_byte=0.2, idle=0.2)))

    fails(lambda: asyncio.run(main()), kind, words)
    assert len(asyncio.run(read_all(line, to(service)))) > 1


def test_b1_port_closed(closed_port, transport, to, fails):
    line = AsyncLine(transport)
    request = to(f"http://127.0.0.1:{closed_port}/v1")
    assert fails(lambda: asyncio.run(line.send(request)), APIConnectionError, "refused").kind == "refused"


def test_e9_an_endless_line(service, transport, to, fails, monkeypatch):
    monkeypatch.setattr("chatkit._http.incoming.EventReader", partial(EventReader, 1 << 20))
    service.script(RawAnswer(iter(lambda: b"x" * 65536, b""), content_type="text/event-stream"))
    line = AsyncLine(transport)
    fails(lambda: asyncio.run(read_all(line, to(service))), StreamError, "longer than 1,048,576")


@pytest.mark.parametrize("kind", [LookupError, OSError, SystemExit])
def test_g9_what_plain_credentials_raise_arrives_in_the_task(kind, service, transport, to):
    def credentials():
        raise kind("mine")

    async def main():
        with pytest.raises(kind, match="mine"):
            await AsyncLine(transport).send(to(service, credentials=credentials))

    asyncio.run(main())
    assert service.requests == []


def test_async_credentials_are_awaited_in_the_callers_loop(service, chat_with, key):
    loops = []

    async def credentials():
        loops.append(asyncio.get_running_loop())
        return key

    async def main():
        await chat_with(service, credentials=credentials).chat_async("a")
        return asyncio.get_running_loop()

    service.script("good")
    assert loops == [asyncio.run(main())]
    assert service.requests[0].headers["authorization"] == f"Bearer {key}"


def test_f2_in_a_chat_the_text_so_far_is_kept(service, chat_with, fails):
    async def main():
        async for piece in chat.stream_async("a"):
            heard.append(piece)

    hello = {"choices": [{"delta": {"content": "Hello "}}]}
    service.script(EventsAnswer([hello, "late"], delivery=Delivery(cut_after=60)))
    chat, heard = chat_with(service), []
    fails(lambda: asyncio.run(main()), StreamInterruptedError, "after 6 characters")
    assert (heard, chat.last_turn().text) == (["Hello "], "Hello ")


def test_a_config_error_of_the_line_arrives(transport, to, fails):
    request = to("http://[bad/v1")
    fails(lambda: asyncio.run(AsyncLine(transport).send(request)), ConfigError)


# --- many at once ---------------------------------------------------------------------------------------------------


def test_100_streams_of_one_second_take_about_one_second(service, chat_with):
    pieces = [{"choices": [{"delta": {"content": str(n)}}]} for n in range(6)]
    service.on_request(lambda request: EventsAnswer(pieces, delivery=Delivery(pause=1 / 6)))
    chats = [chat_with(service) for _ in range(100)]

    async def listen(chat):
        return "".join([piece async for piece in chat.stream_async("a")])

    async def main():
        ticks, started = 0, time.monotonic()
        work = asyncio.gather(*map(listen, chats))
        while not work.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return await work, ticks, time.monotonic() - started

    texts, ticks, seconds = asyncio.run(main())
    assert set(texts) == {"012345"}
    assert 0.95 < seconds < 3
    # Meanwhile the loop was free for others.
    assert ticks > 25


class Endless:
    """A plain line that never has to wait."""

    hung_up = None

    def __init__(self):
        self.received = 0

    def line(self):
        return self

    def send(self, request):
        return Head(200, {}, "http://x/")

    def receive(self):
        if self.hung_up is not None:
            raise Cancelled("hung up")
        self.received += 1
        return Batch([Piece("x")], 0.0)

    def hang_up(self, reason="cancelled"):
        self.hung_up = reason

    def release(self):
        raise AssertionError("it did not end")

    def close(self):
        pass


def test_a_reader_does_not_run_far_ahead(to):
    endless = Endless()

    async def main():
        line = AsyncLine(endless)
        await line.send(to("http://x/v1"))
        await asyncio.sleep(0.05)
        ahead = endless.received
        batch = await line.receive()
        await asyncio.sleep(0.05)
        line.close()
        return ahead, len(batch.pieces), endless.received

    ahead, taken, received = asyncio.run(main())
    assert 200 < ahead < 300
    assert taken == pytest.approx(ahead, abs=2)
    assert received == pytest.approx(2 * ahead, abs=4)
