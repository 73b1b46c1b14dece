"""What is Hugging Face's own: the router's address, dedicated endpoints, and the model of ellmer's page.

No header asks a server to wait for its model. `x-wait-for-model` was left out of huggingface.js when the inference API
came to serve warm models only (February 2025), and nothing tells that the router reads it; dedicated endpoints answer
503 until they are up, which the engine waits out, so that the waiting can be shown and ended at any moment. Whoever
knows better for a server of theirs has `api_headers`.
"""

from __future__ import annotations

from typing import Any

from chatkit._errors import ConfigError
from chatkit._providers.addresses import hostname_of

BASE_URL = "https://router.huggingface.co/v1"
DEFAULT_MODEL = "meta-llama/Llama-3.1-8B-Instruct"
DEDICATED_MODEL = "tgi"
"""What a dedicated endpoint is asked for when no model is named.

It serves one model, so the name says nothing to it: TGI takes any, and this one is what Hugging Face's own clients and
guides send. A container that wants the right name, as vLLM does, answers 404, and the error tells which it has.
"""

_LONGEST_LOADING = 600.0
_ENDPOINTS = "endpoints.huggingface.cloud"


def is_dedicated(base_url: str) -> bool:
    """Whether an address is that of a dedicated endpoint, which may go to sleep when nobody asks."""
    host = hostname_of(base_url)
    return host == _ENDPOINTS or host.endswith(f".{_ENDPOINTS}")


def seconds_to_wait(wait_for_model: float | bool | None, retry_on_error: bool, base_url: str) -> float:
    """How long to wait for a server that is still loading the model.

    Args:
        wait_for_model: What the user said: seconds, yes, no, or nothing, which waits for dedicated endpoints.
        retry_on_error: Whether to try again at all.
        base_url: Where the server is.

    Raises:
        ConfigError: when one of them is something else.
    """
    if not isinstance(retry_on_error, bool):
        raise ConfigError(f"`retry_on_error` must be True or False, not {retry_on_error!r}.")
    seconds = _seconds(is_dedicated(base_url) if wait_for_model is None else wait_for_model)
    return seconds if retry_on_error else 0.0


def _seconds(wait_for_model: Any) -> float:
    if isinstance(wait_for_model, bool):
        return _LONGEST_LOADING if wait_for_model else 0.0
    if isinstance(wait_for_model, int | float) and 0 <= wait_for_model < 1e7:
        return wait_for_model
    raise ConfigError(f"`wait_for_model` must be a number of seconds, or True or False, not {wait_for_model!r}.")
