"""Where the program runs: with a person at a prompt or in a notebook, or as a script."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def ipython_shell() -> Any:
    """IPython's shell, or None outside of IPython; nothing is imported to find out."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython() if get_ipython is not None else None


def interactive() -> bool:
    """Whether a person sits at a prompt or in a notebook; nothing is imported to find out."""
    if hasattr(sys, "ps1") or sys.flags.interactive:
        return True
    if ipython_shell() is not None:
        return True
    return in_marimo()


def in_marimo() -> bool:
    """Whether the program runs in a notebook of marimo's; nothing is imported to find out."""
    # Whoever runs in IPython or marimo has imported it long ago.
    running_in_notebook = getattr(sys.modules.get("marimo"), "running_in_notebook", None)
    return running_in_notebook is not None and bool(running_in_notebook())


def right_here() -> Callable[[], bool]:
    """What tells whether the program is still where it was now: in the same cell of IPython, or not in IPython."""
    begun = _cell()
    return lambda: _cell() == begun


def _cell() -> object:
    shell = ipython_shell()
    get_parent = getattr(shell, "get_parent", None)
    if get_parent is None:
        return getattr(shell, "execution_count", None)
    # The request that made the cell run: a task goes on with that of its own cell, and not every run has a number.
    return get_parent().get("header", {}).get("msg_id")
