"""Turns and titles in their tables, with the words they are found by and the large contents they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chatkit._store.backend import TITLE_PLACE, Title, TurnRow
from chatkit._store.speech import Speech

DRAFT_PLACE = -2
"""The position at which a draft holds large contents; turns begin at 0."""


def add_turn(speech: Speech, id: str, turn: TurnRow, blobs: Mapping[str, bytes]) -> None:
    """Add a turn to a conversation."""
    _add(speech, id, turn.position, turn.record, turn.words)
    hold(speech, id, turn.position, turn.hashes, blobs)


def add_title(speech: Speech, id: str, title: Title) -> None:
    """Have a conversation found by its title, and by no older one."""
    speech.drop_words(id, TITLE_PLACE, TITLE_PLACE)
    speech.execute("DELETE FROM chatkit_turns WHERE conversation = ? AND position = ?", (id, TITLE_PLACE))
    _add(speech, id, TITLE_PLACE, "", title.words)


def drop_turns(speech: Speech, id: str, keep: int) -> set[str]:
    """Drop the turns of a conversation from a place on; gives the large contents they held."""
    speech.drop_words(id, keep)
    speech.execute("DELETE FROM chatkit_turns WHERE conversation = ? AND position >= ?", (id, keep))
    return let_go(speech, id, keep)


def hold(speech: Speech, id: str, position: int, hashes: Iterable[str], blobs: Mapping[str, bytes]) -> None:
    """Have a turn, or the draft, hold large contents, which are stored unless they are there already."""
    for key in hashes:
        speech.guard_blobs()
        speech.execute("INSERT INTO chatkit_blobs VALUES (?, ?) ON CONFLICT (hash) DO NOTHING", (key, blobs[key]))
        speech.execute("INSERT INTO chatkit_held VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (id, position, key))


def let_go(speech: Speech, id: str, first: int, last: int | None = None) -> set[str]:
    """Have turns from a place on hold nothing any more; gives what they held."""
    where, values = "conversation = ? AND position >= ?", [id, first]
    if last is not None:
        where, values = f"{where} AND position <= ?", [id, first, last]
    held = {key for (key,) in speech.execute(f"SELECT hash FROM chatkit_held WHERE {where}", values).rows}
    if held:
        speech.execute(f"DELETE FROM chatkit_held WHERE {where}", values)
    return held


def collect(speech: Speech, hashes: Iterable[str]) -> None:
    """Delete those large contents that nobody holds any more."""
    for key in hashes:
        speech.guard_blobs()
        speech.execute(
            "DELETE FROM chatkit_blobs WHERE hash = ? AND NOT EXISTS (SELECT 1 FROM chatkit_held WHERE hash = ?)",
            (key, key),
        )


def _add(speech: Speech, id: str, position: int, record: str, words: str) -> None:
    added = speech.execute(
        "INSERT INTO chatkit_turns (conversation, position, record) VALUES (?, ?, ?) RETURNING number",
        (id, position, record),
    )
    number = added.rows[0][0]
    if words:
        speech.add_words(number, words)
