"""The line below the prompt: the model, what was used and paid, and how full its context is."""

from __future__ import annotations

from chatkit._console.models import context_length
from chatkit._console.state import Console
from chatkit._display.layout import cells, cut
from chatkit._display.sanitize import one_line
from chatkit._turns.accounting import dollars
from chatkit._turns.turns import AssistantTurn

_LONGEST_NAME = 40


def toolbar(console: Console, width: int) -> str:
    """The line, in plain text. What does not fit is left out, from its end on; nothing is sent to find it out.

    Args:
        console: The console.
        width: Columns there are.
    """
    out = console.out
    mark = out.symbol("…", "...")
    model = one_line(console.chat.model) or one_line(console.chat.provider.name)
    parts = [cut(model, min(_LONGEST_NAME, width), mark), *_attached(console), *_context(console), *_used(console)]
    if console.multiline:
        parts.append("multi-line: Alt-Enter sends")
    separator = f" {out.symbol('·', '|')} "
    line = parts[0]
    for part in parts[1:]:
        if cells(line + separator + part) > width:
            break
        line += separator + part
    return line


def _attached(console: Console) -> list[str]:
    return [f"{len(console.attached)} attached"] if console.attached else []


def _used(console: Console) -> list[str]:
    rows = console.chat.get_tokens()
    if not rows:
        return []
    given = [None if row.input is None else row.input + (row.cached_input or 0) for row in rows]
    costs = [row.cost for row in rows if row.cost is not None]
    money = dollars(sum(costs)) if len(costs) == len(rows) else "$?"
    return [f"{_count(given)} in {_count([row.output for row in rows])} out", money]


def _count(counts: list[int | None]) -> str:
    known = [count for count in counts if count is not None]
    return f"{sum(known):,}" if len(known) == len(counts) else "?"


def _context(console: Console) -> list[str]:
    """How much of the model's context the last whole answer and what came before it take."""
    turns = console.chat.turns
    last = next((turn for turn in reversed(turns) if isinstance(turn, AssistantTurn) and not turn.interrupted), None)
    if last is None or last.usage.input_tokens is None or last.usage.output_tokens is None:
        return []
    used = last.usage.input_tokens + last.usage.output_tokens
    length = context_length(console.chat)
    if length:
        return [f"context {100 * used / length:.0f}%"]
    return [f"context {used:,}"]
