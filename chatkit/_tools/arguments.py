"""A model's arguments: read, checked, mended where models commonly slip, and handed over as declared."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chatkit._turns.characters import whole_characters

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

    from chatkit._turns.contents import ContentToolRequest

_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=False)
# Each round undoes one layer: '["5"]' is first decoded, then unwrapped.
_MENDING_ROUNDS = 3
_OWN_WORDS = {"missing": "required, but missing", "extra_forbidden": "there is no such parameter"}

Path = tuple[int | str, ...]


class ArgumentsError(ValueError):
    """A model's arguments cannot be used; the text tells the model why, one line per field."""


def read_arguments(request: ContentToolRequest) -> Mapping[str, Any]:
    """Give a request's arguments as an object; no text at all and `null` mean that there are none.

    Raises:
        ArgumentsError: when they are not JSON, or not an object.
    """
    arguments: Any = request.arguments
    if arguments is None:
        arguments = _parsed(request.raw or "")
    if isinstance(arguments, str):
        arguments = _decoded(arguments)  # an object encoded twice
    if arguments is None:
        return {}
    if not isinstance(arguments, Mapping):
        raise ArgumentsError(f"object expected, got {_kind(arguments)}")
    return arguments


def _parsed(raw: str) -> Any:
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno} (character {error.pos})"
        raise ArgumentsError(f"not valid JSON: {error.msg} at {place}") from None
    except (ValueError, RecursionError) as error:
        raise ArgumentsError(f"not valid JSON: {error}") from None


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)


@dataclass(frozen=True, slots=True)
class Binder:
    """Checks arguments with a generated model and names them as the function does.

    Args:
        model: The generated model.
        names: The parameter's name for each of its fields.
        always: Fields that the function cannot do without, even when the model knows a default for them.
        schema: The JSON schema of the model.
        given: What was said of the arguments besides the signature.
        again: What a pickle keeps in place of the model, which is no class of any module: a function that makes the
            binder anew, and its arguments.
    """

    model: type[BaseModel]
    names: Mapping[str, str]
    always: set[str]
    schema: Mapping[str, Any]
    given: Mapping[str, Any]
    again: tuple[Callable[..., Binder], tuple[Any, ...]] = field(repr=False, compare=False)

    def __reduce__(self) -> tuple[Callable[..., Binder], tuple[Any, ...]]:
        return self.again

    def __deepcopy__(self, memo: object) -> Binder:
        return self

    def __call__(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Check the arguments.

        Returns:
            Keyword arguments for the function; those not given are left out, so its own defaults apply.

        Raises:
            ArgumentsError: when they do not fit.
        """
        try:
            checked = self._checked(dict(arguments))
        except RecursionError:
            raise ArgumentsError("- arguments: nested too deeply") from None
        given = checked.model_fields_set | self.always
        values = checked.__dict__
        return {name: values[field] for field, name in self.names.items() if field in given}

    def _checked(self, arguments: dict[str, Any]) -> BaseModel:
        from pydantic import ValidationError

        try:
            return self._validated(arguments)
        except ValidationError as error:
            first = error
        attempt, errors = arguments, first
        for _ in range(_MENDING_ROUNDS):
            attempt = _mended(attempt, errors.errors(include_url=False), self.schema)
            try:
                return self._validated(attempt)
            except ValidationError as error:
                errors = error
        raise ArgumentsError(_in_words(first, arguments)) from None

    def _validated(self, arguments: dict[str, Any]) -> BaseModel:
        # Checked as JSON, not as Python: strict models then accept an ISO date, and errors speak of arrays and
        # objects, the model's own words.
        try:
            text = _ENCODER.encode(arguments)
        except (ValueError, TypeError) as error:
            places = [f"- {_dotted(path)}: {value} is not a JSON number" for path, value in _not_finite(arguments)]
            raise ArgumentsError("\n".join(places) or f"- arguments: {error}") from None
        return self.model.model_validate_json(whole_characters(text))


def _not_finite(value: Any, path: Path = ()) -> Iterator[tuple[Path, float]]:
    if isinstance(value, float) and not math.isfinite(value):
        yield path, value
    entries: Iterable[Any] = value.items() if isinstance(value, dict) else ()
    for key, part in enumerate(value) if isinstance(value, list) else entries:
        yield from _not_finite(part, (*path, key))


def _mended(arguments: dict[str, Any], errors: list[ErrorDetails], schema: Mapping[str, Any]) -> dict[str, Any]:
    places = {_place(arguments, error["loc"]) for error in errors if error["type"] != "missing"}
    fixed = copy.deepcopy(arguments)
    for path in sorted(places, key=len):
        if path and _place(fixed, path) == path:
            _mend(fixed, path, schema)
    return fixed


def _mend(arguments: dict[str, Any], path: Path, schema: Mapping[str, Any]) -> None:
    holder = _at(arguments, path[:-1])
    value = holder[path[-1]]
    if value is None and _declared(schema, path, schema):
        del holder[path[-1]]  # strict schemas make a model say null for "not given"
    elif isinstance(value, list) and len(value) == 1:
        holder[path[-1]] = value[0]
    elif isinstance(value, str):
        holder[path[-1]] = _decoded(value)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _place(arguments: Any, location: Path) -> Path:
    """The part of an error's location that exists in the arguments; pydantic adds names of union members to it."""
    for length, key in enumerate(location):
        inside = isinstance(arguments, dict) and key in arguments
        if not inside and not (isinstance(arguments, list) and isinstance(key, int) and key < len(arguments)):
            return location[:length]
        arguments = arguments[key]
    return location


def _at(arguments: Any, path: Path) -> Any:
    for key in path:
        arguments = arguments[key]
    return arguments


def _declared(schema: Any, path: Path, root: Mapping[str, Any]) -> bool:
    """Whether the path leads to a declared property; keys of a free-form object are the model's own data."""
    if not isinstance(schema, Mapping):
        return False
    if "$ref" in schema:
        return _declared(root.get("$defs", {}).get(schema["$ref"].rpartition("/")[2]), path, root)
    branches = [part for key in ("anyOf", "oneOf", "allOf") for part in schema.get(key, ())]
    if any(_declared(part, path, root) for part in branches):
        return True
    properties = schema.get("properties", {})
    if len(path) == 1:
        return path[0] in properties
    inside = schema.get("items") if isinstance(path[0], int) else schema.get("additionalProperties")
    return _declared(properties.get(path[0], inside), path[1:], root)


def _in_words(error: ValidationError, arguments: dict[str, Any]) -> str:
    reasons: dict[str, list[str]] = {}
    for detail in error.errors(include_url=False):
        missing = detail["type"] == "missing"
        path = detail["loc"] if missing else _place(arguments, detail["loc"])
        got = "" if detail["type"] in _OWN_WORDS else f" (got {_brief(detail['input'])})"
        words = " ".join(_OWN_WORDS.get(detail["type"], detail["msg"]).split())
        reasons.setdefault(_dotted(path), []).append(words + got)
    return "\n".join(f"- {field}: {'; or '.join(dict.fromkeys(texts))}" for field, texts in reasons.items())


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _dotted(path: Path) -> str:
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return "".join(parts).lstrip(".") or "arguments"
