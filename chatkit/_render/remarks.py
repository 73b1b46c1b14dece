"""Remarks below a turn, such as what became of what was expected of it: as HTML and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from chatkit._render.controls import one_line
from chatkit._render.harmless import words
from chatkit._render.markup import escaped


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark.

    Args:
        subject: What it is about, on one line.
        verdict: How that is, in a word or two of chatkit's own.
        detail: What is wrong, in a sentence; "" when nothing is.
    """

    subject: str
    verdict: str
    detail: str = ""


Remarks: TypeAlias = Mapping[int, Sequence[Remark]]
"""Remarks by the place of their turn, from 0."""
NONE: Remarks = MappingProxyType({})
"""No remarks."""


def remarks_html(remarks: Sequence[Remark]) -> str:
    """A list of remarks as HTML that runs and loads nothing; "" for none."""
    if not remarks:
        return ""
    items = "\n".join(map(_item, remarks))
    return f'<ul class="chatkit-remarks">\n{items}\n</ul>'


def remarks_markdown(remarks: Sequence[Remark]) -> str:
    """A list of remarks as Markdown that is safe in every viewer; "" for none."""
    return "\n".join(" ".join(filter(None, ["-", *_pieces(one)])) for one in remarks)


def _pieces(one: Remark) -> list[str]:
    return [words(one_line(one.subject)), f"**{one.verdict}**", words(one_line(one.detail))]


def _item(one: Remark) -> str:
    kind = "failed" if one.detail else "held"
    subject = f"<code>{escaped(one_line(one.subject))}</code>" if one.subject else ""
    told = [subject, f"<strong>{one.verdict}</strong>", escaped(one_line(one.detail))]
    return f'<li class="chatkit-{kind}">{" ".join(filter(None, told))}</li>'
