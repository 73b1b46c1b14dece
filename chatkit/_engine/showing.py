"""How the usage of a session is shown: as a table whose sums say "at least" where a part of them is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatkit._display.terminal import Terminal, encodable
from chatkit._engine.entries import DETAILS
from chatkit._render.cell_style import framed
from chatkit._render.columns import cells
from chatkit._render.tables import html_table, markdown_table, text_table
from chatkit._turns.accounting import TokenRow, dollars

_HEADERS = ("model", "service", "served by", "requests", "input", "cached", "output", "reasoning", "image", "cost")
_COUNTS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "image_tokens")
_SHOWN = ("model", "service", "served_by", "requests", *_COUNTS, "cost")
_NUMBERS = range(3, len(_HEADERS))
_ANSWER = ("answer", "said", "input", "cached", "output", "cost")
_ANSWER_NUMBERS = (0, 2, 3, 4, 5)


def text_of(rows: Sequence[Any], total: Any) -> str:
    """The table for a console.

    Args:
        rows: The rows of usage.
        total: Their sum.
    """
    if not rows:
        return "<TokenUsage: no answers yet>"
    out = Terminal()
    table = _fitting(_lines(rows, total), total, out.width)
    return encodable("\n".join([table, *_notes(total)]), out.encoding)


def html_of(rows: Sequence[Any], total: Any) -> str:
    """The table for a notebook."""
    return framed(html_table(_HEADERS, _lines(rows, total), right=_NUMBERS, notes=_notes(total)))


def markdown_of(rows: Sequence[Any], total: Any) -> str:
    """The table as Markdown."""
    return markdown_table(_HEADERS, _lines(rows, total), right=_NUMBERS, notes=_notes(total))


def token_rows_text(rows: Sequence[TokenRow]) -> str:
    """The tokens of each answer, as a table for a console."""
    out = Terminal()
    return encodable(text_table(_ANSWER, _answers(rows), width=out.width, right=_ANSWER_NUMBERS), out.encoding)


def token_rows_html(rows: Sequence[TokenRow]) -> str:
    """The same for a notebook."""
    return framed(html_table(_ANSWER, _answers(rows), right=_ANSWER_NUMBERS))


def token_rows_markdown(rows: Sequence[TokenRow]) -> str:
    """The same as Markdown."""
    return markdown_table(_ANSWER, _answers(rows), right=_ANSWER_NUMBERS)


def _answers(rows: Sequence[TokenRow]) -> list[list[str]]:
    return [[str(at), *_answer(row)] for at, row in enumerate(rows, 1)]


def _answer(row: TokenRow) -> list[str]:
    counts = [_count(number) for number in (row.input, row.cached_input, row.output)]
    return [" ".join(row.input_preview.split()), *counts, _cost(row.cost)]


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _cost(cost: float | None) -> str:
    return "?" if cost is None else dollars(cost)


def _fitting(lines: list[list[str]], total: Any, width: int) -> str:
    """The table; where there is no room, without kinds of tokens that no answer had."""
    whole = text_table(_HEADERS, lines, right=_NUMBERS)
    if all(cells(line) <= width for line in whole.split("\n")):
        return whole
    kept = [at for at, name in enumerate(_SHOWN) if name not in DETAILS or getattr(total, name)]
    return text_table(
        [_HEADERS[at] for at in kept],
        [[line[at] for at in kept] for line in lines],
        width=width,
        right=range(_NUMBERS[0], len(kept)),
        keep_first=True,
    )


def _lines(rows: Sequence[Any], total: Any) -> list[list[str]]:
    return [_line(row) for row in (*rows, *([total] if len(rows) > 1 else []))]


def _line(row: Any) -> list[str]:
    tokens = [_tokens(row, name) for name in _COUNTS]
    cost = _at_least(dollars(row.cost), row.unknown_cost, row.requests)
    texts = [row.model, row.service] if row.model else [row.service, ""]
    return [*texts, row.served_by or "", f"{row.requests:,}", *tokens, cost]


def _tokens(row: Any, name: str) -> str:
    count = getattr(row, name)
    return "?" if count is None else _at_least(f"{count:,}", row.unknown_tokens, row.requests)


def _at_least(sum_: str, unknown: int, requests: int) -> str:
    return "?" if unknown and unknown == requests else f">= {sum_}" if unknown else sum_


def _notes(total: Any) -> list[str]:
    if not total.requests:
        return ["No answers yet."]
    kinds = {"came without token counts": total.unknown_tokens, "have no known cost": total.unknown_cost}
    return [
        f"{count:,} of {total.requests:,} answers {what}: ? is unknown, >= is at least."
        for what, count in kinds.items()
        if count
    ]
