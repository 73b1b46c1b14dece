"""What the loop asks of its driver: everything that it cannot do itself, as small frozen values."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from chatkit._http.messages import Request
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
    """Run tools.

    Args:
        requests: What the model asked for.
        results: As long as the requests; filled in place, as each comes to its end.
        concurrent: Whether they run at once.
    """

    requests: tuple[ContentToolRequest, ...]
    results: list[ContentToolResult | None]
    concurrent: bool


Ask: TypeAlias = Send | Receive | Release | Pause | Run
Script: TypeAlias = Generator[Event | Ask, Any, None]
