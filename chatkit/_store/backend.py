"""What a database must be able to do to keep conversations, and the values that go to and fro."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from chatkit._errors import StoreError

_T = TypeVar("_T")

TITLE_PLACE = -1
"""The position of what is no turn but is found like one: the title."""


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A turn as it is stored.

    Args:
        position: Its place among the turns, from 0.
        record: The turn as JSON text, large contents replaced by their hashes.
        words: The words that it is found by, each once, with a space between them.
        hashes: The large contents in it.
    """

    position: int
    record: str
    words: str = ""
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Title:
    """A title as it is stored.

    Args:
        text: The title.
        words: The words that it is found by, each once, with a space between them.
    """

    text: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation without its turns.

    Args:
        id: Its id.
        title: Its title, or None.
        created: Seconds since 1970.
        updated: Seconds since 1970.
        model: The model last asked for.
        turns: How many turns it has.
        parent: The id of the conversation it was forked from, or None.
        parent_turns: How many turns it has in common with that one.
        draft: The number of the draft that is being written, or was the last.
        state: Everything else of the chat, as JSON text.
    """

    id: str
    title: str | None
    created: float
    updated: float
    model: str
    turns: int
    parent: str | None
    parent_turns: int | None
    draft: int
    state: str


@dataclass(frozen=True, slots=True)
class Change:
    """What is written at once, all of it or nothing.

    Args:
        id: The conversation.
        at: When, in seconds since 1970.
        draft: The number of the draft that the entries belong to.
        place: The place of the first entry in the draft, from 0. At 0 everything noted before is dropped.
        entries: What happened since the last turn, as JSON texts.
        created: The row, when the conversation is new; without turns, and without the title, which is in `title`.
        state: Everything else of the chat, as JSON text; None when it is as it was.
        model: The model asked for; None when it is as it was.
        title: The title to take if there is none yet.
        keep: How many turns stay before `turns`; all after those are dropped. None leaves the turns alone.
        turns: New turns, their positions counted from `keep`.
        blobs: Large contents by their hash; those that are there already are not stored again.
        held: The hashes that the entries refer to.
    """

    id: str
    at: float
    draft: int
    place: int = 0
    entries: tuple[str, ...] = ()
    created: Row | None = None
    state: str | None = None
    model: str | None = None
    title: Title | None = None
    keep: int | None = None
    turns: tuple[TurnRow, ...] = ()
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """A conversation as it was read.

    Args:
        row: All but its turns.
        records: The turns as JSON texts, oldest first.
        entries: The entries of its draft, in order.
        blobs: The large contents that turns and entries refer to, by their hash.
    """

    row: Row
    records: Sequence[str]
    entries: Sequence[str] = ()
    blobs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A turn, or a title, that has the words looked for.

    Args:
        row: The conversation.
        position: The place of the turn, from 0; `TITLE_PLACE` for the title.
        record: The turn as JSON text; empty for the title.
    """

    row: Row
    position: int
    record: str


class Backend(Protocol):
    """A database that conversations are kept in.

    To keep them in another one, write a class with these methods and give an instance to `ConversationStore`. All may
    be called from any thread. They raise `StoreError`; anything else would be taken for a fault of the program.
    """

    name: str

    def lock(self, id: str) -> Callable[[], None]:
        """Become the one writer of a conversation, which need not exist yet.

        Returns:
            A function that ends it; calling it twice does no harm. It must end with the process in any case.

        Raises:
            StoreError: of kind "busy", when there is another writer, in this process or any other.
        """

    def write(self, change: Change) -> None:
        """Write a change, all of it or nothing. The same change written twice is as if written once.

        Raises:
            StoreError: of kind "missing", when there is no such conversation and `created` is not given.
        """

    def note(self, id: str, draft: int, place: int, entry: str) -> None:
        """Add one entry to the draft. It is called for every piece of an answer, so it has to be quick.

        When it returns, the entry must outlast the death of the process. What was noted for an older draft may be
        dropped.

        Args:
            id: A conversation that was locked.
            draft: The number of the draft.
            place: The place of the entry in it.
            entry: One line of JSON.
        """

    def read(self, id: str) -> Stored | None:
        """A conversation as it is at one moment, entries of the draft included; None when there is none."""

    def rows(self, order: str, limit: int, offset: int) -> list[Row]:
        """Conversations, by "updated" or "created" (newest first) or by "title" (in the order of characters)."""

    def row(self, id: str) -> Row | None:
        """One of them, or None."""

    def search(self, words: Sequence[tuple[str, bool]], limit: int, offset: int) -> list[Found]:
        """Turns and titles in which all the words occur, those of conversations that were updated last first.

        Args:
            words: Each word, and whether a word that begins with it will do.
            limit: How many at most.
            offset: How many to leave out.
        """

    def rename(self, id: str, title: Title) -> bool:
        """Give a conversation a title; False when there is none."""

    def delete(self, id: str) -> bool:
        """Delete a conversation with all that only it holds; False when there is none."""

    def close(self) -> None:
        """Let go of everything. Harmless when done twice."""


def missing(id: str) -> StoreError:
    """The error for a conversation that is not there."""
    return StoreError(f"There is no conversation {id!r} in the store.", kind="missing", conversation=id)


def there(id: str, found: _T | None) -> _T:
    """What was found of a conversation.

    Raises:
        StoreError: when nothing was.
    """
    if found is None:
        raise missing(id)
    return found
