"""Streamed Markdown is cut at the ends of its top-level blocks, each given once."""

import sys

import pytest

from chatkit._render.blocks import Blocks


def cut(text, size=None):
    """The blocks of a text that comes in pieces of so many characters."""
    blocks = Blocks()
    size = size or len(text) or 1
    found = [block for at in range(0, len(text), size) for block in blocks.feed(text[at : at + size])]
    return found + blocks.finish()


CASES = {
    "nothing": [],
    "a word": ["word"],
    "paragraphs": ["one\ntwo\n\n", "three\n\n", "\nfour"],
    "CRLF": ["one\r\ntwo\r\n\r\n", "# three\r\n", "four\r\n"],
    "headings": ["# one\n", "##\n", "  ### three ###\n", "#hashtag\n    # as text\n", "# in\n", "####### seven\n"],
    "underlined headings": ["one\n===\n", "two\nlines\n---\n", "three\n   =\n", "four"],
    "rules": ["---\n", "* * *\n", " ___\n", "- - -\n", "text\n", "***\n", "--\n"],
    "blank lines before": ["\n  \n# one\n", "\n\ntwo\n\n", "\t\n"],
    "fences": ["```\na\n\nb\n```\n", "~~~ py\n```\n~~~~\n", "text\n", "``` x\ny\n```\n", "after\n"],
    "a longer fence holds shorter ones": ["````md\n```\na\n```\n````\n", "after\n"],
    "a fence with words behind it ends nothing": ["```\na\n``` b\n```\n", "c\n"],
    "an indented fence": ["  ```\n  a\n      ```\n   ```\n", "b\n"],
    "an unclosed fence": ["```\na\n# no heading\n\n- no item"],
    "backticks within a line are no fence": ["```a``` b\nc\n"],
    "a tilde fence may have backticks": ["~~~ `a`\nb\n~~~\n", "c\n"],
    "tables": ["| a | b |\n|---|---|\n| 1 | 2 |\n\n", "c\n", "# d\n"],
    "a quotation": ["> one\n> two\nlazy\n\n", "three\n"],
    "an empty quotation": [">\n", "not lazy\n", "> a\n>\n", "not lazy\n"],
    "a quotation after text": ["text\n", "> one\n", "# two\n"],
    "a quotation with a fence": ["> ```\n> a\n", "not lazy\n\n", "> ~~~\n> b\n> ~~~\nlazy\n\n"],
    "items": ["- one\n", "- two\nlazy\n", "* three\n", "+ four\n", "1. five\n", "2) six\n"],
    "items with more in them": ["- one\n\n  more\n\n      code\n", "3. three\n   a\n\n", "b"],
    "items with lists in them": ["- one\n  - inner\n    - inmost\n\n  - inner\n", "- two\n  1. inner\n"],
    "an item with a fence": ["- one\n  ```\n  # a\n  - b\n  ```\n  c\n", "- ```\n  d\n", "out\n"],
    "an item's fence is not lazy": ["1. ~~~\n", "text\n"],
    "loose items": ["- one\n\n", "- two\n\n\n", "text\n"],
    "empty items": ["-\n  one\n", "1.\n", "- \n", "text\n", "- two\n"],
    "items that interrupt": ["text\n", "- a\n\n", "text\n", "1. a\n\n", "text\n2. not\n10. not\n*\n"],
    "items with tabs": ["-\tone\n\ttwo\n", "1.\tthree\n\n\tfour\nlazy\n\n", "five\n"],
    "an item that begins with code": ["-      code\n  text\n", "-\tb\n\t- c\n"],
    "indented code": ["    a\n\n    b\n\n", "c\n    d\n\n", "\te\n", "f\n    g\n\n", "  \th\n"],
    "HTML": ["<div>\n# a\n</div>\n\n", "</p>\ntext\n\n", "<details\nopen>\n\n", "b\n", ],
    "HTML over blank lines": ["<!-- a\n\nb -->\n", "c\n", "<script>\n\nx\n</script>\n", "<PRE\n\n</pre> d\n"],
    "HTML of other kinds": ["<?a\n\n?>\n", "<![CDATA[\n\n]]>\n", "<!DOCTYPE html>\n", "text\n", "<div\n\n"],
    "an element alone in its line": ["<b class='c'>\n# a\n\n", "</b >\n```\n\n", "text\n<b>\n", "# d\n"],
    "HTML that ends where it begins": ["<!-- a -->\n", "b\n\n", "<pre>a</pre>\n", "c\n"],
    "no HTML": ["<https://example.org>\ntext\n", "# a\n", "a <b>\n"],
    "headings after everything": ["- a\n", "# b\n", "> c\n", "# d\n", "    e\n", "# f\n", "<i>\n\n", "# g\n"],
}  # fmt: skip


