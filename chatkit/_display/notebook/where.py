"""Whether the program runs in a notebook that shows more than text; nothing is imported to find out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chatkit._display.place import in_marimo, ipython_shell

if TYPE_CHECKING:
    from chatkit._display.notebook.surface import Surface


def notebook() -> Surface | None:
    """Where rich output goes now: to an IPython kernel, to a cell of marimo, or nowhere.

    Whoever puts another stream in the place of `sys.stdout` (`redirect_stdout`, `%%capture`, a test) wants text, and
    gets it. IPython in a terminal shows text too.
    """
    if in_marimo() and _stdout_is("marimo."):
        from chatkit._display.notebook.marimo_cell import MarimoCell

        return MarimoCell(sys.modules["marimo"])
    shell = ipython_shell()
    if getattr(shell, "kernel", None) is not None and _stdout_is("ipykernel."):
        from chatkit._display.notebook.kernel import Kernel

        return Kernel(shell)
    return None


def _stdout_is(package: str) -> bool:
    return f"{type(sys.stdout).__module__}.".startswith(package)
