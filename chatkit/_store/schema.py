"""The tables of the store, step by step: each step makes one version of the one before, and none is ever changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatkit._errors import StoreError
from chatkit._store.backend import Title
from chatkit._store.blobs import take_blobs
from chatkit._store.reading import record_words, to_json
from chatkit._store.recovering import json_of
from chatkit._store.rows import add_title, hold
from chatkit._store.speech import Speech
from chatkit._store.words import words_of

_FIRST = (
    """CREATE TABLE chatkit_conversations (
        id TEXT PRIMARY KEY, title TEXT, created {real} NOT NULL, updated {real} NOT NULL, model TEXT NOT NULL,
        turns INTEGER NOT NULL, draft INTEGER NOT NULL, state TEXT NOT NULL)""",
    """CREATE TABLE chatkit_turns (
        number {number}, conversation TEXT NOT NULL REFERENCES chatkit_conversations (id) ON DELETE CASCADE,
        position INTEGER NOT NULL, record TEXT NOT NULL, UNIQUE (conversation, position))""",
    """CREATE TABLE chatkit_drafts (
        conversation TEXT NOT NULL REFERENCES chatkit_conversations (id) ON DELETE CASCADE,
        draft INTEGER NOT NULL, place INTEGER NOT NULL, entries TEXT NOT NULL,
        PRIMARY KEY (conversation, draft, place))""",
    "CREATE INDEX chatkit_by_update ON chatkit_conversations (updated)",
)
_SECOND = (
    "ALTER TABLE chatkit_conversations ADD COLUMN parent TEXT",
    "ALTER TABLE chatkit_conversations ADD COLUMN parent_turns INTEGER",
    "CREATE TABLE chatkit_blobs (hash TEXT PRIMARY KEY, data {blob} NOT NULL)",
    """CREATE TABLE chatkit_held (
        conversation TEXT NOT NULL REFERENCES chatkit_conversations (id) ON DELETE CASCADE,
        position INTEGER NOT NULL, hash TEXT NOT NULL REFERENCES chatkit_blobs (hash),
        PRIMARY KEY (conversation, position, hash))""",
    "CREATE INDEX chatkit_by_hash ON chatkit_held (hash)",
)


def _first(speech: Speech) -> None:
    """Conversations, their turns, and the drafts of what is being said."""
    for statement in _FIRST:
        speech.execute(statement.format(**speech.types))


def _second(speech: Speech) -> None:
    """Large contents once, whoever holds them; words to search by; where a conversation was forked from."""
    for statement in (*_SECOND, *speech.words):
        speech.execute(statement.format(**speech.types))
    for number, id, position, line in speech.execute(
        "SELECT number, conversation, position, record FROM chatkit_turns ORDER BY number"
    ).rows:
        _bring_up(speech, number, id, position, line)
    for id, title in speech.execute("SELECT id, title FROM chatkit_conversations WHERE title IS NOT NULL").rows:
        add_title(speech, id, Title(title, words_of(title)))


def _bring_up(speech: Speech, number: int, id: str, position: int, line: str) -> None:
    record, blobs = json_of(line, f"conversation {id!r}: turn {position}"), dict[str, bytes]()
    words = record_words(record, f"conversation {id!r}: turn {position}")
    hashes = take_blobs(record, blobs)
    speech.execute("UPDATE chatkit_turns SET record = ? WHERE number = ?", (to_json(record), number))
    speech.add_words(number, words)
    hold(speech, id, position, hashes, blobs)


STEPS: tuple[Callable[[Speech], None], ...] = (_first, _second)
VERSION = len(STEPS)
"""The version of the tables that are written, and the newest that can be read."""


def is_up_to_date(speech: Speech) -> bool:
    """Whether the tables are what they are today."""
    return speech.has_table("chatkit_store") and speech.execute("SELECT version FROM chatkit_store").rows == [
        (VERSION,)
    ]


def bring_up_to_date(speech: Speech, name: str) -> None:
    """Make the tables what they are today, in the middle of a transaction.

    Raises:
        StoreError: of kind "version", when they are of a later chatkit; or when something in them is damaged.
    """
    version: Any = 0
    if speech.has_table("chatkit_store"):
        rows = speech.execute("SELECT version FROM chatkit_store").rows
        version = rows[0][0] if rows else None
    else:
        speech.execute("CREATE TABLE chatkit_store (version INTEGER NOT NULL)")
        speech.execute("INSERT INTO chatkit_store VALUES (0)")
    if not isinstance(version, int) or not 0 <= version <= VERSION:
        raise StoreError(
            f"The store {name} is of version {version}; this chatkit knows versions up to {VERSION}.",
            hint="It was written by a later chatkit: update this one to use it.",
            kind="version",
        )
    for step in STEPS[version:]:
        step(speech)
    if version < VERSION:
        speech.execute("UPDATE chatkit_store SET version = ?", (VERSION,))