@pytest.mark.parametrize("blocks", CASES.values(), ids=CASES)
def test_blocks_end_where_they_end(blocks):
    assert cut("".join(blocks)) == blocks


@pytest.mark.parametrize("blocks", CASES.values(), ids=CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_however_the_text_comes_the_blocks_are_the_same(blocks, size):
    assert cut("".join(blocks), size) == blocks


def test_the_tail_is_what_is_not_finished():
    blocks = Blocks()
    assert blocks.tail == ""
    assert blocks.feed("one\ntw") == []
    assert blocks.tail == "one\ntw"
    assert blocks.feed("o\n\nthr") == ["one\ntwo\n\n"]
    assert blocks.tail == "thr"
    assert blocks.feed("") == []
    assert blocks.finish() == ["thr"]
    assert blocks.tail == ""
    assert blocks.finish() == []


def test_a_list_gives_its_items_one_by_one():
    blocks = Blocks()
    assert blocks.feed("1. one\n") == []
    assert blocks.feed("2. two\n") == ["1. one\n"]
    assert blocks.feed("\n") == []
    assert blocks.feed("text") == []
    assert blocks.feed("\n") == ["2. two\n\n"]


def test_after_finish_another_text_may_come():
    blocks = Blocks()
    blocks.feed("```\nopen")
    assert blocks.finish() == ["```\nopen"]
    assert blocks.info is None
    assert blocks.feed("# one\n") == ["# one\n"]


def test_code_is_given_line_by_line():
    blocks = Blocks()
    assert blocks.code_lines() == []
    blocks.feed("\ntext\n\n")
    assert blocks.info is None
    blocks.feed("\n  ```python title\n")
    assert (blocks.info, blocks.code_lines()) == ("python title", [])
    blocks.feed("  one\n    two\n three\r\n\nfo")
    assert blocks.code_lines() == ["one", "  two", "three", ""]
    assert blocks.code_lines() == []
    blocks.feed("ur\n")
    assert blocks.code_lines() == ["four"]
    assert blocks.feed("```\n") == ["\n  ```python title\n  one\n    two\n three\r\n\nfour\n```\n"]
    assert (blocks.info, blocks.code_lines()) == (None, [])


def test_the_last_lines_of_a_fence_are_asked_for_before_it_ends():
    blocks = Blocks()
    lines = []
    for piece in ["~~~\na\nb", "\n", "c\n", "~~~\n"]:
        blocks.feed(piece)
        lines += blocks.code_lines()
    assert lines == ["a", "b", "c"]
    blocks.feed("```\nagain\n")
    assert blocks.info == ""
    assert blocks.code_lines() == ["again"]


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("", False),
        ("  ", False),
        ("word", True),
        ("# heading", False),
        ("- item", False),
        ("```", False),
        ("one\n", True),
        ("one\nand", True),
        ("one\n# heading", False),
        ("one\n> quotation", False),
        ("one\n\n", False),
        ("> quotation\n", False),
        ("---\n", False),
        ("<div>\n", False),
    ],
)
def test_whether_what_comes_last_is_a_paragraph(text, inside):
    blocks = Blocks()
    blocks.feed(text)
    assert blocks.in_paragraph is inside


def test_a_very_long_line_is_not_read_to_tell_what_it_is():
    blocks = Blocks()
    for _ in range(1000):
        blocks.feed("word " * 50)
    assert blocks.in_paragraph


@pytest.mark.parametrize(
    "line",
    [
        "word\n",
        "- item\n",
        "> quotation\n",
        "    code\n",
        "```\ncode\n",
        "<div>\n",
        "- a\n\n  b\n",
        "| a | b |\n",
        "\n",
    ],
)
def test_the_cost_is_linear(line):
    pieces = [line[at : at + 3] for at in range(0, len(line), 3)]
    small, big = (calls(feed_all, pieces * count) for count in (100, 400))
    assert big < 4.4 * small


def calls(function, *given):
    """How many functions are called, those of C and generators that go on among them."""
    count = 0

    def note(frame, event, what):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function(*given)
    finally:
        sys.setprofile(before)
    return count


def feed_all(pieces):
    blocks = Blocks()
    for piece in pieces:
        blocks.feed(piece)
        blocks.code_lines()
    blocks.finish()
