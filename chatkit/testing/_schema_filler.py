"""Filling in a JSON schema from the words of a prompt, so that the result fits the schema."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ._clues import Clues

# Beyond this depth only what is required is filled in, and unions prefer what does not nest.
_DEEP = 5
_DEEPEST = 40
_LONGEST = 20
_SCALARS = ("string", "number", "integer", "boolean")
_FORMATS = {
    "date": "2024-01-02",
    "date-time": "2024-01-02T03:04:05Z",
    "time": "03:04:05Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "binary": "",
    "decimal": "0",
}

_MISSING = object()
"""Nothing in the prompt speaks for a value."""


def fill(schema: Mapping[str, Any], prompt: str) -> Any:
    """Return a value that fits `schema`, made of what `prompt` offers.

    Numbers, quotations and capitalised names are used in the order in which they are written, each once, where
    the type fits; `name: value` in the prompt names a field outright. An enum takes the value that the prompt
    mentions, else its first. Required fields are always filled, others only when the prompt has something for
    them. `$ref`, `anyOf`, `oneOf`, `allOf`, `const`, bounds, lengths and formats are respected; `pattern`,
    `not` and conditions are not.

    Args:
        schema: A JSON schema, such as pydantic makes.
        prompt: The words to fill it from.
    """
    return _Filler(schema, prompt).value(schema, "", 0)


class _Filler:
    """The filling of one form."""

    def __init__(self, root: Mapping[str, Any], prompt: str) -> None:
        self._root = root
        self._clues = Clues(prompt)

    def value(self, schema: Any, field: str, depth: int) -> Any:
        """Return a value in any case."""
        found = self.found(schema, field, depth)
        if found is not _MISSING:
            return found
        schema = self._plain(schema)
        if "default" in schema:
            return schema["default"]
        if options := self._options(schema):
            return self.value(self._simplest(options, depth), field, depth + 1)
        return self._invented(schema)

    def found(self, schema: Any, field: str, depth: int) -> Any:
        """Return the value that the prompt speaks for, or `_MISSING`."""
        schema = self._plain(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._chosen(schema["enum"])
        if options := self._options(schema):
            return self._found_option(options, field, depth)
        finders: dict[str, Callable[[], Any]] = {
            "integer": lambda: self._number(schema, field, whole=True),
            "number": lambda: self._number(schema, field, whole=False),
            "string": lambda: self._string(schema, field),
            "boolean": lambda: self._boolean(field),
            "array": lambda: self._array(schema, field, depth),
            "object": lambda: self._object(schema, depth),
        }
        finder = finders.get(_kind(schema))
        return finder() if finder else _MISSING

    def _plain(self, schema: Any) -> Mapping[str, Any]:
        """Resolve `$ref` and `allOf`; a boolean schema is an empty one."""
        for _ in range(_DEEPEST):
            if not isinstance(schema, Mapping):
                return {}
            if "$ref" in schema:
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = {**self._pointed(str(schema["$ref"])), **rest}
            elif schema.get("allOf"):
                rest = {key: value for key, value in schema.items() if key != "allOf"}
                schema = _merged([*map(self._plain, schema["allOf"]), rest])
            else:
                return schema
        return {}

    def _pointed(self, reference: str) -> Mapping[str, Any]:
        found: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            found = found.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
        return found if isinstance(found, Mapping) else {}

    def _options(self, schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return [{**schema, "type": kind} for kind in kinds]
        outer = {key: value for key, value in schema.items() if key in ("type", "properties", "required")}
        options = schema.get("anyOf") or schema.get("oneOf") or ()
        return [_merged([outer, self._plain(option)]) for option in options]

    def _found_option(self, options: list[Mapping[str, Any]], field: str, depth: int) -> Any:
        if depth > _DEEP:
            return _MISSING
        tagged = [option for option in options if self._is_mentioned(option)]
        for option in tagged or options:
            if (found := self.found(option, field, depth + 1)) not in (_MISSING, None):
                return found
        return _MISSING

    def _is_mentioned(self, option: Mapping[str, Any]) -> bool:
        """Whether the prompt names the constant by which an option of a tagged union is known."""
        properties = option.get("properties")
        values = [option, *properties.values()] if isinstance(properties, dict) else [option]
        return any(isinstance(one, dict) and self._clues.mentions(one["const"]) for one in values if "const" in one)

    def _simplest(self, options: list[Mapping[str, Any]], depth: int) -> Mapping[str, Any]:
        if depth <= _DEEP:
            return next((option for option in options if _kind(option) != "null"), options[0])
        return min(options, key=lambda option: _kind(option) in ("object", "array"))

    def _chosen(self, values: list[Any]) -> Any:
        return next((value for value in values if self._clues.mentions(value)), values[0])

    def _number(self, schema: Mapping[str, Any], field: str, *, whole: bool) -> Any:
        number: float | None = _as_number(self._clues.named(field))
        if number is not None:
            self._clues.take_number(lambda one: one == number)
        else:
            number = self._clues.take_number(lambda one: _within(one, schema) and (one.is_integer() or not whole))
        if number is None:
            return _MISSING
        return _bounded(number, schema, whole=whole)

    def _string(self, schema: Mapping[str, Any], field: str) -> Any:
        named = self._clues.named(field)
        if schema.get("format") in _FORMATS:
            return _MISSING
        found = named or self._clues.take_quoted() or self._clues.take_name()
        return _MISSING if found is None else _sized(found, schema)

    def _boolean(self, field: str) -> Any:
        named = (self._clues.named(field) or "").lower()
        if named in ("true", "yes", "on"):
            return True
        return False if named in ("false", "no", "off") else _MISSING

    def _array(self, schema: Mapping[str, Any], field: str, depth: int) -> list[Any]:
        array = [self.value(one, field, depth + 1) for one in schema.get("prefixItems", ())]
        items, least = schema.get("items", {}), int(schema.get("minItems", 0))
        most = len(array) if items is False else int(schema.get("maxItems", _LONGEST))
        unique = bool(schema.get("uniqueItems"))
        if depth <= _DEEP:
            # An item that nests is made once: what it takes from the prompt has no end of its own.
            several = _kind(self._plain(items)) in _SCALARS
            for found in self._found_items(items, field, depth, most if several else len(array) + 1):
                if len(array) < most and not (unique and found in array):
                    array.append(found)
        while len(array) < least:
            array.append(self._another(items, field, depth, array if unique else []))
        return array

    def _found_items(self, items: Any, field: str, depth: int, most: int) -> Iterator[Any]:
        for place in range(most):
            # A value behind the field's name would be found for every item: it serves the first only.
            found = self.found(items, "" if place else field, depth + 1)
            if found is _MISSING:
                return
            yield found

    def _another(self, items: Any, field: str, depth: int, taken: list[Any]) -> Any:
        made = self.value(items, field, depth + 1)
        if made not in taken:
            return made
        choices = self._plain(items).get("enum")
        if choices:
            return next((value for value in choices if value not in taken), choices[0])
        return made + len(taken) if isinstance(made, int | float) else f"{made} {len(taken) + 1}"

    def _object(self, schema: Mapping[str, Any], depth: int) -> Any:
        required = set(schema.get("required", ()))
        filled = {}
        for name, inner in schema.get("properties", {}).items():
            if name in required:
                filled[name] = self._required(inner, name, depth)
            elif depth <= _DEEP and (found := self._optional(inner, name, depth)) is not _MISSING:
                filled[name] = found
        for name in sorted(required - filled.keys()):
            filled[name] = self._clues.named(name) or ""
        return filled

    def _required(self, schema: Any, name: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("the schema requires objects inside objects without end")
        return self.value(schema, name, depth + 1)

    def _optional(self, schema: Any, name: str, depth: int) -> Any:
        plain = self._plain(schema)
        for option in self._options(plain) or [plain]:
            if self._is_simple(option):
                found = self.found(option, name, depth + 1)
                if found not in (_MISSING, None, []):
                    return found
        return _MISSING

    def _is_simple(self, schema: Mapping[str, Any]) -> bool:
        """Whether only words of the prompt can fill it: an object could be filled with inventions."""
        if "enum" in schema:
            return any(self._clues.mentions(value) for value in schema["enum"])
        if _kind(schema) == "array":
            return _kind(self._plain(schema.get("items"))) in _SCALARS and not schema.get("minItems")
        return _kind(schema) in _SCALARS and "const" not in schema

    def _invented(self, schema: Mapping[str, Any]) -> Any:
        """Return the least value of a type, for which the prompt offers nothing."""
        kind = _kind(schema)
        if kind in ("integer", "number"):
            return _bounded(0, schema, whole=kind == "integer")
        if kind == "string":
            text = _FORMATS.get(str(schema.get("format")))
            return _sized(self._clues.prompt.strip(), schema) if text is None else text
        return {"boolean": True, "array": [], "object": {}}.get(kind)


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else ""


def _merged(schemas: list[Mapping[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for schema in schemas:
        properties = {**whole.get("properties", {}), **schema.get("properties", {})}
        required = [*whole.get("required", ()), *schema.get("required", ())]
        whole |= schema
        whole |= {"properties": properties} if properties else {}
        whole |= {"required": required} if required else {}
    return whole


def _as_number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _within(number: float, schema: Mapping[str, Any]) -> bool:
    return _bounded(number, schema, whole=number.is_integer()) == number


def _bounded(number: float, schema: Mapping[str, Any], *, whole: bool) -> float:
    """Return the nearest number that keeps the bounds of `schema`."""
    step = schema.get("multipleOf") or (1 if whole else 0)
    nudge = step or 1e-3
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf) + nudge)
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf) - nudge)
    number = max(low, min(high, number))
    if step and number % step:
        number = math.ceil(number / step) * step
        number = number if number <= high else number - step
    return int(number) if whole or float(number).is_integer() else number


def _sized(text: str, schema: Mapping[str, Any]) -> str:
    most, least = schema.get("maxLength"), int(schema.get("minLength", 0))
    return (text if most is None else text[: int(most)]).ljust(least, "-")
