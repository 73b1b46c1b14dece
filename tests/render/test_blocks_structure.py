"""Blocks that are read one by one have the structure that the whole text has, for the Markdown that models write."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatkit._render.blocks import Blocks
from chatkit._render.markup import new_parser

_PARSER = new_parser(html=True)
_WORDS = st.sampled_from(
    ["One thing", "with **bold** words", "and `code`, too", "a [link](https://example.org)", "1986 was it", "*so*"]
)
_SENTENCE = st.lists(_WORDS, min_size=1, max_size=3).map(" ".join)
_PARAGRAPH = st.lists(_SENTENCE, min_size=1, max_size=3).map("\n".join)
_CODE = st.lists(st.sampled_from(["x = 1", "", "# no heading", "- no item", "    deep"]), max_size=4)


def fenced(code, mark="```python", end="```"):
    return "\n".join([mark, *code, end])


def indented(text, columns):
    return "\n".join(" " * columns + line if line else "" for line in text.split("\n"))


def item(mark, parts):
    return mark + indented("\n\n".join(parts), len(mark))[len(mark) :]


def listed(items, ordered, gap):
    marks = [f"{place}. " if ordered else "- " for place in range(1, len(items) + 1)]
    return ("\n\n" if gap else "\n").join(item(mark, parts) for mark, parts in zip(marks, items, strict=True))


def lists_of(part):
    items = st.lists(st.tuples(_PARAGRAPH, part), min_size=1, max_size=3)
    return st.builds(listed, items, st.booleans(), st.booleans())


_FENCE = st.one_of(_CODE.map(fenced), _CODE.map(lambda code: fenced(code, "~~~~", "~~~~")))
_LIST = lists_of(st.one_of(_FENCE, _PARAGRAPH, lists_of(_PARAGRAPH)))
_QUOTE = st.one_of(_PARAGRAPH, _LIST, _FENCE).map(lambda text: "> " + text.replace("\n", "\n> "))
_TABLE = st.lists(_WORDS, min_size=1, max_size=3).map(
    lambda rows: "\n".join(["| a | b |", "|---|--:|", *(f"| {row} | 1 |" for row in rows)])
)
_HEADING = st.one_of(_WORDS.map("## {}".format), _WORDS.map("{}\n---".format))
_ORDINARY = st.lists(
    st.one_of(_PARAGRAPH, _FENCE, _LIST, _QUOTE, _TABLE, _HEADING, st.just("---"), st.just("<div>\n*raw*\n</div>")),
    min_size=1,
    max_size=5,
).map("\n\n".join)


def structure(text):
    """Everything but where lists begin and end, and whether their items stand apart."""
    return [
        (token.type, token.tag, token.info, token.content)
        for token in _PARSER.parse(text)
        if token.type not in {f"{kind}_list_{end}" for kind in ("bullet", "ordered") for end in ("open", "close")}
    ]


def one_by_one(text):
    blocks = Blocks()
    return [token for block in [*blocks.feed(text), *blocks.finish()] for token in structure(block)]


@given(_ORDINARY)
@example("Text\n- item\n  1. one\n  2. two\n- other\n\n# Heading\nText")
@example("| a |\n|---|\n| 1 |\n> quote\nlazy\n\n* * *\n1. one\n```\ncode\n```")
def test_blocks_have_the_structure_of_the_whole(text):
    assert one_by_one(text) == structure(text)


# What cannot be told from a block by itself, or not by its lines. It is shown all the same, only otherwise.
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("[a] there.\n\n[a]: http://b.c", "[a] there.", id="a link that is defined elsewhere stays text"),
        pytest.param("> - item\nlazy > text", "lazy > text", id="a quotation goes on lazily"),
        pytest.param("- # heading\ntext", "text", id="no paragraph that could go on"),
    ],
)
def test_the_known_exceptions_lose_nothing(text, shown):
    assert any(shown in content for _, _, _, content in one_by_one(text))
