"""How chats are made: for any OpenAI-compatible server, for Hugging Face, or by a "provider/model" name."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from chatkit._chat.chat import Chat
from chatkit._display.choosing import EchoMode
from chatkit._engine.conversation import DEFAULT_ROUNDS, Conversation
from chatkit._engine.limits import Limits, check_limits
from chatkit._errors import ConfigError
from chatkit._http.messages import TimeLimits
from chatkit._http.opening import LazyTransport
from chatkit._http.retry import RetryPolicy
from chatkit._providers.addresses import check_base_url
from chatkit._providers.credentials import (
    Credentials,
    api_key_credentials,
    user_credentials,
)
from chatkit._providers.huggingface import BASE_URL, DEFAULT_MODEL
from chatkit._providers.making import ProviderSettings, provider_of, warn_of_plain_http
from chatkit._providers.params import Params
from chatkit._providers.profiles import Profile, resolve_profile
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.inputs import whole_number

if TYPE_CHECKING:
    from requests import Session

CredentialsLike: TypeAlias = Callable[[], "str | Mapping[str, str] | Awaitable[str] | Awaitable[Mapping[str, str]]"]
_told = set[str]()


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
    session: Session | None = None,
    api_key: str | None = None,
) -> Chat:
    """Make a chat with any server that speaks OpenAI's Chat Completions.

    Args:
        base_url: The address in front of `/chat/completions`, usually ending in `/v1`.
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
        session: A `requests.Session` of your own, for proxies, certificates or custom fetching.
        api_key: Deprecated: give `credentials=lambda: key`.

    Returns:
        The chat. Nothing is sent yet.

    Raises:
        ConfigError: when something given cannot be used.
    """
    url = check_base_url(base_url)
    own = _own_credentials(credentials, api_key)
    return _chat(
        ProviderSettings(
            "openai_compatible",
            name,
            url,
            model,
            resolve_profile(profile, url),
            api_args={} if api_args is None else api_args,
            preserve_thinking=preserve_thinking,
        ),
        own,
        system_prompt=system_prompt,
        params=params,
        api_headers=api_headers,
        echo=echo,
        timeout=timeout,
        max_retries=max_retries,
        max_tool_rounds=max_tool_rounds,
        tool_timeout=tool_timeout,
        limits=limits,
        session=session,
    )


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
        session: A `requests.Session` of your own, for proxies, certificates or custom fetching.
        api_key: Deprecated: give `credentials=lambda: key`.

    Returns:
        The chat. Nothing is sent yet.

    Raises:
        ConfigError: when something given cannot be used.
    """
    url = check_base_url(base_url)
    own = _own_credentials(credentials, api_key)
    if model is None:
        model = DEFAULT_MODEL
        _tell_once(f'Using model = "{model}".')
    return _chat(
        ProviderSettings(
            "huggingface",
            "HuggingFace",
            url,
            model,
            resolve_profile(profile or "huggingface", url),
            api_args={} if api_args is None else api_args,
            preserve_thinking=preserve_thinking,
        ),
        own,
        system_prompt=system_prompt,
        params=params,
        api_headers=api_headers,
        echo=echo,
        timeout=timeout,
        max_retries=max_retries,
        max_tool_rounds=max_tool_rounds,
        tool_timeout=tool_timeout,
        limits=limits,
        session=session,
    )


def chat(name: str, **arguments: Any) -> Chat:
    """Make a chat by a name such as "huggingface/org/model".

    Args:
        name: The provider, then, after the first slash, the model; the model may be left out where there is a
            default. Providers: "huggingface" and "openai_compatible" (which wants `base_url=` too).
        **arguments: As for the provider's own constructor.

    Returns:
        The chat. Nothing is sent yet.

    Raises:
        ConfigError: when the provider is not known, or a model is named twice or not at all.
    """
    provider, slash, model = name.partition("/") if isinstance(name, str) else ("", "", "")
    maker = _MAKERS.get(provider)
    if maker is None or (slash and not model):
        raise ConfigError(
            f"{name!r} names no chat.", hint=f'Write "provider/model"; providers: {", ".join(sorted(_MAKERS))}.'
        )
    if model and "model" in arguments:
        raise ConfigError(f"The model is named twice: in {name!r}, and as model={arguments['model']!r}.")
    if model:
        arguments["model"] = model
    if maker is chat_openai_compatible:
        for needed in ("base_url", "model"):
            if needed not in arguments:
                raise ConfigError(f'chat("openai_compatible/model", base_url=...) needs `{needed}`.')
    return maker(**arguments)


_MAKERS: dict[str, Callable[..., Chat]] = {
    "huggingface": chat_huggingface,
    "openai_compatible": chat_openai_compatible,
}


def _chat(
    settings: ProviderSettings,
    credentials: Credentials | None,
    *,
    system_prompt: str | Sequence[str] | None,
    params: Params | None,
    api_headers: Mapping[str, str] | None,
    echo: EchoMode | bool | None,
    timeout: TimeLimits | float | None,
    max_retries: int,
    max_tool_rounds: int,
    tool_timeout: float | None,
    limits: Limits | None,
    session: Session | None,
) -> Chat:
    provider = provider_of(settings, credentials=credentials, api_headers=api_headers, timeout=timeout)
    warn_of_plain_http(provider, stacklevel=3)
    talk = Conversation(
        provider,
        retries=RetryPolicy(max_retries),
        max_rounds=whole_number("max_tool_rounds", max_tool_rounds, 0),
        limits=check_limits(limits),
        toolbox=Toolbox(timeout=tool_timeout),
    )
    made = Chat(talk, LazyTransport(session), echo=echo)
    made.set_system_prompt(system_prompt)
    made.params = params
    return made


def _own_credentials(credentials: CredentialsLike | None, api_key: str | None) -> Credentials | None:
    if api_key is None:
        return user_credentials(credentials) if credentials is not None else None
    if credentials is not None:
        raise ConfigError("Give either `credentials` or `api_key`, not both.")
    warnings.warn("`api_key` is deprecated: give credentials=lambda: key.", DeprecationWarning, stacklevel=3)
    if not isinstance(api_key, str):
        raise ConfigError(f"`api_key` must be a string, not {type(api_key).__name__}.")
    return api_key_credentials(api_key)


def _tell_once(text: str) -> None:
    if text not in _told:
        _told.add(text)
        # Not an answer, so not where answers go.
        sys.stderr.write(text + "\n")
