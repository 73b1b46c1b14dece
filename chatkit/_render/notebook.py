"""A conversation as a Jupyter notebook: one Markdown cell for each turn, and nothing that could be run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from chatkit._render.facts import facts_of
from chatkit._render.harmless import harmless, words
from chatkit._render.markdown import turn_markdown
from chatkit._render.markup import escaped
from chatkit._render.remarks import NONE, Remark, Remarks, remarks_markdown
from chatkit._render.subject import voice
from chatkit._turns.contents import ContentImageInline
from chatkit._turns.turns import Turn


def notebook(turns: Sequence[Turn], title: str, remarks: Remarks = NONE) -> str:
    """The notebook's JSON, in the format nbformat 4.5.

    Code that a model wrote stays in fences: "Run all" must not run what nobody has read. Texts are made safe for
    every viewer, images are attachments of their cell, and cell ids are the same every time.

    Args:
        turns: The turns, oldest first; a system turn among them is shown.
        title: Any text; it is the first cell.
        remarks: What stands below a turn, in its cell.

    Returns:
        JSON, as https://nbformat.readthedocs.io/en/latest/format_description.html has it.
    """
    cells = [_cell("title", f"# {words(title)}", {}, {})]
    cells += [_turn(number, turn, remarks.get(number - 1, ())) for number, turn in enumerate(turns, 1)]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, ensure_ascii=False, indent=1) + "\n"


class Safe:
    """Markdown for a cell: nothing in it is obeyed, tool calls and thinking can be unfolded, images are attachments."""

    def __init__(self) -> None:
        self.attachments: dict[str, dict[str, str]] = {}

    def text(self, text: str) -> str:
        """What was said, without anything that could act."""
        return harmless(text)

    def thoughts(self, text: str) -> str:
        """What a model thought, to be unfolded."""
        return _folded("Thinking", harmless(text))

    def tool(self, label: str, name: str, body: str) -> str:
        """A call or a result, to be unfolded."""
        return _folded(f"{label}: <code>{escaped(' '.join(name.split()))}</code>" if name else label, body)

    def picture(self, kind: str, image: ContentImageInline) -> str:
        """A reference to the attachment that the image becomes."""
        name = f"image-{len(self.attachments) + 1}.{kind}"
        self.attachments[name] = {f"image/{kind}": image.data}
        return f"![Image](attachment:{name})"


def _folded(summary: str, body: str) -> str:
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def _turn(number: int, turn: Turn, remarks: Sequence[Remark]) -> dict[str, Any]:
    form = Safe()
    source = "\n\n".join(filter(None, [turn_markdown(turn, form, 2), remarks_markdown(remarks)]))
    facts = " · ".join(map(words, facts_of(turn)))
    if facts:
        source += f"\n\n<sub>{facts}</sub>"
    return _cell(f"turn-{number}", source, {"chatkit": {"role": voice(turn)}}, form.attachments)


def _cell(ident: str, source: str, metadata: dict[str, Any], attachments: dict[str, dict[str, str]]) -> dict[str, Any]:
    cell = {"cell_type": "markdown", "id": ident, "metadata": metadata, "source": source.splitlines(keepends=True)}
    return {**cell, "attachments": attachments} if attachments else cell
