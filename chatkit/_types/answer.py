"""Answers of a type: the JSON schema that a model is given, and the check of what it writes."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from chatkit._errors import ConfigError
from chatkit._turns.characters import whole_characters
from chatkit._types.checking import SchemaCheck, as_schema
from chatkit._types.kinds import Type, TypeJsonSchema
from chatkit._types.paths import NotOfTypeError, Place, place_of, problems_of, without_nulls
from chatkit._types.reading import BrokenJsonError, NoJsonError, read_json
from chatkit._types.schema import Schema, object_of, without_titles
from chatkit._types.typed_dicts import portable

T = TypeVar("T")
WRAPPER = "answer"
_TOLD = 10
_NO_NAME = re.compile(r"[^a-zA-Z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What an answer of a type looks like. Make one with `answer_of`.

    Args:
        name: What it is called: letters, digits, "_" and "-", at most 64.
        description: What it is; may be empty.
        schema: The JSON schema of an object: servers take nothing else at the root.
        wrapped: Whether that object was put around the type, with the answer as its one property.
        arrays: Whether the answer inside may be an array.
        check: Gives the value of the type for a JSON value; raises `NotOfTypeError`.
    """

    name: str
    description: str
    schema: Schema = field(hash=False)
    wrapped: bool
    arrays: bool
    check: Callable[[Any], T]

    @property
    def root_path(self) -> str:
        """Where the value is in the object that the model writes, as a JSON path."""
        return f"$.{WRAPPER}" if self.wrapped else "$"

    def value(self, data: Any) -> T:
        """The value of the type for what a model wrote.

        Raises:
            NotOfTypeError: when it does not fit.
        """
        first: NotOfTypeError | None = None
        try:
            for told in self._meanings(data):
                try:
                    return self._checked(told)
                except NotOfTypeError as error:
                    first = first or error
        except RecursionError:
            first = None
        raise first or NotOfTypeError({"$": "nested too deeply"})

    def partial(self, data: Any) -> tuple[Any, ...]:
        """What there is of the answer in an unfinished JSON value: nothing, or one value."""
        if not self.wrapped or not isinstance(data, dict):
            return (data,)
        return (data[WRAPPER],) if WRAPPER in data else ()

    def _meanings(self, data: Any) -> Iterator[Any]:
        """What a model may have meant by what it wrote, the likeliest first."""
        inside = self.wrapped and isinstance(data, dict) and WRAPPER in data
        # Without `inside`, a model wrote the answer itself and left the object around it out.
        told = data[WRAPPER] if inside else data
        yield told
        if isinstance(told, str) and told.lstrip()[:1] in ("{", "["):
            yield from self._in_a_string(told)
        elif not self.wrapped and isinstance(told, dict) and len(told) == 1:
            # Or it put one around that was not asked for.
            [(name, inner)] = told.items()
            if name not in self._properties and isinstance(inner, dict):
                yield inner

    def _in_a_string(self, text: str) -> Iterator[Any]:
        """JSON that a model wrote as a string of JSON."""
        try:
            inner = read_json(text, arrays=True).data
        except (NoJsonError, BrokenJsonError):
            return
        yield from self._meanings(inner)

    def _checked(self, told: Any) -> T:
        value = self.check(told)
        if self._is_all_default(told, value):
            names = ", ".join(list(self._properties)[:_TOLD])
            raise NotOfTypeError({"$": f"it has none of the properties of the schema ({names})"})
        return value

    def _is_all_default(self, told: Any, value: T) -> bool:
        """Whether a model wrote something else, such as the schema: all defaults is an answer that nobody gave."""
        if self.wrapped or not self._properties or not isinstance(told, dict) or not told:
            return False
        if not told.keys().isdisjoint(self._properties):
            return False
        try:
            # By their looks: comparing is the type's own, and arrays refuse it.
            return repr(self.check({})) == repr(value)
        except NotOfTypeError:
            return False

    @property
    def _properties(self) -> Schema:
        properties: Schema = self.schema.get("properties", {})
        return properties


