"""Schemas of arguments in words that every server understands."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chatkit._types.schema import Schema, rewritten


def tidied(schema: Schema) -> Schema:
    """Reword pydantic's schema of arguments; the input is not touched.

    Titles are dropped, they only repeat the names. Objects are closed unless they say otherwise. A union told apart by
    a `discriminator`, which is OpenAPI's and few servers know, becomes `anyOf`; each branch has its tag in it anyway. A
    definition that is used once is put where it is used, as some servers do not follow references; one that is used
    again, or contains itself, stays.
    """
    return _inlined(dict(rewritten(schema, _plainer)))


def _plainer(part: Schema) -> Schema:
    part.pop("title", None)
    if part.pop("discriminator", None) is not None:
        part["anyOf"] = part.pop("oneOf")
    if part.get("type") == "object" and "properties" in part:
        part.setdefault("additionalProperties", False)
    return part


def _inlined(schema: Schema) -> Schema:
    definitions: dict[str, Any] = schema.pop("$defs", {})
    uses = _uses([schema, *definitions.values()])

    def place(part: Schema) -> Schema:
        name = _target(part)
        if name not in definitions or uses[name] != 1:
            return part
        beside = {key: value for key, value in part.items() if key != "$ref"}
        return {**rewritten(definitions[name], place), **beside}

    placed: Schema = rewritten(schema, place)
    kept = {name: rewritten(part, place) for name, part in definitions.items() if uses[name] != 1}
    return {"$defs": kept, **placed} if kept else placed


def _uses(schemas: list[Schema]) -> Counter[str]:
    found: Counter[str] = Counter()

    def note(part: Schema) -> Schema:
        found[_target(part)] += 1
        return part

    for schema in schemas:
        rewritten(schema, note)
    return found


def _target(part: Schema) -> str:
    return str(part.get("$ref", "")).removeprefix("#/$defs/")
