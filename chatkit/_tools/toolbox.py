"""The toolbox: the tools of a chat, and how a model's requests are answered with them."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from chatkit._errors import ConfigError
from chatkit._tools.callbacks import Callbacks
from chatkit._turns.contents import ContentToolRequest, ContentToolResult

if TYPE_CHECKING:
    # Opened at the first tool: every chat has a toolbox, and most are empty.
    from chatkit._tools.calls import Ask, Steps
    from chatkit._tools.tool import Tool

Results: TypeAlias = list[ContentToolResult | None]
RequestCallback: TypeAlias = Callable[[ContentToolRequest], Awaitable[None] | None]
ResultCallback: TypeAlias = Callable[[ContentToolResult], Awaitable[None] | None]
Stop: TypeAlias = Callable[[], bool]


class Toolbox:
    """The tools of a chat and the callbacks that are told of their use.

    Args:
        tools: Tools or functions to begin with.

    Attributes:
        definitions: The tools in order, as a tuple that stays the same object until the box changes, so that what
            is made of it can be kept.
    """

    def __init__(self, tools: Iterable[Callable[..., Any]] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        self.definitions: tuple[Tool, ...] = ()
        self._before = Callbacks()
        self._after = Callbacks()
        self.replace(tools)

    def __len__(self) -> int:
        return len(self._tools)

    def __repr__(self) -> str:
        return f"<Toolbox: {', '.join(self._tools) or 'empty'}>"

    @property
    def tools(self) -> dict[str, Tool]:
        """The tools by name; a copy."""
        return dict(self._tools)

    def register(self, function: Callable[..., Any]) -> Tool:
        """Add a tool; one of the same name is replaced.

        Args:
            function: A tool, or a function to make one of.

        Raises:
            ConfigError: when no tool can be made of it.
        """
        made = _as_tool(function)
        if self._tools.get(made.name) is not made:
            self._set({**self._tools, made.name: made})
        return made

    def replace(self, tools: Iterable[Callable[..., Any]]) -> None:
        """Put these tools in the place of all there are.

        Raises:
            ConfigError: when no tool can be made of one of them, or two have the same name; the box is unchanged.
        """
        made: dict[str, Tool] = {}
        for item in map(_as_tool, tools):
            if item.name in made:
                raise ConfigError(f"Two tools have the name {item.name!r}.", hint="Give one of them another name=.")
            made[item.name] = item
        if list(made.values()) != list(self.definitions):
            self._set(made)

    def copy(self) -> Toolbox:
        """Make a box with the same tools and no callbacks: those belong to whoever added them here."""
        twin = Toolbox()
        twin._tools, twin.definitions = self._tools, self.definitions
        return twin

    def on_request(self, callback: RequestCallback) -> Callable[[], None]:
        """Call this, plain or async, with each request before its tool runs; the newest callback comes first.

        It may raise `ToolRejectError` to refuse the call; any other exception ends the run.

        Returns:
            A function that removes the callback.
        """
        return self._before.add(callback)

    def on_result(self, callback: ResultCallback) -> Callable[[], None]:
        """Call this, plain or async, with each result, errors and rejections too; the newest callback comes first.

        Returns:
            A function that removes the callback.
        """
        return self._after.add(callback)

    def run(
        self,
        requests: Sequence[ContentToolRequest],
        results: Results,
        *,
        concurrent: bool = False,
        stop: Stop | None = None,
    ) -> None:
        """Answer requests. Async tools and callbacks are run too. The twin for async code is `run_async`.

        Args:
            requests: What the model asked for.
            results: As long as `requests`; each result is put in the place of its request as soon as it exists, so
                what is done is there even when an exception ends the run.
            concurrent: Whether the tools run at once, in threads; callbacks are called in this thread always.
            stop: Asked before a call begins; once it says True, and keeps to it, no more calls begin and their
                results stay None.

        Raises:
            Exception: what a callback raised, other than `ToolRejectError` for a request. What a tool raises
                becomes an error result, except KeyboardInterrupt, SystemExit and the like.
        """
        if not concurrent or len(requests) < 2:
            for steps in self._calls(requests, results, stop):
                _drive(steps)
            return
        from chatkit._tools.threads import Crew

        crew = Crew(_complete)
        for steps in self._calls(requests, results, stop):
            crew.carry_on(steps)
        crew.wait()

    async def run_async(
        self,
        requests: Sequence[ContentToolRequest],
        results: Results,
        *,
        concurrent: bool = True,
        stop: Stop | None = None,
    ) -> None:
        """Answer requests without blocking the loop: plain tools run in threads, callbacks in this thread.

        When it is cancelled, async tools are cancelled and waited for; plain ones go on unheard in their threads.

        Args:
            requests: What the model asked for.
            results: As for `run`.
            concurrent: Whether the tools run at once.
            stop: As for `run`.

        Raises:
            Exception: as for `run`.
        """
        if not concurrent or len(requests) < 2:
            for steps in self._calls(requests, results, stop):
                await _drive_async(steps)
            return
        await _all_at_once(self._calls(requests, results, stop))

    def _set(self, tools: dict[str, Tool]) -> None:
        # Never changed in place: a copy of the box shares the dictionary.
        self._tools = tools
        self.definitions = tuple(tools.values())

    def _calls(self, requests: Sequence[ContentToolRequest], results: Results, stop: Stop | None) -> Iterable[Steps]:
        from chatkit._tools.calls import Halt, answer

        halt = Halt(stop)
        for index, request in enumerate(requests):
            keep = functools.partial(results.__setitem__, index)
            yield answer(
                request, tools=lambda: self._tools, before=self._before, after=self._after, keep=keep, halt=halt
            )


def _as_tool(function: Callable[..., Any]) -> Tool:
    from chatkit._tools.tool import Tool, tool

    return function if isinstance(function, Tool) else tool(function)


def _drive(steps: Steps) -> None:
    with contextlib.suppress(StopIteration):
        ask = next(steps)
        while True:
            try:
                value = _complete(ask.call)
            except BaseException as error:
                ask = steps.throw(error)
            else:
                ask = steps.send(value)


async def _drive_async(steps: Steps) -> None:
    with contextlib.suppress(StopIteration):
        ask = next(steps)
        while True:
            try:
                value = await _complete_async(ask)
            except BaseException as error:
                ask = steps.throw(error)
            else:
                ask = steps.send(value)


async def _all_at_once(calls: Iterable[Steps]) -> None:
    import asyncio

    tasks = [asyncio.create_task(_drive_async(steps)) for steps in calls]
    try:
        await asyncio.wait(tasks)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


def _complete(call: Callable[[], Any]) -> Any:
    """Call something and, if what it gives has to be waited for, run that on a loop of its own."""
    value = call()
    if not _is_pending(value):
        return value
    from chatkit._waiting import wait_for

    return wait_for(_settled(value))


async def _complete_async(ask: Ask) -> Any:
    if not ask.is_tool or ask.is_async:
        return await _settled(ask.call())
    import asyncio

    from chatkit._tools.threads import in_thread

    return await _settled(await asyncio.wrap_future(in_thread(ask.call)))


async def _settled(value: Any) -> Any:
    if inspect.isasyncgen(value):
        last = None
        async with contextlib.aclosing(value):
            async for last in value:  # noqa: B007  the values before the last are progress
                pass
        return last
    return await value if inspect.isawaitable(value) else value


def _is_pending(value: Any) -> bool:
    return inspect.isawaitable(value) or inspect.isasyncgen(value)
