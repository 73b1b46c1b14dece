"""Python functions that are named on the command line, as in `my.tools:search`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from chatkit._scripts.tools import tools_at


def functions_at(places: Iterable[str]) -> list[Callable[..., Any]]:
    """The functions at places such as `my.tools:search`; modules of the current directory go before installed ones.

    Raises:
        ConfigError: when one cannot be found.
    """
    # A function may import its neighbours as late as when it is called.
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    # Modules may print while they are imported, and standard output is for something else.
    with contextlib.redirect_stdout(sys.stderr):
        return [tool for place in places for tool in tools_at(place)]
