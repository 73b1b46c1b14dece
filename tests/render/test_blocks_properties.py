"""Blocks of streamed Markdown against the whole text, and against what markdown-it reads in it."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from chatkit._render.blocks import Blocks
from chatkit._render.markup import new_parser

PARSER = new_parser(html=True)
LINES = st.sampled_from(
    [
        "",
        " ",
        "word",
        "two words",
        "    indented",
        "\tafter a tab",
        "  a little",
        "# heading",
        "#no heading",
        "===",
        "---",
        "***",
        "- item",
        "* item",
        "-",
        "  - inner",
        "    - inmost",
        "1. item",
        "2. item",
        "3) item",
        "1.\titem",
        "   of the item",
        "> quotation",
        ">",
        "> - item",
        "> ```",
        "```",
        "```py",
        "~~~",
        "  ```",
        "````",
        "| a | b |",
        "|---|:-:|",
        "<div>",
        "</div>",
        "<!-- comment",
        "-->",
        "<pre>",
        "</pre>",
        "<b>bold</b>",
        "a <br> b",
    ]
)
TEXTS = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\n", "\n", "\r\n"])).map("".join)).map("".join)


def cut(pieces):
    blocks = Blocks()
    return [block for piece in pieces for block in blocks.feed(piece)] + blocks.finish()


def pieces_of(data, text):
    places = data.draw(st.lists(st.integers(0, len(text)), max_size=20))
    places = [0, *sorted(places), len(text)]
    return [text[begin:end] for begin, end in itertools.pairwise(places)]


@given(st.one_of(st.text(), st.text("`~-*+#>|1. \t\n\r<!a"), TEXTS), st.data())
def test_nothing_is_lost_and_any_split_gives_the_same_blocks(text, data):
    pieces = pieces_of(data, text)
    found = cut(pieces)
    assert "".join(found) == text
    assert found == cut([text])
    assert found == cut(text)
    assert "" not in found


@given(TEXTS, st.data())
def test_what_was_given_and_the_tail_are_what_was_fed(text, data):
    blocks, given_, fed = Blocks(), "", ""
    for piece in pieces_of(data, text):
        fed += piece
        given_ += "".join(blocks.feed(piece))
        assert given_ + blocks.tail == fed


@given(TEXTS, st.data())
def test_the_lines_of_code_are_those_of_the_fence(text, data):
    blocks, lines, found = Blocks(), [], []
    for piece in [*pieces_of(data, text), "\n"]:
        for line in piece.splitlines(keepends=True):
            for block in blocks.feed(line):
                found.append((block, lines))
                lines = []
            lines += blocks.code_lines()
    for block, code in found:
        tokens = PARSER.parse(block)
        if [token.type for token in tokens] == ["fence"]:
            assert "\n".join([*code, ""]) == tokens[0].content or not (tokens[0].content or code)


ORDINARY = st.lists(
    st.sampled_from(
        [
            "A paragraph with *words* in it,\nover two lines.\n\n",
            "A paragraph\n",
            "# A heading\n",
            "## A heading\n\n",
            "A heading\n=========\n\n",
            "A heading\n---\n",
            "---\n\n",
            "```python\ndef f():\n\n    return 1\n```\n",
            "~~~\n# no heading\n- no item\n~~~\n\n",
            "````md\n```\ncode\n```\n````\n",
            "- one\n- two\n- three\n\n",
            "* one\n\n* two\n\n  more of two\n\n",
            "1. one\n2. two\n   - inner\n   - inner\n3. three\n\n",
            "1. one\n   ```sh\n   ls\n\n   pwd\n   ```\n2. two\n\n",
            "- one\n  over lines\nlazily\n- two\n\n",
            "> quotation\n> over lines\nlazily\n\n",
            "> - item\n>\n> ```\n> code\n> ```\n\n",
            "| a | b |\n|---|--:|\n| 1 | 2 |\n| 3 | 4 |\n\n",
            "Table:\n\n| a |\n|---|\n| 1 |\n\n",
            "    indented\n\n    code\n\n",
            "<details>\n<summary>more</summary>\n\nhidden\n\n</details>\n\n",
            "<!-- a comment\n\nover lines -->\n",
            "<b>bold</b> words\n- item\n\n",
            "\n",
        ]
    ),
    max_size=8,
).map("".join)
_LISTS = ("bullet_list_open", "bullet_list_close", "ordered_list_open", "ordered_list_close")


def told(text):
    """What stands in a text, without where it stands; lists are told by their items."""
    return [
        (token.type, token.tag, token.content, token.info) for token in PARSER.parse(text) if token.type not in _LISTS
    ]


@given(ORDINARY)
def test_blocks_read_one_by_one_are_what_the_whole_is(text):
    assert [token for block in cut([text]) for token in told(block)] == told(text)


def test_what_a_block_cannot_know_by_itself():
    elsewhere = "A [link][1].\n\n[1]: https://example.org\n"
    assert "<a " in PARSER.render(elsewhere)
    assert not any("<a " in PARSER.render(block) for block in cut([elsewhere]))
    loose = "- one\n\n- two\n"
    hidden = [token.hidden for block in cut([loose]) for token in PARSER.parse(block) if token.tag == "p"]
    assert hidden == [True] * 4
    assert not any(token.hidden for token in PARSER.parse(loose))
