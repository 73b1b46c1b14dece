"""Messages from elsewhere, read as turns; what is not understood is an error by its place."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from chatkit._errors import HistoryError
from chatkit._providers.openai_messages import from_messages, to_messages
from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentText,
    ContentThinking,
    ContentToolRequest,
)
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn

CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
ASKS = {"role": "assistant", "content": None, "tool_calls": [CALL]}


def user(*parts):
    return {"role": "user", "content": list(parts)}


def read_one(message):
    (turn,) = from_messages([message])
    return turn


def test_plain_dicts_of_json_are_read():
    text = '[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]'
    assert from_messages(json.loads(text)) == [UserTurn("Hi"), AssistantTurn("Hello")]
    assert from_messages([]) == []
    assert from_messages(iter([{"role": "user", "content": "Hi"}])) == [UserTurn("Hi")]


def test_system_and_developer_messages_in_front_become_one_system_prompt():
    messages = [
        {"role": "system", "content": "a"},
        {"role": "system", "content": ""},
        {"role": "developer", "content": [{"type": "text", "text": "b"}, {"type": "text", "text": "c"}]},
        {"role": "user", "content": "Hi"},
    ]
    assert from_messages(messages) == [SystemTurn("a\n\nb\n\nc"), UserTurn("Hi")]


def test_all_parts_of_a_user_message_are_read():
    turn = read_one(
        user(
            {"type": "text", "text": "Look"},
            {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
            {"type": "image_url", "image_url": {"url": "data:image/png;name=x;base64,QQ==", "detail": "high"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QUI="}},
            {"type": "file", "file": {"file_data": "data:text/markdown;base64,QUI="}},
            {"type": "file", "file": {"file_data": "https://x.example/a.pdf", "file_id": None}},
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}},
        )
    )
    assert turn.contents == (
        ContentText("Look"),
        ContentImageRemote("https://x.example/a.png"),
        ContentImageInline("image/png", "QQ==", "high"),
        ContentDocument("application/pdf", "QUI=", "a.pdf"),
        ContentDocument("text/markdown", "QUI="),
        ContentDocumentRemote("https://x.example/a.pdf"),
        ContentAudio("wav", "QQ=="),
    )


def test_a_text_document_is_told_as_text_and_stays_the_same_then():
    messages = to_messages([read_one(user({"type": "file", "file": {"file_data": "data:text/plain;base64,SGk="}}))])
    assert messages == [{"role": "user", "content": '<document name="document">\nHi\n</document>'}]
    assert to_messages(from_messages(messages)) == messages


def test_the_thinking_of_an_answer_is_read_once_whatever_it_is_called():
    for fields in (
        {"reasoning": "Hm"},
        {"reasoning_content": "Hm"},
        {"reasoning": "Hm", "reasoning_content": "Hm"},
    ):
        assert read_one({"role": "assistant", "content": "Hi", **fields}).contents == (
            ContentThinking("Hm"),
            ContentText("Hi"),
        )
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}, {"type": "text", "text": "Hi"}]
    assert read_one({"role": "assistant", "content": parts}).contents == (ContentThinking("Hm"), ContentText("Hi"))


def test_a_refusal_is_text():
    assert read_one({"role": "assistant", "content": None, "refusal": "No."}) == AssistantTurn("No.")
    assert read_one({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}) == AssistantTurn("No.")


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        ('{"a": 1}', ContentToolRequest("c1", "add", {"a": 1})),
        ({"a": 1}, ContentToolRequest("c1", "add", {"a": 1})),
        ("", ContentToolRequest("c1", "add", {})),
        ("{a", ContentToolRequest("c1", "add", None, "{a")),
        ("[1]", ContentToolRequest("c1", "add", None, "[1]")),
    ],
)
def test_the_arguments_of_a_call_are_read(arguments, request_):
    call = {"id": "c1", "function": {"name": "add", "arguments": arguments}, "index": 0}
    assert read_one({"role": "assistant", "tool_calls": [call]}).tool_requests == (request_,)


def test_results_are_matched_to_their_calls_in_any_order():
    other = {"id": "c2", "type": "function", "function": {"name": "sub", "arguments": "{}"}}
    turns = from_messages(
        [
            {"role": "assistant", "tool_calls": [CALL, other]},
            {"role": "tool", "tool_call_id": "c2", "content": "two", "name": "sub"},
            {
                "role": "tool",
                "tool_call_id": "c1",
                "content": [{"type": "text", "text": "o"}, {"type": "text", "text": "ne"}],
            },
            {"role": "user", "content": "And?"},
        ]
    )
    assert [(result.name, result.id, result.value) for result in turns[1].tool_results] == [
        ("sub", "c2", "two"),
        ("add", "c1", "one"),
    ]
    assert turns[1].only_tool_results
    assert turns[2] == UserTurn("And?")


def test_an_id_may_come_back_in_a_later_answer():
    result = {"role": "tool", "tool_call_id": "c1", "content": "2"}
    turns = from_messages([ASKS, result, ASKS, result])
    assert [len(turn.contents) for turn in turns] == [1, 1, 1, 1]


def test_calls_without_results_are_read_and_nothing_runs():
    turns = from_messages([{"role": "user", "content": "go"}, ASKS])
    assert turns[-1].tool_requests[0].name == "add"


def test_the_messages_of_openai_python_are_read():
    class Message(BaseModel):
        role: str
        content: str | None
        refusal: str | None = None
        annotations: list[Any] = []
        tool_calls: list[Any] | None = None

    given = [Message(role="assistant", content=None, tool_calls=[CALL]), Message(role="assistant", content="Hi")]
    assert from_messages(given)[1] == AssistantTurn("Hi")


def test_keys_that_say_nothing_are_no_matter():
    message = {"role": "assistant", "content": "Hi", "audio": None, "annotations": [], "function_call": None, "x": {}}
    assert read_one(message) == AssistantTurn("Hi")


@pytest.mark.parametrize("messages", ["text", b"[]", {"messages": []}, None, 5])
def test_what_is_no_list_of_messages_is_refused(messages):
    with pytest.raises(HistoryError, match="Messages are a list of dicts, not"):
        from_messages(messages)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Hi", r"messages\[1\] must be an object, not 'Hi'"),
        (UserTurn("Hi"), r"messages\[1\] must be an object, not UserTurn"),
        ({"content": "Hi"}, r"messages\[1\]\.role must be 'system', .*, not None"),
        ({"role": "function", "content": "x"}, r"messages\[1\]\.role must be .*, not 'function'"),
        ({"role": "system", "content": "x"}, r"messages\[1\] is a system message; one can only stand in front"),
        ({"role": "developer", "content": "x"}, r"messages\[1\] is a developer message"),
        ({"role": "system", "content": 5}, r"messages\[1\]\.content must be a text or a list of parts, not int"),
        ({"role": "user"}, r"messages\[1\]\.content must be a text or a list of parts, not None"),
        ({"role": "user", "content": "x", "name": "ada"}, r"messages\[1\] has the key 'name'"),
        (user("x"), r"messages\[1\]\.content\[0\] must be an object"),
        (user({"type": "video"}), r"messages\[1\]\.content\[0\]\.type must be 'text', .*, not 'video'"),
        (user({"type": "text"}), r"content\[0\]\.text must be a text, not None"),
        (user({"type": "text", "text": "x", "cache_control": {"a": 1}}), r"content\[0\] has the key 'cache_control'"),
        (user({"type": "image_url", "image_url": "https://x"}), r"content\[0\]\.image_url must be an object"),
        (user({"type": "image_url", "image_url": {"url": "file:///x"}}), r"image_url\.url must be a URL"),
        (
            user({"type": "image_url", "image_url": {"url": "data:image/png,x"}}),
            r"image_url\.url: The data: URL is not in",
        ),
        (user({"type": "image_url", "image_url": {"url": "data:text/plain;base64,QQ=="}}), "cannot be used here"),
        (user({"type": "image_url", "image_url": {"url": "https://x", "detail": "huge"}}), r"detail must be one of"),
        (user({"type": "file", "file": {"file_id": "f1"}}), r"content\[0\]\.file has the key 'file_id'"),
        (user({"type": "file", "file": {}}), r"content\[0\]\.file\.file_data must be a text"),
        (
            user({"type": "input_audio", "input_audio": {"data": "!", "format": "wav"}}),
            r"input_audio\.data must be base64",
        ),
        ({"role": "assistant", "content": "x", "audio": {"id": "a"}}, r"messages\[1\] has the key 'audio'"),
        ({"role": "assistant", "content": [{"type": "image_url"}]}, r"content\[0\]\.type must be 'text', 'refusal'"),
        ({"role": "assistant", "content": 5}, r"messages\[1\]\.content must be a text or a list"),
        ({"role": "assistant", "tool_calls": "x"}, r"messages\[1\]\.tool_calls must be a list"),
        (
            {"role": "assistant", "tool_calls": [{**CALL, "type": "custom"}]},
            r"tool_calls\[0\]\.type must be one of 'function'",
        ),
        ({"role": "assistant", "tool_calls": [{**CALL, "id": None}]}, r"tool_calls\[0\]\.id must be a text"),
        ({"role": "assistant", "tool_calls": [{"id": "c"}]}, r"tool_calls\[0\]\.function must be an object"),
        ({"role": "assistant", "tool_calls": [CALL, CALL]}, r"messages\[1\]\.tool_calls has the id 'c1' twice"),
        (
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": 5}}]},
            r"function\.arguments must be a text, not int",
        ),
        (
            {"role": "tool", "tool_call_id": "c9", "content": "x"},
            r"messages\[1\]\.tool_call_id is 'c9': no call before it",
        ),
        ({"role": "tool", "content": "x"}, r"messages\[1\]\.tool_call_id must be a text, not None"),
    ],
)
def test_what_is_not_understood_is_an_error_by_its_place(message, words):
    with pytest.raises(HistoryError, match=words) as caught:
        from_messages([{"role": "user", "content": "first"}, message])
    assert caught.value.__context__ is None


def test_a_result_must_fit_its_call():
    result = {"role": "tool", "tool_call_id": "c1", "content": "2"}
    with pytest.raises(HistoryError, match=r"messages\[2\]\.tool_call_id is 'c1': no call before it waits"):
        from_messages([ASKS, result, result])
    with pytest.raises(HistoryError, match=r"messages\[1\]\.name must be 'add', as in the call, not 'sub'"):
        from_messages([ASKS, {**result, "name": "sub"}])
    with pytest.raises(HistoryError, match=r"messages\[2\]\.tool_call_id is 'c1'"):
        from_messages([ASKS, {"role": "user", "content": "x"}, result])
    with pytest.raises(HistoryError, match=r"messages\[1\]\.content must be a text"):
        from_messages([ASKS, {**result, "content": None}])


def test_halves_of_surrogate_pairs_are_read_as_the_replacement_character():
    assert read_one({"role": "user", "content": "a\ud800"}) == UserTurn("a\ufffd")
    call = {"id": "c1", "function": {"name": "f", "arguments": '{"a": "\\ud800"}'}}
    assert read_one({"role": "assistant", "tool_calls": [call]}).tool_requests[0].arguments == {"a": "\ufffd"}
