"""Inline thoughts, however they are cut."""

from __future__ import annotations

import time

import pytest

from chatkit._providers.thinking import Split, ThinkSplitter


def split(*deltas):
    """All thinking and all text of some deltas."""
    splitter = ThinkSplitter()
    # Whoever uses it looks at `plain` first.
    pieces = [Split("", delta) if splitter.plain else splitter.feed(delta) for delta in deltas]
    pieces.append(splitter.finish())
    return Split("".join(piece.thinking for piece in pieces), "".join(piece.text for piece in pieces))


WHOLE = {
    "": ("", ""),
    "Hello": ("", "Hello"),
    "<think>Hm</think>Hello": ("Hm", "Hello"),
    "<think>\nHm\n</think>\n\nHello\n": ("\nHm\n", "Hello\n"),
    "\n <think>Hm</think>Hello": ("Hm", "Hello"),
    "<think></think>Hello": ("", "Hello"),
    "<think>Hm</think>": ("Hm", ""),
    "<think>Hm": ("Hm", ""),
    "<think>Hm</thi": ("Hm</thi", ""),
    "<think>a</thinkb</think>c": ("a</thinkb", "c"),
    "<think>a<</think>c": ("a<", "c"),
    "<think>a</</think>c": ("a</", "c"),
    "<think>a < b </ c</think>d": ("a < b </ c", "d"),
    "<think>a</think>b<think>c</think>d": ("a", "b<think>c</think>d"),
    "<think>a</think>b</think>c": ("a", "b</think>c"),
    "Hello <think>Hm</think>": ("", "Hello <think>Hm</think>"),
    "<thinking>Hm</thinking>": ("", "<thinking>Hm</thinking>"),
    "<thi": ("", "<thi"),
    "<": ("", "<"),
    "  ": ("", "  "),
    "  Hello": ("", "  Hello"),
    "</think>Hello": ("", "</think>Hello"),
    "<think>🤔</think>😀": ("🤔", "😀"),
}


@pytest.mark.parametrize(("content", "expected"), WHOLE.items())
def test_a_whole_content(content, expected):
    assert split(content) == expected


@pytest.mark.parametrize(("content", "expected"), WHOLE.items())
def test_every_cut_gives_the_same(content, expected):
    for cut in range(len(content) + 1):
        assert split(content[:cut], content[cut:]) == expected
    assert split(*content) == expected
    for one in range(len(content) + 1):
        for other in range(one, len(content) + 1):
            assert split(content[:one], content[one:other], content[other:]) == expected


def test_thoughts_are_told_as_they_come():
    splitter = ThinkSplitter()
    told = [splitter.feed(delta) for delta in ("<think>", "Hm, ", "well</", "think>\n", "\nHello", " you")]
    assert told == [("", ""), ("Hm, ", ""), ("well", ""), ("", ""), ("", "Hello"), ("", " you")]


def test_content_that_is_plain_by_now_need_not_be_looked_at():
    splitter = ThinkSplitter()
    splitter.feed("<think>Hm")
    assert not splitter.plain
    splitter.feed("</think>\n")
    assert not splitter.plain
    splitter.feed("\nHello")
    assert splitter.plain
    other = ThinkSplitter()
    other.feed("H")
    assert other.plain


def test_finishing_twice_gives_nothing_twice():
    splitter = ThinkSplitter()
    splitter.feed("<thi")
    assert (splitter.finish(), splitter.finish()) == (("", "<thi"), ("", ""))


@pytest.mark.parametrize("content", [" ", "x", "<think>x"])
def test_many_small_deltas_take_linear_time(content):
    begun = time.perf_counter()
    splitter = ThinkSplitter()
    splitter.feed(content[:-1])
    for _ in range(50_000):
        splitter.feed(content[-1])
    splitter.finish()
    assert time.perf_counter() - begun < 5
