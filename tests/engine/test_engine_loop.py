"""The loop, stepped by hand: what it tells and asks, in order, and what the history then holds."""

from __future__ import annotations

import json

import pytest

from chatkit._engine.loop import converse, is_concurrent
from chatkit._errors import (
    APIConnectionError,
    APIStatusError,
    ConfigError,
    ContentFilterFinishReasonError,
    IncompleteOutputError,
    LengthFinishReasonError,
    StreamError,
    StreamInterruptedError,
    ToolLoopLimitError,
)
from chatkit._http.retry import RetryPolicy
from chatkit._providers.encode import WordingRules
from chatkit._providers.wording import word_turns
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn
from chatkit.testing import check_history


def worded(turns, rules):
    return b",".join(word_turns(turns, rules))


Q = UserTurn("q")
OK = [200, "Hello .stop"]
ASKS = [200, "+c1 +c2 .tool_calls"]


@pytest.fixture
def play(fake, talk):
    def act(*answers, stream=True, concurrent=False, **about):
        wire = fake.Wire(*answers)
        played = fake.play(converse(talk, Q, stream=stream, concurrent=concurrent), wire, **about)
        assert not wire.items or played.error is not None
        messages = json.loads(b"[" + worded(talk.history.sendable(UserTurn("go on")), WordingRules()) + b"]")
        assert check_history(messages) == []
        return played

    return act


def said(talk):
    return [(turn.role, turn.text, getattr(turn, "interrupted", None)) for turn in talk.history.turns]


# --- one answer -----------------------------------------------------------------------------------------------------


def test_a_plain_answer(play, talk):
    played = play([200, "Hel lo", ".stop"])
    assert played.log == ["turn_started", "send", "receive", "Hel", "lo", "receive", "release", "turn_ended"]
    assert said(talk) == [("user", "q", None), ("assistant", "Hello", None)]
    assert talk.history.turns[1].duration == 2.0


def test_what_is_asked_of_the_provider(play, talk):
    talk.system = SystemTurn("s")
    talk.history.commit(UserTurn("p"), AssistantTurn("a"))
    play(OK, stream=False)
    assert talk.provider.asked == [((UserTurn("p"), AssistantTurn("a"), Q), SystemTurn("s"), (), False, 0)]


def test_nothing_is_asked_for_after_the_end(play):
    played = play([200, "Hello .stop"])
    assert played.log.count("receive") == 1


def test_an_end_without_a_word_of_the_end(play, talk):
    played = play([200, "Hello", None])
    assert played.log == ["turn_started", "send", "receive", "Hello", "receive"]
    assert isinstance(played.error, StreamInterruptedError)
    assert said(talk)[1] == ("assistant", "Hello", "StreamInterruptedError: It ended early.")
    assert played.error.partial is talk.history.turns[1]


@pytest.mark.parametrize(("body", "words"), [("broken", "broken"), (None, "")], ids=["with a body", "without"])
def test_an_error_status(play, talk, body, words):
    played = play([400, body])
    assert played.log == ["turn_started", "send", "receive"]
    assert isinstance(played.error, APIStatusError)
    assert (played.error.server_message, played.error.attempts) == (words, 1)
    assert (len(talk.history), played.error.partial, played.error.__context__) == (0, None, None)


def test_a_request_that_cannot_be_worded_leaves_no_trace(play, talk, monkeypatch):
    def refuse(*args, **kwargs):
        raise ConfigError("No.")

    monkeypatch.setattr(type(talk.provider), "request", refuse)
    played = play([])
    assert (played.log, str(played.error), len(talk.history)) == (["turn_started"], "No.", 0)


# --- again ----------------------------------------------------------------------------------------------------------

LATER = (503, None)


