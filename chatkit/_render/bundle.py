"""What a notebook shows of chats, turns, rounds, contents and replies: as HTML and as Markdown.

Whatever was said, neither runs or loads anything. The HTML looks right on light and on dark ground, and can be read
without its style: the front ends take the style out of notebooks that are not trusted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatkit._render.attached import file_words
from chatkit._render.brief import Cutter, brief
from chatkit._render.cell_style import framed
from chatkit._render.controls import visible
from chatkit._render.facts import facts_of
from chatkit._render.fences import code, fence
from chatkit._render.harmless import words
from chatkit._render.html import joined as html_joined
from chatkit._render.html import turn_html
from chatkit._render.markdown import joined as markdown_joined
from chatkit._render.markdown import turn_markdown
from chatkit._render.markup import escaped, preformatted
from chatkit._render.notebook import Safe
from chatkit._render.subject import said
from chatkit._turns.contents import Content, ContentImageInline
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn, Round, SystemTurn, Turn, UserTurn

_LEVEL = 4
_MOST = 2_500_000
_PLAIN = 20_000


def shown_html(x: Any) -> str:
    """A chat, turn, round, content or reply as HTML with its own style.

    Args:
        x: The value.
    """
    head, turns, contents = _parts(x)
    pieces = [_faint(head), *_with_gap(turns, lambda turn: turn_html(turn, _LEVEL, _faint(facts_of(turn))), _faint)]
    pieces.append(html_joined(Cutter(contents).contents(contents)))
    if isinstance(x, Reply):
        pieces.append(_faint(facts_of(x.turn)))
    inside = "\n".join(filter(None, pieces))
    inside = inside if len(inside) <= _MOST else preformatted(repr(x)[:_PLAIN])
    return framed(visible(inside))


def shown_markdown(x: Any) -> str:
    """A chat, turn, round, content or reply as Markdown that is safe in every viewer.

    Args:
        x: The value.
    """
    head, turns, contents = _parts(x)
    form = InOutput()
    pieces = [_small(head), *_with_gap(turns, lambda turn: _turn_markdown(turn, form), _small)]
    pieces.append(markdown_joined(Cutter(contents).contents(contents), form))
    inside = "\n\n".join(filter(None, pieces))
    return visible(inside if len(inside) <= _MOST else fence(repr(x)[:_PLAIN]))


class InOutput(Safe):
    """Markdown for an output: pictures stand in the HTML beside it, and once is enough."""

    def picture(self, kind: str, image: ContentImageInline) -> str:
        """What it is and how large."""
        label, name, size = file_words(image)
        return f"**{label}:** {code(name)} ({size})"


def _parts(x: Any) -> tuple[list[str], list[Turn], list[Content]]:
    """What stands above it, its turns, and contents that stand bare."""
    if isinstance(x, SystemTurn | UserTurn | AssistantTurn):
        return [], [x], []
    if isinstance(x, Round):
        return [], [*x.input, *x.response], []
    contents, turns = said(x, include_system_prompt=True)
    head = [repr(x).strip("<>")] if callable(getattr(x, "get_turns", None)) else []
    return head, turns, contents


def _with_gap(turns: list[Turn], tell: Callable[[Turn], str], note: Callable[[list[str]], str]) -> list[str]:
    short, left_out = brief(turns)
    told = list(map(tell, short))
    return [*told[:1], note([f"... {left_out:,} turns are not shown ..."]), *told[1:]] if left_out else told


def _turn_markdown(turn: Turn, form: Safe) -> str:
    facts = _small(facts_of(turn))
    return "\n\n".join(filter(None, [turn_markdown(turn, form, _LEVEL), facts]))


def _faint(facts: list[str]) -> str:
    told = " · ".join(map(escaped, facts))
    return f'<p class="chatkit-facts"><small>{told}</small></p>' if told else ""


def _small(facts: list[str]) -> str:
    told = " · ".join(map(words, facts))
    return f"<sub>{told}</sub>" if told else ""
