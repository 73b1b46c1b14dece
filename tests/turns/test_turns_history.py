"""The history: what was said stays as it was said, and what is sent is lawful, in every case of merging."""

from __future__ import annotations

import copy
import pickle

import pytest

from chatkit._errors import HistoryError
from chatkit._turns.contents import ContentImageRemote, ContentText, ContentThinking, ContentToolResult
from chatkit._turns.history import UNANSWERED, History
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn

U, A = UserTurn, AssistantTurn
GO = UserTurn("go on")


def failed(request, error=UNANSWERED):
    return ContentToolResult(error=error, request=request, text=error)


def lawful(*turns, user=None):
    """What is sent of a history; it is the same however the turns came in, and what was said stays."""
    at_once = History(turns)
    one_by_one = History()
    for turn in turns:
        one_by_one.commit(turn)
    sent = at_once.sendable(user)
    assert sent == one_by_one.sendable(user) == at_once.sendable(user)
    assert at_once.turns == one_by_one.turns == turns
    return sent


def test_what_is_lawful_is_sent_as_it_is():
    turns = (U("q"), A("a"), U("r"), A("b"))
    sent = lawful(*turns, user=GO)
    assert all(one is other for one, other in zip(sent, (*turns, GO), strict=True))


def test_an_empty_history():
    history = History()
    assert (history.turns, len(history), history.sendable()) == ((), 0, [])
    assert history.sendable(GO) == [GO]


def test_the_list_that_is_sent_is_ones_own():
    history = History([U("q"), A("a")])
    history.sendable().clear()
    assert len(history.sendable()) == 2


def test_two_user_turns_are_sent_as_one():
    assert lawful(U("a"), U("b"), user=U("c")) == [U(["a", "b", "c"])]


def test_two_answers_are_sent_as_one():
    sent = lawful(U("q"), A("a", finish_reason="stop"), A(["b", ContentThinking("Hm")]))
    assert sent == [U("q"), A(["a", "b", ContentThinking("Hm")], finish_reason="stop")]


def test_a_history_may_begin_with_an_answer():
    assert lawful(A("a"), U("q")) == [A("a"), U("q")]


@pytest.mark.parametrize("contents", [(), ("",), ("", "")])
def test_a_turn_that_says_nothing_is_not_sent(contents):
    assert lawful(U("q"), A(list(contents)), user=GO) == [U(["q", "go on"])]
    assert lawful(U("q"), A("a"), U(list(contents)), user=GO) == [U("q"), A("a"), GO]
    assert lawful(U("q"), A("a"), U(list(contents)), A("b")) == [U("q"), A(["a", "b"])]
    assert lawful(U(list(contents)), user=GO) == [GO]


def test_an_answer_of_thoughts_alone_is_not_sent(say):
    assert lawful(U("q"), say.thinks(), user=GO) == [U(["q", "go on"])]


def test_empty_text_is_left_out_and_the_rest_stays(say):
    image = ContentImageRemote("u")
    assert lawful(U(["", image]), A(["", "a", ""])) == [U([image]), A("a")]
    sent = lawful(U("q"), A(["", say.request()]), say.results("c1"))
    assert sent == [U("q"), A([say.request()]), say.results("c1")]


def test_blank_text_is_text():
    assert lawful(U(" "), A("\n")) == [U(" "), A("\n")]


def test_a_round_with_tools_is_sent_as_it_is(say):
    turns = (U("q"), say.asks("c1", "c2", text="Let me see."), say.results("c1", "c2"), A("a"))
    assert lawful(*turns, user=GO) == [*turns, GO]


def test_results_stand_in_the_order_of_the_requests_and_in_front(say):
    mixed = U([say.result("c2"), "and", say.result("c1"), "more"])
    sent = lawful(U("q"), say.asks("c1", "c2"), mixed)
    assert sent[-1] == U([say.result("c1"), say.result("c2"), "and", "more"])


def test_a_request_without_a_result_is_answered_by_an_error(say):
    sent = lawful(U("q"), say.asks("c1", "c2"), say.results("c2"), user=GO)
    assert sent[-1] == U([failed(say.request("c1")), say.result("c2"), "go on"])


def test_requests_at_the_end_are_answered_with_and_without_a_user_turn(say):
    history = History([U("q"), say.asks("c1", "c2")])
    errors = [failed(say.request("c1")), failed(say.request("c2"))]
    assert history.sendable()[-1] == U(errors)
    assert history.sendable(GO)[-1] == U([*errors, "go on"])
    assert history.sendable(say.results("c1", "c2"))[-1] == say.results("c1", "c2")
    assert history.turns[-1] == say.asks("c1", "c2")


def test_requests_before_another_answer_are_answered_in_between(say):
    sent = lawful(U("q"), say.asks("c1"), A("a"))
    assert sent == [U("q"), say.asks("c1"), U([failed(say.request())]), A("a")]


def test_a_result_that_answers_nothing_is_not_sent(say):
    assert lawful(say.results("c9"), user=GO) == [GO]
    assert lawful(U("q"), A("a"), say.results("c9"), user=GO) == [U("q"), A("a"), GO]
    assert lawful(U("q"), say.asks("c1"), say.results("c1", "c9"))[-1] == say.results("c1")
    assert lawful(U([ContentToolResult("no request"), "q"])) == [U("q")]


