"""What a script is held with: the place that its front matter names, tools of servers, callbacks of a chat."""

import sys
from pathlib import Path

import pytest

from chatkit import ConfigError, Prompt, ScriptError, chat_huggingface, chat_local, run_script, run_scripts, tool
from chatkit._scripts.script import read_script
from chatkit._scripts.stage import staged
from chatkit.testing import Answer, ToolCall

OLDER = Path(__file__).parents[1] / "mcp" / "older_server.py"


def place_of(path):
    """The model that a script leads to, and its address."""
    with staged(read_script(path)) as stage:
        return stage.chat.model, stage.chat.provider.base_url


def test_without_a_word_it_is_hugging_face(write):
    assert place_of(write("# user\nHi"))[1] == "https://router.huggingface.co/v1"
    assert place_of(write("+++\nprovider = 'huggingface'\nmodel = 'org/name'\n+++\n# user\nHi")) == (
        "org/name",
        "https://router.huggingface.co/v1",
    )


def test_an_address_without_a_model(write):
    assert place_of(write("+++\nbase_url = 'http://127.0.0.1:9/v1'\n+++\n# user\nHi")) == (
        "default",
        "http://127.0.0.1:9/v1",
    )


def test_offline_leads_to_the_stand_in_and_so_does_its_transcript(write, tmp_path):
    path = write("+++\nprovider = 'offline'\nmodel = 'offline-think'\n+++\n# user\nMy name is Ada.")
    transcript = run_script(path, echo="none")
    assert transcript.answers == ["I see: your name is Ada."]
    assert transcript.settings == {"provider": "offline"}
    again = run_script(transcript.save(tmp_path / "again.md"), echo="none")
    assert (again.answers, again.model) == (transcript.answers, "offline-think")


def test_local_looks_for_a_server_on_this_machine(write, monkeypatch, chat, service):
    asked = []
    monkeypatch.setattr("chatkit._constructors.local.chat_local", lambda **given: asked.append(given) or chat)
    assert callable(chat_local)
    service.say("Hello")
    transcript = run_script(write("+++\nprovider = 'local'\n+++\n# user\nHi"), echo="none")
    assert (asked, transcript.settings) == ([{"model": None}], {"provider": "local"})


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("provider = 'hugging'", 'talk.md:2:1: This must be "huggingface", "local" or "offline", not \'hugging\'.'),
        ("provider = 3", "talk.md:2:1: This must be"),
        ("base_url = 'http://x/v1'\nprovider = 'local'", "talk.md:3:1: `provider` and `base_url` both say"),
        ("mcp = 3", "talk.md:2:1: This must be a text, or a list of texts"),
    ],
)
def test_what_makes_no_sense_is_refused(write, front, told):
    with pytest.raises(ScriptError) as caught:
        read_script(write(f"+++\n{front}\n+++\n# user\nHi"))
    assert told in str(caught.value)


def test_tools_of_a_server_that_lies_beside_the_script(write, chat, service):
    write(OLDER.read_text(), "older.py")
    path = write(f"+++\nmcp = \"'{sys.executable}' older.py log\"\n+++\n# user\nHi\n# expect\ncalls_tool = 'echo'")
    service.script(Answer(tool_calls=[ToolCall("echo", {"text": "echoed"})]))
    service.say("It says so.")
    transcript = run_script(path, chat)
    assert transcript.ok
    assert transcript.turns[2].tool_results[0].text == "echoed"
    assert f"mcp = [\"'{sys.executable}' older.py log\"]" in transcript.to_markdown()
    assert not chat.tools
    assert (path.parent / "log").exists()


def test_a_server_that_is_none_is_told_of_before_anything_is_sent(write, chat, service):
    with pytest.raises(ConfigError, match="ftp"):
        run_script(write("+++\nmcp = 'ftp://x/y'\n+++\n# user\nHi"), chat)
    assert not service.requests


def test_callbacks_of_the_chat_guard_its_tools(write, chat, service):
    asked = []

    @tool(requires_approval=True)
    def delete(name: str) -> str:
        """Delete a file."""
        return f"deleted {name}"

    chat.register_tool(delete)
    chat.on_approval(lambda approval: asked.append(approval.name) or True)
    chat.on_tool_request(lambda request: asked.append(request.arguments))
    service.script(Answer(tool_calls=[ToolCall("delete", {"name": "x"})]))
    service.say("Done.")
    (transcript,) = run_scripts(write("# user\nDelete {{file}}"), [{"file": "x"}], chat, on_error="raise")
    assert transcript.answers == ["Done."]
    assert asked == ["delete", {"name": "x"}]


def test_a_transcript_of_hugging_face_names_it_and_not_its_address():
    chat = chat_huggingface(model="org/name", credentials=lambda: "any")
    transcript = chat.run([Prompt("Hi", answer="Hello")])
    assert transcript.settings == {"provider": "huggingface"}
    assert 'model = "org/name"\nprovider = "huggingface"\n' in transcript.to_markdown()
