"""Limits on a call and on a chat, against a server that would go on for ever: rows H13 to H16 and case 55."""

import threading
import time

import pytest

from chatkit import (
    ConfigError,
    FinishReasonWarning,
    LengthFinishReasonError,
    LimitError,
    RepeatedCallWarning,
    StreamInterruptedError,
    ToolFailureWarning,
    ToolLoopLimitError,
    UnknownCostWarning,
)
from chatkit._engine.limits import Limits
from chatkit.testing import Answer, Delivery, ErrorAnswer, ToolCall

USAGE = {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}


def wants(*calls, usage=USAGE, **fields):
    return Answer(tool_calls=list(calls), usage="separate", usage_body=usage, **fields)


def add_call(a):
    return ToolCall("add", {"a": a, "b": 1})


def said(text="Done.", usage=USAGE):
    return Answer(text, usage="separate", usage_body=usage)


@pytest.fixture
def endless(service):
    """A server that asks for another call, each time with another argument."""

    def act(**usage):
        service.on_request(lambda request: wants(add_call(request.number), usage={**USAGE, **usage}))

    return act


def test_h13_a_server_that_asks_for_ever_meets_the_limit(service, chat, talk, go_on, add, endless):
    endless()
    with pytest.raises(ToolLoopLimitError, match=r"more than 3 rounds of one call.*\(add\).*Raise") as caught:
        talk(chat, "Add.", limits=Limits(rounds=3))
    error = caught.value
    assert (error.name, error.scope, error.limit, len(service.requests), len(add)) == ("rounds", "call", 3, 4, 3)
    assert isinstance(error, RuntimeError)
    go_on(chat, talk)


def test_h13_the_chats_limit_counts_over_all_calls(service, chat, talk, go_on, add, endless):
    chat.limits = Limits(rounds=3)
    service.script(wants(add_call(1)), wants(add_call(2)), said())
    talk(chat, "Add.")
    endless()
    with pytest.raises(ToolLoopLimitError, match="rounds of one chat"):
        talk(chat, "Go on.")
    assert (len(add), chat.spent.rounds) == (3, 3)
    chat.limits = None
    go_on(chat, talk)


@pytest.mark.parametrize(("calls", "ran"), [(2, 2), (3, 0)])
def test_tool_calls_are_let_in_by_the_round_or_not_at_all(service, chat, talk, add, calls, ran):
    service.script(wants(*map(add_call, range(calls))), said())
    if ran:
        assert talk(chat, "Add.", limits=Limits(tool_calls=2)).endswith("Done.")
    else:
        with pytest.raises(LimitError, match=r"limit of 2 tool calls is reached \(3 by now\)"):
            talk(chat, "Add.", limits=Limits(tool_calls=2))
        assert [result.error for result in chat.turns[-1].tool_results].count(None) == 0
    assert len(add) == ran


def test_tokens_end_the_call_before_the_next_request(service, chat, talk, go_on, add, endless):
    endless()
    with pytest.raises(LimitError, match="The call's limit of 25 tokens is reached") as caught:
        talk(chat, "Add.", limits=Limits(tokens=25))
    # The third answer passes the limit; its calls are not run any more.
    assert (caught.value.used, len(service.requests), len(add)) == (30, 3, 2)
    assert caught.value.turn is chat.last_turn()
    go_on(chat, talk)


def test_cost_is_what_the_server_says_and_ends_the_chat(service, chat, talk, go_on):
    chat.limits = Limits(cost=0.05)
    service.script(said(usage={**USAGE, "cost": 0.03}), said(usage={**USAGE, "cost": 0.03}))
    talk(chat, "One.")
    talk(chat, "Two.")
    assert chat.get_cost() == pytest.approx(0.06)
    before = chat.turns
    with pytest.raises(LimitError, match=r"The chat's limit of 0\.05 US dollars is reached") as caught:
        talk(chat, "Three.")
    assert (caught.value.name, caught.value.used, chat.turns) == ("cost", pytest.approx(0.06), before)
    assert len(service.requests) == 2
    chat.limits = Limits()
    go_on(chat, talk)


