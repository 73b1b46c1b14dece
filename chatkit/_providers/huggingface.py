"""What is Hugging Face's own: the router's address and the model of ellmer's page."""

from __future__ import annotations

from chatkit._providers.addresses import hostname_of

BASE_URL = "https://router.huggingface.co/v1"
DEFAULT_MODEL = "meta-llama/Llama-3.1-8B-Instruct"

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
    """
    if not retry_on_error:
        return 0.0
    if wait_for_model is None:
        wait_for_model = is_dedicated(base_url)
    return (_LONGEST_LOADING if wait_for_model else 0.0) if isinstance(wait_for_model, bool) else wait_for_model
