"""Warnings of what nobody would see otherwise: answers cut short, and tools that failed."""

from __future__ import annotations

import io
import sys
import warnings

import pytest

from chatkit._display.choosing import display
from chatkit._display.watching import Watcher
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.events import TextDelta, ToolReturned, TurnEnded
from chatkit._turns.turns import AssistantTurn
from chatkit._warnings import FinishReasonWarning, ToolFailureWarning


def ended(reason, text="a"):
    return TurnEnded(AssistantTurn(text, finish_reason=reason))


def returned(error="It failed.", name="add", key="c1"):
    request = ContentToolRequest(key, name, {})
    return ToolReturned(ContentToolResult("4" if error is None else None, error, request=request, text=error or "4"))


def failures(*events):
    """The warnings at the end of a call."""
    watcher = Watcher(None)
    for event in events:
        watcher.feed(event)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        watcher.close()
        watcher.close()
    assert all(item.category is ToolFailureWarning for item in caught)
    return [str(item.message) for item in caught]


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "unknown", None])
def test_an_answer_that_ended_well_is_not_warned_of(reason):
    Watcher(None).feed(ended(reason))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("length", "cut off at max_tokens or at the end of the model's context"),
        ("content_filter", "ended by a content filter, or is a refusal"),
        ("insufficient_system_resource", "finish reason 'insufficient_system_resource'"),
        ("", "finish reason ''"),
    ],
)
@pytest.mark.parametrize("shown", [True, False])
def test_an_answer_that_was_cut_short_is_warned_of(reason, words, shown):
    watcher = Watcher(display("output", io.StringIO()) if shown else None)
    with pytest.warns(FinishReasonWarning, match=words) as caught:
        watcher.feed(ended(reason))
    assert len(caught) == 1


def test_a_finish_reason_is_sanitised(payload):
    with pytest.warns(FinishReasonWarning) as caught:
        Watcher(None).feed(ended(f"x{payload}"))
    text = str(caught[0].message)
    assert text.isprintable()
    assert text.startswith("The answer ended with the finish reason 'x")


def test_no_failure_no_warning():
    assert failures() == []
    assert failures(returned(None), TextDelta("a")) == []


def test_one_failure():
    assert failures(returned("It failed.")) == ["1 tool call failed: [add (c1)]: It failed."]


def test_the_first_three_are_shown_and_the_others_counted():
    events = [returned(f"No {number}", key=f"c{number}") for number in range(5)]
    shown = "[add (c0)]: No 0; [add (c1)]: No 1; [add (c2)]: No 2"
    assert failures(*events[:3], returned(None)) == [f"3 tool calls failed: {shown}."]
    assert failures(*events) == [f"5 tool calls failed: {shown}; and 2 more."]


def test_lines_are_joined():
    error = "Tool `add` was not called, its arguments are wrong:\n- a: missing\n- b: no number"
    (text,) = failures(returned(error))
    assert text.endswith("its arguments are wrong: a: missing b: no number.")
    assert failures(returned("one\ntwo")) == ["1 tool call failed: [add (c1)]: one; two."]


def test_failures_are_sanitised(payload):
    (text,) = failures(returned(f"x{payload}", name=f"n{payload}", key=f"k{payload}"))
    assert text.isprintable()


def test_what_is_shown_anyway_is_not_warned_of():
    place = io.StringIO()
    watcher = Watcher(display("all", place))
    watcher.feed(returned("It failed."))
    watcher.feed(ended("stop"))
    watcher.close()
    assert "It failed." in place.getvalue()


def test_events_are_shown():
    place = io.StringIO()
    watcher = Watcher(display("output", place))
    watcher.feed(TextDelta("Hello"))
    watcher.feed(ended("stop", "Hello"))
    watcher.close()
    assert place.getvalue() == "Hello\n"
    assert repr(watcher.reply(watcher.turn)) == "<Reply of 5 characters, shown above>"


def test_the_reply_is_the_last_answer():
    watcher = Watcher(None)
    watcher.feed(ended("tool_calls", "one"))
    watcher.feed(ended("stop", "two"))
    assert (
        watcher.reply(watcher.turn),
        watcher.reply(watcher.turn).turn.finish_reason,
        repr(watcher.reply(watcher.turn)),
    ) == ("two", "stop", "'two'")


def test_a_warning_points_at_the_code_that_called():
    watcher = Watcher(None)
    watcher.feed(returned())
    with pytest.warns() as caught:
        watcher.feed(ended("length"))
        line = sys._getframe().f_lineno - 1
        watcher.close()
    assert [(item.filename, item.lineno) for item in caught] == [(__file__, line), (__file__, line + 2)]


def test_a_warning_points_past_all_of_chatkit():
    inside = {"__name__": "chatkit._chat", "Watcher": Watcher, "ended": ended}
    exec("def verb():\n    Watcher(None).feed(ended('length'))\n", inside)
    outside = {"__name__": "chatkitten", "verb": inside["verb"]}
    exec(compile("def mine():\n    verb()\n", "mine.py", "exec"), outside)
    with pytest.warns(FinishReasonWarning) as caught:
        inside["verb"]()
        outside["mine"]()
    assert [item.filename for item in caught] == [__file__, "mine.py"]
