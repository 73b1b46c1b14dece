"""Tool calls as the fault catalogue has them, H6 to H21: cut off, cut short, numbered oddly, or never asked for."""

import threading

import pytest

from chatkit import (
    ContentFilterFinishReasonError,
    ContentToolRequest,
    IncompleteOutputError,
    InternalServerError,
    LengthFinishReasonError,
    ToolFailureWarning,
    ToolRequested,
    ToolReturned,
    UserTurn,
    tool,
)
from chatkit.testing import Answer, ErrorAnswer, EventsAnswer, ToolCall


def call(a=1, b=2, **fields):
    return ToolCall("add", {"a": a, "b": b}, **fields)


@pytest.mark.parametrize("arguments", ['{"a": 1, "b": 2}', '{"a": 1, '])
def test_h6_after_finish_reason_length_no_tool_runs(service, chat, talk, go_on, add, arguments):
    service.script(Answer(tool_calls=[ToolCall("add", arguments)], finish_reason="length"))
    with (
        pytest.warns(UserWarning, match="max_tokens"),
        pytest.raises(LengthFinishReasonError, match=r"max_tokens .*\(add\); no tool was run") as caught,
    ):
        talk(chat, "1 + 2?")
    assert add == []
    assert caught.value.turn.finish_reason == "length"
    assert "max_tokens" in chat.turns[2].tool_results[0].error
    go_on(chat, talk)


@pytest.mark.parametrize(
    ("reason", "error"), [("content_filter", ContentFilterFinishReasonError), ("strange", IncompleteOutputError)]
)
def test_h6_nor_after_a_filter_or_for_an_unknown_reason(service, chat, talk, go_on, add, reason, error):
    service.script(Answer(tool_calls=[call()], finish_reason=reason))
    with pytest.warns(UserWarning), pytest.raises(error, match="no tool was run") as caught:
        talk(chat, "1 + 2?")
    assert type(caught.value) is error
    assert add == []
    go_on(chat, talk)


def test_h7_a_cut_after_the_arguments_look_complete_runs_no_tool(service, chat, talk, go_on, chunk, add):
    fragment = {"index": 0, "id": "k", "type": "function", "function": {"name": "add", "arguments": '{"a":1,"b":2}'}}
    service.script(EventsAnswer([chunk("So: "), chunk(tool_calls=[fragment])], done=False))
    with pytest.raises(ConnectionError, match="the tool calls in it were not run"):
        talk(chat, "1 + 2?")
    assert add == []
    assert chat.last_turn().interrupted is not None
    assert go_on(chat, talk)[1] == {"role": "assistant", "content": "So: "}


def test_h8_invalid_json_between_argument_deltas_runs_no_tool(service, chat, talk, go_on, chunk, add):
    fragment = {"index": 0, "id": "k", "type": "function", "function": {"name": "add", "arguments": '{"a":1,'}}
    service.script(EventsAnswer([chunk(tool_calls=[fragment]), '{"choices": [', chunk(finish="tool_calls")]))
    with pytest.raises(Exception, match="Event 2 of the stream is not valid JSON"):
        talk(chat, "1 + 2?")
    assert add == []
    go_on(chat, talk)


@pytest.mark.parametrize(
    "calls",
    [
        [call(1, id="k"), call(2, id="k")],
        [call(1, id="k", fragment=4), call(2, id="k", fragment=4)],
        [call(1, id="k", index=0), call(2, id="l", index=0)],
        [call(1, id="k", index=0, fragment=4), call(2, id="l", index=0, fragment=4)],
        [call(1, id="", index=0), call(2, id="", index=1)],
        [call(1, id="k", index=5), call(2, id="l", index=2)],
        [call(1, omit=["index", "id"]), call(2, omit=["index", "id"])],
    ],
    ids=["same id", "same id in pieces", "same index", "same index in pieces", "empty ids", "odd indexes", "neither"],
)
def test_h15_no_two_results_for_one_id_and_no_call_lost(service, chat, talk, go_on, add, calls):
    service.script(Answer(tool_calls=calls), "Done.")
    assert talk(chat, "Add") == "Done."
    assert sorted(add) == [(1, 2), (2, 2)]
    ids = [request.id for request in chat.turns[1].tool_requests]
    assert len(set(ids)) == 2
    go_on(chat, talk)


def test_h15_an_id_that_every_answer_uses_again_is_made_unique(service, chat, talk, go_on, add):
    service.script(*[Answer(tool_calls=[call(n, id="0")]) for n in (1, 2)], "Done.")
    assert talk(chat, "Add") == "Done."
    ids = [request.id for turn in chat.turns for request in getattr(turn, "tool_requests", ())]
    assert len(set(ids)) == 2
    assert [result.id for turn in chat.turns if isinstance(turn, UserTurn) for result in turn.tool_results] == ids
    go_on(chat, talk)


