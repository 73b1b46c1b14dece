"""What a provider is: a value that words requests and reads answers, and sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from chatkit._errors import APIError
from chatkit._http.messages import Head, Piece, Request
from chatkit._providers.params import Params
from chatkit._turns.events import Event
from chatkit._turns.turns import AssistantTurn, SystemTurn, Turn

if TYPE_CHECKING:
    from chatkit._tools.tool import Tool
    from chatkit._types.wanted import Wanted


class Decoder(Protocol):
    """Reads one answer.

    Attributes:
        at: When the pieces being fed arrived, in seconds of a monotonic clock; set by whoever feeds.
        begun: Whether anything of the answer was told yet.
        done: Whether the answer said that it is complete.
    """

    at: float
    begun: bool
    done: bool

    def feed(self, piece: Piece) -> Iterable[Event]:
        """Take one piece of the answer and give what it tells."""

    def finish(self) -> AssistantTurn:
        """The whole answer, once all of it was fed."""

    def partial(self, reason: str) -> AssistantTurn | None:
        """What there is of the answer, marked with the reason why it is no more; None when there is nothing."""

    def broken(self, error: APIError) -> APIError:
        """The error to raise for one that ended the answer."""


class Provider(Protocol):
    """Translates between turns and one server's wire format.

    Attributes:
        name: What people call the service.
        model: The model that requests ask for.
        base_url: Where the service is.
        params: The model's parameters.
        asked_model: The model as the server is told, with its route.
    """

    @property
    def name(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def params(self) -> Params: ...
    @property
    def asked_model(self) -> str: ...

    def changed(self, *, model: str | None = None, params: Params | None = None) -> Provider:
        """The same provider for another model, or with other parameters."""

    def request(
        self,
        turns: Sequence[Turn],
        *,
        system: SystemTurn | None,
        tools: Sequence[Tool],
        stream: bool,
        wanted: Wanted | None = None,
        tool_choice: str | None = None,
    ) -> Request:
        """Word a request for the next answer.

        Args:
            turns: The turns as they may lawfully be sent, without the system turn.
            system: The system turn, if there is one.
            tools: The tools on offer.
            stream: Whether the answer shall come in pieces.
            wanted: The form that the answer shall have, if it shall be JSON.
            tool_choice: "auto", "none", "required" or the name of a tool; None leaves it to the server.
        """

    def listing(self) -> Request | None:
        """Word a request for the list of the server's models; None when it is known to have none."""

    def decoder(self, head: Head) -> Decoder:
        """Make a reader for the answer that begins with a head."""

    def explain(self, head: Head, body: str) -> APIError:
        """The error that an answer with an error status means."""

    def conceding(self, error: APIError) -> Provider | None:
        """This provider without what the server just refused, when that is a known quirk; else None."""
