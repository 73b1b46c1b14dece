"""Where the API begins at a bare host, as far as that is known."""

from __future__ import annotations

from urllib.parse import urlsplit

from chatkit._providers.huggingface import is_dedicated
from chatkit._providers.profiles import Profile
from chatkit._providers.routing import is_router

_PATH = "/v1"
# Each answers under /v1; those that answer at the root, too, do so as well there.
_SERVERS = frozenset({"llamacpp", "lmstudio", "ollama", "tgi", "vllm"})


def with_root(base_url: str, profile: Profile) -> str:
    """An address with the `/v1` that was left out, where it is known that the server has it.

    Other bare hosts are asked at their root first: see `OpenAICompatible.conceding`.

    Args:
        base_url: The address, in its normal form.
        profile: What sets the server apart.
    """
    known = profile.name in _SERVERS or is_dedicated(base_url) or is_router(base_url)
    return base_url + _PATH if known and urlsplit(base_url).path in ("", "/") else base_url
