"""The slash commands, without a terminal: what they do to the chat, and what they say."""

import json

from chatkit import tool
from chatkit._console.commands import COMMANDS, command_of


def asked(service):
    return [request.messages for request in service.requests if request.path.endswith("/chat/completions")]


def test_every_command_of_the_list_is_there_and_help_tells_of_it(desk):
    wanted = (
        "help model system tools file image save load export clear undo retry edit copy usage compact multiline quit"
    )
    said = desk.do("/help")
    for name in wanted.split():
        assert f"/{name}" in said
        assert COMMANDS[name].purpose in said
    assert "Ctrl-D leaves" in said
    assert desk.do("/help undo").count("/") == 1
    assert "/undo [N]" in desk.do("/? /undo")
    assert command_of("/exit")[0] is COMMANDS["quit"]


def test_what_is_no_command_is_told_and_nothing_is_sent(desk):
    said = desk.do("/sav x")
    assert "There is no command /sav; nothing was sent." in said
    assert "Did you mean /save?" in said
    assert "Did you mean" not in desk.do("/")
    assert desk.service.requests == []


def test_the_model_is_told_and_set(desk):
    assert desk.do("/model") == "m\n"
    assert desk.do("/model  other ") == "Talking to other.\n"
    assert desk.chat.model == "other"
    desk.chat.models()
    assert "The server does not list it. It has 'm' and 'org/other'." in desk.do("/model x")
    assert "list" not in desk.do("/model org/other")
    desk.chat.model = "bad\x1b[2Jname"
    assert "\x1b" not in desk.do("/model")


def test_the_system_prompt_is_told_set_and_removed(desk):
    assert "no system prompt" in desk.do("/system")
    desk.do("/system Be  terse.")
    assert desk.chat.system_prompt == "Be  terse."
    assert desk.do("/system") == "Be  terse.\n"
    desk.do('/system ""')
    assert desk.chat.system_prompt is None


def test_tools_are_listed_with_what_they_ask(desk):
    assert "no tools" in desk.do("/tools")
    for name, rule in (("free", False), ("guarded", True), ("ruled", lambda request: False)):
        desk.chat.register_tool(
            tool(lambda: None, name=name, description=f"Be {name}\x1b.\nMore.", requires_approval=rule)
        )
    said = desk.do("/tools").splitlines()
    assert said[0].startswith("free  [runs unasked]  Be free␛.")
    assert "guarded  [asks first]" in said[1]
    assert "ruled  [asks at times]" in said[2]


def test_files_and_images_go_along_with_the_next_message(desk, tmp_path):
    (tmp_path / "a b.txt").write_text("the milk")
    (tmp_path / "dot.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    desk.service.say("Seen.")
    desk.service.say("Seen again.")
    desk.do(f'/file "{tmp_path}/a b.txt"')
    said = desk.do("/image https://example.org/cat.png")
    assert "as one of 2" in said
    desk.do("what is it?")
    parts = asked(desk.service)[0][-1]["content"]
    assert parts[0] == {"type": "text", "text": "what is it?"}
    assert "the milk" in json.dumps(parts)
    assert parts[-1]["image_url"]["url"] == "https://example.org/cat.png"
    desk.do(f"/file {tmp_path}/a\\ b.txt and this?")
    assert "and this?" in json.dumps(asked(desk.service)[1][-1])
    assert "No such file" in desk.do("/file nowhere.txt") or "There is no file" in desk.do("/file nowhere.txt")
    for line in ("/file ~nobody-of-that-name/x", "/load ~nobody-of-that-name/x", "/save ~nobody-of-that-name/x"):
        assert desk.do(line) == "There is no folder ~nobody-of-that-name.\n"
    assert "Usage: /file PATH" in desk.do("/file")
    assert "Usage: /image" in desk.do("/image ")


def test_what_is_attached_alone_is_a_message_and_blank_lines_are_none(desk):
    desk.service.say("Seen.")
    desk.do("", "   ")
    assert desk.service.requests == []
    desk.do("/image https://example.org/cat.png", "")
    assert len(asked(desk.service)) == 1


def test_a_conversation_is_saved_and_loaded(desk, tmp_path):
    path = tmp_path / "talk.json"
    desk.service.say("Two.")
    desk.do("/system Be terse.", "one?")
    assert "Usage: /save PATH" in desk.do("/save")
    assert "Saved to" in desk.do(f"/save {path}")
    assert "Saved to" in desk.do("/save")
    desk.do("/clear", "/system Be long.")
    assert desk.chat.turns == []
    said = desk.do(f"/load {path}")
    assert "Loaded 1 round from" in said
    assert "The last one began: one?" in said
    assert [turn.text for turn in desk.chat.turns] == ["one?", "Two."]
    assert desk.chat.system_prompt == "Be terse."
    assert "no such" in desk.do(f"/load {tmp_path}/none.json").lower()
    (tmp_path / "bad.json").write_text("{")
    assert "bad.json" in desk.do(f"/load {tmp_path}/bad.json")
    assert len(desk.chat.turns) == 2


def test_a_file_that_is_there_is_replaced_only_after_a_yes(desk, tmp_path):
    path = tmp_path / "talk.md"
    path.write_text("mine")
    desk.service.say("Two.")
    desk.do("one?")
    assert "Nothing was written." in desk.do(f"/export {path}")
    desk.front.answers = ["n", "Yes"]
    assert "Nothing was written." in desk.do(f"/save {path}")
    assert path.read_text() == "mine"
    assert "Written to" in desk.do(f"/export {path}")
    assert "one?" in path.read_text()
    assert "Replace it?" in desk.front.questions[0]
    assert "Usage: /export" in desk.do("/export")
    assert ".md" in desk.do(f"/export {tmp_path}/talk.doc")
