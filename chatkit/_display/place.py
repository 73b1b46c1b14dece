"""Where the program runs: with a person at a prompt or in a notebook, or as a script."""

from __future__ import annotations

import sys


def interactive() -> bool:
    """Whether a person sits at a prompt or in a notebook; nothing is imported to find out."""
    if hasattr(sys, "ps1") or sys.flags.interactive:
        return True
    # Read from sys.modules: whoever runs in IPython or marimo has imported it long ago.
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    if get_ipython is not None and get_ipython() is not None:
        return True
    running_in_notebook = getattr(sys.modules.get("marimo"), "running_in_notebook", None)
    return running_in_notebook is not None and bool(running_in_notebook())
