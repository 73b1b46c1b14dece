"""The lists of models that were fetched lately: kept in memory for an hour, by the address of the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatkit._models.rows import ModelInfo

FRESH_SECONDS = 3600.0
"""How long a list is good for."""
FAILED_SECONDS = 60.0
"""How long a server that gave no list is not asked again unasked."""
_MOST = 32


@dataclass(frozen=True, slots=True)
class _Kept:
    rows: tuple[ModelInfo, ...] | None
    until: float
    by_id: dict[str, ModelInfo]


_lock = threading.Lock()
_kept: dict[str, _Kept] = {}


def keep(base_url: str, rows: Sequence[ModelInfo] | None) -> None:
    """Put a server's list on the shelf; None notes that it gave none, unless a fresh list is there."""
    fresh = FAILED_SECONDS if rows is None else FRESH_SECONDS
    by_id = {row.id: row for row in reversed(rows or ())}
    with _lock:
        if rows is None and listed(base_url) is not None:
            return
        if len(_kept) >= _MOST and base_url not in _kept:
            _kept.clear()
        _kept[base_url] = _Kept(None if rows is None else tuple(rows), time.monotonic() + fresh, by_id)


def listed(base_url: str) -> tuple[ModelInfo, ...] | None:
    """The list of a server, if it is there and fresh."""
    kept = _kept.get(base_url)
    return kept.rows if kept is not None and time.monotonic() < kept.until else None


def row_of(base_url: str, model: str) -> ModelInfo | None:
    """The row of a model in the list of a server, if both are there."""
    kept = _kept.get(base_url)
    return kept.by_id.get(model) if kept is not None and time.monotonic() < kept.until else None


def asked_lately(base_url: str) -> bool:
    """Whether a server's list, or the news that it has none, is fresh: then it need not be asked again."""
    kept = _kept.get(base_url)
    return kept is not None and time.monotonic() < kept.until


def clear() -> None:
    """Forget all lists."""
    with _lock:
        _kept.clear()
