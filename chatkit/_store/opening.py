"""Which database a store is in, by the path or the URL given."""

from __future__ import annotations

import os
import re
from typing import Any

from chatkit._errors import ConfigError
from chatkit._record.files import path_name
from chatkit._store.backend import Backend

_METHODS = ("lock", "write", "note", "read", "rows", "row", "search", "rename", "delete", "close")


def open_backend(where: Any) -> Backend:
    """Open the database that a store shall be in.

    Args:
        where: A path, which is an SQLite file's; a `postgresql://` URL; or a `Backend`.

    Raises:
        ConfigError: when it is something else, or what it needs is not installed.
        StoreError: when it cannot be opened.
    """
    if not isinstance(where, str | os.PathLike):
        return _checked(where)
    name = path_name(where)
    if re.match(r"postgres(ql)?://", name):
        from chatkit._store.postgres import postgres_backend

        return postgres_backend(name)
    if name == ":memory:" or re.match(r"\w[\w+.-]+:", name):
        kind = "in memory" if name == ":memory:" else f"at {name.partition(':')[0]}:"
        raise ConfigError(
            f"A store cannot be {kind}.", hint='Give the path of a file, a "postgresql://..." URL, or a Backend.'
        )
    from chatkit._store.sqlite import sqlite_backend

    return sqlite_backend(name)


def _checked(where: Any) -> Backend:
    lacking = [name for name in _METHODS if not callable(getattr(where, name, None))]
    if isinstance(where, type) or lacking:
        raise ConfigError(f"A store is at a path or a URL, or in a Backend, not {type(where).__name__}.")
    made: Backend = where
    return made
