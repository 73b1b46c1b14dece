"""Section 1.11: what echo shows in each mode, and where."""

import contextlib
import io
import re
import sys

import pytest

from chatkit._display.choosing import display
from chatkit._turns.contents import (
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.events import (
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolInputDelta,
    ToolRequested,
    ToolReturned,
    TurnEnded,
    TurnStarted,
)
from chatkit._turns.turns import AssistantTurn, UserTurn

REQUEST = ContentToolRequest("call_1", "add", {"x": 1, "y": "two"})
RESULT = ContentToolResult(value=3, text="3", request=REQUEST)
FAILURE = ContentToolResult(error="no such number", request=REQUEST)
ANSWER = AssistantTurn((ContentText("Hello"),))
CALL = AssistantTurn((ContentThinking("Hm"), REQUEST))


def text(words):
    return [TextDelta(piece) for piece in re.findall(r"\s*\S+|\s+$", words)]


def test_none_has_no_display():
    assert display("none") is None


def test_output_shows_the_deltas_and_ends_the_line(shown):
    assert shown("output", TurnStarted(UserTurn("Hi")), *text("Hello you"), TurnEnded(ANSWER)) == "Hello you\n"


def test_output_leaves_a_text_that_ends_its_line_alone(shown):
    assert shown("output", *text("Hello\n"), TurnEnded(ANSWER)) == "Hello\n"


def test_a_pipe_gets_every_delta_at_once_and_exactly():
    stream = io.StringIO()
    screen = display("output", stream)
    seen = []
    for delta in ("Hel", "lo\t", "x" * 100, " ", "y\r", "\nz"):
        screen.show(TextDelta(delta))
        seen.append(stream.getvalue())
    assert seen == [
        "Hel", "Hello\t", "Hello\t" + "x" * 100, (a := "Hello\t" + "x" * 100 + " "), a + "y\n", a + "y\nz"
    ]  # fmt: skip


def test_a_terminal_gets_wrapped_text(shown, Screen):
    words = "The quick brown fox jumps over the lazy dog and then it does so once more"
    written = shown("output", *text(words), stream=Screen())
    assert written == "The quick brown fox jumps over the lazy dog and then it \ndoes so once more\n"


def test_22_thinking_is_set_apart_without_colour(shown):
    events = [ThinkingDelta("Let me"), ThinkingDelta(" see."), *text("It is 3."), TurnEnded(ANSWER)]
    assert shown("output", *events) == "<thinking>\nLet me see.\n</thinking>\nIt is 3.\n"


def test_22_thinking_is_dim_with_colour_and_a_blank_line_follows(shown, Screen):
    events = [ThinkingDelta("Let me"), ThinkingDelta(" see."), *text("It is 3."), TurnEnded(ANSWER)]
    assert shown("output", *events, stream=Screen()) == "\x1b[2mLet me see.\n\x1b[22m\nIt is 3.\n"


def test_thinking_that_comes_back(shown, Screen):
    events = [*text("One"), ThinkingDelta("Hm"), *text("Two"), TurnEnded(ANSWER)]
    assert shown("output", *events) == "One\n<thinking>\nHm\n</thinking>\nTwo\n"
    assert shown("output", *events, stream=Screen()) == "One\n\n\x1b[2mHm\n\x1b[22m\nTwo\n"


def test_2_empty_deltas_show_nothing(shown):
    assert shown("output", TextDelta(""), ThinkingDelta(""), TurnEnded(AssistantTurn(()))) == ""


def test_tool_calls_and_results(shown):
    events = [*text("Wait."), TurnEnded(CALL), ToolRequested(REQUEST), ToolReturned(RESULT), ToolReturned(FAILURE)]
    assert shown("output", *events) == (
        'Wait.\n◯ [tool call] add(x = 1, y = "two")\n● #> 3\n■ #> Error: no such number\n'
    )


def test_tool_lines_in_colour(shown, Screen):
    written = shown("output", ToolRequested(REQUEST), ToolReturned(RESULT), ToolReturned(FAILURE), stream=Screen())
    assert written == (
        '\x1b[34m◯ [tool call]\x1b[39m add(x = 1, y = "two")\n'
        "\x1b[32m●\x1b[39m #> \x1b[3m3\x1b[23m\n"
        "\x1b[31m■\x1b[39m #> \x1b[31mError: no such number\x1b[39m\n"
    )


def test_results_of_many_lines_show_five(shown):
    result = ContentToolResult("one\ntwo\n\n\tfour\nfive\nsix\nseven")
    assert shown("output", ToolReturned(result)) == ("● #> one\n  #> two\n  #>\n  #>     four\n  #> five\n  #> …\n")
    assert shown("output", ToolReturned(ContentToolResult("1\n2\n3\n4\n5\n"))).count("\n") == 5


def test_long_lines_are_cut_to_the_width(shown):
    request = ContentToolRequest("c", "f", {"x": "y" * 100})
    lines = shown("output", ToolRequested(request), ToolReturned(ContentToolResult("z" * 100))).split("\n")
    assert [len(line) for line in lines] == [60, 60, 0]
    assert all(line.endswith("…") for line in lines[:2])


@pytest.mark.parametrize(
    ("value", "preview"),
    [(None, "null"), ({"a": [1, "é"]}, '{"a": [1, "é"]}'), ("text", "text"), (object(), "(preview not available)")],
)
def test_results_without_a_wording_of_their_own(shown, value, preview):
    assert shown("output", ToolReturned(ContentToolResult(value))) == f"● #> {preview}\n"


@pytest.mark.parametrize(
    ("request_", "call"),
    [
        (ContentToolRequest("c", "now", {}), "now()"),
        (ContentToolRequest("c", "f", None, raw='{"x": '), 'f({"x": )'),
        (ContentToolRequest("c", "f", None), "f()"),
        (ContentToolRequest("c", "f", {"x = 1, y": None}), 'f("x = 1, y" = null)'),
        (ContentToolRequest("c", "f", {"x": {"a": [True]}, "y": 1.5}), 'f(x = {"a": [true]}, y = 1.5)'),
        (ContentToolRequest("c", "f\nok", {"x": "a\nb"}), 'f␊ok(x = "a\\nb")'),
    ],
)
def test_calls_are_shown_on_one_line_as_they_are(shown, request_, call):
    assert shown("output", ToolRequested(request_)) == f"◯ [tool call] {call}\n"


def test_K3_symbols_in_ascii():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    screen = display("output", stream)
    for event in (ToolRequested(REQUEST), ToolReturned(ContentToolResult("é\n" * 9)), ToolReturned(FAILURE)):
        screen.show(event)
    assert raw.getvalue().decode() == (
        '( ) [tool call] add(x = 1, y = "two")\n'
        "o #> ?\n  #> ?\n  #> ?\n  #> ?\n  #> ?\n  #> ...\n# #> Error: no such number\n"
    )


def test_retrying_is_one_dim_line(shown, Screen):
    event = Retrying(2, 1.5, "busy\r\n  (503)")
    assert shown("output", event) == "Attempt 2 failed, trying again in 1.5 s: busy (503)\n"
    assert shown("all", event, stream=Screen()) == (
        "\x1b[2mAttempt 2 failed, trying again in 1.5 s: busy (503)\x1b[22m\n"
    )


@pytest.mark.parametrize("mode", ["output", "all"])
def test_pieces_of_tool_input_show_nothing(shown, mode):
    assert shown(mode, ToolInputDelta(0, "c", "f", '{"x"')) == ""


def test_close_ends_an_unfinished_line_once_and_undims(shown, Screen):
    stream = Screen()
    screen = display("output", stream)
    screen.show(ThinkingDelta("Let me"))
    screen.show(ThinkingDelta(" se"))
    screen.close()
    screen.close()
    assert stream.getvalue() == "\x1b[2mLet me se\n\x1b[22m"
    assert shown("output", *text("Half a")) == "Half a\n"
    assert shown("output") == ""


def test_a_display_can_go_on_after_close():
    stream = io.StringIO()
    screen = display("output", stream)
    for word in ("one", "two"):
        screen.show(TextDelta(word))
        screen.close()
    assert stream.getvalue() == "one\ntwo\n"


def test_in_a_script_the_pipe_gets_the_answer_alone(capsys):
    screen = display("output")
    for event in (*text("Wait."), ToolRequested(REQUEST), ToolReturned(RESULT), Retrying(1, 1, "busy")):
        screen.show(event)
    out, err = capsys.readouterr()
    assert out == "Wait.\n"
    assert err.count("\n") == 3


def test_at_a_prompt_and_on_a_terminal_everything_goes_to_stdout(Screen, capsys, monkeypatch):
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    screen = display("output")
    screen.show(ToolRequested(REQUEST))
    monkeypatch.delattr(sys, "ps1")
    assert capsys.readouterr().out.startswith("◯")
    with contextlib.redirect_stdout(Screen()) as terminal:
        screen.show(ToolReturned(RESULT))
    assert "3" in terminal.getvalue()
    assert capsys.readouterr().err == ""
