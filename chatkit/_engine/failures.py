"""What a failure means for what is done next: whether another may be asked, and whether it is worth waiting."""

from __future__ import annotations

import re
from typing import TypeAlias

from chatkit._errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ConfigError,
    ContextLengthError,
    MediaError,
    PermissionDeniedError,
    StreamError,
)
from chatkit._providers.addresses import host_of
from chatkit._providers.huggingface import is_dedicated
from chatkit._providers.provider import Provider

Failure: TypeAlias = "APIError | ConfigError | MediaError"
_LOADING = re.compile(r"\bloading\b|\bstarting\b|\binitiali[sz]ing\b|\bscal(?:ing|ed)\b|\bwarming\b", re.IGNORECASE)
_FINAL = (AuthenticationError, PermissionDeniedError, ContextLengthError, StreamError, ConfigError, MediaError)
_GONE = 410
_PAYMENT = 402
_RATE = 429
_SHOWN = 120
# What the constructor calls a service that was given no name.
_NAMELESS = "OpenAI-compatible"


def passes_on(error: Failure) -> bool:
    """Whether another model or service may do better: this one is busy, away, out of credit, or has no such model.

    Not so when the request itself is at fault, or the key, or a certificate: somebody should learn of that.
    """
    if isinstance(error, _FINAL):
        return False
    if isinstance(error, APIConnectionError):
        return error.kind != "tls"
    if not isinstance(error, APIStatusError):
        return error.retryable
    status = error.status_code
    if error.retryable or status in (_PAYMENT, _GONE, _RATE) or status >= 500:
        return True
    return status in (400, 404, 422) and _has_no_model(error)


def is_loading(error: Failure, provider: Provider) -> bool:
    """Whether a server is not ready yet because it is still loading the model, so that waiting helps."""
    if not isinstance(error, APIStatusError) or error.status_code != 503:
        return False
    estimate = isinstance(error.body, dict) and "estimated_time" in error.body
    return estimate or is_dedicated(provider.base_url) or bool(_LOADING.search(error.server_message))


def reason_of(error: Failure) -> str:
    """A failure in a few words, for those who read of several."""
    if isinstance(error, APIStatusError):
        said = error.server_message
        words = said if len(said) <= _SHOWN else f"{said[: _SHOWN - 1]}…"
        status = str(error.status_code)
        # Some routers begin with the status themselves.
        return words if words.startswith(status) else f"{status} {words or error.code or ''}".strip()
    if isinstance(error, APITimeoutError):
        return f"timeout ({error.phase})"
    return error.kind if isinstance(error, APIConnectionError) else error.summary


def service_of(provider: Provider) -> str:
    """What people call a service; its host when nobody gave it a name."""
    return host_of(provider.base_url) if provider.name == _NAMELESS else provider.name


def _has_no_model(error: APIStatusError) -> bool:
    # Opened here: most chats never need it.
    from chatkit._engine.missing_model import says_no_model

    return says_no_model(error)
