"""Prices of well-known services, from the package genai-prices, if it is installed.

Loading it takes a quarter of a second, so that it is loaded for answers of hosts alone that it has prices for. It is
not asked to update itself: nothing is sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from chatkit._turns.turns import Usage

# What of its list speaks OpenAI's wire. Whole names: a server elsewhere must never get another one's prices.
_HOSTS = frozenset(
    f"https://{host}"
    for host in (
        "api.avian.io",
        "api.cerebras.ai",
        "api.deepseek.com",
        "api.fireworks.ai",
        "api.groq.com",
        "api.mistral.ai",
        "api.moonshot.ai",
        "api.moonshot.cn",
        "api.novita.ai",
        "api.openai.com",
        "api.perplexity.ai",
        "api.together.xyz",
        "api.x.ai",
        "api.z.ai",
        "generativelanguage.googleapis.com",
        "inference.baseten.co",
        "open.bigmodel.cn",
        "openrouter.ai",
        "router.huggingface.co",
    )
)
_ROUTER = re.compile(r"/(?!v1(/|$))[a-z0-9-]+(/|$)")


def knows_host(url: str) -> bool:
    """Whether genai-prices may have prices for the server at an address."""
    parts = urlsplit(url)
    if f"{parts.scheme}://{parts.netloc}" not in _HOSTS:
        return False
    # The router itself has no prices, its providers have.
    return parts.netloc != "router.huggingface.co" or _ROUTER.match(parts.path) is not None


def genai_cost(url: str, models: Sequence[str], usage: Usage) -> float | None:
    """US dollars of an answer by the prices of genai-prices; None when it is not installed or does not know.

    Args:
        url: The server's address.
        models: Names of the model, the likeliest first.
        usage: The tokens.
    """
    if usage.input_tokens is None or usage.output_tokens is None or not knows_host(url):
        return None
    plain = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": min(usage.cached_tokens or 0, usage.input_tokens),
    }
    known = {"input_image_tokens": usage.image_tokens, "output_reasoning_tokens": usage.reasoning_tokens}
    for model in filter(None, models):
        # In all detail first; where it has no price for a detail, or for two of them together, without.
        for counts in ({**plain, **{name: count for name, count in known.items() if count}}, plain):
            cost = _asked(url, model, counts)
            if cost is not None:
                return cost
    return None


def _asked(url: str, model: str, counts: dict[str, Any]) -> float | None:
    try:
        from genai_prices import Usage as Counts
        from genai_prices import calc_price

        return float(calc_price(Counts(**counts), model, provider_api_url=url).total_price)
    except Exception:
        # Not installed, of another version, without this model: all the same to us.
        return None
