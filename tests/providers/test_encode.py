"""Wording: turns and tools to the JSON that is sent."""

from __future__ import annotations

import dataclasses
import json

import pytest

from chatkit._errors import ConfigError
from chatkit._providers.encode import WordingRules, word_tools
from chatkit._providers.profiles import Profile
from chatkit._providers.wording import merged, to_bytes, word_turns
from chatkit._tools.tool import Tool, tool
from chatkit._turns.contents import (
    ContentImageInline,
    ContentImageRemote,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn


def worded(turns, rules):
    return b",".join(word_turns(turns, rules))


PLAIN = WordingRules()
PARTS = WordingRules(parts=True)
REMOTE = ContentImageRemote("https://x/y.png", "low")
INLINE = ContentImageInline("image/png", "QUJD")
REQUEST = ContentToolRequest("c1", "add", {"a": 1, "b": "é"})
REMOTE_PART = {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}}
INLINE_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "auto"}}
CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a":1,"b":"é"}'}}


def words(*turns, rules=PLAIN):
    """The messages, as a server reads them."""
    return json.loads(b"[" + worded(turns, rules) + b"]")


def part(text):
    return {"type": "text", "text": text}


def marked(key, *parts):
    return [part(f'<attachments tool_call_id="{key}" tool="add">'), *parts, part("</attachments>")]


def result(text=None, key="c1", **given):
    return ContentToolResult(text=text, request=ContentToolRequest(key, "add", {}), **given)


def answer(content, key="c1"):
    return {"role": "tool", "tool_call_id": key, "content": content}


WORDED = {
    "system": (SystemTurn("Be brief."), [{"role": "system", "content": "Be brief."}]),
    "an empty system": (SystemTurn(""), []),
    "user": (UserTurn("q"), [{"role": "user", "content": "q"}]),
    "several texts": (UserTurn(["a", "b"]), [{"role": "user", "content": "a\n\nb"}]),
    "nothing": (UserTurn(), []),
    "images": (UserTurn(["q", REMOTE, INLINE]), [{"role": "user", "content": [part("q"), REMOTE_PART, INLINE_PART]}]),
    "an image alone": (UserTurn([INLINE]), [{"role": "user", "content": [INLINE_PART]}]),
    "results": (UserTurn([result("1"), result("2", "c2")]), [answer("1"), answer("2", "c2")]),
    "results first": (UserTurn(["q", result("1")]), [answer("1"), {"role": "user", "content": "q"}]),
    "results with images": (
        UserTurn([result("1", attachments=(INLINE,)), result("2", "c2", attachments=(REMOTE,)), "q"]),
        [
            answer("1"),
            answer("2", "c2"),
            {"role": "user", "content": [*marked("c1", INLINE_PART), *marked("c2", REMOTE_PART), part("q")]},
        ],
    ),
    "assistant": (AssistantTurn("a"), [{"role": "assistant", "content": "a"}]),
    "texts of an answer": (AssistantTurn(["a", "b"]), [{"role": "assistant", "content": "ab"}]),
    "a call": (AssistantTurn([REQUEST]), [{"role": "assistant", "tool_calls": [CALL]}]),
    "text and a call": (AssistantTurn(["a", REQUEST]), [{"role": "assistant", "content": "a", "tool_calls": [CALL]}]),
    "thinking is left out": (AssistantTurn([ContentThinking("Hm"), "a"]), [{"role": "assistant", "content": "a"}]),
    "thinking alone": (AssistantTurn([ContentThinking("Hm")]), []),
    "an empty answer": (AssistantTurn(""), []),
}


@pytest.mark.parametrize(("turn", "messages"), WORDED.values(), ids=WORDED)
def test_messages(turn, messages):
    assert words(turn) == messages


