"""Cases 46 to 59: the tool loop. Whatever a tool or a callback does, every call is answered."""

import asyncio
import time

import pytest

from chatkit import (
    Cancelled,
    ToolFailureWarning,
    ToolLoopLimitError,
    ToolRejectError,
    ToolReturned,
    tool,
)
from chatkit.testing import Answer, ToolCall


def call(a=1, b=2, **fields):
    return ToolCall("add", {"a": a, "b": b}, **fields)


@pytest.mark.parametrize("tool_mode", ["sequential", "concurrent"])
def test_case_46_parallel_requests_give_one_turn_of_results_in_order(service, chat, talk, go_on, add, tool_mode):
    service.script(Answer("So:", tool_calls=[call(1), call(2), call(3)]), "3, 4 and 5.")
    assert talk(chat, "Add", tool_mode=tool_mode).endswith("3, 4 and 5.")
    assert [type(turn).__name__ for turn in chat] == ["UserTurn", "AssistantTurn", "UserTurn", "AssistantTurn"]
    asked, results = chat.turns[1].tool_requests, chat.turns[2].tool_results
    assert [result.request for result in results] == list(asked)
    assert [result.value for result in results] == [3, 4, 5]
    assert chat.turns[2].only_tool_results
    assert [message["content"] for message in service.requests[1].messages[2:]] == ["3", "4", "5"]
    go_on(chat, talk)


def test_case_47_a_chain_of_calls_is_followed_to_its_end(service, chat, talk, go_on, add):
    service.script(*[Answer(tool_calls=[call(n)]) for n in range(5)], "Done.")
    assert talk(chat, "Count") == "Done."
    assert [a for a, _ in add] == [0, 1, 2, 3, 4]
    assert len(chat) == 12
    assert len(chat.rounds()) == 1
    go_on(chat, talk)


BAD_CALLS = {
    "raises": (ToolCall("burst"), "Tool `burst` failed: ValueError: too much"),
    "rejects": (ToolCall("shy"), "Tool call rejected. Not today."),
    "unknown": (ToolCall("nobody"), "Unknown tool 'nobody'. Available tools: add, burst, shy."),
    "extra argument": (ToolCall("add", {"a": 1, "b": 2, "c": 3}), "c: "),
    "missing argument": (ToolCall("add", {"a": 1}), "b: "),
    "wrong type": (ToolCall("add", {"a": "many", "b": 2}), "a: "),
    "no object": (ToolCall("add", "[1, 2]"), "object expected"),
    "a number": (ToolCall("add", "7"), "object expected"),
}


@pytest.fixture
def bad_tools(chat, add):
    def burst():
        """Burst."""
        raise ValueError("too much")

    def shy():
        """Refuse."""
        raise ToolRejectError("Not today.")

    chat.register_tools([burst, shy])
    return add


@pytest.mark.parametrize("name", BAD_CALLS)
def test_case_48_every_failed_call_is_answered_and_the_loop_goes_on(service, chat, talk, go_on, bad_tools, name):
    bad, words = BAD_CALLS[name]
    service.script(Answer(tool_calls=[call(), bad, call(5)]), "I see.")
    with pytest.warns(ToolFailureWarning, match="1 tool call failed"):
        assert talk(chat, "Go") == "I see."
    results = chat.turns[2].tool_results
    assert [result.error is None for result in results] == [True, False, True]
    assert words in results[1].error
    assert words in service.requests[1].messages[3]["content"]
    assert "Traceback" not in results[1].text
    assert sorted(bad_tools) == [(1, 2), (5, 2)]
    go_on(chat, talk)


def test_case_48_failures_are_warned_of_once_with_three_of_them_named(service, chat, whole_talk, bad_tools):
    service.script(Answer(tool_calls=[ToolCall("burst") for _ in range(5)]), "I see.")
    with pytest.warns(ToolFailureWarning) as caught:
        whole_talk(chat, "Go")
    assert len(caught) == 1
    assert str(caught[0].message).startswith("5 tool calls failed: [burst (call_1_0)]: Tool `burst` failed")
    assert str(caught[0].message).endswith("and 2 more.")
    assert caught[0].filename.endswith("conftest.py")  # whoever called chatkit


