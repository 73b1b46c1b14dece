"""Commands that show something: the tools, the tokens, and the last answer on the clipboard."""

from __future__ import annotations

from chatkit._console.copying import copied
from chatkit._console.state import Console
from chatkit._display.layout import cut
from chatkit._display.sanitize import one_line
from chatkit._render.fences import split_fences
from chatkit._render.tables import text_table
from chatkit._tools.tool import Tool
from chatkit._turns.accounting import TokenRow, dollars

_HEADERS = ("#", "input", "cached", "output", "cost", "asked")


def tools(console: Console, rest: str) -> None:
    """List the tools."""
    offered = console.chat.tools
    if not offered:
        console.note("There are no tools.")
        return
    out = console.aside
    for tool in offered.values():
        purpose = one_line(tool.description.strip().partition("\n")[0])
        line = f"{one_line(tool.name)}  {_approval(tool)}  {purpose}".rstrip()
        console.tell(cut(line, out.width, out.symbol("…", "...")))


def _approval(tool: Tool) -> str:
    rule = tool.requires_approval
    if isinstance(rule, bool):
        return "[asks first]" if rule else "[runs unasked]"
    return "[asks at times]"


def usage(console: Console, rest: str) -> None:
    """List the tokens and the cost of each answer, and the sums. Nothing is sent for it."""
    rows = console.chat.get_tokens()
    if not rows:
        console.note("There is no answer yet.")
        return
    table = [(str(number), *_cells(row)) for number, row in enumerate(rows, 1)]
    width = console.aside.width if console.aside.is_terminal else None
    console.tell(text_table(_HEADERS, [*table, ("", *_sums(rows))], width=width, right=range(len(_HEADERS) - 1)))


def _cells(row: TokenRow) -> tuple[str, str, str, str, str]:
    known = (row.input, row.cached_input, row.output)
    return *map(_count, known), _cost(row.cost), one_line(row.input_preview)  # type: ignore[return-value]


def _sums(rows: list[TokenRow]) -> tuple[str, str, str, str, str]:
    columns = [[row.input for row in rows], [row.cached_input for row in rows], [row.output for row in rows]]
    costs = [row.cost for row in rows if row.cost is not None]
    total = _cost(sum(costs) if len(costs) == len(rows) else None)
    return *map(_sum, columns), total, "in all"  # type: ignore[return-value]


def _sum(counts: list[int | None]) -> str:
    known = [count for count in counts if count is not None]
    return _count(sum(known) if len(known) == len(counts) else None)


def _count(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _cost(cost: float | None) -> str:
    return "?" if cost is None else dollars(cost)


def copy(console: Console, rest: str) -> None:
    """Copy the last answer, or the last block of code in it."""
    turn = console.chat.last_turn()
    text = turn.text if turn is not None else ""
    if rest.strip().lower() == "code":
        text = ([code for language, code in split_fences(text) if language is not None] or [""])[-1]
        what = "block of code"
    else:
        what = "answer"
    if not text:
        console.complain(f"There is no {what} to copy.")
        return
    how = copied(text, console.out)
    if how:
        console.note(f"Copied {len(text):,} characters {how}.")
    else:
        console.complain("There is no clipboard here.", "Use /export to have it in a file.")
