"""Reading token counts: what a server did not say stays unknown."""

from __future__ import annotations

from typing import Any

from chatkit._turns.turns import Usage

# Beyond these a number is no count and no cost, whatever the server says, and could not be reckoned with.
_MOST_TOKENS = 2**53
_MOST_DOLLARS = 1e9


def read_usage(usage: Any) -> Usage:
    """The token counts in a `usage` object, of Chat Completions or Responses, in any of the shapes it is given in.

    Cached and image tokens are part of the input tokens, reasoning tokens of the output tokens.
    """
    if not isinstance(usage, dict):
        return Usage()
    prompt = _details(usage, "prompt_tokens_details", "input_tokens_details")
    completion = _details(usage, "completion_tokens_details", "output_tokens_details")
    return Usage(
        input_tokens=_count(usage, "prompt_tokens", "input_tokens"),
        output_tokens=_count(usage, "completion_tokens", "output_tokens"),
        cached_tokens=_first(_count(prompt, "cached_tokens"), _count(usage, "cached_tokens")),
        reasoning_tokens=_first(_count(completion, "reasoning_tokens"), _count(usage, "reasoning_tokens")),
        image_tokens=_count(prompt, "image_tokens"),
    )


def read_cost(usage: Any) -> float | None:
    """US dollars, where a router says what the answer cost; None elsewhere.

    Source: https://openrouter.ai/docs/use-cases/usage-accounting (`usage.cost`)
    """
    cost = usage.get("cost") if isinstance(usage, dict) else None
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost <= _MOST_DOLLARS:
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
        if type(value) is int and 0 <= value <= _MOST_TOKENS:
            return value
    return None


def _first(*values: int | None) -> int | None:
    for value in values:
        if value is not None:
            return value
    return None
