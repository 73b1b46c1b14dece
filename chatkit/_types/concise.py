"""Types in short: `"name str, age int"` is an object of a text and a whole number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import NoReturn

from chatkit._errors import ConfigError
from chatkit._types.kinds import Type, TypeArray, TypeBasic, TypeEnum, TypeObject

_WORD = re.compile(r"[^\W\d][\w-]*")
_BLANK = re.compile(r"[^\S\n]*")
_SPACE = re.compile(r"\s*")
_DEEPEST = 20
_BASIC = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_KINDS = "str, int, float, bool, list[...], {...} or words such as red|green"


def type_from_text(text: str) -> Type:
    """Describe what an answer shall be in a line or a few.

    A field is a name, a type and, after a colon, a description for the model; without a type it is a text. A `?` behind
    the name says that it may be missing. Fields are separated by commas. When the text has several lines, each field
    has a line of its own, and commas belong to descriptions:

        name str, age? int, colour red|green|blue
        people list[{name str, born int}]

    Args:
        text: Fields, which make an object; or `list[...]` or `{...}` for the whole. Types are `str`, `int`, `float`,
            `bool`, `list[...]` of one, `{...}` with fields in it, and words separated by `|`, one of which it is.

    Returns:
        The type, for `chat_structured(type=...)` and its kin.

    Raises:
        ConfigError: when it cannot be understood; it names the line and the column.
    """
    if not isinstance(text, str):
        raise ConfigError(f"A type in short is a text, not {type(text).__name__}.")
    return _Reading(text).whole()


class _Reading:
    """Reads a text from left to right.

    Args:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._at = 0
        self._separator = "\n" if "\n" in text.strip() else ","

    def whole(self) -> Type:
        self._skip(_SPACE)
        if self._text.startswith(("list[", "{"), self._at):
            found = self._kind(0)
            self._skip(_SPACE)
            if self._at < len(self._text):
                self._refuse("nothing more is expected here")
            return found
        return self._fields("", 0)

    def _fields(self, end: str, depth: int) -> TypeObject:
        """Fields up to a closing bracket, or to the end of the text."""
        # Within brackets, both a comma and a new line begin the next field.
        separators = ",\n" if end else self._separator
        properties: dict[str, Type] = {}
        for start, name, part in self._each(end, separators, depth):
            if name in properties:
                self._refuse(f"the field {name!r} is there twice", start)
            properties[name] = part
        if not properties:
            self._refuse("a field is missing: write a name and a type, such as `age int`")
        return TypeObject(MappingProxyType(properties))

    def _each(self, end: str, separators: str, depth: int) -> Iterator[tuple[int, str, Type]]:
        while True:
            self._skip(_SPACE)
            if self._done(end):
                return
            start = self._at
            name = self._word("the name of a field")
            yield start, name, self._field(end, separators, depth)
            self._skip(_BLANK)
            if self._at < len(self._text) and self._text[self._at] in separators:
                self._at += 1
            elif not self._done(end):
                closing = f" or `{end}`" if end else ""
                self._refuse(f"expected {' or '.join(map(_named, separators))}{closing}")

    def _field(self, end: str, separators: str, depth: int) -> Type:
        required = not self._take("?")
        self._skip(_BLANK)
        stops = separators + end
        bare = self._at >= len(self._text) or self._text[self._at] in stops + ":"
        kind = TypeBasic("string") if bare else self._kind(depth)
        self._skip(_BLANK)
        description = self._description(stops) if self._take(":") else None
        return _told(kind, description, required)

    def _kind(self, depth: int) -> Type:
        if depth > _DEEPEST:
            self._refuse("this is nested too deeply")
        if self._take("{"):
            found = self._fields("}", depth + 1)
            self._close("}")
            return found
        start = self._at
        word = self._word(f"a type ({_KINDS})")
        if word == "list":
            return self._list(depth)
        if word in _BASIC and not self._text.startswith("|", self._at):
            return TypeBasic(_BASIC[word])  # type: ignore[arg-type]
        return self._choice(start, word)

    def _list(self, depth: int) -> TypeArray:
        if not self._take("["):
            self._refuse("expected `[`: a list says of what, as in list[str]")
        self._skip(_SPACE)
        items = self._kind(depth + 1)
        self._skip(_SPACE)
        self._close("]")
        return TypeArray(items)

    def _choice(self, start: int, first: str) -> TypeEnum:
        words = [first]
        while self._take("|"):
            words.append(self._word("a word after `|`"))
        if len(words) == 1:
            self._refuse(f"{first!r} is no type; types are {_KINDS}", start)
        if len(set(words)) < len(words):
            self._refuse("a word is there twice", start)
        return TypeEnum(tuple(words))

    def _description(self, stops: str) -> str | None:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in stops:
            self._at += 1
        return self._text[start : self._at].strip() or None

    def _word(self, what: str) -> str:
        found = _WORD.match(self._text, self._at)
        if found is None:
            self._refuse(f"expected {what}")
        self._at = found.end()
        return found[0]

    def _done(self, end: str) -> bool:
        return self._text.startswith(end, self._at) if end else self._at >= len(self._text)

    def _close(self, bracket: str) -> None:
        if not self._take(bracket):
            self._refuse(f"expected `{bracket}`")

    def _take(self, sign: str) -> bool:
        found = self._text.startswith(sign, self._at)
        self._at += len(sign) if found else 0
        return found

    def _skip(self, what: re.Pattern[str]) -> None:
        found = what.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _refuse(self, fault: str, at: int | None = None) -> NoReturn:
        place = self._at if at is None else at
        line = self._text.count("\n", 0, place) + 1
        column = place - (self._text.rfind("\n", 0, place) + 1) + 1
        seen = self._text[place : place + 1]
        there = "" if at is not None else ", at the end" if not seen else f", at {seen!r}"
        raise ConfigError(f"The schema in short, line {line}, column {column}{there}: {fault}.")


def _named(separator: str) -> str:
    return "a comma" if separator == "," else "a new line"


def _told(kind: Type, description: str | None, required: bool) -> Type:
    from dataclasses import replace

    return replace(kind, description=description, required=required)  # type: ignore[type-var]
