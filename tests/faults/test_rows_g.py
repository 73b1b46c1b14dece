"""Group G of the fault catalogue: time limits and cancelling, each row whole."""

from __future__ import annotations

import asyncio
import gc
import json
import math
import os
import signal
import threading
import time

import pytest

from chatkit import APITimeoutError, Cancelled, TimeLimits
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, ToolCall

NEVER = Answer("x", delivery=Delivery(pause_before_headers=60))


@pytest.fixture
def stalled(chunk):
    """An answer that says a piece and falls silent."""

    def make(**delivery):
        return EventsAnswer([chunk("Hello "), chunk("late")], delivery=Delivery(pause=60, **delivery))

    return make


@pytest.fixture
def later():
    """Do something in another thread once a condition holds."""
    threads = []

    def start(condition, act, seconds=0.1):
        def work():
            end = time.monotonic() + 10
            while not condition() and time.monotonic() < end:
                time.sleep(0.005)
            time.sleep(seconds)
            act()

        threads.append(threading.Thread(target=work))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join()


def test_g1_headers_never_sent(row):
    found = row(
        *[NEVER] * 3, timeout=TimeLimits(first_byte=0.2), raises=APITimeoutError,
        names=["0.2 s", "TimeLimits(first_byte=...)", "after 3 attempts"], requests=3,
    )  # fmt: skip
    assert 0.5 < found.taken < 10


def test_g2_a_stall_after_some_text(stream_row, stalled):
    stream_row(
        stalled(), timeout=TimeLimits(idle=0.3), raises=APITimeoutError, names=["0.3 s", "TimeLimits(idle=...)"],
        history="HP", text="Hello ",
    )  # fmt: skip


@pytest.mark.parametrize("history", ["H0", "HP"])
@pytest.mark.parametrize("limits", [{"progress": 0.4}, {"total": 0.4}])
def test_g3_comments_for_ever(stream_row, chunk, limits, history):
    hello = f"data: {json.dumps(chunk('Hello '))}\n\n".encode()
    ping = Delivery(
        stall_after=len(hello) if history == "HP" else 0, stall=math.inf, keepalive=b": ping\n\n", keepalive_every=0.03
    )
    [name] = limits
    stream_row(
        EventsAnswer([hello, chunk("late")], delivery=ping), timeout=TimeLimits(**limits), raises=APITimeoutError,
        names=["0.4 s", f"TimeLimits({name}=...)"], history=history, text="Hello ",
    )  # fmt: skip


def test_g4_a_slow_drip(stream_row, chunk):
    drip = EventsAnswer((chunk("x") for _ in range(10_000)), delivery=Delivery(pause=0.03))
    stream_row(drip, timeout=TimeLimits(total=0.5), raises=APITimeoutError, names=["0.5 s", "total="], history="HP")


def test_g5_leaving_the_loop(stream_row, stalled):
    chat = stream_row.make()

    async def leave_async():
        async for piece in chat.stream_async("Hi"):
            stream_row.heard.append(piece)
            break

    def act():
        if stream_row.way == "stream_async":
            asyncio.run(leave_async())
            return
        for piece in chat.stream("Hi"):
            stream_row.heard.append(piece)
            break

    stream_row(stalled(), chat=chat, act=act, history="HP", text="Hello ")
    assert chat.turns[3].interrupted == "stopped"
    assert stream_row.service.requests[0].wait_disconnected()


def test_g6_cancelled_from_another_thread(row, stalled, later, service):
    chat = row.make()
    later(lambda: service.requests, lambda: chat.cancel("enough"), 0.3)
    if row.way == "chat":
        found = row(stalled(), chat=chat, raises=Cancelled, names=["enough"], history="HP", text="Hello ")
    else:
        # An iterator that was cancelled ends.
        found = row(stalled(), chat=chat, history="HP", text="Hello ")
    assert chat.turns[3].interrupted == "enough"
    assert found.taken < 5


@pytest.fixture
def ctrl_c(later):
    def press(condition, seconds=0.2):
        later(condition, lambda: os.kill(os.getpid(), signal.SIGINT), seconds)

    return press


def test_g7_ctrl_c_before_headers(row_once, ctrl_c, service):
    ctrl_c(lambda: service.requests)
    row_once(NEVER, raises=KeyboardInterrupt, history="H0")


def test_g7_ctrl_c_in_the_text(row_once, ctrl_c, service, stalled):
    ctrl_c(lambda: service.requests, 0.4)
    row_once(stalled(), raises=KeyboardInterrupt, history="HP", text="Hello ")


def test_g7_ctrl_c_while_backing_off(row_once, ctrl_c, service):
    ctrl_c(lambda: service.requests)
    row_once(ErrorAnswer(503, headers={"retry-after": "60"}), raises=KeyboardInterrupt, history="H0")


def test_g7_ctrl_c_in_a_tool(row_once, service):
    chat, pressed = row_once.make(), []

    def stop():
        """Stop."""
        pressed.append(1)
        raise KeyboardInterrupt

    chat.set_tools([stop])
    answer = Answer(tool_calls=[ToolCall("stop"), ToolCall("stop")])

    def act():
        chat.chat("Hi", tool_mode="sequential")

    row_once(answer, chat=chat, act=act, raises=KeyboardInterrupt, history="HT")
    results = chat.turns[4].tool_results
    assert [result.error for result in results] == ["The tool call was interrupted."] * 2
    assert pressed == [1]


def test_g8_cancelled_while_backing_off(row, later, service):
    chat = row.make()
    later(lambda: service.requests, lambda: chat.cancel("enough"), 0.2)
    answer = ErrorAnswer(503, headers={"retry-after": "60"})
    found = row(answer, chat=chat, raises=Cancelled if row.way == "chat" else None, history="H0")
    assert found.taken < 10


class Mine(Exception):
    """Raised by the user's own code."""


def test_g9_an_error_in_the_loops_body(stream_row, stalled):
    chat = stream_row.make()

    async def fail_async():
        async for piece in chat.stream_async("Hi"):
            raise Mine(piece)

    def act():
        if stream_row.way == "stream_async":
            asyncio.run(fail_async())
        for piece in chat.stream("Hi"):
            raise Mine(piece)

    stream_row(stalled(), chat=chat, act=act, raises=Mine, names=["Hello "], history="HP", text="Hello ")


def test_g10_an_iterator_that_is_dropped(row_once, stalled, service):
    chat = row_once.make()

    def act():
        stream = chat.stream("Hi")
        next(stream)
        del stream
        gc.collect()

    row_once(stalled(), chat=chat, act=act, history="HP", text="Hello ")
    assert service.requests[0].wait_disconnected()


def test_g10_a_chat_that_is_dropped_with_its_stream(service, canary, stalled):
    from chatkit import chat_openai_compatible

    chat = chat_openai_compatible(service.base_url, model="m", echo="none", credentials=canary.credentials)
    service.script(stalled())
    stream = chat.stream("Hi")
    assert next(stream) == "Hello "
    del chat, stream
    gc.collect()
    assert service.requests[0].wait_disconnected()


def test_g10_a_fork_after_use(row, service):
    chat = row.make()
    fork = chat.clone()
    service.say("One.")
    assert fork.chat("x") == "One."
    row("Two.", chat=chat, text="Two.")
    assert fork.last_turn().text == "One."
