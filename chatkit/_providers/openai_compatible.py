"""The Chat Completions provider: any server that speaks OpenAI's older, widely copied wire format.

Source of the wire format: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from chatkit._errors import APIError, NotFoundError
from chatkit._http.messages import Head, Request, TimeLimits
from chatkit._providers.credentials import Credentials
from chatkit._providers.decode import ChatDecoder
from chatkit._providers.encode import WordingRules, merged, to_bytes, word_tools, word_turns
from chatkit._providers.params import Params
from chatkit._providers.profiles import Profile, body_params
from chatkit._turns.turns import SystemTurn, Turn
from chatkit._version import __version__

if TYPE_CHECKING:
    from chatkit._tools.tool import Tool
    from chatkit._types.wanted import Wanted

Service: TypeAlias = Literal["huggingface", "openai_compatible"]


@dataclass(frozen=True)
class ChatCompletions:
    """Words requests to, and reads answers from, one Chat Completions server.

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
    # What was warned about already, and what stays the same from request to request, worded.
    _warned: set[str] = field(default_factory=set, repr=False, compare=False)
    _kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def changed(self, *, model: str | None = None, params: Params | None = None) -> ChatCompletions:
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
    ) -> Request:
        """Word a request for the next answer. See `Provider.request`."""
        if wanted is None:
            start, end, stream = self._frame(tools, stream)
        else:
            from chatkit._providers.wanted import instructed

            start, end, stream = self._framed(tools, stream, wanted)
            system = instructed(system, wanted)
        # `api_args` may name the messages themselves; then there is nothing left to join.
        body = start if end is None else self._joined(start, [system, *turns] if system is not None else turns, end)
        return Request(
            url=f"{self.base_url}/chat/completions",
            body=body,
            headers=self._headers(stream),
            credentials=self.credentials,
            stream=stream,
            limits=self.limits,
        )

    def decoder(self, head: Head) -> ChatDecoder:
        """Make a reader for the answer that begins with a head."""
        return ChatDecoder(head, self.model)

    def explain(self, head: Head, body: str) -> APIError:
        """The error that an answer with an error status means."""
        from chatkit._providers.explain import status_error

        return status_error(
            head.status,
            head.headers,
            body,
            url=head.url,
            model=self.model,
            source=self.credentials.source,
            retry_after=head.retry_after,
            size=head.sent_bytes,
        )

    def conceding(self, error: APIError) -> ChatCompletions | None:
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

    def _rules(self) -> WordingRules:
        rules: WordingRules | None = self._kept.get("rules")
        if rules is None:
            field = self.profile.thinking_field if self.preserve_thinking else None
            rules = self._kept["rules"] = WordingRules(self.profile.parts, field)
        return rules

    def _frame(self, tools: Sequence[Tool], stream: bool) -> tuple[bytes, bytes | None, bool]:
        """What stands before and after the messages in a body, and whether it asks for a stream."""
        kept = self._kept.get(stream)
        if kept is None or kept[0] is not tools:
            # The tools are kept along: it is their identity that says whether they are the same.
            kept = self._kept[stream] = (tools, self._framed(tools, stream))
        framed: tuple[bytes, bytes | None, bool] = kept[1]
        return framed

    def _framed(
        self, tools: Sequence[Tool], stream: bool, wanted: Wanted | None = None
    ) -> tuple[bytes, bytes | None, bool]:
        body: dict[str, Any] = {"model": self.model, "messages": []}
        body |= body_params(self.params, self.profile, self._warned)
        body["stream"] = stream
        if stream and self.profile.stream_options:
            body["stream_options"] = {"include_usage": True}
        if tools:
            body["tools"] = word_tools(tools, self.profile)
        if wanted is not None:
            from chatkit._providers.wanted import add_wanted

            add_wanted(body, wanted, self.profile)
        body = merged(body, self.api_args)
        streamed = bool(body.get("stream"))
        if not streamed:
            body.pop("stream_options", None)
        if body.get("messages") != []:
            return to_bytes(body), None, streamed
        del body["messages"]
        # The model comes first: a router reads the beginning of a body to know where to send it.
        model = to_bytes(body.pop("model", None) or self.model)
        rest = b"," + to_bytes(body)[1:] if body else b"}"
        return b'{"model":' + model + b',"messages":[', b"]" + rest, streamed

    def _headers(self, stream: bool) -> Mapping[str, str]:
        key = ("headers", stream)
        if key not in self._kept:
            # A compressed stream would only come late.
            encoding = "identity" if stream else "gzip, deflate"
            accept = "text/event-stream, application/json" if stream else "application/json"
            headers = {"Content-Type": "application/json", "Accept": accept, "Accept-Encoding": encoding}
            self._kept[key] = {**headers, "User-Agent": f"chatkit/{__version__}", **self.api_headers}
        kept: Mapping[str, str] = self._kept[key]
        return kept
