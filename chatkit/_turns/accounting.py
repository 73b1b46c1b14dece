"""Counting what was said: rounds, tokens and cost, over whole and partial turns alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from chatkit._errors import HistoryError
from chatkit._rooms import opened
from chatkit._turns.contents import ContentText
from chatkit._turns.shown import Shown
from chatkit._turns.turns import AssistantTurn, Round, SystemTurn, Turn, Usage, UserTurn

_PREVIEW = 40
_SMALLEST_COST = 1e-6


@dataclass(frozen=True, slots=True)
class TokenRow:
    """The tokens of one whole answer; None where the server did not say.

    Args:
        input: Tokens of the request that were not cached.
        output: Tokens of the answer.
        cached_input: Tokens of the request that came from a cache.
        cost: US dollars.
        input_preview: What the user said, in short.
    """

    input: int | None
    output: int | None
    cached_input: int | None
    cost: float | None
    input_preview: str


class TokenRows(list[TokenRow], Shown):
    """A list of rows that shows itself as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(opened("token_rows_text")(self)) if self else "[]"

    def _repr_html_(self) -> str:
        return str(opened("token_rows_html")(self))

    def _repr_markdown_(self) -> str:
        return str(opened("token_rows_markdown")(self))


def total_usage(turns: Iterable[Turn]) -> Usage:
    """The tokens of all whole assistant turns; a sum with an unknown in it is unknown, a sum of nothing is 0."""
    usages = [turn.usage for turn in turns if isinstance(turn, AssistantTurn) and turn.interrupted is None]
    return Usage(**{item.name: _sum(getattr(usage, item.name) for usage in usages) for item in fields(Usage)})


def _sum(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total


def total_cost(turns: Sequence[Turn]) -> float | None:
    """US dollars of all whole assistant turns; None when the cost of one is not known."""
    total = 0.0
    for turn in turns:
        if isinstance(turn, AssistantTurn) and turn.interrupted is None:
            if turn.cost is None:
                return None
            total += turn.cost
    return total


def dollars(cost: float) -> str:
    """US dollars for people: cents; below one cent two digits that say something, since a tiny cost is not none."""
    if 0 < cost < _SMALLEST_COST:
        return f"<${_SMALLEST_COST:.6f}"
    digits = 1 - math.floor(math.log10(cost)) if 0 < cost < 0.01 else 2
    return f"${cost:.{digits}f}"


def token_rows(turns: Sequence[Turn]) -> TokenRows:
    """One row per whole assistant turn, with a preview of the user turn before it."""
    rows = TokenRows()
    user: UserTurn | None = None
    for turn in turns:
        if isinstance(turn, UserTurn):
            user = turn
        elif isinstance(turn, AssistantTurn) and turn.interrupted is None:
            rows.append(_token_row(turn, user))
    return rows


def _token_row(turn: AssistantTurn, user: UserTurn | None) -> TokenRow:
    usage = turn.usage
    fresh = usage.input_tokens
    if fresh is not None and usage.cached_tokens is not None:
        fresh = max(0, fresh - usage.cached_tokens)
    return TokenRow(fresh, usage.output_tokens, usage.cached_tokens, turn.cost, _preview(user))


def _preview(user: UserTurn | None) -> str:
    shown: list[str] = []
    contents = user.contents if user is not None else ()
    first = next((item for item in contents if isinstance(item, ContentText)), None)
    for item in contents:
        if item is first:
            text = first.text if len(first.text) <= _PREVIEW else first.text[:_PREVIEW] + "..."
            shown.append(f"Text[{text}]")
        else:
            shown.append(type(item).__name__.removeprefix("Content"))
    return ", ".join(shown)


def rounds_of(turns: Sequence[Turn]) -> list[Round]:
    """Group turns into rounds: each begins with what a user (or a system prompt) said.

    Raises:
        HistoryError: when the turns begin with an answer.
    """
    rounds: list[Round] = []
    open_input = False
    for turn in turns:
        if isinstance(turn, SystemTurn) or (isinstance(turn, UserTurn) and not turn.only_tool_results):
            if open_input:
                rounds[-1] = Round((*rounds[-1].input, turn))
            else:
                rounds.append(Round((turn,)))
            open_input = True
        else:
            if not rounds:
                raise HistoryError("A history cannot begin with an answer; a round begins with what a user said.")
            rounds[-1] = Round(rounds[-1].input, (*rounds[-1].response, turn))
            open_input = False
    return rounds