def test_a_failure_that_may_pass_is_tried_again(play, talk):
    failing = [LATER, "busy"]
    played = play(failing, failing, OK)
    assert played.log == [
        *("turn_started", "send", "receive", "retrying 1 0.5", "pause 0.5"),
        *("send", "receive", "retrying 2 1.0", "pause 1.0"),
        *("send", "receive", "Hello", "release", "turn_ended"),
    ]
    assert said(talk) == [("user", "q", None), ("assistant", "Hello", None)]


def test_a_wait_that_the_server_asks_for_is_kept_to(play):
    assert "pause 7.0" in play([(503, 7.0), "busy"], OK).log
    assert not any(word.startswith("pause") for word in play([(503, 500.0), "busy"]).log)


def test_at_last_it_is_given_up(play, talk):
    played = play(*[[LATER, "busy"]] * 3)
    assert played.log.count("send") == 3
    assert (played.error.attempts, len(talk.history)) == (3, 0)
    assert "after 3 attempts" in str(played.error)


def test_no_retries(play, talk):
    talk.retries = RetryPolicy(0)
    assert play([LATER, "busy"]).log.count("send") == 1


@pytest.mark.parametrize("place", ["send", "receive"])
def test_a_connection_that_fails_before_the_answer_is_tried_again(play, place):
    reset = APIConnectionError("Reset.", retryable=True)
    played = play([reset] if place == "send" else [200, reset], OK)
    assert played.log.count("send") == 2
    assert played.error is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ([200, "Hel", APIConnectionError("Reset.", retryable=True)], StreamInterruptedError),
        ([200, "Hel !"], StreamError),
        ([200, "+c1", StreamError("Bad.", retryable=True)], StreamError),
    ],
)
def test_after_the_first_word_nothing_is_tried_again(play, talk, answer, kind):
    played = play(answer)
    assert played.log.count("send") == 1
    assert type(played.error) is kind
    assert talk.history.turns[-1].interrupted.startswith(kind.__name__)
    assert played.error.partial is talk.history.turns[-1]


def test_an_answer_that_broke_before_its_first_word_is_as_if_it_had_not_been(play, talk):
    played = play([200, "!"])
    assert (type(played.error), len(talk.history)) == (StreamError, 0)


def test_a_failed_attempt_leaves_nothing_in_the_next(play, talk):
    # The first one had a decoder of its own, which must not speak for the second.
    played = play([200, APIConnectionError("Reset.", retryable=True)], [APIConnectionError("Refused.")])
    assert (str(played.error), len(talk.history)) == ("Refused (after 2 attempts).", 0)


# --- concessions ----------------------------------------------------------------------------------------------------

STRANGE = [400, "strange"]


def test_what_the_server_refuses_is_given_up_at_once(play, talk, fake):
    talk.provider = fake.Provider(yields=2)
    played = play(STRANGE, STRANGE, OK)
    assert played.log == ["turn_started", *["send", "receive"] * 2, "send", "receive", "Hello", "release", "turn_ended"]
    assert talk.provider.yields == 0
    assert [asked[-1] for asked in talk.provider.asked] == [2, 1, 0]


def test_concessions_are_remembered(play, talk, fake):
    talk.provider = fake.Provider(yields=1)
    play(STRANGE, OK)
    assert play(OK).log.count("send") == 1


def test_concessions_come_to_an_end(play, talk, fake):
    talk.provider = fake.Provider(yields=100)
    played = play(*[STRANGE] * 5)
    assert played.log.count("send") == 5
    assert (played.error.status_code, played.error.attempts, len(talk.history)) == (400, 1, 0)


def test_concessions_are_no_retries(play, talk, fake):
    talk.provider = fake.Provider(yields=1)
    played = play([LATER, "busy"], STRANGE, [LATER, "busy"], OK)
    assert [word for word in played.log if word.startswith("retrying")] == ["retrying 1 0.5", "retrying 2 1.0"]


# --- tools ----------------------------------------------------------------------------------------------------------


