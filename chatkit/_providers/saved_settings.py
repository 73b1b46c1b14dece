"""The recorded form of the settings of a provider: data that JSON can say, checked when it is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chatkit._errors import ConfigError, HistoryError
from chatkit._providers.addresses import check_base_url
from chatkit._providers.making import ProviderSettings, model_name
from chatkit._providers.params import Params
from chatkit._providers.profiles import PROFILES, Profile
from chatkit._providers.routing import check_routing
from chatkit._record.kinds import (
    TEXTS,
    Kind,
    fields_of,
    flag,
    integer,
    number,
    one_of,
    optional,
    plain_object,
    refused,
    text,
)
from chatkit._record.shapes import Shape

ROOT = "record: $.provider"


def settings_record(settings: ProviderSettings, at: str = ROOT) -> dict[str, Any]:
    """The recorded form of settings: a dict that JSON can say.

    Args:
        settings: The settings.
        at: What messages call the place where it stands.

    Raises:
        HistoryError: when something in them cannot be recorded; it names the place.
    """
    return _SETTINGS.write(settings, at)


def settings_replay(record: Any, at: str = ROOT) -> ProviderSettings:
    """The settings that a record tells of. Nothing is looked up or sent.

    Args:
        record: What `settings_record()` gave, perhaps after a way through JSON.
        at: What messages call the place where it stands.

    Raises:
        HistoryError: when it is no such record, or no provider could be made of it; it names the place.
    """
    try:
        settings: ProviderSettings = _SETTINGS.read(record, at)
        url = check_base_url(settings.base_url)
        check_routing(settings.route, settings.bill_to, url)
        return replace(settings, base_url=url, model=model_name(settings.model))
    except ConfigError as error:
        trouble = str(error)
    raise HistoryError(f"{at} makes no provider: {trouble}")


def _profile_record(profile: Profile, at: str) -> Any:
    """The name of a profile that is known, else all of it."""
    return profile.name if PROFILES.get(profile.name) == profile else _PROFILE.write(profile, at)


def _profile_of(record: Any, at: str) -> Profile:
    if not isinstance(record, str):
        profile: Profile = _PROFILE.read(record, at)
        return profile
    if record not in PROFILES:
        raise refused(at, f"one of {', '.join(sorted(PROFILES))}, or an object", record)
    return PROFILES[record]


def _paths(value: Any, at: str) -> dict[str, str]:
    return {text(name, at): text(path, f"{at}.{name}") for name, path in fields_of(value, at).items()}


_NUMBER, _INTEGER, _TEXT = optional(number), optional(integer), optional(text)
_PARAMS = Shape(
    Params,
    temperature=_NUMBER,
    top_p=_NUMBER,
    top_k=_INTEGER,
    frequency_penalty=_NUMBER,
    presence_penalty=_NUMBER,
    seed=_INTEGER,
    max_tokens=_INTEGER,
    log_probs=optional(flag),
    stop_sequences=Kind(optional(TEXTS.write), optional(TEXTS.read)),
    reasoning_effort=_TEXT,
    reasoning_tokens=_INTEGER,
    extra=plain_object,
)
_PROFILE = Shape(
    Profile,
    name=text,
    fields=_paths,
    strict_tools=flag,
    strict_answers=flag,
    parts=flag,
    stream_options=flag,
    thinking_field=text,
    empty_parameters=flag,
    tool_choice=one_of("named", "words", "ignored"),
)
_SETTINGS = Shape(
    ProviderSettings,
    service=one_of("huggingface", "openai_compatible"),
    name=text,
    base_url=text,
    model=text,
    profile=Kind(_profile_record, _profile_of),
    params=Kind(_PARAMS.write, _PARAMS.read),
    api_args=plain_object,
    preserve_thinking=flag,
    api=one_of("chat_completions", "responses"),
    route=text,
    bill_to=text,
    own_key=flag,
)
