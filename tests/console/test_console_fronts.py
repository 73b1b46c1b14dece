"""Where lines come from: which front is chosen, the plain one, and what is imported for it."""

import asyncio
import io
import subprocess
import sys
from pathlib import Path

import pytest

import chatkit
from chatkit import Price, chat_openai_compatible, tool
from chatkit._console.live import live_console
from chatkit._console.plain import Plain
from chatkit._console.prompting import is_possible
from chatkit._console.state import Console
from chatkit._display.approving import ask_at_prompt, asked, asked_elsewhere
from chatkit._display.layout import cells
from chatkit._display.terminal import Terminal
from chatkit._errors import ConfigError
from chatkit._turns.approvals import PendingApproval
from chatkit._turns.contents import ContentToolRequest
from chatkit.testing import Answer, ToolCall


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def console(service):
    chat = chat_openai_compatible(service.base_url, model="m", credentials=lambda: "k", prices={"m": Price(1.0, 2.0)})
    return Console(chat, Terminal(Screen(), environ={"TERM": "xterm"}), Terminal(io.StringIO()))


def test_a_prompt_is_drawn_only_at_a_terminal_and_outside_of_an_event_loop(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdin", Screen())
    monkeypatch.setattr("sys.stdout", Screen())

    async def within():
        return is_possible()

    assert is_possible()
    assert not asyncio.run(within())
    monkeypatch.delitem(sys.modules, "asyncio")
    assert is_possible()
    monkeypatch.setenv("TERM", "dumb")
    assert not is_possible()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdin", None)
    assert not is_possible()
    gone = Screen()
    gone.close()
    gone.isatty = lambda: io.StringIO.isatty(gone)
    monkeypatch.setattr("sys.stdin", gone)
    assert not is_possible()


def test_whoever_asks_elsewhere_is_not_asked_twice(monkeypatch):
    approval = PendingApproval(ContentToolRequest("c1", "remove", {"path": "x"}))
    monkeypatch.setattr("chatkit._display.approving._somebody_is_there", lambda: True)
    monkeypatch.setattr("builtins.input", Lines("y", "y"))
    assert ask_at_prompt(approval) is True
    with asked_elsewhere():
        assert ask_at_prompt(approval) is None
    assert ask_at_prompt(approval) is True


def test_a_stdin_that_is_gone_has_nobody_at_it(console, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    live_console(console.chat, history=False)
    assert console.chat.turns == []


def test_who_comes_back_is_told_where_the_talk_stands(console, service, monkeypatch):
    console.chat.register_tool(tool(lambda: 1, name="act", description="x", requires_approval=True))
    service.script(Answer(tool_calls=[ToolCall("act")]))
    console.chat.chat("Begin\x1b with this. " + "Word " * 30, echo="none")
    screen = Screen()
    monkeypatch.setattr("sys.stdin", Screen("/quit\n"))
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setattr("builtins.input", Lines("/quit"))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "200")
    live_console(console.chat, history=False)
    said = screen.getvalue().splitlines()
    assert said[0] == f"Talking to m at {service.base_url}"
    assert said[1].startswith("1 round so far; the last one began: Begin␛ with this. Word")
    assert said[1].endswith(" ...") and len(said[1]) < 105
    assert said[2] == "/help lists the commands, Ctrl-D leaves."
    assert said[3].startswith("(a tool call waits for a yes: /resume asks again")


def test_a_question_fits_a_narrow_window(monkeypatch):
    monkeypatch.setenv("COLUMNS", "24")
    screen, questions = Screen(), []
    out = Terminal(screen)
    approval = PendingApproval(ContentToolRequest("c1", "remove", {"path": "/a/long path/of 日本 many/words" * 2}))
    assert asked(approval, out, lambda question: questions.append(question) or "y") is True
    lines = [*screen.getvalue().splitlines(), questions[0]]
    assert all(cells(line.rstrip()) <= 23 for line in lines)
    assert questions == ["to deny it: "]
    path = "".join(line.removeprefix("      ") for line in lines[2:-3])
    assert path == '  path = "' + "/a/long path/of 日本 many/words" * 2 + '"'
    console = Console(None, out, out)
    assert not console.confirmed("There is a file of that name. Replace it?")
    assert screen.getvalue().endswith("There is a file of \nthat name. Replace it? \n")


def test_only_a_chat_is_talked_with(console):
    with pytest.raises(ConfigError, match="must be a chat"):
        live_console("m")
    with pytest.raises(ConfigError, match="`history`"):
        live_console(console.chat, history=3)


class Lines:
    """An `input()` that was typed beforehand."""

    def __init__(self, *lines):
        self.lines, self.prompts = list(lines), []

    def __call__(self, prompt):
        self.prompts.append(prompt)
        line = self.lines.pop(0)
        if isinstance(line, BaseException):
            raise line
        return line


def test_the_plain_front_reads_texts_and_leaves_by_ctrl_c_twice(console, monkeypatch):
    typed_lines = Lines('"""a', "b", '"""', KeyboardInterrupt(), "x", KeyboardInterrupt(), KeyboardInterrupt())
    monkeypatch.setattr("builtins.input", typed_lines)
    front = Plain(console, person=True)
    assert front.read() == '"""a\nb\n"""'
    assert front.read("lost") == "x"
    with pytest.raises(EOFError):
        front.read()
    said = console.aside._target().getvalue()
    assert "(not said: lost)" in said
    assert said.count("Ctrl-C again leaves.") == 2
    assert typed_lines.prompts[:3] == ["> ", ". ", ". "]


def test_the_plain_front_has_a_multi_line_mode_and_asks(console, monkeypatch):
    monkeypatch.setattr("builtins.input", Lines("a", "b", "", "/help", "//x", "", "yes", EOFError(), RuntimeError()))
    console.multiline = True
    front = Plain(console, person=True)
    assert front.read() == "a\nb\n"
    assert front.read() == "/help"
    assert front.read() == "//x\n"
    assert front.ask("Really?") == "yes"
    assert front.ask("Really?") is None
    assert front.edit("x") is None
    front.refresh()
    with pytest.raises(EOFError):
        front.read()


def test_the_plain_front_puts_its_prompt_beside_the_answers_where_those_go_to_a_file(console, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\r\n"))
    front = Plain(console, person=True, echoed=False)
    assert front.read() == "hello"
    assert console.aside._target().getvalue() == "> "
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(EOFError):
        front.read()
    assert Plain(console, person=False).ask("Really?") is None


def test_prompt_toolkit_is_opened_by_the_console_alone_and_late():
    code = "import sys, chatkit._console.live as live; print('prompt_toolkit' in sys.modules, bool(live))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False", "True"]
    root = Path(chatkit.__file__).parent
    importers = [path for path in root.rglob("*.py") if "import prompt_toolkit" in path.read_text(encoding="utf-8")]
    importers += [path for path in root.rglob("*.py") if "from prompt_toolkit" in path.read_text(encoding="utf-8")]
    assert {path.parent.name for path in importers} == {"_console"}
