"""One prompt of a run, and all that followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatkit._chat.expecting import Outcome
from chatkit._chat.prompts import Prompt
from chatkit._turns.turns import AssistantTurn, Turn


@dataclass(frozen=True, slots=True)
class Exchange:
    """One prompt of a run, and all that followed.

    Args:
        prompt: What was said.
        turns: The turns of it, oldest first: the user's, then answers and tool results.
        answer: What the call gave: a `Reply`, or a value of the type asked for; None when there is no answer.
        outcomes: What became of each expectation.
        seconds: How long it took, tools included.
    """

    prompt: Prompt
    turns: tuple[Turn, ...] = ()
    answer: Any = None
    outcomes: tuple[Outcome, ...] = ()
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """The text of the last answer, "" when there is none."""
        return next((turn.text for turn in reversed(self.turns) if isinstance(turn, AssistantTurn)), "")


def told_outcomes(item: Exchange) -> tuple[Outcome, ...]:
    """What became of each expectation, also of those that were not looked at because there is no answer."""
    return item.outcomes or tuple(Outcome(one, "not asked") for one in item.prompt.expect)
