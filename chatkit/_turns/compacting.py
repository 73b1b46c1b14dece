"""Making a history shorter: which rounds have to go so that the rest fits, by an estimate of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from chatkit._errors import ConfigError
from chatkit._turns.accounting import rounds_of
from chatkit._turns.estimating import estimate_tokens
from chatkit._turns.inputs import whole_number
from chatkit._turns.turns import Turn

CompactWay: TypeAlias = Literal["drop", "summarise"]


@dataclass(frozen=True, slots=True)
class Compaction:
    """What `compact()` did.

    Args:
        dropped: The turns that were taken out, oldest first.
        before: The estimated tokens of the history before.
        after: The estimated tokens of the history now, the summary included.
        summary: What the model wrote in place of the dropped turns; None when they were only dropped.
    """

    dropped: tuple[Turn, ...]
    before: int
    after: int
    summary: str | None = None


def split_at_budget(turns: Sequence[Turn], max_tokens: int, keep_rounds: int) -> tuple[list[Turn], list[Turn]]:
    """Split a history into the oldest rounds, which do not fit a budget, and the newest ones, which do.

    Rounds stay whole, so a tool call is never parted from its result.

    Args:
        turns: The history.
        max_tokens: What the newest rounds may take, as estimated.
        keep_rounds: How many of the newest rounds stay in any case.
    """
    rounds = [(*item.input, *item.response) for item in rounds_of(turns)]
    left = max_tokens
    first = len(rounds)
    while first > 0:
        left -= estimate_tokens(rounds[first - 1])
        if left < 0 and len(rounds) - first >= keep_rounds:
            break
        first -= 1
    cut = sum(map(len, rounds[:first]))
    return list(turns[:cut]), list(turns[cut:])


def check_budget(max_tokens: int, keep_rounds: int, how: str) -> None:
    """Check what a user asked of `compact()`.

    Raises:
        ConfigError: when it is out of range.
    """
    whole_number("max_tokens", max_tokens, 1)
    whole_number("keep_rounds", keep_rounds, 1)
    if how not in ("drop", "summarise"):
        raise ConfigError(f'`how` must be "drop" or "summarise", not {how!r}.')
