"""Stopping and failing, in a real terminal: Ctrl-C at each moment, Ctrl-D, errors, and windows that change."""

import math
import re

from chatkit.testing import Answer, Delivery, ErrorAnswer, ToolCall

SLOW = Delivery(pause=0.02, stall_after=1500)
SILENT = Delivery(pause_before_headers=math.inf)


def at_empty_prompt(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return any(line.rstrip() == ">" for line in lines[-2:])


def test_ctrl_c_at_the_prompt_clears_it_and_twice_leaves(console):
    screen = console()
    screen.prompt()
    screen.type("half a thought")
    screen.until("> half a thought")
    screen.press("C-c")
    text = screen.until("Ctrl-C again leaves")
    assert "half a thought" not in text
    screen.type("x")
    screen.until(lambda text: "> x" in text and "again leaves" not in text)
    screen.press("C-c")
    screen.until("Ctrl-C again leaves")
    screen.press("C-c")
    screen.left()


def test_ctrl_d_leaves(console):
    screen = console()
    screen.prompt()
    screen.press("C-d")
    screen.left()


def test_ctrl_c_before_anything_arrived_gives_the_message_back(console, service, report):
    service.script(Answer("never", delivery=SILENT))
    service.say("Here I am.")
    screen = console()
    screen.prompt()
    screen.say("are you there?")
    screen.until("waiting")
    screen.press("C-c")
    screen.until("(stopped)")
    screen.until(lambda text: text.count("> are you there?") == 2)
    screen.press("Enter")
    screen.prompt("Here I am.")
    screen.press("C-d")
    screen.left()
    assert [turn[1] for turn in report()] == ["are you there?", "Here I am."]


def test_ctrl_c_in_mid_answer_keeps_what_had_arrived(console, service, report):
    service.script(Answer([f"word{n} " for n in range(400)], delivery=SLOW))
    service.say("Going on.")
    screen = console(console={"markdown": False})
    screen.prompt()
    screen.say("count")
    screen.until("word3 ")
    screen.press("C-c")
    screen.until("(stopped; what had arrived is kept)")
    screen.until(at_empty_prompt)
    screen.say("go on")
    screen.prompt("Going on.")
    screen.press("C-d")
    screen.left()
    said = report()
    assert [turn[0] for turn in said] == ["user", "assistant", "user", "assistant"]
    assert said[1][1].startswith("word0 word1 word2 word3 ")
    assert said[1][2] in ("interrupted", "stopped")


def test_ctrl_c_shows_what_there_was_of_an_unfinished_block(console, service, report):
    service.script(Answer(["# Title\n\n", *(f"word{n} " for n in range(400))], delivery=SLOW))
    screen = console()
    screen.prompt()
    screen.say("count")
    screen.until(lambda text: "Title" in text and "writing" in text)
    assert "# Title" not in screen.text()
    screen.press("C-c")
    text = screen.until("(stopped; what had arrived is kept)")
    assert "word0 word1" in text
    assert "writing" not in text
    screen.until(at_empty_prompt)
    screen.press("C-d")
    screen.left()
    assert report()[1][1].startswith("# Title\n\nword0 word1")


def test_ctrl_c_during_a_tool_ends_the_answer_and_the_chat_goes_on(console, service, report):
    service.script(Answer(tool_calls=[ToolCall("dawdle")]))
    service.say("Never mind.")
    screen = console()
    screen.prompt()
    screen.say("take your time")
    screen.until("[tool call] dawdle()")
    screen.until(lambda text: re.search(r" . running \d+ s$", text, re.M))
    screen.press("C-c")
    text = screen.until("(stopped; what had arrived is kept)")
    assert "running" not in text
    screen.until(at_empty_prompt)
    screen.say("leave it")
    screen.prompt("Never mind.")
    screen.press("C-d")
    screen.left()
    assert report()[-1][1] == "Never mind."


def test_an_approval_is_asked_with_all_that_would_run_and_ctrl_c_leaves_it_waiting(console, service):
    service.script(Answer(tool_calls=[ToolCall("remove", {"path": "/tmp/x\x1b[2J"})]))
    service.say("It is gone.")
    screen = console()
    screen.prompt()
    screen.say("remove it")
    text = screen.until("Allow it?")
    assert 'path = "/tmp/x\\u001b[2J"' in text
    screen.press("C-c")
    screen.until("(stopped; a tool call waits for a yes: /resume asks again")
    screen.until(at_empty_prompt)
    screen.say("/resume")
    screen.until(lambda text: text.count("Allow it?") == 2)
    screen.say("y")
    screen.prompt("removed /tmp/x", "It is gone.")


def test_an_approval_can_be_refused_with_a_reason_and_left_for_later(console, service, report):
    service.script(Answer(tool_calls=[ToolCall("remove", {"path": "a"}), ToolCall("remove", {"path": "b"})]))
    service.say("As you wish.")
    screen = console()
    screen.prompt()
    screen.say("remove both")
    screen.until("Allow it?")
    screen.say("keep it")
    screen.until(lambda text: text.count("Allow it?") == 2)
    screen.say("later")
    screen.until("(a tool call waits for a yes: /resume asks again")
    screen.until(at_empty_prompt)
    screen.say("/resume")
    screen.until(lambda text: text.count("Allow it?") == 3)
    screen.say("no")
    screen.prompt("As you wish.")
    tools = [message for message in service.requests[-1].messages if message["role"] == "tool"] or [
        message for request in service.requests for message in (request.messages or ()) if message["role"] == "tool"
    ]
    assert ["keep it" in tool["content"] for tool in tools][-2:] == [True, False]


def test_what_was_typed_before_an_approval_is_no_answer_to_it(console, service):
    service.script(Answer(tool_calls=[ToolCall("remove", {"path": "a"})], delivery=Delivery(pause_before_headers=1.5)))
    service.say("Not done.")
    screen = console()
    screen.prompt()
    screen.say("remove a")
    screen.until("waiting")
    screen.say("y")
    screen.until("Allow it?")
    screen.until(lambda text: text.rstrip().endswith("deny it:"))
    screen.press("Enter")
    screen.prompt("Not done.")
    assert "removed a" not in screen.text()


def test_errors_of_the_server_are_a_line_each_and_the_prompt_comes_back(console, service, report):
    service.script(ErrorAnswer(500, {"error": {"message": "the disk \x1b[2J is on fire"}}))
    service.script(Answer(["One ", "two "], delivery=Delivery(cut_after=700)))
    service.say("Well again.")
    screen = console()
    screen.prompt()
    screen.say("first")
    text = screen.prompt("on fire")
    assert "Traceback" not in text
    screen.say("/retry")
    screen.until(lambda text: "broke off" in text and at_empty_prompt(text))
    screen.say("third")
    screen.prompt("Well again.")
    screen.press("C-d")
    screen.left()
    assert report()[-1][1] == "Well again."


def test_a_server_that_is_not_there_is_told_and_the_prompt_comes_back(console):
    screen = console(url="http://127.0.0.1:9/v1")
    screen.prompt()
    screen.say("hello")
    text = screen.prompt("refused the connection")
    assert "Traceback" not in text
    screen.press("C-d")
    screen.left()


def test_a_window_that_changes_its_size_during_an_answer_loses_nothing(console, service, report):
    words = [f"w{n} " for n in range(300)]
    service.script(Answer(words, delivery=Delivery(pause=0.01)))
    screen = console(console={"markdown": False})
    screen.prompt()
    screen.say("go")
    screen.until("w20 ")
    screen.resize(40, 15)
    screen.until("w120 ", history=True)
    screen.resize(100, 30)
    screen.until("w299", history=True)
    screen.until(at_empty_prompt)
    shown = screen.text(history=True).split()
    assert [word for word in shown if word.startswith("w") and word[1:].isdigit()] == [word.strip() for word in words]
    screen.press("C-d")
    screen.left()
    assert report()[1][2] is None


def test_a_prompt_survives_a_window_that_changes_its_size(console, service):
    service.say("Fine.")
    screen = console()
    screen.prompt()
    screen.type("some words that are longer than a narrow window")
    screen.resize(20, 10)
    screen.resize(90, 25)
    screen.press("Enter")
    screen.prompt("Fine.")
    assert service.requests[0].messages[-1]["content"] == "some words that are longer than a narrow window"
