"""Rows of the store made into turns again, and turns into rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from chatkit._errors import HistoryError
from chatkit._record.turns import turn_of, turn_record
from chatkit._store.backend import Stored, TurnRow
from chatkit._store.blobs import put_blobs, take_blobs
from chatkit._store.recovering import UNFINISHED, json_of, recovered
from chatkit._store.words import searched_text, words_of
from chatkit._turns.lawful import Said
from chatkit._turns.turns import AssistantTurn, UserTurn

to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def turn_row(turn: Said, position: int, blobs: dict[str, bytes]) -> TurnRow:
    """A turn as it is stored.

    Args:
        turn: The turn.
        position: Its place, from 0.
        blobs: Where large contents are put.

    Raises:
        HistoryError: when it holds what cannot be recorded; it names the place.
    """
    record = turn_record(turn, f"record: $.turns[{position}]")
    hashes = take_blobs(record, blobs)
    return TurnRow(position, to_json(record), words_of(searched_text(turn)), hashes)


def record_words(record: Any, at: str) -> str:
    """The words that a turn is found by, of its record, which is whole.

    Raises:
        HistoryError: when the record makes no sense; it names the place.
    """
    return words_of(searched_text(turn_of(record, at)))


def stored_turns(stored: Stored, at: str) -> list[Said]:
    """The turns that are stored, without those of the draft.

    Raises:
        StoreError: when something is damaged.
        HistoryError: when a record makes no sense; it names the place.
    """
    return [_turn(line, stored, f"{at}: turn {place}") for place, line in enumerate(stored.records)]


def turns_told(stored: Stored, turns: Sequence[Said], at: str, reason: str = UNFINISHED) -> list[Said]:
    """The turns with those of the draft. See `recovered`."""
    return recovered(turns, stored.entries, stored.blobs, at, reason)


def _turn(line: str, stored: Stored, at: str) -> Said:
    record: Any = json_of(line, at)
    put_blobs(record, stored.blobs, at)
    turn = turn_of(record, at)
    if not isinstance(turn, UserTurn | AssistantTurn):
        raise HistoryError(f"{at} is a system turn; the system prompt stands in the state.")
    return turn
