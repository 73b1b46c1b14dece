"""Typed answers where the peers fail: rows D1 to D5 of their faults, and F15 and F16 of the fault table."""

import pytest
from pydantic import BaseModel

from chatkit._errors import (
    ContentFilterFinishReasonError,
    LengthFinishReasonError,
    RefusalError,
    StructuredOutputError,
    ToolLoopLimitError,
)
from chatkit._turns.turns import Usage
from chatkit.testing import Answer, EventsAnswer, ToolCall


class Sum(BaseModel):
    """A sum."""

    total: int


def test_d1_length_and_filter_leave_the_same_history_streamed_or_not(service, chat, typed, go_on_typed):
    service.say('{"total": 1', finish_reason="length")
    service.say('{"total": 1', finish_reason="content_filter")
    with pytest.raises(LengthFinishReasonError, match="max_tokens"):
        typed(chat, "1 + 2?", type=Sum)
    with pytest.raises(ContentFilterFinishReasonError, match="filter"):
        typed(chat, "1 + 2?", type=Sum)
    assert [turn.role for turn in chat.turns] == ["user", "assistant"] * 2
    assert all(getattr(turn, "interrupted", None) is None for turn in chat.turns)
    assert chat.turns[1].finish_reason == "length"
    go_on_typed(chat)


def test_d2_prose_that_cannot_be_read_is_on_the_error(service, chat, typed):
    for _ in range(4):
        service.say("I would rather talk.")
    with pytest.raises(StructuredOutputError) as caught:
        typed(chat, "1 + 2?", type=Sum, repairs=0)
    assert caught.value.raw == "I would rather talk."
    assert caught.value.errors == {"$": "there is no JSON in the answer"}
    assert caught.value.turn.text == "I would rather talk."
    assert len(chat) == 0


@pytest.mark.parametrize("said", ["```json\n{'total': 3}\n```", '{"total": 3', '{"total": NaN}'])
def test_d2_broken_json_is_on_the_error(service, chat, typed, said):
    service.say(said)
    with pytest.raises(StructuredOutputError) as caught:
        typed(chat, "1 + 2?", type=Sum, repairs=0, way="prompt")
    assert caught.value.raw == said
    assert list(caught.value.errors) == ["$"]
    assert len(chat) == 0


def test_d3_a_mismatch_is_repaired(service, chat, typed):
    service.say('{"total": "three"}')
    service.say('{"total": 3}')
    assert typed(chat, "1 + 2?", type=Sum) == Sum(total=3)
    assert [turn.text for turn in chat.turns] == ["1 + 2?", '{"total": 3}']


def test_d3_a_mismatch_that_stays_is_no_turn_of_the_chat(service, chat, typed):
    chat.add_turn("Hi", "Hello")
    before = chat.turns
    for number in range(3):
        service.say('{"total": "three"}', usage_body={"prompt_tokens": 10, "completion_tokens": number})
    with pytest.raises(StructuredOutputError, match="in 3 answers") as caught:
        typed(chat, "1 + 2?", type=Sum, repairs=2)
    assert chat.turns == before
    error = caught.value
    assert error.raw == '{"total": "three"}'
    assert list(error.errors) == ["$.total"]
    assert error.usage == Usage(input_tokens=30, output_tokens=3)
    # Each repair is sent with all that went before.
    assert [len(request.messages) for request in service.requests] == [3, 5, 7]


def test_d4_a_refusal_is_told(service, chat, typed, go_on_typed):
    delta = {"role": "assistant", "refusal": "I cannot help with sums."}
    service.script(EventsAnswer([{"id": "c", "model": "m", "choices": [{"delta": delta, "finish_reason": "stop"}]}]))
    with pytest.raises(RefusalError, match="I cannot help with sums"):
        typed(chat, "1 + 2?", type=Sum)
    go_on_typed(chat)


