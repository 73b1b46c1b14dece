"""Wording what form an answer shall have: `response_format`, a tool that must be called, or instructions.

Source of the wire format: https://platform.openai.com/docs/api-reference/chat/create (response_format, tool_choice)
"""

from __future__ import annotations

import json
from typing import Any

from chatkit._providers.profiles import Profile
from chatkit._turns.turns import SystemTurn
from chatkit._types.schema import Schema, allows_strict, strict_schema
from chatkit._types.wanted import Wanted

_ORDER = (
    "Answer with one JSON object and nothing else: no sentences around it, no code fence. "
    "It must conform to this JSON schema:"
)
_CALL = "Give the answer by calling this function, once."


def add_wanted(body: dict[str, Any], wanted: Wanted, profile: Profile) -> None:
    """Say in a request's body what form the answer shall have."""
    if wanted.way == "json_schema":
        body["response_format"] = {"type": "json_schema", "json_schema": _described(wanted, profile)}
    elif wanted.way == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif wanted.way == "tool":
        answer = {"type": "function", "function": _function(wanted, profile)}
        if profile.tool_choice == "words":
            # One that cannot be named is demanded by offering no other.
            body["tools"], body["tool_choice"] = [answer], "required"
        else:
            body["tools"] = [*body.get("tools", ()), answer]
            body["tool_choice"] = {"type": "function", "function": {"name": wanted.name}}


def instructed(system: SystemTurn | None, wanted: Wanted) -> SystemTurn | None:
    """The system turn with instructions at its end, where the way of asking needs them."""
    if wanted.way not in ("json_object", "prompt"):
        return system
    order = f"{_ORDER}\n{json.dumps(wanted.schema, ensure_ascii=False)}"
    return SystemTurn(f"{system.text}\n\n{order}" if system is not None and system.text else order)


def _described(wanted: Wanted, profile: Profile) -> Schema:
    strict = profile.strict_answers and wanted.strict and allows_strict(wanted.schema)
    described: Schema = {"name": wanted.name, "schema": strict_schema(wanted.schema) if strict else wanted.schema}
    if wanted.description:
        described["description"] = wanted.description
    if profile.strict_answers and wanted.strict:
        described["strict"] = strict
    return described


def _function(wanted: Wanted, profile: Profile) -> Schema:
    strict = profile.strict_tools and wanted.strict and allows_strict(wanted.schema)
    description = f"{wanted.description}\n\n{_CALL}" if wanted.description else _CALL
    parameters = strict_schema(wanted.schema) if strict else wanted.schema
    function: Schema = {"name": wanted.name, "description": description, "parameters": parameters}
    return {**function, "strict": True} if strict else function
