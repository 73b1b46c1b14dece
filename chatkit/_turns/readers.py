"""Whoever reads along in a conversation, besides the caller who is shown it: a store that keeps it, for example."""

from __future__ import annotations

from typing import Protocol

from chatkit._turns.events import Event


class Reader(Protocol):
    """Reads along: what happens in a call event by event, and that something was changed beside calls."""

    def feed(self, event: Event) -> None:
        """Take an event, before it is handed on to whoever shows it.

        Raises:
            ChatkitError: when the call must not go on; what has arrived then stays, as a partial turn.
        """

    def call_ended(self) -> None:
        """Take note that a call is over and the history is at rest. Never raises; what is wrong waits for `check()`."""

    def changed(self) -> None:
        """Take note that turns or settings were changed beside a call.

        Raises:
            ChatkitError: when that went wrong; the change stands all the same.
        """

    def check(self) -> None:
        """Tell, once, what went wrong and was not told yet.

        Raises:
            ChatkitError: that.
        """


class Readers:
    """All who read along in one conversation. Copies and pickles of the conversation have none."""

    __slots__ = ("_all",)

    def __init__(self) -> None:
        # A new tuple per change: whoever is going through the old one is not disturbed.
        self._all: tuple[Reader, ...] = ()

    def __bool__(self) -> bool:
        return bool(self._all)

    def __reduce__(self) -> tuple[type[Readers], tuple[()]]:
        return Readers, ()

    def add(self, reader: Reader) -> None:
        """Have somebody read along."""
        self._all = (*self._all, reader)

    def remove(self, reader: Reader) -> None:
        """Have somebody read along no more; harmless when they do not."""
        self._all = tuple(other for other in self._all if other is not reader)

    def feed(self, event: Event) -> None:
        """Tell all of an event; raises what the first of them raises."""
        for reader in self._all:
            reader.feed(event)

    def call_ended(self) -> None:
        """Tell all that a call is over."""
        for reader in self._all:
            reader.call_ended()

    def changed(self) -> None:
        """Tell all that something was changed beside a call; raises what the first of them raises."""
        for reader in self._all:
            reader.changed()

    def check(self) -> None:
        """Raise what one of them has to tell, if anything."""
        for reader in self._all:
            reader.check()
