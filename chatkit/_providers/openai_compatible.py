"""The provider for servers that speak one of OpenAI's wire formats, which nearly all do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from chatkit._errors import APIError, NotFoundError
from chatkit._http.messages import Head, Request, TimeLimits
from chatkit._providers.credentials import Credentials
from chatkit._providers.params import Params
from chatkit._providers.profiles import Profile
from chatkit._providers.provider import Decoder
from chatkit._providers.wires import Api, wire_of
from chatkit._providers.wording import Asked, Rules, merged, to_bytes, word_turns
from chatkit._turns.turns import SystemTurn, Turn
from chatkit._version import __version__

if TYPE_CHECKING:
    from chatkit._tools.tool import Tool
    from chatkit._types.wanted import Wanted

Service: TypeAlias = Literal["huggingface", "openai_compatible"]


@dataclass(frozen=True)
class OpenAICompatible:
    """Words requests to, and reads answers from, one server.

    Args:
        name: What people call the service.
        model: The model asked for.
        base_url: Where the service is, without a slash at the end.
        credentials: Gives the headers that hold the key, at every attempt.
        profile: What sets the server apart.
        params: The model's parameters.
        api_args: Merged deeply over the body of every request; None deletes a key.
        api_headers: Further headers of every request.
        preserve_thinking: Whether thinking is sent back to the model.
        limits: How long to wait.
        service: "huggingface" or "openai_compatible": where a key is looked for when the provider is made anew.
        api: "chat_completions" or "responses": the wire format.
        route: What follows the model's name, behind a colon, to tell a router where to send it; empty for nothing.
        bill_to: The organisation that pays; empty for the owner of the key.
    """

    name: str
    model: str
    base_url: str
    credentials: Credentials
    profile: Profile
    params: Params = field(default_factory=Params)
    api_args: Mapping[str, Any] = field(default_factory=dict)
    api_headers: Mapping[str, str] = field(default_factory=dict)
    preserve_thinking: bool = False
    limits: TimeLimits = field(default_factory=TimeLimits)
    service: Service = "openai_compatible"
    api: Api = "chat_completions"
    route: str = ""
    bill_to: str = ""
    # What was warned about already, and what stays the same from request to request, worded.
    _warned: set[str] = field(default_factory=set, repr=False, compare=False)
    _kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def asked_model(self) -> str:
        """The model as the server is told: with the route behind it, unless it brings one of its own."""
        return f"{self.model}:{self.route}" if self.route and ":" not in self.model else self.model

    def changed(self, *, model: str | None = None, params: Params | None = None) -> OpenAICompatible:
        """The same provider for another model, or with other parameters."""
        return replace(self, model=model or self.model, params=self.params if params is None else params)

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
        """Word a request for the next answer. See `Provider.request`."""
        if wanted is None:
            start, end, stream = self._frame(tools, stream, tool_choice)
        else:
            from chatkit._providers.wanted import instructed

            start, end, stream = self._framed(tools, stream, wanted)
            system = instructed(system, wanted)
        # `api_args` may name the turns themselves; then there is nothing left to join.
        body = start if end is None else self._joined(start, [system, *turns] if system is not None else turns, end)
        return Request(
            url=f"{self.base_url}{wire_of(self.api).path}",
            body=body,
            headers=self._headers(stream),
            credentials=self.credentials,
            stream=stream,
            limits=self.limits,
        )

    def listing(self) -> Request:
        """Word a request for the list of the server's models. See `Provider.listing`."""
        url, limits = f"{self.base_url}/models", TimeLimits(connect=5.0, first_byte=15.0, idle=15.0, total=30.0)
        headers = {"Accept": "application/json", "User-Agent": f"chatkit/{__version__}", **self.api_headers}
        return Request(url, headers=headers, credentials=self.credentials, limits=limits, method="GET")

    def decoder(self, head: Head) -> Decoder:
        """Make a reader for the answer that begins with a head."""
        return wire_of(self.api).decoder(head, self.asked_model)

    def explain(self, head: Head, body: str) -> APIError:
        """The error that an answer with an error status means."""
        from chatkit._providers.explain import status_error

        return status_error(
            head.status,
            head.headers,
            body,
            url=head.url,
            model=self.asked_model,
            source=self.credentials.source,
            retry_after=head.retry_after,
            size=head.sent_bytes,
        )

    def conceding(self, error: APIError) -> OpenAICompatible | None:
        """This provider without what the server just refused, when that is a known quirk; else None."""
        from chatkit._providers.concessions import conceded_profile

        if isinstance(error, NotFoundError) and urlsplit(self.base_url).path in ("", "/"):
            # A bare host was given. Nearly all servers answer under /v1, a few at the root.
            return replace(self, base_url=f"{self.base_url}/v1")
        profile = conceded_profile(error, self.profile)
        return replace(self, profile=profile) if profile is not None else None

    def _joined(self, start: bytes, turns: Sequence[Turn], end: bytes) -> bytes:
        messages = word_turns(turns, self._rules())
        if not messages:
            return start + end
        # Start and end go in with the first and the last message, since to join twice is to copy it all twice.
        messages[0] = start + messages[0]
        messages[-1] += end
        return b",".join(messages)

    def _rules(self) -> Rules:
        rules: Rules | None = self._kept.get("rules")
        if rules is None:
            rules = self._kept["rules"] = wire_of(self.api).rules(self.profile, self.preserve_thinking)
        return rules

    def _frame(self, tools: Sequence[Tool], stream: bool, tool_choice: str | None) -> tuple[bytes, bytes | None, bool]:
        """What stands before and after the turns in a body, and whether it asks for a stream."""
        key = (stream, tool_choice)
        kept = self._kept.get(key)
        if kept is None or kept[0] is not tools:
            # The tools are kept along: it is their identity that says whether they are the same.
            kept = self._kept[key] = (tools, self._framed(tools, stream, tool_choice=tool_choice))
        framed: tuple[bytes, bytes | None, bool] = kept[1]
        return framed

    def _framed(
        self, tools: Sequence[Tool], stream: bool, wanted: Wanted | None = None, tool_choice: str | None = None
    ) -> tuple[bytes, bytes | None, bool]:
        wire = wire_of(self.api)
        body = wire.body(
            Asked(self.asked_model, self.params, self.profile, tools, stream, wanted, tool_choice, self._warned)
        )
        body = merged(body, self.api_args)
        streamed = bool(body.get("stream"))
        if not streamed:
            body.pop("stream_options", None)
        if body.get(wire.turns_field) != []:
            return to_bytes(body), None, streamed
        del body[wire.turns_field]
        # The model comes first: a router reads the beginning of a body to know where to send it.
        model = to_bytes(body.pop("model", None) or self.asked_model)
        rest = b"," + to_bytes(body)[1:] if body else b"}"
        start = b'{"model":' + model + b"," + to_bytes(wire.turns_field) + b":["
        return start, b"]" + rest, streamed

    def _headers(self, stream: bool) -> Mapping[str, str]:
        key = ("headers", stream)
        if key not in self._kept:
            # A compressed stream would only come late.
            encoding = "identity" if stream else "gzip, deflate"
            accept = "text/event-stream, application/json" if stream else "application/json"
            headers = {"Content-Type": "application/json", "Accept": accept, "Accept-Encoding": encoding}
            payer = {"X-HF-Bill-To": self.bill_to} if self.bill_to else {}
            self._kept[key] = {**headers, "User-Agent": f"chatkit/{__version__}", **payer, **self.api_headers}
        kept: Mapping[str, str] = self._kept[key]
        return kept
