"""What is told to a person beside the answer itself: warnings about answers cut short and about tools that failed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from chatkit._display.choosing import Display
from chatkit._display.place import right_here
from chatkit._display.sanitize import one_line
from chatkit._turns.approvals import PendingApproval
from chatkit._turns.contents import ContentToolResult
from chatkit._turns.events import Event, ToolReturned, TurnEnded
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn
from chatkit._warnings import FinishReasonWarning, RepeatedCallWarning, ToolFailureWarning
from chatkit._warnings import caller as caller

_ENDINGS = {
    "length": "The answer was cut off at max_tokens or at the end of the model's context.",
    "content_filter": "The answer was ended by a content filter, or is a refusal.",
    "mcp_approval_request": "The server waits for a yes to a call of its own MCP tool, which chatkit cannot give it. "
    'Have the tool run without one by "require_approval": "never".',
}
_NORMAL = ("stop", "tool_calls", "unknown", None)
_SHOWN = 3
_TOO_OFTEN = 3


class Watcher:
    """Reads the events of one call for the display, and warns of what nobody would see otherwise.

    Args:
        display: Where the events are shown, if anywhere.

    Attributes:
        turn: The last whole answer, as long as there was one.
    """

    def __init__(self, display: Display | None) -> None:
        self._display = display
        self._failures: list[ContentToolResult] = []
        self.turn: AssistantTurn | None = None
        self._calls: list[Any] = []
        self._repeats = 0

    def feed(self, event: Event) -> None:
        """Take one event."""
        if self._display is not None:
            self._display.show(event)
        if type(event) is TurnEnded:
            self.turn = event.turn
            _warn_of_ending(event.turn)
            self._note_calls(event.turn)
        elif type(event) is ToolReturned and event.result.error is not None and self._display is None:
            self._failures.append(event.result)

    def reply(self, turn: AssistantTurn, pending: Iterable[PendingApproval] = ()) -> Reply:
        """An answer for whoever made the call."""
        return Reply(turn, echoed=right_here() if self._display is not None else False, pending=pending)

    def _note_calls(self, turn: AssistantTurn) -> None:
        last, self._calls = self._calls, [(call.name, call.arguments, call.raw) for call in turn.tool_requests]
        self._repeats = self._repeats + 1 if self._calls and self._calls == last else 1
        if self._repeats == _TOO_OFTEN:
            names = ", ".join(dict.fromkeys(one_line(call.name) for call in turn.tool_requests))
            warnings.warn(
                f"The model asked {_TOO_OFTEN} times running for the same call, of {names}.",
                RepeatedCallWarning,
                stacklevel=caller(),
            )

    def close(self) -> None:
        """End the display, whatever it was in the middle of."""
        if self._display is not None:
            self._display.close()
        failures, self._failures = self._failures, []
        if failures:
            shown = "; ".join(_in_a_line(item) for item in failures[:_SHOWN])
            more = f"; and {len(failures) - _SHOWN} more" if len(failures) > _SHOWN else ""
            calls = "1 tool call" if len(failures) == 1 else f"{len(failures)} tool calls"
            warnings.warn(f"{calls} failed: {shown}{more}.", ToolFailureWarning, stacklevel=caller())


def _in_a_line(result: ContentToolResult) -> str:
    error = (result.error or "").replace("\n- ", " ").replace("\n", "; ")
    return one_line(f"[{result.name} ({result.id})]: {error}").removesuffix(".")


def _warn_of_ending(turn: AssistantTurn) -> None:
    reason = turn.finish_reason
    if reason not in _NORMAL:
        text = _ENDINGS.get(reason or "", f"The answer ended with the finish reason {one_line(reason or '')!r}.")
        warnings.warn(text, FinishReasonWarning, stacklevel=caller())
