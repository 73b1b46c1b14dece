"""Commands that change the course of a conversation, and what becomes of one that is stopped or fails."""

import json
import warnings

from chatkit import Price, chat_openai_compatible, tool
from chatkit._console.loop import run
from chatkit._console.state import NoFront
from chatkit.store import ConversationStore
from chatkit.testing import Answer, ErrorAnswer, ToolCall


def asked(service):
    return [request.messages for request in service.requests if request.path.endswith("/chat/completions")]


def test_rounds_are_taken_back(desk):
    assert "Nothing was said yet." in desk.do("/undo")
    for text in ("One.", "Two.", "Three."):
        desk.service.say(text)
    desk.do("first", "second", "third")
    assert "Took back 1 of 3: third" in desk.do("/undo")
    assert "Took back 2 of 2: first" in desk.do("/undo 7")
    assert desk.chat.turns == []
    for wrong in ("0", "x", "-1", "²", "9" * 5000):
        assert "is no number of rounds" in desk.do(f"/undo {wrong}")


def test_the_last_message_is_asked_again(desk):
    assert "There is no round" in desk.do("/retry")
    desk.service.say("Red.")
    desk.service.say("Blue.")
    desk.do("colour?", "/retry")
    assert [turn.text for turn in desk.chat.turns] == ["colour?", "Blue."]
    assert len(asked(desk.service)[1]) == 1


def test_a_message_that_failed_is_kept_for_retry_with_what_was_attached(desk):
    desk.service.script(ErrorAnswer(500), ErrorAnswer(500), "Fine.")
    desk.do("/image https://example.org/cat.png")
    said = desk.do("look")
    assert "answered 500" in said
    assert len(said.splitlines()) <= 2
    assert len(desk.console.attached) == 1
    desk.do("/retry", "/retry")
    assert desk.chat.turns[-1].text == "Fine."
    assert len(desk.chat.turns[0].contents) == 2
    assert desk.console.attached == []


def test_the_last_message_is_edited_and_asked_anew(desk):
    assert "Nothing was said yet." in desk.do("/edit x")
    for text in ("Red.", "Blue.", "Green."):
        desk.service.say(text)
    desk.do("/image https://example.org/cat.png", "say red")
    desk.front.edits = [lambda text: text.replace("red", "blue"), lambda text: None]
    desk.do("/edit")
    assert [turn.text for turn in desk.chat.turns] == ["say blue", "Blue."]
    assert len(desk.chat.turns[0].contents) == 2
    assert "Nothing was changed." in desk.do("/edit")
    desk.do("/edit say green")
    assert [turn.text for turn in desk.chat.turns] == ["say green", "Green."]


def test_an_edit_that_failed_comes_back_and_one_of_a_message_that_failed_is_said(desk):
    desk.service.script("Red.", ErrorAnswer(500), ErrorAnswer(500), "Blue.")
    desk.do("say red", "/edit say blue")
    assert desk.console.given_back == "/edit say blue"
    assert [turn.text for turn in desk.chat.turns] == ["say red", "Red."]
    desk.do("more")
    desk.front.edits = [lambda text: f"{text} please"]
    desk.do("/edit")
    assert [turn.text for turn in desk.chat.turns] == ["say red", "Red.", "more please", "Blue."]


def test_tokens_and_cost_are_listed(desk):
    assert "There is no answer yet." in desk.do("/usage")
    desk.service.say("Four tokens or so.")
    desk.service.script(Answer("Unknown.", usage=None))
    desk.do("one")
    known = desk.do("/usage").splitlines()
    assert known[0].split() == ["#", "input", "cached", "output", "cost", "asked"]
    assert known[2].split()[0] == "1"
    assert known[-1].split()[-2:] == ["in", "all"]
    desk.do("two")
    assert "?" in desk.do("/usage").splitlines()[-1]


def test_the_cost_is_told_where_prices_are_known(service, desk):
    chat = chat_openai_compatible(
        service.base_url, model="m", credentials=lambda: "k", prices={"m": Price(input=1000.0, output=2000.0)}
    )
    desk.console.chat = chat
    service.say("Fine.")
    desk.do("one")
    assert "$0.0" in desk.do("/usage")


def test_the_history_is_made_shorter(desk):
    for text in ("One.", "Two.", "Three.", "We spoke of numbers."):
        desk.service.say(text)
    desk.do("first " * 50, "second", "third")
    assert "turns are gone" in desk.do("/compact 60 drop")
    assert [turn.text for turn in desk.chat.turns] == ["second", "Two.", "third", "Three."]
    assert "fit already" in desk.do("/compact 10,000")
    said = desk.do("/compact 1")
    assert "We spoke of numbers." in [turn.text for turn in desk.chat.turns]
    assert "Summed up: We spoke of numbers.\n" in said
    assert "turns are gone" in said
    assert "fit already" in desk.do("/compact drop") or len(desk.chat.turns) == 2
    for wrong in ("x", "1 2", "drop summarise", "9" * 5000):
        assert "is not understood" in desk.do(f"/compact {wrong}")