def test_an_unknown_cost_is_told_at_once_and_then_refused(service, chat, talk):
    chat.limits = Limits(cost=1)
    service.script(said())
    with pytest.warns(UnknownCostWarning):
        assert talk(chat, "One.") == "Done."
    with pytest.raises(LimitError, match="did not tell what an answer cost"):
        talk(chat, "Two.")
    assert [request.method for request in service.requests] == ["POST", "GET"]


def test_an_unknown_cost_in_the_middle_of_a_call_ends_it_before_any_tool(service, chat, talk, go_on, add):
    service.script(wants(add_call(1)))
    with pytest.warns(UnknownCostWarning), pytest.raises(LimitError, match="cost"):
        talk(chat, "Add.", limits=Limits(cost=1))
    assert add == []
    go_on(chat, talk)


def test_seconds_end_an_answer_that_stalls_and_keep_what_arrived(service, chat, stream_talk, go_on, stalled):
    service.script(stalled("So ", "far"))
    with pytest.raises(LimitError, match=r"The call's limit of 1 seconds is reached") as caught:
        stream_talk(chat, "Hi", limits=Limits(seconds=1))
    assert caught.value.turn.text == chat.last_turn().text == "So far"
    assert "LimitError" in chat.last_turn().interrupted
    go_on(chat, stream_talk)


def test_seconds_end_a_wait_for_the_head_and_leave_the_history_alone(service, chat, talk, go_on):
    service.script(Answer("late", delivery=Delivery(pause_before_headers=30)))
    with pytest.raises(LimitError, match=r"0\.3 seconds"):
        talk(chat, "Hi", limits=Limits(seconds=0.3))
    assert chat.turns == []
    go_on(chat, talk)


def test_seconds_end_the_loop_between_tools(service, chat, talk, go_on):
    def slow(n: int) -> int:
        """Take a while."""
        time.sleep(0.4)
        return n

    chat.register_tool(slow)
    service.on_request(lambda request: wants(ToolCall("slow", {"n": request.number})))
    with pytest.raises(LimitError, match=r"1 seconds") as caught:
        talk(chat, "Go.", limits=Limits(seconds=1))
    assert caught.value.name == "seconds"
    assert [result.error for result in chat.turns[2].tool_results] == [None]
    go_on(chat, talk)


def test_seconds_end_the_wait_for_a_tool_that_hangs(service, chat, talk, go_on):
    release = threading.Event()

    def hang() -> str:
        """Hang."""
        release.wait(10)
        return "at last"

    chat.register_tool(hang)
    service.script(wants(ToolCall("hang", {})))
    with pytest.raises(LimitError, match=r"0\.3 seconds"):
        talk(chat, "Go.", limits=Limits(seconds=0.3))
    release.set()
    assert "timed out after" in chat.turns[2].tool_results[0].error
    go_on(chat, talk)


def test_h12_a_chat_can_limit_all_its_tools(service, make_chat, talk, go_on):
    chat, release = make_chat(tool_timeout=0.05), threading.Event()

    def hang() -> str:
        """Hang."""
        release.wait(10)
        return "at last"

    chat.register_tool(hang)
    service.script(wants(ToolCall("hang", {})), said())
    with pytest.warns(ToolFailureWarning, match=r"timed out after 0\.05 s"):
        assert talk(chat, "Go.").endswith("Done.")
    release.set()
    go_on(chat, talk)


def test_seconds_do_not_wait_for_a_retry_that_comes_too_late(service, chat, talk):
    service.script(ErrorAnswer(503, headers={"retry-after": "60"}))
    with pytest.raises(LimitError, match="seconds"):
        talk(chat, "Hi", limits=Limits(seconds=5))
    assert (chat.turns, len(service.requests)) == ([], 1)


def test_the_chats_seconds_add_up(service, chat, talk):
    service.say("One.", delivery=Delivery(pause_before_headers=0.3))
    talk(chat, "One?")
    assert 0.3 <= chat.spent.seconds < 30
    chat.limits = Limits(seconds=chat.spent.seconds + 0.3)
    service.script(Answer("Two.", delivery=Delivery(pause_before_headers=30)))
    with pytest.raises(LimitError, match=r"The chat's limit of [0-9.]+ seconds"):
        talk(chat, "Two?")
    with pytest.raises(LimitError, match="The chat's limit"):
        talk(chat, "Three?")
    assert len(service.requests) == 2


