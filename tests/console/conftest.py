"""Consoles in a real terminal, that of tmux: keys are sent to it, and its screen is read until it shows something."""

import contextlib
import io
import itertools
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from chatkit import chat_openai_compatible
from chatkit._console.loop import step
from chatkit._console.state import Console
from chatkit._display.terminal import Terminal
from chatkit.testing import FakeService

TALKER = Path(__file__).with_name("talker.py")
_PATIENCE = 60.0
_UNSET = (
    "NO_COLOR",
    "FORCE_COLOR",
    "VISUAL",
    "EDITOR",
    "COLUMNS",
    "LINES",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "SSH_CONNECTION",
)
_numbers = itertools.count()


class Screen:
    """A terminal with a console in it.

    Args:
        server: The name of the tmux server.
        command: What runs in it.
        columns: How wide it is.
        rows: How high.
    """

    def __init__(self, server, command, columns=80, rows=24, typed_before=""):
        self._server = server
        self.name = f"t{next(_numbers)}"
        self.tmux("new-session", "-d", "-s", self.name, "-x", str(columns), "-y", str(rows), command)
        self.tmux("set-option", "-t", self.name, "status", "off")

    def tmux(self, *words):
        done = subprocess.run(
            ["tmux", "-u", "-L", self._server, "-f", "/dev/null", *words], capture_output=True, text=True, timeout=60
        )
        return done.stdout

    def type(self, text):
        """Send text as it is, without Enter."""
        self.tmux("send-keys", "-t", self.name, "-l", text)

    def press(self, *keys):
        """Press keys by their names in tmux: Enter, C-c, M-Enter, Tab, Up."""
        for key in keys:
            self.tmux("send-keys", "-t", self.name, key)

    def say(self, text):
        """Type a line, and Enter."""
        self.type(text)
        self.press("Enter")

    def paste(self, text):
        """Paste, as a terminal with bracketed paste does."""
        self.tmux("set-buffer", "-b", self.name, text)
        self.tmux("paste-buffer", "-p", "-b", self.name, "-t", self.name)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-t", self.name, "-x", str(columns), "-y", str(rows))

    def text(self, *, history=False, escapes=False):
        """What the screen shows, with all that has scrolled away if wanted."""
        words = ["capture-pane", "-p", "-t", self.name]
        words += ["-S", "-"] if history else []
        words += ["-e"] if escapes else []
        return self.tmux(*words)

    def until(self, wanted, *, history=False, patience=_PATIENCE):
        """Wait until the screen shows something; a text, or a function of the screen's text."""
        is_there = wanted if callable(wanted) else lambda text: wanted in text
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            text = self.text(history=history)
            if is_there(text):
                return text
            if "EXITED" in text and wanted != "EXITED":
                break
            time.sleep(0.03)
        raise AssertionError(f"waited for {wanted!r}; the screen shows:\n{self.text(history=True)}")

    def press_until(self, key, wanted):
        """Press a key again and again, until the screen shows something."""
        for _ in range(40):
            self.press(key)
            with contextlib.suppress(AssertionError):
                return self.until(wanted, patience=1.0)
        return self.until(wanted)

    def prompt(self, *before):
        """Wait for an empty prompt, after other things."""
        for wanted in before:
            self.until(wanted, history=True)
        return self.until(lambda text: any(line.rstrip() == ">" for line in text.splitlines()))

    def left(self):
        return self.until("HAVING LEFT")

    def close(self):
        measured = any(name.startswith("COVERAGE_PROCESS") for name in os.environ)
        if measured and "HAVING LEFT" not in self.text():
            # What ran is written down only by a process that ends by itself.
            self.press("C-c", "C-c", "C-d", "C-d")
            with contextlib.suppress(AssertionError):
                self.until("EXITED", patience=5.0)
        self.tmux("kill-session", "-t", self.name)


@pytest.fixture(scope="module")
def terminals():
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    server = f"chatkit-{os.getpid()}-{next(_numbers)}"
    # A server without sessions ends, and the next session would have to wait for a new one.
    subprocess.run(["tmux", "-L", server, "-f", "/dev/null", "new-session", "-d", "sleep 6000"], check=True, timeout=60)
    yield server
    subprocess.run(["tmux", "-L", server, "kill-server"], capture_output=True, timeout=60)


@pytest.fixture
def service():
    with FakeService(strict=True, models=[{"id": "m", "context_length": 1000}, {"id": "org/other"}]) as running:
        yield running


@pytest.fixture
def console(terminals, service, tmp_path):
    """Open a console at the service; options as for the talker, and variables of its environment."""
    opened = []

    def act(*, columns=80, rows=24, env=None, redirect="", url=None, **options):
        options.setdefault("console", {})
        options["console"].setdefault("history", str(tmp_path / "history"))
        options.setdefault("report", str(tmp_path / "report.json"))
        given = {"TERM": "screen-256color", "LC_ALL": "C.UTF-8", **(env or {})}
        words = [
            "env",
            *itertools.chain(*(("-u", name) for name in _UNSET)),
            *(f"{name}={value}" for name, value in given.items()),
        ]
        words += [sys.executable, str(TALKER), url or service.base_url, json.dumps(options)]
        tail = "; echo; echo EXITED; exec sleep 600"
        screen = Screen(terminals, f"{shlex.join(words)} {redirect}{tail}", columns, rows)
        opened.append(screen)
        return screen

    yield act
    for screen in opened:
        screen.close()


@pytest.fixture
def report(tmp_path):
    """What the chat of a console that was left had in it."""
    return lambda: json.loads((tmp_path / "report.json").read_text())["turns"]


class Typist:
    """A front at which lines were typed beforehand."""

    def __init__(self):
        self.lines, self.answers, self.edits, self.begun, self.questions = [], [], [], [], []

    def read(self, text=""):
        self.begun.append(text)
        if not self.lines:
            raise EOFError
        return self.lines.pop(0)

    def ask(self, question):
        self.questions.append(question)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def edit(self, text):
        return self.edits.pop(0)(text)

    def refresh(self):
        pass


@pytest.fixture
def desk(service):
    """A console whose words go into two strings."""
    chat = chat_openai_compatible(service.base_url, model="m", credentials=lambda: "k", max_retries=0)
    out, aside = io.StringIO(), io.StringIO()
    console = Console(chat, Terminal(out), Terminal(aside), front=Typist())

    def do(*lines):
        aside.truncate(0)
        aside.seek(0)
        for line in lines:
            step(console, line)
        return aside.getvalue()

    return types.SimpleNamespace(console=console, chat=chat, front=console.front, do=do, out=out, service=service)
