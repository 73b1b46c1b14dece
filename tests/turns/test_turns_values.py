"""Contents and turns as values: what constructors take, equality, hashes, frozenness, pickling."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from chatkit._errors import ConfigError
from chatkit._providers.encode import WordingRules
from chatkit._providers.wording import word_turns
from chatkit._turns.contents import (
    CONTENT_TYPES,
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, Round, SystemTurn, Usage, UserTurn, as_contents


def worded(turns, rules):
    return b",".join(word_turns(turns, rules))


REQUEST = ContentToolRequest("c1", "add", {"a": 1, "b": [2, 3]})
RESULT = ContentToolResult(value=4, request=REQUEST, text="4", extra={"mine": [1]})
CONTENTS = (
    ContentText("Hello"),
    ContentThinking("Hm"),
    ContentImageRemote("https://x/y.png", "low"),
    ContentImageInline("image/png", "QUJD"),
    ContentDocument("application/pdf", "QUJD", "a.pdf"),
    ContentDocumentRemote("https://x/y.pdf"),
    ContentAudio("wav", "QUJD"),
    ContentJson({"a": [1]}, '{"a": [1]}'),
    REQUEST,
    RESULT,
)
TURNS = (
    SystemTurn("Be brief."),
    UserTurn(["Hello", ContentImageRemote("https://x/y.png")]),
    UserTurn([RESULT]),
    AssistantTurn([ContentThinking("Hm"), "Well", REQUEST], Usage(3, 4), cost=0.5, finish_reason="stop", model="m"),
)
KINDS = (SystemTurn, UserTurn, AssistantTurn)


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: content.type)
def test_a_content_is_frozen_hashable_and_travels(content):
    assert isinstance(content, CONTENT_TYPES)
    for twin in (pickle.loads(pickle.dumps(content)), copy.deepcopy(content)):
        assert twin == content
        assert hash(twin) == hash(content)
    name = dataclasses.fields(content)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(content, name, "other")


def test_the_types_of_contents_are_told_apart_by_a_word():
    assert [content.type for content in CONTENTS] == [
        "text",
        "thinking",
        "image_remote",
        "image_inline",
        "document",
        "document_remote",
        "audio",
        "json",
        "tool_request",
        "tool_result",
    ]


def test_contents_of_different_kinds_are_never_equal():
    assert ContentText("a") != ContentThinking("a")
    assert len({ContentText("a"), ContentText("a"), ContentText("b")}) == 2


def test_requests_that_differ_in_arguments_alone_differ():
    other = dataclasses.replace(REQUEST, arguments={"a": 2})
    assert other != REQUEST
    assert {other, REQUEST} == {REQUEST, other}


def test_a_result_knows_the_request_that_it_answers():
    assert (RESULT.id, RESULT.name) == ("c1", "add")
    assert (ContentToolResult("x").id, ContentToolResult("x").name) == ("", "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("given", "contents"),
    [
        ("a", (ContentText("a"),)),
        ("", (ContentText(""),)),
        (ContentText("a"), (ContentText("a"),)),
        (["a", ContentThinking("b")], (ContentText("a"), ContentThinking("b"))),
        ([], ()),
        ((), ()),
        ((ContentText("a"),), (ContentText("a"),)),
        (("a", "b"), (ContentText("a"), ContentText("b"))),
        (iter(["a"]), (ContentText("a"),)),
    ],
    ids=["text", "empty", "content", "list", "nothing", "no tuple", "tuple", "tuple of texts", "iterator"],
)
def test_a_turn_takes_a_string_a_content_or_several(kind, given, contents):
    if not isinstance(given, list | tuple | str | ContentText):
        given = iter(contents)
    assert kind(given).contents == contents


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "wrong", [3, None, b"a", {"a": 1}, ["a", 3], [None], (3,), (None,), [["a"]]], ids=lambda wrong: repr(wrong)
)
def test_a_turn_takes_nothing_else(kind, wrong):
    with pytest.raises(ConfigError, match="made of strings and contents, not"):
        kind(wrong)


def test_turns_without_contents():
    assert SystemTurn().text == ""
    assert UserTurn().contents == ()
    assert as_contents([]) == ()


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.role)
def test_a_turn_is_frozen_hashable_and_travels(turn):
    for twin in (pickle.loads(pickle.dumps(turn)), copy.deepcopy(turn), copy.copy(turn)):
        assert (type(twin), twin, hash(twin), repr(twin)) == (type(turn), turn, hash(turn), repr(turn))
    with pytest.raises(dataclasses.FrozenInstanceError):
        turn.contents = ()


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.role)
def test_what_a_turn_was_worded_in_is_no_part_of_it(turn):
    twin = pickle.loads(pickle.dumps(turn))
    rules = WordingRules()
    bytes_ = worded([twin], rules)
    assert bytes_
    assert twin.wording == (rules, bytes_)
    assert (twin, hash(twin), repr(twin)) == (turn, hash(turn), repr(turn))
    assert worded([pickle.loads(pickle.dumps(twin))], rules) == bytes_
    assert dataclasses.replace(twin, contents=(ContentText("x"),)).wording is None


def test_roles():
    assert [turn.role for turn in TURNS] == ["system", "user", "user", "assistant"]


def test_text_is_joined_and_holds_no_thinking_and_no_tools():
    turn = AssistantTurn(["a", ContentThinking("1"), "b", REQUEST, ContentThinking("2")])
    assert (turn.text, turn.thinking, turn.tool_requests) == ("ab", "12", (REQUEST,))
    user = UserTurn([RESULT, "a", ContentImageRemote("u"), "b"])
    assert (user.text, user.tool_results) == ("ab", (RESULT,))
    assert SystemTurn(["a", "b"]).text == "ab"


@pytest.mark.parametrize(
    ("contents", "only"),
    [((), False), ("a", False), ([RESULT], True), ([RESULT, RESULT], True), ([RESULT, "a"], False)],
)
def test_a_turn_of_tool_results_is_nothing_that_a_user_said(contents, only):
    assert UserTurn(contents).only_tool_results is only


def test_a_turn_says_by_default_that_nothing_is_known():
    turn = AssistantTurn("a")
    assert turn.usage == Usage(None, None, None, None, None)
    known = {field.name: getattr(turn, field.name) for field in dataclasses.fields(turn)}
    assert {name for name, value in known.items() if value not in (None, ())} == {"contents", "usage"}


@pytest.mark.parametrize(
    ("response", "complete"),
    [
        ((), False),
        ((AssistantTurn("a"),), True),
        ((AssistantTurn("a", interrupted="stopped"),), False),
        ((AssistantTurn([REQUEST]),), False),
        ((AssistantTurn([REQUEST]), UserTurn([RESULT])), False),
        ((AssistantTurn([REQUEST]), UserTurn([RESULT]), AssistantTurn("a")), True),
    ],
)
def test_a_round_is_complete_after_a_whole_answer_without_requests(response, complete):
    assert Round((UserTurn("q"),), response).complete is complete
