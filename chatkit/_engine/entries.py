"""The entries of the session's ledger: figures that grow with every answer, from any thread."""

from __future__ import annotations

import threading
from typing import Any

from chatkit._models.book import Origin
from chatkit._models.unpriced import Unpriced
from chatkit._turns.turns import AssistantTurn

_COUNTS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "image_tokens")
DETAILS = ("cached_tokens", "reasoning_tokens", "image_tokens")
"""Figures that few servers tell: None as long as no answer did."""
SUMS = ("requests", *_COUNTS, "cost", "unknown_tokens", "unknown_cost")
"""The figures of an entry."""
_lock = threading.Lock()
_kept: dict[tuple[str, Origin], _Entry] = {}


class _Entry:
    """What answers of one origin have used; what has no price yet may get one."""

    __slots__ = ("figures", "unpriced")

    def __init__(self, service: str, origin: Origin) -> None:
        names = {"service": service, "model": origin.asked, "served_by": origin.served_by or None}
        self.figures: dict[str, Any] = {**names, **dict.fromkeys(SUMS, 0), **dict.fromkeys(DETAILS), "cost": 0.0}
        self.unpriced = Unpriced()

    def note(self, origin: Origin, turn: AssistantTurn) -> None:
        figures, usage = self.figures, turn.usage
        figures["requests"] += 1
        for name in _COUNTS:
            count = getattr(usage, name)
            if count is not None:
                figures[name] = (figures[name] or 0) + count
        figures["unknown_tokens"] += usage.input_tokens is None or usage.output_tokens is None
        if turn.cost is None:
            figures["unknown_cost"] += 1
            self.unpriced.note(origin, usage)
        else:
            figures["cost"] += turn.cost

    def told(self) -> dict[str, Any]:
        answers, cost = self.unpriced.settled({})
        self.figures["unknown_cost"] -= answers
        self.figures["cost"] += cost
        return dict(self.figures)


def note_answer(service: str, origin: Origin, turn: AssistantTurn) -> None:
    """Enter a whole answer.

    Args:
        service: What people call the service.
        origin: Where the answer came from.
        turn: The answer.
    """
    key = (service, origin)
    with _lock:
        entry = _kept.get(key)
        if entry is None:
            entry = _kept[key] = _Entry(service, origin)
        entry.note(origin, turn)


def entries(reset: bool) -> list[dict[str, Any]]:
    """All entries, with costs that are known by now.

    Args:
        reset: Whether to begin anew afterwards.
    """
    with _lock:
        told = [entry.told() for entry in _kept.values()]
        if reset:
            _kept.clear()
    return told
