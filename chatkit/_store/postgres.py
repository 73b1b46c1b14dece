"""Conversations in PostgreSQL, through psycopg: for several machines, or where one is running anyway.

Each piece of an answer is a small transaction of its own, since only what the server has outlasts this process; the
server does not write each of them to its disk at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from chatkit._errors import ConfigError, StoreError
from chatkit._store.schema import bring_up_to_date, is_up_to_date
from chatkit._store.speech import Done
from chatkit._store.sql import SqlBackend, put_batch
from chatkit._store.turnstile import Turnstile

_TYPES = {"number": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "real": "DOUBLE PRECISION", "blob": "BYTEA"}
_WORDS: tuple[str, ...] = (
    "ALTER TABLE chatkit_turns ADD COLUMN words tsvector",
    "CREATE INDEX chatkit_by_words ON chatkit_turns USING gin (words)",
)
# One lock each for the tables and for large contents; conversations have theirs among another kind of numbers.
_TABLES, _BLOBS = 0x63686B74, 0x63686B75


def postgres_backend(url: Callable[[], str]) -> SqlBackend:
    """Open a store in a PostgreSQL database, whose tables are made where there are none.

    Args:
        url: Gives its address, such as "postgresql://user@host/database". The password is not shown anywhere.

    Raises:
        ConfigError: when psycopg is missing.
        StoreError: when the server cannot be reached, or the tables are of a later version.
    """
    database = PostgresDatabase(_psycopg(), url)
    return SqlBackend(database.name, database)


class PostgresDatabase:
    """A PostgreSQL database that is open.

    Args:
        psycopg: The package.
        url: Gives its address, which is not kept where it could be seen.
    """

    def __init__(self, psycopg: Any, url: Callable[[], str]) -> None:
        self.types = _TYPES
        self.words = _WORDS
        self.exact = ' COLLATE "C"'
        self._url = url
        self._psycopg = psycopg
        self._turnstile = Turnstile()
        # A token each, so that letting go twice does not let go of what somebody else has by then.
        self._locked: dict[str, object] = {}
        self._lost: set[str] = set()
        self._connection: Any = None
        self._closed = False
        self.name = "postgresql"
        self._connect()
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        with self.session(writing=False):
            if is_up_to_date(self):
                return
        # Waited for before the transaction begins: within it a server may go on missing tables that it once missed.
        with self._alone():
            self.execute("SELECT pg_advisory_lock(?)", (_TABLES,))
        try:
            with self.session(writing=True):
                bring_up_to_date(self, self.name)
        finally:
            with self._alone():
                self.execute("SELECT pg_advisory_unlock(?)", (_TABLES,))

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Done:
        """Run a statement, within a session."""
        try:
            cursor = self._connection.execute(sql.replace("?", "%s"), values)
            return Done(cursor.fetchall() if cursor.description else [], cursor.rowcount)
        except self._psycopg.Error as error:
            failure = error
        raise self._named(failure)

    @contextmanager
    def session(self, *, writing: bool) -> Iterator[None]:
        """A transaction."""
        with self._alone():
            self.execute("BEGIN" if writing else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                if writing:
                    self.execute("SET LOCAL synchronous_commit TO DEFAULT")
                yield
                self.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if not self._connection.closed:
            with suppress(StoreError):
                self.execute("ROLLBACK")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._turnstile.alone(self.name, lambda: not self._closed):
            if self._connection.closed:
                self._connect()
            yield

    def _connect(self) -> None:
        """Connect, anew if need be; the locks are taken again, since they went with the connection."""
        try:
            connection = self._psycopg.connect(
                self._url(), autocommit=True, connect_timeout=10, fallback_application_name="chatkit"
            )
        except self._psycopg.ProgrammingError:
            # What it says has the whole address in it.
            text = "The address of the store is no address of a PostgreSQL database."
            failure = StoreError(text, kind="unreachable")
        except self._psycopg.Error as error:
            failure = self._named(error)
        else:
            self._take_up(connection)
            return
        raise failure

    def _take_up(self, connection: Any) -> None:
        self._connection = connection
        self.name = f"postgresql://{connection.info.host}:{connection.info.port}/{connection.info.dbname}"
        self.execute("SET synchronous_commit TO off")
        self._lost |= {id for id in self._locked if not self._take(id)}

    def has_table(self, name: str) -> bool:
        """Whether there is a table of that name."""
        return self.execute("SELECT to_regclass(?)", (name,)).rows != [(None,)]

    def add_words(self, number: int, words: str) -> None:
        """Have a row of turns found by words."""
        self.execute("UPDATE chatkit_turns SET words = array_to_tsvector(?) WHERE number = ?", (words.split(), number))

    def drop_words(self, id: str, first: int, last: int | None = None) -> None:
        """Nothing: they go with their rows."""

    def match(self, words: Sequence[tuple[str, bool]]) -> tuple[str, str]:
        """The condition that turns have all these words."""
        query = " & ".join(f"'{word}':*" if begins else f"'{word}'" for word, begins in words)
        return "t.words @@ CAST(? AS tsquery)", query

    def guard_blobs(self) -> None:
        """Have nobody else take up or drop large contents until the end of the transaction."""
        self.execute("SELECT pg_advisory_xact_lock(?)", (_BLOBS,))

    def lock(self, id: str) -> Callable[[], None]:
        """Become the one writer of a conversation."""
        with self._alone():
            # The server gives a lock that one has already once more.
            if id in self._locked or not self._take(id):
                raise _busy(id)
            token = self._locked[id] = object()
        return lambda: self._unlock(id, token)

    def _take(self, id: str) -> bool:
        return bool(self.execute("SELECT pg_try_advisory_lock(?)", (_number(id),)).rows[0][0])

    def _unlock(self, id: str, token: object) -> None:
        with self._turnstile.lock:
            if self._locked.get(id) is not token:
                return
            del self._locked[id]
            self._lost.discard(id)
            try:
                with self._alone():
                    self.execute("SELECT pg_advisory_unlock(?)", (_number(id),))
            except StoreError:
                return  # it went with the connection

    def check(self, id: str) -> None:
        """Make sure that the conversation was locked, and that the lock did not go with a connection."""
        if id in self._lost:
            raise StoreError(
                f"The connection to the store broke, and another one has written the conversation {id!r} since.",
                hint="Load it again.",
                kind="busy",
                conversation=id,
            )
        if id not in self._locked:
            raise StoreError(f"The conversation {id!r} is not being written here.", kind="closed", conversation=id)

    def note(self, id: str, draft: int, place: int, entry: str) -> None:
        """Add one entry to the draft, in a transaction of its own."""
        with self._alone():
            self.check(id)
            put_batch(self, id, draft, place, [entry])

    def noted(self, id: str) -> list[tuple[int, int, str]]:
        """Nothing: all that was noted is in the tables."""
        return []

    def forget(self, id: str) -> None:
        """Nothing: what was noted went with the change."""

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection, and of all locks with it."""
        with self._turnstile.lock:
            self._closed = True
            self._locked.clear()
            if self._connection is not None and self._turnstile.is_ours:
                self._connection.close()

    def _named(self, failure: Exception) -> StoreError:
        lost = self._connection is None or self._connection.closed
        code = getattr(failure, "sqlstate", None) or ""
        kind = "unreachable" if lost else "full" if code.startswith("53") else "io"
        return StoreError(f"The store {self.name} failed: {' '.join(str(failure).split())[:500]}.", kind=kind)


def _psycopg() -> Any:
    try:
        return import_module("psycopg")
    except ImportError:
        pass
    raise ConfigError(
        "A store in PostgreSQL needs psycopg.", hint='Install it with: pip install "chatkit-objects[store]".'
    )


def _number(id: str) -> int:
    return int.from_bytes(hashlib.sha256(f"chatkit {id}".encode()).digest()[:8], "big", signed=True)


def _busy(id: str) -> StoreError:
    return StoreError(
        f"The conversation {id!r} is being written by another chat or process.",
        hint="Go on there, end that first (`store.detach(chat)`), or read it with `load(id, attach=False)`.",
        kind="busy",
        conversation=id,
    )
