"""The history of a conversation and its invariant: whatever happens, the strictest server accepts it next.

Two forms are kept side by side: the turns as they were said, and the same turns as they may lawfully be sent. The
second is brought up to date where a turn is committed, never repaired when a request is made, so that its cost is
linear and what was said is never rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Protocol

from chatkit._errors import APIError, Cancelled, HistoryError, LimitError
from chatkit._turns.contents import MEDIA_TYPES, ContentThinking, ContentToolRequest, ContentToolResult
from chatkit._turns.lawful import UNANSWERED, Lawful, Said, failed_result
from chatkit._turns.turns import AssistantTurn, UserTurn

_NOT_SAID_BY = {"user": (ContentThinking, ContentToolRequest), "assistant": (*MEDIA_TYPES, ContentToolResult)}


class Writer(Protocol):
    """Whatever is writing an answer and can hand over what there is of it.

    Attributes:
        begun: Whether anything of the answer was told yet.
    """

    begun: bool

    def partial(self, reason: str) -> AssistantTurn | None:
        """The unfinished answer, marked with the reason; None when nothing of it arrived."""


class History:
    """The turns of one conversation, without the system prompt.

    Args:
        turns: Turns to begin with, oldest first.

    Raises:
        HistoryError: when something else is among them.
    """

    __slots__ = ("_lawful", "_said")

    def __init__(self, turns: Iterable[Said] = ()) -> None:
        self._said: list[Said] = []
        self._lawful = Lawful()
        self.commit(*turns)

    @property
    def turns(self) -> tuple[Said, ...]:
        """The turns as they were said, oldest first."""
        return tuple(self._said)

    def __len__(self) -> int:
        return len(self._said)

    def since(self, length: int) -> list[Said]:
        """The turns that came after there were so many."""
        return self._said[length:]

    def commit(self, *turns: Said) -> None:
        """Add turns at the end, all of them or none.

        Raises:
            HistoryError: when something is not a user or an assistant turn, or holds what only the other says.
        """
        for turn in turns:
            if not isinstance(turn, UserTurn | AssistantTurn):
                raise HistoryError(f"A history holds user and assistant turns, not {type(turn).__name__}.")
            for item in turn.contents:
                if isinstance(item, _NOT_SAID_BY[turn.role]):
                    article = "An" if turn.role == "assistant" else "A"
                    raise HistoryError(f"{article} {turn.role} turn cannot hold {type(item).__name__}.")
        for turn in turns:
            self._said.append(turn)
            self._lawful.append(turn)

    def sendable(self, user: UserTurn | None = None, *then: Said) -> list[Said]:
        """The turns as they may be sent, with a further user turn at the end, and more that is not to be kept."""
        return self._lawful.followed_by(user if user is not None else UserTurn(), *then)

    def with_own_ids(self, turn: AssistantTurn) -> AssistantTurn:
        """The turn with tool requests whose ids occur nowhere else in the history."""
        return self._lawful.with_own_ids(turn)

    def draft(self, user: UserTurn | None) -> Draft:
        """Begin an answer to a user turn (None when that turn is committed already)."""
        return Draft(self, user)

    def settle(self, requests: Sequence[ContentToolRequest]) -> Settlement:
        """Begin collecting the results of tool requests."""
        return Settlement(self, requests)


class Draft:
    """An answer being written. Left early, for whatever reason, it stays in the history, lawful, and says why.

    Left before anything of the answer arrived, it leaves the history exactly as it was.
    """

    __slots__ = ("_history", "_user", "turn", "writer")

    def __init__(self, history: History, user: UserTurn | None) -> None:
        self._history = history
        self._user = user
        self.writer: Writer | None = None
        self.turn: AssistantTurn | None = None

    def __enter__(self) -> Draft:
        return self

    def finish(self, turn: AssistantTurn) -> None:
        """Commit the whole answer, together with the user turn it answers."""
        self.turn = self._history.with_own_ids(turn)
        self._commit(self.turn)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.turn is not None or error is None or self.writer is None:
            return
        partial = self.writer.partial(interruption(error))
        if partial is not None:
            self._commit(partial)
            if isinstance(error, APIError | Cancelled):
                error.partial = partial
            elif isinstance(error, LimitError):
                error.turn = partial

    def _commit(self, turn: AssistantTurn) -> None:
        if self._user is not None:
            self._history.commit(self._user, turn)
        else:
            self._history.commit(turn)


class Settlement:
    """The results of tool requests, filled in as they come; on leaving, only those that wait are without one.

    Attributes:
        results: A place per request.
        waiting: Which requests wait for approval; they are left unanswered.
        turn: The turn of results, once left; None when there are no results.
    """

    __slots__ = ("_history", "requests", "results", "turn", "waiting")

    def __init__(self, history: History, requests: Sequence[ContentToolRequest]) -> None:
        self._history = history
        self.requests = tuple(requests)
        self.results: list[ContentToolResult | None] = [None] * len(self.requests)
        self.waiting: Sequence[int] = ()
        self.turn: UserTurn | None = None

    def __enter__(self) -> Settlement:
        return self

    @property
    def open(self) -> list[int]:
        """Which requests have no result and do not wait."""
        return [index for index, result in enumerate(self.results) if result is None and index not in self.waiting]

    def refuse(self, error: str) -> None:
        """Answer every request that is open with an error."""
        for index in self.open:
            self.results[index] = failed_result(self.requests[index], error)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.refuse("The tool call was interrupted." if error is not None else UNANSWERED)
        results = [result for result in self.results if result is not None]
        if results:
            self.turn = UserTurn(results)
            self._history.commit(self.turn)


def interruption(error: BaseException) -> str:
    """Say in a word why an answer broke off: "stopped", "interrupted", the reason given to `cancel()`, or an error."""
    if isinstance(error, Cancelled):
        return error.reason
    # asyncio's CancelledError is told by its name: importing asyncio costs more than all of this wing.
    names = {"GeneratorExit": "stopped", "KeyboardInterrupt": "interrupted", "CancelledError": "cancelled"}
    name = type(error).__name__
    return names.get(name) or f"{name}: {getattr(error, 'summary', error)}"[:200]
