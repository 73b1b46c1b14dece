"""Markdown of contents, turns and rounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._render.markdown import contents_markdown
from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, Round, UserTurn

CALL = ContentToolRequest("1", "add", {"x": 1, "y": [2]})


@pytest.mark.parametrize(
    ("content", "markdown"),
    [
        (ContentText("**a** <b>"), "**a** <b>"),
        (ContentThinking("one\r\ntwo\rthree"), "> **Thinking**\n>\n> one\n> two\n> three"),
        (ContentJson([1], "[1]"), "```json\n[1]\n```"),
        (ContentImageRemote("https://a.b/c"), "**Image:** [`https://a.b/c`](https://a.b/c)"),
        (ContentImageRemote("javascript:x"), "**Image:** `javascript:x`"),
        (ContentImageInline("image/png", "QUJD"), "![Image](data:image/png;base64,QUJD)"),
        (ContentImageInline("image/svg+xml", "QUJD"), "**Image:** `image/svg+xml` (`3 bytes`)"),
        (ContentImageInline("image/png", "QUJD)"), "**Image:** `image/png` (`3 bytes`)"),
        (
            ContentDocument("application/pdf", "A" * 8000, "a b.pdf"),
            "**Document:** `a b.pdf` (`application/pdf, 6.0 kB`)",
        ),
        (ContentDocument("text/csv", "A" * 4_000_000, "a`b\nc"), "**Document:** ``a`b c`` (`text/csv, 3.0 MB`)"),
        (ContentDocumentRemote("https://a.b/(c)", "`"), "**Document:** [`` ` ``](https://a.b/%28c%29)"),
        (ContentAudio("mp3", "QUJD"), "**Audio:** `mp3` (`3 bytes`)"),
        (CALL, '**Tool call:** `add`\n\n```json\n{\n  "x": 1,\n  "y": [\n    2\n  ]\n}\n```'),
        (ContentToolRequest("1", "add", None, "{x"), "**Tool call:** `add`\n\n```\n{x\n```"),
        (ContentToolRequest("1", "", None), "**Tool call**\n\n```\n```"),
        (ContentToolResult("3", request=CALL), "**Tool result:** `add`\n\n```\n3\n```"),
        (ContentToolResult({"a": "ä"}), '**Tool result**\n\n```json\n{\n  "a": "ä"\n}\n```'),
        (ContentToolResult(object()), "**Tool result**\n\n```json\n(cannot be shown)\n```"),
        (ContentToolResult(1, text="one\n", request=CALL), "**Tool result:** `add`\n\n```\none\n```"),
        (ContentToolResult(error="no", request=CALL), "**Tool error:** `add`\n\n```\nno\n```"),
        (
            ContentToolResult("x", attachments=(ContentImageInline("image/gif", "QQ=="), ContentAudio("wav", ""))),
            "**Tool result**\n\n```\nx\n```\n\n![Image](data:image/gif;base64,QQ==)\n\n**Audio:** `wav` (`0 bytes`)",
        ),
    ],
)
def test_each_content_has_its_form(content, markdown):
    assert contents_markdown(content) == markdown


def test_parts_are_joined_by_blank_lines():
    assert contents_markdown(AssistantTurn((ContentText("a"), ContentThinking(""), ContentText("b")))) == "a\n\nb"


@pytest.mark.parametrize("level", [1, 2, 6])
def test_a_round_has_headings_of_the_level_asked_for(level):
    marks = "#" * level
    whole = Round((UserTurn("1 + 2?"),), (AssistantTurn((CALL,)), UserTurn([ContentToolResult(3, request=CALL)])))
    lines = contents_markdown(whole, heading_level=level).splitlines()
    assert [line for line in lines if line.startswith("#")] == [f"{marks} User", f"{marks} Assistant", f"{marks} Tool"]


def test_a_partial_answer_says_why_it_broke_off():
    turns = [AssistantTurn("Once", interrupted="stopped `here` again")]
    assert contents_markdown(turns) == "## Assistant\n\nOnce\n\n**Broke off:** ``stopped `here` again``"


@pytest.mark.parametrize("text", ["a\n```py\nb", "a\n```py\nb\n", "~~~~\n~~~\n```"])
def test_a_fence_left_open_does_not_swallow_what_follows(text):
    markdown = contents_markdown([AssistantTurn(text, interrupted="stopped"), UserTurn("Go on.")])
    mark = "~~~~" if "~" in text else "```"
    assert f"## Assistant\n\n{text.rstrip(chr(10))}\n{mark}\n\n**Broke off:**" in markdown


@pytest.mark.parametrize("text", ["```\na\n```", "```a`b```\nc", "````\n```\n````", "    ```\n", "```\n~~~\n```  \r\n"])
def test_a_text_without_an_open_fence_gets_nothing_added(text):
    assert contents_markdown(ContentText(text)) == text


def test_a_fence_is_longer_than_any_inside():
    assert contents_markdown(ContentToolResult("```\n````\n")) == "**Tool result**\n\n`````\n```\n````\n`````"


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1) | st.sampled_from(["```\n", "~~~", "# a", "\r"])))
def test_every_text_stands_in_it_exactly(texts):
    markdown = contents_markdown([UserTurn(text) for text in texts])
    at = 0
    for text in texts:
        found = markdown.find(f"## User\n\n{text}", at)
        assert found >= at
        at = found + len(text)
