"""What is waited for, in a line: for the next part of a tool call, for another attempt, for a model."""

from __future__ import annotations

from chatkit._display.sanitize import one_line
from chatkit._turns.events import Event, ModelLoading, Retrying, ToolInputDelta


def note_of(event: Event) -> str:
    """The line for an event after which something is waited for; empty for all others."""
    match event:
        case ToolInputDelta():
            return f"Preparing a call of {one_line(event.name)} …" if event.name else "Preparing a tool call …"
        case Retrying():
            return _retrying(event)
        case ModelLoading():
            return f"The model is loading: waited {event.waited:.0f} s of {event.limit:.0f} s at most …"
        case _:
            return ""


def _retrying(event: Retrying) -> str:
    error = one_line(" ".join(event.error.split()))
    if event.next_model is None:
        return f"Attempt {event.attempt} failed, trying again in {event.delay:.3g} s: {error}"
    where = f" at {one_line(event.next_service)}" if event.next_service else ""
    return f"{error.removesuffix('.')}; now {one_line(event.next_model)}{where}"
