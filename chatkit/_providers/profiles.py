"""What sets one server apart from another, as data: names of body fields and a few habits.

Sources: the services' API references and what ellmer's providers encode. A profile is only what is *known*; a
parameter that is missing from `fields` is left out with a warning, never sent in hope.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from chatkit._errors import ConfigError
from chatkit._providers.addresses import hostname_of, is_loopback, port_of
from chatkit._providers.params import Params
from chatkit._warnings import UnsupportedParameterWarning

_SAME = {name: name for name in ("temperature", "top_p", "frequency_penalty", "presence_penalty", "seed", "max_tokens")}
_COMMON = MappingProxyType({**_SAME, "stop_sequences": "stop", "log_probs": "logprobs"})
_OPEN = MappingProxyType({**_COMMON, "top_k": "top_k", "reasoning_effort": "reasoning_effort"})


@dataclass(frozen=True, slots=True)
class Profile:
    """How a server differs from others.

    Args:
        name: What messages call it.
        fields: chatkit's name of a parameter -> the field of the request's body, with dots where it is nested
            (`reasoning.max_tokens`). What is absent is not known to the server.
        strict_tools: Whether tools are sent with `strict: true` and schemas that go with it.
        strict_answers: Whether the schema of a typed answer is sent with `strict: true`, and worded for it.
        parts: Whether a single text is sent as a list of parts; most servers, and all templates, take a plain string.
        stream_options: Whether `stream_options: {"include_usage": true}` may be sent.
        thinking_field: Where thinking goes when it is sent back: "reasoning" or "reasoning_content".
        empty_parameters: Whether a tool without arguments is sent with an empty `parameters` schema.
        tool_choice: What the server heeds of `tool_choice`: "named" is all of it. "words" is all but names, so a tool
            is demanded by offering it alone. "ignored" is nothing, so it is not told of tools that it must not use,
            and what demands a call is sent with a warning.
    """

    name: str
    fields: Mapping[str, str] = field(default_factory=lambda: dict(_OPEN), hash=False)
    strict_tools: bool = False
    strict_answers: bool = True
    parts: bool = False
    stream_options: bool = True
    thinking_field: str = "reasoning_content"
    empty_parameters: bool = True
    tool_choice: Literal["named", "words", "ignored"] = "named"


def _without(fields: Mapping[str, str], *names: str, **others: str) -> dict[str, str]:
    return {name: path for name, path in fields.items() if name not in names} | others


_PROFILES = (
    Profile("generic"),
    Profile("huggingface", thinking_field="reasoning"),
    Profile(
        "openai",
        _without(_OPEN, "top_k", max_tokens="max_completion_tokens"),
        strict_tools=True,
        thinking_field="reasoning",
    ),
    Profile("vllm", _without(_OPEN, reasoning_tokens="thinking_token_budget"), thinking_field="reasoning"),
    Profile(
        "groq",
        _without(_OPEN, "top_k", "log_probs", max_tokens="max_completion_tokens"),
        thinking_field="reasoning",
    ),
    Profile("deepseek", _without(_OPEN, "top_k", "seed")),
    # It refuses a tool's name with 400: "Invalid tool_choice type: 'object'."
    Profile("lmstudio", _without(_OPEN, "log_probs"), tool_choice="words"),
    # Its own API has a top_k, its OpenAI-compatible one does not: fields that it does not know it ignores.
    Profile("ollama", _without(_OPEN, "top_k"), thinking_field="reasoning", tool_choice="ignored"),
    Profile(
        "openrouter",
        _without(_OPEN, reasoning_effort="reasoning.effort", reasoning_tokens="reasoning.max_tokens"),
        thinking_field="reasoning",
    ),
    Profile("mistral", _without(_COMMON, "log_probs", seed="random_seed"), stream_options=False),
    Profile(
        "databricks",
        _without(_OPEN, "seed", "frequency_penalty", "presence_penalty"),
        stream_options=False,
        empty_parameters=False,
    ),
    Profile("cloudflare", _without(_OPEN, "log_probs")),
    # It takes a tool's name for "auto" and says so in its own log only.
    Profile("llamacpp", _without(_OPEN, reasoning_tokens="thinking_budget_tokens"), tool_choice="words"),
    Profile("tgi", _COMMON),
)

PROFILES: dict[str, Profile] = {profile.name: profile for profile in _PROFILES}
"""The servers that are known, by name."""

_HOSTS = {
    "api.openai.com": "openai",
    "openrouter.ai": "openrouter",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "codestral.mistral.ai": "mistral",
    "api.deepseek.com": "deepseek",
    "huggingface.co": "huggingface",
    "endpoints.huggingface.cloud": "huggingface",
    "hf.space": "huggingface",
    "cloud.databricks.com": "databricks",
    "gcp.databricks.com": "databricks",
    "azuredatabricks.net": "databricks",
    "api.cloudflare.com": "cloudflare",
}
_LOOPBACK_PORTS = {11434: "ollama", 1234: "lmstudio", 8080: "llamacpp"}


def profile_for(base_url: str) -> Profile:
    """Guess what kind of server is at an address, by its host, or on this machine by its port.

    Returns:
        The profile; "generic" when nothing is known.
    """
    if is_loopback(base_url):
        return PROFILES[_LOOPBACK_PORTS.get(port_of(base_url) or 0, "generic")]
    host = hostname_of(base_url)
    names = (name for known, name in _HOSTS.items() if host == known or host.endswith(f".{known}"))
    return PROFILES[next(names, "generic")]


def resolve_profile(value: Profile | str | None, base_url: str) -> Profile:
    """Find the profile that a user named, brought along, or left to the address.

    Raises:
        ConfigError: for a name that is not known; it lists those that are.
    """
    if value is None:
        return profile_for(base_url)
    if isinstance(value, Profile):
        return value
    if isinstance(value, str) and value in PROFILES:
        return PROFILES[value]
    raise ConfigError(f"There is no profile {value!r}; known are {', '.join(sorted(PROFILES))}.")


def body_params(params: Params, profile: Profile, warned: set[str]) -> dict[str, Any]:
    """Word parameters as fields of a request's body.

    Args:
        params: The parameters.
        profile: The server's names for them.
        warned: Names that were warned about already; new ones are added.

    Returns:
        The fields; `params.extra` is in them as it is, and wins where both name the same field.
    """
    body: dict[str, Any] = copy.deepcopy(dict(params.extra))
    for name, value in params.items():
        if path := profile.fields.get(name):
            _put(body, path.split("."), list(value) if isinstance(value, tuple) else value)
        else:
            warn_once(name, "was left out", profile, warned)
    return body


def warn_once(name: str, what: str, profile: Profile, warned: set[str]) -> None:
    """Warn of something that a server does not know, the first time only.

    Args:
        name: What it is called.
        what: What becomes of it.
        profile: The server's.
        warned: Names that were warned about already; this one is added.
    """
    if name not in warned:
        warned.add(name)
        words = f"`{name}` {what}: the profile {profile.name!r} does not know it."
        warnings.warn(words, UnsupportedParameterWarning, stacklevel=3)


def _put(body: dict[str, Any], path: list[str], value: object) -> None:
    *above, last = path
    for step in above:
        body = body.setdefault(step, {})
        if not isinstance(body, dict):
            return
    body.setdefault(last, value)
