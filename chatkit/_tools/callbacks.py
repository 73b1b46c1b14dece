"""Functions to be told of something, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chatkit._errors import ConfigError


class Callbacks:
    """A list of callbacks, called newest first. One may be removed at any time, also while they are called."""

    def __init__(self) -> None:
        # A new tuple per change: whoever is going through the old one is not disturbed.
        self._entries: tuple[tuple[Callable[..., Any]], ...] = ()

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter([function for (function,) in self._entries])

    def add(self, function: Callable[..., Any]) -> Callable[[], None]:
        """Add a callback.

        Returns:
            A function that removes it again; calling it twice does no harm.

        Raises:
            ConfigError: when it cannot be called.
        """
        if not callable(function):
            raise ConfigError(f"A callback is a function, not {type(function).__name__}.")
        entry = (function,)  # its identity tells it from the same function added twice
        self._entries = (entry, *self._entries)

        def remove() -> None:
            self._entries = tuple(other for other in self._entries if other is not entry)

        return remove
