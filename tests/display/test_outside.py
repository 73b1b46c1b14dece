"""K1 to K4 as a person meets them: a real terminal, real pipes, real encodings, in a process of their own."""

import os
import struct
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")

TALK = """
import sys
from chatkit._display.choosing import display
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.events import TextDelta, ThinkingDelta, ToolRequested, ToolReturned, TurnEnded
from chatkit._turns.turns import AssistantTurn

request = ContentToolRequest("c", "f\\x1b[2J", {"x\\x9b": "\\x1b]0;owned\\x07"})
screen = display("output")
for word in "I think, therefore I am a model that goes on".split():
    screen.show(ThinkingDelta(word + " "))
for word in "caf\\xe9 \\U0001f600 \\x1b[31mred and so on to the end of a line".split():
    screen.show(TextDelta(word + " "))
screen.show(TurnEnded(AssistantTurn(())))
screen.show(ToolRequested(request))
screen.show(ToolReturned(ContentToolResult("\\x1bc", request=request)))
screen.close()
"""


def environment(**changes):
    plain = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING", "PYTHONUTF8")
    }
    return {**plain, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **changes}


def on_a_terminal(program, columns=40, **changes):
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=inner, stdout=inner, stderr=inner, env=environment(**changes)
    )
    os.close(inner)
    written = b""
    while piece := _read(outer):
        written += piece
    os.close(outer)
    assert process.wait(20) == 0
    return written.decode().replace("\r\n", "\n")


def _read(outer):
    try:
        return os.read(outer, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


def through_a_pipe(program, **changes):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment(**changes), timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_K1_on_a_terminal_colour_width_and_nothing_of_the_models():
    assert on_a_terminal(TALK) == (
        "\x1b[2mI think, therefore I am a model that \ngoes on \n\x1b[22m\n"
        "café 😀 ␛[31mred and so on to the end \nof a line \n"
        '\x1b[34m◯ [tool call]\x1b[39m f␛[2J("x\\x9b" = "\\u001b]0…\n'
        "\x1b[32m●\x1b[39m #> \x1b[3m␛c\x1b[23m\n"
    )


@pytest.mark.parametrize("changes", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_K4_a_terminal_without_colour(changes):
    written = on_a_terminal(TALK, **changes)
    assert "\x1b" not in written
    assert written.startswith("<thinking>\nI think, therefore I am a model that \ngoes on \n</thinking>\n")


def test_K4_a_pipe_gets_plain_unwrapped_text_and_nothing_about_tools():
    out, err = through_a_pipe(TALK)
    assert out.decode().replace("\r\n", "\n") == (
        "<thinking>\nI think, therefore I am a model that goes on \n</thinking>\n"
        "café 😀 ␛[31mred and so on to the end of a line \n"
    )
    assert "◯ [tool call]" in err.decode()
    assert b"\x1b" not in out + err


def test_FORCE_COLOR_colours_a_pipe():
    out, _ = through_a_pipe(TALK, FORCE_COLOR="1")
    assert out.startswith(b"\x1b[2mI think")


@pytest.mark.parametrize(("encoding", "words"), [("ascii", b"caf? ? ?[31mred"), ("cp1252", b"caf\xe9 ? ?[31mred")])
def test_K3_an_encoding_that_lacks_the_characters(encoding, words):
    out, err = through_a_pipe(TALK, PYTHONIOENCODING=encoding)
    assert words in out
    assert b"( ) [tool call] " in err
    assert b"\no #> " in err


def test_deltas_arrive_while_the_answer_is_being_written():
    program = TALK.replace(
        'screen.show(TextDelta(word + " "))', 'screen.show(TextDelta(word + " ")); sys.stdin.read(1)'
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    seen = b""
    while "café".encode() not in seen:
        seen += os.read(process.stdout.fileno(), 4096)
    assert b"red" not in seen
    process.communicate(b"x" * 100, timeout=20)


ENDLESS = """
import sys, time
from chatkit._display.choosing import display
from chatkit._turns.events import TextDelta

screen = display("output")
for count in range(20_000):
    screen.show(TextDelta("word "))
screen.close()
print("the conversation went on", file=sys.stderr)
"""


def test_K2_a_reader_who_leaves_does_not_end_the_conversation():
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stdout.read(5) == b"word "
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    process.wait(20)
    assert b"the conversation went on" in said
    assert b"Traceback" not in said


def test_K2_stdout_closed_from_the_start():
    program = "import os, sys; os.close(1); sys.stdout = None\n" + TALK + "\nos._exit(0)"
    _, err = through_a_pipe(program)
    assert b"Traceback" not in err


def test_an_interrupt_leaves_the_line_ended_and_not_dim():
    program = TALK.split("for word in")[0] + (
        "try:\n"
        "    screen.show(ThinkingDelta('Let me se'))\n"
        "    raise KeyboardInterrupt\n"
        "except KeyboardInterrupt:\n"
        "    screen.close()\n"
        "print('prompt')\n"
    )
    assert on_a_terminal(program) == "\x1b[2mLet me se\n\x1b[22mprompt\n"
