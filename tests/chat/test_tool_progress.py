"""Progress of tools, their context, and their time limits, as a chat's user meets them."""

import asyncio
import threading

import pytest

from chatkit import ToolContext, ToolFailureWarning, ToolProgressed, tool
from chatkit.testing import Answer, ToolCall


def count(n: int):
    """Count."""
    yield from range(n)


async def count_async(n: int):
    """Count."""
    for number in range(n):
        await asyncio.sleep(0)
        yield number


def report(n: int, ctx: ToolContext) -> int:
    """Count."""
    for number in range(n - 1):
        ctx.report(number)
    return n - 1


TOOLS = [count, count_async, report]


@pytest.mark.parametrize("function", TOOLS)
@pytest.mark.parametrize("tool_mode", ["sequential", "concurrent"])
def test_a_stream_tells_progress_between_request_and_result(service, chat, stream_talk, go_on, function, tool_mode):
    chat.register_tool(tool(function, name="count"))
    service.script(Answer(tool_calls=[ToolCall("count", {"n": 3})]), "Done.")
    told = stream_talk.events(chat, "Count", tool_mode=tool_mode)
    kinds = [event.type for event in told if event.type in ("tool_requested", "tool_progressed", "tool_returned")]
    assert kinds == ["tool_requested", "tool_progressed", "tool_progressed", "tool_returned"]
    assert [event.value for event in told if isinstance(event, ToolProgressed)] == [0, 1]
    assert go_on(chat, stream_talk)[2]["content"] == "2"


@pytest.mark.parametrize("function", TOOLS)
def test_the_other_verbs_let_it_pass_and_the_model_never_sees_it(service, chat, whole_talk, go_on, function):
    chat.register_tool(tool(function, name="count"))
    service.script(Answer(tool_calls=[ToolCall("count", {"n": 3})]), "Done.")
    assert whole_talk(chat, "Count") == "Done."
    messages = go_on(chat, whole_talk)
    assert [message["content"] for message in messages if message["role"] == "tool"] == ["2"]


@pytest.mark.parametrize("tool_mode", ["sequential", "concurrent"])
def test_leaving_a_stream_at_a_progress_leaves_every_call_answered(service, chat, talk, go_on, tool_mode):
    chat.register_tool(count)
    service.script(Answer(tool_calls=[ToolCall("count", {"n": 10**9})] * 2))
    stream = chat.stream("Count", tool_mode=tool_mode)
    for event in stream.events():
        if isinstance(event, ToolProgressed):
            break
    stream.close()
    assert [result.error is not None for result in chat.turns[2].tool_results] == [True, True]
    go_on(chat, talk)


def test_cancelling_a_stream_at_a_progress_ends_the_tool(service, chat, talk, go_on):
    closed = []

    def endless():
        """Count for ever."""
        try:
            yield from range(10**9)
        finally:
            closed.append(True)

    chat.register_tool(endless)
    service.script(Answer(tool_calls=[ToolCall("endless")]))
    stream = chat.stream("Count")
    for event in stream.events():
        if isinstance(event, ToolProgressed):
            stream.cancel("enough")
    assert closed == [True]
    assert len(service.requests) == 1
    assert chat.turns[2].tool_results[0].error is not None
    go_on(chat, talk)


def test_cancelling_an_async_stream_at_a_progress_ends_the_tool(service, chat, talk, go_on):
    closed = threading.Event()

    async def endless():
        """Count for ever."""
        try:
            while True:
                await asyncio.sleep(0)
                yield 1
        finally:
            closed.set()

    async def main():
        stream = chat.stream_async("Count")
        async for event in stream.events():
            if isinstance(event, ToolProgressed):
                stream.cancel("enough")
        await stream.aclose()

    chat.register_tool(endless)
    service.script(Answer(tool_calls=[ToolCall("endless")]))
    asyncio.run(main())
    assert closed.is_set()
    assert chat.turns[2].tool_results[0].error is not None
    go_on(chat, talk)


def test_a_tool_reads_the_metadata_of_the_chat(service, chat, talk):
    def who(ctx: ToolContext) -> str:
        """Who asks."""
        return ctx.metadata["user"]

    chat.metadata["user"] = "Ada"
    chat.register_tool(who)
    service.script(Answer(tool_calls=[ToolCall("who")]), "It is Ada.")
    assert talk(chat, "Who am I?") == "It is Ada."
    assert chat.turns[2].tool_results[0].value == "Ada"
    assert service.requests[0].json["tools"][0]["function"]["parameters"]["properties"] == {}


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_h12_a_tool_that_hangs_past_its_limit(service, chat, whole_talk, go_on, kind):
    release = threading.Event()

    def hang():
        """Hang."""
        release.wait(5)

    async def hang_async():
        """Hang."""
        await asyncio.Event().wait()

    chat.register_tool(tool(hang if kind == "plain" else hang_async, name="hang", timeout=0.02))
    service.script(Answer(tool_calls=[ToolCall("hang")]), "I see.")
    with pytest.warns(ToolFailureWarning, match=r"Tool `hang` timed out after 0\.02 s"):
        assert whole_talk(chat, "Go") == "I see."
    release.set()
    assert go_on(chat, whole_talk)[2]["content"] == "Tool `hang` timed out after 0.02 s."
