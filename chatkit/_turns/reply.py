"""What `chat()` returns: a string that also knows its turn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chatkit._turns.approvals import PendingApproval
from chatkit._turns.turns import AssistantTurn


class Reply(str):
    """The answer's text, which is a plain `str`, and the turn it comes from.

    Args:
        turn: The assistant turn.
        echoed: Whether the answer was shown already. Then the repr does not repeat it: at a prompt, what a call
            returns is printed too, and nobody wants to read every answer twice.
        pending: The tool calls that wait for approval.

    Attributes:
        turn: The assistant turn, with its usage, finish reason, model and timing.
        pending: The tool calls that wait for approval, with which the answer waits; mostly none.
    """

    turn: AssistantTurn
    pending: tuple[PendingApproval, ...]
    _echoed: bool

    def __new__(cls, turn: AssistantTurn, echoed: bool = False, pending: Iterable[PendingApproval] = ()) -> Reply:
        """Make a reply of a turn."""
        reply = super().__new__(cls, turn.text)
        reply.turn = turn
        reply.pending = tuple(pending)
        reply._echoed = echoed
        return reply

    def __repr__(self) -> str:
        if self.pending:
            names = ", ".join(approval.name for approval in self.pending)
            return f"<Reply of {len(self)} characters, waiting for approval of {names}: see resume()>"
        return f"<Reply of {len(self)} characters, shown above>" if self._echoed else super().__repr__()

    def __reduce__(self) -> tuple[Any, ...]:
        return Reply, (self.turn, self._echoed, self.pending)
