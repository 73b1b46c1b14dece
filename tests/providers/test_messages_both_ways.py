"""Conversations told in OpenAI's messages and read again say the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._errors import HistoryError
from chatkit._providers.openai_messages import from_messages, to_messages
from chatkit._turns.contents import (
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
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn
from chatkit.testing._history_rules import check_history

words = st.text(max_size=8) | st.sampled_from(["\ud800", "<document>", "\u2028", "\0"])
names = st.text("ab.-é/", max_size=5)
plain = st.none() | st.integers() | st.floats() | words
objects = st.dictionaries(words, plain | st.lists(plain, max_size=2), max_size=2)
base64 = st.sampled_from(["QQ==", "QUI=", "QUJD", "+/+/"])
details = st.sampled_from(["auto", "low", "high"])
urls = st.sampled_from(["https://x.example/a.png?b=c", "http://x.example/ö"])
media = (
    st.builds(ContentImageRemote, urls, details)
    | st.builds(ContentImageInline, st.sampled_from(["image/png", "image/webp"]), base64, details)
    | st.builds(ContentDocument, st.sampled_from(["application/pdf", "text/markdown"]), base64, st.text(max_size=5))
    | st.builds(ContentDocumentRemote, urls, st.text(max_size=5))
    | st.builds(ContentAudio, st.sampled_from(["wav", "mp3"]), base64)
)
requests = st.builds(ContentToolRequest, names, names, st.none() | objects, st.none() | words)
results = st.builds(
    ContentToolResult,
    plain,
    st.none() | words,
    st.none() | requests,
    st.none() | words,
    st.lists(media, max_size=2).map(tuple),
)
texts = st.builds(ContentText, words) | st.builds(ContentJson, plain, words)
users = st.builds(UserTurn, st.lists(texts | media | results, max_size=3))
answers = st.builds(
    AssistantTurn,
    st.lists(texts | st.builds(ContentThinking, words) | requests, max_size=3).map(tuple),
    interrupted=st.sampled_from([None, None, "stopped"]),
)


@given(st.lists(users | answers, max_size=6), st.none() | words)
def test_any_conversation_told_read_and_told_again_is_the_same(turns, system):
    messages = to_messages(turns, system=system)
    assert to_messages(from_messages(messages)) == messages
    assert json.loads(json.dumps(messages)) == messages
    # Whose turn it is now is no fault of the history.
    if messages:
        assert check_history(messages if messages[-1]["role"] in ("user", "tool") else [*messages, SAID]) == []


SAID = {"role": "user", "content": "And then?"}


@given(st.lists(users | answers, max_size=4))
def test_thinking_told_under_a_key_is_read_again(turns):
    messages = to_messages(turns, thinking_field="reasoning_content")
    assert to_messages(from_messages(messages), thinking_field="reasoning_content") == messages


def test_a_conversation_of_all_kinds_is_told():
    request = ContentToolRequest("c1", "add", {"a": 1})
    turns = [
        SystemTurn("Be terse."),
        UserTurn(["Look:", ContentImageInline("image/png", "QQ==", "low")]),
        AssistantTurn([ContentThinking("Hm"), "I add.", request]),
        UserTurn([ContentToolResult(2, request=request, text="2")]),
        AssistantTurn("It is 2."),
    ]
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a":1}'}}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ==", "detail": "low"}}
    messages = [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": [{"type": "text", "text": "Look:"}, image]},
        {"role": "assistant", "content": "I add.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "2"},
        {"role": "assistant", "content": "It is 2."},
    ]
    assert to_messages(turns) == messages
    back = from_messages(messages)
    assert back[0] == turns[0]
    assert back[1] == turns[1]
    assert back[2].tool_requests == (request,)
    assert back[3].tool_results == (ContentToolResult("2", request=request, text="2"),)
    assert back[4] == turns[4]


def test_a_call_that_waits_is_told_as_unanswered_so_that_any_server_takes_it():
    messages = to_messages([UserTurn("go"), AssistantTurn([ContentToolRequest("c1", "add", {})])])
    assert messages[-1] == {
        "role": "tool",
        "tool_call_id": "c1",
        "content": "The chat ended before the tool could be invoked.",
    }


def test_a_system_prompt_that_is_given_stands_in_place_of_the_one_in_the_turns():
    turns = [SystemTurn("old"), UserTurn("Hi")]
    assert to_messages(turns)[0] == {"role": "system", "content": "old"}
    assert to_messages(turns, system="new")[0] == {"role": "system", "content": "new"}
    assert to_messages(turns, system=["a", "b"])[0] == {"role": "system", "content": "a\n\nb"}
    assert to_messages(turns, system="") == [{"role": "user", "content": "Hi"}]
    assert to_messages([]) == []


def test_the_messages_are_a_copy():
    turns = [UserTurn("Hi")]
    to_messages(turns)[0]["content"] = "changed"
    assert to_messages(turns) == [{"role": "user", "content": "Hi"}]


def test_what_no_message_can_say_is_refused():
    with pytest.raises(HistoryError, match="list of turns"):
        to_messages("Hi")
    with pytest.raises(HistoryError, match="user and assistant turns, not dict"):
        to_messages([{"role": "user", "content": "Hi"}])
    with pytest.raises(HistoryError, match=r"cannot be told in messages: .*not JSON serializable") as caught:
        to_messages([AssistantTurn([ContentToolRequest("1", "f", {"x": object()})])])
    assert caught.value.__context__ is None
    with pytest.raises(HistoryError, match="cannot be told in messages"):
        to_messages([UserTurn([ContentDocument("text/plain", "Q")])])
    with pytest.raises(HistoryError, match="A user turn cannot hold ContentThinking"):
        to_messages([UserTurn([ContentThinking("x")])])