def test_a_result_that_comes_too_late_is_not_sent(say):
    sent = lawful(U("q"), say.asks("c1"), A("a"), say.results("c1"), user=GO)
    assert sent == [U("q"), say.asks("c1"), U([failed(say.request())]), A("a"), GO]


def test_the_first_of_two_results_counts(say):
    first, second = say.result("c1", "first"), say.result("c1", "second")
    assert lawful(U("q"), say.asks("c1"), U([first, second]))[-1] == U([first])
    assert lawful(U("q"), say.asks("c1"), U([first]), U([second]))[-1] == U([first])


def test_results_may_come_in_several_turns(say):
    sent = lawful(U("q"), say.asks("c1", "c2"), say.results("c1"), say.results("c2"), user=GO)
    assert sent[-1] == U([say.result("c1"), say.result("c2"), "go on"])


def test_results_may_come_behind_what_the_user_said(say):
    sent = lawful(U("q"), say.asks("c1"), U("wait"), say.results("c1"))
    assert sent[-1] == U([say.result("c1"), "wait"])


def test_text_behind_results_joins_them(say):
    sent = lawful(U("q"), say.asks("c1"), say.results("c1"), user=GO)
    assert sent[-1] == U([say.result("c1"), "go on"])


def test_an_answer_after_which_results_follow_is_that_which_asked_last(say):
    # An answer in two turns, of which the second one asks.
    sent = lawful(U("q"), A("a"), say.asks("c1"), say.results("c1"))
    assert sent == [U("q"), A(["a", say.request()]), say.results("c1")]


def test_a_partial_answer_asks_for_nothing(say):
    partial = say.asks("c1", text="Let me", interrupted="stopped")
    assert lawful(U("q"), partial, user=GO) == [
        U("q"),
        A("Let me", finish_reason="tool_calls", interrupted="stopped"),
        GO,
    ]
    assert lawful(U("q"), say.asks("c1", interrupted="stopped"), say.results("c1"), user=GO) == [U(["q", "go on"])]


def test_a_partial_answer_is_sent_like_a_whole_one():
    partial = A("Hel", interrupted="stopped")
    assert lawful(U("q"), partial, user=GO) == [U("q"), partial, GO]


@pytest.mark.parametrize("wrong", [SystemTurn("s"), "q", None, {"role": "user"}, U], ids=repr)
def test_something_else_is_refused_and_nothing_is_changed(wrong):
    history = History([U("q"), A("a")])
    before = (history.turns, history.sendable(GO))
    with pytest.raises(HistoryError, match="holds user and assistant turns, not"):
        history.commit(U("r"), wrong, A("b"))
    assert (history.turns, history.sendable(GO)) == before
    with pytest.raises(HistoryError):
        History([wrong])


def test_ids_that_occurred_before_are_made_ones_own(say):
    history = History([U("q"), say.asks("0", "1"), say.results("0", "1"), A("a")])
    turn = say.asks("0", "2", text="Again.")
    own = history.with_own_ids(turn)
    first, second = (request.id for request in own.tool_requests)
    assert first.startswith("0_")
    assert second == "2"
    assert (own.text, own.finish_reason) == ("Again.", "tool_calls")
    assert [request.id for request in turn.tool_requests] == ["0", "2"]


def test_ids_of_ones_own_stay(say):
    history = History([U("q"), say.asks("0"), say.results("0")])
    for turn in (say.asks("1"), A("a")):
        assert history.with_own_ids(turn) is turn


def test_an_id_that_was_made_is_not_made_again(say):
    history = History([U("q"), say.asks("0"), say.results("0")])
    for _ in range(3):
        history.commit(history.with_own_ids(say.asks("0")), U("go on"))
    ids = [request.id for turn in history.turns if isinstance(turn, A) for request in turn.tool_requests]
    assert len(ids) == len(set(ids)) == 4


def test_an_id_that_looks_like_one_that_is_made_is_not_made(say):
    history = History([U("q"), say.asks("0", "0_2")])
    own = history.with_own_ids(say.asks("0"))
    assert own.tool_requests[0].id not in ("0", "0_2")


def test_what_came_since():
    history = History([U("q"), A("a"), U("r")])
    assert history.since(1) == [A("a"), U("r")]
    assert history.since(3) == []


@pytest.mark.parametrize("travel", [copy.deepcopy, lambda history: pickle.loads(pickle.dumps(history))])
def test_a_history_travels(say, travel):
    history = History([U("q"), say.asks("c1"), U("r")])
    twin = travel(history)
    assert (twin.turns, twin.sendable(GO)) == (history.turns, history.sendable(GO))
    assert twin.with_own_ids(say.asks("c1")) != say.asks("c1")
    twin.commit(A("a"))
    assert len(history) == 3


def test_committing_is_linear():
    history = History()
    for _ in range(3000):
        history.commit(U("q"), A("a"))
    assert len(history.sendable(GO)) == 6001
    assert history.sendable()[0].contents == (ContentText("q"),)
