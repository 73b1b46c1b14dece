"""What is typed at the prompt, in a real terminal: lines, several lines, pastes, the editor, history and completion."""

import re
import stat

from chatkit.testing import Answer


def asked(service):
    """The requests for answers; the list of models is asked for behind the scenes, too."""
    return [request for request in service.requests if request.path.endswith("/chat/completions")]


def sent(service):
    content = asked(service)[-1].messages[-1]["content"]
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def test_a_line_is_sent_by_enter_and_the_toolbar_tells_what_it_took(console, service, report):
    service.say("Hello ", "**you**.")
    screen = console()
    assert "Talking to m" in screen.prompt()
    screen.say("hello there")
    screen.prompt("Hello")
    assert sent(service) == "hello there"
    text = screen.until(lambda text: "context" in text and "%" in text)
    assert re.search(r"^m · context \d+% · \d+ in \d+ out · \$\?", text, re.M)
    screen.press("C-d")
    screen.left()
    assert [turn[:2] for turn in report()] == [["user", "hello there"], ["assistant", "Hello **you**."]]


def test_alt_enter_and_ctrl_j_begin_a_new_line(console, service):
    service.say("Three lines.")
    screen = console()
    screen.prompt()
    screen.type("one")
    screen.press("M-Enter")
    screen.type("two")
    screen.press("C-j")
    screen.type("three")
    screen.until(". three")
    assert asked(service) == []
    screen.press("Enter")
    screen.prompt("Three lines.")
    assert sent(service) == "one\ntwo\nthree"


def test_three_quotes_make_enter_begin_a_new_line_until_three_quotes_end_it(console, service):
    service.say("Understood.")
    screen = console()
    screen.prompt()
    for line in ('"""first', "/help is no command here", ""):
        screen.say(line)
    screen.until(lambda text: [line[:2].strip() for line in text.splitlines()].count(".") == 3)
    assert asked(service) == []
    screen.say('last"""')
    screen.prompt("Understood.")
    assert sent(service) == "first\n/help is no command here\n\nlast"


def test_a_paste_of_several_lines_is_one_edit_and_nothing_is_sent_by_it(console, service):
    service.say("Read.")
    screen = console()
    screen.prompt()
    screen.paste("def f():\n    return 1\n/quit\n")
    screen.until("/quit")
    assert asked(service) == []
    screen.press("Enter")
    screen.prompt("Read.")
    assert sent(service).rstrip() == "def f():\n    return 1\n/quit"


def test_ctrl_x_ctrl_e_opens_the_editor(console, service, tmp_path):
    service.say("From the editor.")
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf " and more\\nlines" >> "$1"\n')
    editor.chmod(0o755)
    screen = console(env={"EDITOR": str(editor)})
    screen.prompt()
    screen.type("typed")
    screen.until("> typed")
    screen.press("C-x", "C-e")
    screen.until(". lines")
    screen.press("Enter")
    screen.prompt("From the editor.")
    assert sent(service).split() == ["typed", "and", "more", "lines"]


def test_edit_opens_the_last_message_in_the_editor_and_asks_anew(console, service, tmp_path, report):
    service.say("It is red.")
    service.say("It is blue.")
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i s/red/blue/ "$1"\n')
    editor.chmod(0o755)
    screen = console(env={"EDITOR": str(editor)})
    screen.prompt()
    screen.say("say red")
    screen.prompt("It is red.")
    screen.say("/edit")
    screen.prompt("It is blue.")
    screen.press("C-d")
    screen.left()
    assert [turn[1] for turn in report()] == ["say blue", "It is blue."]


