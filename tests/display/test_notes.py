"""The lines about a conversation: who is asked now, and a model that is waited for, on terminals and in pipes."""

from __future__ import annotations

import os
import sys

import pytest

from chatkit._display.choosing import display
from chatkit._turns.events import ModelLoading, Retrying, TextDelta, ThinkingDelta

REWIND = "\r\x1b[K"


def loading(waited, delay=15.0, limit=600.0):
    return ModelLoading(waited, limit, delay, "It answered 503.")


def switch(error="a.example answered 429 Too Many Requests.", model="org/other", service="Second", delay=0.0):
    return Retrying(1, delay, error, model, service)


MODES = pytest.mark.parametrize("mode", ["output", "all"])


@MODES
def test_a_switch_is_one_line_that_ends_with_who_is_asked_now(shown, mode):
    assert shown(mode, switch("Busy.")) == "Busy; now org/other at Second\n"
    assert shown(mode, switch("Busy.", service=None)) == "Busy; now org/other\n"
    assert shown(mode, switch("Busy.", delay=1.5)) == "Busy; now in 1.5 s org/other at Second\n"


@MODES
def test_the_failure_is_cut_so_that_who_is_asked_now_is_seen(shown, mode, Screen):
    line = "a.example answered 429 Too Many…; now org/other at Second"
    shown_line = shown(mode, switch(), stream=Screen())
    assert shown_line.startswith("\x1b[2ma.example answered 429 ")
    assert shown_line.endswith("…; now org/other at Second\x1b[22m\n")
    assert len(shown_line) - len("\x1b[2m\x1b[22m\n") == 60
    assert line[:20] in shown_line


def test_a_name_as_long_as_the_line_is_cut(shown):
    line = shown("output", switch(model="org/" + "x" * 200))
    assert len(line) == 61
    assert line.endswith("…\n")


def test_what_is_told_from_outside_moves_no_cursor(shown, payload):
    event = Retrying(1, 0.0, f"bad {payload}", f"org/{payload}", payload or "x")
    line = shown("output", event)
    assert line.count("\n") == 1
    assert not any(character in line for character in "\x1b\r\x07\x9b\u202e")


@MODES
def test_waiting_is_one_line_written_over_on_a_terminal(shown, mode, Screen):
    told = shown(mode, loading(0), loading(15), TextDelta("Hi"), stream=Screen())
    first, second = (
        f"\x1b[2mThe model is loading: waited {waited} s of 600 s at most, asking…\x1b[22m" for waited in ("0", "15")
    )
    assert told.startswith(f"{REWIND}{first[:40]}")
    assert told.count(REWIND) == 2
    assert told.count("\n") == 2
    before, after = told.split("\n", 1)
    assert before.endswith("\x1b[22m")
    assert after.endswith("Hi\n")
    assert second[:45] in before


def test_the_line_leaves_the_last_column_free(shown, Screen):
    line = shown("output", loading(3), stream=Screen()).removeprefix(REWIND).removesuffix("\n")
    assert len(line) - len("\x1b[2m\x1b[22m") == 59


@MODES
@pytest.mark.parametrize(
    "event",
    [TextDelta("x"), ThinkingDelta("x"), Retrying(1, 1.0, "x"), switch("x")],
    ids=["text", "thinking", "retrying", "switch"],
)
def test_whatever_comes_next_begins_on_a_line_of_its_own(shown, mode, event, Screen):
    alone = shown(mode, event, stream=Screen())
    told = shown(mode, loading(0), event, stream=Screen())
    waiting, rest = told.split("\n", 1)
    assert waiting.startswith(REWIND)
    assert rest == alone


@MODES
def test_leaving_ends_the_line_once(mode, Screen):
    stream = Screen()
    screen = display(mode, stream)
    screen.show(loading(0))
    screen.close()
    screen.close()
    assert stream.getvalue().count("\n") == 1


@MODES
def test_in_a_pipe_it_is_a_line_every_ten_seconds_at_most(shown, mode, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    told = shown(mode, *(loading(waited) for waited in (0, 1, 3, 7, 15, 30)), TextDelta("Hi"))
    lines = [line for line in told.splitlines() if "loading" in line]
    assert [line.split("waited ")[1].split(" s")[0] for line in lines] == ["0", "15", "30"]
    assert lines[0] == "The model is loading: waited 0 s of 600 s at most, asking again in 15 s."
    assert "\r" not in told
    assert "\x1b" not in told


def test_another_wait_later_begins_anew(shown, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert shown("output", loading(0), loading(30), TextDelta("Hi"), loading(0)).count("loading") == 3
    assert shown("output", loading(0), Retrying(1, 1.0, "x"), loading(1)).count("loading") == 2


def test_a_dumb_terminal_gets_lines(shown, Screen, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    told = shown("output", loading(0), loading(5), loading(12), stream=Screen())
    assert told.count("\n") == 2
    assert "\r" not in told


def test_in_a_script_waiting_is_told_on_stderr(capsys):
    screen = display("output")
    screen.show(loading(0))
    screen.show(TextDelta("Hi"))
    screen.close()
    out, err = capsys.readouterr()
    assert out == "Hi\n"
    assert err.startswith("The model is loading: waited 0 s")


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals there")
def test_on_a_real_terminal_the_line_is_written_over():
    import pty

    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as stream:
        screen = display("output", stream)
        for event in (loading(0), loading(15), TextDelta("Ready."), loading(0)):
            screen.show(event)
        screen.close()
        told = b""
        while told.count(b"\r\n") < 3:  # a terminal gives what is there by now
            told += os.read(leader, 4096)
    os.close(leader)
    # The terminal itself makes \r\n of each \n.
    assert told.count(b"\r\x1b[K") == 3
    assert told.count(b"\r\n") == 3
    assert b"\r\nReady.\r\n\r\x1b[K" in told
