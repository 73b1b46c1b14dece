"""Chats with any OpenAI-compatible server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatkit._chat.chat import Chat
from chatkit._constructors.assembling import CredentialsLike, FallbackLike, Options, assemble, own_credentials
from chatkit._display.choosing import EchoMode
from chatkit._engine.conversation import DEFAULT_ROUNDS
from chatkit._engine.limits import Limits
from chatkit._http.messages import TimeLimits
from chatkit._models.prices import PriceLike
from chatkit._providers.addresses import check_base_url
from chatkit._providers.huggingface import seconds_to_wait
from chatkit._providers.making import ProviderSettings
from chatkit._providers.params import Params
from chatkit._providers.profiles import Profile, resolve_profile
from chatkit._providers.wires import Api, check_api

if TYPE_CHECKING:
    from requests import Session

    from chatkit.store import ConversationStore


def chat_openai_compatible(
    base_url: str,
    *,
    model: str,
    name: str = "OpenAI-compatible",
    system_prompt: str | Sequence[str] | None = None,
    credentials: CredentialsLike | None = None,
    params: Params | None = None,
    api_args: Mapping[str, Any] | None = None,
    api_headers: Mapping[str, str] | None = None,
    preserve_thinking: bool = False,
    echo: EchoMode | bool | None = None,
    profile: Profile | str | None = None,
    timeout: TimeLimits | float | None = None,
    max_retries: int = 2,
    max_tool_rounds: int = DEFAULT_ROUNDS,
    tool_timeout: float | None = None,
    limits: Limits | None = None,
    fallback: Sequence[FallbackLike] = (),
    prices: Mapping[str, PriceLike] | None = None,
    wait_for_model: float | bool | None = None,
    retry_on_error: bool = True,
    api: Api = "chat_completions",
    session: Session | None = None,
    store: ConversationStore | None = None,
    api_key: str | None = None,
) -> Chat:
    """Make a chat with any server that speaks OpenAI's Chat Completions or Responses.

    Args:
        base_url: The address in front of `/chat/completions`, usually ending in `/v1`. When a bare host is given,
            `/v1` is added at once where the server is known to want it, and else after a 404 at the root.
        model: The model to ask for; it is not checked against a list.
        name: What the service is called in messages and printed chats.
        system_prompt: The system prompt; several texts are joined by a blank line.
        credentials: A function without arguments, called for every request; what it gives is never kept: a
            key (sent as `Authorization: Bearer ...`) or a mapping of headers, and may be async. Without it
            `OPENAI_API_KEY` is used for api.openai.com; other servers, those on this machine among them, get no key.
        params: The model's parameters, made with `params()`.
        api_args: Merged deeply over the body of every request; None deletes a key.
        api_headers: Further headers of every request.
        preserve_thinking: Whether the model's thinking is sent back to it.
        echo: What `chat()` prints: "none", "output" or "all"; None decides by the place it is used in.
        profile: What sets the server apart, or the name of a known profile; None looks at the address.
        timeout: Time limits; a number of seconds limits each wait, not the whole answer.
        max_retries: How often a request that failed before anything of an answer arrived is sent again, from 0.
        max_tool_rounds: How many times in one call the model may ask for tools, from 0.
        tool_timeout: Seconds that a call of a tool without a `timeout` of its own may take. Plain tools then run in
            threads; one that takes too long goes on there unheard.
        limits: What all calls of the chat together may use up: rounds, tool calls, tokens, cost, seconds. The verbs
            take `limits=` too, for one call.
        fallback: Who is asked, in order, when the model cannot answer: models of the same server (`"name"`, or
            `":suffix"` for the same model with another suffix), chats, whose providers are taken, or providers. The
            next one is asked at once after a rate limit, an overload, an error of the server's own, no connection,
            used-up credits, or when the model is not there, as long as nothing of an answer arrived; `max_retries`
            counts once all of them failed. Every request begins with the chat's own model again. Each is sent its
            own key only. The answer's `attempts` tell who failed.
        prices: Your own prices, by the model's name: `Price(...)`, or US dollars per million tokens as
            `(input, output)`. They go before those that a server lists.
        wait_for_model: Seconds to wait for a server that answers 503 because it is still loading the model, as
            dedicated endpoints do that had gone to sleep; True waits 10 minutes at most, False not at all. None
            waits for dedicated endpoints of Hugging Face. Fallbacks are asked first.
        retry_on_error: False fails at the first error: no retries, no waiting for a model; fallbacks are still
            asked, once each.
        api: The wire format, "chat_completions" or "responses".
        session: A `requests.Session` of your own, for proxies, certificates or custom fetching.
        store: A `chatkit.store.ConversationStore` that keeps the chat from now on, as by `store.attach(chat)`.
        api_key: Deprecated: give `credentials=lambda: key`.

    Returns:
        The chat. Nothing is sent yet.

    Raises:
        ConfigError: when something given cannot be used.
    """
    url = check_base_url(base_url)
    own = own_credentials(credentials, api_key)
    return assemble(
        ProviderSettings(
            "openai_compatible",
            name,
            url,
            model,
            resolve_profile(profile, url),
            api_args={} if api_args is None else api_args,
            preserve_thinking=preserve_thinking,
            api=check_api(api),
        ),
        own,
        Options(
            system_prompt=system_prompt,
            params=params,
            api_headers=api_headers,
            echo=echo,
            timeout=timeout,
            max_retries=max_retries if retry_on_error else 0,
            wait_for_model=seconds_to_wait(wait_for_model, retry_on_error, url),
            max_tool_rounds=max_tool_rounds,
            tool_timeout=tool_timeout,
            limits=limits,
            fallback=fallback,
            prices=prices,
            session=session,
            store=store,
        ),
    )
