"""The console in all kinds of places: narrow windows, ascii, no colour, dumb terminals, pipes and kernels."""

import contextlib
import json
import os
import queue
import re
import subprocess
import sys
import time
from pathlib import Path

from chatkit.testing import Answer, Delivery, ToolCall

TALKER = Path(__file__).with_name("talker.py")
COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|38|9[0-7])[0-9;]*m")


def at_empty_prompt(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return any(line.rstrip() == ">" for line in lines[-2:])


def piped(service, lines, tmp_path, **env):
    options = {"console": {"history": False}, "report": str(tmp_path / "report.json")}
    return subprocess.run(
        [sys.executable, str(TALKER), service.base_url, json.dumps(options)],
        input=lines,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        env={**os.environ, **env},
    )


def test_a_window_of_20_columns_holds_it_all(console, service):
    service.script(Answer(tool_calls=[ToolCall("remove", {"path": "/a/rather/long/path"})]))
    service.say("It is gone now, and it will not come back.")
    screen = console(columns=20, rows=40, chat={"model": "a-model-with-a-rather-long-name"})
    screen.prompt("Talking")
    screen.say("remove that long path")
    screen.until(lambda text: "Allow it?" in text)
    screen.say("y")
    screen.until("\nback.")
    text = screen.until(at_empty_prompt)
    assert all(len(line) <= 20 for line in text.splitlines())
    assert "It is gone now, and\nit will not come\nback." in text
    screen.say("/help")
    screen.until("with a slash.", history=True)


def test_an_ascii_locale_gets_stand_ins_and_no_error(console, service, report):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})], delivery=Delivery(pause_before_headers=0.6)))
    service.say("Größe: 3 ✓")
    screen = console(env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    screen.prompt()
    screen.say("add")
    text = screen.prompt("[tool call] add", "e: 3 ?")
    assert "( ) [tool call]" in text
    assert screen.text().isascii()
    screen.press("C-d")
    screen.left()
    assert report()[-1][1] == "Größe: 3 ✓"


def test_utf_8_is_typed_and_shown(console, service):
    service.say("Äpfel 🍎 日本")
    screen = console()
    screen.prompt()
    screen.say("Grüße 日本")
    screen.prompt("Äpfel 🍎 日本")
    assert service.requests[0].messages[-1]["content"] == "Grüße 日本"


def test_no_color_means_no_colour(console, service):
    service.script(Answer("**bold** and `code`", reasoning="hm"))
    service.say("Fine.")
    screen = console(env={"NO_COLOR": "1"})
    screen.prompt()
    screen.say("hello")
    screen.prompt("code")
    screen.say("/nonsense")
    screen.prompt("nothing was sent")
    assert not COLOUR.search(screen.text(escapes=True))


def test_colour_is_used_where_it_may_be(console, service):
    screen = console()
    screen.prompt()
    screen.say("/nonsense")
    screen.prompt("nothing was sent")
    assert COLOUR.search(screen.text(escapes=True))


def test_a_dumb_terminal_gets_plain_lines(console, service, report):
    service.script(Answer(tool_calls=[ToolCall("remove", {"path": "x"})]))
    service.say("Gone.")
    screen = console(env={"TERM": "dumb"})
    screen.prompt("Talking to m")
    screen.say("remove x")
    screen.until("Allow it?")
    screen.say("y")
    screen.prompt("Gone.")
    screen.press("C-c")
    screen.until("Ctrl-C again leaves.")
    screen.say('"""two')
    screen.say('lines"""')
    screen.until("no answer is scripted")
    screen.until(at_empty_prompt)
    assert "\x1b" not in screen.text(escapes=True)
    screen.press("C-c")
    screen.until(lambda text: text.count("again leaves.") == 2)
    screen.press("C-c")
    screen.left()
    assert service.requests[-1].messages[-1]["content"] == "two\nlines"


def test_lines_from_a_pipe_are_said_and_only_answers_are_on_stdout(service, tmp_path):
    service.say("One.")
    service.say("Two.")
    done = piped(service, 'first\n/nonsense\n\n"""\nsecond\nline\n"""\n/usage\n', tmp_path)
    assert done.stdout == "One.\nTwo.\n"
    assert "There is no command /nonsense" in done.stderr
    assert "in all" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert done.returncode == 0
    assert [request.messages[-1]["content"] for request in service.requests[:1]] == ["first"]
    assert json.loads((tmp_path / "report.json").read_text())["turns"][2][1] == "second\nline"


def test_nothing_that_needs_a_yes_runs_from_a_pipe(service, tmp_path):
    service.script(Answer(tool_calls=[ToolCall("remove", {"path": "x"})]))
    service.say("Understood.")
    done = piped(service, "remove x\ny\n", tmp_path)
    assert "removed" not in done.stdout + done.stderr
    assert "a tool call waits" in done.stderr


def test_ascii_pipes_get_what_they_can_hold(service, tmp_path):
    service.say("Größe ✓")
    done = piped(service, "hello\n", tmp_path, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.stdout == "Gr??e ?\n"
    assert done.returncode == 0


def test_a_kernel_falls_back_to_plain_input(service, tmp_path):
    from jupyter_client.manager import start_new_kernel

    service.say("Hello from afar.")
    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=60)
    try:
        code = f"""
from chatkit import chat_openai_compatible
from chatkit._console.live import live_console
chat = chat_openai_compatible({service.base_url!r}, model="m", credentials=lambda: "k")
live_console(chat)
"""
        lines = iter(["hello", "/help model", "/quit"])
        asked = client.execute(code, allow_stdin=True)
        heard = []
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                heard.append(client.get_stdin_msg(timeout=0)["content"]["prompt"])
                client.input(next(lines))
            with contextlib.suppress(queue.Empty):
                message = client.get_iopub_msg(timeout=0.05)
                content = message["content"]
                heard += [content.get("text", ""), content.get("data", {}).get("text/plain", "")]
                heard += content.get("traceback", [])
                if content.get("execution_state") == "idle" and message["parent_header"].get("msg_id") == asked:
                    break
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    said = "".join(heard)
    assert "Talking to m" in said
    assert said.count("> ") >= 3
    assert "Hello from afar." in said
    assert "talk on with another one" in said
