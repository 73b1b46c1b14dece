"""A line for an event loop: one reader thread per answer, and nothing that waits in the loop.

Handing every read to the loop's default pool starves it (a hundred slow streams want a hundred threads), so each
answer has a thread of its own that reads ahead a little and wakes the loop only when it is waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from chatkit._errors import Cancelled
from chatkit._http.messages import Batch, Head, Line, Piece, Request, Transport

_AHEAD = 256
_PARTING = 0.25


class AsyncLine:
    """One exchange at a time, awaited. It belongs to one task; only `hang_up` may be called from elsewhere.

    Args:
        transport: Opens the plain lines that the reader threads use.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._reader: _Reader | None = None
        self._reason: str | None = None
        # What ends a wait that is not the reader's, in the loop.
        self._wake: Callable[[], object] | None = None

    @property
    def hung_up(self) -> str | None:
        """The reason given to `hang_up`, or None."""
        return self._reason

    async def send(self, request: Request) -> Head:
        """Send a request and wait for the head of the answer."""
        self._check()
        # What is left of a failed attempt is little as a rule, and then its connection serves again.
        await self.release()
        self._reader = _Reader(self._transport.line(), request)
        if self._reason is not None:
            # Hung up from another thread a moment ago, when there was no such reader yet.
            self._reader.hang_up(self._reason)
        head = await self._reader.take()
        assert isinstance(head, Head)
        return head

    async def receive(self) -> Batch | None:
        """Wait for more of the answer; None at its end."""
        self._check()
        if self._reader is None:
            return None
        first = await self._reader.take()
        return self._reader.merge(first) if first is not None else None

    async def release(self) -> None:
        """Take leave of a finished answer; the connection is kept when its end is there, or nearly."""
        if self._reader is not None:
            await self._reader.part()
            self._reader = None

    async def pause(self, seconds: float) -> None:
        """Wait between two attempts."""
        self._check()
        woken = asyncio.get_running_loop().create_future()
        # Cancelled and the time running out are the same to a future that nobody else completes.
        with contextlib.suppress(TimeoutError), self.waking(lambda: _complete(woken)):
            await asyncio.wait_for(woken, seconds)
        self._check()

    @contextlib.contextmanager
    def waking(self, wake: Callable[[], object]) -> Iterator[None]:
        """Have a function called in the loop, when the line is hung up while something else is waited for."""
        loop = asyncio.get_running_loop()
        self._wake = lambda: loop.call_soon_threadsafe(wake)
        try:
            # Only now can a hanging up in another thread end the wait.
            if self._reason is not None:
                wake()
            yield
        finally:
            self._wake = None

    def hang_up(self, reason: str = "cancelled") -> None:
        """End whatever goes on, from any thread; returns at once."""
        self._reason = self._reason or reason
        if self._reader is not None:
            self._reader.hang_up(reason)
        wake = self._wake
        if wake is not None:
            with contextlib.suppress(RuntimeError):
                wake()

    def close(self) -> None:
        """Drop whatever is open; the reader thread ends by itself."""
        if self._reader is not None:
            self._reader.hang_up("closed")
            self._reader = None

    def _check(self) -> None:
        if self._reason is not None:
            raise Cancelled(f"The answer was cancelled ({self._reason}).", reason=self._reason)


class _Reader:
    """Sends one request in a thread and hands over, in order: the head, the batches, then None or an error."""

    def __init__(self, line: Line, request: Request) -> None:
        self._line = line
        self._items: deque[Any] = deque()
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._room = threading.Event()
        self._ended = threading.Event()
        threading.Thread(target=self._run, args=(request,), name="chatkit-line", daemon=True).start()

    async def take(self) -> Any:
        """The next item; errors are raised."""
        if not self._items:
            self._waiting = self._loop.create_future()
            # The thread may have put something in before it could see that somebody waits.
            if not self._items:
                await self._waiting
            self._waiting = None
        item = self._items.popleft()
        self._room.set()
        if isinstance(item, BaseException):
            raise item
        return item

    def merge(self, first: Batch) -> Batch:
        """A batch together with those that came right behind it."""
        pieces: list[Piece] = first.pieces
        at = first.at
        while self._items and isinstance(self._items[0], Batch):
            batch = self._items.popleft()
            pieces.extend(batch.pieces)
            at = batch.at
        self._room.set()
        return Batch(pieces, at)

    async def part(self) -> None:
        """Let the thread read to the end of the body, but not for long."""
        deadline = self._loop.time() + _PARTING
        while not self._ended.is_set() and (left := deadline - self._loop.time()) > 0:
            try:
                item = await asyncio.wait_for(self._peek(), left)
            except TimeoutError:
                break
            if not isinstance(item, Batch):
                break
        self.hang_up("released")

    async def _peek(self) -> Any:
        try:
            return await self.take()
        except Exception:
            return None

    def hang_up(self, reason: str) -> None:
        if not self._ended.is_set():
            self._line.hang_up(reason)
        self._room.set()

    def _run(self, request: Request) -> None:
        outcome: BaseException | None = None
        try:
            self._put(self._line.send(request))
            while (batch := self._line.receive()) is not None:
                self._put(batch)
        except BaseException as error:
            outcome = error
        finally:
            self._line.release() if outcome is None else self._line.close()
        self._ended.set()
        self._put(outcome)

    def _put(self, item: Any) -> None:
        self._items.append(item)
        waiting = self._waiting
        if waiting is not None:
            # The loop may be closed by now: then nobody is waiting any more.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_complete, waiting)
        if len(self._items) > _AHEAD and not self._ended.is_set():
            self._room.clear()
            if len(self._items) > _AHEAD and self._line.hung_up is None:
                self._room.wait()


def _complete(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
