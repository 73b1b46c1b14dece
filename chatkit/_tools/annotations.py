"""Hints about what a tool does, in the names of the Model Context Protocol.

They are stored as MCP spells them ("readOnlyHint"), so that what comes from an MCP server and what goes to an MCP
client is the same mapping. Source: https://modelcontextprotocol.io/specification/2025-06-18/schema#toolannotations
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatkit._errors import ConfigError

_NAMES = {
    "title": "title",
    "read_only_hint": "readOnlyHint",
    "destructive_hint": "destructiveHint",
    "idempotent_hint": "idempotentHint",
    "open_world_hint": "openWorldHint",
}
_KINDS: dict[str, type] = dict.fromkeys(_NAMES.values(), bool) | {"title": str}


def tool_annotations(
    *,
    title: str | None = None,
    read_only_hint: bool | None = None,
    destructive_hint: bool | None = None,
    idempotent_hint: bool | None = None,
    open_world_hint: bool | None = None,
    **extra: Any,
) -> dict[str, Any]:
    """Describe what a tool does, for those who show tools or decide about approval. Hints, not promises.

    Args:
        title: A name for people.
        read_only_hint: It changes nothing.
        destructive_hint: It may destroy something; means something only when it is not read-only.
        idempotent_hint: Calling it again with the same arguments changes nothing further.
        open_world_hint: It deals with things outside, such as the web.
        **extra: Hints of your own, kept as they are.

    Returns:
        The hints that were given, in MCP's names: "title", "readOnlyHint", "destructiveHint", ...

    Raises:
        ConfigError: when one is of the wrong type.
    """
    return read_annotations(
        {
            "title": title,
            "read_only_hint": read_only_hint,
            "destructive_hint": destructive_hint,
            "idempotent_hint": idempotent_hint,
            "open_world_hint": open_world_hint,
            **extra,
        }
    )


def read_annotations(given: Mapping[str, Any]) -> dict[str, Any]:
    """Put annotations into MCP's names, whichever spelling they came in; those that are None are left out.

    Raises:
        ConfigError: when they are no mapping of names, or one is of the wrong type.
    """
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise ConfigError("A tool's annotations are a mapping of names.", hint="Make them with tool_annotations().")
    found = {_NAMES.get(name, name): value for name, value in given.items() if value is not None}
    for name, value in found.items():
        kind = _KINDS.get(name)
        if kind is not None and not isinstance(value, kind):
            raise ConfigError(f"The annotation {name!r} of a tool is a {kind.__name__}, not {value!r}.")
    return found
