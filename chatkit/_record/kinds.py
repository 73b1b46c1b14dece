"""What the fields of a record may hold, checked in the same way when they are written and when they are read.

A value is plain when JSON can say it and give it back as it was. What is not plain is recorded by its text, so that
a conversation can be saved whatever tools put into it.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from chatkit._errors import HistoryError
from chatkit._turns.characters import whole_characters

# A value and the place where it stands, such as "record: $.turns[3].role", for messages.
Check: TypeAlias = Callable[[Any, str], Any]
DEEPEST = 200
# Python refuses to write out, and to read, integers of more than 4300 digits.
_BITS = 14_000
_SHOWN = 60


class _Unsayable(Exception):
    """A value that JSON cannot say."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field may hold.

    Args:
        write: Makes the recorded form of a value.
        read: Makes the value of its recorded form.
    """

    write: Check
    read: Check


def refused(at: str, wanted: str, value: object) -> HistoryError:
    """The error for a value that is not what its place wants."""
    return HistoryError(f"{at} must be {wanted}, not {shown(value)}.")


def shown(value: object) -> str:
    """A value, or what it is, for a message."""
    if value is None or isinstance(value, bool):
        return str(value)
    if not isinstance(value, str | float):
        return type(value).__name__
    text = repr(value)
    return text if len(text) <= _SHOWN else f"a text that begins with {text[: _SHOWN - 20]}"


def text(value: Any, at: str) -> str:
    """A text; halves of surrogate pairs, which no file can hold, become U+FFFD."""
    if not isinstance(value, str):
        raise refused(at, "a text", value)
    return whole_characters(str.__str__(value))


def base64_text(value: Any, at: str) -> str:
    """A text in base64, without line breaks."""
    checked = text(value, at)
    try:
        binascii.a2b_base64(checked, strict_mode=True)
    except ValueError:
        pass
    else:
        return checked
    raise HistoryError(f"{at} must be base64 without line breaks.")


def number(value: Any, at: str) -> float:
    """A number that is finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused(at, "a number", value)
    if not _is_sayable_number(value):
        raise refused(at, "a finite number", value)
    return value


def integer(value: Any, at: str) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise refused(at, "a whole number", value)
    return int(number(value, at))


def count(value: Any, at: str) -> int:
    """A whole number of 0 or more."""
    if integer(value, at) < 0:
        raise HistoryError(f"{at} must be 0 or more, not {value}.")
    return int(value)


def flag(value: Any, at: str) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise refused(at, "true or false", value)
    return value


def one_of(*choices: str) -> Check:
    """One of some texts."""

    def check(value: Any, at: str) -> str:
        if not isinstance(value, str) or value not in choices:
            raise refused(at, f"one of {', '.join(map(repr, choices))}", value)
        return value

    return check


def optional(check: Check) -> Check:
    """None, or what another check wants."""
    return lambda value, at: None if value is None else check(value, at)


def items(value: Any, at: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list | tuple):
        raise refused(at, "a list", value)
    return list(value)


def fields_of(value: Any, at: str) -> Mapping[str, Any]:
    """An object."""
    if not isinstance(value, Mapping):
        raise refused(at, "an object", value)
    return value


def texts(value: Any, at: str) -> list[str]:
    """A list of texts."""
    return [text(item, f"{at}[{place}]") for place, item in enumerate(items(value, at))]


def plain(value: Any, at: str) -> Any:
    """A copy of a value that JSON can say."""
    try:
        return _copied(value, DEEPEST, _refuse)
    except _Unsayable as trouble:
        reason = str(trouble)
    raise HistoryError(f"{at} must be a value that JSON can say: it holds {reason}.")


def plain_object(value: Any, at: str) -> dict[str, Any]:
    """A copy of an object that JSON can say."""
    copied: dict[str, Any] = plain(fields_of(value, at), at)
    return copied


def plain_or(value: Any, text_of: Callable[[], str]) -> Any:
    """A copy of a value that JSON can say; for any other a text."""
    try:
        return _copied(value, DEEPEST, _refuse)
    except _Unsayable:
        return whole_characters(text_of())


def said(value: Any) -> Any:
    """A copy of a value in which everything that JSON cannot say is replaced by its text."""
    return _copied(value, DEEPEST, _text_of)


def said_object(value: Any, at: str) -> dict[str, Any]:
    """A copy of an object in which everything that JSON cannot say is replaced by its text, its keys among them."""
    return {_key_text(key): _copied(item, DEEPEST - 1, _text_of) for key, item in fields_of(value, at).items()}


def _copied(value: Any, depth: int, other: Callable[[Any, str], Any]) -> Any:
    """A copy in plain types; `other` is asked about what has none."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return whole_characters(str.__str__(value))
    if isinstance(value, int | float):
        return _plain_number(value) if _is_sayable_number(value) else other(value, "a number that JSON has not")
    if not isinstance(value, list | tuple | Mapping):
        return other(value, f"a {type(value).__name__}")
    if not depth:
        return other(value, f"more than {DEEPEST} levels")
    if not isinstance(value, Mapping):
        return [_copied(item, depth - 1, other) for item in value]
    if not all(isinstance(key, str) for key in value):
        return other(value, "an object with keys that are no texts")
    return {whole_characters(str.__str__(key)): _copied(item, depth - 1, other) for key, item in value.items()}


def _is_sayable_number(value: float) -> bool:
    return value.bit_length() <= _BITS if isinstance(value, int) else math.isfinite(value)


def _plain_number(value: float) -> float:
    return int(value) if isinstance(value, int) else float(value)


def _refuse(value: Any, reason: str) -> Any:
    raise _Unsayable(reason)


def _text_of(value: Any, reason: str) -> str:
    try:
        return whole_characters(str(value))
    except Exception:  # a user's own __str__ may raise anything; what it is can still be told
        return f"<{type(value).__name__}>"


def _key_text(key: Any) -> str:
    return whole_characters(str.__str__(key)) if isinstance(key, str) else _text_of(key, "")


TEXTS = Kind(texts, lambda value, at: tuple(texts(value, at)))
"""A tuple of texts."""
