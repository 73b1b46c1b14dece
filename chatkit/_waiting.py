"""Waiting for an awaitable in plain code, also where an event loop is running already, as in a notebook."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


def wait_for(awaitable: Awaitable[T]) -> T:
    """Run an awaitable to its end in an event loop of its own and give its result.

    Where a loop runs in this thread already, another thread does it, since loops do not nest.

    Raises:
        BaseException: whatever the awaitable raised.
    """
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_finish(awaitable))
    outcome: list[Any] = []

    def work() -> None:
        try:
            outcome.extend((True, asyncio.run(_finish(awaitable))))
        except BaseException as error:
            outcome.extend((False, error))

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), name="chatkit-wait", daemon=True)
    thread.start()
    thread.join()
    if not outcome[0]:
        raise outcome[1]
    result: T = outcome[1]
    return result


async def _finish(awaitable: Awaitable[T]) -> T:
    return await awaitable
