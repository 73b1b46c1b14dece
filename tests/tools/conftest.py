"""The ways in which a toolbox answers requests, behind one call, and tools to ask for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from chatkit._tools.terms import Terms
from chatkit._tools.tool import tool
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import ContentToolRequest, ContentToolResult

MODES = ("plain", "threads", "async", "tasks", "notebook")
AT_ONCE = ("threads", "tasks")


class Way:
    """One way to run tools: plain or async, one by one or at once, or plain where a loop runs already.

    Attributes:
        at_once: Whether several calls run at once.
        told: The progress of the last run, as far as it came.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.at_once = mode in AT_ONCE
        self.told: list[Any] = []

    def __call__(self, box: Toolbox, requests: Any, results: Any, **options: Any) -> list[Any]:
        """Run requests; gives what the tools told. What is no option of `run` is a field of `Terms`."""
        self.told = []
        terms = {name: options.pop(name) for name in list(options) if name != "concurrent"}
        if terms:
            options["terms"] = Terms(**terms)
        if self.mode in ("async", "tasks"):
            asyncio.run(self._awaited(box, requests, results, options))
        elif self.mode == "notebook":
            asyncio.run(self._in_a_cell(box, requests, results, options))
        else:
            self._heard(box.run(requests, results, **{"concurrent": self.at_once, **options}))
        return self.told

    def _heard(self, running: Any) -> None:
        for event in running:
            self.told.append(event)

    async def _in_a_cell(self, box: Toolbox, requests: Any, results: Any, options: dict[str, Any]) -> None:
        self._heard(box.run(requests, results, **options))

    async def _awaited(self, box: Toolbox, requests: Any, results: Any, options: dict[str, Any]) -> None:
        running = box.run_async(requests, results, **{"concurrent": self.at_once, **options})
        async with contextlib.aclosing(running):
            async for event in running:
                self.told.append(event)

    def answers(self, box: Toolbox, *requests: ContentToolRequest, **options: Any) -> list[ContentToolResult]:
        """Run requests with ids of their own and give their results; there is one for each."""
        results: list[ContentToolResult | None] = [None] * len(requests)
        self(box, numbered(requests), results, **options)
        assert all(result is not None and result.text is not None and result.request for result in results)
        return [result for result in results if result is not None]

    def answer(self, function: Callable[..., Any], /, **arguments: Any) -> ContentToolResult:
        """Run a tool alone, and once more behind a second call, so that the ways for several are used, too."""
        box = Toolbox([tool(function, name="it")])
        request = ContentToolRequest("1", "it", arguments)
        one = self.answers(box, request)[0]
        two = self.answers(box, request, request)
        assert [result.text for result in two] == [one.text] * 2
        return one


def numbered(requests: Any) -> list[ContentToolRequest]:
    return [ContentToolRequest(str(index), item.name, item.arguments, item.raw) for index, item in enumerate(requests)]


@pytest.fixture(params=MODES)
def way(request: pytest.FixtureRequest) -> Way:
    return Way(request.param)


@pytest.fixture(params=AT_ONCE)
def at_once(request: pytest.FixtureRequest) -> Way:
    return Way(request.param)


@pytest.fixture(params=("plain", "async"))
def one_by_one(request: pytest.FixtureRequest) -> Way:
    return Way(request.param)


@pytest.fixture
def plain() -> Way:
    return Way("plain")


@pytest.fixture
def threads() -> Way:
    return Way("threads")


@pytest.fixture
def tasks() -> Way:
    return Way("tasks")
