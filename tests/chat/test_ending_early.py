"""Calls that are left or outlived: what was paid for is counted, and nothing is written into the wrong place."""

import asyncio
import threading
import warnings

import pytest

from chatkit import (
    Cancelled,
    FinishReasonWarning,
    IncompleteOutputError,
    LimitError,
    TurnEnded,
    UnknownCostWarning,
    chat_openai_compatible,
)
from chatkit._engine.limits import Limits
from chatkit.testing import Answer, Delivery, ToolCall

LOOK = ToolCall("look", {"path": "a.txt"})


@pytest.fixture
def looked(chat):
    looked = []

    def look(path: str) -> str:
        """Look at a file."""
        looked.append(path)
        return "empty"

    chat.register_tool(look)
    return looked


def until_turn_ended(chat):
    """Read a stream until its first answer is whole; gives the stream's iteration, which goes on from there."""
    events = chat.stream("Hi").events()
    for event in events:
        if isinstance(event, TurnEnded):
            break
    return events


async def until_turn_ended_async(chat):
    events = chat.stream_async("Hi").events()
    async for event in events:
        if isinstance(event, TurnEnded):
            break
    return events


@pytest.mark.parametrize("read", [until_turn_ended, lambda chat: asyncio.run(until_turn_ended_async(chat))])
def test_an_answer_is_counted_also_when_its_reader_leaves_at_its_end(service, chat, read):
    service.say("Hello")
    read(chat)
    assert chat.last_turn().interrupted is None
    usage = chat.usage()
    assert chat.spent.requests == 1
    assert chat.spent.tokens == usage.input_tokens + usage.output_tokens > 0
    chat.limits = Limits(tokens=1)
    with pytest.raises(LimitError):
        chat.chat("go on")


def test_a_chat_is_free_again_when_its_temporary_part_is_over(service, chat, talk, go_on):
    service.say("a", "b", "c", delivery=Delivery(pause=0.01))
    with chat.temporary():
        stream = chat.stream("Really?")
        assert next(stream) == "a"
    go_on(chat, talk)
    assert list(stream) == []
    assert [turn.text for turn in chat.turns] == ["go on", "Fine."]


def test_a_stream_that_outlives_its_temporary_chat_runs_no_tool_and_writes_nothing(service, chat, looked):
    service.script(Answer("Let me look.", tool_calls=[LOOK]))
    with chat.temporary():
        events = until_turn_ended(chat)
    assert list(events) == []
    assert looked == []
    assert chat.turns == []


def test_so_does_an_async_one(service, chat, looked):
    async def act():
        with chat.temporary():
            events = await until_turn_ended_async(chat)
        return [event async for event in events]

    service.script(Answer("Let me look.", tool_calls=[LOOK]))
    assert asyncio.run(act()) == []
    assert looked == []
    assert chat.turns == []


def test_a_call_in_another_thread_is_cancelled_with_its_temporary_chat(service, chat, stalled, talk, go_on):
    failures = []

    def act():
        try:
            chat.chat("Really?", echo="none")
        except Cancelled as error:
            failures.append(error.reason)

    service.script(stalled("An ", "aside"))
    with chat.temporary():
        thread = threading.Thread(target=act)
        thread.start()
        while not service.requests:
            pass
    thread.join()
    assert failures == ["the temporary chat ended"]
    assert chat.turns == []
    go_on(chat, talk)


def test_a_call_in_another_task_is_cancelled_with_its_temporary_chat(service, chat, stalled, talk, go_on):
    async def act():
        with chat.temporary():
            task = asyncio.create_task(chat.chat_async("Really?"))
            while not service.requests:
                await asyncio.sleep(0.005)
        with pytest.raises(Cancelled, match="the temporary chat ended"):
            await task

    service.script(stalled("An ", "aside"))
    asyncio.run(act())
    assert chat.turns == []
    go_on(chat, talk)


@pytest.mark.parametrize("kind", [dict, list])
def test_notes_of_a_clone_are_its_own(chat, kind):
    thing = object()
    chat.metadata.update(tags=["a"], deep={"list": [kind()]}, thing=thing)
    clone = chat.clone()
    clone.metadata["tags"].append("b")
    clone.metadata["deep"]["list"][0] = None
    assert chat.metadata == {"tags": ["a"], "deep": {"list": [kind()]}, "thing": thing}
    assert clone.metadata["thing"] is thing


@pytest.mark.parametrize(
    ("answer", "words"),
    [(Answer(" "), "The summary is empty"), (Answer("We cou", finish_reason="length"), "The summary was cut off")],
)
@pytest.mark.filterwarnings(f"ignore::{FinishReasonWarning.__module__}.{FinishReasonWarning.__qualname__}")
def test_a_summary_that_is_none_does_not_take_the_place_of_what_was_said(service, chat, answer, words):
    for number in ("one", "two", "three"):
        service.say(number.upper())
        chat.chat(number)
    before = chat.turns
    service.script(answer, answer)
    with pytest.raises(IncompleteOutputError, match=words):
        chat.compact(10, how="summarise")
    with pytest.raises(IncompleteOutputError, match=words):
        asyncio.run(chat.compact_async(10, how="summarise"))
    assert chat.turns == before


def test_async_credentials_take_of_the_time_of_the_call(service):
    async def slow():
        await asyncio.sleep(0.3)
        return "key"

    chat = chat_openai_compatible(base_url=service.base_url, model="m", echo="none", credentials=slow)
    with pytest.raises(LimitError, match="seconds"):
        asyncio.run(chat.chat_async("Hi", limits=Limits(seconds=0.2)))
    assert service.requests == []
    assert chat.turns == []


def test_each_caller_is_told_that_a_cost_is_not_known(service, make_chat):
    # A warning that names a line of chatkit is shown once and never again.
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        for ask in (make_chat().chat, lambda *said, **options: asyncio.run(make_chat().chat_async(*said, **options))):
            service.say("Hello")
            ask("Hi", limits=Limits(cost=1))
    assert [warning.category for warning in shown] == [UnknownCostWarning] * 2
    assert shown[0].filename == __file__
