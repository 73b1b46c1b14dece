"""The turns that are made of a draft which nobody ended, case by case."""

import pytest

from chatkit import AssistantTurn, ContentText, ContentThinking, ContentToolRequest, ContentToolResult, UserTurn
from chatkit._errors import HistoryError, StoreError
from chatkit._store import entries
from chatkit._store.recovering import NOT_RETURNED, UNFINISHED, recovered
from chatkit._turns.approvals import waiting_requests
from chatkit._turns.details import Source
from chatkit._turns.events import ToolInputDelta
from chatkit._turns.history import History
from chatkit._turns.lawful import UNANSWERED

SAID = [UserTurn("1"), AssistantTurn("one")]
CALLS = [ContentToolRequest(name, "f", {}) for name in ("a", "b", "c")]
ASKED = [UserTurn("go"), AssistantTurn(CALLS)]


def _recovered(turns, *lines):
    found = recovered(turns, lines, {}, "conversation 'x'")
    History(found)
    return found


def _begun(base, words):
    return entries.begun(base, UserTurn(words) if words else None, {})[0]


def _returned(call, value="done"):
    return entries.returned(ContentToolResult(value=value, request=call, text=value), {})[0]


def test_without_entries_nothing_changes():
    assert _recovered(SAID) == SAID


def test_pieces_are_put_together_in_the_order_of_a_whole_answer():
    lines = [
        _begun(2, "2"),
        entries.text("tw"),
        entries.thinking("hm"),
        entries.text("o"),
        entries.thinking("m"),
        entries.cited(Source("https://a.example", "A", 0, 3)),
    ]
    *before, user, partial = _recovered(SAID, *lines)
    assert before == SAID
    assert user == UserTurn("2")
    assert partial.contents == (ContentThinking("hmm"), ContentText("two"))
    assert partial.sources == (Source("https://a.example", "A", 0, 3),)
    assert partial.interrupted == UNFINISHED


def test_tool_calls_that_were_arriving_are_kept_and_wait_for_nobody():
    pieces = [("0", "f", '{"n": '), ("", "", "1}"), ("9", "g", '{"n')]
    lines = [_begun(0, "go")]
    lines += [entries.call(ToolInputDelta(int(id == "9"), id, name, text)) for id, name, text in pieces]
    partial = _recovered([], *lines)[-1]
    assert partial.tool_requests == (
        ContentToolRequest("0", "f", {"n": 1}),
        ContentToolRequest("9", "g", None, '{"n'),
    )
    assert waiting_requests([partial]) == ()


def test_a_question_without_an_answer_is_kept_and_marked():
    assert _recovered(SAID, _begun(2, "2")) == [*SAID, UserTurn("2"), AssistantTurn(interrupted=UNFINISHED)]


def test_results_that_were_sent_without_an_answer_are_marked_too():
    turns = [*ASKED, UserTurn([ContentToolResult(value=1, request=call) for call in CALLS])]
    assert _recovered(turns, _begun(3, None)) == [*turns, AssistantTurn(interrupted=UNFINISHED)]


def test_a_round_that_was_to_be_said_anew_stands_until_something_came_of_it():
    assert _recovered(SAID, _begun(0, "eins?")) == SAID
    found = _recovered(SAID, _begun(0, "eins?"), entries.text("ei"))
    assert [turn.text for turn in found] == ["eins?", "ei"]


def test_calls_of_which_none_ran_go_on_waiting():
    assert _recovered(ASKED, entries.asked()) == ASKED
    assert _recovered(ASKED, entries.asked(), entries.waits("b")) == ASKED


def test_calls_that_ran_have_an_error_and_those_after_them_are_not_run():
    *before, results = _recovered(ASKED, entries.asked(), _returned(CALLS[0]), entries.runs("a"), entries.runs("b"))
    assert before == ASKED
    assert [result.error for result in results.tool_results] == [None, NOT_RETURNED, UNANSWERED]
    assert [result.request for result in results.tool_results] == CALLS


def test_calls_that_wait_go_on_waiting_when_others_ran():
    found = _recovered(ASKED, entries.asked(), entries.waits("b"), entries.runs("a"), _returned(CALLS[0]))
    assert [result.id for result in found[-1].tool_results] == ["a", "c"]
    assert waiting_requests(found) == (CALLS[1],)


def test_when_a_chat_was_resumed_only_what_ran_is_answered():
    found = _recovered(ASKED, entries.runs("b"))
    assert [(result.id, result.error) for result in found[-1].tool_results] == [("b", NOT_RETURNED)]
    assert waiting_requests(found) == (CALLS[0], CALLS[2])


def test_results_for_calls_that_are_not_there_are_left_out():
    assert _recovered(SAID, _returned(CALLS[0])) == SAID


@pytest.mark.parametrize(
    "line",
    ["{", "[" * 5000, "3", "[]", '["sing"]', '["text", 3]', '["begun", "x", null]', '["cited", "u", 3, null, null]'],
)
def test_entries_that_make_no_sense_are_refused(line):
    with pytest.raises(StoreError, match="conversation 'x'") as caught:
        _recovered(SAID, line)
    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize(
    "line",
    [
        '["begun", 2, 3]',
        '["begun", 2, {"role": "assistant", "contents": []}]',
        '["begun", 2, {"role": "user"}]',
        '["returned", {"type": "text", "text": "x"}]',
        '["returned", 3]',
    ],
)
def test_records_in_entries_that_make_no_sense_are_refused(line):
    with pytest.raises(HistoryError, match="conversation 'x'"):
        _recovered(SAID, line)


def test_a_large_content_that_is_not_there_is_told():
    line = '["begun", 0, {"role": "user", "contents": [{"type": "image_inline", "data": {"sha256": "00"}}]}]'
    with pytest.raises(StoreError, match="'image_inline' is missing") as caught:
        _recovered([], line)
    assert caught.value.kind == "corrupt"
