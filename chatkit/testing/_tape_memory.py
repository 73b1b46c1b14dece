"""What chatkit remembers of servers, put aside while a tape is recorded or played.

What was asked for once in a process is not asked for again: lists of models and prices, which way to ask for typed
answers. With that a tape would depend on what happened before. This door opens no room of chatkit; it only looks
whether they are open.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

MEMORIES = (("chatkit._models.shelf", "_kept"), ("chatkit._engine.ladder", "_known"))
"""Module and name of each; a test sees to it that they are there."""


@contextlib.contextmanager
def as_in_a_new_process() -> Iterator[None]:
    """Have nothing remembered while it lasts; afterwards all is as before."""
    before = [(memory, dict(memory)) for memory in _memories()]
    for memory, _ in before:
        memory.clear()
    try:
        yield
    finally:
        # What was learned from a tape was learned of no server.
        for memory in _memories():
            memory.clear()
        for memory, kept in before:
            memory.update(kept)


def _memories() -> Iterator[dict[Any, Any]]:
    for module, name in MEMORIES:
        memory = getattr(sys.modules.get(module), name, None)
        if isinstance(memory, dict):
            yield memory
