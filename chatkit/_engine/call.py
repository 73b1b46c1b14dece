"""One call of a verb: its script, its line, its means, and the conversation's being busy with it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Generator
from typing import TYPE_CHECKING, Generic, TypeVar

from chatkit._engine.asks import Script
from chatkit._engine.conversation import Conversation
from chatkit._engine.deadline import Deadline
from chatkit._engine.drivers import Means, drive, drive_async
from chatkit._engine.limits import Limits
from chatkit._errors import Cancelled
from chatkit._http.messages import Hangable, Line
from chatkit._turns.events import Event
from chatkit._turns.readers import Readers
from chatkit._turns.turns import AssistantTurn

if TYPE_CHECKING:
    # asyncio costs as much to import as all of chatkit; whoever awaits nothing need not pay for it.
    from chatkit._http.lines import AsyncLine

NO_LIMITS = Limits()
LineT = TypeVar("LineT", bound=Hangable)


class Call(Generic[LineT]):
    """One call of a verb: its script, its line, and the conversation's being busy with it.

    Args:
        talk: The conversation.
        script: The loop, not begun.
        line: The line it will use.
        limits: What the call may use up; here only its time counts.

    Attributes:
        turn: The last assistant turn that came of the call, whole or partial, once it is over.
    """

    def __init__(self, talk: Conversation, script: Script, line: LineT, limits: Limits = NO_LIMITS) -> None:
        self.talk = talk
        self.script = script
        self.line = line
        self._limits = limits
        self._begun_at = 0.0
        self.turn: AssistantTurn | None = None
        self._before: int | None = None
        self._ended: Cancelled | None = None

    def begin(self) -> None:
        """Enter the conversation.

        Raises:
            ChatBusyError: when another call is in.
        """
        self.talk.busy.enter(self)
        self._before = len(self.talk.history)
        self._begun_at = time.monotonic()

    def means(self) -> Means:
        """What the driver of the call does things with.

        Raises:
            LimitError: when the chat has no time left.
        """
        talk = self.talk
        deadline = Deadline.of(self._limits, talk.limits, talk.spent.seconds)
        deadline.check()
        return Means(talk.toolbox, talk.approvers, deadline, talk.metadata)

    def cancel(self, reason: str) -> None:
        """End the call, from any thread."""
        self.line.hang_up(reason)

    def end(self, reason: str) -> None:
        """Cancel the call and have it leave the conversation at once; the line is for its reader to close."""
        self._ended = Cancelled(f"The answer was cancelled ({reason}).", reason=reason)
        self.cancel(reason)
        # Its script may be running this moment, in another thread; it will find that it was cancelled.
        with contextlib.suppress(ValueError):
            self.script.close()
            self._leave()

    def check_ended(self) -> None:
        """Tell whoever finds the script at its end when that is not its own.

        Raises:
            Cancelled: when the call was ended from beside it.
        """
        if self._ended is not None:
            raise self._ended

    def close(self) -> None:
        """End the call here and now: a draft becomes a partial turn, the connection is dropped. Harmless when over."""
        self.script.close()
        self.line.close()
        self._leave()

    def _leave(self) -> None:
        try:
            if self._before is not None:
                new = self.talk.history.since(self._before)
                self.turn = next((turn for turn in reversed(new) if isinstance(turn, AssistantTurn)), None)
                self._before = None
                self.talk.spent.seconds += time.monotonic() - self._begun_at
                self.talk.readers.call_ended()
        finally:
            self.talk.busy.leave(self)


def events(call: Call[Line]) -> Generator[Event, None, None]:
    """The events of a call, made as they are asked for."""
    call.begin()
    readers = call.talk.readers
    try:
        told = drive(call.script, call.line, call.means())
        yield from _read_along(told, readers) if readers else told
        call.check_ended()
    finally:
        call.close()
    readers.check()


async def events_async(call: Call[AsyncLine]) -> AsyncIterator[Event]:
    """The events of a call. The twin of `events`."""
    call.begin()
    readers = call.talk.readers
    try:
        told = drive_async(call.script, call.line, call.means())
        async for event in told:
            failure = _failure(readers, event)
            if failure is not None:
                await told.athrow(failure)
            yield event
        call.check_ended()
    finally:
        call.close()
    readers.check()


def _read_along(told: Generator[Event, None, None], readers: Readers) -> Generator[Event, None, None]:
    """The same events, read by others before they are handed on, so that whatever was shown was read."""
    try:
        for event in told:
            failure = _failure(readers, event)
            if failure is not None:
                # Told to the script, so that what has arrived stays in the history and says why it is no more.
                told.throw(failure)
            yield event
    finally:
        told.close()


def _failure(readers: Readers, event: Event) -> Exception | None:
    try:
        readers.feed(event)
    except Exception as error:
        return error
    return None
