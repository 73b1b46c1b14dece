"""Making a provider of settings that can be saved: everything about it but keys, headers and time limits."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatkit._errors import ConfigError
from chatkit._http.messages import TimeLimits
from chatkit._providers.addresses import check_base_url, host_of, is_loopback
from chatkit._providers.credentials import (
    Credentials,
    huggingface_default,
    lost_credentials,
    openai_compatible_credentials,
    user_credentials,
)
from chatkit._providers.extra_fields import refuse_several
from chatkit._providers.headers import check_headers
from chatkit._providers.openai_compatible import OpenAICompatible, Service
from chatkit._providers.params import Params, jsonable
from chatkit._providers.profiles import Profile
from chatkit._providers.provider import Provider
from chatkit._providers.roots import with_root
from chatkit._providers.routing import check_routing
from chatkit._providers.wires import Api
from chatkit._warnings import PlainHttpWarning

_DEFAULTS: dict[str, Callable[[str], Credentials]] = {
    "huggingface": huggingface_default,
    "openai_compatible": openai_compatible_credentials,
}


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What a provider is made of, without anything secret.

    Args:
        service: "huggingface" or "openai_compatible": where a key is looked for when none is given.
        name: What people call the service.
        base_url: Where the service is.
        model: The model asked for.
        profile: What sets the server apart.
        params: The model's parameters.
        api_args: Merged deeply over the body of every request; None deletes a key.
        preserve_thinking: Whether thinking is sent back to the model.
        own_key: Whether the key came from the user's own `credentials`, which are not saved.
        api: The wire format.
        route: What follows the model's name, behind a colon, to tell a router where to send it.
        bill_to: The organisation that pays.
    """

    service: Service
    name: str
    base_url: str
    model: str
    profile: Profile
    params: Params = field(default_factory=Params)
    api_args: Mapping[str, Any] = field(default_factory=dict)
    preserve_thinking: bool = False
    own_key: bool = False
    api: Api = "chat_completions"
    route: str = ""
    bill_to: str = ""


def provider_of(
    settings: ProviderSettings,
    *,
    credentials: Callable[[], Any] | None = None,
    api_headers: Mapping[str, str] | None = None,
    timeout: TimeLimits | float | None = None,
) -> OpenAICompatible:
    """Make the provider that settings describe. It sends nothing and looks for no key yet.

    Args:
        settings: The settings.
        credentials: Gives the key or the headers that hold it; None looks where the service looks by default, which
            gives a service's key to its own hosts only.
        api_headers: Further headers of every request.
        timeout: Time limits; a number of seconds limits each wait, not the whole answer.

    Raises:
        ConfigError: when something among them cannot be used.
    """
    url = with_root(check_base_url(settings.base_url), settings.profile)
    check_routing(settings.route, settings.bill_to, url)
    return OpenAICompatible(
        settings.name,
        model_name(settings.model),
        url,
        _credentials(settings, url) if credentials is None else user_credentials(credentials),
        settings.profile,
        params=settings.params,
        api_args=_body_args(settings.api_args),
        api_headers=check_headers(api_headers or {}, "api_headers"),
        preserve_thinking=settings.preserve_thinking,
        limits=TimeLimits.of(timeout),
        service=settings.service,
        api=settings.api,
        route=settings.route,
        bill_to=settings.bill_to,
    )


def settings_of(provider: Provider) -> ProviderSettings:
    """The settings that make a provider again, but for its key, its headers and its time limits.

    Raises:
        ConfigError: when it is a provider of the user's own, which only they can make again.
    """
    if not isinstance(provider, OpenAICompatible):
        raise ConfigError(f"Only chatkit's own providers can be saved, and {type(provider).__name__} is none.")
    key = provider.credentials.source
    return ProviderSettings(
        service=provider.service,
        name=provider.name,
        base_url=provider.base_url,
        model=provider.model,
        profile=provider.profile,
        params=provider.params,
        api_args=provider.api_args,
        preserve_thinking=provider.preserve_thinking,
        api=provider.api,
        route=provider.route,
        bill_to=provider.bill_to,
        own_key=key not in ("", _DEFAULTS[provider.service](provider.base_url).source),
    )


def model_name(model: Any) -> str:
    """The name of a model as a user gave it, checked.

    Raises:
        ConfigError: when it is none.
    """
    if not isinstance(model, str) or not model.strip():
        raise ConfigError(f"`model` must be the name of a model, not {model!r}.")
    return model


def warn_of_plain_http(provider: OpenAICompatible, stacklevel: int) -> None:
    """Warn when a key would travel unencrypted to a host that is not this machine."""
    url = provider.base_url
    if url.startswith("http://") and provider.credentials.source and not is_loopback(url):
        words = f"The key will travel unencrypted to {host_of(url)}; use https:// if the server can."
        warnings.warn(words, PlainHttpWarning, stacklevel=stacklevel + 1)


def _credentials(settings: ProviderSettings, url: str) -> Credentials:
    default = _DEFAULTS[settings.service](url)
    # A server that has no default key would only say that something is missing.
    return lost_credentials("credentials") if settings.own_key and not default.source else default


def _body_args(api_args: Any) -> dict[str, Any]:
    if not isinstance(api_args, Mapping):
        raise ConfigError(f"`api_args` must be a mapping, not {type(api_args).__name__}.")
    copied: dict[str, Any] = jsonable("api_args", dict(api_args))
    refuse_several(copied, "api_args")
    return copied
