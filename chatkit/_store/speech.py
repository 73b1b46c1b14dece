"""How a database is spoken to: SQL, and what of it is not the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Done:
    """What a statement did.

    Args:
        rows: The rows it gave.
        count: How many rows it changed.
    """

    rows: list[Any]
    count: int


class Speech(Protocol):
    """How a database is spoken to, where SQL is not the same everywhere.

    Attributes:
        types: The words for `{number}` (a key that counts itself), `{real}` and `{blob}` in a table.
        words: The statements that make the index of words.
        exact: What is put behind a text for it to be sorted by its characters.
    """

    types: dict[str, str]
    words: tuple[str, ...]
    exact: str

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Done:
        """Run a statement; `?` stands for a value.

        Raises:
            StoreError: when it fails.
        """

    def has_table(self, name: str) -> bool:
        """Whether there is a table of that name."""

    def add_words(self, number: int, words: str) -> None:
        """Have a row of turns found by words."""

    def drop_words(self, id: str, first: int, last: int | None = None) -> None:
        """Have turns of a conversation, from a place on or up to another, found no more. They are still there."""

    def match(self, words: Sequence[tuple[str, bool]]) -> tuple[str, str]:
        """The condition on `t`, the turns, that they have all these words, with one `?`; and the value for it."""

    def guard_blobs(self) -> None:
        """Have nobody else take up or drop large contents until the end of the transaction."""
