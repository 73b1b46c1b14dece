"""A chat serves one caller at a time, and tells the others so; and it can be cancelled from anywhere."""

import asyncio
import threading
import time

import pytest

from chatkit import Cancelled, ChatBusyError
from chatkit.testing import ErrorAnswer


def until(condition, seconds=2.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.002)


@pytest.fixture
def held(service, chat, stalled):
    """A stream of the chat that goes on until the test lets it."""
    service.script(stalled("so "))
    stream = chat.stream("first")
    assert next(stream) == "so "
    yield stream
    stream.close()


@pytest.mark.parametrize(
    "act",
    [
        lambda chat: chat.chat("x"),
        lambda chat: list(chat.stream("x")),
        lambda chat: list(chat.stream("x").events()),
        lambda chat: asyncio.run(chat.chat_async("x")),
        lambda chat: asyncio.run(anext(aiter(chat.stream_async("x")))),
        lambda chat: chat.set_turns([]),
        lambda chat: chat.add_turn("a", "b"),
        lambda chat: chat.undo(),
    ],
)
def test_a_second_call_is_refused_and_the_first_unharmed(service, chat, held, act):
    with pytest.raises(ChatBusyError, match="already streaming"):
        act(chat)
    assert len(service.requests) == 1
    assert repr(held) == "<Stream live, 3 characters>"
    held.close()
    assert (chat.last_turn().text, chat.last_turn().interrupted) == ("so ", "stopped")
    service.say("ok")
    assert chat.chat("second") == "ok"


def test_what_does_not_touch_the_turns_goes_on_while_a_stream_is_open(service, chat, held):
    chat.system_prompt = "Be terse."
    chat.model = "other"
    clone = chat.clone()
    service.say("ok")
    assert clone.chat("x") == "ok"
    assert chat.turns == []
    str(chat)


def test_a_call_in_another_thread_is_refused(service, chat, held):
    refused = []

    def ask():
        try:
            chat.chat("x")
        except ChatBusyError as error:
            refused.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(2)
    assert len(refused) == 1
    assert refused[0].hint


def test_of_two_tasks_one_is_refused(service, chat):
    async def main():
        return await asyncio.gather(chat.chat_async("a"), chat.chat_async("b"), return_exceptions=True)

    service.script("one", "two")
    outcomes = asyncio.run(main())
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ChatBusyError", "Reply"]
    assert len(service.requests) == 1


def test_of_many_threads_each_is_served_alone_or_refused(service, chat):
    service.on_request(lambda request: "ok")
    outcomes = []

    def ask():
        try:
            outcomes.append(str(chat.chat("x")))
        except ChatBusyError:
            outcomes.append("busy")

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(outcomes) == 16
    served = outcomes.count("ok")
    assert served >= 1
    assert served == len(service.requests) == len(chat) / 2


def test_cancel_without_a_call_is_harmless(service, chat):
    chat.cancel()
    service.say("ok")
    assert chat.chat("Hi") == "ok"
    chat.cancel()
    assert len(chat) == 2


def test_cancel_from_another_thread_ends_a_stall_at_once(service, chat, talk, stalled):
    service.script(stalled("so far"))
    outcome = []

    def ask():
        try:
            outcome.append(talk(chat, "Hi"))
        except Cancelled as error:
            outcome.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: service.requests)
    time.sleep(0.05)
    begun = time.monotonic()
    chat.cancel("enough")
    thread.join(2)
    assert time.monotonic() - begun < 3
    if talk.streams:
        assert outcome == ["so far"]
    else:
        assert (outcome[0].reason, outcome[0].partial) == ("enough", chat.last_turn())
        assert "enough" in str(outcome[0])
    assert (chat.last_turn().text, chat.last_turn().interrupted) == ("so far", "enough")
    assert service.requests[0].wait_disconnected(1)
    service.say("ok")
    assert talk(chat, "Hi") == "ok"


def test_cancel_while_waiting_to_try_again(service, chat, whole_talk):
    service.script(ErrorAnswer(503, headers={"retry-after": "30"}))
    timer = threading.Timer(0.1, chat.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        whole_talk(chat, "Hi")
    assert chat.turns == []
    assert len(service.requests) == 1
