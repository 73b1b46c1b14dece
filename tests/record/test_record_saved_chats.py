"""Whole chats saved and loaded, and talked on with."""

import json
import warnings

import pytest

from chatkit import Chat, chat_huggingface, chat_openai_compatible, params, tool
from chatkit._errors import HistoryError, MissingKeyError
from chatkit._turns.contents import ContentToolRequest
from chatkit._turns.turns import AssistantTurn, UserTurn
from chatkit._warnings import MissingToolWarning
from chatkit.testing import Answer, FakeService, ToolCall


@pytest.fixture
def service():
    with FakeService(strict=True) as service:
        yield service


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def test_case_69_a_loaded_chat_is_the_saved_one_and_talks_on_with_its_tools(service, tmp_path):
    chat = chat_openai_compatible(
        service.base_url, model="m", name="Mine", system_prompt="Be terse.", params=params(seed=3)
    )
    chat.register_tool(add)
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]), "It is 3 \u2028 é😀.")
    chat.chat("1 + 2?")
    chat.save(tmp_path / "chat.json")
    loaded = Chat.load(tmp_path / "chat.json", tools=[add])
    assert loaded.turns == chat.turns
    assert (loaded.system_prompt, loaded.model, loaded.params) == ("Be terse.", "m", params(seed=3))
    assert str(loaded) == str(chat)
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 3, "b": 4})]), "It is 7.")
    assert loaded.chat("3 + 4?") == "It is 7."
    assert service.requests[-1].json["seed"] == 3
    assert service.requests[-1].messages[-1]["content"] == "7"
    assert len(chat.turns) == 4


def test_case_70_what_is_done_to_a_loaded_chat_is_not_done_to_the_file(service, tmp_path):
    path = tmp_path / "chat.json"
    chat = chat_openai_compatible(service.base_url, model="m")
    chat.add_turn("Hi", "Hello")
    chat.save(path)
    before = path.read_bytes()
    loaded = Chat.load(path)
    loaded.set_turns([])
    assert path.read_bytes() == before
    assert len(Chat.load(path)) == 2


def test_a_tool_that_is_not_given_anew_is_warned_of(service, tmp_path):
    chat = chat_openai_compatible(service.base_url, model="m")
    chat.register_tool(add)
    chat.save(tmp_path / "chat.json")
    with pytest.warns(MissingToolWarning, match="add"):
        Chat.load(tmp_path / "chat.json")


def test_no_secret_is_in_the_file_nor_where_the_key_came_from(service, tmp_path):
    chat = chat_openai_compatible(
        service.base_url, model="m", credentials=lambda: "sk-secret", api_headers={"X-Api-Key": "sk-other"}
    )
    service.say("ok")
    chat.chat("Hi")
    chat.save(tmp_path / "chat.json")
    text = (tmp_path / "chat.json").read_text(encoding="utf-8")
    assert not any(word in text for word in ("sk-", "X-Api-Key", "Bearer", "lambda"))
    with pytest.raises(MissingKeyError, match="A key is never saved"):
        Chat.load(tmp_path / "chat.json").chat("Hi")
    service.say("ok again")
    assert Chat.load(tmp_path / "chat.json", credentials=lambda: "sk-new").chat("Hi") == "ok again"
    assert service.requests[-1].headers["authorization"] == "Bearer sk-new"


def test_a_file_that_names_another_address_gets_no_default_key(service, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    path = tmp_path / "chat.json"
    chat_huggingface(model="org/name").save(path)
    record = json.loads(path.read_text())
    record["provider"]["base_url"] = service.base_url
    path.write_text(json.dumps(record))
    service.say("ok")
    Chat.load(path).chat("Hi")
    assert "authorization" not in service.requests[0].headers


def test_i9_loading_a_chat_with_calls_that_wait_runs_and_sends_nothing(service, tmp_path):
    ran = []

    @tool(requires_approval=True)
    def remove(path: str) -> str:
        """Remove a file."""
        ran.append(path)
        return "gone"

    chat = chat_openai_compatible(service.base_url, model="m")
    chat.register_tool(remove)
    chat.set_turns([UserTurn("go"), AssistantTurn([ContentToolRequest("c1", "remove", {"path": "/x"})])])
    chat.save(tmp_path / "chat.json")
    loaded = Chat.load(tmp_path / "chat.json", tools=[remove])
    assert ran == []
    assert service.requests == []
    waiting = [approval.token for approval in chat.pending_approvals()]
    assert len(waiting) == 1
    assert [approval.token for approval in loaded.pending_approvals()] == waiting
    service.say("Then not.")
    assert loaded.chat("Never mind.") == "Then not."
    assert ran == []


def test_i4_a_damaged_file_loads_nothing_and_is_named(service, tmp_path):
    path = tmp_path / "chat.json"
    chat_openai_compatible(service.base_url, model="m").save(path)
    record = json.loads(path.read_text())
    for changes, words in [
        ({"version": 99}, "version 99"),
        ({"provider": {}}, r"\$\.provider\.service is missing"),
        ({"turns": [{"role": "robot"}]}, r"\$\.turns\[0\]\.role"),
        ({"options": {"max_retries": -1}}, "max_retries"),
    ]:
        path.write_text(json.dumps(record | changes))
        with warnings.catch_warnings(), pytest.raises(HistoryError, match=words):
            Chat.load(path)