@pytest.mark.parametrize(
    ("turn", "messages"),
    [
        (SystemTurn("s"), [{"role": "system", "content": "s"}]),
        (UserTurn("q"), [{"role": "user", "content": [part("q")]}]),
        (UserTurn(["a", "b"]), [{"role": "user", "content": [part("a"), part("b")]}]),
        (AssistantTurn(["a", "b"]), [{"role": "assistant", "content": [part("ab")]}]),
        (AssistantTurn([REQUEST]), [{"role": "assistant", "tool_calls": [CALL]}]),
        (UserTurn([result("1")]), [answer("1")]),
    ],
)
def test_messages_of_parts(turn, messages):
    assert words(turn, rules=PARTS) == messages


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_thinking_that_is_sent_back(name):
    rules = WordingRules(thinking_field=name)
    turn = AssistantTurn([ContentThinking("H"), ContentThinking("m"), "a", REQUEST])
    assert words(turn, rules=rules) == [{"role": "assistant", "content": "a", name: "Hm", "tool_calls": [CALL]}]
    assert words(AssistantTurn([ContentThinking("Hm")]), rules=rules) == []
    assert words(AssistantTurn("a"), rules=rules) == [{"role": "assistant", "content": "a"}]


@pytest.mark.parametrize(
    ("turn", "what"),
    [
        (UserTurn([ContentThinking("Hm")]), "A user turn cannot hold ContentThinking"),
        (UserTurn(["q", REQUEST]), "A user turn cannot hold ContentToolRequest"),
        (AssistantTurn(["a", REMOTE]), "An assistant turn cannot hold ContentImageRemote"),
        (AssistantTurn([result("1")]), "An assistant turn cannot hold ContentToolResult"),
    ],
)
def test_contents_in_the_wrong_turn_are_refused(turn, what):
    for _ in range(2):
        with pytest.raises(ConfigError, match=what):
            worded([turn], PLAIN)


@pytest.mark.parametrize(
    ("given", "content"),
    [
        (result("4", value=5), "4"),
        (result("", value=5), ""),
        (result(value="x"), "x"),
        (result(value=4), "4"),
        (result(value=None), "null"),
        (result(value={"a": [1, "é"]}), '{"a": [1, "é"]}'),
        (result(value={1}), '"{1}"'),
        (result(error="It failed."), "It failed."),
        (result(value=4, error="It failed."), "It failed."),
        (result("4", error="It failed."), "4"),
    ],
)
def test_what_the_model_reads_of_a_result(given, content):
    assert words(UserTurn([given])) == [answer(content)]


@pytest.mark.parametrize(
    ("arguments", "raw", "text"),
    [
        ({}, None, "{}"),
        ({"a": 1, "b": True, "c": None, "d": "x", "e": 1.5}, None, '{"a":1,"b":true,"c":null,"d":"x","e":1.5}'),
        ({"a": [], "b": {}, "c": [1, {"d": 2}]}, None, '{"a":[],"b":{},"c":[1,{"d":2}]}'),
        (None, "[1]", '{"INVALID_JSON":"[1]"}'),
        (None, '{"a": ', '{"INVALID_JSON":"{\\"a\\": "}'),
        (None, "", '{"INVALID_JSON":""}'),
        (None, None, '{"INVALID_JSON":""}'),
    ],
)
def test_arguments_are_a_json_object_always(arguments, raw, text):
    (message,) = words(AssistantTurn([ContentToolRequest("c1", "add", arguments, raw)]))
    assert message["tool_calls"][0]["function"]["arguments"] == text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_does_not_know_never_blocks_a_conversation(number):
    # Python reads such numbers, also from a plain 1e999.
    (message,) = words(AssistantTurn([ContentToolRequest("c1", "add", {"a": number})]))
    assert isinstance(json.loads(message["tool_calls"][0]["function"]["arguments"]), dict)


@pytest.mark.parametrize(
    ("name", "sent"),
    [("add", "add"), ("", "unnamed"), ("get weather!", "get_weather_"), ("näme", "n_me"), ("x" * 65, "x" * 64)],
)
def test_a_name_that_no_tool_could_have_is_sent_as_one_that_it_could(name, sent):
    (message,) = words(AssistantTurn([ContentToolRequest("c1", name, {})]))
    assert message["tool_calls"][0]["function"]["name"] == sent


def test_any_mapping_will_do_for_arguments():
    from types import MappingProxyType

    (message,) = words(AssistantTurn([ContentToolRequest("c1", "add", MappingProxyType({"a": 1}))]))
    assert message["tool_calls"][0]["function"]["arguments"] == '{"a":1}'


