"""What a request says of the answer that is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from chatkit._types.schema import Schema

Way: TypeAlias = Literal["json_schema", "json_object", "tool", "prompt"]
WAYS: tuple[Way, ...] = get_args(Way)
"""The ways of asking for a typed answer, the best first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An answer in the form of a JSON object.

    Args:
        name: What it is called: letters, digits, "_" and "-", at most 64.
        description: What it is; may be empty.
        schema: The JSON schema of the object.
        way: How the server is told: with `response_format` ("json_schema", or "json_object" and instructions), with
            a tool that the model has to call ("tool"), or with instructions alone ("prompt").
        strict: Whether the server may be asked to keep to the schema strictly, where it can.
    """

    name: str
    description: str
    schema: Schema = field(hash=False)
    way: Way
    strict: bool = True