def test_h14_the_same_call_three_times_running_is_warned_about(service, chat, talk, add):
    service.script(*[wants(add_call(1))] * 3, wants(add_call(2)), said())
    with pytest.warns(RepeatedCallWarning, match="3 times running for the same call, of add") as caught:
        talk(chat, "Add.")
    assert len([item for item in caught if item.category is RepeatedCallWarning]) == 1
    assert len(add) == 4


def test_h14_the_same_call_several_times_in_one_answer_or_with_others_between_is_no_loop(service, chat, talk, add):
    service.script(wants(*[add_call(1)] * 3), wants(add_call(1)), wants(add_call(2)), wants(add_call(1)), said())
    talk(chat, "Add.")
    assert len(add) == 6


def test_h16_of_200_calls_in_one_message_the_first_64_run(service, chat, talk, go_on, add):
    service.script(wants(*map(add_call, range(200))), said())
    with pytest.warns(ToolFailureWarning, match="136 tool calls failed"):
        talk(chat, "Add.")
    results = chat.turns[2].tool_results
    assert len(add) == 64
    assert [result.error is None for result in results] == [True] * 64 + [False] * 136
    assert "Only the first 64 tool calls of an answer are run" in results[64].text
    go_on(chat, talk)


def test_h20_a_failure_after_the_tools_keeps_what_they_did(service, chat, talk, go_on, add):
    service.script(wants(add_call(1)), *[ErrorAnswer(400)])
    with pytest.raises(Exception, match="400"):
        talk(chat, "Add.")
    assert (add, [turn.role for turn in chat.turns]) == ([(1, 1)], ["user", "assistant", "user"])
    go_on(chat, talk)
    assert add == [(1, 1)]


def test_what_was_spent_counts_turns_that_are_gone_from_the_history(service, chat, talk):
    service.script(said(), said())
    talk(chat, "One.")
    chat.set_turns([])
    talk(chat, "Two.")
    spent = chat.spent
    assert (spent.requests, spent.tokens, spent.unknown_cost) == (2, 20, 2)
    spent.tokens = 0
    assert chat.spent.tokens == 20
    assert chat.clone().spent.tokens == 20


def test_an_answer_that_broke_off_is_not_counted(service, chat, stream_talk):
    service.say("So far", finish_reason=None, done=False)
    with pytest.raises(StreamInterruptedError):
        stream_talk(chat, "Hi")
    assert chat.spent.requests == 0


@pytest.mark.parametrize("verb", ["chat", "stream"])
def test_limits_that_are_none_are_refused_before_anything_is_sent(service, chat, verb):
    with pytest.raises(ConfigError, match="`limits` must be Limits"):
        getattr(chat, verb)("Hi", limits={"rounds": 1})
    with pytest.raises(ConfigError, match="`limits` must be Limits"):
        chat.limits = 3
    assert service.requests == []


def test_a_cut_answer_warns_and_counts(service, chat, talk):
    service.script(Answer("Cut", finish_reason="length", usage="separate", usage_body=USAGE))
    with pytest.warns(FinishReasonWarning):
        talk(chat, "Hi", limits=Limits(tokens=100))
    assert chat.spent.tokens == 10


def test_case_66_typed_answers_that_were_cut_or_repaired_are_spent_too(service, chat):
    service.script(
        Answer('{"answer": "x"}', usage="separate", usage_body=USAGE),
        Answer('{"answer": 3}', usage="separate", usage_body=USAGE),
        Answer('{"ans', finish_reason="length", usage="separate", usage_body=USAGE),
    )
    assert chat.chat_structured("How many?", type=int) == 3
    assert (chat.spent.requests, chat.spent.tokens, chat.usage().input_tokens) == (2, 20, 8)
    with pytest.raises(LengthFinishReasonError):
        chat.chat_structured("How many?", type=int)
    assert (chat.spent.requests, chat.spent.tokens) == (3, 30)
