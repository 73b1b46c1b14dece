"""Tools in threads of their own: because they run at once, may be left behind, or speak while they run."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from typing import Any

from chatkit._tools.calls import Ask, Steps
from chatkit._tools.watch import TimedOut, Watch
from chatkit._turns.events import ToolProgressed


def in_thread(call: Callable[[], Any]) -> Future[Any]:
    """Call something in a new daemon thread, with the caller's context variables.

    Not in a pool: a pool's few threads would make tools wait for one another, and its exit waits for a tool that
    hangs.
    """
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()  # from now on only the thread decides its outcome
    context = contextvars.copy_context()

    def work() -> None:
        try:
            future.set_result(context.run(call))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, name="chatkit-tool", daemon=True).start()
    return future


class Crew:
    """Calls under way at once. Only tools run in threads; callbacks and results stay in the thread that waits.

    So an exception there, such as KeyboardInterrupt, ends the waiting at once, and nothing is written any more when
    an abandoned thread comes to its end.

    Args:
        complete: Does what is asked, in whichever thread it is called, and waits for it.
    """

    def __init__(self, complete: Callable[[Ask], Any]) -> None:
        self._complete = complete
        self._news: queue.SimpleQueue[ToolProgressed | tuple[Steps, Future[Any]]] = queue.SimpleQueue()
        self._under_way: dict[Steps, Watch] = {}
        self._deadlines: dict[Steps, float] = {}
        self._failures: list[Exception] = []

    def run(self, calls: Iterable[Steps]) -> Generator[ToolProgressed, None, None]:
        """Take calls from their beginning to their end; gives their progress.

        Raises:
            Exception: the first exception that was not a tool's, once every call is over.
        """
        try:
            for steps in calls:
                self._carry_on(steps)
            yield from self._news_of_all()
        finally:
            for watch in self._under_way.values():
                watch.end()

    def _news_of_all(self) -> Generator[ToolProgressed, None, None]:
        while self._under_way:
            news = self._next()
            if isinstance(news, ToolProgressed):
                yield news
            elif news is not None:
                self._finish(*news)
            else:
                self._expire()
        if self._failures:
            raise self._failures[0]

    def _next(self) -> ToolProgressed | tuple[Steps, Future[Any]] | None:
        if not self._deadlines:
            return self._news.get()
        patience = min(self._deadlines.values()) - time.monotonic()
        try:
            return self._news.get(timeout=min(max(0.0, patience), threading.TIMEOUT_MAX))
        except queue.Empty:
            return None

    def _finish(self, steps: Steps, future: Future[Any]) -> None:
        if steps not in self._under_way:
            return  # it timed out before
        self._drop(steps)
        error = future.exception()
        self._carry_on(steps, None if error else future.result(), error)

    def _expire(self) -> None:
        now = time.monotonic()
        for steps in [steps for steps, deadline in self._deadlines.items() if deadline <= now]:
            self._drop(steps)
            self._carry_on(steps, error=TimedOut())

    def _drop(self, steps: Steps) -> None:
        self._deadlines.pop(steps, None)
        self._under_way.pop(steps).end()

    def _carry_on(self, steps: Steps, value: Any = None, error: BaseException | None = None) -> None:
        """Move a call on until its tool runs in a thread, or it is over."""
        try:
            ask = steps.send(value) if error is None else steps.throw(error)
            while ask.watch is None:
                ask = self._step(steps, ask)
            self._start(steps, ask, ask.watch)
        except StopIteration:
            pass
        except Exception as failure:
            # Kept until the others, which cannot be stopped, have come to their end.
            self._failures.append(failure)

    def _step(self, steps: Steps, ask: Ask) -> Ask:
        try:
            value = self._complete(ask)
        except Exception as error:
            return steps.throw(error)
        return steps.send(value)

    def _start(self, steps: Steps, ask: Ask, watch: Watch) -> None:
        watch.tell = lambda value: self._news.put(ToolProgressed(watch.request, value))
        self._under_way[steps] = watch
        if watch.timeout is not None:
            self._deadlines[steps] = time.monotonic() + watch.timeout
        future = in_thread(lambda: self._complete(ask))
        future.add_done_callback(lambda done: self._news.put((steps, done)))
