"""Drafts and settlements: what a broken-off answer and a broken-off tool call leave behind."""

from __future__ import annotations

import asyncio

import pytest

from chatkit._errors import APIConnectionError, APIStatusError, Cancelled, ConfigError, StreamInterruptedError
from chatkit._turns.contents import ContentToolResult
from chatkit._turns.history import UNANSWERED, History, interruption
from chatkit._turns.turns import AssistantTurn, UserTurn

U, A = UserTurn, AssistantTurn
Q = U("q")


class Writing:
    begun = True

    def __init__(self, text="Hel"):
        self.text = text

    def partial(self, reason):
        return A(self.text, interrupted=reason) if self.text else None


REASONS = [
    (GeneratorExit(), "stopped"),
    (KeyboardInterrupt(), "interrupted"),
    (asyncio.CancelledError(), "cancelled"),
    (Cancelled("The answer was cancelled (enough).", reason="enough"), "enough"),
    (Cancelled("The answer was cancelled."), "cancelled"),
    (StreamInterruptedError("It broke off.", hint="Try again."), "StreamInterruptedError: It broke off."),
    (ValueError("mine"), "ValueError: mine"),
    (SystemExit(3), "SystemExit: 3"),
    (ValueError("x" * 300), "ValueError: " + "x" * 188),
]


@pytest.mark.parametrize(("error", "reason"), REASONS, ids=lambda value: type(value).__name__)
def test_an_interruption_is_told_in_a_word(error, reason):
    assert interruption(error) == reason
    assert len(interruption(error)) <= 200


@pytest.mark.parametrize(("error", "reason"), REASONS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("user", [Q, None])
def test_a_draft_left_early_stays_as_a_partial_turn(error, reason, user):
    history = History([] if user else [Q])
    with pytest.raises(type(error)) as caught, history.draft(user) as draft:
        draft.writer = Writing()
        raise error
    partial = A("Hel", interrupted=reason)
    assert history.turns == (Q, partial)
    assert caught.value is error
    assert draft.turn is None
    assert getattr(error, "partial", None) == (partial if hasattr(error, "partial") else None)


@pytest.mark.parametrize("writer", [None, Writing("")])
def test_a_draft_of_which_nothing_arrived_leaves_no_trace(writer):
    history = History([Q, A("a")])
    error = APIConnectionError("No.")
    with pytest.raises(APIConnectionError), history.draft(U("r")) as draft:
        draft.writer = writer
        raise error
    assert (history.turns, error.partial) == ((Q, A("a")), None)


def test_a_draft_left_without_a_word_leaves_no_trace():
    history = History()
    with history.draft(Q) as draft:
        draft.writer = Writing()
    assert history.turns == ()


@pytest.mark.parametrize("user", [Q, None])
def test_a_finished_draft_is_committed_at_once(user):
    history = History([] if user else [Q])
    with history.draft(user) as draft:
        draft.writer = Writing()
        draft.finish(A("Hello"))
        assert history.turns == (Q, A("Hello"))
    assert draft.turn == A("Hello")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ConfigError("x"), APIStatusError("x")], ids=repr)
def test_what_goes_wrong_after_the_end_changes_nothing(error):
    history = History()
    with pytest.raises(type(error)), history.draft(Q) as draft:
        draft.writer = Writing()
        draft.finish(A("Hello"))
        raise error
    assert history.turns == (Q, A("Hello"))
    assert getattr(error, "partial", None) is None


def test_a_finished_draft_has_ids_of_its_own(say):
    history = History([Q, say.asks("0"), say.results("0")])
    with history.draft(None) as draft:
        draft.finish(say.asks("0"))
    assert draft.turn is history.turns[-1]
    assert draft.turn.tool_requests[0].id != "0"


def test_a_settlement_commits_one_result_for_each_request(say):
    asking = say.asks("c1", "c2")
    history = History([Q, asking])
    with history.settle(asking.tool_requests) as settlement:
        assert settlement.requests == asking.tool_requests
        assert settlement.turn is None
        settlement.results[:] = [say.result("c1"), say.result("c2")]
    assert settlement.turn is history.turns[-1]
    assert settlement.turn == say.results("c1", "c2")


def test_a_settlement_left_without_results_says_that_nothing_ran(say):
    history = History([Q, say.asks("c1", "c2")])
    with history.settle(say.asks("c1", "c2").tool_requests) as settlement:
        settlement.results[1] = say.result("c2")
    first, second = history.turns[-1].tool_results
    assert (first.error, first.text, first.value, first.request) == (UNANSWERED, UNANSWERED, None, say.request("c1"))
    assert second == say.result("c2")


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), GeneratorExit(), Cancelled("x"), SystemExit(), ValueError("x")], ids=repr
)
def test_a_settlement_left_by_an_exception_keeps_what_is_done(say, error):
    history = History([Q, say.asks("c1", "c2")])
    with pytest.raises(type(error)), history.settle(say.asks("c1", "c2").tool_requests) as settlement:
        settlement.results[0] = say.result("c1")
        raise error
    done, broken = history.turns[-1].tool_results
    assert done == say.result("c1")
    assert broken.text == broken.error == "The tool call was interrupted."


def test_refusing_answers_what_has_no_result_yet(say):
    history = History([Q, say.asks("c1", "c2")])
    with history.settle(say.asks("c1", "c2").tool_requests) as settlement:
        settlement.results[0] = say.result("c1")
        settlement.refuse("Not now.")
    done, refused = history.turns[-1].tool_results
    assert done == say.result("c1")
    assert refused == ContentToolResult(error="Not now.", request=say.request("c2"), text="Not now.")
