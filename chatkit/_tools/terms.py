"""What holds for the tool calls of one run, beside the calls themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for the calls of one run.

    Args:
        stop: Asked before a call begins; once it says True, and keeps to it, no more calls begin and their results
            stay None. Generators end at their next value, and their results stay None, too.
        left: Gives the seconds that are left for the run; asked when a tool begins, which then may not take longer.
            None means no limit.
        metadata: What tools find in `ToolContext.metadata`.
        denied: Why calls must not run, by their ids; the model reads it.
    """

    stop: Callable[[], bool] | None = None
    left: Callable[[], float | None] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    denied: Mapping[str, str] = field(default_factory=dict)
