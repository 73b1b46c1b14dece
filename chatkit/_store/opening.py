"""Which database a store is in, by the path or the URL given."""

from __future__ import annotations

import os
import re
from typing import Any

from chatkit._errors import ConfigError
from chatkit._record.files import path_name
from chatkit._store.backend import Backend

_METHODS = ("lock", "write", "note", "read", "rows", "row", "search", "rename", "delete", "close")


class Place:
    """Where a store shall be, which tells nobody what stands in it: a URL may hold a password.

    Args:
        where: What was given.
    """

    __slots__ = ("__where",)

    def __init__(self, where: Any) -> None:
        self.__where = where

    def __call__(self) -> Any:
        """What was given."""
        return self.__where

    def __repr__(self) -> str:
        return "Place()"

    def starts(self, pattern: str) -> bool:
        """Whether it is a text or a path that begins so."""
        given = isinstance(self.__where, str | os.PathLike)
        return given and re.match(pattern, path_name(self.__where)) is not None


def open_backend(place: Place) -> Backend:
    """Open the database that a store shall be in.

    Args:
        place: A path, which is an SQLite file's; a `postgresql://` URL; or a `Backend`.

    Raises:
        ConfigError: when it is something else, or what it needs is not installed.
        StoreError: when it cannot be opened.
    """
    if place.starts(r"postgres(ql)?://"):
        from chatkit._store.postgres import postgres_backend

        return postgres_backend(place)
    if place.starts(r":memory:\Z|\w[\w+.-]+:"):
        kind = "in memory" if place.starts(":") else f"at {path_name(place()).partition(':')[0]}:"
        raise ConfigError(
            f"A store cannot be {kind}.", hint='Give the path of a file, a "postgresql://..." URL, or a Backend.'
        )
    if not place.starts(""):
        return _checked(place())
    from chatkit._store.sqlite import sqlite_backend

    return sqlite_backend(path_name(place()))


def _checked(where: Any) -> Backend:
    lacking = [name for name in _METHODS if not callable(getattr(where, name, None))]
    if isinstance(where, type) or lacking:
        raise ConfigError(f"A store is at a path or a URL, or in a Backend, not {type(where).__name__}.")
    made: Backend = where
    return made
