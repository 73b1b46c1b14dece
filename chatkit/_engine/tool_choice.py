"""Whether the model may, must or must not call tools: checked before anything is sent."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from chatkit._errors import APIStatusError, BadRequestError, ConfigError, UnprocessableEntityError

_WORDS = ("auto", "none", "required")
_LASTING = ("auto", "none")


def check_tool_choice(choice: Any, tools: Collection[str]) -> str | None:
    """What a user gave as `tool_choice`, checked.

    Args:
        choice: "auto", "none", "required", the name of a tool, or None.
        tools: The names of the tools that there are.

    Raises:
        ConfigError: when it is none of these, names a tool that is not there, or demands a call without any tools.
    """
    if choice is None or (isinstance(choice, str) and choice in _LASTING):
        return choice
    if not isinstance(choice, str) or not choice:
        raise ConfigError(
            f'`tool_choice` must be "auto", "none", "required" or the name of a tool, not {_shown(choice)}.',
        )
    if not tools:
        raise ConfigError(
            f"`tool_choice={choice!r}` demands a call, but the chat has no tools.", hint="Add them by register_tool()."
        )
    if choice in _WORDS or choice in tools:
        return choice
    there = ", ".join(sorted(tools))
    raise ConfigError(
        f"`tool_choice={_shown(choice)}` names no tool of the chat; there are: {there}.",
        hint='Or give "auto", "none" or "required".',
    )


def lasting(choice: str | None) -> str | None:
    """What of a choice holds for the further requests of a call: a demand is met by the first."""
    return choice if choice in _LASTING else None


def is_spare(choice: str | None, error: APIStatusError) -> bool:
    """Whether a server refuses the very field, and the choice says only what it does without it."""
    if choice != "auto" or not isinstance(error, BadRequestError | UnprocessableEntityError):
        return False
    return "tool_choice" in f"{error.server_message} {error.param or ''}"


def _shown(choice: object) -> str:
    text = repr(choice)
    return text if len(text) <= 80 else f"{text[:79]}…"
