"""Outputs of a cell in an IPython kernel: JupyterLab, VS Code, Colab and whatever else speaks Jupyter's protocol.

An output that has a `display_id` is made by one `display_data` message and replaced by `update_display_data`; a saved
notebook holds the last state alone. See https://jupyter-client.readthedocs.io/en/stable/messaging.html#display-data
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any


class Kernel:
    """The kernel that runs this program.

    Args:
        shell: What `get_ipython()` gives.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def area(self) -> KernelArea:
        """A new output."""
        return KernelArea(self._shell)

    def thread(self, target: Callable[[], None]) -> threading.Thread:
        """A thread that knows which cell runs: recent kernels keep that in a context variable."""
        context = contextvars.copy_context()
        return threading.Thread(target=context.run, args=(target,), name="chatkit-notebook", daemon=True)


class KernelArea:
    """One output.

    Args:
        shell: The kernel's shell.
    """

    def __init__(self, shell: Any) -> None:
        self._publisher = shell.display_pub
        self._transient = {"display_id": f"chatkit-{os.urandom(8).hex()}"}
        self._shown = False

    def put(self, bundle: Mapping[str, str]) -> None:
        """Show this in place of what was there."""
        self._publisher.publish(dict(bundle), {}, transient=self._transient, update=self._shown)
        self._shown = True
