"""What a notebook offers to show things in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Protocol


class Area(Protocol):
    """One output of a cell, whose whole content is put there again and again."""

    def put(self, bundle: Mapping[str, str]) -> None:
        """Show this in place of what was there.

        Args:
            bundle: A text for each media type; "text/html" is among them.
        """


class Surface(Protocol):
    """The notebook."""

    def area(self) -> Area:
        """A new output at the end of the running cell; it appears with the first thing put there."""

    def thread(self, target: Callable[[], None]) -> threading.Thread:
        """A thread, not yet started, that may put things into the areas of the running cell."""
