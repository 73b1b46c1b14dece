"""Conversations in tables: everything that is the same for all databases that speak SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from chatkit._errors import StoreError
from chatkit._store.backend import Change, Found, Row, Stored, Title, missing
from chatkit._store.entries import to_json
from chatkit._store.recovering import json_of
from chatkit._store.rows import DRAFT_PLACE, add_title, add_turn, collect, drop_turns, hold, let_go
from chatkit._store.speech import Speech

_COLUMNS = "c.id, c.title, c.created, c.updated, c.model, c.turns, c.parent, c.parent_turns, c.draft, c.state"
_ORDERS = {"updated": "c.updated DESC", "created": "c.created DESC", "title": "COALESCE(c.title, '')"}
# Seconds since 1970 up to the year 9999.
_LATEST = 253_402_300_799


class Connected(Speech, Protocol):
    """A database that is open, with what it does in its own way."""

    def session(self, *, writing: bool) -> AbstractContextManager[None]:
        """A transaction: others see all that was done inside, or nothing when it is left by an error.

        What is read inside is of one moment. One thread at a time is inside.
        """

    def lock(self, id: str) -> Callable[[], None]:
        """As `Backend.lock`."""

    def check(self, id: str) -> None:
        """Make sure that the conversation was locked, and is still.

        Raises:
            StoreError: when it is not.
        """

    def note(self, id: str, draft: int, place: int, entry: str) -> None:
        """As `Backend.note`."""

    def noted(self, id: str) -> list[tuple[int, int, str]]:
        """What was noted and need not be in the tables yet: draft, place, entry."""

    def forget(self, id: str) -> None:
        """Take note that what was noted before is not needed any more."""

    def close(self) -> None:
        """As `Backend.close`."""


class SqlBackend:
    """A `Backend` in the tables of a database.

    Args:
        name: What messages call it.
        database: The database.
    """

    def __init__(self, name: str, database: Connected) -> None:
        self.name = name
        self._database = database
        self._execute = database.execute

    def lock(self, id: str) -> Callable[[], None]:
        """Become the one writer of a conversation."""
        return self._database.lock(id)

    def note(self, id: str, draft: int, place: int, entry: str) -> None:
        """Add one entry to the draft."""
        self._database.note(id, draft, place, entry)

    def close(self) -> None:
        """Let go of everything."""
        self._database.close()

    def write(self, change: Change) -> None:
        """Write a change, all of it or nothing."""
        with self._database.session(writing=True):
            self._database.check(change.id)
            self._write(change)
        if change.place == 0:
            self._database.forget(change.id)

    def read(self, id: str) -> Stored | None:
        """A conversation as it is at one moment."""
        # First, since what is noted goes into the tables and never comes back.
        noted = self._database.noted(id)
        with self._database.session(writing=False):
            row = self._row(id)
            if row is None:
                return None
            records = self._execute(
                "SELECT record FROM chatkit_turns WHERE conversation = ? AND position >= 0 ORDER BY position", (id,)
            ).rows
            batches = self._execute(
                "SELECT place, entries FROM chatkit_drafts WHERE conversation = ? AND draft = ? ORDER BY place",
                (id, row.draft),
            ).rows
            blobs = self._execute(
                "SELECT hash, data FROM chatkit_blobs WHERE hash IN"
                " (SELECT hash FROM chatkit_held WHERE conversation = ?)",
                (id,),
            ).rows
        entries = {place: entry for draft, place, entry in noted if draft == row.draft}
        for first, batch in batches:
            entries.update(_batch(batch, first, f"conversation {id!r}"))
        return Stored(
            row,
            [record for (record,) in records],
            [entries[place] for place in sorted(entries)],
            {key: bytes(data) for key, data in blobs if not isinstance(data, str | int | float)},
        )

    def row(self, id: str) -> Row | None:
        """A conversation without its turns."""
        with self._database.session(writing=False):
            return self._row(id)

    def rows(self, order: str, limit: int, offset: int) -> list[Row]:
        """Conversations in an order."""
        exact = self._database.exact
        by = _ORDERS[order] + (exact if order == "title" else "")
        with self._database.session(writing=False):
            found = self._execute(
                f"SELECT {_COLUMNS} FROM chatkit_conversations c ORDER BY {by}, c.id{exact} LIMIT ? OFFSET ?",
                (limit, offset),
            ).rows
        return [_row_of(row) for row in found]

    def search(self, words: Sequence[tuple[str, bool]], limit: int, offset: int) -> list[Found]:
        """Turns and titles in which all the words occur."""
        condition, value = self._database.match(words)
        with self._database.session(writing=False):
            found = self._execute(
                f"SELECT {_COLUMNS}, t.position, t.record FROM chatkit_turns t JOIN chatkit_conversations c"
                f" ON c.id = t.conversation WHERE {condition} ORDER BY c.updated DESC, c.id, t.position"
                " LIMIT ? OFFSET ?",
                (value, limit, offset),
            ).rows
        return [Found(_row_of(row[:-2]), row[-2], row[-1]) for row in found]

    def rename(self, id: str, title: Title) -> bool:
        """Give a conversation a title."""
        with self._database.session(writing=True):
            done = self._execute("UPDATE chatkit_conversations SET title = ? WHERE id = ?", (title.text, id))
            if not done.count:
                return False
            add_title(self._database, id, title)
        return True

    def delete(self, id: str) -> bool:
        """Delete a conversation."""
        with self._database.session(writing=True):
            if self._row(id) is None:
                return False
            self._database.drop_words(id, DRAFT_PLACE)
            held = let_go(self._database, id, DRAFT_PLACE)
            self._execute("DELETE FROM chatkit_conversations WHERE id = ?", (id,))
            collect(self._database, held)
        self._database.forget(id)
        return True

    def _row(self, id: str) -> Row | None:
        found = self._execute(f"SELECT {_COLUMNS} FROM chatkit_conversations c WHERE c.id = ?", (id,)).rows
        return _row_of(found[0]) if found else None

    def _write(self, change: Change) -> None:
        self._put_head(change)
        loose = set[str]()
        if change.place == 0:
            self._execute("DELETE FROM chatkit_drafts WHERE conversation = ?", (change.id,))
            loose |= let_go(self._database, change.id, DRAFT_PLACE, DRAFT_PLACE)
        if change.keep is not None:
            loose |= drop_turns(self._database, change.id, change.keep)
        for turn in change.turns:
            add_turn(self._database, change.id, turn, change.blobs)
        if change.entries:
            self._put_entries(change)
        collect(self._database, loose)

    def _put_head(self, change: Change) -> None:
        if change.created is not None:
            self._create(change.created)
        turns = None if change.keep is None else change.keep + len(change.turns)
        done = self._execute(
            "UPDATE chatkit_conversations SET updated = ?, draft = ?, turns = COALESCE(?, turns),"
            " state = COALESCE(?, state), model = COALESCE(?, model) WHERE id = ?",
            (change.at, change.draft, turns, change.state, change.model, change.id),
        )
        if not done.count:
            raise missing(change.id)
        if change.title is not None:
            self._entitle(change.id, change.title)

    def _create(self, row: Row) -> None:
        self._execute(
            "INSERT INTO chatkit_conversations (id, created, updated, model, turns, parent, parent_turns, draft, state)"
            " VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            (row.id, row.created, row.updated, row.model, row.parent, row.parent_turns, row.draft, row.state),
        )

    def _entitle(self, id: str, title: Title) -> None:
        done = self._execute(
            "UPDATE chatkit_conversations SET title = ? WHERE id = ? AND title IS NULL", (title.text, id)
        )
        if done.count:
            add_title(self._database, id, title)

    def _put_entries(self, change: Change) -> None:
        hold(self._database, change.id, DRAFT_PLACE, change.held, change.blobs)
        put_batch(self._database, change.id, change.draft, change.place, change.entries)


def put_batch(speech: Speech, id: str, draft: int, place: int, entries: Sequence[str]) -> None:
    """Put entries of a draft into one row."""
    speech.execute(
        "INSERT INTO chatkit_drafts (conversation, draft, place, entries) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (conversation, draft, place) DO UPDATE SET entries = excluded.entries",
        (id, draft, place, f"[{','.join(entries)}]"),
    )


def _row_of(values: Sequence[Any]) -> Row:
    """A row that was read, its values being what they should."""
    row = Row(*values)
    wanted = (
        (str, row.id, row.model, row.state),
        (str | None, row.title, row.parent),
        (float, row.created, row.updated),
        (int, row.turns, row.draft),
        (int | None, row.parent_turns),
    )
    right = all(isinstance(value, kind) for kind, *held in wanted for value in held)
    if not right or not all(0 <= at < _LATEST for at in (row.created, row.updated)):
        raise StoreError(f"conversation {row.id!r} is damaged: its row makes no sense.", kind="corrupt")
    return row


def _batch(line: Any, first: int, at: str) -> dict[int, str]:
    """The entries in a row, by their place, each as JSON again."""
    entries = json_of(line, at)
    if not isinstance(entries, list):
        raise StoreError(f"{at} is damaged: its draft is no list.", kind="corrupt")
    return {place: to_json(entry) for place, entry in enumerate(entries, first) if entry is not None}