# --- bytes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "worded"),
    [
        ({"a": [1, None]}, b'{"a":[1,null]}'),
        ("é😀", '"é😀"'.encode()),
        ("\ud83d\ude00", '"😀"'.encode()),
        ("a\ud83d", '"a\ufffd"'.encode()),
        ("\ude00b", '"\ufffdb"'.encode()),
        ("\x00\u2028", b'"\\u0000\xe2\x80\xa8"'),
    ],
)
def test_bytes(value, worded):
    assert to_bytes(value) == worded


def test_a_number_that_json_does_not_know_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        to_bytes(float("nan"))


def test_turns_are_joined_and_what_says_nothing_is_left_out():
    assert worded([], PLAIN) == b""
    assert worded([UserTurn("a"), AssistantTurn(""), UserTurn("b")], PLAIN).count(b"},{") == 1


# --- what is kept on a turn -----------------------------------------------------------------------------------------


def test_a_turn_is_worded_once_for_the_same_rules():
    turn = UserTurn("q")
    assert turn.wording is None
    first = worded([turn], PLAIN)
    rules, kept = turn.wording
    assert (rules, kept) == (PLAIN, first)
    worded([turn], WordingRules())
    assert turn.wording[1] is kept


def test_a_turn_is_worded_anew_for_other_rules():
    turn = AssistantTurn([ContentThinking("Hm"), "a"])
    plain = worded([turn], PLAIN)
    replayed = worded([turn], WordingRules(thinking_field="reasoning"))
    assert plain != replayed == turn.wording[1]
    assert worded([turn], PARTS) not in (plain, replayed)
    assert worded([turn], PLAIN) == plain


def test_a_turn_that_says_nothing_is_not_looked_at_again():
    turn = AssistantTurn("")
    worded([turn], PLAIN)
    assert turn.wording == (PLAIN, b"")
    assert worded([turn], PLAIN) == b""


# --- tools ----------------------------------------------------------------------------------------------------------


def look(city: str, days: int = 1) -> str:
    """Look up the weather."""
    return f"{city} {days}"


def now() -> str:
    """Tell the time."""
    return ""


LAX, STRICT = Profile("lax"), Profile("strict", strict_tools=True)


def function(made, profile):
    (worded,) = word_tools([made], profile)
    assert (worded.keys(), worded["type"]) == ({"type", "function"}, "function")
    return worded["function"]


def test_a_tool():
    made = tool(look)
    assert function(made, LAX) == {
        "name": "look",
        "description": "Look up the weather.",
        "parameters": made.parameters,
    }
    assert word_tools([], LAX) == []
    assert [item["function"]["name"] for item in word_tools([made, tool(now)], LAX)] == ["look", "now"]


def test_a_strict_tool_has_the_schema_that_goes_with_it():
    worded = function(tool(look), STRICT)
    assert worded["strict"] is True
    assert worded["parameters"]["required"] == ["city", "days"]
    assert worded["parameters"]["additionalProperties"] is False


def test_a_tool_may_refuse_to_be_strict():
    made = tool(look, strict=False)
    assert function(made, STRICT) == function(made, LAX)
    assert "strict" not in function(tool(look, strict=True), LAX)


@pytest.mark.parametrize("empty", [True, False])
def test_a_tool_without_arguments(empty):
    profile = dataclasses.replace(LAX, empty_parameters=empty)
    assert ("parameters" in function(tool(now), profile)) is empty
    assert "parameters" in function(tool(look), profile)
    bare = Tool("bare", "", {"type": "object"}, now)
    assert ("parameters" in function(bare, profile)) is empty


# --- merging --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "changes", "result"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": None}, {}),
        ({"a": 1}, {"b": None}, {"a": 1}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 2}}}, {"a": {"b": {"c": 1, "d": 2}}}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": False}, {"a": False}),
    ],
)
def test_merging(body, changes, result):
    before = json.dumps([body, changes])
    assert merged(body, changes) == result
    assert json.dumps([body, changes]) == before


def test_contents_that_are_not_known_are_refused():
    assert words(UserTurn([ContentText("a")])) == [{"role": "user", "content": "a"}]
