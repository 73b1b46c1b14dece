"""Whatever was said, the strictest server accepts what is sent of it, and what was said is untouched."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatkit._providers.encode import WordingRules
from chatkit._providers.wording import word_turns
from chatkit._turns.contents import (
    ContentImageRemote,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.history import History
from chatkit._turns.turns import AssistantTurn, UserTurn
from chatkit.testing import check_history


def worded(turns, rules):
    return b",".join(word_turns(turns, rules))


GO = UserTurn("go on")
IDS = tuple(f"c{number}" for number in range(12))
_TEXTS = st.sampled_from(["", "", "a", " ", "\n", "x\ud83d", "\U0001f600"]).map(ContentText)
_IMAGES = st.sampled_from([ContentImageRemote("https://x/y.png")])


def _result(key):
    # Orphans, missing ones and duplicates come about by themselves.
    return st.builds(
        ContentToolResult,
        request=st.just(ContentToolRequest(key, "add", {}) if key else None),
        text=st.sampled_from(["", "4", None]),
        error=st.sampled_from([None, "It failed."]),
        attachments=st.sampled_from([(), (ContentImageRemote("https://x/z.png"),)]),
    )


_RESULTS = st.sampled_from([*IDS, ""]).flatmap(_result)
_USERS = st.lists(st.one_of(_TEXTS, _RESULTS, _RESULTS, _IMAGES), max_size=4).map(UserTurn)
_ARGUMENTS = st.sampled_from([{}, {"a": 1}, {"a": [1, {"b": None}]}, None])


def _request(key):
    return st.builds(ContentToolRequest, st.just(key), st.just("add"), _ARGUMENTS, st.sampled_from([None, '{"a": ']))


def _assistants(keys):
    said = st.one_of(_TEXTS, st.sampled_from([ContentThinking("Hm"), ContentThinking("")]), keys.flatmap(_request))
    interrupted = st.sampled_from([None, None, "stopped"])
    return st.builds(
        lambda contents, reason: AssistantTurn(contents, interrupted=reason),
        st.lists(said, max_size=4),
        interrupted,
    )


@st.composite
def _conversations(draw):
    """Any turns in any order; every id is asked for once at most, as `History.with_own_ids` sees to."""
    keys = iter(IDS)
    turns = []
    for turn in draw(st.lists(st.one_of(_USERS, _assistants(st.just("?"))), max_size=8)):
        if isinstance(turn, AssistantTurn):
            kept = [item for item in turn.contents if not isinstance(item, ContentToolRequest)]
            asked = [item for item in turn.contents if isinstance(item, ContentToolRequest)]
            renamed = [
                ContentToolRequest(key, item.name, item.arguments, item.raw)
                for item, key in zip(asked, keys, strict=False)
            ]
            turn = AssistantTurn([*kept, *renamed], interrupted=turn.interrupted)
        turns.append(turn)
    return turns


def messages(turns, rules=WordingRules()):  # noqa: B008  a frozen value
    return json.loads(b"[" + worded(turns, rules) + b"]")


def check(turns):
    said = repr(turns)
    history = History(turns)
    for rules in (WordingRules(), WordingRules(parts=True)):
        assert check_history(messages(history.sendable(GO), rules)) == []
    assert messages(history.sendable(GO)) == messages(history.sendable(GO))
    if isinstance(history.sendable()[-1] if history.sendable() else None, UserTurn):
        assert check_history(messages(history.sendable())) == []
    one_by_one = History()
    for turn in turns:
        one_by_one.commit(turn)
    assert one_by_one.sendable(GO) == history.sendable(GO)
    assert (repr(turns), list(history.turns)) == (said, turns)
    assert repr(list(history.turns)) == said


@settings(max_examples=150)
@given(_conversations())
def test_whatever_was_said_is_sent_lawfully_and_stays_as_it_was_said(turns):
    check(turns)


@settings(max_examples=100)
@given(st.lists(st.one_of(_USERS, _assistants(st.sampled_from(IDS[:3]))), max_size=6))
def test_also_when_ids_occur_more_than_once(turns):
    check(turns)


@pytest.mark.parametrize("name", ["", "get weather", "naïve", "x" * 65, "a.b"])
def test_also_when_the_model_asks_for_a_tool_by_an_impossible_name(name):
    request = ContentToolRequest("c1", name, {})
    check(
        [UserTurn("q"), AssistantTurn([request]), UserTurn([ContentToolResult(error="Unknown tool", request=request)])]
    )


def test_also_when_a_request_has_no_id():
    check([UserTurn("q"), AssistantTurn([ContentToolRequest("", "add", {})])])


@settings(max_examples=50)
@given(_conversations(), st.data())
def test_also_when_a_drafted_answer_comes_on_top(turns, data):
    history = History(turns)
    answer = data.draw(_assistants(st.sampled_from(IDS)))
    ids = [request.id for request in answer.tool_requests]
    if len(set(ids)) < len(ids):
        # A decoder gives every request of one answer an id of its own.
        answer = AssistantTurn([item for item in answer.contents if not isinstance(item, ContentToolRequest)])
    with history.draft(GO) as draft:
        draft.finish(answer)
    assert check_history(messages(history.sendable(UserTurn("and on")))) == []


def test_what_follows_a_user_turn_that_answers_calls_answers_them_still(say):
    history = History([UserTurn("q"), say.asks("c1")])
    last = history.sendable(UserTurn("never mind"), say.thinks(), UserTurn("again"))[-1]
    assert [result.id for result in last.tool_results] == ["c1"]
    assert last.text == "never mindagain"
