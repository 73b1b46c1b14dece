"""Rewording JSON schemas, so that a strict server accepts them and a loose one too."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from chatkit._errors import ConfigError

Schema: TypeAlias = dict[str, Any]

_SHARED = ("$defs", "definitions")
_TO_SHARED = tuple(f"#/{key}/" for key in _SHARED)
_BY_NAME = frozenset({"properties", "patternProperties", *_SHARED})
_IN_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_ALONE = frozenset({"items", "additionalProperties", "contains", "not", "if", "then", "else", "propertyNames"})
_NEVER_STRICT = frozenset({"prefixItems", "patternProperties", "allOf", "not", "if", "contains", "propertyNames"})
_SAYS_WHAT = frozenset({"type", "enum", "const", "$ref", *_IN_LISTS})
# What strict servers answer with a 400. The model is told of it in words, and what it writes is checked here anyway.
_NOT_IN_STRICT = ("uniqueItems", "minProperties", "maxProperties")
_STRICT_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"},
)
_NAMES = {str: "string", int: "integer", bool: "boolean", float: "number", type(None): "null"}
_LOOKS_AROUND = re.compile(r"\(\?<?[=!]")


def rewritten(schema: Any, change: Callable[[Schema], Schema]) -> Any:
    """Copy a JSON schema, applying `change` to every schema in it, innermost first; the input is not touched."""
    if not isinstance(schema, dict):
        return schema
    copy = dict(schema)
    for key, value in schema.items():
        if key in _BY_NAME:
            copy[key] = {name: rewritten(part, change) for name, part in value.items()}
        elif key in _IN_LISTS:
            copy[key] = [rewritten(part, change) for part in value]
        elif key in _ALONE:
            copy[key] = rewritten(value, change)
    return change(copy)


def array_of(items: Schema) -> Schema:
    """The schema of an array, for that of its items."""
    shared: Schema = {}
    return {"type": "array", "items": _placed(items, "#/items", shared)} | shared


def object_of(properties: Schema, required: list[str], additional: bool = False) -> Schema:
    """The schema of an object, for those of its properties.

    Raises:
        ConfigError: when two of them share out the same name differently.
    """
    shared: Schema = {}
    placed = {name: _placed(part, f"#/properties/{_escaped(name)}", shared) for name, part in properties.items()}
    outer = {"type": "object", "properties": placed, "required": required, "additionalProperties": additional}
    return outer | shared


def without_titles(schema: Schema) -> Schema:
    """The schema without the titles that pydantic gives to everything."""

    def untitled(part: Schema) -> Schema:
        if isinstance(part.get("title"), str):
            del part["title"]
        return part

    return dict(rewritten(schema, untitled))


def _placed(schema: Schema, at: str, shared: Schema) -> Schema:
    """A schema as a part of another one: what it shares goes up, and what refers to itself refers to its new place."""

    def moved(part: Schema) -> Schema:
        target = part.get("$ref")
        if isinstance(target, str) and target.startswith("#") and not target.startswith(_TO_SHARED):
            part["$ref"] = at + target[1:]
        return part

    inner: Schema = rewritten(schema, moved)
    for key in _SHARED:
        for name, part in inner.pop(key, {}).items():
            if shared.setdefault(key, {}).setdefault(name, part) != part:
                raise ConfigError(f"Two JSON schemas that are used together define {name!r} differently.")
    return inner


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def strict_schema(schema: Schema) -> Schema:
    """Reword a schema for servers whose tools are strict; the input is not touched.

    There every object is closed and lists all its properties as required, so what was optional becomes nullable.

    Source: https://platform.openai.com/docs/guides/function-calling#strict-mode
    """
    return dict(rewritten(schema, _strict))


def allows_strict(schema: Schema) -> bool:
    """Whether the strict wording can say the same: no free-form objects, no values of any type, nothing rare."""
    found: list[Schema] = []

    def note(part: Schema) -> Schema:
        free = _may_be("object", part) and part.get("additionalProperties", "properties" not in part)
        rare = not _NEVER_STRICT.isdisjoint(part) or ("oneOf" in part and "discriminator" not in part)
        if free or rare or _SAYS_WHAT.isdisjoint(part) or _has_parts_of_any_type(part):
            found.append(part)
        return part

    rewritten(schema, note)
    return not found


def _may_be(kind: str, schema: Schema) -> bool:
    named = schema.get("type")
    return kind in named if isinstance(named, list) else kind == named


def _has_parts_of_any_type(schema: Schema) -> bool:
    parts = list(schema.get("properties", {}).values())
    if _may_be("array", schema):
        parts.append(schema.get("items"))
    return not all(isinstance(part, dict) for part in parts)


def _strict(schema: Schema) -> Schema:
    schema.pop("default", None)
    _put_in_words(schema)
    _say_types(schema)
    if schema.pop("discriminator", None) is not None and "oneOf" in schema:
        # How pydantic tells a tagged union; each branch has its tag in it anyway.
        schema["anyOf"] = schema.pop("oneOf")
    if "$ref" in schema and len(schema) > 1:
        # Nothing may stand beside a reference.
        schema = {**schema, "anyOf": [{"$ref": schema["$ref"]}]}
        del schema["$ref"]
    if schema.get("type") != "object" and "properties" not in schema:
        return schema
    properties = schema.get("properties", {})
    required = schema.get("required", ())
    schema["properties"] = {name: part if name in required else _nullable(part) for name, part in properties.items()}
    schema["required"] = list(properties)
    schema["additionalProperties"] = False
    return schema


def _say_types(schema: Schema) -> None:
    """Name the types of the values that are allowed: strict servers ask for it, pydantic leaves mixed ones out."""
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    kinds = list(dict.fromkeys(_NAMES.get(type(value), "") for value in values))
    if kinds and "type" not in schema and "" not in kinds:
        schema["type"] = kinds[0] if len(kinds) == 1 else kinds


def _put_in_words(schema: Schema) -> None:
    """Take out what strict servers do not know, and say it in the description."""
    unknown = {key: schema.pop(key) for key in list(_unknown_to_strict(schema))}
    if unknown:
        words = ", ".join(
            f"{key}: {value if isinstance(value, str) else json.dumps(value)}" for key, value in unknown.items()
        )
        schema["description"] = f"{schema.get('description', '')} ({words})".lstrip()


def _unknown_to_strict(schema: Schema) -> Iterator[str]:
    yield from (key for key in _NOT_IN_STRICT if key in schema)
    if "format" in schema and schema["format"] not in _STRICT_FORMATS:
        yield "format"
    if _LOOKS_AROUND.search(str(schema.get("pattern", ""))):
        yield "pattern"


def _nullable(schema: Any) -> Any:
    if not isinstance(schema, dict) or _SAYS_WHAT.isdisjoint(schema):
        return schema  # anything goes, null included
    if "anyOf" in schema:
        return _with_null_branch(schema)
    if "const" not in schema and ("type" in schema or "enum" in schema):
        return _with_null_value(schema)
    return _wrapped(schema)


def _with_null_branch(schema: Schema) -> Schema:
    branches = schema["anyOf"]
    if any(isinstance(part, dict) and part.get("type") == "null" for part in branches):
        return schema
    return {**schema, "anyOf": [*branches, {"type": "null"}]}


def _wrapped(schema: Schema) -> Schema:
    # The description stays outside, where a model looks for it.
    inner = {key: value for key, value in schema.items() if key != "description"}
    outer = {key: value for key, value in schema.items() if key == "description"}
    return {"anyOf": [inner, {"type": "null"}], **outer}


def _with_null_value(schema: Schema) -> Schema:
    copy = dict(schema)
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        copy["type"] = types if "null" in types else [*types, "null"]
    if "enum" in schema and None not in schema["enum"]:
        # A nullable type whose enum lacks null is a contradiction: one server answers 400, another invents a value.
        copy["enum"] = [*schema["enum"], None]
    return copy