def test_d5_tools_run_first_then_the_answer_is_typed(service, chat, typed, add, go_on_typed):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    service.say("It is 3.")
    service.say('{"total": 3}')
    assert typed(chat, "1 + 2?", type=Sum) == Sum(total=3)
    assert add == [(1, 2)]
    tools, again, last = [request.json for request in service.requests]
    assert tools["tools"] == again["tools"]
    assert "response_format" not in tools
    assert "tools" not in last
    assert last["response_format"]["type"] == "json_schema"
    # The sentence in between is not kept.
    assert [turn.text for turn in chat.turns] == ["1 + 2?", "", "", '{"total": 3}']
    go_on_typed(chat)


def test_d5_an_answer_that_is_of_the_type_already_is_taken(service, chat, typed, add):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    service.say('{"total": 3}')
    assert typed(chat, "1 + 2?", type=Sum) == Sum(total=3)
    assert len(service.requests) == 2


def test_d5_no_tool_is_needed(service, chat, typed, add):
    service.say("That is easy.", finish_reason="length")
    service.say('{"total": 3}')
    assert typed(chat, "1 + 2?", type=Sum) == Sum(total=3)
    assert [turn.text for turn in chat.turns] == ["1 + 2?", '{"total": 3}']
    assert [message["content"] for message in service.requests[1].messages] == ["1 + 2?"]


def test_d5_the_rounds_of_tools_stay_when_the_answer_fails(service, chat, typed, add, go_on_typed):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    service.say("It is 3.")
    service.say('{"total": "three"}')
    with pytest.raises(StructuredOutputError):
        typed(chat, "1 + 2?", type=Sum, repairs=0)
    assert [turn.role for turn in chat.turns] == ["user", "assistant", "user"]
    go_on_typed(chat)


def test_d5_a_refusal_between_the_tools_ends_it(service, chat, typed, add, go_on_typed):
    service.say("No.", finish_reason="content_filter")
    with pytest.raises(ContentFilterFinishReasonError):
        typed(chat, "1 + 2?", type=Sum)
    assert len(service.requests) == 1
    go_on_typed(chat)


def test_d5_a_model_that_only_wants_tools_is_stopped(service, make_chat, typed, go_on_typed):
    chat = make_chat(max_tool_rounds=1)
    chat.register_tool(one)
    for _ in range(2):
        service.script(Answer(tool_calls=[ToolCall("one", {})]))
    with pytest.raises(ToolLoopLimitError):
        typed(chat, "1 + 2?", type=Sum)
    go_on_typed(chat)


def one() -> int:
    """Give one."""
    return 1


def test_d5_a_tool_call_where_none_was_on_offer_is_not_run_and_does_not_dangle(service, chat, typed, go_on_typed):
    service.script(Answer(tool_calls=[ToolCall("made_up", {"a": 1})]))
    service.say('{"total": 3}')
    assert typed(chat, "1 + 2?", type=Sum) == Sum(total=3)
    assert [turn.text for turn in chat.turns] == ["1 + 2?", '{"total": 3}']
    go_on_typed(chat)


def test_f15_length_comes_before_parsing(service, chat, typed):
    service.say("This is no JSON at", finish_reason="length")
    with pytest.raises(LengthFinishReasonError) as caught:
        typed(chat, "1 + 2?", type=Sum)
    assert caught.value.turn.text == "This is no JSON at"
    assert len(service.requests) == 1


def test_f15_a_call_of_the_answers_tool_that_is_cut_off_does_not_dangle(service, chat, typed, go_on_typed):
    service.script(Answer(tool_calls=[ToolCall("Sum", '{"total": ')], finish_reason="length"))
    with pytest.raises(LengthFinishReasonError):
        typed(chat, "1 + 2?", type=Sum, way="tool")
    assert chat.last_turn().text == '{"total": '
    assert not chat.last_turn().tool_requests
    go_on_typed(chat)


def test_f16_a_filter_and_a_refusal_are_told_apart(service, chat, typed):
    delta = {"role": "assistant", "refusal": "No."}
    for reason in ("stop", "content_filter"):
        service.script(EventsAnswer([{"id": "c", "choices": [{"delta": delta, "finish_reason": reason}]}]))
    with pytest.raises(RefusalError):
        typed(chat, "1 + 2?", type=Sum)
    with pytest.raises(ContentFilterFinishReasonError):
        typed(chat, "1 + 2?", type=Sum)
