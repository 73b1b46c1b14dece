"""Reading token counts: what a server did not say stays unknown."""

from __future__ import annotations

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


def _details(usage: dict[str, Any], *names: str) -> dict[str, Any]:
    return next((usage[name] for name in names if isinstance(usage.get(name), dict)), {})


def _count(counts: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = counts.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
