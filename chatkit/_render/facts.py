"""What is known of an answer besides its words: the model, tokens, cost and time."""

from __future__ import annotations

from collections.abc import Sequence

from chatkit._turns.accounting import dollars, total_cost, total_usage
from chatkit._turns.turns import AssistantTurn, Turn, Usage


def facts_of(turn: Turn) -> list[str]:
    """The facts of one answer, in a few words each; none for other turns."""
    if not isinstance(turn, AssistantTurn):
        return []
    told = [turn.model or "", f"via {turn.served_by}" if turn.served_by else ""]
    took = "" if turn.duration is None else f"{turn.duration:.1f} s"
    return list(filter(None, [*told, *_counts(turn.usage, turn.cost), took]))


def facts_of_all(turns: Sequence[Turn]) -> list[str]:
    """The facts of a whole conversation: its models, and the sums over all whole answers."""
    answers = [turn for turn in turns if isinstance(turn, AssistantTurn)]
    whole = [turn for turn in answers if turn.interrupted is None]
    models = dict.fromkeys(turn.model for turn in answers if turn.model)
    count = f"{len(answers)} answer{'' if len(answers) == 1 else 's'}"
    return [*models, count, *(_counts(total_usage(whole), total_cost(whole)) if whole else ())]


def _counts(usage: Usage, cost: float | None) -> list[str]:
    told = [(usage.input_tokens, "in"), (usage.output_tokens, "out")]
    counted = [f"{count:,} token{'' if count == 1 else 's'} {way}" for count, way in told if count is not None]
    return counted if cost is None else [*counted, dollars(cost)]
