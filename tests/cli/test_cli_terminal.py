"""`chatkit chat` on a terminal: Markdown, the console, Ctrl-C and questions about tools."""

import subprocess

import pytest

from chatkit.store import ConversationStore
from chatkit.testing import Answer, Delivery, FakeService, ToolCall

# The editor of the prompt asks the terminal to mark what is pasted; before, Return would be another key.
AT_THE_PROMPT = "\x1b[?2004h"


@pytest.fixture
def service():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def screen(on_terminal, service):
    def screen(*arguments, **variables):
        return on_terminal("chat", "--base-url", service.base_url, *arguments, **{"COLUMNS": "60", **variables})

    return screen


def test_markdown_is_drawn_and_the_text_of_it_is_all_there(screen, service):
    service.say("# Title\n\nIt is ", "**blue**", ".\n")
    shown = screen("Why?")
    text = shown.read_until()
    assert "Title" in text and "blue" in text and "**" not in text
    assert shown.close() == 0


@pytest.mark.parametrize(
    ("arguments", "variables"), [(["--plain"], {}), ([], {"TERM": "dumb"}), (["--plain"], {"NO_COLOR": "1"})]
)
def test_plain_text_stays_as_it_is(screen, service, arguments, variables):
    service.say("It is **blue**.\n")
    shown = screen("Why?", *arguments, **variables)
    assert shown.read_until() == "It is **blue**.\n"
    assert shown.close() == 0


def test_markdown_is_left_alone_where_that_is_settled(screen, service, tmp_path):
    (tmp_path / "c.toml").write_text("markdown = false\n")
    service.say("It is **blue**.\n")
    assert "**blue**" in screen("Why?", CHATKIT_CONFIG=str(tmp_path / "c.toml")).read_until()


def test_ctrl_c_stops_the_answer_with_130(screen, service, tmp_path):
    service.script(Answer(["One, ", *["more, "] * 500], delivery=Delivery(pause=0.05)))
    shown = screen("Count.", "--plain", "--save")
    shown.read_until("One, ")
    shown.type("\x03")
    text = shown.read_until()
    assert shown.close() == 130
    assert "Traceback" not in text
    with ConversationStore(tmp_path / ".local" / "share" / "chatkit" / "conversations.db") as kept:
        assert kept.load(kept.list()[0].id, attach=False).last_turn().interrupted


@pytest.mark.parametrize(("word", "ran"), [("y", True), ("n", False)])
def test_a_tool_that_needs_a_yes_is_asked_about(screen, service, tmp_path, monkeypatch, word, ran):
    (tmp_path / "risky.py").write_text(
        "from chatkit import tool\n@tool(requires_approval=True)\ndef wipe(what: str) -> str:\n"
        '    """Wipe."""\n    open("wiped", "w").close()\n    return "done"\n'
    )
    service.script(Answer(tool_calls=[ToolCall("wipe", {"what": "all"})]))
    service.say("Well.")
    monkeypatch.chdir(tmp_path)
    shown = screen("--plain", "--tool", "risky:wipe", "Wipe it.")
    text = shown.read_until("or a reason to deny it: ")
    assert 'what = "all"' in text
    shown.type(f"{word}\r")
    assert "Well." in shown.read_until("Well.")
    shown.read_until()
    assert shown.close() == 0
    assert (tmp_path / "wiped").exists() is ran


@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 1), ("l\r", 1)])
def test_a_question_about_a_tool_may_be_left(screen, service, tmp_path, monkeypatch, key, code):
    (tmp_path / "risky.py").write_text(
        "from chatkit import tool\n@tool(requires_approval=True)\ndef wipe(what: str) -> str:\n"
        '    """Wipe."""\n    open("wiped", "w").close()\n    return "done"\n'
    )
    service.script(Answer(tool_calls=[ToolCall("wipe", {"what": "\x1b[2Jall\u202e"})]))
    monkeypatch.chdir(tmp_path)
    shown = screen("--save", "--plain", "--tool", "risky:wipe", "Wipe it.")
    shown.read_until("or a reason to deny it: ")
    shown.type(key)
    text = shown.read_until()
    assert shown.close() == code
    assert "\nKept as" in text and "\x1b[2J" not in text and "\u202e" not in text
    assert not (tmp_path / "wiped").exists()


def test_without_a_prompt_a_console_opens_and_is_kept(screen, service, tmp_path):
    service.say("Hello Ada.")
    shown = screen("--save", "--plain", "-s", "Be kind.")
    shown.read_until(AT_THE_PROMPT)
    shown.type("I am Ada.\r")
    shown.read_until("Hello Ada.")
    shown.read_until(AT_THE_PROMPT, times=2)
    shown.type("\x04")
    shown.read_until()
    assert shown.close() == 0
    assert [message["content"] for message in service.requests[0].messages] == ["Be kind.", "I am Ada."]
    with ConversationStore(tmp_path / ".local" / "share" / "chatkit" / "conversations.db") as kept:
        assert [info.turns for info in kept.list()] == [2]


def test_stdout_into_a_pipe_is_the_answer_alone_even_from_a_terminal(script, environ, service):
    import os
    import pty

    service.script(Answer("It is **blue**.", reasoning="Hm."))
    screen, side = pty.openpty()
    command = [script, "chat", "--base-url", service.base_url, "Why?"]
    done = subprocess.run(command, env=environ, stdin=side, stderr=side, stdout=subprocess.PIPE, timeout=60)
    os.close(side)
    os.close(screen)
    assert done.stdout == b"It is **blue**.\n"


def test_what_is_told_on_a_terminal_keeps_words_whole(on_terminal):
    shown = on_terminal("chat", "Hello", COLUMNS="40")
    lines = shown.read_until().splitlines()
    assert shown.close() == 2
    assert len(lines) > 3 and all(len(line) <= 40 for line in lines)
    assert "Hugging Face token." in " ".join(lines)


def test_a_console_that_is_left_without_a_word_keeps_nothing(screen, tmp_path):
    shown = screen("--save", "--plain")
    shown.read_until(AT_THE_PROMPT)
    shown.type("\x04")
    assert "Kept" not in shown.read_until()
    assert shown.close() == 0
    with ConversationStore(tmp_path / ".local" / "share" / "chatkit" / "conversations.db") as kept:
        assert kept.list() == []
