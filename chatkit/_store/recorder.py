"""What reads along in a conversation and writes it down as it happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from chatkit._errors import ChatkitError
from chatkit._store import entries
from chatkit._store.backend import Backend, Change, Row, Title, TurnRow
from chatkit._store.reading import turn_row
from chatkit._store.words import words_of
from chatkit._turns.events import (
    ApprovalRequested,
    Event,
    SourceCited,
    TextDelta,
    ThinkingDelta,
    ToolInputDelta,
    ToolRequested,
    ToolReturned,
    TurnEnded,
    TurnStarted,
)
from chatkit._turns.history import History
from chatkit._turns.lawful import Said
from chatkit._turns.readers import Reader
from chatkit._turns.turns import UserTurn

_TITLE = 60


class Source(Protocol):
    """The conversation that is written down. It is not kept alive by that."""

    def history(self) -> History:
        """The turns there are now."""

    def state(self) -> tuple[str, str]:
        """The model, and everything else of the chat as JSON text.

        Raises:
            ChatkitError: when something in it cannot be written.
        """

    def is_of(self, talk: object) -> bool:
        """Whether it is this conversation."""

    def leave(self, reader: Reader) -> None:
        """Have somebody read along no more."""


class Recorder:
    """Writes one conversation down: turns when they are whole, and what is told of an answer before it is shown.

    An answer in the middle is not given up because it cannot be written: it is received to its end, which is when
    that is told, and written then if that is possible again. But nothing is sent, and no tool runs, that could not
    be written before.

    Args:
        backend: Where to.
        row: The conversation as it is stored, or as it shall be when it is new.
        source: The conversation.
        kept: The turns that are stored.
        is_new: Whether it has to be created.
        title: The title of a new conversation; None takes the first words.
        release: Ends the lock on the conversation.
    """

    def __init__(
        self,
        backend: Backend,
        row: Row,
        source: Source,
        kept: Sequence[Said] = (),
        *,
        is_new: bool,
        release: Callable[[], None],
        title: str | None = None,
    ) -> None:
        self.id = row.id
        self._backend = backend
        self._new = row if is_new else None
        self._titled = row.title is not None
        self._title = title
        self._release = release
        self.source = source
        self._stored_state = None if is_new else (row.model, row.state)
        self._kept = list(kept)
        # The history that `kept` is the beginning of, once one was seen.
        self._seen: History | None = None
        self._draft, self._place = row.draft, 0
        self._open = True
        # Whether something told could not be written, so that the draft has a gap.
        self._behind = False
        self._trouble: ChatkitError | None = None
        self._over = False
        self._guard = threading.RLock()
        self._pieces: dict[type[Any], Callable[[Any], str]] = {
            TextDelta: lambda event: entries.text(event.text),
            ThinkingDelta: lambda event: entries.thinking(event.thinking),
            ToolInputDelta: entries.call,
            SourceCited: lambda event: entries.cited(event.source),
        }

    def feed(self, event: Event) -> None:
        """Write an event down.

        Raises:
            ChatkitError: when it could not be written and something would be done because of it.
        """
        piece = self._pieces.get(type(event))
        with self._guard:
            if self._over:
                return
            if piece is not None:
                self._note(piece(event))
            elif isinstance(event, TurnStarted | ToolRequested):
                self._write_event(event)
            else:
                self._try(lambda: self._write_event(event))

    def call_ended(self) -> None:
        """Write what the call left, and forget its draft."""
        with self._guard:
            if not self._over:
                self._try(lambda: self._catch_up())

    def changed(self) -> None:
        """Write what was changed beside a call; turns that were taken back go.

        Raises:
            ChatkitError: when that failed.
        """
        with self._guard:
            if not self._over:
                self._catch_up(shorten=True)
                self.check()

    def check(self) -> None:
        """Raise what was not told yet."""
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            raise trouble

    def stop(self) -> None:
        """Write nothing any more, and let somebody else do so."""
        with self._guard:
            self._over = True
        self.source.leave(self)
        self._release()

    def __del__(self) -> None:
        # A chat that is dropped is not written any more, though nobody said so.
        self._release()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except ChatkitError as error:
            self._trouble, self._behind = error, True

    def _note(self, entry: str) -> None:
        if self._behind:
            return
        place = self._place
        self._try(lambda: self._backend.note(self.id, self._draft, place, entry))
        self._place += 1

    def _write_event(self, event: Event) -> None:
        match event:
            case TurnStarted(turn):
                self._begin(turn)
            case TurnEnded(turn):
                self._catch_up(entries.asked() if turn.tool_requests else None)
            case ToolRequested(request):
                self._add(entries.runs(request.id))
            case ApprovalRequested(approval):
                self._add(entries.waits(approval.id))
            case ToolReturned(result):
                blobs: dict[str, bytes] = {}
                entry, held = entries.returned(result, blobs)
                self._add(entry, blobs, held)

    def _begin(self, turn: UserTurn) -> None:
        """Write down that an answer is asked for, and what was committed meanwhile."""
        history = self.source.history()
        committed = any(last is turn for last in history.since(max(len(history) - 1, 0)))
        user = turn if turn.contents and not committed else None
        blobs: dict[str, bytes] = {}
        entry, held = entries.begun(len(history), user, blobs)
        self._catch_up(entry, blobs, held)

    def _add(self, entry: str, blobs: dict[str, bytes] | None = None, held: tuple[str, ...] = ()) -> None:
        """Add an entry to the draft that there is, at once."""
        if self._behind:
            # What came before it could not be written; the turns can stand in for it, as far as they are there.
            self._catch_up(entries.asked())
        change = Change(self.id, time.time(), self._draft, max(self._place, 1), (entry,), blobs=blobs or {}, held=held)
        self._backend.write(change)
        self._place, self._open = max(self._place, 1) + 1, True

    def _catch_up(
        self,
        entry: str | None = None,
        blobs: dict[str, bytes] | None = None,
        held: tuple[str, ...] = (),
        *,
        shorten: bool = False,
    ) -> None:
        """Write what the conversation has come to, and begin a new draft, perhaps with an entry."""
        history = self.source.history()
        state, complaint = self._state_now()
        keep, new = self._since(history)
        blobs = {} if blobs is None else blobs
        rows = tuple([turn_row(turn, keep + place, blobs) for place, turn in enumerate(new)])
        rewritten = bool(rows) or (shorten and keep < len(self._kept))
        if rewritten or entry or self._open or self._new or state != self._stored_state:
            change = self._change(state, keep if rewritten else None, rows, entry, blobs, held)
            self._backend.write(change)
            self._draft = change.draft
            self._place, self._open, self._behind = len(change.entries), bool(entry), False
            self._new, self._stored_state = None, state
            self._titled = self._titled or change.title is not None
        if rewritten:
            self._kept[keep:] = new
        # While a round is said anew what is stored is more than what there is.
        self._seen = history if rewritten or keep == len(self._kept) else None
        self._trouble = complaint

    def _change(
        self,
        state: tuple[str, str] | None,
        keep: int | None,
        rows: tuple[TurnRow, ...],
        entry: str | None,
        blobs: dict[str, bytes],
        held: tuple[str, ...],
    ) -> Change:
        model, text = state if state is not None and state != self._stored_state else (None, None)
        return Change(
            self.id,
            time.time(),
            self._draft + 1,
            entries=(entry,) if entry is not None else (),
            created=self._new,
            state=text,
            model=model,
            title=self._first_title(),
            keep=keep,
            turns=rows,
            blobs=blobs,
            held=held,
        )

    def _since(self, history: History) -> tuple[int, list[Said]]:
        """How many of the turns stored still stand, and which came after them."""
        if history is self._seen:
            return len(self._kept), history.since(len(self._kept))
        turns = history.turns
        keep = 0
        for stored, turn in zip(self._kept, turns, strict=False):
            if stored is not turn:
                break
            keep += 1
        return keep, list(turns[keep:])

    def _state_now(self) -> tuple[tuple[str, str] | None, ChatkitError | None]:
        """The state of the chat; or the one that is stored, and why there is no other."""
        try:
            return self.source.state(), None
        except ChatkitError as error:
            # Such as a note in the metadata that cannot be written: what is said is kept nevertheless.
            return self._stored_state, error

    def _first_title(self) -> Title | None:
        """A title for a conversation that has none: the one given, or the beginning of the first words."""
        if self._titled:
            return None
        said = (turn.text for turn in self.source.history().turns if isinstance(turn, UserTurn))
        text = self._title or next((" ".join(text.split())[:_TITLE] for text in said if text.strip()), "")
        return Title(text, words_of(text)) if text else None
