"""A chat kept: as messages, as files for people, and saved while tool calls wait."""

import json

import pytest

from chatkit import Chat, ChatBusyError, ConfigError, HistoryError, UserTurn, tool
from chatkit._engine.limits import Limits
from chatkit.testing import Answer, Delivery, ToolCall, check_history


@tool(requires_approval=True)
def delete(path: str) -> str:
    """Delete a file."""
    return f"{path} is gone"


def test_messages_are_what_would_be_sent(service, chat):
    chat.system_prompt = "Be terse."
    service.script("Hello.", "Fine.")
    chat.chat("Hi")
    said = chat.to_messages()
    chat.chat("And you?")
    assert service.requests[1].messages == [*said, {"role": "user", "content": "And you?"}]


def test_messages_become_the_turns_and_the_system_prompt(service, chat):
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
    ]
    assert chat.from_messages(messages) is chat
    assert (chat.system_prompt, [turn.text for turn in chat.turns]) == ("Be kind.", ["Hi", "Hello."])
    chat.from_messages(messages[1:])
    assert chat.system_prompt == "Be kind."
    assert chat.to_messages() == messages
    before = chat.turns
    with pytest.raises(HistoryError):
        chat.from_messages([{"role": "wizard", "content": "Hi"}])
    assert chat.turns == before


@pytest.mark.parametrize(("name", "begins"), [("a.md", "#"), ("a.html", "<!DOCTYPE html>"), ("a.ipynb", "{")])
def test_export_writes_what_people_read(service, chat, tmp_path, name, begins):
    chat.system_prompt = "Be terse."
    service.say("Hello **you**.")
    chat.chat("Hi")
    path = chat.export(tmp_path / name, title="A talk")
    text = path.read_text(encoding="utf-8")
    assert text.startswith(begins)
    assert "Hello" in text
    assert "A talk" in text
    assert "Be terse." not in text
    assert "Be terse." in chat.export(tmp_path / name, include_system_prompt=True).read_text(encoding="utf-8")


def test_an_export_without_a_known_ending_is_refused(chat, tmp_path):
    with pytest.raises(ConfigError, match=r"\.md"):
        chat.export(tmp_path / "talk.docx")


def test_i9_a_chat_that_waits_for_approval_waits_on_when_loaded_and_nothing_runs(service, chat, tmp_path, talk, go_on):
    ran = []
    chat.register_tool(delete)
    service.script(Answer(tool_calls=[ToolCall("delete", {"path": "a.txt"}, id="c1")]))
    talk(chat, "Delete a.txt.")
    token = chat.pending_approvals()[0].token
    chat.save(tmp_path / "chat.json")

    @tool(name="delete", requires_approval=True)
    def counting(path: str) -> str:
        """Delete a file."""
        ran.append(path)
        return "gone"

    loaded = Chat.load(tmp_path / "chat.json", tools=[counting], echo="none")
    assert [item.token for item in loaded.pending_approvals()] == [token]
    assert (ran, len(service.requests)) == ([], 1)
    service.say("Done.")
    assert loaded.resume(approve=token) == "Done."
    assert ran == ["a.txt"]
    go_on(loaded, talk)


def test_a_file_with_other_arguments_does_not_fit_the_approval(service, chat, tmp_path):
    chat.register_tool(delete)
    service.script(Answer(tool_calls=[ToolCall("delete", {"path": "a.txt"}, id="c1")]))
    chat.chat("Delete a.txt.")
    token = chat.pending_approvals()[0].token
    path = tmp_path / "chat.json"
    chat.save(path)
    path.write_text(path.read_text(encoding="utf-8").replace("a.txt", "/etc"), encoding="utf-8")
    loaded = Chat.load(path, tools=[delete])
    with pytest.raises(ConfigError, match="waits for approval"):
        loaded.resume(approve=token)
    assert len(service.requests) == 1


def test_limits_what_was_spent_and_notes_are_kept(service, make_chat, tmp_path):
    chat = make_chat(limits=Limits(tokens=1000), max_tool_rounds=3, max_retries=1, tool_timeout=5)
    chat.metadata["user"] = "Ada"
    service.say("Hello.")
    chat.chat("Hi")
    chat.save(tmp_path / "chat.json")
    loaded = Chat.load(tmp_path / "chat.json")
    assert (loaded.limits, loaded.spent, loaded.metadata) == (chat.limits, chat.spent, {"user": "Ada"})
    again = tmp_path / "again.json"
    loaded.save(again)
    assert json.loads(again.read_text()) == json.loads((tmp_path / "chat.json").read_text())


@pytest.mark.parametrize(
    "options", [{"limits": {"tokens": 0}}, {"max_retries": -1}, {"sorcery": 1}, {"spent": {"tokens": "many"}}]
)
def test_options_that_make_no_sense_are_refused_with_file_and_place(chat, tmp_path, options):
    path = tmp_path / "chat.json"
    chat.save(path)
    record = json.loads(path.read_text())
    record["options"] |= options
    path.write_text(json.dumps(record))
    with pytest.raises(HistoryError, match=r"chat\.json: \$\.options"):
        Chat.load(path)


def test_a_provider_that_makes_no_sense_is_refused_with_file_and_place(chat, tmp_path):
    path = tmp_path / "chat.json"
    chat.save(path)
    record = json.loads(path.read_text())
    record["provider"]["base_url"] = "file:///etc/passwd"
    path.write_text(json.dumps(record))
    with pytest.raises(HistoryError, match=r"chat\.json: \$\.provider"):
        Chat.load(path)


def test_notes_that_json_cannot_say_are_refused_and_an_old_file_stays(chat, tmp_path):
    path = tmp_path / "chat.json"
    chat.save(path)
    before = path.read_bytes()
    chat.metadata["what"] = object()
    with pytest.raises(HistoryError, match="metadata"):
        chat.save(path)
    assert path.read_bytes() == before


def test_a_busy_chat_is_not_saved_half(service, chat, tmp_path):
    service.say("a", "b", delivery=Delivery(pause=0.01))
    with chat.stream("Hi") as stream:
        next(stream)
        with pytest.raises(ChatBusyError):
            chat.save(tmp_path / "chat.json")
    assert not list(tmp_path.iterdir())


def test_a_saved_chat_goes_on_lawfully_whatever_it_held(service, chat, tmp_path, talk, go_on):
    chat.set_turns([UserTurn("Hi"), UserTurn("Hello?")])
    chat.save(tmp_path / "chat.json")
    loaded = Chat.load(tmp_path / "chat.json", echo="none")
    assert loaded.turns == chat.turns
    assert check_history(go_on(loaded, talk)) == []
