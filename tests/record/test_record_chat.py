"""The record of a whole chat: data only, and read strictly."""

import json

import pytest

from chatkit._errors import HistoryError
from chatkit._record.chat import ChatRecord, load_chat, save_chat
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn

PROVIDER = {"service": "openai_compatible", "base_url": "http://localhost:1/v1"}
REQUEST = ContentToolRequest("c1", "add", {"a": 1})
TURNS = (
    UserTurn("1 + 1?"),
    AssistantTurn([REQUEST], finish_reason="tool_calls"),
    UserTurn([ContentToolResult(2, request=REQUEST, text="2")]),
    AssistantTurn("It is 2.", interrupted="stopped"),
)


def test_a_chat_comes_back_from_its_file(tmp_path):
    record = ChatRecord(PROVIDER, TURNS, "Be terse.", ("add", "sub"), {"max_rounds": 3}, {"title": "../x\0 CON"})
    save_chat(tmp_path / "chat.json", record)
    assert load_chat(tmp_path / "chat.json") == record


def test_a_chat_of_nothing_comes_back():
    record = ChatRecord(PROVIDER)
    assert record.to_dict() == {
        "version": 1,
        "type": "chat",
        "provider": PROVIDER,
        "options": {},
        "metadata": {},
    }
    assert ChatRecord.from_dict(json.loads(json.dumps(record.to_dict()))) == record


def test_i9_a_chat_with_calls_that_wait_is_data_and_nothing_runs(tmp_path):
    record = ChatRecord(PROVIDER, TURNS[:2], tools=("add",))
    save_chat(tmp_path / "chat.json", record)
    loaded = load_chat(tmp_path / "chat.json")
    assert loaded.turns[-1].tool_requests == (REQUEST,)
    assert loaded == record


def test_what_json_cannot_say_is_refused_before_anything_is_written(tmp_path):
    path = tmp_path / "chat.json"
    save_chat(path, ChatRecord(PROVIDER))
    with pytest.raises(HistoryError, match=r"\$\.metadata must be a value that JSON can say: it holds a set"):
        save_chat(path, ChatRecord(PROVIDER, metadata={"x": {1}}))
    assert load_chat(path) == ChatRecord(PROVIDER)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"provider": None}, r"\$\.provider must be an object, not None"),
        ({"system": 5}, r"\$\.system must be a text"),
        ({"tools": "add"}, r"\$\.tools must be a list, not 'add'"),
        ({"tools": ["add", {}]}, r"\$\.tools\[1\] must be a text, not dict"),
        ({"turns": [{"role": "system", "contents": []}]}, r"\$\.turns\[0\] is a system turn; .*`system`"),
        ({"metadata": []}, r"\$\.metadata must be an object"),
        ({"options": 1}, r"\$\.options must be an object"),
        ({"api_headers": {}}, r"\$ has the field 'api_headers'"),
        ({"type": "turns"}, r"\$\.type must be 'chat'"),
    ],
)
def test_a_record_of_a_chat_is_read_strictly(fields, words):
    with pytest.raises(HistoryError, match=words):
        ChatRecord.from_dict({"version": 1, "type": "chat", "provider": PROVIDER, **fields})


def test_a_record_without_a_provider_is_refused():
    with pytest.raises(HistoryError, match=r"\$\.provider is missing"):
        ChatRecord.from_dict({"version": 1, "type": "chat"})


def test_a_system_turn_among_the_turns_is_told_where_it_belongs():
    record = ChatRecord(PROVIDER, (SystemTurn("x"),)).to_dict()
    with pytest.raises(HistoryError, match="is a system turn"):
        ChatRecord.from_dict(record)
