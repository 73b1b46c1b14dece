"""Chats with tools of a real server, over a strict service."""

import asyncio
import copy
import json
import threading

import pytest

from chatkit import ToolReturned
from chatkit._mcp.connection import connect_mcp
from chatkit.testing import Answer, ToolCall, check_history


def said_to(service, place=-1):
    return [message.get("content") for message in service.requests[-1].messages][place]


@pytest.fixture
def chat(new_chat, connection):
    chat = new_chat()
    chat.register_tools(connection.tools)
    return chat


def test_a_plain_chat(service, chat):
    service.script(Answer(tool_calls=[ToolCall("math_add", {"a": 1, "b": 2})]), "It is 3.")
    assert chat.chat("1 + 2?", echo="none") == "It is 3."
    assert said_to(service) == "3"
    assert chat.turns[2].tool_results[0].value == {"result": 3}
    assert check_history(service.requests[-1].messages) == []


def test_an_async_chat(service, chat):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]), "It is 3.")
    assert asyncio.run(chat.chat_async("1 + 2?", echo="none")) == "It is 3."
    assert said_to(service) == "3"


def test_a_plain_chat_in_a_running_loop_as_in_a_notebook(service, chat):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]), "It is 3.")

    async def cell():
        return str(chat.chat("1 + 2?", echo="none"))

    assert asyncio.run(cell()) == "It is 3."


def test_an_async_chat_in_several_loops_one_after_another(service, chat):
    for _ in range(2):
        service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]), "It is 3.")
        assert asyncio.run(chat.chat_async("1 + 2?", echo="none")) == "It is 3."


@pytest.mark.parametrize("way", ["plain", "async"])
def test_calls_of_one_answer_run_at_once(service, chat, way):
    calls = [ToolCall("meet", {"people": 4, "who": number}) for number in range(4)]
    service.script(Answer(tool_calls=calls), "Done.")
    if way == "plain":
        chat.chat("Wait", echo="none", tool_mode="concurrent")
    else:
        asyncio.run(chat.chat_async("Wait", echo="none", tool_mode="concurrent"))
    assert [result.text for result in chat.turns[2].tool_results] == ["met"] * 4


def test_an_error_goes_to_the_model_and_the_chat_goes_on(service, chat):
    service.script(Answer(tool_calls=[ToolCall("fail", {"words": "no disk"})]), "Pity.")
    with pytest.warns(UserWarning, match="fail"):
        assert chat.chat("Try", echo="none") == "Pity."
    assert said_to(service) == "Tool `fail` failed: MCPError: Error executing tool fail: no disk"


def test_an_image_follows_the_result(service, chat):
    service.script(Answer(tool_calls=[ToolCall("picture")]), "A dot.")
    assert chat.chat("Look", echo="none") == "A dot."
    sent = json.dumps(service.requests[-1].messages)
    assert "data:image/png;base64," in sent
    assert check_history(service.requests[-1].messages) == []


def test_the_definitions_sent_are_lawful(service, chat):
    service.say("Hi.")
    chat.chat("Hello", echo="none")
    sent = service.requests[-1].field("tools")
    assert [tool["function"]["name"] for tool in sent] == list(chat.tools)
    assert not any(tool["function"].get("strict") for tool in sent)


def test_two_chats_and_a_copy_share_a_connection(service, chat, new_chat, connection):
    other = new_chat()
    other.register_tools(connection.tools)
    for talk in (chat, other, copy.deepcopy(chat), chat.clone()):
        service.script(Answer(tool_calls=[ToolCall("add", {"a": 2, "b": 2})]), "4")
        assert talk.chat("2 + 2?", echo="none") == "4"
        assert said_to(service) == "4"


def test_cancelling_a_stream_cancels_the_call_at_the_server(service, chat, kit, tmp_path):
    mark = tmp_path / "mark"
    service.script(Answer("Slowly.", tool_calls=[ToolCall("slow", {"mark": str(mark)})]))
    stream = chat.stream("Go")
    killer = threading.Thread(target=lambda: kit.until(mark.exists) and stream.cancel("enough"))
    killer.start()
    assert list(stream) == ["Slowly."]
    killer.join()
    assert kit.until(lambda: mark.read_text() == "cancelled")
    service.say("Fine.")
    assert chat.chat("go on", echo="none") == "Fine."
    assert check_history(service.requests[-1].messages) == []


def test_cancelling_an_async_chat_cancels_the_call_at_the_server(service, chat, kit, tmp_path):
    mark = tmp_path / "mark"
    service.script(Answer(tool_calls=[ToolCall("slow", {"mark": str(mark)})]))

    async def main():
        task = asyncio.create_task(chat.chat_async("Go", echo="none"))
        while not mark.exists():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert kit.until(lambda: mark.read_text() == "cancelled")


def test_progress_becomes_events(service, chat):
    service.script(Answer(tool_calls=[ToolCall("steps")]), "Here.")
    events = list(chat.stream("Go").events())
    told = [event.value["message"] for event in events if event.type == "tool_progressed"]
    assert told == ["step 0", "step 1", "step 2"]
    assert [event.result.text for event in events if isinstance(event, ToolReturned)] == ["arrived"]


def test_a_server_that_dies_is_an_error_result_and_the_chat_goes_on(service, new_chat, kit):
    chat = new_chat()
    with connect_mcp(kit.plain, include=["die", "add"]) as connection:
        chat.register_tools(connection.tools)
        service.script(Answer(tool_calls=[ToolCall("die")]), Answer(tool_calls=[ToolCall("add", {"a": 1})]), "Oh.")
        with pytest.warns(UserWarning, match="die"):
            assert chat.chat("Die", echo="none") == "Oh."
        errors = [turn.tool_results[0].error for turn in (chat.turns[2], chat.turns[4])]
        assert all("the server has ended" in error for error in errors)
