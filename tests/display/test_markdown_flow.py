"""Streamed Markdown appears as it comes: code and items line by line, long paragraphs too, and never otherwise."""

import io
import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatkit._display.markdown_echo import MarkdownEcho
from chatkit._turns.events import TextDelta

_SGR = re.compile(r"\x1b\[[0-9;]*m")
_LINES = st.sampled_from(
    [
        "", "Some words, and **some of them are bold**, others *are not*, with `code` between them.", "short",
        "It costs $5 or 5 * 3 or 2*3 and a_b is _one_ name; [a link](https://example.org/a_b_c) leads somewhere, too.",
        "An **unclosed emphasis, `and code, and [a bracket and <b for good measure, which nobody ever ends.",
        "東京は日本の首都であり、世界最大級の都市の一つです。多くの観光客が毎年訪れます。", "a | b", "---|---", "===",
        "- an item that is long enough to be wrapped on a terminal of sixty columns, or so", "1. one", "  deeper",
        "1. two", "# Heading", "```python", "def f(): return 1", "```", "> a quotation", "    code", "---",
        "x  ", "y\\", "<br>",
        "A sentence. " * 12, "one ~~two three four~~ five six seven eight nine ten " * 3, "&amp; \\* \\(a*b*c\\)",
    ]
)  # fmt: skip
_MARKDOWN = st.one_of(st.lists(_LINES, max_size=8).map("\n".join), st.lists(_LINES, max_size=5).map(" ".join))


class Screen(io.StringIO):
    def isatty(self):
        return True


def drawn(*pieces):
    screen = Screen()
    echo = MarkdownEcho(screen)
    for piece in pieces:
        echo.show(TextDelta(piece))
    echo.close()
    return screen.getvalue()


def said(*pieces):
    return _SGR.sub("", drawn(*pieces))


@given(_MARKDOWN, st.integers(1, 40))
@example("A sentence. " * 12 + "\n===\n\nText", 7)
@example("A sentence. " * 12 + "\na | b\n---|---\n1 | 2", 5)
@example("A sentence. " * 12 + "\n- - - - - - - - - - - - - - - - - - - - - -\nText", 3)
def test_any_split_shows_the_same(text, size):
    assert said(*[text[at : at + size] for at in range(0, len(text), size)]) == said(*text)


@given(st.lists(_LINES.filter(lambda line: line.strip(" -|=")), min_size=1, max_size=8).map("\n".join))
def test_no_word_is_lost(text):
    shown = "".join(said(*text).split())
    for word in re.findall(r"[A-Za-z]+|[\u4e00-\u9fff]+", re.sub(r"```\w*|&amp;", "", text)):
        assert word in shown or word == "br"


def growing(text, size=4):
    """What is on the screen after each piece."""
    screen, shown = Screen(), []
    echo = MarkdownEcho(screen)
    for at in range(0, len(text), size):
        echo.show(TextDelta(text[at : at + size]))
        shown.append(screen.getvalue())
    return shown


def longest_wait(text, size=4):
    shown = growing(text, size)
    changes = [0, *[place for place in range(1, len(shown)) if shown[place] != shown[place - 1]], len(shown)]
    return size * max(after - before for before, after in itertools.pairwise(changes))


@pytest.mark.parametrize(
    "text",
    [
        "Words, and **bold ones**, and `code`, and more. " * 40,
        "Words that\nare broken by the model\nwherever it likes to, and so on and on.\n" * 20,
        "東京は日本の首都であり、世界最大級の都市の一つです。多くの観光客が毎年訪れます。" * 10,
        "```\n" + "a line of code\n" * 100,
        "- an item\n" * 100,
        "One [link](https://example.org) and a snake_case name, 3 * 4 is 12. " * 30,
    ],
)
def test_nobody_waits_for_more_than_a_few_lines(text):
    assert longest_wait(text) <= 3 * 60


def test_nothing_that_was_shown_is_touched_again():
    text = (
        "# Heading\n\n"
        + "Words, and **bold ones**. " * 20
        + "\n\n- item\n\n```python\nx = 1\n```\n| a |\n|---|\n| 1 |\n"
    )
    for before, after in itertools.pairwise(growing(text)):
        assert after.startswith(before)


def test_a_paragraph_that_flows_looks_like_one_that_came_whole():
    text = "Words, *and more* words, and `code with *args`, **bold words over lines**, [a link](https://b.c/d). " * 6
    assert said(*text) == said(text)
    assert "bold words over" in said(*text)
    assert "**" not in said(*text)


def test_an_emphasis_that_is_never_closed_is_shown_at_the_end():
    text = "An **unclosed emphasis goes on and on. " * 1 + "Words and words. " * 20
    assert said(*text).split() == text.split()


def test_a_table_under_words_that_flow_is_a_table():
    shown = said(*("A sentence of words. " * 10 + "\na | b\n---|---\n1 | 2\n\nEnd."))
    assert "a │ b\n──┼──\n1 │ 2\n\nEnd.\n" in shown


def test_an_underline_below_words_that_flow_is_not_shown():
    assert "=" not in said(*("A sentence of words. " * 10 + "\n====\n"))


def test_items_count_on_over_blocks():
    shown = said(*"1. one\n1. two\n\n   more\n1. three\n\n7) seven\n7) eight\n\nText\n\n5. five\n- a\n- b\n3. three\n")
    assert shown == (
        "1. one\n2. two\n\n   more\n\n3. three\n\n7) seven\n8) eight\n\nText\n\n5. five\n• a\n• b\n3. three\n".replace(
            ")", "."
        )
    )
