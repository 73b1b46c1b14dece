"""A transcript for people: its turns, and below them what became of what was expected."""

from __future__ import annotations

from typing import Any

from chatkit._chat.exchanges import Exchange, told_outcomes
from chatkit._render.remarks import Remark, remarks_html, remarks_markdown
from chatkit._render.talk import toml_line
from chatkit._turns.characters import whole_characters
from chatkit._turns.turns import SystemTurn, Turn


def transcript_shown(transcript: Any, form: str) -> str:
    """The text of a page or a notebook.

    Args:
        transcript: A `Transcript`.
        form: ".html" or ".ipynb".
    """
    from chatkit._render.notebook import notebook
    from chatkit._render.page import html_page

    turns: list[Turn] = [SystemTurn(transcript.system_prompt)] if transcript.system_prompt else []
    remarks: dict[int, list[Remark]] = {}
    for item in transcript.exchanges:
        # A question that could not be asked is shown all the same.
        turns += item.turns or (item.prompt.turn,)
        remarks[len(turns) - 1] = _judgements(item)
    if turns:
        remarks.setdefault(len(turns) - 1, []).extend(_end(transcript))
    told = transcript.summary if transcript.outcomes or transcript.error else ""
    title = f"{transcript.title} ({told})" if told else transcript.title
    return whole_characters((html_page if form == ".html" else notebook)(turns, title, remarks))


def below_html(transcript: Any) -> str:
    """What stands below the turns where a notebook shows a `Transcript`."""
    return remarks_html(_all(transcript))


def below_markdown(transcript: Any) -> str:
    """The same in Markdown."""
    return "\n\n".join(["", remarks_markdown(found)]) if (found := _all(transcript)) else ""


def _all(transcript: Any) -> list[Remark]:
    return [*(one for item in transcript.exchanges for one in _judgements(item)), *_end(transcript)]


def _judgements(item: Exchange) -> list[Remark]:
    return [
        Remark(
            toml_line(outcome.expectation.name, outcome.expectation.value),
            "holds" if outcome.ok else "FAILS:",
            outcome.problem,
        )
        for outcome in told_outcomes(item)
    ]


def _end(transcript: Any) -> list[Remark]:
    return [] if transcript.error is None else [Remark("", "The run ended here:", str(transcript.error))]
