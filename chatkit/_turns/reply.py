"""What `chat()` returns: a string that also knows its turn."""

from __future__ import annotations

from typing import Any

from chatkit._turns.turns import AssistantTurn


class Reply(str):
    """The answer's text, which is a plain `str`, and the turn it comes from.

    Args:
        turn: The assistant turn.
        echoed: Whether the answer was shown already. Then the repr does not repeat it: at a prompt, what a call
            returns is printed too, and nobody wants to read every answer twice.

    Attributes:
        turn: The assistant turn, with its usage, finish reason, model and timing.
    """

    turn: AssistantTurn
    _echoed: bool

    def __new__(cls, turn: AssistantTurn, echoed: bool = False) -> Reply:
        """Make a reply of a turn."""
        reply = super().__new__(cls, turn.text)
        reply.turn = turn
        reply._echoed = echoed
        return reply

    def __repr__(self) -> str:
        return f"<Reply of {len(self)} characters, shown above>" if self._echoed else super().__repr__()

    def __reduce__(self) -> tuple[Any, ...]:
        return Reply, (self.turn, self._echoed)