@pytest.mark.parametrize(
    "delta",
    [
        {"function_call": {"name": "add", "arguments": '{"a": 1, "b": 2}'}},
        {"function_call": {"name": "add", "arguments": '{"a": 1, "b": 2}'}, "tool_calls": None},
        {"tool_calls": {"id": "k", "function": {"name": "add", "arguments": '{"a": 1, "b": 2}'}}},
        {"tool_calls": [{"id": "k", "function": {"name": "add", "parameters": {"a": 1, "b": 2}}}]},
    ],
    ids=["legacy", "legacy beside null", "an object", "parameters"],
)
def test_h15_older_ways_to_word_a_call_are_understood(service, chat, talk, chunk, go_on, add, delta):
    service.script(EventsAnswer([chunk(**delta), chunk(finish="function_call")]), "3.")
    assert talk(chat, "1 + 2?") == "3."
    assert add == [(1, 2)]
    go_on(chat, talk)


def test_h15_a_name_that_comes_after_the_arguments_have_begun_changes_nothing(service, chat, talk, chunk, go_on, add):
    first = {"index": 0, "id": "k", "function": {"name": "add", "arguments": '{"a": 1,'}}
    second = {"index": 0, "function": {"name": "late", "arguments": ' "b": 2}'}}
    service.script(
        EventsAnswer([chunk(tool_calls=[first]), chunk(tool_calls=[second]), chunk(finish="tool_calls")]), "3."
    )
    assert talk(chat, "1 + 2?") == "3."
    assert add == [(1, 2)]
    go_on(chat, talk)


def test_h19_text_and_a_call_in_one_answer_are_both_kept(service, chat, talk, go_on, add):
    service.script(Answer("Let me see.", tool_calls=[call()], finish_reason="stop"), "3.")
    assert talk(chat, "1 + 2?").endswith("3.")
    assert chat.turns[1].text == "Let me see."
    messages = go_on(chat, talk)
    assert (messages[1]["content"], len(messages[1]["tool_calls"])) == ("Let me see.", 1)


def test_h20_results_stay_when_the_next_request_fails(service, make_chat, talk, go_on):
    chat = make_chat(max_retries=1)
    ran = []
    chat.register_tool(tool(lambda: ran.append(1) or "noon", name="now", description="The time."))
    service.script(Answer(tool_calls=[ToolCall("now")]), *[ErrorAnswer(500)] * 2)
    with pytest.raises(InternalServerError, match="after 2 attempts"):
        talk(chat, "Time?")
    assert [type(turn).__name__ for turn in chat] == ["UserTurn", "AssistantTurn", "UserTurn"]
    assert chat.turns[2].tool_results[0].value == "noon"
    messages = go_on(chat, talk)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]
    assert messages[2]["content"] == "noon"
    assert ran == [1]


def test_h21_a_call_although_no_tools_were_sent_is_answered(service, chat, whole_talk, go_on):
    service.script(Answer(tool_calls=[call()]), "Sorry.")
    with pytest.warns(ToolFailureWarning, match="No tools are available"):
        assert whole_talk(chat, "1 + 2?") == "Sorry."
    go_on(chat, whole_talk)


def test_requests_and_results_are_told_in_order(service, chat, stream_talk, add):
    service.script(Answer(tool_calls=[call(1), call(2)]), "Done.")
    events = stream_talk.events(chat, "Add", tool_mode="sequential")
    told = [type(event).__name__ for event in events if isinstance(event, ToolRequested | ToolReturned)]
    assert told == ["ToolRequested", "ToolReturned"] * 2
    service.script(Answer(tool_calls=[call(1), call(2)]), "Done.")
    events = stream_talk.events(chat, "Add", tool_mode="concurrent")
    told = [type(event).__name__ for event in events if isinstance(event, ToolRequested | ToolReturned)]
    assert told == ["ToolRequested"] * 2 + ["ToolReturned"] * 2


def test_tools_of_one_answer_run_in_threads_of_their_own_when_at_once(service, chat, talk):
    meeting = threading.Barrier(3)
    chat.register_tool(tool(lambda: meeting.wait(5), name="meet", description="Meet."))
    service.script(Answer(tool_calls=[ToolCall("meet")] * 3), "Met.")
    assert talk(chat, "Meet", tool_mode="concurrent") == "Met."
    assert sorted(result.value for result in chat.turns[2].tool_results) == [0, 1, 2]


def test_a_request_that_stands_in_the_history_is_data_only():
    request = ContentToolRequest("k", "add", {"a": 1})
    assert not callable(request)
