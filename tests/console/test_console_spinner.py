"""The spinner: when it turns, where, and that nothing of it is left behind."""

import io
import re
import sys
import time

from chatkit._console.spinner import Spinner
from chatkit._display.terminal import Terminal


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_spinner_turns_only_at_the_beginning_of_a_line_and_leaves_nothing_behind():
    stream = Screen()
    spinner = Spinner(Terminal(stream, environ={"TERM": "xterm"}))
    spinner.turn("m\x1b: waiting")
    until(lambda: "waiting" in stream.getvalue())
    assert "m␛: waiting 0 s" in stream.getvalue()
    spinner.write("half a line")
    assert stream.getvalue().endswith("\r\x1b[Khalf a line")
    spinner.turn("m: writing")
    time.sleep(0.5)
    assert stream.getvalue().endswith("half a line")
    spinner.write("\n")
    until(lambda: "writing" in stream.getvalue())
    spinner.rest()
    assert stream.getvalue().endswith("\r\x1b[K")
    spinner.write("")
    spinner.flush()
    spinner.close()
    spinner.close()
    assert spinner.isatty() and spinner.encoding == "utf-8" and spinner.closed is False


def test_while_a_tool_runs_the_spinner_turns_at_the_margin_and_makes_way_for_whoever_writes(monkeypatch):
    stream, taken = Screen(), [True]
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setenv("COLUMNS", "40")
    spinner = Spinner(Terminal(environ={"TERM": "xterm", "NO_COLOR": "1"}), lambda: taken[0])
    with spinner.among_others():
        spinner.write("[tool call]\n")
        spinner.turn_in_margin()
        time.sleep(1.3)
        assert "running" not in stream.getvalue()
        taken.clear()
        taken.append(False)
        until(lambda: "running 1 s" in stream.getvalue())
        assert re.search("\x1b7\x1b\\[27G. running 1 s\x1b8$", stream.getvalue())
        print("Sure?", end="")
        written = stream.getvalue()
        assert written.endswith("\x1b7\x1b[27G\x1b[K\x1b8Sure?")
        time.sleep(1.3)
        assert stream.getvalue() == written
        spinner.write(" Yes.\n")
        spinner.turn("m: waiting")
        until(lambda: stream.getvalue().endswith("m: waiting 0 s"))
        print("logged", file=sys.stderr)
        assert stream.getvalue().endswith("\r\x1b[K")
    spinner.close()
    assert sys.stdout is stream


def test_a_pipe_has_no_spinner():
    stream = io.StringIO()
    spinner = Spinner(Terminal(stream))
    spinner.turn("waiting")
    with spinner.among_others():
        spinner.write("text")
    spinner.close()
    assert stream.getvalue() == "text"