def answer_of(kind: Any) -> Answer[Any]:
    """What an answer of a type looks like.

    Args:
        kind: A pydantic model, dataclass, TypedDict, enum, scalar type, or any type hint of these; a value of a
            `type_*` function; or a JSON schema as a dict.

    Raises:
        ConfigError: when it is something else, or cannot be expressed in JSON.
    """
    if isinstance(kind, Mapping):
        kind = TypeJsonSchema(as_schema(kind))
    if isinstance(kind, TypeJsonSchema):
        schema = kind.schema()
        told = {key: part for key, part in schema.items() if key not in ("$schema", "$id")}
        return _made("answer", told, SchemaCheck(schema).fitted)
    if isinstance(kind, Type):
        from pydantic import TypeAdapter

        return _made("answer", kind.schema(), _check_with(TypeAdapter(kind.annotation())))
    _refuse_mistakes(kind)
    adapter, schema = _expressed(kind)
    return _made(kind.__name__ if isinstance(kind, type) else "answer", schema, _check_with(adapter))


def _made(name: str, schema: Schema, check: Callable[[Any], T]) -> Answer[T]:
    wrapped = schema.get("type") != "object"
    outer = object_of({WRAPPER: schema}, [WRAPPER]) if wrapped else schema
    description = schema.get("description")
    return Answer(
        name=(_NO_NAME.sub("_", name).strip("_")[:64] if not wrapped else "") or "answer",
        description=description if isinstance(description, str) else "",
        schema=outer,
        wrapped=wrapped,
        arrays=wrapped and '"array"' in json.dumps(schema, default=str),
        check=check,
    )


def _refuse_mistakes(kind: Any) -> None:
    if kind is None:
        raise ConfigError("`type` must say what the answer looks like, not None.", hint=_HINT)
    if isinstance(kind, str):
        raise ConfigError(f"`type` must be a type, not the string {kind[:80]!r}.", hint=_HINT)
    if inspect.isroutine(kind) or isinstance(kind, list | tuple | set):
        raise ConfigError(f"`type` must be a type, not {_shown(kind)}.", hint=_HINT)


_HINT = (
    "Give a pydantic model, a dataclass, a TypedDict, list[...] of one, an Enum, a Literal, str, int, float or bool, "
    "what a type_*() function made, or a JSON schema as a dict."
)


def _shown(kind: Any) -> str:
    return (getattr(kind, "__qualname__", None) or repr(kind))[:80]


def _expressed(kind: Any) -> tuple[Any, Schema]:
    from pydantic import TypeAdapter
    from pydantic.json_schema import GenerateJsonSchema

    class Generator(GenerateJsonSchema):
        ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  as pydantic declares it

        def generator_schema(self, schema: Any) -> Any:
            # Pydantic checks the items of an Iterable only while they are read, long after the answer was taken.
            raise ConfigError("an Iterable is not checked as a whole; say list[...]")

    try:
        adapter: Any = TypeAdapter(portable(kind))
        return adapter, _at_root(without_titles(adapter.json_schema(schema_generator=Generator)))
    except Exception as error:
        # Many kinds: a type that pydantic does not know, one without a JSON schema, a name that is not defined.
        reason = str(error).partition("\n")[0].rstrip(".")
    raise ConfigError(f"No answer can be of the type {_shown(kind)}: {reason[:300]}.", hint=_HINT)


def _at_root(schema: Schema) -> Schema:
    """A type that holds itself is described by a mere reference; servers want the description at the root."""
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    inner = schema.get("$defs", {}).get(name)
    return {**inner, "$defs": schema["$defs"]} if inner is not None else schema


def _check_with(adapter: Any) -> Callable[[Any], Any]:
    def value(data: Any) -> Any:
        from pydantic import ValidationError

        try:
            return _validated(adapter, data)
        except ValidationError as error:
            first = error
        spared = without_nulls(data, _places_of_nulls(data, first))
        try:
            if spared is not None:
                return _validated(adapter, spared)
        except ValidationError:
            pass
        raise NotOfTypeError(problems_of(first, data))

    return value


def _validated(adapter: Any, data: Any) -> Any:
    # As JSON, not as Python: an ISO date becomes a date in strict models too, and errors speak of objects and arrays.
    return adapter.validate_json(whole_characters(json.dumps(data, ensure_ascii=False)))


def _places_of_nulls(data: Any, error: Any) -> Iterator[Place]:
    for detail in error.errors(include_url=False):
        if detail["input"] is None:
            yield place_of(data, detail["loc"], False)
