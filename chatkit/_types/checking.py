"""Raw JSON schemas: reading them, and checking values against them. The only room that imports jsonschema."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatkit._errors import ConfigError
from chatkit._types.paths import NotOfTypeError, Place, Problems, brief, json_path, without_nulls
from chatkit._types.schema import Schema, rewritten

_TOO_DEEP: Problems = {"$": "nested too deeply"}


def as_schema(value: Any) -> Schema:
    """A JSON schema given as JSON text or as an object, checked. A copy.

    Raises:
        ConfigError: when it is none, or refers to something outside of it.
    """
    try:
        schema = _parsed(value) if isinstance(value, str) else copy.deepcopy(_plain(value))
        problem = _problem(schema) if isinstance(schema, dict) else f"it is no object, but {type(schema).__name__}"
    except RecursionError:
        problem = "it is nested too deeply"
    if problem:
        raise ConfigError(f"This is no usable JSON schema: {problem}.")
    return dict(schema)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        reason = str(error)[:100]
    raise ConfigError(f"The JSON schema is not valid JSON ({reason}).")


def _problem(schema: Schema) -> str:
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for

    try:
        kind: Any = validator_for(schema, default=Draft202012Validator)
        # With formats: a pattern that is no regular expression would only be found with the first value.
        kind.check_schema(schema, format_checker=kind.FORMAT_CHECKER)
    except SchemaError as error:
        return f"at {json_path(error.absolute_path)}, {brief(error.message)}"
    except (AttributeError, TypeError, ValueError) as error:
        return brief(str(error))
    return next((f"{target!r} is nowhere in it" for target in _references(schema) if not _exists(schema, target)), "")


def _references(schema: Schema) -> list[str]:
    found: list[str] = []

    def note(part: Schema) -> Schema:
        target = part.get("$ref")
        if isinstance(target, str):
            found.append(target)
        return part

    rewritten(schema, note)
    return found


def _exists(schema: Schema, target: str) -> bool:
    """Whether a reference leads somewhere. Nothing is ever downloaded for it."""
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    try:
        Registry().resolver_with_root(DRAFT202012.create_resource(schema)).lookup(target)
    except (Unresolvable, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class SchemaCheck:
    """Checks values against a JSON schema; as a function, for pydantic."""

    schema: Schema = field(hash=False)

    def problems(self, value: Any) -> Problems:
        """What is wrong with a value, by JSON path."""
        try:
            return _told(self._errors(value))
        except RecursionError:
            return _TOO_DEEP

    def fitted(self, value: Any) -> Any:
        """The value, without nulls that stand for what was not given.

        Raises:
            NotOfTypeError: when it does not fit.
        """
        try:
            errors = self._errors(value)
            if not errors:
                return value
            spared = without_nulls(value, itertools.chain.from_iterable(map(_places, errors)))
            if spared is not None and not self._errors(spared):
                return spared
            problems = _told(errors)
        except RecursionError:
            problems = _TOO_DEEP
        raise NotOfTypeError(problems)

    def _errors(self, value: Any) -> list[Any]:
        from jsonschema.validators import Draft202012Validator, validator_for
        from referencing import Registry

        kind: Any = validator_for(self.schema, default=Draft202012Validator)
        # An empty registry: without one, a remote reference would be downloaded.
        return list(kind(self.schema, registry=Registry()).iter_errors(value))

    def __call__(self, value: Any) -> Any:
        """The value, checked.

        Raises:
            PydanticCustomError: when it does not fit; it carries the problems.
        """
        try:
            return self.fitted(value)
        except NotOfTypeError as error:
            problems = error.problems
        from pydantic_core import PydanticCustomError

        text = "; ".join(f"{path}: {text}" for path, text in problems.items())
        raise PydanticCustomError("json_schema", "{text}", {"text": text, "problems": problems})


def _told(errors: Iterable[Any]) -> Problems:
    found: dict[str, list[str]] = {}
    for error in errors:
        found.setdefault(json_path(error.absolute_path), []).append(brief(error.message))
    return {path: "; and ".join(texts) for path, texts in sorted(found.items())}


def _places(error: Any) -> Iterator[Place]:
    """Where an error is, and those inside of it: of a union, it is the branches that say what is wrong."""
    yield tuple(error.absolute_path)
    for inner in error.context:
        yield from _places(inner)
