"""Names of models that are near a name that nobody knows: other case, no owner, a slip of the finger."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable

_LONGEST = 120
_LOOKED_AT = 40
_SIMILAR = 0.6


def near(name: str, names: Iterable[str], most: int = 3) -> list[str]:
    """The names that are most like a name, the likeliest first.

    Args:
        name: What somebody wrote, perhaps with a route behind a colon.
        names: What there is.
        most: How many to give at most.
    """
    wanted = _plain(name)
    if not wanted or len(wanted) > _LONGEST:
        return []
    known = {_plain(other): other for other in names if len(other) <= _LONGEST}
    # To compare thoroughly is slow, and a list may have many thousands: so only with those that share the most.
    pairs = _pairs(wanted)
    likely = heapq.nlargest(_LOOKED_AT, known, key=lambda other: _shared(pairs, _pairs(other)))
    # What is behind a colon is part of some names, such as "llama3.2:3b".
    written = {wanted, without_route(wanted)}
    scored = [(max(_likeness(one, other) for one in written), other) for other in likely]
    best = sorted((pair for pair in scored if pair[0] >= _SIMILAR), key=lambda pair: -pair[0])
    return [known[other] for _, other in best[:most]]


def without_route(name: str) -> str:
    """A model's name without what follows a colon, which tells a router where to send it."""
    return name.partition(":")[0]


def _plain(name: str) -> str:
    return name.strip().casefold()


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _shared(pairs: set[str], others: set[str]) -> float:
    """How much two sets have in common; a name within a longer one has much."""
    return len(pairs & others) / (min(len(pairs), len(others)) + 0.1 * max(len(pairs), len(others)) + 1)


def _likeness(one: str, other: str) -> float:
    """From 0 to 1. Where the owner is missing or another, the rest of the name counts."""
    ends = _ratio(_end(one), _end(other))
    owned = 1.0 if one == other else 0.9 if "/" not in one or "/" not in other else 0.8
    return max(_ratio(one, other), ends * owned)


def _end(name: str) -> str:
    return name.rpartition("/")[2]


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
