"""Tools that run at once, each in a thread of its own."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from chatkit._tools.calls import Ask, Steps


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
        complete: Calls something in this thread and waits for it.
    """

    def __init__(self, complete: Callable[[Callable[[], Any]], Any]) -> None:
        self._complete = complete
        self._finished: queue.SimpleQueue[tuple[Steps, Future[Any]]] = queue.SimpleQueue()
        self._under_way = 0
        self._failures: list[Exception] = []

    def carry_on(self, steps: Steps, value: Any = None, error: BaseException | None = None) -> None:
        """Move a call on until its tool runs in a thread, or it is over."""
        try:
            ask = steps.send(value) if error is None else steps.throw(error)
            while not ask.is_tool:
                ask = self._step(steps, ask.call)
            self._start(steps, ask.call)
        except StopIteration:
            pass
        except Exception as failure:
            # Kept until the others, which cannot be stopped, have come to their end.
            self._failures.append(failure)

    def wait(self) -> None:
        """Wait until every call is over, then raise the first exception that was not a tool's."""
        while self._under_way:
            steps, future = self._finished.get()
            self._under_way -= 1
            error = future.exception()
            self.carry_on(steps, None if error else future.result(), error)
        if self._failures:
            raise self._failures[0]

    def _step(self, steps: Steps, call: Callable[[], Any]) -> Ask:
        try:
            value = self._complete(call)
        except Exception as error:
            return steps.throw(error)
        return steps.send(value)

    def _start(self, steps: Steps, call: Callable[[], Any]) -> None:
        future = in_thread(lambda: self._complete(call))
        self._under_way += 1
        future.add_done_callback(lambda done: self._finished.put((steps, done)))