@pytest.mark.parametrize("arguments", ['{"a": 1, "b": ', "{'a': 1}", "a=1", '{"a": 1, "b": 2}}', "{"])
@pytest.mark.parametrize("fragment", [None, 3])
def test_case_49_arguments_that_are_no_json_give_an_error_result_and_the_tool_is_not_run(
    service, chat, talk, go_on, add, arguments, fragment
):
    service.script(Answer(tool_calls=[ToolCall("add", arguments, fragment=fragment)]), "Sorry.")
    with pytest.warns(ToolFailureWarning, match="not valid JSON"):
        assert talk(chat, "Go") == "Sorry."
    assert add == []
    request = chat.turns[1].tool_requests[0]
    assert (request.arguments, request.raw) == (None, arguments)
    assert "not valid JSON" in chat.turns[2].tool_results[0].error
    go_on(chat, talk)


@pytest.mark.parametrize(
    "arguments",
    ['{"a": [1], "b": 2}', '"{\\"a\\": 1, \\"b\\": 2}"', '{"a": "1", "b": "2"}', ' {"a": 1.0, "b": 2}\n'],
    ids=["in a list", "encoded twice", "as texts", "as floats"],
)
def test_case_50_common_slips_in_arguments_are_mended(service, chat, talk, go_on, add, arguments):
    service.script(Answer(tool_calls=[ToolCall("add", arguments)]), "3.")
    assert talk(chat, "1 + 2?") == "3."
    assert add == [(1, 2)]
    go_on(chat, talk)


def test_case_51_callbacks_come_newest_first_and_can_be_removed(service, chat, talk, go_on, add):
    seen = []
    chat.on_tool_request(lambda request: seen.append(("first", request.name)))
    remove = chat.on_tool_request(lambda request: seen.append(("second", request.arguments["a"])))
    chat.on_tool_result(lambda result: seen.append(("result", result.value)))
    service.script(Answer(tool_calls=[call()]), "3.", Answer(tool_calls=[call(4)]), "6.")
    talk(chat, "Add")
    assert seen == [("second", 1), ("first", "add"), ("result", 3)]
    remove()
    remove()
    seen.clear()
    talk(chat, "Add")
    assert seen == [("first", "add"), ("result", 6)]
    go_on(chat, talk)


def test_case_51_a_callback_may_remove_itself(service, chat, talk, add):
    seen = []

    def once(request):
        seen.append(request.arguments["a"])
        remove()

    remove = chat.on_tool_request(once)
    service.script(Answer(tool_calls=[call(1), call(2)]), "Done.")
    talk(chat, "Add", tool_mode="sequential")
    assert seen == [1]


def test_case_51_a_callback_may_refuse_a_call(service, chat, whole_talk, go_on, add):
    results = []

    def refuse(request):
        if request.arguments["a"] == 1:
            raise ToolRejectError("No ones.")

    chat.on_tool_request(refuse)
    chat.on_tool_result(results.append)
    service.script(Answer(tool_calls=[call(1), call(2)]), "Done.")
    with pytest.warns(ToolFailureWarning, match=r"rejected\. No ones\."):
        whole_talk(chat, "Add")
    assert add == [(2, 2)]
    assert sorted(result.error is None for result in results) == [False, True]
    go_on(chat, whole_talk)


@pytest.mark.parametrize("place", ["on_tool_request", "on_tool_result"])
def test_case_51_any_other_exception_of_a_callback_ends_the_call_and_nothing_dangles(
    service, chat, talk, go_on, add, place
):
    def break_down(_):
        raise ZeroDivisionError("mine")

    remove = getattr(chat, place)(break_down)
    service.script(Answer(tool_calls=[call(1), call(2)]))
    with pytest.raises(ZeroDivisionError, match="mine"):
        talk(chat, "Add", tool_mode="sequential")
    results = chat.turns[2].tool_results
    assert len(results) == 2
    assert results[1].error == "The tool call was interrupted."
    assert (results[0].error is None) == (place == "on_tool_result")
    remove()
    assert len(go_on(chat, talk)) == 5


def test_case_51_async_callbacks_are_awaited(service, chat, talk, add):
    seen = []

    async def note(item):
        await asyncio.sleep(0)
        seen.append(type(item).__name__)

    chat.on_tool_request(note)
    chat.on_tool_result(note)
    service.script(Answer(tool_calls=[call()]), "3.")
    talk(chat, "Add")
    assert seen == ["ContentToolRequest", "ContentToolResult"]


def test_case_52_an_async_tool_runs_from_every_verb(service, chat, talk, go_on):
    async def slow_add(a: int, b: int) -> int:
        """Add two numbers."""
        await asyncio.sleep(0.001)
        return a + b

    chat.register_tool(slow_add)
    service.script(Answer(tool_calls=[ToolCall("slow_add", {"a": 1, "b": 2})]), "3.")
    assert talk(chat, "1 + 2?") == "3."
    assert chat.turns[2].tool_results[0].value == 3
    go_on(chat, talk)


