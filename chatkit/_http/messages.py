"""What travels: a request going out, the head and the pieces of an answer coming in, and the line they travel on.

A line is one exchange at a time with a server, and the one mutable thing of this wing: it is sent on, received from,
released, or hung up on from any thread at any moment. Everything above knows only these protocols, so that a fake
line without a socket can stand in for the real one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import NamedTuple, Protocol, TypeAlias

from chatkit._errors import ConfigError

Headers: TypeAlias = Mapping[str, str]
Credentials: TypeAlias = Callable[[], "Headers | Awaitable[Headers]"]


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long to wait, in seconds; None means for ever.

    Args:
        connect: Until the connection stands.
        first_byte: From sending the request to the first byte of an answer; reasoning models take their time.
        idle: Between two bytes of an answer.
        progress: Between two events of an answer, even though keep-alive comments arrive.
        total: For one whole request.
    """

    connect: float | None = 10.0
    first_byte: float | None = 600.0
    idle: float | None = 120.0
    progress: float | None = None
    total: float | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (number and 0 < value < 1e7):
                raise ConfigError(
                    f"The time limit `{item.name}` must be a number of seconds above 0, or None, not {value!r}."
                )

    @classmethod
    def of(cls, value: TimeLimits | float | None) -> TimeLimits:
        """Read what a user gave: limits as they are, or a number of seconds that no wait may exceed.

        Args:
            value: Time limits, seconds, or None for the usual limits.

        Returns:
            The limits.

        Raises:
            ConfigError: when it is neither.
        """
        if isinstance(value, TimeLimits):
            return value
        if value is None:
            return cls()
        connect = min(value, 10.0) if isinstance(value, int | float) else value
        return cls(connect=connect, first_byte=value, idle=value)


def no_credentials() -> Headers:
    """The credentials of a service that needs none."""
    return {}


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, worded and ready to go, but for its credentials.

    Args:
        url: The full URL.
        body: The JSON body.
        headers: Headers without any credentials.
        credentials: Called at every attempt; gives the headers that hold the key. Never called by a repr.
        stream: Whether server-sent events are wanted.
        limits: How long to wait.
        method: "POST", or "GET" without a body.
    """

    url: str
    # Neither is shown: a body may be megabytes of a conversation, and people put keys into headers of their own.
    body: bytes = field(default=b"", repr=False)
    headers: Headers = field(default_factory=dict, repr=False)
    credentials: Credentials = field(default=no_credentials, repr=False)
    stream: bool = False
    limits: TimeLimits = TimeLimits()
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an answer.

    Args:
        status: The HTTP status.
        headers: Lower-case names.
        url: Where the answer came from.
        sent_at: When the request was sent, in seconds of a monotonic clock.
        retry_after: Seconds the server asked to wait, if it did.
        sent_bytes: The size of the request's body.
        redact: Masks the keys that were sent with this request in any text.
    """

    status: int
    # Not shown: a server may repeat the key, or set a cookie as good as one.
    headers: Headers = field(repr=False)
    url: str
    sent_at: float = 0.0
    retry_after: float | None = None
    sent_bytes: int = 0
    redact: Callable[[str], str] = str


class Piece(NamedTuple):
    """One server-sent event, or a whole body."""

    data: str
    event: str = "message"


class Batch(NamedTuple):
    """All that one receive brought, and when it came, in seconds of a monotonic clock."""

    pieces: list[Piece]
    at: float


class Hangable(Protocol):
    """What a plain line and an awaited one have in common.

    Attributes:
        hung_up: The reason given to `hang_up`, or None.
    """

    @property
    def hung_up(self) -> str | None: ...

    def hang_up(self, reason: str = "cancelled") -> None:
        """End whatever goes on, from any thread; returns at once."""

    def close(self) -> None:
        """Drop whatever is open; harmless when nothing is."""


class Line(Hangable, Protocol):
    """One exchange at a time with a server."""

    def send(self, request: Request) -> Head:
        """Send a request and wait for the head of the answer.

        Raises:
            APIError: when there is no answer.
            Cancelled: after `hang_up`.
        """

    def receive(self) -> Batch | None:
        """Wait for more of the answer; None at its end.

        Raises:
            APIError: when the answer breaks.
            Cancelled: after `hang_up`.
        """

    def release(self) -> None:
        """Take leave of an answer that is finished, keeping the connection where that costs no waiting."""

    def pause(self, seconds: float) -> None:
        """Wait between two attempts.

        Raises:
            Cancelled: after `hang_up`.
        """


class Transport(Protocol):
    """Whatever can open lines."""

    def line(self) -> Line:
        """Open a line."""
