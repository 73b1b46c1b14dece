"""Keys typed while an answer streams in, and a terminal that answers to nothing: on a pseudo-terminal of the test's."""

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
import types
from pathlib import Path

import pytest

from chatkit._console.hushing import Keyboard, typed_ahead

TALKER = Path(__file__).with_name("talker.py")


@pytest.fixture
def terminal(monkeypatch):
    """A terminal that this process is typed at: type at `hand`, read what it echoes from there."""
    hand, side = pty.openpty()
    stdin = os.fdopen(side, encoding="utf-8", closefd=False)
    monkeypatch.setattr("sys.stdin", stdin)
    yield types.SimpleNamespace(hand=hand, side=side, stdin=stdin)
    os.close(hand)
    os.close(side)


def echoed(terminal):
    return os.read(terminal.hand, 1000) if select.select([terminal.hand], [], [], 0.3)[0] else b""


def test_keys_are_echoed_again_when_the_answer_is_over(terminal):
    keyboard = Keyboard(wanted=True)
    os.write(terminal.hand, b"a")
    assert echoed(terminal) == b"a"
    keyboard.hush()
    keyboard.hush()
    os.write(terminal.hand, b"b")
    assert echoed(terminal) == b""
    keyboard.close()
    keyboard.close()
    os.write(terminal.hand, b"c")
    assert echoed(terminal) == b"c"
    assert typed_ahead() == "abc"


def test_what_was_typed_is_given_as_text_and_modes_stay(terminal):
    before = termios.tcgetattr(terminal.side)
    assert typed_ahead() == ""
    os.write(terminal.hand, "\r\r one \x1b[A\x1bOBtwö\t日本\r\x1b[12;3Rthree\x04\r\r\x1b".encode())
    assert typed_ahead() == "one twö\t日本\nthree"
    assert typed_ahead() == ""
    assert termios.tcgetattr(terminal.side) == before


def test_a_program_that_takes_the_terminal_is_noticed(terminal):
    keyboard = Keyboard(wanted=True)
    assert not keyboard.is_taken()
    modes = termios.tcgetattr(terminal.side)
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(terminal.side, termios.TCSANOW, modes)
    assert keyboard.is_taken()


@pytest.mark.parametrize("place", ["a pipe", "gone", "closed", "windows"])
def test_where_there_is_no_terminal_nothing_is_done(place, terminal, monkeypatch, tmp_path):
    if place == "windows":
        monkeypatch.setitem(sys.modules, "termios", None)
    elif place == "gone":
        monkeypatch.setattr("sys.stdin", None)
    else:
        file = (tmp_path / "file").open("w+")
        monkeypatch.setattr("sys.stdin", file)
        if place == "closed":
            file.close()
    keyboard = Keyboard(wanted=True)
    keyboard.hush()
    keyboard.close()
    assert keyboard.is_taken()
    assert typed_ahead() == ""
    if sys.stdin is not None:
        sys.stdin.close()


def test_a_terminal_that_goes_away_meanwhile_is_no_error(terminal):
    keyboard = Keyboard(wanted=True)
    terminal.stdin.detach()
    keyboard.hush()
    keyboard.close()
    assert keyboard.is_taken()


def test_what_is_typed_during_an_answer_waits_for_the_prompt_and_is_not_sent_by_it(console, service, report):
    from chatkit.testing import Answer, Delivery

    service.script(Answer([f"word{n} " for n in range(60)], delivery=Delivery(pause=0.03)))
    service.say("Second.")
    screen = console(console={"markdown": False})
    screen.prompt()
    screen.say("first")
    screen.until("word3 ")
    screen.type("and then?")
    screen.press("Enter", "Enter")
    text = screen.until(lambda text: "word59" in text and "> and then?" in text)
    assert text.count("and then?") == 1
    assert len([request for request in service.requests if request.path.endswith("/chat/completions")]) == 1
    screen.press("Enter")
    screen.prompt("Second.")
    screen.press("C-d")
    screen.left()
    assert [turn[1] for turn in report()][2:] == ["and then?", "Second."]


def test_a_terminal_that_tells_nothing_of_itself_is_no_matter(service, tmp_path):
    service.say("Here.")
    options = {"console": {"history": False}, "report": str(tmp_path / "report.json")}
    hand, side = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
    command = [sys.executable, str(TALKER), service.base_url, json.dumps(options)]
    process = subprocess.Popen(command, env=environ, stdin=side, stdout=side, stderr=side, start_new_session=True)
    os.close(side)
    shown = b""

    def until(wanted, seconds=60.0, behind=b""):
        nonlocal shown
        deadline = time.monotonic() + seconds
        while wanted not in shown[shown.find(behind) :] and time.monotonic() < deadline:
            if select.select([hand], [], [], 0.1)[0]:
                shown += os.read(hand, 65536)

    until(b"> ")
    # That long a line editor waits for the terminal to tell where its cursor stands.
    until(b"WARNING", seconds=2.5)
    os.write(hand, b"\x1b[200~one\rtwo\x1b[201~\r")
    until(b"Here.")
    until(b"> ", behind=b"Here.")
    os.write(hand, b"\x04")
    until(b"HAVING LEFT")
    assert b"HAVING LEFT" in shown, shown
    assert process.wait(timeout=60) == 0
    os.close(hand)
    assert b"WARNING" not in shown
    assert json.loads((tmp_path / "report.json").read_text())["turns"][0][1] == "one\ntwo"
