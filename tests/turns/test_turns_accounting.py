"""Counting: rounds, token rows, totals and costs, over whole and partial turns, with unknowns among them."""

from __future__ import annotations

import pytest

from chatkit._errors import HistoryError
from chatkit._turns.accounting import TokenRow, rounds_of, token_rows, total_cost, total_usage
from chatkit._turns.contents import ContentImageInline, ContentImageRemote, ContentToolRequest, ContentToolResult
from chatkit._turns.turns import AssistantTurn, Round, SystemTurn, Usage, UserTurn

S, U, A = SystemTurn, UserTurn, AssistantTurn
REQUEST = ContentToolRequest("c1", "add", {})
CALL = A([REQUEST])
RESULTS = U([ContentToolResult("4", request=REQUEST, text="4")])
PARTIAL = A("Hel", Usage(7, 7, 7, 7), cost=7.0, interrupted="stopped")

# Each row: the turns, and the rounds as pairs of input and response.
ROUNDS = {
    "nothing": ([], []),
    "a system prompt alone": ([S("s")], [([S("s")], [])]),
    "a question alone": ([U("q")], [([U("q")], [])]),
    "a question and an answer": ([U("q"), A("a")], [([U("q")], [A("a")])]),
    "system and question share an input": ([S("s"), U("q"), A("a")], [([S("s"), U("q")], [A("a")])]),
    "several questions share an input": ([U("q"), U("r"), A("a")], [([U("q"), U("r")], [A("a")])]),
    "two rounds": ([U("q"), A("a"), U("r"), A("b")], [([U("q")], [A("a")]), ([U("r")], [A("b")])]),
    "tools are part of the response": (
        [U("q"), CALL, RESULTS, A("a"), U("r")],
        [([U("q")], [CALL, RESULTS, A("a")]), ([U("r")], [])],
    ),
    "results with text open a round": (
        [U("q"), CALL, U([*RESULTS.contents, "and"]), A("a")],
        [([U("q")], [CALL]), ([U([*RESULTS.contents, "and"])], [A("a")])],
    ),
    "answers in a row": ([U("q"), A("a"), A("b")], [([U("q")], [A("a"), A("b")])]),
    "a partial answer": ([U("q"), PARTIAL, U("r")], [([U("q")], [PARTIAL]), ([U("r")], [])]),
    "results right behind a question": ([U("q"), RESULTS, U("r")], [([U("q")], [RESULTS]), ([U("r")], [])]),
    "an empty question": ([U(), A("a")], [([U()], [A("a")])]),
}


@pytest.mark.parametrize(("turns", "rounds"), ROUNDS.values(), ids=ROUNDS)
def test_rounds(turns, rounds):
    assert rounds_of(turns) == [Round(tuple(put), tuple(got)) for put, got in rounds]


@pytest.mark.parametrize("turns", [[A("a")], [RESULTS], [A("a"), U("q")]])
def test_a_history_that_begins_with_an_answer_has_no_rounds(turns):
    with pytest.raises(HistoryError, match="cannot begin with an answer"):
        rounds_of(turns)


def test_the_total_of_nothing_is_nothing():
    assert total_usage([]) == Usage(0, 0, 0, 0, 0)
    assert total_usage([U("q"), S("s"), PARTIAL]) == Usage(0, 0, 0, 0, 0)
    assert (total_cost([]), total_cost([U("q"), PARTIAL])) == (0.0, 0.0)


def test_totals_count_whole_answers_alone():
    turns = [U("q"), A("a", Usage(1, 2, 3, 4)), PARTIAL, A("b", Usage(10, 20, 30, 40))]
    assert total_usage(turns) == total_usage(iter(turns)) == Usage(11, 22, 33, 44)


def test_a_total_with_an_unknown_in_it_is_unknown():
    turns = [A("a", Usage(1, 2, None, 0)), A("b", Usage(1, None, 3, 0))]
    assert total_usage(turns) == Usage(2, None, None, 0)
    assert total_usage([A("a")]) == Usage()


def test_costs():
    assert total_cost([A("a", cost=0.25), U("q"), A("b", cost=0.5), PARTIAL]) == 0.75
    assert total_cost([A("a", cost=0.0)]) == 0.0
    assert total_cost([A("a", cost=0.25), A("b")]) is None


def test_a_row_for_each_whole_answer():
    turns = [U("q"), A("a", Usage(10, 2, 4, 1), cost=0.5), U("r"), A("b", Usage(20, 3, 0))]
    assert token_rows(turns) == [TokenRow(6, 2, 4, 0.5, "Text[q]"), TokenRow(20, 3, 0, None, "Text[r]")]
    assert token_rows([]) == []


def test_rows_with_partial_and_unpaired_turns():
    turns = [U("p"), PARTIAL, U("q"), U("r"), A("a", Usage(1, 1, 0)), A("b", Usage(2, 2, 0)), U("unanswered")]
    assert token_rows(turns) == [TokenRow(1, 1, 0, None, "Text[r]"), TokenRow(2, 2, 0, None, "Text[r]")]
    assert token_rows([A("a", Usage(1, 1, 0))]) == [TokenRow(1, 1, 0, None, "")]


@pytest.mark.parametrize(
    ("usage", "fresh"),
    [
        (Usage(10, 1, 4), 6),
        (Usage(10, 1, 0), 10),
        (Usage(10, 1, None), 10),
        (Usage(None, 1, 4), None),
        (Usage(3, 1, 4), 0),
        (Usage(), None),
    ],
)
def test_cached_tokens_are_counted_apart(usage, fresh):
    (row,) = token_rows([A("a", usage)])
    assert (row.input, row.cached_input, row.output) == (fresh, usage.cached_tokens, usage.output_tokens)


@pytest.mark.parametrize(
    ("contents", "preview"),
    [
        ((), ""),
        (("q",), "Text[q]"),
        (("x" * 40,), f"Text[{'x' * 40}]"),
        (("x" * 41,), f"Text[{'x' * 40}...]"),
        (("q", "r"), "Text[q], Text"),
        ((ContentImageRemote("u"), "q", ContentImageInline("image/png", "QQ==")), "ImageRemote, Text[q], ImageInline"),
        (RESULTS.contents, "ToolResult"),
    ],
)
def test_a_row_shows_what_the_user_said_in_short(contents, preview):
    assert token_rows([U(contents), A("a")])[0].input_preview == preview
