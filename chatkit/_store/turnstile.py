"""Who may use an open database: one thread at a time, and only in the process that opened it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chatkit._errors import StoreError


class Turnstile:
    """Lets one into a database at a time.

    Attributes:
        lock: Held by whoever is inside, or has something to do beside the database.
        process: The process that opened the database.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.process = os.getpid()
        self._inside = False

    @property
    def is_ours(self) -> bool:
        """Whether this is the process that opened the database, and not one that was forked from it."""
        return self.process == os.getpid()

    @contextmanager
    def alone(self, name: str, is_open: Callable[[], bool]) -> Iterator[None]:
        """Be the only one inside.

        Args:
            name: What messages call the database.
            is_open: Whether it is still open; asked when nobody else is inside.

        Raises:
            StoreError: when it is closed, another process's, or this thread is inside already.
        """
        with self.lock:
            if not is_open():
                raise StoreError(f"The store {name} is closed.", kind="closed")
            if not self.is_ours:
                raise StoreError(
                    f"The store {name} was opened by another process, which this one was forked from.",
                    hint="Open it anew here.",
                    kind="closed",
                )
            if self._inside:
                # An object that was dropped ends its answer wherever Python finds it, perhaps in the middle of this.
                raise StoreError(f"The store {name} is in the middle of another change.", kind="locked")
            self._inside = True
            try:
                yield
            finally:
                self._inside = False