def test_what_was_typed_is_kept_for_its_owner_and_comes_back_suggested_and_searched(console, service, tmp_path):
    for _ in range(4):
        service.say("Fine.")
    history = tmp_path / "state" / "history"
    screen = console(console={"history": str(history)})
    screen.prompt()
    screen.say("what is the weather in Rome")
    screen.prompt("Fine.")
    screen.say("unlike anything else")
    screen.until(lambda text: text.count("Fine.") == 2)
    screen.prompt()
    screen.press("C-d")
    screen.left()
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert stat.S_IMODE(history.parent.stat().st_mode) == 0o700
    screen = console(console={"history": str(history)})
    screen.prompt()
    screen.press_until("Up", "> unlike anything else")
    screen.press("C-c")
    screen.prompt()
    screen.type("what is")
    screen.until("> what is the weather in Rome")
    screen.press("Right", "Enter")
    screen.prompt("Fine.")
    assert sent(service) == "what is the weather in Rome"
    screen.press("C-r")
    screen.type("anyth")
    screen.until("unlike anything else")
    screen.press("Enter", "Enter")
    screen.until(lambda text: text.count("Fine.") == 2)
    assert sent(service) == "unlike anything else"


def test_commands_files_and_models_are_completed(console, service, tmp_path):
    service.say("Hello.")
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a folder" / "notes one.txt").write_text("remember the milk")
    screen = console()
    screen.prompt()
    screen.type("/")
    screen.until(lambda text: "/help" in text and "/system" in text)
    screen.type("mu")
    screen.until(lambda text: "/multiline" in text and "/system" not in text)
    screen.press("Tab")
    screen.until("> /multiline")
    screen.press("C-c")
    screen.type(f"/file {tmp_path}/a\\ fo")
    screen.until("a folder/")
    screen.press("Tab")
    screen.until("notes\\ one.txt")
    screen.press("Enter")
    screen.prompt("goes along with the next message")
    screen.until("1 attached")
    screen.say("what is in it?")
    screen.prompt("Hello.")
    assert "remember the milk" in sent(service)
    screen.type("/model oth")
    screen.until("org/other")
    screen.press("Tab", "Enter")
    screen.until("> /model org/other")
    screen.press("Enter")
    screen.prompt("Talking to org/other.")


def test_multi_line_mode_has_enter_begin_lines_and_alt_enter_send(console, service):
    service.say("Two lines.")
    screen = console()
    screen.prompt()
    screen.say("/multiline")
    screen.prompt("Alt-Enter sends")
    screen.say("one")
    screen.type("two")
    screen.until(". two")
    assert asked(service) == []
    screen.press("M-Enter")
    screen.prompt("Two lines.")
    assert sent(service) == "one\ntwo"
    screen.say("/multiline off")
    screen.prompt("Enter sends;")


def test_an_unknown_command_is_told_with_the_nearest_and_two_slashes_send_one(console, service):
    service.say("A path.")
    screen = console()
    screen.prompt()
    screen.say("/modle x")
    text = screen.prompt("nothing was sent")
    assert "/model?" in text
    assert asked(service) == []
    screen.say("//etc/hosts is what?")
    screen.prompt("A path.")
    assert sent(service) == "/etc/hosts is what?"


def test_names_of_models_and_answers_cannot_control_the_terminal(console, service):
    service.models = [{"id": "m"}, {"id": "bad\x1b]0;owned\x07model"}]
    service.script(Answer("text \x1b]0;owned\x07\x1b[2Jstill here"))
    screen = console(chat={"model": "odd\x1b[2Jname"})
    screen.prompt()
    screen.say("hello")
    screen.prompt("still here")
    text = screen.until(lambda text: "odd" in text.splitlines()[-1] or "odd␛[2Jname" in text)
    assert "Talking to odd␛" in text
    assert "> hello" in text
    screen.type("/model bad")
    screen.until("> /model bad")
    assert "owned" not in screen.tmux("display-message", "-p", "-t", screen.name, "#{pane_title}")


def test_a_list_of_models_that_arrives_late_is_offered_when_it_does(console):
    screen = console()
    screen.prompt()
    screen.type("/model oth")
    screen.until("org/other")
