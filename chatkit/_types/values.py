"""Ellmer's functions that describe what a value has to look like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chatkit._errors import ConfigError
from chatkit._types.kinds import (
    Scalar,
    Type,
    TypeArray,
    TypeBasic,
    TypeEnum,
    TypeIgnore,
    TypeJsonSchema,
    TypeObject,
)


def type_string(description: str | None = None, *, required: bool = True) -> TypeBasic:
    """Describe a text.

    Args:
        description: What the model is told of it.
        required: Whether it must be given where it is a property of an object or an argument of a tool.
    """
    return TypeBasic("string", _text(description), required)


def type_integer(description: str | None = None, *, required: bool = True) -> TypeBasic:
    """Describe a whole number. The arguments are those of `type_string`."""
    return TypeBasic("integer", _text(description), required)


def type_number(description: str | None = None, *, required: bool = True) -> TypeBasic:
    """Describe a number, whole or not. The arguments are those of `type_string`."""
    return TypeBasic("number", _text(description), required)


def type_boolean(description: str | None = None, *, required: bool = True) -> TypeBasic:
    """Describe a value that is true or false. The arguments are those of `type_string`."""
    return TypeBasic("boolean", _text(description), required)


def type_enum(values: Iterable[Scalar], description: str | None = None, *, required: bool = True) -> TypeEnum:
    """Describe a value that is one of several.

    Args:
        values: The allowed values: strings, whole numbers or booleans; at least one.
        description: What the model is told of it.
        required: As for `type_string`.

    Raises:
        ConfigError: when there is no value, or one of another type.
    """
    given = () if isinstance(values, str) else tuple(values)
    if not given or not all(type(value) in (str, int, bool) for value in given):
        raise ConfigError("type_enum() takes a list of strings, whole numbers or booleans, with at least one in it.")
    return TypeEnum(given, _text(description), required)


def type_array(items: Type, description: str | None = None, *, required: bool = True) -> TypeArray:
    """Describe a list.

    Args:
        items: What each item looks like.
        description: What the model is told of it.
        required: As for `type_string`.

    Raises:
        ConfigError: when `items` is no type.
    """
    return TypeArray(_type("items", items), _text(description), required)


def type_object(
    description: str | None = None,
    /,
    *,
    required: bool = True,
    additional_properties: bool = False,
    **fields: Type,
) -> TypeObject:
    """Describe an object.

    A property that is not required may be missing or null; the answer then has None for it. One of `type_ignore()`
    is left out.

    Args:
        description: What the model is told of it.
        required: As for `type_string`.
        additional_properties: Whether further properties are kept; else they are dropped.
        **fields: The properties.

    Raises:
        ConfigError: when a property is no type.
    """
    properties = {name: _type(name, part) for name, part in fields.items() if not isinstance(part, TypeIgnore)}
    return TypeObject(MappingProxyType(properties), _text(description), required, additional_properties)


def type_from_schema(
    text: str | Mapping[str, Any] | None = None, *, path: str | Path | None = None, required: bool = True
) -> TypeJsonSchema:
    """Take a JSON schema as it is. Values are checked against it, and stay plain data.

    Args:
        text: The schema as JSON text, or as a dict.
        path: A file that holds it instead.
        required: As for `type_string`.

    Raises:
        ConfigError: when not exactly one of both is given, or it is no JSON schema.
    """
    if (text is None) == (path is None):
        raise ConfigError("type_from_schema() takes either the schema or the path of a file that holds it.")
    from chatkit._types.checking import as_schema

    return TypeJsonSchema(as_schema(_read(path) if path is not None else text), required)


def type_ignore() -> TypeIgnore:
    """Keep an argument of a tool from the model: it is never asked for, and the function's default applies.

    It also stands in type hints: `Annotated[int, type_ignore()]`.
    """
    return TypeIgnore()


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
    raise ConfigError(f"The JSON schema {str(path)!r} cannot be read: {reason}.")


def _text(description: Any) -> str | None:
    if description is None or isinstance(description, str):
        return description
    raise ConfigError(f"A description is a string, not {type(description).__name__}.")


def _type(name: str, value: Any) -> Type:
    if isinstance(value, Type):
        return value
    raise ConfigError(f"`{name}` must be made by a type_*() function, not {type(value).__name__}.")
