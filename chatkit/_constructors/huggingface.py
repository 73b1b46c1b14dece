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
from chatkit._providers.huggingface import BASE_URL, DEFAULT_MODEL, seconds_to_wait
from chatkit._providers.making import ProviderSettings
from chatkit._providers.params import Params
from chatkit._providers.profiles import Profile, resolve_profile
from chatkit._providers.wires import Api, check_api

if TYPE_CHECKING:
    from requests import Session


def chat_huggingface(
    system_prompt: str | Sequence[str] | None = None,
    *,
    params: Params | None = None,
    credentials: CredentialsLike | None = None,
    model: str | None = None,
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
    api_key: str | None = None,
) -> Chat:
    """Make a chat with a model on Hugging Face, through its router.

    Args:
        system_prompt: The system prompt; several texts are joined by a blank line.
        params: The model's parameters, made with `params()`.
        credentials: As for `chat_openai_compatible`. Without it a token is looked for in `HF_TOKEN`,
            `HUGGINGFACE_API_KEY`, `HUGGING_FACE_HUB_TOKEN`, `HUGGINGFACEHUB_API_TOKEN`,
            `HUGGING_FACE_ACCESS_TOKEN` and the token file of huggingface_hub, and sent to Hugging Face only.
        model: The model to ask for, such as "org/name"; without one a small Llama is used, and said so once.
        api_args: Merged deeply over the body of every request; None deletes a key.
        echo: What `chat()` prints: "none", "output" or "all"; None decides by the place it is used in.
        api_headers: Further headers of every request.
        base_url: Another address, such as that of a dedicated endpoint.
        preserve_thinking: Whether the model's thinking is sent back to it.
        profile: What sets the server apart; None looks at the address.
        timeout: Time limits; a number of seconds limits each wait, not the whole answer.
        max_retries: How often a request that failed before anything of an answer arrived is sent again, from 0.
        max_tool_rounds: How many times in one call the model may ask for tools, from 0.
        tool_timeout: Seconds that a call of a tool without a `timeout` of its own may take. Plain tools then run in
            threads; one that takes too long goes on there unheard.
        limits: What all calls of the chat together may use up: rounds, tool calls, tokens, cost, seconds. The verbs
            take `limits=` too, for one call.
        fallback: Who is asked, in order, when the model cannot answer because of a rate limit, an overload or because
            it is not available, as long as nothing of an answer arrived: models (`"org/name"`, or `":groq"` for the
            same model by another route), chats, whose providers are taken, or providers.
        prices: Your own prices, by the model's name: `Price(...)`, or US dollars per million tokens as
            `(input, output)`. They go before those that a server lists.
        wait_for_model: Seconds to wait for a server that answers 503 because it is still loading the model, as
            dedicated endpoints do that had gone to sleep; True waits 10 minutes at most, False not at all. None
            waits for dedicated endpoints.
        retry_on_error: False fails at the first error: no retries, no waiting for a model.
        api: The wire format, "chat_completions" or "responses".
        session: A `requests.Session` of your own, for proxies, certificates or custom fetching.
        api_key: Deprecated: give `credentials=lambda: key`.

    Returns:
        The chat. Nothing is sent yet.

    Raises:
        ConfigError: when something given cannot be used.
    """
    url = check_base_url(base_url)
    own = own_credentials(credentials, api_key)
    if model is None:
        model = DEFAULT_MODEL
        tell_once(f'Using model = "{model}".')
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
        ),
    )
