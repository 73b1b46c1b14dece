"""Rows K7 and K8 of the fault catalogue at the console's prompt, on a terminal of its own."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pexpect
import pyte
import pytest

from chatkit.testing import Answer, Delivery, EventsAnswer

TALKER = """
import sys
from chatkit import chat_openai_compatible, live_console
chat = chat_openai_compatible(sys.argv[1], model=sys.argv[2], credentials=lambda: "k", max_retries=0)
live_console(chat, markdown=False, history=False)
print("left with", [[turn.role, turn.text] for turn in chat.turns])
"""


class Terminal:
    """A console in a terminal of 24 lines and 100 columns.

    Args:
        url: The server.
        model: The model's name.
    """

    def __init__(self, url: str, model: str) -> None:
        self._screen = pyte.Screen(100, 24)
        self._stream = pyte.Stream(self._screen)
        environ = {"TERM": "xterm-256color", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
        arguments = ["-c", TALKER, url, model]
        self._child = pexpect.spawn(
            sys.executable, arguments, dimensions=(24, 100), encoding="utf-8", env=environ, timeout=60
        )
        # A terminal tells where its cursor is when it is asked.
        self._screen.write_process_input = self._child.send

    @property
    def shown(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    def read(self) -> None:
        """Take what has been written."""
        try:
            self._stream.feed(self._child.read_nonblocking(65536, timeout=0.1))
        except (pexpect.TIMEOUT, pexpect.EOF):
            return

    def wait_for(self, pattern: str) -> None:
        """Wait until the screen shows something."""
        end = time.monotonic() + 60
        while not re.search(pattern, self.shown, re.M):
            assert time.monotonic() < end, self.shown
            self.read()

    def type(self, keys: str) -> None:
        self._child.send(keys)

    def end(self) -> None:
        """It must have ended by itself."""
        self._child.expect(pexpect.EOF)
        self._stream.feed(self._child.before)
        self._child.close()
        assert self._child.exitstatus == 0

    def close(self) -> None:
        self._child.close(force=True)


@pytest.fixture
def console(service):
    opened = []

    def act(model: str = "m") -> Terminal:
        opened.append(Terminal(service.base_url, model))
        opened[-1].wait_for("^> *$")
        return opened[-1]

    yield act
    for terminal in opened:
        terminal.close()


@pytest.mark.parametrize(("leave", "how"), [("\x03\x03", "Ctrl-C twice"), ("\x04", "Ctrl-D")], ids=["twice", "ctrl-d"])
def test_k7_ctrl_c_stops_the_answer_and_the_prompt_comes_back_to_be_left(service, chunk, console, leave, how):
    service.script(EventsAnswer([chunk("Hello "), chunk("late")], delivery=Delivery(pause=60)), "Fine.")
    terminal = console()
    terminal.type("Hi\r")
    terminal.wait_for("^Hello")
    terminal.type("\x03")
    terminal.wait_for(r"\(stopped; what had arrived is kept\)\n(.*\n)*> *$")
    terminal.type("Go on.\r")
    terminal.wait_for(r"^Fine\.\n(.*\n)*> *$")
    terminal.type(leave)
    terminal.end()
    assert "left with [['user', 'Hi'], ['assistant', 'Hello '], ['user', 'Go on.'], ['assistant', 'Fine.']]" in (
        terminal.shown
    ), how
    assert [request.method for request in service.requests].count("POST") == 2


@pytest.mark.parametrize(
    "text", ["a < b & c", "<b>x</b> &amp; <style fg='red'>y", "[bold]x[/bold]", "{x} {0}", "%s %d", "\\n \\x1b[31m \\"]
)
def test_k8_the_prompt_takes_no_text_for_marks(service, console, text):
    service.script(Answer([text]))
    # What a server calls its model stands in the line below the prompt.
    terminal = console(f"m {text}")
    terminal.type("Hi\r")
    terminal.wait_for(rf"^{re.escape(text)}\n(.*\n)*> *$")
    terminal.wait_for(rf"^m {re.escape(text)} ")
    terminal.type("\x04")
    terminal.end()


def test_k8_nothing_in_chatkit_reads_marks_for_a_terminal():
    """prompt-toolkit's HTML() and ANSI(), and rich's markup, are used nowhere."""
    package = Path(__file__).parents[2] / "chatkit"
    sources = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    assert len(sources) > 300
    for path, source in sources.items():
        assert not re.search(r"import .*\b(HTML|ANSI)\b|from_markup|rich\.markup|markup=True", source), path
