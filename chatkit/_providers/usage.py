"""Reading token counts: what a server did not say stays unknown."""

from __future__ import annotations

import math
from typing import Any

from chatkit._turns.turns import Usage


def read_usage(usage: Any) -> Usage:
    """The token counts in a Chat Completions `usage` object, in any of the shapes that servers give it."""
    if not isinstance(usage, dict):
        return Usage()
    prompt = _details(usage, "prompt_tokens_details", "input_tokens_details")
    completion = _details(usage, "completion_tokens_details", "output_tokens_details")
    return Usage(
        input_tokens=_count(usage, "prompt_tokens", "input_tokens"),
        output_tokens=_count(usage, "completion_tokens", "output_tokens"),
        cached_tokens=_first(_count(prompt, "cached_tokens"), _count(usage, "cached_tokens")),
        reasoning_tokens=_first(_count(completion, "reasoning_tokens"), _count(usage, "reasoning_tokens")),
    )


def read_cost(usage: Any) -> float | None:
    """US dollars, where a router says what the answer cost; None elsewhere.

    Source: https://openrouter.ai/docs/use-cases/usage-accounting (`usage.cost`)
    """
    cost = usage.get("cost") if isinstance(usage, dict) else None
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < math.inf:
        return None
    return float(cost)


def _details(usage: dict[str, Any], *names: str) -> dict[str, Any]:
    # Plain loops here and below: this is done for every answer, and a generator costs as much as the search.
    for name in names:
        found = usage.get(name)
        if isinstance(found, dict):
            return found
    return {}


def _count(counts: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = counts.get(name)
        if type(value) is int and value >= 0:
            return value
    return None


def _first(*values: int | None) -> int | None:
    for value in values:
        if value is not None:
            return value
    return None
