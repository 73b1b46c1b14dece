"""What `stream_structured()` and its twin return: a typed answer to watch while it grows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Generic, TypeVar

from chatkit._engine.streams import AsyncStream, Stream
from chatkit._engine.structured import Wish
from chatkit._turns.accounting import total_usage
from chatkit._turns.events import Event, Retrying, TextDelta, ToolInputDelta, TurnStarted
from chatkit._turns.turns import AssistantTurn, Usage
from chatkit._types.growing import Growing

T = TypeVar("T")
StreamT = TypeVar("StreamT", bound=Stream | AsyncStream)


class _Typed(Generic[T, StreamT]):
    """What both kinds of typed stream know of the answer so far."""

    def __init__(self, stream: StreamT, wish: Wish[T]) -> None:
        self._stream = stream
        self._wish = wish
        self._growing = Growing(wish.answer)

    @property
    def value(self) -> T:
        """The answer, once it is whole.

        Raises:
            IncompleteOutputError: as long as it is not, and when the stream was left or cancelled before.
        """
        return self._wish.value

    @property
    def text(self) -> str:
        """The text that has arrived so far, of all answers of this call."""
        return self._stream.text

    @property
    def turn(self) -> AssistantTurn | None:
        """The last assistant turn in the chat that came of this call, partial if it broke off; None without one."""
        return self._stream.turn

    @property
    def usage(self) -> Usage:
        """The tokens of all whole answers of this call, those that did not fit included; unknown ones are None."""
        return total_usage(self._wish.turns)

    def cancel(self, reason: str = "cancelled") -> None:
        """End the answer, from any thread; the iteration then just ends.

        Args:
            reason: Why; it becomes the partial turn's `interrupted`.
        """
        self._stream.cancel(reason)

    def _values(self, event: Event) -> tuple[Any, ...]:
        match event:
            case TextDelta():
                return self._growing.feed(event.text)
            case ToolInputDelta() if event.name == self._wish.answer.name:
                return self._growing.feed(event.delta)
            case TurnStarted() | Retrying():
                self._growing.restart()
        return ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._stream!r}>"


class StructuredStream(_Typed[T, Stream]):
    """A typed answer while it arrives. Iterate over it for values that grow; nothing is sent before.

    All values but the last are plain data (dicts, lists, strings, numbers) as far as they have arrived, unchecked:
    properties may be missing, and the last text may end in the middle of a word. The last one is the whole answer,
    checked and of the type asked for; it is also the `value` afterwards. No part comes twice in a row. When the
    model has to correct itself, values begin anew. Of a long answer not every piece gives a value: it is read again
    when it has grown by a 64th.

    Leaving the loop early, or the `with` block, ends the answer at once. A stream is iterated once.
    """

    def __init__(self, stream: Stream, wish: Wish[T]) -> None:
        super().__init__(stream, wish)
        self._iterator: Iterator[T | Any] | None = None

    def __iter__(self) -> Iterator[T | Any]:
        # A generator: a loop that is left early drops it, and dropping it ends the answer.
        try:
            for event in self._stream.events():
                yield from self._values(event)
            if self._wish.granted:
                yield self._wish.value
        finally:
            self.close()

    def __next__(self) -> T | Any:
        if self._iterator is None:
            self._iterator = iter(self)
        return next(self._iterator)

    def close(self) -> None:
        """End the answer if it is still going on."""
        self._stream.close()

    def __enter__(self) -> StructuredStream[T]:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class AsyncStructuredStream(_Typed[T, AsyncStream]):
    """A typed answer while it arrives, for `async for`. The twin of `StructuredStream`."""

    def __aiter__(self) -> AsyncIterator[T | Any]:
        return _AsyncValues(self)

    async def aclose(self) -> None:
        """End the answer if it is still going on."""
        await self._stream.aclose()

    async def __aenter__(self) -> AsyncStructuredStream[T]:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()


class _AsyncValues(Generic[T]):
    """One iteration. Dropping it drops the events, and that ends the answer at once."""

    def __init__(self, stream: AsyncStructuredStream[T]) -> None:
        self._stream = stream
        self._events = stream._stream.events()
        self._over = False

    def __aiter__(self) -> _AsyncValues[T]:
        return self

    async def __anext__(self) -> T | Any:
        async for event in self._events:
            for value in self._stream._values(event):
                return value
        if self._over or not self._stream._wish.granted:
            raise StopAsyncIteration
        self._over = True
        return self._stream._wish.value
