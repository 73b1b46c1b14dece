"""What `arguments=` says of a tool's parameters, over the head of the signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chatkit._errors import ConfigError
from chatkit._types.kinds import Type, TypeIgnore
from chatkit._types.schema import Schema, object_of


@dataclass(frozen=True, slots=True)
class Spec:
    """What is said of one parameter.

    Args:
        description: What the model is told; empty when nothing is said.
        annotation: The type that it is checked with, when `typed`.
        typed: Whether it takes the place of the type hint.
        schema: The JSON schema that the model is told as it is, or None.
        required: False for one that the model may leave out though the function has no default; it is None then.
        hidden: Whether the model is not told of it.
    """

    description: str = ""
    annotation: Any = None
    typed: bool = False
    schema: Schema | None = None
    required: bool = True
    hidden: bool = False


def read_specs(arguments: Any, tool: str) -> dict[str, Spec]:
    """Read what was given as `arguments=`.

    Raises:
        ConfigError: when it is no mapping of names, or holds what is no JSON schema.
    """
    if arguments is None:
        return {}
    if not isinstance(arguments, Mapping) or not all(isinstance(name, str) for name in arguments):
        raise ConfigError(
            f"Tool {tool!r}: `arguments` maps the names of parameters to descriptions, types or JSON schemas."
        )
    return {name: _read(value) for name, value in arguments.items()}


def _read(value: Any) -> Spec:
    if isinstance(value, str):
        return Spec(description=value)
    if isinstance(value, TypeIgnore):
        return Spec(hidden=True)
    if isinstance(value, Type):
        text = value.description or ""
        return Spec(text, value.annotation(), typed=True, schema=value.schema(), required=value.required)
    if isinstance(value, Mapping):
        from chatkit._types.checking import as_schema

        schema = as_schema(value)
        text = schema.get("description", "")
        return Spec(text if isinstance(text, str) else "", schema=schema)
    return Spec(annotation=value, typed=True)


def refuse_unknown(specs: Iterable[str], names: Iterable[str], tool: str) -> None:
    """Make sure that `arguments=` speaks only of parameters that there are.

    Raises:
        ConfigError: naming those that there are not.
    """
    known = list(names)
    unknown = [repr(name) for name in specs if name not in known]
    if unknown:
        raise ConfigError(
            f"Tool {tool!r} has no parameter {', '.join(unknown)} for the model to fill.",
            hint=f"It has: {', '.join(known) or 'none'}.",
        )


def with_told(schema: Schema, told: Mapping[str, Schema], tool: str) -> Schema:
    """A schema of arguments in which these properties are told in other words; what they share goes to the top.

    Raises:
        ConfigError: when two schemas define the same name differently.
    """
    properties, shared = dict(schema.get("properties", {})), dict(schema.get("$defs", {}))
    for name, part in told.items():
        placed = object_of({name: part}, [])
        words = placed["properties"][name]
        properties[name] = {**_kept(properties.get(name)), **words}
        for key, definition in placed.get("$defs", {}).items():
            if shared.setdefault(key, definition) != definition:
                raise ConfigError(f"Tool {tool!r}, parameter {name!r}: its schema defines {key!r} differently.")
    defined = {"$defs": shared} if shared else {}
    return {**schema, "properties": properties, **defined}


def _kept(schema: Any) -> Schema:
    # The description may come from the docstring, and the default is the function's.
    return {key: schema[key] for key in ("description", "default") if key in (schema or {})}


def retold(schema: Schema, arguments: Any, tool: str) -> Schema:
    """Reword the schema of a tool whose arguments chatkit does not check, such as one from elsewhere.

    Raises:
        ConfigError: when something else than texts, JSON schemas and `type_*()` values is given, or of a parameter
            that there is not.
    """
    specs = read_specs(arguments, tool)
    refuse_unknown(specs, schema.get("properties", {}), tool)
    told: dict[str, Schema] = {}
    for name, spec in specs.items():
        if spec.schema is None and not spec.description:
            raise ConfigError(
                f"Tool {tool!r}, parameter {name!r}: this tool checks its arguments itself; a description, a JSON "
                "schema or a type_*() value can reword them, nothing else."
            )
        old = schema["properties"][name]
        told[name] = {**old, "description": spec.description} if spec.schema is None else spec.schema
    return with_told(schema, told, tool)
