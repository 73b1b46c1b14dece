"""Finding the JSON in a model's answer: alone, fenced, between sentences, or with commas too many.

Each part of a text is looked at a fixed number of times, so that the time grows with its length and no faster.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

# Where an object begins, or an array. Prose and formulas are full of brackets that begin neither.
_OBJECT = re.compile(r'\{(?=\s*["}])')
_OBJECT_OR_ARRAY = re.compile(r'\{(?=\s*["}])|\[(?=\s*[\[\]{"0-9tfn-])')
_STRING = r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)'
_BRACKETS = re.compile(rf"{_STRING}|[\[\]{{}}]", re.DOTALL)
_SPARE_COMMAS = re.compile(rf"({_STRING})|,(?=\s*[\]}}])", re.DOTALL)
_FENCED = re.compile(r"```[^\n`]*\n(.*)```", re.DOTALL)
# Where a template opens the thoughts, the server gives only their end to see.
_END_OF_THOUGHTS = "</think>"
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


class NoJsonError(ValueError):
    """There is nothing in a text that looks like the answer. Internal."""


class BrokenJsonError(ValueError):
    """There is something like JSON in a text, but it cannot be read; the text says why. Internal."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a text.

    Args:
        data: The JSON value.
        text: The JSON text of it, without what stood around it.
        several: Whether more of the kind follow.
    """

    data: Any
    text: str
    several: bool = False


def read_json(text: str, *, arrays: bool = False) -> Reading:
    """Find the first JSON object in an answer.

    A text that is one JSON value as a whole is read as it is. A trailing comma is passed over, and so is a line break
    inside of a string. NaN and infinities are no JSON. What a model thought before, up to `</think>`, is no answer.

    Args:
        text: The whole text of an answer.
        arrays: Whether an array will do, too.

    Raises:
        NoJsonError: when there is none.
        BrokenJsonError: when there is one that cannot be read.
    """
    stripped = text.strip().removeprefix(_MARK).strip()
    whole = _whole(stripped)
    if whole is not None and (arrays or not isinstance(whole.data, list)):
        return whole
    _, closed, behind = stripped.rpartition(_END_OF_THOUGHTS)
    if closed:
        try:
            return read_json(behind, arrays=arrays)
        except (NoJsonError, BrokenJsonError):
            pass  # the letters stand in the answer itself, or it comes before them
    found = _found(stripped, _OBJECT_OR_ARRAY if arrays else _OBJECT)
    first = next(found, None)
    if first is None:
        raise NoJsonError("there is no JSON in the answer")
    return Reading(first.data, first.text, next(found, None) is not None)


def begin_of(text: str, *, arrays: bool = False) -> int | None:
    """Where the first object (or array) of a text that is still arriving begins; None as long as there is none."""
    found = (_OBJECT_OR_ARRAY if arrays else _OBJECT).search(text)
    return found.start() if found is not None else None


def _whole(text: str) -> Reading | None:
    fenced = _FENCED.fullmatch(text)
    inner = fenced[1].strip() if fenced is not None else text
    try:
        data, end = _scan(_decoder, inner)
    except BrokenJsonError:
        return None
    return Reading(data, inner) if end == len(inner) else None


def _found(text: str, begin: re.Pattern[str]) -> Iterator[Reading]:
    """The values in a text. What is broken is left out when a whole one follows."""
    at, broken, any_found = 0, None, False
    while (start := begin.search(text, at)) is not None:
        end = _end_of(text, start.start())
        reading = _read(text[start.start() : end])
        if isinstance(reading, Reading):
            any_found = True
            yield reading
        else:
            broken = broken or reading
        at = end
    if broken is not None and not any_found:
        raise broken


def _end_of(text: str, start: int) -> int:
    """Where the bracket is closed that is opened at a place; the end of the text when it never is."""
    depth = 0
    for part in _BRACKETS.finditer(text, start):
        mark = part[0]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
            if depth == 0:
                return part.end()
    return len(text)


def _read(text: str) -> Reading | BrokenJsonError:
    try:
        data, end = _scan(_decoder, text)
        return Reading(data, text[:end])
    except BrokenJsonError as error:
        first = error
    mended = _SPARE_COMMAS.sub(lambda found: found[1] or "", text)
    try:
        data, _ = _scan(_lenient, mended)
    except BrokenJsonError:
        return first
    # The text goes back to the model, and should be what it was asked for.
    return Reading(data, json.dumps(data, ensure_ascii=False))


def _scan(decoder: json.JSONDecoder, text: str) -> tuple[Any, int]:
    try:
        data, end = decoder.scan_once(text, 0)  # type: ignore[attr-defined]
    except RecursionError:
        reason = "it is nested too deeply"
    except StopIteration:
        reason = "a value is missing"
    except ValueError as error:
        reason = str(error)
    else:
        return data, end
    raise BrokenJsonError(f"invalid JSON: {reason}")


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:40]} is too large for a number")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


_decoder = json.JSONDecoder(parse_float=_number, parse_constant=_refuse)
# Many models write real line breaks into their strings.
_lenient = json.JSONDecoder(parse_float=_number, parse_constant=_refuse, strict=False)
