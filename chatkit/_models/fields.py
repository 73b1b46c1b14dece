"""Single fields of what a server tells: each is what it should be, or unknown. Nothing here raises."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

_LARGEST = 2**53
_MOST = 20
_LONGEST = 50


def amount(value: Any, unit: float = 1.0) -> float | None:
    """A finite number of 0 or more, perhaps written as text, times a unit."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > _LONGEST:
        return None
    try:
        number = float(value) * unit
    except (ValueError, OverflowError):
        return None
    # Ten digits: 0.00000018 times a million is 0.18, and not 0.18000000000000002.
    return float(f"{number:.10g}") if 0 <= number < math.inf else None


def whole(value: Any) -> int | None:
    """A whole number of 0 or more."""
    number = amount(value)
    return int(number) if number is not None and number.is_integer() and number < _LARGEST else None


def length(value: Any) -> int | None:
    """A number of tokens; 0 is none."""
    return whole(value) or None


def flag(value: Any) -> bool | None:
    """A yes or a no."""
    return value if isinstance(value, bool) else None


def flags(given: Any, names: Iterable[str]) -> list[bool | None]:
    """What a box of capabilities says: by name, or as a list of those there are, which denies nothing."""
    if isinstance(given, dict):
        return [flag(given.get(name)) for name in names]
    if isinstance(given, list):
        return [True for name in names if name in given]
    return []


def texts(given: Any) -> tuple[str, ...]:
    """The short words of a list, in small letters, each once."""
    if not isinstance(given, list):
        return ()
    words = (word.strip().lower() for word in given[:_MOST] if isinstance(word, str))
    return tuple(dict.fromkeys(word for word in words if 0 < len(word) <= _LONGEST))
