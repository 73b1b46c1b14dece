"""What the loop asks of its driver: everything that it cannot do itself, as small frozen values."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chatkit._http.messages import Request
from chatkit._turns.approvals import PendingApproval, Verdict
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.events import Event


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; the reply is the head of the answer."""

    request: Request


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for more of the answer; the reply is a batch, or None at the end."""


@dataclass(frozen=True, slots=True)
class Release:
    """Take leave of an answer that is finished."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """Run tools; the driver tells their progress meanwhile.

    Args:
        requests: What the model asked for.
        results: As long as the requests; filled in place, as each comes to its end.
        concurrent: Whether they run at once.
        denied: Why calls must not run, by their ids.
    """

    requests: tuple[ContentToolRequest, ...]
    results: list[ContentToolResult | None]
    concurrent: bool
    denied: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decide:
    """Ask whoever decides about tool calls that need approval.

    Args:
        pending: The calls.
        verdicts: Filled in by the id of the call; what nobody decided on is missing.
    """

    pending: tuple[PendingApproval, ...]
    verdicts: dict[str, Verdict]


Act: TypeAlias = Send | Receive | Release | Pause | Decide
Ask: TypeAlias = Act | Run
Script: TypeAlias = Generator[Event | Ask, Any, object]
