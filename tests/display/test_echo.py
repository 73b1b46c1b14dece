"""Section 1.11: what echo shows in each mode; K1, K4, K8, F24 on the way out."""

import contextlib
import io
import re
import sys
import time
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._display.echo import display, interactive, resolve_echo
from chatkit._errors import ConfigError
from chatkit._turns.contents import (
    ContentImageRemote,
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


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def plain_place(monkeypatch):
    """A place that is neither a prompt nor 37 columns wide by accident."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "CHATKIT_ECHO"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delattr(sys, "ps1", raising=False)


def shown(mode, *events, stream=None, close=True):
    stream = stream or io.StringIO()
    screen = display(mode, stream)
    for event in events:
        screen.show(event)
    if close:
        screen.close()
    return stream.getvalue()


def text(words):
    return [TextDelta(piece) for piece in re.findall(r"\s*\S+|\s+$", words)]


def own(written):
    """What is written, without chatkit's own SGR."""
    return re.sub("\x1b\\[(1|2|3|22|23|31|32|34|39)m", "", written)


# Which mode


@pytest.mark.parametrize(
    ("value", "mode"), [("none", "none"), ("output", "output"), ("all", "all"), (True, "output"), (False, "none")]
)
def test_an_explicit_value_wins(value, mode):
    assert resolve_echo(value, {"CHATKIT_ECHO": "all"}) == mode


def test_text_is_the_old_name_of_output():
    with pytest.warns(DeprecationWarning, match='echo="output"'):
        assert resolve_echo("text", {}) == "output"


@pytest.mark.parametrize("value", ["loud", "", 1, 0, [], b"all"])
def test_another_value_is_an_error_that_names_the_allowed_ones(value):
    with pytest.raises(ConfigError, match='echo must be one of "none", "output", "all", True, False or None, not'):
        resolve_echo(value, {})


def test_the_environment_variable_and_its_error():
    assert resolve_echo(None, {"CHATKIT_ECHO": "all"}) == "all"
    with pytest.raises(ConfigError, match="CHATKIT_ECHO must be one of"):
        resolve_echo(None, {"CHATKIT_ECHO": "yes"})


def test_elsewhere_none_and_at_a_prompt_output(monkeypatch):
    assert resolve_echo(None, {"CHATKIT_ECHO": ""}) == "none"
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert resolve_echo(None) == "output"


@pytest.mark.parametrize(
    ("module", "function", "answer", "expected"),
    [
        ("IPython", "get_ipython", object(), True),
        ("IPython", "get_ipython", None, False),
        ("marimo", "running_in_notebook", True, True),
        ("marimo", "running_in_notebook", False, False),
    ],
)
def test_notebooks_are_known_without_importing_anything(monkeypatch, module, function, answer, expected):
    monkeypatch.setitem(sys.modules, module, types.SimpleNamespace(**{function: lambda: answer}))
    assert interactive() is expected


# Mode "none"


def test_none_has_no_display():
    assert display("none") is None


# Mode "output"


def test_output_shows_the_deltas_and_ends_the_line():
    assert shown("output", TurnStarted(UserTurn("Hi")), *text("Hello you"), TurnEnded(ANSWER)) == "Hello you\n"


def test_output_leaves_a_text_that_ends_its_line_alone():
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


def test_a_terminal_gets_wrapped_text():
    words = "The quick brown fox jumps over the lazy dog and then it does so once more"
    written = shown("output", *text(words), stream=Screen())
    assert written == "The quick brown fox jumps over the lazy dog and then it \ndoes so once more\n"


def test_22_thinking_is_set_apart_without_colour():
    events = [ThinkingDelta("Let me"), ThinkingDelta(" see."), *text("It is 3."), TurnEnded(ANSWER)]
    assert shown("output", *events) == "<thinking>\nLet me see.\n</thinking>\nIt is 3.\n"


def test_22_thinking_is_dim_with_colour_and_a_blank_line_follows():
    events = [ThinkingDelta("Let me"), ThinkingDelta(" see."), *text("It is 3."), TurnEnded(ANSWER)]
    assert shown("output", *events, stream=Screen()) == "\x1b[2mLet me see.\n\x1b[22m\nIt is 3.\n"


def test_thinking_that_comes_back():
    events = [*text("One"), ThinkingDelta("Hm"), *text("Two"), TurnEnded(ANSWER)]
    assert shown("output", *events) == "One\n<thinking>\nHm\n</thinking>\nTwo\n"
    assert shown("output", *events, stream=Screen()) == "One\n\n\x1b[2mHm\n\x1b[22m\nTwo\n"


def test_2_empty_deltas_show_nothing():
    assert shown("output", TextDelta(""), ThinkingDelta(""), TurnEnded(AssistantTurn(()))) == ""


def test_tool_calls_and_results():
    events = [*text("Wait."), TurnEnded(CALL), ToolRequested(REQUEST), ToolReturned(RESULT), ToolReturned(FAILURE)]
    assert shown("output", *events) == (
        'Wait.\n◯ [tool call] add(x = 1, y = "two")\n● #> 3\n■ #> Error: no such number\n'
    )


def test_tool_lines_in_colour():
    written = shown("output", ToolRequested(REQUEST), ToolReturned(RESULT), ToolReturned(FAILURE), stream=Screen())
    assert written == (
        '\x1b[34m◯ [tool call]\x1b[39m add(x = 1, y = "two")\n'
        "\x1b[32m●\x1b[39m #> \x1b[3m3\x1b[23m\n"
        "\x1b[31m■\x1b[39m #> \x1b[31mError: no such number\x1b[39m\n"
    )


def test_results_of_many_lines_show_five():
    result = ContentToolResult("one\ntwo\n\n\tfour\nfive\nsix\nseven")
    assert shown("output", ToolReturned(result)) == ("● #> one\n  #> two\n  #>\n  #>     four\n  #> five\n  #> …\n")
    assert shown("output", ToolReturned(ContentToolResult("1\n2\n3\n4\n5\n"))).count("\n") == 5


def test_long_lines_are_cut_to_the_width():
    request = ContentToolRequest("c", "f", {"x": "y" * 100})
    lines = shown("output", ToolRequested(request), ToolReturned(ContentToolResult("z" * 100))).split("\n")
    assert [len(line) for line in lines] == [60, 60, 0]
    assert all(line.endswith("…") for line in lines[:2])


@pytest.mark.parametrize(
    ("value", "preview"),
    [(None, "null"), ({"a": [1, "é"]}, '{"a": [1, "é"]}'), ("text", "text"), (object(), "(preview not available)")],
)
def test_results_without_a_wording_of_their_own(value, preview):
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
def test_calls_are_shown_on_one_line_as_they_are(request_, call):
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


def test_retrying_is_one_dim_line():
    event = Retrying(2, 1.5, "busy\r\n  (503)")
    assert shown("output", event) == "Attempt 2 failed, trying again in 1.5 s: busy (503)\n"
    assert shown("all", event, stream=Screen()) == (
        "\x1b[2mAttempt 2 failed, trying again in 1.5 s: busy (503)\x1b[22m\n"
    )


@pytest.mark.parametrize("mode", ["output", "all"])
def test_pieces_of_tool_input_show_nothing(mode):
    assert shown(mode, ToolInputDelta(0, "c", "f", '{"x"')) == ""


def test_close_ends_an_unfinished_line_once_and_undims():
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


# Where lines go


def test_in_a_script_the_pipe_gets_the_answer_alone(capsys):
    screen = display("output")
    for event in (*text("Wait."), ToolRequested(REQUEST), ToolReturned(RESULT), Retrying(1, 1, "busy")):
        screen.show(event)
    out, err = capsys.readouterr()
    assert out == "Wait.\n"
    assert err.count("\n") == 3


def test_at_a_prompt_and_on_a_terminal_everything_goes_to_stdout(capsys, monkeypatch):
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    screen = display("output")
    screen.show(ToolRequested(REQUEST))
    monkeypatch.delattr(sys, "ps1")
    assert capsys.readouterr().out.startswith("◯")
    with contextlib.redirect_stdout(Screen()) as terminal:
        screen.show(ToolReturned(RESULT))
    assert "3" in terminal.getvalue()
    assert capsys.readouterr().err == ""


# Mode "all"


def test_all_shows_both_sides_and_each_result_once():
    assert shown(
        "all",
        TurnStarted(UserTurn(["1 + two?\n\nQuick.", ContentImageRemote("https://a.example/b.png")])),
        ThinkingDelta("Hm"),
        TurnEnded(CALL),
        ToolRequested(REQUEST),
        ToolReturned(RESULT),
        ToolReturned(FAILURE),
        TurnStarted(UserTurn([RESULT, FAILURE, ContentText("")])),
        *text("It is\n3."),
        TurnEnded(ANSWER),
    ) == (
        "> 1 + two?\n> \n> Quick.\n> [remote image]: https://a.example/b.png\n"
        "< <thinking>\n< Hm\n< </thinking>\n"
        '< [tool request (call_1)]: add(x = 1, y = "two")\n'
        "> [tool result (call_1)]: 3\n"
        "> [tool result (call_1)]: Error: no such number\n"
        "< It is\n< 3.\n"
    )


def test_all_shows_results_that_were_not_told_before():
    later = UserTurn([RESULT])
    assert shown("all", ToolReturned(RESULT), TurnStarted(later), TurnStarted(later)).count("tool result") == 2


def test_all_on_a_terminal_wraps_with_the_prefix_and_reddens_failures():
    written = shown(
        "all",
        TurnStarted(UserTurn("word " * 14)),
        ToolReturned(FAILURE),
        ThinkingDelta("Hm"),
        *text("word " * 14),
        stream=Screen(),
    )
    assert "\x1b[31m> [tool result (call_1)]: Error: no such number\x1b[39m\n" in written
    assert "\x1b[2m< Hm\n\x1b[22m< \n< word" in written
    lines = own(written).split("\n")
    assert lines.pop() == ""
    assert all(len(line) <= 60 and line[:2] in ("> ", "< ") for line in lines)


# What the model sends


def hostile(payload):
    request = ContentToolRequest(payload, payload, {payload: payload})
    return [
        TurnStarted(UserTurn(payload)),
        Retrying(1, 1, payload),
        ThinkingDelta(payload),
        TextDelta(payload),
        TurnEnded(AssistantTurn((request,))),
        ToolRequested(request),
        ToolRequested(ContentToolRequest(payload, payload, None, raw=payload)),
        ToolReturned(ContentToolResult(text=payload, request=request)),
        ToolReturned(ContentToolResult({payload: payload})),
        ToolReturned(ContentToolResult(error=payload, request=request)),
    ]


@pytest.mark.parametrize("mode", ["output", "all"])
def test_K1_F24_payload_everywhere_it_could_be(mode, payload):
    written = own(shown(mode, *hostile(payload), stream=Screen()))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", written)


@pytest.mark.parametrize("kind", [TextDelta, ThinkingDelta])
@pytest.mark.parametrize("screen", [Screen, io.StringIO])
def test_K1_payload_byte_by_byte_gives_the_same(payload, kind, screen):
    whole = shown("output", kind(payload), stream=screen())
    assert shown("output", *map(kind, payload), stream=screen()) == whole


@pytest.mark.parametrize("words", ["a < b & c", "[bold]x[/bold]", "{x} {0}", "%s %d", "C:\\new\\t", "`*_~", "<b>&lt;"])
def test_K8_text_is_shown_literally(words):
    for mode in ("output", "all"):
        assert words in shown(mode, TextDelta(words), stream=Screen())
        assert words in shown(mode, ToolReturned(ContentToolResult(words)))


@given(st.lists(st.tuples(st.sampled_from([TextDelta, ThinkingDelta]), st.text("ab \n\x1b\r", max_size=30))), st.data())
def test_any_split_of_the_deltas_gives_the_same_bytes(pieces, data):
    split = []
    for kind, words in pieces:
        at = data.draw(st.integers(0, len(words)))
        split += [kind(words[:at]), kind(words[at:])]
    for screen in (Screen, io.StringIO):
        for mode in ("output", "all"):
            whole = shown(mode, *[kind(words) for kind, words in pieces], stream=screen())
            assert shown(mode, *split, stream=screen()) == whole


@pytest.mark.parametrize("delta", ["word ", "*", "`"])
def test_K5_twice_the_deltas_cost_twice_the_time(delta):
    def seconds(count):
        events = [TextDelta(delta)] * count
        screen = display("output", Screen())
        begun = time.process_time()
        for event in events:
            screen.show(event)
        return time.process_time() - begun

    seconds(2000)
    assert min(seconds(4000) for _ in range(7)) < 2.5 * min(seconds(2000) for _ in range(7))
