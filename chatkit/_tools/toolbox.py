"""The toolbox: the tools of a chat, and how a model's requests are answered with them."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from chatkit._errors import ConfigError
from chatkit._tools.callbacks import Callbacks
from chatkit._tools.terms import Terms
from chatkit._turns.contents import ContentToolRequest, ContentToolResult

if TYPE_CHECKING:
    # Opened at the first tool: every chat has a toolbox, and most are empty.
    from chatkit._tools.calls import Steps
    from chatkit._tools.tool import Tool
    from chatkit._turns.events import ToolProgressed

Results: TypeAlias = list[ContentToolResult | None]
RequestCallback: TypeAlias = Callable[[ContentToolRequest], Awaitable[None] | None]
ResultCallback: TypeAlias = Callable[[ContentToolResult], Awaitable[None] | None]


class Toolbox:
    """The tools of a chat and the callbacks that are told of their use.

    Args:
        tools: Tools or functions to begin with.
        timeout: Seconds that a tool without a limit of its own may take; None means no limit.

    Attributes:
        timeout: As given.
        definitions: The tools in order, as a tuple that stays the same object until the box changes, so that what
            is made of it can be kept.
    """

    def __init__(self, tools: Iterable[Callable[..., Any]] = (), *, timeout: float | None = None) -> None:
        if timeout is not None:
            from chatkit._tools.tool import check_timeout

            check_timeout(timeout)
        self.timeout = timeout
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
        twin = Toolbox(timeout=self.timeout)
        twin._tools, twin.definitions = self._tools, self.definitions
        return twin

    def share_callbacks(self, other: Toolbox) -> None:
        """Call the callbacks of another box instead of own ones, also those that it is given later."""
        self._before, self._after = other._before, other._after

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
        terms: Terms | None = None,
    ) -> Generator[ToolProgressed, None, None]:
        """Answer requests, giving the tools' progress. Async tools and callbacks are run too.

        Leaving the iteration early ends a tool that is at a `yield`, and leaves one in a thread behind. The twin for
        async code is `run_async`.

        Args:
            requests: What the model asked for.
            results: As long as `requests`; each result is put in the place of its request as soon as it exists, so
                what is done is there even when an exception ends the run.
            concurrent: Whether the tools run at once, in threads; callbacks are called in this thread always. A tool
                with a time limit or a `ToolContext` runs in a thread in any case.
            terms: When to stop, and what else whoever runs them has to say.

        Raises:
            Exception: what a callback raised, other than `ToolRejectError` for a request. What a tool raises
                becomes an error result, except KeyboardInterrupt, SystemExit and the like.
        """
        from chatkit._tools.running import drive_at_once, drive_in_turn

        drive = drive_at_once if concurrent and len(requests) > 1 else drive_in_turn
        return drive(self._calls(requests, results, terms))

    def run_async(
        self,
        requests: Sequence[ContentToolRequest],
        results: Results,
        *,
        concurrent: bool = True,
        terms: Terms | None = None,
    ) -> AsyncGenerator[ToolProgressed, None]:
        """Answer requests without blocking the loop, giving progress: plain tools run in threads, callbacks here.

        When it is cancelled or closed, async tools are cancelled and waited for; plain ones go on unheard in their
        threads.

        Args:
            requests: What the model asked for.
            results: As for `run`.
            concurrent: Whether the tools run at once.
            terms: As for `run`.

        Raises:
            Exception: as for `run`.
        """
        from chatkit._tools.running import drive_at_once_async, drive_in_turn_async

        drive = drive_at_once_async if concurrent and len(requests) > 1 else drive_in_turn_async
        return drive(self._calls(requests, results, terms))

    def _set(self, tools: dict[str, Tool]) -> None:
        # Never changed in place: a copy of the box shares the dictionary.
        self._tools = tools
        self.definitions = tuple(tools.values())

    def _calls(self, requests: Sequence[ContentToolRequest], results: Results, terms: Terms | None) -> Iterable[Steps]:
        from chatkit._tools.calls import Group, answer
        from chatkit._tools.watch import Halt

        given = terms if terms is not None else Terms()
        group = Group(lambda: self._tools, self._before, self._after, Halt(given.stop), self.timeout, given)
        for index, request in enumerate(requests):
            yield answer(request, group, functools.partial(results.__setitem__, index))


def _as_tool(function: Callable[..., Any]) -> Tool:
    from chatkit._tools.tool import Tool, tool

    return function if isinstance(function, Tool) else tool(function)
