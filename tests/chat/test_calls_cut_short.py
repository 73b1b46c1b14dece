"""Calls that end before their time: approvers who never answer, and streams that break after tools have failed."""

import asyncio
import threading
import time

import pytest

from chatkit import APIError, Cancelled, ConfigError, LimitError, Limits, ToolFailureWarning, tool
from chatkit.testing import ErrorAnswer, ToolCall


@pytest.fixture
def guarded(service, chat):
    """A chat whose model wants to call a tool that needs a yes, and the calls that the tool had."""
    ran = []

    @tool(requires_approval=True)
    def delete(path: str) -> str:
        """Delete a file."""
        ran.append(path)
        return "gone"

    chat.register_tool(delete)
    service.say(tool_calls=[ToolCall("delete", {"path": "a.txt"})])
    return ran


@pytest.fixture
def nobody(chat):
    """An approver who never answers; says when it is asked and when it is let go."""
    asked, left = threading.Event(), threading.Event()

    async def never(approval):
        asked.set()
        try:
            await asyncio.sleep(60)
        finally:
            left.set()

    chat.on_approval(never)
    return asked, left


async def used(chat, way, **options):
    if way == "whole":
        return await chat.chat_async("Go", **options)
    return [piece async for piece in chat.stream_async("Go", **options)]


@pytest.mark.parametrize("way", ["whole", "stream"])
@pytest.mark.parametrize("where", ["thread", "task"])
def test_cancel_wakes_an_approver_who_never_answers(service, chat, guarded, nobody, way, where):
    asked, left = nobody

    def cancel():
        assert asked.wait(5)
        chat.cancel("enough")

    async def main():
        canceller = asyncio.to_thread(cancel) if where == "thread" else asyncio.sleep(0.05, None)
        call = asyncio.create_task(used(chat, way))
        await canceller
        chat.cancel("enough")
        return await call

    started = time.monotonic()
    if way == "whole":
        with pytest.raises(Cancelled) as caught:
            asyncio.run(main())
        assert caught.value.reason == "enough"
    else:
        assert asyncio.run(main()) == []
    assert time.monotonic() - started < 20
    assert (left.is_set(), guarded) == (True, [])
    # The call was asked for, and goes unanswered until the chat goes on.
    service.say("ok")
    assert chat.chat("Never mind.") == "ok"
    assert guarded == []


def test_a_limit_of_seconds_wakes_an_approver_who_never_answers(chat, guarded, nobody):
    with pytest.raises(LimitError, match=r"0\.3 seconds"):
        asyncio.run(chat.chat_async("Go", limits=Limits(seconds=0.3)))
    assert (nobody[1].is_set(), guarded) == (True, [])


def test_a_cancel_just_before_the_approver_is_asked_counts(chat, guarded, nobody):
    chat.on_approval(lambda approval: chat.cancel("early"))

    async def main():
        await chat.chat_async("Go")

    started = time.monotonic()
    with pytest.raises(Cancelled):
        asyncio.run(main())
    assert time.monotonic() - started < 20
    assert guarded == []


def test_a_timeout_of_the_approvers_own_is_not_taken_for_a_cancel(chat, guarded):
    async def late(approval):
        raise TimeoutError("I was too slow")

    chat.on_approval(late)
    with pytest.raises(TimeoutError, match="too slow"):
        asyncio.run(chat.chat_async("Go"))
    assert guarded == []


# --- warnings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("way", ["whole", "stream"])
def test_tools_that_failed_are_warned_of_also_when_the_answer_breaks_afterwards(service, chat, is_async, way):
    def fail() -> None:
        """Fail."""
        raise RuntimeError("boom")

    chat.register_tool(fail)
    service.say(tool_calls=[ToolCall("fail")])
    service.script(ErrorAnswer(400, {"error": {"message": "no"}}))

    def act():
        if is_async:
            asyncio.run(used(chat, way))
        elif way == "whole":
            chat.chat("Go")
        else:
            list(chat.stream("Go"))

    with pytest.warns(ToolFailureWarning, match="1 tool call failed: .*boom"), pytest.raises(APIError):
        act()


def test_a_stream_that_was_read_says_so_when_it_is_read_again(service, chat, stream_talk):
    service.say("Hel", "lo")
    stream = chat.stream_async("Hi") if stream_talk.is_async else chat.stream("Hi")

    async def read():
        return "".join([piece async for piece in stream])

    again = (lambda: asyncio.run(read())) if stream_talk.is_async else (lambda: "".join(stream))
    assert again() == "Hello"
    with pytest.raises(ConfigError, match=r"read to its end; it can be iterated once\. .*`text`"):
        again()
    assert stream.text == "Hello"


def test_a_stream_that_was_left_just_has_nothing_more(service, chat):
    service.say("Hel", "lo")
    stream = chat.stream("Hi")
    for _ in stream:
        break
    assert list(stream) == []
