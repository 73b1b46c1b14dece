"""The notebook: valid, the same every time, and nothing to run."""

from __future__ import annotations

import json

import nbformat
import pytest

from chatkit._render.export import render_export
from chatkit._turns.contents import (
    ContentImageInline,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, SystemTurn, Usage, UserTurn


def book(turns, title="Chat"):
    made = nbformat.reads(render_export(".ipynb", turns, title=title), as_version=nbformat.NO_CONVERT)
    nbformat.validate(made)
    assert (made.nbformat, made.nbformat_minor) == (4, 5)
    return made


def test_each_turn_is_a_markdown_cell_under_a_heading():
    made = book([SystemTurn("Be brief."), UserTurn("Hi"), AssistantTurn("Hello")], title="A *talk*")
    assert [cell.source for cell in made.cells] == [
        "# A \\*talk\\*",
        "## System\n\nBe brief.",
        "## User\n\nHi",
        "## Assistant\n\nHello",
    ]
    assert [cell.metadata.get("chatkit", {}).get("role") for cell in made.cells] == [
        None,
        "system",
        "user",
        "assistant",
    ]


def test_cell_ids_are_the_same_every_time():
    turns = [UserTurn("Hi"), AssistantTurn("Hello")]
    assert [cell.id for cell in book(turns).cells] == ["title", "turn-1", "turn-2"]
    assert render_export(".ipynb", turns) == render_export(".ipynb", turns)


def test_code_that_a_model_wrote_cannot_be_run():
    made = book([AssistantTurn("```python\nprint(1)\n```")])
    assert {cell.cell_type for cell in made.cells} == {"markdown"}
    assert made.cells[1].source == "## Assistant\n\n```python\nprint(1)\n```"


def test_thinking_and_tool_calls_can_be_unfolded():
    call = ContentToolRequest("1", "a<b", {"x": 1})
    turns = [
        AssistantTurn((ContentThinking("hm <b>"), call)),
        UserTurn([ContentToolResult("1\n", request=call), ContentToolResult(error="no")]),
    ]
    asked, answered = [cell.source for cell in book(turns).cells[1:]]
    assert "<details>\n<summary>Thinking</summary>\n\nhm &lt;b>\n\n</details>" in asked
    assert "<summary>Tool call: <code>a&lt;b</code></summary>\n\n```json\n" in asked
    assert "<summary>Tool result: <code>a&lt;b</code></summary>\n\n```\n1\n```\n\n</details>" in answered
    assert "<summary>Tool error</summary>\n\n```\nno\n```" in answered
    assert answered.startswith("## Tool\n")


def test_images_are_attachments_of_their_cell(pixel):
    images = (ContentImageInline("image/png", pixel), ContentImageInline("image/jpeg", "QUJD"))
    made = book(
        [UserTurn(["a", *images]), UserTurn(["b", images[0]]), UserTurn([ContentImageInline("text/html", "QQ")])]
    )
    first, second, third = made.cells[1:]
    assert first.attachments == {"image-1.png": {"image/png": pixel}, "image-2.jpeg": {"image/jpeg": "QUJD"}}
    assert "![Image](attachment:image-2.jpeg)" in first.source
    assert second.attachments == {"image-1.png": {"image/png": pixel}}
    assert "attachments" not in third
    assert "text/html" in third.source


def test_what_is_known_of_an_answer_stands_under_it():
    source = book([AssistantTurn("a", model="x_y", usage=Usage(1, 2), cost=0.5)]).cells[1].source
    assert source.endswith("\n\n<sub>x\\_y · 1 token in · 2 tokens out · \\$0.50</sub>")


@pytest.mark.parametrize("text", ["Grüße 👋", "a\r\nb\rc", "\u2028 \x0c x", "# a\n- b\n"])
def test_texts_survive_the_json(text):
    raw = json.loads(render_export(".ipynb", [UserTurn([ContentText(text)])]))
    assert "".join(raw["cells"][1]["source"]) == f"## User\n\n{text.rstrip(chr(10))}"
