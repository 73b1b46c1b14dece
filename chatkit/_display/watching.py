"""What is told to a person beside the answer itself: warnings about answers cut short and about tools that failed."""

from __future__ import annotations

import sys
import warnings

from chatkit._display.choosing import Display
from chatkit._display.sanitize import one_line
from chatkit._turns.contents import ContentToolResult
from chatkit._turns.events import Event, ToolReturned, TurnEnded
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn
from chatkit._warnings import FinishReasonWarning, ToolFailureWarning

_ENDINGS = {
    "length": "The answer was cut off at max_tokens or at the end of the model's context.",
    "content_filter": "The answer was ended by a content filter, or is a refusal.",
}
_NORMAL = ("stop", "tool_calls", "unknown", None)
_SHOWN = 3


class Watcher:
    """Reads the events of one call for the display, and warns of what nobody would see otherwise.

    Args:
        display: Where the events are shown, if anywhere.
    """

    def __init__(self, display: Display | None) -> None:
        self._display = display
        self._failures: list[ContentToolResult] = []
        self._turn: AssistantTurn | None = None

    def feed(self, event: Event) -> None:
        """Take one event."""
        if self._display is not None:
            self._display.show(event)
        if type(event) is TurnEnded:
            self._turn = event.turn
            _warn_of_ending(event.turn)
        elif type(event) is ToolReturned and event.result.error is not None and self._display is None:
            self._failures.append(event.result)

    def reply(self) -> Reply:
        """The last whole answer, for whoever made the call."""
        assert self._turn is not None  # a call without an answer has raised
        return Reply(self._turn, echoed=self._display is not None)

    def close(self) -> None:
        """End the display, whatever it was in the middle of."""
        if self._display is not None:
            self._display.close()
        failures, self._failures = self._failures, []
        if failures:
            shown = "; ".join(_in_a_line(item) for item in failures[:_SHOWN])
            more = f"; and {len(failures) - _SHOWN} more" if len(failures) > _SHOWN else ""
            calls = "1 tool call" if len(failures) == 1 else f"{len(failures)} tool calls"
            warnings.warn(f"{calls} failed: {shown}{more}.", ToolFailureWarning, stacklevel=_caller())


def _in_a_line(result: ContentToolResult) -> str:
    error = (result.error or "").replace("\n- ", " ").replace("\n", "; ")
    return one_line(f"[{result.name} ({result.id})]: {error}").removesuffix(".")


def _warn_of_ending(turn: AssistantTurn) -> None:
    reason = turn.finish_reason
    if reason not in _NORMAL:
        text = _ENDINGS.get(reason or "", f"The answer ended with the finish reason {one_line(reason or '')!r}.")
        warnings.warn(text, FinishReasonWarning, stacklevel=_caller())


def _caller() -> int:
    """The stack level of the code that called chatkit, for whom the warning is."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "chatkit":
        level, frame = level + 1, frame.f_back
    return level
