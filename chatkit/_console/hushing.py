"""Keys typed while an answer streams in: they are not echoed into it, and the next prompt begins with them."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from typing import Any

_MOST = 65536
_LOCAL, _SPECIAL = 3, 6
"""Where `termios.tcgetattr` has the local modes and the special characters."""
_keys = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
_controls = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Keyboard:
    """The terminal that is typed at, which by itself echoes what nobody reads yet.

    Ctrl-C works all the time. Where there is no terminal, or no `termios` as on Windows, nothing is done.

    Args:
        wanted: Whether a prompt comes back that takes what was typed meanwhile.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._before = _modes() if wanted else None

    def hush(self) -> None:
        """Echo no more."""
        if self._before is not None:
            import termios

            _set([*self._before[:_LOCAL], self._before[_LOCAL] & ~termios.ECHO, *self._before[_LOCAL + 1 :]])

    def close(self) -> None:
        """Echo again, as before: somebody else may read now."""
        if self._before is not None:
            _set(self._before)

    def is_taken(self) -> bool:
        """Whether a program has made the terminal its own: an editor, or one that asks for a password."""
        return self._before is None or _modes() != self._before


def typed_ahead() -> str:
    """What was typed while nobody read; it is taken away. Keys that are no text count for nothing, nor does Enter."""
    before = _modes()
    if before is None:
        return ""
    import termios

    special = list(before[_SPECIAL])
    special[termios.VMIN] = special[termios.VTIME] = 0
    _set([*before[:_LOCAL], before[_LOCAL] & ~termios.ICANON, *before[_LOCAL + 1 : _SPECIAL], special])
    try:
        data = os.read(sys.stdin.fileno(), _MOST)
    finally:
        _set(before)
    return _controls.sub("", _keys.sub("", data.decode("utf-8", "ignore").replace("\r", "\n"))).strip()


def _modes() -> list[Any] | None:
    """How the terminal is set; None where there is none, or no `termios` as on Windows."""
    try:
        import termios
    except ImportError:
        return None
    with contextlib.suppress(AttributeError, OSError, ValueError, termios.error):
        return termios.tcgetattr(sys.stdin.fileno())
    return None


def _set(modes: list[Any]) -> None:
    import termios

    # The terminal may be gone, or this be a job in the background.
    with contextlib.suppress(OSError, ValueError, termios.error):
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, modes)