@pytest.mark.parametrize("kind", ["plain", "async"])
@pytest.mark.parametrize("tool_mode", ["sequential", "concurrent"])
def test_case_53_concurrent_tools_overlap_and_sequential_ones_do_not(service, chat, talk, kind, tool_mode):
    spans = []

    def nap(n: int) -> int:
        """Sleep."""
        begun = time.monotonic()
        time.sleep(0.1)
        spans.append((begun, time.monotonic()))
        return n

    async def async_nap(n: int) -> int:
        """Sleep."""
        begun = time.monotonic()
        await asyncio.sleep(0.1)
        spans.append((begun, time.monotonic()))
        return n

    chat.register_tool(tool(nap if kind == "plain" else async_nap, name="nap"))
    service.script(Answer(tool_calls=[ToolCall("nap", {"n": n}) for n in (1, 2)]), "Done.")
    talk(chat, "Sleep", tool_mode=tool_mode)
    (_, first_end), (second_begin, _) = sorted(spans)
    assert (second_begin < first_end) == (tool_mode == "concurrent")


def test_case_53_the_mode_must_be_one_of_the_two(service, chat, talk):
    with pytest.raises(ValueError, match='"sequential" or "concurrent", not \'parallel\''):
        talk(chat, "Hi", tool_mode="parallel")
    assert service.requests == []


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("tool_mode", ["sequential", "concurrent"])
def test_case_54_an_interrupt_in_a_tool_leaves_every_call_answered(
    service, chat, talk, go_on, add, interrupt, tool_mode
):
    def stop():
        """Stop everything."""
        raise interrupt

    chat.register_tool(stop)
    service.script(Answer(tool_calls=[call(), ToolCall("stop"), call(3)]))
    with pytest.raises(interrupt):
        talk(chat, "Go", tool_mode=tool_mode)
    results = chat.turns[2].tool_results
    assert len(results) == 3
    assert results[1].error == "The tool call was interrupted."
    if tool_mode == "sequential":
        assert [result.error is None for result in results] == [True, False, False]
        assert add == [(1, 2)]
    assert len(go_on(chat, talk)) == 6


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_case_55_at_the_cap_of_rounds_the_history_is_well_formed_and_can_go_on(service, make_chat, talk, go_on, limit):
    chat = make_chat(max_tool_rounds=limit)
    ran = []

    def again(n: int) -> str:
        """Once more."""
        ran.append(n)
        return "more"

    chat.register_tool(again)
    service.on_request(lambda request: Answer(tool_calls=[ToolCall("again", {"n": request.number})] * 2))
    with pytest.raises(ToolLoopLimitError, match=rf"more than {limit} rounds .*\(again\)") as caught:
        talk(chat, "Go")
    assert caught.value.limit == limit
    assert caught.value.turn == chat.last_turn()
    assert "max_tool_rounds" in caught.value.hint
    assert len(ran) == 2 * limit
    assert len(service.requests) == limit + 1
    assert all("rounds of one call" in result.error for result in chat.turns[-1].tool_results)
    go_on(chat, talk)


def test_case_55_the_cap_is_ten_rounds_unless_told_otherwise(service, chat, whole_talk, add):
    service.on_request(lambda request: Answer(tool_calls=[ToolCall("add", {"a": 1, "b": request.number})]))
    with pytest.raises(ToolLoopLimitError):
        whole_talk(chat, "Go")
    assert len(add) == 10


def test_case_56_a_tool_may_register_another_in_mid_loop(service, chat, talk, go_on):
    def learn() -> str:
        """Learn a trick."""
        chat.register_tool(tool(lambda: "rolled", name="roll", description="Roll over."))
        return "learnt"

    chat.register_tool(learn)
    service.script(Answer(tool_calls=[ToolCall("learn")]), Answer(tool_calls=[ToolCall("roll")]), "Good dog.")
    assert talk(chat, "Roll") == "Good dog."
    offered = [[tool["function"]["name"] for tool in request.json["tools"]] for request in service.requests]
    assert offered == [["learn"], ["learn", "roll"], ["learn", "roll"]]
    go_on(chat, talk)