def test_tools_one_after_the_other(play, talk):
    played = play(ASKS, OK)
    assert played.log == [
        *("turn_started", "send", "receive", "+c1", "+c2", "release", "turn_ended"),
        *("requested c1", "run c1", "returned c1", "requested c2", "run c2", "returned c2"),
        *("turn_started", "send", "receive", "Hello", "release", "turn_ended"),
    ]
    assert [turn.role for turn in talk.history.turns] == ["user", "assistant", "user", "assistant"]
    assert [result.id for result in talk.history.turns[2].tool_results] == ["c1", "c2"]


def test_tools_at_once(play):
    played = play(ASKS, OK, concurrent=True)
    asked = played.log.index("requested c1")
    assert played.log[asked : asked + 5] == [
        *("requested c1", "requested c2", "run c1 c2 at once", "returned c1", "returned c2")
    ]


def test_a_chain_of_tools(play, talk):
    played = play([200, "Let_me_see +c1 .tool_calls"], [200, "+c2 .stop"], OK)
    assert played.log.count("turn_ended") == 3
    assert len(talk.history) == 6
    assert [len(asked[0]) for asked in talk.provider.asked] == [1, 3, 5]


def test_ids_that_are_used_again_are_made_ones_own(play, talk):
    play([200, "+0 .tool_calls"], [200, "+0 .tool_calls"], OK)
    asked = [turn.tool_requests[0].id for turn in talk.history.turns[1:5:2]]
    assert asked == [turn.tool_results[0].id for turn in talk.history.turns[2::2]]
    assert asked[0] == "0" != asked[1]


def test_a_result_that_did_not_come_is_not_told(play, talk):
    played = play(ASKS, OK, run=lambda request: None)
    assert not any(word.startswith("returned") for word in played.log)
    assert all(result.error for result in talk.history.turns[2].tool_results)


@pytest.mark.parametrize(("limit", "rounds"), [(0, 0), (1, 1), (3, 3)])
def test_the_limit_of_rounds(play, talk, limit, rounds):
    talk.max_rounds = limit
    played = play(*[ASKS] * (limit + 1))
    assert sum(word.startswith("run") for word in played.log) == 2 * rounds
    assert isinstance(played.error, ToolLoopLimitError)
    assert (played.error.limit, played.error.turn) == (limit, talk.history.turns[-2])
    assert f"more than {limit} rounds" in str(played.error)
    assert "(add)" in str(played.error)
    assert {result.error for result in talk.history.turns[-1].tool_results} == {played.error.summary}


@pytest.mark.parametrize(
    ("reason", "kind", "words"),
    [
        ("length", LengthFinishReasonError, "cut off at max_tokens"),
        ("content_filter", ContentFilterFinishReasonError, "content filter"),
        ("unknown", IncompleteOutputError, "finish reason 'unknown'"),
        ("strange", IncompleteOutputError, "finish reason 'strange'"),
    ],
)
@pytest.mark.parametrize("concurrent", [True, False])
def test_an_answer_that_was_cut_off_runs_no_tool(play, talk, reason, kind, words, concurrent):
    played = play([200, f"+c1 .{reason}"], concurrent=concurrent)
    assert not any(word.startswith("run") for word in played.log)
    assert (type(played.error), played.error.turn) == (kind, talk.history.turns[1])
    assert words in str(played.error)
    assert "no tool was run" in str(played.error)
    assert talk.history.turns[2].tool_results[0].error == played.error.summary


def test_after_an_error_status_the_results_stand(play, talk):
    played = play(ASKS, [500, "boom"])
    assert played.error.status_code == 500
    assert [turn.role for turn in talk.history.turns] == ["user", "assistant", "user"]
    assert said(talk)[2][2] is None


@pytest.mark.parametrize(("mode", "concurrent"), [("sequential", False), ("concurrent", True)])
def test_tool_modes(mode, concurrent):
    assert is_concurrent(mode) is concurrent


@pytest.mark.parametrize("mode", ["", "parallel", None, True])
def test_there_is_no_other_tool_mode(mode):
    with pytest.raises(ConfigError, match=r"`tool_mode` must be .*, not"):
        is_concurrent(mode)
