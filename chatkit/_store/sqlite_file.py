"""The file of an SQLite store: made for its owner only, and refused where it is something else."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from chatkit._errors import StoreError

_OLDEST = (3, 35)


def connected(path: str) -> sqlite3.Connection:
    """Open a file, which is made where there is none.

    Args:
        path: The file.

    Raises:
        StoreError: when it cannot be opened, or is seen to be something else; what SQLite finds out later it tells
            itself.
    """
    if sqlite3.sqlite_version_info < _OLDEST:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or later is needed.", kind="version")
    _make_private(path)
    # SQLite takes a file of one byte for an empty one, and would write over it.
    if Path(path).stat().st_size == 1:
        hint = "Give the store a file of its own."
        raise StoreError(f"{path} is a file of something else.", hint=hint, kind="foreign")
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def _make_private(path: str) -> None:
    """Make the file, where there is none, for its owner only: conversations are private."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        trouble = error.strerror
    else:
        return
    raise StoreError(f"The store {path} cannot be opened: {trouble}.", kind="io")
