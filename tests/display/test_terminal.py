"""K2, K3, K4: one way to the outside, which survives whatever the stream has become."""

import contextlib
import io
import sys

import pytest

from chatkit._display.terminal import Style, Terminal


def test_stdout_is_looked_up_at_each_call(capsys):
    terminal = Terminal()
    caught = io.StringIO()
    with contextlib.redirect_stdout(caught):
        terminal.write("inside")
    terminal.write("outside")
    assert caught.getvalue() == "inside"
    assert capsys.readouterr().out == "outside"


def test_stderr_by_name(capsys):
    Terminal(name="stderr").write("aside")
    assert capsys.readouterr().err == "aside"


class Broken(io.StringIO):
    error: type[Exception] = BrokenPipeError
    calls = 0

    def flush(self):
        self.calls += 1
        raise self.error("gone")


@pytest.mark.parametrize("error", [BrokenPipeError, ValueError, OSError])
def test_K2_goes_quiet_for_good(error):
    stream = Broken()
    stream.error = error
    terminal = Terminal(stream)
    for _ in range(3):
        terminal.write("x")
    assert stream.calls == 1


def test_K2_closed_stream():
    stream = io.StringIO()
    stream.close()
    terminal = Terminal(stream)
    terminal.write("x")
    assert not terminal.is_terminal
    assert not terminal.colour


def test_K2_no_stdout_at_all(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    terminal = Terminal()
    terminal.write("x")
    assert not terminal.is_terminal
    assert terminal.encoding == "utf-8"


def test_a_new_stdout_is_written_to_after_the_old_one_died(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", Broken())
    terminal.write("lost")
    with contextlib.redirect_stdout(io.StringIO()) as caught:
        terminal.write("seen")
    assert caught.getvalue() == "seen"


@pytest.mark.parametrize(("encoding", "written"), [("ascii", b"caf? ?!"), ("cp1252", b"caf\xe9 ?!")])
def test_K3_what_cannot_be_encoded_is_replaced(encoding, written):
    raw = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(raw, encoding=encoding))
    terminal.write("café 😀!")
    assert raw.getvalue() == written
    assert terminal.symbol("●", "o") == "o"


def test_K3_an_encoding_that_nobody_knows_counts_as_ascii():
    class Odd(io.StringIO):
        encoding = "unknown-8bit"

    assert Terminal(Odd()).symbol("●", "o") == "o"


def test_symbols_where_the_encoding_has_them():
    assert Terminal(io.StringIO()).symbol("●", "o") == "●"


@pytest.mark.parametrize(
    ("tty", "environ", "colour"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"FORCE_COLOR": "0"}, False),
        (True, {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_K4_colour_is_decided_as_the_conventions_say(Screen, tty, environ, colour):
    terminal = Terminal(Screen() if tty else io.StringIO(), environ=environ)
    assert terminal.colour is colour
    assert terminal.style.colour is colour


@pytest.mark.parametrize(("columns", "width"), [("100", 100), ("5", 20)])
def test_width_is_at_least_20(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    assert Terminal().width == width


@pytest.mark.parametrize("name", ["blue", "green", "red", "bold", "dim", "italic"])
def test_styles_are_undone_and_absent_without_colour(name):
    shown = getattr(Style(True), name)("x")
    assert shown.startswith("\x1b[")
    assert shown.endswith("m")
    assert "x\x1b[" in shown
    assert getattr(Style(False), name)("x") == "x"


def test_every_write_is_flushed_except_where_the_stream_does_that_itself():
    flushed = []

    class Stream(io.StringIO):
        def flush(self):
            flushed.append(type(self).__name__)

    class OutStream(Stream):
        __module__ = "ipykernel.iostream"

    Terminal(Stream()).write("x")
    kernel = OutStream()
    Terminal(kernel).write("x")
    assert flushed == ["Stream"]
    assert kernel.getvalue() == "x"
