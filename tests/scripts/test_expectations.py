"""What can be expected of an answer, and what is said when it does not hold."""

import pytest

from chatkit import AssistantTurn, ConfigError, ContentToolRequest
from chatkit._chat.expecting import Expectation, Heard, Outcome, expectations, judged
from chatkit._chat.json_subset import json_problem


def problem(name, value, text="", *, data=None, turns=(), seconds=1.0, cost=None) -> str:
    [outcome] = judged([Expectation(name, value)], Heard(text, data, turns, seconds, cost))
    assert outcome.ok is bool(outcome) is (not outcome.problem)
    return outcome.problem


def called(*calls) -> list:
    return [AssistantTurn([ContentToolRequest(str(place), *call) for place, call in enumerate(calls)])]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("contains", "4", "It is 4."),
        ("contains", ["It", "4"], "It is 4."),
        ("not_contains", "5", "It is 4."),
        ("not_contains", ["5", "6"], "It is 4."),
        ("matches", r"\b\d\b", "It is 4."),
        ("matches", ["^It", r"(?i)IS"], "It is 4."),
        ("equals", "It is 4.", " It is 4.\n"),
        ("equals", ["3", "4"], "4"),
        ("json", {"a": 1}, 'Sure: {"a": 1, "b": 2}'),
        ("json", [1, 2], "[1, 2]"),
        ("json", '{"a": null}', '{"a": null}'),
        ("json", {"$.a[0].b": "c", '$["d e"]': 1, "$.a[-1]['b']": "c"}, '{"a": [{"b": "c"}], "d e": 1}'),
        ("json", {"$": {"a": 1}}, '{"a": 1}'),
        ("json", 4, "4"),
        ("json", 4.0, "4"),
    ],
)
def test_what_holds(name, value, text):
    assert problem(name, value, text) == ""


@pytest.mark.parametrize(
    ("name", "value", "text", "told"),
    [
        ("contains", "5", "It is 4.", "it should contain '5', and it is 'It is 4.'"),
        ("contains", ["It", "5", "6"], "It is 4.", "it should contain '5' and '6', and it is 'It is 4.'"),
        ("contains", "5", "", "it should contain '5', and it is empty"),
        ("not_contains", "4", "It is 4.", "it should not contain '4', and it is 'It is 4.'"),
        ("matches", r"^\d", "It is 4.", "it should match '^\\\\d', and it is 'It is 4.'"),
        ("equals", ["3", "5"], "4", "it should be '3' or '5', and it is '4'"),
        ("json", {"a": 1}, "none", "it should be JSON, and it is 'none'"),
        ("json", {"a": 1}, '{"a": 2}', "$.a should be 1, and is 2"),
        ("json", {"a": {"b": True}}, '{"a": {"b": 1}}', "$.a.b should be true, and is 1"),
        ("json", {"a": 1}, '{"b": 2}', "$.a should be 1, and there is no such place"),
        ("json", {"$.a[3]": 1}, '{"a": [1]}', "$.a[3] should be 1, and there is no such place"),
        ("json", {"$.a[0": 1}, '{"a": [1]}', "$.a[0 should be 1, and there is no such place"),
        ("json", {"$[0].a": 1}, '{"a": [1]}', "there is no such place"),
        ("json", [1, 2], "[1]", "$ should have 2 items, and has 1"),
        ("json", [2], "[1, 3]", "$ should have 1 item, and has 2"),
        ("json", {"a": ["x", {"b": 1}]}, '{"a": ["x", {"b": 2}]}', "$.a[1].b should be 1, and is 2"),
        ("json", "plain", '{"a": 1}', '$ should be "plain", and is {"a": 1}'),
        ("json", [1], '{"a": 1}', "$ should be [1], and is"),
        ("json", {"a": "x" * 300}, '{"a": 1}', "x…, and is 1"),
    ],
)
def test_what_does_not_hold_is_told_with_the_text(name, value, text, told):
    assert told in problem(name, value, text)


def test_a_long_answer_is_cut():
    assert len(problem("contains", "b", "a" * 5000)) < 2100


def test_calls_of_tools():
    turns = called(("add", {"a": 1, "b": 2}), ("say", None, "{broken"))
    for wanted in ("add", ["add", "say"], {"name": "add", "arguments": {"a": 1}}, [{"name": "say"}]):
        assert problem("calls_tool", wanted, turns=turns) == ""
    told = problem("calls_tool", ["add", {"name": "add", "arguments": {"a": 2}}], turns=turns)
    assert told == "it should call add(a=2), and the calls were: add(a=1, b=2), say()"
    assert problem("calls_tool", "add") == "it should call add, and the calls were: none"


def test_time_and_cost():
    assert problem("max_seconds", 2, seconds=1.5) == ""
    assert problem("max_seconds", 1, seconds=1.5) == "it should take 1 s at most, and took 1.5 s"
    assert problem("max_cost", 0.01, cost=0.01) == ""
    assert problem("max_cost", 0.01, cost=0.5) == "it should cost $0.01 at most, and cost $0.50"
    assert "not known" in problem("max_cost", 0.01)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("contain", "x", "Did you mean 'contains'?"),
        ("zzz", "x", "There are: contains, not_contains"),
        ("contains", 4, "takes a text"),
        ("contains", [], "takes a text"),
        ("contains", "", "takes a text"),
        ("matches", "(", "no regular expression"),
        ("matches", [1], "takes a text"),
        ("max_seconds", "1", "takes a number"),
        ("max_cost", True, "takes a number"),
        ("max_cost", -1, "takes a number"),
        ("calls_tool", [], "takes a tool's name"),
        ("calls_tool", {"name": "a", "args": {}}, "takes a tool's name"),
        ("calls_tool", {"arguments": {}}, "takes a tool's name"),
        ("calls_tool", {"name": "a", "arguments": 1}, "takes a tool's name"),
        ("calls_tool", 3, "takes a tool's name"),
    ],
)
def test_an_expectation_that_cannot_be_is_refused(name, value, words):
    with pytest.raises(ConfigError) as caught:
        Expectation(name, value)
    assert words in str(caught.value)


def test_expectations_are_told_by_a_mapping_or_one_by_one():
    told = expectations({"contains": "a", "max_seconds": 3})
    assert told == (Expectation("contains", "a"), Expectation("max_seconds", 3))
    assert expectations(told) == told
    assert expectations(told[0]) == told[:1]
    assert expectations(None) == ()
    for wrong in ("contains", ["contains"], 3):
        with pytest.raises(ConfigError, match="expected"):
            expectations(wrong)


def test_an_outcome_without_a_problem_holds():
    assert Outcome(Expectation("contains", "a"))
    assert not Outcome(Expectation("contains", "a"), "no")


def test_answers_in_pieces_of_json_are_read_from_their_data():
    assert json_problem({"a": 1}, "not looked at", {"a": 1}) == ""
    assert json_problem("[" * 100_000, "x", ["x"]) != ""
