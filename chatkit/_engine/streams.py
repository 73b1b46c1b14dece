"""What `stream()` and `stream_async()` return: an answer to iterate over while it arrives."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from chatkit._engine.call import Call, LineT, events, events_async
from chatkit._errors import Cancelled, ConfigError
from chatkit._http.messages import Line
from chatkit._turns.accounting import total_usage
from chatkit._turns.events import Event, TextDelta, TurnEnded
from chatkit._turns.turns import AssistantTurn, Usage

if TYPE_CHECKING:
    # asyncio costs as much to import as all of chatkit; whoever awaits nothing need not pay for it.
    from chatkit._http.lines import AsyncLine


class Watcher(Protocol):
    """Whoever is to be told of the events of a call besides its reader."""

    def feed(self, event: Event) -> None:
        """Take one event, pieces of text apart."""

    def close(self) -> None:
        """Take note that the call came to its end."""


class _Telling(Generic[LineT]):
    """What both kinds of stream know of the answer so far."""

    def __init__(self, call: Call[LineT], watcher: Watcher) -> None:
        self._call = call
        self._watcher = watcher
        self._parts: list[str] = []
        self._turns: list[AssistantTurn] = []
        self._cancelled: Cancelled | None = None
        self._begun = False
        self._is_read = False

    @property
    def text(self) -> str:
        """The text that has arrived so far, of all answers of this call."""
        return "".join(self._parts)

    @property
    def turn(self) -> AssistantTurn | None:
        """The last assistant turn, partial if it broke off; None as long as there is none."""
        return self._call.turn or (self._turns[-1] if self._turns else None)

    @property
    def usage(self) -> Usage:
        """The tokens of all answers of this call that are complete; unknown ones are None."""
        return total_usage(self._turns)

    def cancel(self, reason: str = "cancelled") -> None:
        """End the answer, from any thread; what has arrived stays in the chat, marked with the reason.

        Args:
            reason: Why; it becomes the turn's `interrupted`.
        """
        self._cancelled = Cancelled(f"The answer was cancelled ({reason}).", reason=reason)
        self._call.cancel(reason)

    def _end_cancelled(self) -> bool:
        """End a call that was cancelled between two pieces: the rest of what had arrived is not told any more."""
        if self._cancelled is None:
            return False
        with contextlib.suppress(Cancelled, StopIteration):
            self._call.script.throw(self._cancelled)
        self._call.close()
        return True

    def _check_unread(self) -> None:
        """Make sure that the answer was not read to its end before: to find nothing then looks like no answer.

        Raises:
            ConfigError: when it was.
        """
        if self._is_read:
            raise ConfigError(
                "The stream has been read to its end; it can be iterated once.",
                hint="What arrived is in its `text` and `turn`.",
            )

    def _is_live(self) -> bool:
        return self._call.talk.busy.holder is self._call

    def _note(self, event: Event) -> None:
        self._begun = True
        if type(event) is TurnEnded:
            self._turns.append(event.turn)
        self._watcher.feed(event)

    def __repr__(self) -> str:
        state = "live" if self._is_live() else "over" if self._begun else "not begun"
        return f"<{type(self).__name__} {state}, {sum(map(len, self._parts))} characters>"


class Stream(_Telling[Line]):
    """An answer while it arrives. Iterate over it for the text; nothing is sent before.

    Leaving the loop early, or the `with` block, ends the answer at once; what has arrived stays in the chat as a
    partial turn. After `cancel()` the iteration just ends. Use `events()` for everything that happens, tool calls and
    thinking included. A stream is iterated once; once it was read to its end, trying again raises `ConfigError`.
    """

    def __init__(self, call: Call[Line], watcher: Watcher) -> None:
        super().__init__(call, watcher)
        self._events = events(call)
        self._told = _until_cancelled(self._events, self)

    def __iter__(self) -> Iterator[str]:
        parts = self._parts
        # A generator: a loop that is left early drops it, and dropping it ends the answer.
        self._check_unread()
        try:
            for event in self._told:
                if type(event) is TextDelta:
                    parts.append(event.text)
                    yield event.text
                else:
                    self._note(event)
        finally:
            self.close()

    def __next__(self) -> str:
        for event in self._told:
            if type(event) is TextDelta:
                self._parts.append(event.text)
                return event.text
            self._note(event)
        raise StopIteration

    def events(self) -> Iterator[Event]:
        """Everything that happens, as events; instead of iterating over the text."""
        self._check_unread()
        try:
            for event in self._told:
                if type(event) is TextDelta:
                    self._parts.append(event.text)
                else:
                    self._note(event)
                yield event
        finally:
            self.close()

    def close(self) -> None:
        """End the answer if it is still going on."""
        self._told.close()
        self._events.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _until_cancelled(told: Generator[Event, None, None], stream: Stream) -> Generator[Event, None, None]:
    try:
        for event in told:
            yield event
            if stream._end_cancelled():
                break
        else:
            stream._is_read = True
    except Cancelled:
        pass
    except Exception:
        stream._watcher.close()
        raise
    stream._watcher.close()


class AsyncStream(_Telling["AsyncLine"]):
    """An answer while it arrives, for `async for`. The twin of `Stream`."""

    def __init__(self, call: Call[AsyncLine], watcher: Watcher) -> None:
        super().__init__(call, watcher)
        self._events = cast(Any, events_async(call))

    def __aiter__(self) -> AsyncIterator[str]:
        self._check_unread()
        return _AsyncPieces(self, lambda event: event.text if type(event) is TextDelta else None)

    def events(self) -> AsyncIterator[Event]:
        """Everything that happens, as events; instead of iterating over the text."""
        self._check_unread()
        return _AsyncPieces(self, lambda event: event)

    async def aclose(self) -> None:
        """End the answer if it is still going on."""
        self._call.close()
        # Another task may be waiting for the next piece: closing the call has just ended its wait.
        with contextlib.suppress(RuntimeError):
            await self._events.aclose()

    async def __aenter__(self) -> AsyncStream:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    async def _next(self) -> Event | None:
        if self._is_live() and self._end_cancelled():
            self._watcher.close()
            return None
        try:
            event: Event = await anext(self._events)
        except StopAsyncIteration:
            self._is_read = True
            self._watcher.close()
            return None
        except Cancelled:
            self._watcher.close()
            return None
        except Exception:
            self._watcher.close()
            raise
        if type(event) is TextDelta:
            self._begun = True
            self._parts.append(event.text)
        else:
            self._note(event)
        return event


T = TypeVar("T")


class _AsyncPieces(Generic[T]):
    """One iteration over a stream. An `async for` that is left early drops it, and that ends the answer at once.

    An async generator would be closed some time later, by the event loop.
    """

    def __init__(self, stream: AsyncStream, choose: Callable[[Event], T | None]) -> None:
        self._stream = stream
        self._choose = choose

    def __aiter__(self) -> _AsyncPieces[T]:
        return self

    async def __anext__(self) -> T:
        while (event := await self._stream._next()) is not None:
            chosen = self._choose(event)
            if chosen is not None:
                return chosen
        raise StopAsyncIteration

    def __del__(self) -> None:
        self._stream._call.close()
