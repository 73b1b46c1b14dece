"""Generator tools: what they yield is progress, and what they give at last is the result.

A generator that returns something other than None gives that as its result; else its last value is the result, which
is known as such only when no other follows. So each value is told when the next one comes.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Generator
from typing import Any

from chatkit._tools.watch import Watch

_NOTHING: Any = object()


def stepped(generator: Generator[Any, Any, Any], watch: Watch) -> Generator[Any, None, Any]:
    """Give a plain generator's progress, and return its result. It ends early when the call is not wanted any more.

    Raises:
        Cancelled: when it ended early.
    """
    last = _NOTHING
    try:
        while True:
            value = next(generator)
            if last is not _NOTHING:
                yield last
            last = value
            watch.check()
    except StopIteration as end:
        result = end.value
    finally:
        with contextlib.suppress(Exception):  # who leaves does not hear what goes wrong in leaving
            generator.close()
    if result is None:
        return None if last is _NOTHING else last
    if last is not _NOTHING:
        yield last
    return result


def run_out(generator: Generator[Any, Any, Any], watch: Watch) -> Any:
    """Run a plain generator to its end in this thread, reporting its progress; gives its result."""
    steps = stepped(generator, watch)
    while True:
        try:
            value = next(steps)
        except StopIteration as end:
            return end.value
        watch.report(value)


async def run_out_async(generator: AsyncGenerator[Any, Any], watch: Watch) -> Any:
    """Run an async generator to its end, reporting its progress; gives its last value. The twin of `run_out`."""
    import asyncio

    last = _NOTHING
    async with contextlib.aclosing(generator):
        async for value in generator:
            if last is not _NOTHING:
                watch.report(last)
                await asyncio.sleep(0)  # so that it is heard, also of a generator that never waits
            last = value
            watch.check()
    return None if last is _NOTHING else last
