"""What the model says: text and thinking told apart, whole in their characters, told and kept alike."""

from __future__ import annotations

import pytest

from chatkit._providers.spoken import Spoken, joined, whole_characters
from chatkit._turns.contents import ContentText, ContentThinking
from chatkit._turns.events import TextDelta, ThinkingDelta

SMILE = "\U0001f600"
HIGH, LOW = "\ud83d", "\ude00"


def hear(act):
    """Let something be said; gives what was told and what is kept, which must be the same."""
    spoken, events = Spoken(), []
    act(spoken, events)
    spoken.flush(events)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    thinking = "".join(event.thinking for event in events if isinstance(event, ThinkingDelta))
    kept = [*([ContentThinking(thinking)] if thinking else []), *([ContentText(text)] if text else [])]
    assert spoken.contents() == kept
    assert spoken.size == len(text)
    assert all(event.text if isinstance(event, TextDelta) else event.thinking for event in events)
    return thinking, text


def said(*deltas):
    return hear(lambda spoken, events: [spoken.say(delta, events) for delta in deltas])


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        ([], ("", "")),
        (["", "Hello", " you"], ("", "Hello you")),
        (["ha", "ha", "\n", "\n", "1", "1"], ("", "haha\n\n11")),
        (["<th", "ink>\nHm", "</think>\n\nHello"], ("Hm", "Hello")),
        (["<think>Hm"], ("Hm", "")),
        (["<thi"], ("", "<thi")),
        ([f"<think>{SMILE}</think>{SMILE}"], (SMILE, SMILE)),
    ],
)
def test_deltas(deltas, expected):
    assert said(*deltas) == expected


@pytest.mark.parametrize(
    ("deltas", "text"),
    [
        ([HIGH, LOW], SMILE),
        (["a" + HIGH, LOW + "b"], f"a{SMILE}b"),
        ([HIGH + LOW], SMILE),
        (["a", HIGH, "", LOW], f"a{SMILE}"),
        ([HIGH], "\ufffd"),
        (["a" + HIGH], "a\ufffd"),
        ([HIGH, "a"], "\ufffda"),
        ([HIGH, HIGH, LOW], f"\ufffd{SMILE}"),
        ([LOW], "\ufffd"),
        (["a" + LOW + "b"], "a\ufffdb"),
        (["\udbff", "\udfff"], "\U0010ffff"),
        (["\ud800", "\udc00"], "\U00010000"),
        (["é", "ß"], "éß"),
    ],
)
def test_surrogate_pairs_are_joined_and_halves_replaced(deltas, text):
    assert said(*deltas) == ("", text)
    assert said("<think>", *deltas) == (text, "")


@pytest.mark.parametrize(
    ("deltas", "thinking"),
    [(["\n", "\nHm", "\n"], "Hm\n"), (["Hm", "Hm"], "HmHm"), ([""], ""), ([HIGH], "\ufffd"), ([HIGH + LOW], SMILE)],
)
def test_thoughts_that_come_apart(deltas, thinking):
    assert hear(lambda spoken, events: [spoken.think(delta, events) for delta in deltas]) == (thinking, "")


def test_a_surrogate_pair_in_two_thoughts_is_joined():
    assert hear(lambda spoken, events: [spoken.think(delta, events) for delta in (HIGH, LOW)]) == (SMILE, "")


PARTS = {
    "texts": ([{"type": "text", "text": "a"}, {"type": "output_text", "text": "b"}], ("", "ab")),
    "strings": (["a", "", "b"], ("", "ab")),
    "thinking first": ([{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "a"}], ("Hm", "a")),
    "thinking in parts": (
        [{"type": "thinking", "thinking": [{"type": "text", "text": "H"}, {"type": "text", "text": "m"}]}],
        ("Hm", ""),
    ),
    "reasoning with a summary": ([{"type": "reasoning", "summary": [{"text": "Hm"}]}], ("Hm", "")),
    "empty and strange ones": (
        [{"type": "text", "text": ""}, {"type": "text"}, {"type": "image"}, None, 3, {}, {"text": "a"}, ["a"]],
        ("", ""),
    ),
    "a number as text": ([{"type": "text", "text": 3}], ("", "3")),
    "inline thoughts": ([{"type": "text", "text": "<think>Hm</think>a"}], ("Hm", "a")),
    "none": ([], ("", "")),
}


@pytest.mark.parametrize(("parts", "expected"), PARTS.values(), ids=PARTS)
def test_content_in_parts(parts, expected):
    assert hear(lambda spoken, events: spoken.say_parts(parts, events)) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Hm", "Hm"),
        ({"text": "Hm"}, "Hm"),
        ({"thinking": "Hm", "text": "x"}, "Hm"),
        ({"summary": ["H", "m"]}, "Hm"),
        ([{"text": "H"}, "m"], "Hm"),
        ({}, ""),
        (3, ""),
        (None, ""),
        ([None, 3], ""),
    ],
)
def test_joined_thoughts(value, text):
    assert joined(value) == text


def test_whole_characters():
    assert whole_characters("aé😀") == "aé😀"
    assert whole_characters(HIGH + LOW + "b" + HIGH) == f"{SMILE}b\ufffd"


def test_what_was_held_back_comes_at_the_end_once():
    spoken, events = Spoken(), []
    spoken.say("<thi", events)
    assert events == []
    spoken.flush(events)
    spoken.flush(events)
    assert events == [TextDelta("<thi")]
