"""Conversations in an SQLite file, which needs nothing but Python.

What is told of an answer goes into a journal beside the file first, and into the file every 200 milliseconds: a
line in the journal takes 3 microseconds, a transaction 16 and at times milliseconds, and it would have all who write
wait for each other.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from chatkit._errors import StoreError
from chatkit._store.journal import Journal, read_journal
from chatkit._store.schema import bring_up_to_date, is_up_to_date
from chatkit._store.speech import Done
from chatkit._store.sql import SqlBackend, put_batch
from chatkit._store.sqlite_file import connected
from chatkit._store.turnstile import Turnstile

EVERY = 0.2
"""Seconds between two writings of what was noted into the tables."""
_PATIENCE = 5000
_SETTINGS = ("journal_mode=WAL", "foreign_keys=ON", "secure_delete=ON", "synchronous=FULL")
_KINDS = {
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    "SQLITE_FULL": "full",
    "SQLITE_CORRUPT": "corrupt",
    "SQLITE_NOTADB": "corrupt",
}
_TYPES = {"number": "INTEGER PRIMARY KEY", "real": "REAL", "blob": "BLOB"}
_WORDS: tuple[str, ...] = ("CREATE VIRTUAL TABLE chatkit_words USING fts5 (words)",)


def sqlite_backend(path: str) -> SqlBackend:
    """Open a store in an SQLite file, which is made where there is none.

    Raises:
        StoreError: when it cannot be opened, is damaged, something else's, or of a later version.
    """
    return SqlBackend(path, SqliteDatabase(path))


class _Draft:
    """What of the draft of one conversation is in the journal and not in the tables."""

    __slots__ = ("draft", "entries", "journal", "place", "written_at")

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.draft, self.place = -1, 0
        self.entries: list[str] = []
        self.written_at = 0.0


class SqliteDatabase:
    """An SQLite file that is open.

    Args:
        path: The file.
    """

    def __init__(self, path: str) -> None:
        self.types = _TYPES
        self.words = _WORDS
        self.exact = ""
        self._path = os.path.realpath(path)
        self._live = Path(f"{self._path}-live")
        self._turnstile = Turnstile()
        self._drafts: dict[str, _Draft] = {}
        self._connection: sqlite3.Connection | None = None
        self._connection = connected(self._path)
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        with self._alone():
            for setting in (f"busy_timeout={_PATIENCE}", *_SETTINGS):
                self.execute(f"PRAGMA {setting}")
        # Whoever writes now need not be waited for, unless there is something to do.
        with self.session(writing=False):
            if is_up_to_date(self):
                return
        with self.session(writing=True):
            self._check_whose()
            bring_up_to_date(self, self._path)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Done:
        """Run a statement, within a session."""
        assert self._connection is not None
        try:
            cursor = self._connection.execute(sql, values)
            return Done(cursor.fetchall(), cursor.rowcount)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            failure = error
        raise self._named(failure)

    @contextmanager
    def session(self, *, writing: bool) -> Iterator[None]:
        """A transaction."""
        with self._alone():
            self.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    @contextmanager
    def _in_passing(self) -> Iterator[None]:
        """Wait neither for others nor for the disk."""
        with self._alone():
            self.execute("PRAGMA busy_timeout=0")
            self.execute("PRAGMA synchronous=NORMAL")
        try:
            yield
        finally:
            with self._alone():
                self.execute(f"PRAGMA busy_timeout={_PATIENCE}")
                self.execute("PRAGMA synchronous=FULL")

    def _alone(self) -> AbstractContextManager[None]:
        return self._turnstile.alone(self._path, lambda: self._connection is not None)

    def _roll_back(self) -> None:
        # On a full disk SQLite may have done so by itself.
        with suppress(StoreError):
            self.execute("ROLLBACK")

    def has_table(self, name: str) -> bool:
        """Whether there is a table of that name."""
        return bool(self.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).rows)

    def add_words(self, number: int, words: str) -> None:
        """Have a row of turns found by words."""
        self.execute("INSERT INTO chatkit_words (rowid, words) VALUES (?, ?)", (number, words))

    def drop_words(self, id: str, first: int, last: int | None = None) -> None:
        """Have turns found no more."""
        self.execute(
            "DELETE FROM chatkit_words WHERE rowid IN (SELECT number FROM chatkit_turns"
            " WHERE conversation = ? AND position >= ? AND position <= COALESCE(?, position))",
            (id, first, last),
        )

    def match(self, words: Sequence[tuple[str, bool]]) -> tuple[str, str]:
        """The condition that turns have all these words."""
        query = " AND ".join(f'"{word}"*' if begins else f'"{word}"' for word, begins in words)
        return "t.number IN (SELECT rowid FROM chatkit_words WHERE chatkit_words MATCH ?)", query

    def guard_blobs(self) -> None:
        """Nothing: whoever writes here is alone."""

    def lock(self, id: str) -> Callable[[], None]:
        """Become the one writer of a conversation."""
        with self._alone():
            try:
                self._live.mkdir(mode=0o700, exist_ok=True)
            except OSError as error:
                trouble = error.strerror
            else:
                trouble = ""
            if trouble:
                raise StoreError(f"{self._live} cannot be made: {trouble}.", kind="io")
            draft = self._drafts[id] = _Draft(Journal(self._journal(id), id))
        return lambda: self._unlock(id, draft)

    def _unlock(self, id: str, draft: _Draft) -> None:
        # Not what somebody else has by now: letting go twice does no harm.
        if self._drafts.get(id) is draft:
            del self._drafts[id]
        draft.journal.close()

    def check(self, id: str) -> None:
        """Make sure that the conversation was locked."""
        if id not in self._drafts:
            raise StoreError(f"The conversation {id!r} is not being written here.", kind="closed", conversation=id)

    def note(self, id: str, draft: int, place: int, entry: str) -> None:
        """Add one entry to the draft: to the journal at once, and to the tables after a while."""
        self.check(id)
        live = self._drafts[id]
        live.journal.append(draft, place, entry)
        if draft != live.draft:
            live.draft, live.place, live.entries = draft, place, []
        # What was written otherwise in between is in the tables already.
        live.entries += ["null"] * (place - live.place - len(live.entries))
        live.entries.append(entry)
        now = time.monotonic()
        if now - live.written_at >= EVERY:
            live.written_at = now
            self._write_noted(id, live)

    def _write_noted(self, id: str, live: _Draft) -> None:
        """Write to the tables what is in the journal, unless that has to wait for somebody; then the next one does."""
        if not self._turnstile.lock.acquire(blocking=False):
            return
        try:
            with self._in_passing(), self.session(writing=True):
                put_batch(self, id, live.draft, live.place, live.entries)
        except StoreError:
            return
        finally:
            self._turnstile.lock.release()
        live.place += len(live.entries)
        live.entries = []
        live.journal.clear()

    def noted(self, id: str) -> list[tuple[int, int, str]]:
        """What is in the journal, whoever writes it."""
        return read_journal(self._journal(id))

    def forget(self, id: str) -> None:
        """Clear the journal."""
        with self._turnstile.lock:
            live = self._drafts.get(id)
            if live is not None:
                live.entries, live.draft = [], -1
                live.written_at = time.monotonic()
                live.journal.clear()

    def close(self) -> None:
        """Let go of the file and of all journals."""
        with self._turnstile.lock:
            connection, self._connection = self._connection, None
            for id, draft in list(self._drafts.items()):
                self._unlock(id, draft)
            if connection is not None and self._turnstile.is_ours:
                connection.close()

    def __del__(self) -> None:
        self.close()

    def _journal(self, id: str) -> Path:
        return self._live / f"{hashlib.sha256(id.encode()).hexdigest()[:32]}.log"

    def _check_whose(self) -> None:
        """Refuse a database that somebody else put their tables into."""
        tables = self.execute("SELECT name FROM sqlite_master WHERE type = 'table'").rows
        if tables and not any(name == "chatkit_store" for (name,) in tables):
            raise StoreError(
                f"{self._path} is a database of something else.",
                hint="Give the store a file of its own.",
                kind="foreign",
            )

    def _named(self, failure: sqlite3.Error | UnicodeDecodeError) -> StoreError:
        # Of a damaged file not even the names of its columns need be text.
        name = getattr(failure, "sqlite_errorname", "SQLITE_CORRUPT")
        kind = next((kind for start, kind in _KINDS.items() if name.startswith(start)), "io")
        hint = "Another process holds it; try again." if kind == "locked" else ""
        return StoreError(f"The store {self._path} failed: {failure}.", hint=hint, kind=kind)
