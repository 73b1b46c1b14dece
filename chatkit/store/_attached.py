"""The chats that are attached to a store."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from chatkit._engine.conversation import Conversation
from chatkit._errors import ConfigError, StoreError
from chatkit._store.backend import Backend, Row, Stored, missing
from chatkit._store.recorder import Recorder
from chatkit._turns.lawful import Said

from ._talks import Source, common_turns, talk_of, turns_in


class Attached:
    """The chats that are attached to a store. None of them is kept alive by it.

    Args:
        backend: Where they are kept.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._recorders: weakref.WeakValueDictionary[str, Recorder] = weakref.WeakValueDictionary()

    def unattached(self, chat: Any) -> Conversation:
        """The conversation of a chat that can be attached.

        Raises:
            ConfigError: when it is no chat, or attached already.
            ChatBusyError: when it is in the middle of a call.
        """
        talk = talk_of(chat)
        talk.busy.check()
        recorder = self._of(talk)
        if recorder is not None:
            raise ConfigError(f"The chat is attached already, as {recorder.id!r}.")
        return talk

    def id_of(self, chat: Any) -> str:
        """The id of a chat that is attached.

        Raises:
            ConfigError: when it is not.
        """
        return self._found(chat).id

    def attach(self, talk: Conversation, id: str, title: str | None, parent: str | None) -> None:
        """Attach a conversation that is new, or goes on with all that is stored of it."""
        source = Source(talk)
        model, state = source.state()
        now = time.time()
        new = Row(id, None, now, now, model, 0, parent, self._common(parent, talk), 0, state)
        release = self._backend.lock(id)
        try:
            stored = self._backend.read(id)
            kept = _gone_on_with(stored, talk) if stored is not None else ()
            row = stored.row if stored is not None else new
            is_new = stored is None
            self._join(talk, Recorder(self._backend, row, source, kept, is_new=is_new, title=title, release=release))
        except BaseException:
            release()
            raise

    def go_on(self, talk: Conversation, row: Row, kept: Sequence[Said], release: Callable[[], None]) -> None:
        """Attach a conversation that was loaded, and is locked."""
        self._join(talk, Recorder(self._backend, row, Source(talk), kept, is_new=False, release=release))

    def detach(self, chat: Any) -> None:
        """Write what is not written yet, and let go of a chat."""
        recorder = self._found(chat)
        talk_of(chat).busy.check()
        try:
            recorder.changed()
        finally:
            self._let_go(recorder)

    def let_all_go(self) -> None:
        """Let go of all chats."""
        for recorder in self._all():
            self._let_go(recorder)

    def _join(self, talk: Conversation, recorder: Recorder) -> None:
        recorder.changed()
        talk.readers.add(recorder)
        self._recorders[recorder.id] = recorder

    def _let_go(self, recorder: Recorder) -> None:
        self._recorders.pop(recorder.id, None)
        recorder.stop()

    def _of(self, talk: Conversation) -> Recorder | None:
        return next((recorder for recorder in self._all() if recorder.source.is_of(talk)), None)

    def _all(self) -> list[Recorder]:
        # Taken at once, since other threads attach chats meanwhile.
        found = [reference() for reference in self._recorders.valuerefs()]
        return [recorder for recorder in found if recorder is not None]

    def _found(self, chat: Any) -> Recorder:
        recorder = self._of(talk_of(chat))
        if recorder is None:
            raise ConfigError("The chat is not attached to this store.")
        return recorder

    def _common(self, parent: str | None, talk: Conversation) -> int | None:
        """How many turns a conversation has in common with its parent."""
        if parent is None:
            return None
        stored = self._backend.read(parent)
        if stored is None:
            raise missing(parent)
        return common_turns(stored.records, talk.history.turns)


def _gone_on_with(stored: Stored, talk: Conversation) -> list[Said]:
    """The turns of a conversation that are stored already, when all that is stored stands at its beginning.

    Raises:
        StoreError: when something else is stored.
    """
    kept, told = turns_in(stored)
    turns = talk.history.turns
    if told != kept or common_turns(stored.records, turns) < len(kept):
        raise StoreError(
            f"There is another conversation {stored.row.id!r} in the store.",
            hint="Go on with it by `store.load(id)`, or give another id.",
            kind="exists",
            conversation=stored.row.id,
        )
    return list(turns[: len(kept)])
