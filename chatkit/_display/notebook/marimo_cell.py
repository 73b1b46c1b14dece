"""Outputs of a cell in marimo, with and without IPython."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

# Its page takes the look of headings, lists and tables away, but for what stands in here: so does its own Markdown.
_PAGE = '<span class="markdown prose dark:prose-invert contents">{}</span>'


class MarimoCell:
    """The cell that runs this program.

    Args:
        marimo: The module.
    """

    def __init__(self, marimo: Any) -> None:
        self._marimo = marimo

    def area(self) -> MarimoArea:
        """A new output below those that the cell has."""
        return MarimoArea(self._marimo)

    def thread(self, target: Callable[[], None]) -> threading.Thread:
        """A thread of marimo's own kind: others have no cell to show anything in."""
        made: threading.Thread = self._marimo.Thread(target=target, name="chatkit-notebook", daemon=True)
        return made


class MarimoArea:
    """One output.

    Args:
        marimo: The module.
    """

    def __init__(self, marimo: Any) -> None:
        self._marimo = marimo
        self._index: int | None = None
        self._shown = ""

    def put(self, bundle: Mapping[str, str]) -> None:
        """Show this in place of what was there."""
        html = bundle["text/html"]
        if html == self._shown:
            return
        if self._index is None:
            self._index = self._outputs()
        self._marimo.output.replace_at_index(self._marimo.Html(_PAGE.format(html)), self._index)
        self._shown = html

    @staticmethod
    def _outputs() -> int:
        """How many outputs the cell has by now; marimo has no public word for that."""
        from marimo._runtime.context import get_context

        context = get_context().execution_context
        return 0 if context is None else len(context.output)
