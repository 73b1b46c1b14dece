"""What a store tells of its conversations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chatkit._errors import ConfigError
from chatkit._record.turns import turn_of
from chatkit._store.backend import TITLE_PLACE, Backend, Found, Row
from chatkit._store.blobs import leave_out_blobs
from chatkit._store.recovering import json_of
from chatkit._store.words import Query, searched_text, snippet

_PAGE = 100


@dataclass(frozen=True, slots=True)
class ConversationInfo:
    """A conversation that is kept, without what was said in it.

    Args:
        id: Its id.
        title: Its title: the one given, or the beginning of its first words; None as long as nothing was said.
        created: When it came into the store.
        updated: When it was last written.
        model: The model last asked for.
        turns: How many turns it has; what is just being said is not counted.
        parent: The id of the conversation it was forked from, if it was; that one may be gone.
        parent_turns: How many turns, from the first, it had in common with that one.
    """

    id: str
    title: str | None
    created: datetime
    updated: datetime
    model: str
    turns: int
    parent: str | None = None
    parent_turns: int | None = None


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A place where words were found.

    Args:
        conversation: The conversation.
        turn: Which turn, counted from 0; None for the title.
        role: "user" or "assistant"; None for the title.
        snippet: The words with what stands around them, on one line.
        marks: Where in the snippet the words are, from and to.
    """

    conversation: ConversationInfo
    turn: int | None
    role: str | None
    snippet: str
    marks: tuple[tuple[int, int], ...]


def info_of(row: Row) -> ConversationInfo:
    """What is told of a row."""
    return ConversationInfo(
        row.id,
        row.title,
        datetime.fromtimestamp(row.created, UTC),
        datetime.fromtimestamp(row.updated, UTC),
        row.model,
        row.turns,
        row.parent,
        row.parent_turns,
    )


def lineage_of(backend: Backend, row: Row) -> list[ConversationInfo]:
    """A conversation with those it was forked from, the oldest first, as far as they are still there."""
    found = [info_of(row)]
    while (parent := found[0].parent) is not None and parent not in {info.id for info in found}:
        older = backend.row(parent)
        if older is None:
            break
        found.insert(0, info_of(older))
    return found


def hits(backend: Backend, text: Any) -> Iterator[SearchHit]:
    """Where words are found, the conversations updated last first.

    Raises:
        ConfigError: when no word is given.
    """
    query = Query(text) if isinstance(text, str) else None
    if query is None or not query.words:
        raise ConfigError(f"Give words to search for, not {text!r}.")
    offset = 0
    while found := backend.search(query.words, _PAGE, offset):
        for item in found:
            hit = _hit(item, query)
            if hit is not None:
                yield hit
        offset += len(found)


def _hit(found: Found, query: Query) -> SearchHit | None:
    if found.position == TITLE_PLACE:
        turn, role, text = None, None, found.row.title or ""
    else:
        at = f"conversation {found.row.id!r}: turn {found.position}"
        record = json_of(found.record, at)
        leave_out_blobs(record)
        said = turn_of(record, at)
        turn, role, text = found.position, said.role, searched_text(said)
    places = query.places(text)
    return SearchHit(info_of(found.row), turn, role, *snippet(text, places)) if places else None
