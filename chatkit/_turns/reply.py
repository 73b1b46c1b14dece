"""What `chat()` returns: a string that also knows its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chatkit._rooms import opened
from chatkit._turns.approvals import PendingApproval
from chatkit._turns.shown import Drawn, Shown
from chatkit._turns.turns import AssistantTurn


class Reply(str, Shown):
    """The answer's text, which is a plain `str`, and the turn it comes from.

    Args:
        turn: The assistant turn.
        echoed: Whether the answer stands right above, or what tells that when it is asked. Then the repr does not
            repeat it: at a prompt, what a call returns is printed too, and nobody wants to read every answer twice.
        pending: The tool calls that wait for approval.

    Attributes:
        turn: The assistant turn, with its usage, finish reason, model and timing.
        pending: The tool calls that wait for approval, with which the answer waits; mostly none.
    """

    turn: AssistantTurn
    pending: tuple[PendingApproval, ...]
    _echoed: bool | Callable[[], bool]

    def __new__(
        cls,
        turn: AssistantTurn,
        echoed: bool | Callable[[], bool] = False,
        pending: Iterable[PendingApproval] = (),
    ) -> Reply:
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
        return f"<Reply of {len(self)} characters, shown above>" if self._stands_above() else super().__repr__()

    def _stands_above(self) -> bool:
        return self._echoed() if callable(self._echoed) else self._echoed

    def _ipython_display_(self) -> None:
        # In a notebook everybody sees what stands above. A terminal has a prompt before the value, which says it.
        if self.pending or not self._stands_above() or opened("notebook")() is None:
            raise NotImplementedError

    def _repr_html_(self) -> str | None:
        return None if self._stands_above() else super()._repr_html_()

    def _repr_markdown_(self) -> str | None:
        return None if self._stands_above() else super()._repr_markdown_()

    def _display_(self) -> object:
        # In marimo, what a cell comes to takes the place of all that it showed before.
        return Drawn(str(super()._repr_html_()))

    def _marimo_serialize_(self) -> str:
        # marimo sends its page the values of variables, and takes no other kind of str for one.
        return str(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # Wherever it is opened again, nothing stands above it.
        return Reply, (self.turn, False, self.pending)
