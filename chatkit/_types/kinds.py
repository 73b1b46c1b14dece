"""Ellmer's types as frozen values: what a value has to look like, as a JSON schema and as a check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any, Literal, NoReturn, TypeAlias

from chatkit._errors import ConfigError
from chatkit._types.schema import Schema, array_of, object_of

Scalar: TypeAlias = str | int | bool
_Kind: TypeAlias = Literal["string", "integer", "number", "boolean"]


class Type:
    """What a value has to look like. Make one with a `type_*` function.

    Attributes:
        description: What the model is told of it, or None.
        required: Whether the property of an object, or the argument of a tool, must be given.
    """

    __slots__ = ()
    description: str | None
    required: bool

    def schema(self) -> Schema:
        """The JSON schema of such a value."""
        raise NotImplementedError

    def annotation(self) -> Any:
        """A type hint for pydantic that checks such a value, gives plain data, and has the same JSON schema.

        Where the schema has references in it, which pydantic cannot follow, the hint has none.
        """
        from pydantic import Field, WithJsonSchema

        schema = self.schema()
        described = {"description": self.description} if self.description is not None else {}
        told = described if '"$ref"' in json.dumps(schema, default=str) else schema
        return Annotated[self._checked(), WithJsonSchema(told), Field(description=self.description)]

    def _checked(self) -> Any:
        raise NotImplementedError

    def _described(self, **schema: Any) -> Schema:
        return {**schema, "description": self.description} if self.description is not None else schema


@dataclass(frozen=True, slots=True)
class TypeBasic(Type):
    """A string, an integer, a number or a boolean."""

    kind: _Kind
    description: str | None = None
    required: bool = True

    def schema(self) -> Schema:
        """The JSON schema of such a value."""
        return self._described(type=self.kind)

    def _checked(self) -> Any:
        from pydantic import BeforeValidator, Strict

        plain = {"string": str, "integer": int, "number": float, "boolean": bool}[self.kind]
        tidy = _whole if self.kind == "integer" else _alone
        return Annotated[plain, Strict(), BeforeValidator(tidy)]


@dataclass(frozen=True, slots=True)
class TypeEnum(Type):
    """One of several values."""

    values: tuple[Scalar, ...]
    description: str | None = None
    required: bool = True

    def schema(self) -> Schema:
        """The JSON schema of such a value."""
        names = {str: "string", int: "integer", bool: "boolean"}
        kinds = list(dict.fromkeys(names[type(value)] for value in self.values))
        return self._described(type=kinds[0] if len(kinds) == 1 else kinds, enum=list(self.values))

    def _checked(self) -> Any:
        from pydantic import BeforeValidator

        return Annotated[Literal[self.values], BeforeValidator(_alone)]


@dataclass(frozen=True, slots=True)
class TypeArray(Type):
    """Any number of values that look alike."""

    items: Type
    description: str | None = None
    required: bool = True

    def schema(self) -> Schema:
        """The JSON schema of such a value."""
        return self._described(**array_of(self.items.schema()))

    def _checked(self) -> Any:
        return list[self.items.annotation()]  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class TypeObject(Type):
    """An object with named properties."""

    properties: Mapping[str, Type] = field(hash=False)
    description: str | None = None
    required: bool = True
    additional_properties: bool = False

    def schema(self) -> Schema:
        """The JSON schema of such a value."""
        parts = {name: part.schema() for name, part in self.properties.items()}
        required = [name for name, part in self.properties.items() if part.required]
        return self._described(**object_of(parts, required, self.additional_properties))

    def _checked(self) -> Any:
        from pydantic import AfterValidator, ConfigDict, Field, create_model

        # Fields are numbered and the properties' names are aliases: a property may be called `_x` or `json`.
        fields: dict[str, Any] = {}
        for index, (name, part) in enumerate(self.properties.items()):
            hint: Any = part.annotation()
            optional = (hint | None, Field(default=None, alias=name))
            fields[f"p{index}"] = (hint, Field(alias=name)) if part.required else optional
        config = ConfigDict(extra="allow" if self.additional_properties else "ignore")
        model = create_model("Object", __config__=config, **fields)
        names = tuple(self.properties)

        def as_dict(checked: Any) -> dict[str, Any]:
            plain = {name: getattr(checked, f"p{index}") for index, name in enumerate(names)}
            return plain | (checked.model_extra or {})

        return Annotated[model, AfterValidator(as_dict)]

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (dict(self.properties), self.description, self.required, self.additional_properties)


def _restored(properties: dict[str, Type], *rest: Any) -> TypeObject:
    return TypeObject(MappingProxyType(properties), *rest)


@dataclass(frozen=True, slots=True)
class TypeJsonSchema(Type):
    """Whatever a JSON schema says."""

    json: Schema = field(hash=False)
    required: bool = True

    @property
    def description(self) -> str | None:  # type: ignore[override]
        """What the schema says of itself."""
        text = self.json.get("description")
        return text if isinstance(text, str) else None

    def schema(self) -> Schema:
        """The JSON schema of such a value."""
        return self.json

    def _checked(self) -> Any:
        from pydantic import AfterValidator

        from chatkit._types.checking import SchemaCheck

        return Annotated[Any, AfterValidator(SchemaCheck(self.json))]


@dataclass(frozen=True, slots=True)
class TypeIgnore(Type):
    """A property or an argument that the model is not told of."""

    description: str | None = None
    required: bool = False

    def schema(self) -> Schema:
        """There is none."""
        self._refuse()

    def _checked(self) -> Any:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ConfigError("type_ignore() keeps an argument from the model; it describes no value.")


def _alone(value: Any) -> Any:
    # Some models write ["x"] where "x" was asked for.
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _whole(value: Any) -> Any:
    # For JSON schema, 3.0 is an integer.
    value = _alone(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
