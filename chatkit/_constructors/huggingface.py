"""Chats with models on Hugging Face: by its router, or a dedicated endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatkit._chat.chat import Chat
from chatkit._constructors.assembling import (
    CredentialsLike,
    FallbackLike,
    Options,
    assemble,
    own_credentials,
    tell_once,
)
from chatkit._display.choosing import EchoMode
from chatkit._engine.conversation import DEFAULT_ROUNDS
from chatkit._engine.limits import Limits
from chatkit._http.messages import TimeLimits
from chatkit._models.prices import PriceLike
from chatkit._providers.addresses import check_base_url
from chatkit._providers.huggingface import BASE_URL, DEDICATED_MODEL, DEFAULT_MODEL, is_dedicated, seconds_to_wait
from chatkit._providers.making import ProviderSettings, model_name
from chatkit._providers.params import Params
from chatkit._providers.profiles import Profile, resolve_profile
from chatkit._providers.routing import payer_of, route_of
from chatkit._providers.wires import Api, check_api

if TYPE_CHECKING:
    from requests import Session

    from chatkit.store import ConversationStore


def chat_huggingface(
    system_prompt: str | Sequence[str] | None = None,
    *,
    params: Params | None = None,
    credentials: CredentialsLike | None = None,
    model: str | None = None,
    provider: str | None = None,
    bill_to: str | None = None,
    api_args: Mapping[str, Any] | None = None,
    echo: EchoMode | bool | None = None,
    api_headers: Mapping[str, str] | None = None,
    base_url: str = BASE_URL,
    preserve_thinking: bool = False,
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
    """Make a chat with a model on Hugging Face: through its router, or at a dedicated endpoint.

    Args:
        system_prompt: The system prompt; several texts are joined by a blank line.
        params: The model's parameters, made with `params()`.
        credentials: As for `chat_openai_compatible`. Without it a token is looked for in `HF_TOKEN`,
            `HUGGINGFACE_API_KEY`, `HUGGING_FACE_HUB_TOKEN`, `HUGGINGFACEHUB_API_TOKEN`,
            `HUGGING_FACE_ACCESS_TOKEN` and the token file of huggingface_hub, and sent to Hugging Face only.
        model: The model to ask for, such as "org/name", or "org/name:groq" to choose who serves it. Without one a
            small Llama is used, and said so once; a dedicated endpoint is asked for "tgi", which stands for the one
            model it has (only a vLLM container wants to hear the true name).
        provider: Who serves the model: an inference provider, such as "groq", "cerebras", "together",
            "fireworks-ai", "novita" or "hf-inference"; or how the router chooses: "fastest", "cheapest", "preferred"
            (in the order of your settings) or "auto" (which leaves it to the router, as None does). It is sent behind
            the model's name, and stays when the chat's `model` is changed. It is not checked against a list.
        bill_to: The organisation that pays, if it is not the owner of the token.
        api_args: Merged deeply over the body of every request; None deletes a key.
        echo: What `chat()` prints: "none", "output" or "all"; None decides by the place it is used in.
        api_headers: Further headers of every request.
        base_url: Another address, such as "https://xyz.endpoints.huggingface.cloud" of a dedicated endpoint; `/v1`
            may be left out. `provider` and `bill_to` are for the router only.
        preserve_thinking: Whether the model's thinking is sent back to it.
        profile: What sets the server apart, or the name of a known profile; None is Hugging Face's own.
        timeout: Time limits; a number of seconds limits each wait, not the whole answer.
        max_retries: How often a request that failed before anything of an answer arrived is sent again, from 0.
        max_tool_rounds: How many times in one call the model may ask for tools, from 0.
        tool_timeout: Seconds that a call of a tool without a `timeout` of its own may take. Plain tools then run in
            threads; one that takes too long goes on there unheard.
        limits: What all calls of the chat together may use up: rounds, tool calls, tokens, cost, seconds. The verbs
            take `limits=` too, for one call.
        fallback: Who is asked, in order, when the model cannot answer: models (`"org/name"`, by the same provider
            if there is one, or `"org/name:groq"`), the same model by another route (`":groq"`, `":auto"`), chats,
            whose providers are taken, or providers. The next one is asked at once after a rate limit, an overload,
            an error of the server's own, no connection, used-up credits, or when the model is not there, as long as
            nothing of an answer arrived; `max_retries` counts once all of them failed. Every request begins with the
            chat's own model again. Each is sent its own key only. The answer's `attempts` tell who failed.
        prices: Your own prices, by the model's name: `Price(...)`, or US dollars per million tokens as
            `(input, output)`. They go before those that a server lists.
        wait_for_model: Seconds to wait for a server that answers 503 because it is still loading the model, as
            dedicated endpoints do that had gone to sleep; True waits 10 minutes at most, False not at all. None
            waits for dedicated endpoints. Fallbacks are asked first.
        retry_on_error: False fails at the first error: no retries, no waiting for a model; fallbacks are still
            asked, once each.
        api: The wire format, "chat_completions" or "responses".
        session: A `requests.Session` of your own, for proxies, certificates or custom fetching.
        store: A `chatkit.store.ConversationStore` that keeps the chat from now on, as by `store.attach(chat)`.
        api_key: Deprecated: give `credentials=lambda: key`.

    Returns:
        The chat. Nothing is sent yet.

    Raises:
        ConfigError: when something given cannot be used, such as a `provider` where there is no router.
    """
    url = check_base_url(base_url)
    own = own_credentials(credentials, api_key)
    if model is None:
        model = _default_model(url)
    route = route_of(provider, model_name(model))
    return assemble(
        ProviderSettings(
            "huggingface",
            "HuggingFace",
            url,
            model,
            resolve_profile(profile or "huggingface", url),
            api_args={} if api_args is None else api_args,
            preserve_thinking=preserve_thinking,
            api=check_api(api),
            route=route,
            bill_to=payer_of(bill_to),
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


def _default_model(base_url: str) -> str:
    if is_dedicated(base_url):
        return DEDICATED_MODEL
    tell_once(f'Using model = "{DEFAULT_MODEL}".')
    return DEFAULT_MODEL