@pytest.mark.parametrize(
    "meddle",
    [
        lambda chat: chat.set_turns([]),
        lambda chat: chat.add_turn("a", "b"),
        lambda chat: chat.undo(),
        lambda chat: chat.chat("nested"),
        lambda chat: list(chat.stream("nested")),
        lambda chat: asyncio.run(chat.chat_async("nested")),
    ],
    ids=["set_turns", "add_turn", "undo", "chat", "stream", "chat_async"],
)
def test_case_56_a_tool_that_changes_the_turns_is_told_that_the_chat_is_busy(service, chat, whole_talk, go_on, meddle):
    chat.register_tool(tool(lambda: meddle(chat) and None, name="meddle", description="Meddle."))
    service.script(Answer(tool_calls=[ToolCall("meddle")]), "Well.")
    with pytest.warns(ToolFailureWarning, match="ChatBusyError: The chat is already streaming"):
        assert whole_talk(chat, "Go") == "Well."
    assert len(service.requests) == 2
    assert len(chat) == 4
    go_on(chat, whole_talk)


def test_case_57_a_tool_of_the_same_name_takes_the_place(service, chat, talk, add):
    chat.register_tool(_other())
    assert list(chat.tools) == ["add"]
    service.script(Answer(tool_calls=[call()]), "9.")
    talk(chat, "1 + 2?")
    assert add == []
    assert chat.turns[2].tool_results[0].value == "nine"
    assert len(service.requests[0].json["tools"]) == 1


def _other():
    def add(a: int, b: int) -> str:
        """Add in another way."""
        return "nine"

    return add


def test_case_58_cancelling_between_tools_runs_no_more_of_them_and_sends_nothing(service, chat, talk, go_on, add):
    def enough() -> str:
        """Enough."""
        chat.cancel("enough")
        return "done"

    chat.register_tool(enough)
    service.script(Answer(tool_calls=[call(), ToolCall("enough"), call(3)]))
    if talk.streams:
        talk(chat, "Go", tool_mode="sequential")
    else:
        with pytest.raises(Cancelled, match="enough"):
            talk(chat, "Go", tool_mode="sequential")
    assert add == [(1, 2)]
    assert len(service.requests) == 1
    results = chat.turns[2].tool_results
    assert [result.value for result in results] == [3, "done", None]
    assert results[2].error == "The tool call was interrupted."
    go_on(chat, talk)


@pytest.mark.parametrize("tool_mode", ["sequential", "concurrent"])
def test_case_58_who_cancels_when_asked_about_a_call_sees_no_tool_run(service, chat, talk, go_on, add, tool_mode):
    remove = chat.on_tool_request(lambda request: chat.cancel("enough"))
    service.script(Answer(tool_calls=[call(1), call(2)]))
    if talk.streams:
        talk(chat, "Go", tool_mode=tool_mode)
    else:
        with pytest.raises(Cancelled, match="enough"):
            talk(chat, "Go", tool_mode=tool_mode)
    assert add == []
    assert [result.error for result in chat.turns[2].tool_results] == ["The tool call was interrupted."] * 2
    remove()
    go_on(chat, talk)


def test_case_58_cancelling_a_stream_at_a_tool_event_does_the_same(service, chat, add):
    service.script(Answer(tool_calls=[call(1), call(2)]))
    stream = chat.stream("Go")
    told = []
    for event in stream.events():
        told.append(type(event).__name__)
        if isinstance(event, ToolReturned):
            stream.cancel("enough")
    assert told[-1] == "ToolReturned"
    assert add == [(1, 2)]
    assert len(service.requests) == 1
    assert [result.error for result in chat.turns[2].tool_results] == [None, "The tool call was interrupted."]


def test_case_59_callbacks_are_not_shared_with_clones(service, chat, talk, add):
    seen = []
    chat.on_tool_request(seen.append)
    clone = chat.clone()
    clone.on_tool_result(seen.append)
    service.script(Answer(tool_calls=[call()]), "3.")
    talk(clone, "1 + 2?")
    assert [type(item).__name__ for item in seen] == ["ContentToolResult"]
    seen.clear()
    service.script(Answer(tool_calls=[call()]), "3.")
    talk(chat, "1 + 2?")
    assert [type(item).__name__ for item in seen] == ["ContentToolRequest"]


def test_t1_a_failed_tool_is_warned_of_at_the_end_of_a_stream_too(service, chat, stream_talk, go_on):
    def fail() -> None:
        raise RuntimeError("boom")

    chat.register_tool(fail)
    service.script(Answer(tool_calls=[ToolCall("fail", {})]), "Done.")
    with pytest.warns(ToolFailureWarning, match="RuntimeError: boom"):
        assert stream_talk(chat, "Go") == "Done."


def test_t1_a_stream_that_is_left_warns_of_nothing(service, chat, stream_talk):
    def fail() -> None:
        raise RuntimeError("boom")

    chat.register_tool(fail)
    service.script(Answer(tool_calls=[ToolCall("fail", {})]), Answer(["a", "b", "c"]))
    stream_talk.leave(chat, "Go")
    assert chat.last_turn().interrupted == "stopped"