def test_what_is_copied_goes_to_the_clipboard(desk, monkeypatch):
    copied = []
    monkeypatch.setattr("chatkit._console.showing.copied", lambda text, out: copied.append(text) or "by magic")
    assert "no answer to copy" in desk.do("/copy")
    desk.service.say("Look:\n\n```python\nx = 1\n```\n\nand\n\n```\ny\n```\n")
    desk.do("code")
    assert "characters by magic." in desk.do("/copy")
    desk.do("/copy code")
    assert copied == [desk.chat.last_turn().text, "y\n"]
    desk.chat.set_turns([])
    desk.service.say("No code.")
    desk.do("words")
    assert "no block of code to copy" in desk.do("/copy code")
    monkeypatch.setattr("chatkit._console.showing.copied", lambda text, out: "")
    assert "no clipboard" in desk.do("/copy")


def test_multi_line_mode_is_turned_on_and_off(desk):
    assert "Alt-Enter sends" in desk.do("/multiline")
    assert desk.console.multiline
    assert "Enter sends" in desk.do("/multiline")
    desk.do("/multiline on", "/multiline on")
    assert "is not understood" in desk.do("/multiline maybe")
    assert desk.console.multiline
    desk.do("/multiline off")
    assert not desk.console.multiline


def test_a_store_keeps_each_conversation_from_its_first_message_on(desk, tmp_path):
    with ConversationStore(tmp_path / "kept.db") as store:
        desk.console.store = store
        for text in ("One.", "Two.", "Three."):
            desk.service.say(text)
        desk.do("/clear")
        assert store.list() == []
        desk.do("first", "second", "/clear", "third")
        assert sorted(info.title for info in store.list()) == ["first", "third"]
        store.detach(desk.chat)


def test_tool_calls_are_asked_about_and_refused_with_a_reason(desk):
    ran = []
    desk.chat.register_tool(
        tool(
            lambda path: ran.append(path),
            name="remove",
            description="x",
            arguments={"path": str},
            requires_approval=True,
        )
    )
    call = ToolCall("remove", {"path": "x"})
    desk.service.script(Answer(tool_calls=[call]), "Done.", Answer(tool_calls=[call]), "Not done.")
    desk.front.answers = ["y", "not now"]
    desk.do("go", "go again")
    assert ran == ["x"]
    assert "not now" in json.dumps(asked(desk.service)[-1])
    assert "No tool call waits." in desk.do("/resume")


def test_a_call_left_for_later_waits_through_save_and_load(desk, tmp_path):
    desk.chat.register_tool(tool(lambda: 1, name="act", description="x", requires_approval=True))
    desk.service.script(Answer(tool_calls=[ToolCall("act")]), "Done.")
    assert "a tool call waits for a yes" in desk.do("go")
    desk.do(f"/save {tmp_path}/talk.json", "/clear")
    assert "/resume asks about it" in desk.do(f"/load {tmp_path}/talk.json")
    desk.front.answers = ["yes"]
    desk.do("/resume")
    assert desk.chat.turns[-1].text == "Done."


def test_stopping_gives_back_what_was_not_answered(desk, monkeypatch):
    def stopped(*contents):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(desk.chat), "stream", lambda self, *contents: stopped())
    desk.front.lines = ["//etc?", "/quit", "never"]
    run(desk.console)
    assert desk.front.begun == ["", "//etc?"]
    assert desk.front.lines == ["never"]
    assert desk.console.over


def test_a_ctrl_c_between_an_answer_and_the_prompt_does_not_leave(desk):
    presses = [KeyboardInterrupt(), KeyboardInterrupt()]
    read = desk.front.read

    def hasty(text=""):
        if presses:
            desk.front.begun.append(text)
            raise presses.pop()
        return read(text)

    desk.front.read = hasty
    desk.front.lines = ["/quit"]
    desk.console.given_back = "once more"
    run(desk.console)
    assert desk.front.begun == ["once more"] * 3
    assert desk.console.over


def test_a_fault_of_chatkit_itself_leaves_the_chat_usable(desk, monkeypatch):
    def broken(self, *contents):
        raise RuntimeError("loose\x1b screw")

    monkeypatch.setattr(type(desk.chat), "stream", broken)
    said = desk.do("hello")
    assert "RuntimeError: loose␛ screw" in said
    monkeypatch.undo()
    desk.service.say("Fine.")
    desk.do("/retry")
    assert desk.chat.turns[-1].text == "Fine."


def test_warnings_are_said_in_a_line(desk):
    desk.service.script(Answer("cut", finish_reason="length"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = desk.do("hello")
    assert said == "(The answer was cut off at max_tokens or at the end of the model's context.)\n"


def test_nobody_at_the_front_says_no_and_leaves(desk):
    desk.console.front = NoFront()
    run(desk.console)
    assert not desk.console.confirmed("Really?")
    assert desk.console.front.edit("x") is None
    desk.console.front.refresh()
