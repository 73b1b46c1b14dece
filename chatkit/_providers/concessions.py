"""What is given up when a server refuses it: known quirks, each conceded once and remembered.

A server that does not know a field usually says so with a 400 or 422 that names it. The request is then worded
again without that field, instead of failing at something the user never asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from chatkit._errors import APIError, BadRequestError, UnprocessableEntityError
from chatkit._providers.profiles import Profile


def conceded_profile(error: APIError, profile: Profile) -> Profile | None:
    """The profile without what the server refused; None when the error is about something else."""
    if not isinstance(error, BadRequestError | UnprocessableEntityError):
        return None
    words = f"{error.server_message} {error.param or ''}"
    for named, concede in _CONCESSIONS:
        if re.search(named, words):
            changed = concede(profile)
            if changed != profile:
                return changed
    return None


def _without_stream_options(profile: Profile) -> Profile:
    return replace(profile, stream_options=False)


def _without_strict_tools(profile: Profile) -> Profile:
    return replace(profile, strict_tools=False)


def _without_strict_answers(profile: Profile) -> Profile:
    return replace(profile, strict_answers=False)


def _with_completion_tokens(profile: Profile) -> Profile:
    return _max_tokens_as(profile, "max_completion_tokens") if "max_tokens" in profile.fields else profile


def _with_max_tokens(profile: Profile) -> Profile:
    return _max_tokens_as(profile, "max_tokens") if "max_tokens" in profile.fields else profile


def _max_tokens_as(profile: Profile, field: str) -> Profile:
    return replace(profile, fields={**profile.fields, "max_tokens": field})


_CONCESSIONS: tuple[tuple[str, Callable[[Profile], Profile]], ...] = (
    (r"stream_options", _without_stream_options),
    # Not so a mere "Invalid schema for response_format": other types may do. That is up to the ladder of ways.
    (r"(?i)(response_format|json_schema|text\.format).*\bstrict\b", _without_strict_answers),
    (r"\bstrict\b", _without_strict_tools),
    # OpenAI's reasoning models: "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    (r"max_tokens.*max_completion_tokens", _with_completion_tokens),
    (r"max_completion_tokens", _with_max_tokens),
)
