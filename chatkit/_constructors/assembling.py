"""What every constructor ends with: a chat, put together of settings and options."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from chatkit._chat.chat import Chat
from chatkit._display.choosing import EchoMode
from chatkit._engine.conversation import DEFAULT_ROUNDS, Conversation
from chatkit._engine.limits import Limits, check_limits
from chatkit._errors import ConfigError
from chatkit._http.messages import TimeLimits
from chatkit._http.opening import LazyTransport
from chatkit._http.retry import RetryPolicy
from chatkit._models.prices import PriceLike, check_prices
from chatkit._providers.credentials import Credentials, api_key_credentials, user_credentials
from chatkit._providers.huggingface import is_dedicated
from chatkit._providers.making import ProviderSettings, provider_of, warn_of_plain_http
from chatkit._providers.openai_compatible import OpenAICompatible
from chatkit._providers.params import Params
from chatkit._providers.provider import Provider
from chatkit._providers.routing import check_route, check_routing
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.inputs import whole_number

if TYPE_CHECKING:
    from requests import Session

    from chatkit.store import ConversationStore

CredentialsLike: TypeAlias = Callable[[], "str | Mapping[str, str] | Awaitable[str] | Awaitable[Mapping[str, str]]"]
FallbackLike: TypeAlias = "str | Chat | Provider"
_told = set[str]()
_PROVIDES = ("request", "decoder", "explain", "conceding")


@dataclass(frozen=True, slots=True)
class Options:
    """What all constructors take alike; the constructors tell what each of them means."""

    system_prompt: str | Sequence[str] | None = None
    params: Params | None = None
    api_headers: Mapping[str, str] | None = None
    echo: EchoMode | bool | None = None
    timeout: TimeLimits | float | None = None
    max_retries: int = 2
    wait_for_model: float = 0.0
    max_tool_rounds: int = DEFAULT_ROUNDS
    tool_timeout: float | None = None
    limits: Limits | None = None
    fallback: Sequence[FallbackLike] = ()
    prices: Mapping[str, PriceLike] | None = None
    session: Session | None = None
    store: ConversationStore | None = None


def assemble(settings: ProviderSettings, credentials: Credentials | None, options: Options) -> Chat:
    """Make a chat.

    Args:
        settings: What its provider is made of.
        credentials: The key's own way; None looks where the service looks by default.
        options: All the rest.

    Raises:
        ConfigError: when something among them cannot be used.
        StoreError: when the store cannot keep the chat.
    """
    _check_store(options.store)
    provider = provider_of(settings, credentials=credentials, api_headers=options.api_headers, timeout=options.timeout)
    warn_of_plain_http(provider, stacklevel=3)
    if options.params is not None:
        provider = provider.changed(params=_checked(options.params))
    talk = Conversation(
        provider,
        retries=RetryPolicy(options.max_retries, options.wait_for_model),
        max_rounds=whole_number("max_tool_rounds", options.max_tool_rounds, 0),
        limits=check_limits(options.limits),
        toolbox=Toolbox(timeout=options.tool_timeout),
        fallbacks=_fallbacks(options.fallback, provider),
        prices=check_prices(options.prices),
    )
    made = Chat(talk, LazyTransport(options.session), echo=options.echo)
    made.set_system_prompt(options.system_prompt)
    if options.store is not None:
        options.store.attach(made)
    return made


def own_credentials(credentials: CredentialsLike | None, api_key: str | None) -> Credentials | None:
    """The credentials that a user gave, in one way or the other; None when neither was given.

    Raises:
        ConfigError: when both were.
    """
    if api_key is None:
        return user_credentials(credentials) if credentials is not None else None
    if credentials is not None:
        raise ConfigError("Give either `credentials` or `api_key`, not both.")
    warnings.warn("`api_key` is deprecated: give credentials=lambda: key.", DeprecationWarning, stacklevel=3)
    if not isinstance(api_key, str):
        raise ConfigError(f"`api_key` must be a string, not {type(api_key).__name__}.")
    return api_key_credentials(api_key)


def tell_once(text: str) -> None:
    """Say on stderr what was chosen, the first time only: it is no answer, so it does not go where answers go."""
    if text not in _told:
        _told.add(text)
        sys.stderr.write(text + "\n")


def _check_store(store: Any) -> None:
    if store is not None and (isinstance(store, type) or not callable(getattr(store, "attach", None))):
        hint = "Make one with chatkit.store.ConversationStore(path)."
        raise ConfigError(f"`store` must be a ConversationStore, not {type(store).__name__}.", hint=hint)


def _checked(params: Any) -> Params:
    if not isinstance(params, Params):
        raise ConfigError(f"`params` must be made with params(), not {type(params).__name__}.")
    return params


def _fallbacks(given: Any, provider: OpenAICompatible) -> tuple[Provider, ...]:
    if isinstance(given, str | Chat) or not isinstance(given, Sequence):
        raise ConfigError(f"`fallback` must be a list of models, chats or providers, not {given!r}.")
    return tuple(_fallback(item, provider) for item in given)


def _fallback(item: Any, provider: OpenAICompatible) -> Provider:
    if isinstance(item, Chat):
        return item.provider
    if isinstance(item, str) and item.strip():
        return _other(item, provider)
    if not isinstance(item, type) and all(callable(getattr(item, name, None)) for name in _PROVIDES):
        made: Provider = item
        return made
    raise ConfigError(f"A fallback is a model's name, a chat or a provider, not {item!r}.")


def _other(item: str, provider: OpenAICompatible) -> OpenAICompatible:
    """The same service, asked for another model, or for the same one by another route."""
    if is_dedicated(provider.base_url):
        hint = "Give a chat instead, such as chat_huggingface(model=...)."
        raise ConfigError(f"A dedicated endpoint serves one model, so {item!r} cannot be its fallback.", hint=hint)
    name, colon, route = item.partition(":")
    name = name or provider.model.partition(":")[0]
    checked = check_route(route, "fallback") if colon else provider.route
    if provider.service != "huggingface":
        # What follows a colon may be a version here, or the kind of an offer.
        return provider.changed(model=name + colon + route)
    check_routing(checked, "", provider.base_url)
    return replace(provider, model=name, route=checked)
