"""A request as the service received it, and what became of it."""

import json
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Outcome = Literal["answered", "cut", "disconnected", "closed"]


@dataclass(eq=False)
class RecordedRequest:
    """One request, kept for a test to look at.

    Args:
        number: Its place among all requests of the service, from 1.
        method: Such as `"POST"`.
        target: The path with its query, as sent.
        headers: The headers; names are in lower case, repeated ones joined by commas.
        body: The body, without chunk framing.
        connection: The number of the TCP connection it came on, from 1.
        at: When it was read to its end, on the clock of `time.monotonic()`.
        outcome: None while it is being answered, then `"answered"`, `"cut"` (by its script),
            `"disconnected"` (the client left before the end) or `"closed"` (the service was).
        ended_at: When that was.
    """

    number: int
    method: str
    target: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    connection: int
    at: float = field(default_factory=time.monotonic)
    outcome: Outcome | None = None
    ended_at: float | None = None
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def path(self) -> str:
        """The path without its query."""
        return self.target.partition("?")[0]

    @cached_property
    def json(self) -> Any:
        """The body read as JSON, or None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages sent; empty when there are none."""
        messages = self.field("messages")
        return messages if isinstance(messages, list) else []

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items of a Responses request's `input`; a string there is one message of a user."""
        items = self.field("input")
        if isinstance(items, str):
            return [{"role": "user", "content": items}]
        return items if isinstance(items, list) else []

    @property
    def stream(self) -> bool:
        """Whether a stream was asked for."""
        return self.field("stream") is True

    @property
    def model(self) -> str:
        """The model asked for, or an empty string."""
        model = self.field("model")
        return model if isinstance(model, str) else ""

    @property
    def disconnected_at(self) -> float | None:
        """When the client was seen to have left before the end of the answer, or None."""
        return self.ended_at if self.outcome == "disconnected" else None

    def field(self, name: str) -> Any:
        """Return one top-level field of the JSON body, or None."""
        return self.json.get(name) if isinstance(self.json, dict) else None

    def end(self, outcome: Outcome) -> None:
        """Note what became of the request; the service calls this once."""
        self.outcome = outcome
        self.ended_at = time.monotonic()
        self._ended.set()

    def wait_ended(self, timeout: float = 5.0) -> bool:
        """Wait until the answer has ended, well or badly; return whether it has within `timeout` seconds."""
        return self._ended.wait(timeout)

    def wait_disconnected(self, timeout: float = 5.0) -> bool:
        """Wait until the answer has ended; return whether it was the client who left before its end."""
        return self._ended.wait(timeout) and self.outcome == "disconnected"
