"""The drivers of tool calls, plain and async: they do what the calls ask, and hand on what the tools tell."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from typing import Any, TypeAlias

from chatkit._tools.calls import Ask, Steps
from chatkit._tools.progress import run_out, run_out_async, stepped
from chatkit._tools.threads import Crew, in_thread
from chatkit._tools.watch import TimedOut, Watch
from chatkit._turns.events import ToolProgressed
from chatkit._waiting import wait_for

Telling: TypeAlias = Generator[ToolProgressed, None, Any]
# Most tools give one of these: nothing to wait for and nothing to iterate over.
_ORDINARY = frozenset({str, int, float, bool, list, dict, tuple, type(None)})


def drive_in_turn(calls: Iterable[Steps]) -> Telling:
    """Run calls one after another, in this thread as far as that is possible."""
    for steps in calls:
        yield from _drive(steps)


def drive_at_once(calls: Iterable[Steps]) -> Telling:
    """Run calls at once, each tool in a thread of its own."""
    return Crew(_complete).run(calls)


def _drive(steps: Steps) -> Telling:
    with contextlib.suppress(StopIteration):
        ask = next(steps)
        while True:
            try:
                value = yield from _done(ask)
            except BaseException as error:
                ask = steps.throw(error)
            else:
                ask = steps.send(value)


def _done(ask: Ask) -> Telling:
    watch = ask.watch
    if watch is not None and watch.apart:
        return (yield from _elsewhere(ask.call, watch))
    value = ask.call()
    if type(value) in _ORDINARY:
        return value
    if inspect.isawaitable(value):
        return wait_for(value)
    if watch is not None and inspect.isgenerator(value):
        return (yield from _told(value, watch))
    if watch is not None and inspect.isasyncgen(value):
        # Its progress can be told only while its event loop runs elsewhere.
        return (yield from _elsewhere(lambda: value, watch))
    return value


def _told(generator: Generator[Any, Any, Any], watch: Watch) -> Telling:
    progress = stepped(generator, watch)
    try:
        while True:
            yield ToolProgressed(watch.request, next(progress))
    except StopIteration as end:
        return end.value
    finally:
        progress.close()


def _elsewhere(call: Callable[[], Any], watch: Watch) -> Telling:
    given: list[Any] = []
    yield from Crew(_complete).run([_only(Ask(call, watch), given)])
    return given[0]


def _only(ask: Ask, given: list[Any]) -> Steps:
    """A call that consists of one ask; what it gave comes into the list."""
    given.append((yield ask))


def _complete(ask: Ask) -> Any:
    """Do what is asked in this thread, to its end."""
    value, watch = ask.call(), ask.watch
    if watch is not None and inspect.isgenerator(value):
        return run_out(value, watch)
    if watch is not None and (inspect.isasyncgen(value) or inspect.isawaitable(value)):
        return wait_for(_endable(value, watch))
    return wait_for(value) if inspect.isawaitable(value) else value


async def _endable(value: Any, watch: Watch) -> Any:
    """Await something that is cancelled when the watch ends in another thread."""
    import asyncio

    task = asyncio.current_task()
    assert task is not None
    watch.leave = functools.partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel)
    if watch.over:
        task.cancel()
    return await _settled(value, watch)


async def _settled(value: Any, watch: Watch) -> Any:
    if inspect.isasyncgen(value):
        return await run_out_async(value, watch)
    return await value if inspect.isawaitable(value) else value


async def drive_in_turn_async(calls: Iterable[Steps]) -> AsyncGenerator[ToolProgressed, None]:
    """Run calls one after another without blocking the loop. The twin of `drive_in_turn`."""
    for steps in calls:
        async with contextlib.aclosing(_drive_alone(steps)) as progress:
            async for event in progress:
                yield event


async def _drive_alone(steps: Steps) -> AsyncGenerator[ToolProgressed, None]:
    with contextlib.suppress(StopIteration):
        ask = next(steps)
        while True:
            try:
                value, rest = await _done_here(ask)
                if rest is not None:
                    given: list[Any] = []
                    async with contextlib.aclosing(drive_at_once_async([_only(rest, given)])) as progress:
                        async for event in progress:
                            yield event
                    value = given[0]
            except BaseException as error:
                ask = steps.throw(error)
            else:
                ask = steps.send(value)


async def _done_here(ask: Ask) -> tuple[Any, Ask | None]:
    """Do what is asked; what tells of progress is left over, since that takes a task of its own."""
    watch = ask.watch
    if watch is not None and watch.apart:
        return None, ask
    if watch is None or ask.is_async:
        value = ask.call()
    else:
        import asyncio

        value = await asyncio.wrap_future(in_thread(ask.call))
    if inspect.isawaitable(value):
        return await value, None
    if watch is not None and (inspect.isgenerator(value) or inspect.isasyncgen(value)):
        return None, Ask(lambda: value, watch, inspect.isasyncgen(value))
    return value, None


async def drive_at_once_async(calls: Iterable[Steps]) -> AsyncGenerator[ToolProgressed, None]:
    """Run calls at once, each in a task of its own. The twin of `drive_at_once`."""
    import asyncio

    loop = asyncio.get_running_loop()
    news: asyncio.Queue[ToolProgressed | None] = asyncio.Queue()

    def hear(event: ToolProgressed) -> None:
        # From a thread that was left behind, perhaps, when the loop is gone.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(news.put_nowait, event)

    tasks = [asyncio.create_task(_drive_async(steps, hear)) for steps in calls]
    for task in tasks:
        task.add_done_callback(lambda done: news.put_nowait(None))
    try:
        under_way = len(tasks)
        while under_way:
            event = await news.get()
            if event is not None:
                yield event
            else:
                under_way -= 1
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


async def _drive_async(steps: Steps, hear: Callable[[ToolProgressed], None]) -> None:
    with contextlib.suppress(StopIteration):
        ask = next(steps)
        while True:
            try:
                value = await _complete_async(ask, hear)
            except BaseException as error:
                ask = steps.throw(error)
            else:
                ask = steps.send(value)


async def _complete_async(ask: Ask, hear: Callable[[ToolProgressed], None]) -> Any:
    watch = ask.watch
    if watch is None:
        value = ask.call()
        return await value if inspect.isawaitable(value) else value
    watch.tell = lambda value: hear(ToolProgressed(watch.request, value))
    try:
        return await (_ran(ask, watch) if watch.timeout is None else _ran_in_time(ask, watch))
    finally:
        watch.end()


async def _ran_in_time(ask: Ask, watch: Watch) -> Any:
    import asyncio

    try:
        async with asyncio.timeout(watch.timeout) as limit:
            return await _ran(ask, watch)
    except TimeoutError:
        if not limit.expired():
            raise
    raise TimedOut


async def _ran(ask: Ask, watch: Watch) -> Any:
    if ask.is_async:
        return await _settled(ask.call(), watch)
    import asyncio

    return await _settled(await asyncio.wrap_future(in_thread(lambda: _begun(ask, watch))), watch)


def _begun(ask: Ask, watch: Watch) -> Any:
    value = ask.call()
    return run_out(value, watch) if inspect.isgenerator(value) else value
