"""Markdown for notebooks: safe for every viewer, and still what was said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chatkit._render.harmless import harmless, words
from chatkit._render.markup import markdown_to_html

PIECES = st.sampled_from(
    [
        *"`!()[]<&:->*|#$\\\t\n\r\u2028\x0c",
        "``",
        "```",
        "~~~",
        "\n\n",
        "<b>",
        "<script>",
        "</pre>",
        "![",
        "](",
        "]:",
        "&lt;",
        "javascript:",
        "https://a.b/",
        "a",
        "1. ",
        "<!--",
        "-->",
        "$$",
    ]
) | st.sampled_from([" ", "    ", "  ", "\n- ", "\n> ", "\n  ", "[a]: javascript:x\n", "[a](data:x)"])


@pytest.mark.parametrize(
    "text",
    [
        "# Title\n\nSome *words*, `code` and [a link](https://example.org/).",
        "a < b, x <= y, 1 << 2 and c > d",
        "1. one\n   ```python\n   a[0] = b < c\n   ```\n2. two",
        "| a | b |\n|---|--:|\n| 1 | 2 |",
        "[mail](mailto:a@b.c) and [ref][r]\n\n[r]: https://example.org",
        "$x_1 < 2$ and \\(y\\)",
        "",
    ],
)
def test_ordinary_markdown_is_left_as_it_is(text):
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("x <b>bold</b>", "x &lt;b>bold&lt;/b>"),
        ("\\<b>", "&lt;b>"),
        ("![alt](https://a.b/c.png)", "&#33;[alt](https://a.b/c.png)"),
        ("[a](#part)", "[a&#93;(#part)"),
        ("use `List<int>` here", "use <code>List&#60;int&#62;</code> here"),
        ("``a ` <b>``", "<code>a &#96; &#60;b&#62;</code>"),
        ("`open <b>", "`open &lt;b>"),
        ("a\n```html\n<b>\n```\nc", "a\n\n```html\n<b>\n```\n\nc"),
        ("~~~\n```\n~~~~", "````\n```\n````"),
        ("```` py x=1\n```\n<b>", "````py\n```\n<b>\n````"),
        ("```<b>\n<i>\n```", "```\n<i>\n```"),
    ],
)
def test_what_a_viewer_might_obey_is_shown_instead(text, safe):
    assert harmless(text) == safe


@pytest.mark.parametrize(
    "text",
    [
        "[a]\n\n[a]: javascript:alert(1)",
        "[a]\n\n[a]: /local",
        "see [a]:\tjava\\script:x",
        "[a] ]:  data:x\n\n[a]: https://a.b",
    ],
)
def test_a_text_that_cannot_be_made_safe_piece_by_piece_is_shown_as_written(text):
    assert harmless(text) == f"```\n{text}\n```"


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=40))
def test_nothing_foreign_is_left_in_any_mixture(read, pieces):
    text = "".join(pieces)
    obedient = MarkdownIt("commonmark", {"html": True})
    obedient.validateLink = lambda url: True
    for tag, _ in read(obedient.render(harmless(text))).seen + read(markdown_to_html(text)).seen:
        assert tag not in ("img", "details")


@given(st.text())
def test_a_title_is_words_on_one_line(text):
    title = words(text)
    html = MarkdownIt("commonmark", {"html": True}).renderInline(title)
    assert "\n" not in title
    assert "<" not in html
