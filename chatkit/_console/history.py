"""The file of what was typed at the console: for its owner only, and for nobody where there is no place for it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit._settings.places import default_history, private_folder

if TYPE_CHECKING:
    from prompt_toolkit.history import History


def history_path(history: bool | str | os.PathLike[str]) -> Path | None:
    """The path of the file: the user's own, or one in the folder that the platform has for such things.

    Args:
        history: As for `live_console`.
    """
    if isinstance(history, bool):
        return default_history() if history else None
    return Path(history).expanduser()


def prepared(path: Path) -> bool:
    """Make the file if it is not there, and have nobody but its owner read it.

    Returns:
        Whether it can be used.
    """
    try:
        private_folder(path)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return False
            if hasattr(os, "fchmod"):
                os.fchmod(handle, 0o600)
        finally:
            os.close(handle)
    except (OSError, ValueError):
        return False
    return True


def open_history(path: Path | None) -> tuple[History, str]:
    """The history of a prompt.

    Args:
        path: The file; None keeps it in memory only.

    Returns:
        The history, and a complaint, which is empty when all is well.
    """
    from prompt_toolkit.history import FileHistory, InMemoryHistory, ThreadedHistory

    class _Lasting(FileHistory):
        def store_string(self, string: str) -> None:
            # What a terminal sends need not be text; and a disk that is full is no reason to stop talking.
            try:
                super().store_string(string.encode("utf-8", "replace").decode())
            except OSError:
                return

    if path is None:
        return InMemoryHistory(), ""
    if not prepared(path):
        return InMemoryHistory(), f"What is typed cannot be kept in {path}."
    return ThreadedHistory(_Lasting(str(path))), ""
