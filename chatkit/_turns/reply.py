"""What `chat()` returns: a string that also knows its turn."""

from __future__ import annotations

from typing import Any

from chatkit._turns.turns import AssistantTurn


class Reply(str):
    """The answer's text, which is a plain `str`, and the turn it comes from.

    Attributes:
        turn: The assistant turn, with its usage, finish reason, model and timing.
    """

    turn: AssistantTurn

    def __new__(cls, turn: AssistantTurn) -> Reply:
        """Make a reply of a turn."""
        reply = super().__new__(cls, turn.text)
        reply.turn = turn
        return reply

    def __reduce__(self) -> tuple[Any, ...]:
        return Reply, (self.turn,)
