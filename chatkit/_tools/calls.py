"""How one tool call proceeds, told without saying how anything is run.

`answer()` is a generator that *asks* for functions to be called and is sent what they gave; the toolbox's drivers,
plain, threaded and async, do the calling. So the rules of a call are written once.
"""

from __future__ import annotations

import functools
import inspect
import logging
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from chatkit._errors import ToolRejectError
from chatkit._tools.arguments import ArgumentsError, read_arguments
from chatkit._tools.results import failed, in_words, result_of
from chatkit._tools.tool import Tool
from chatkit._turns.contents import ContentToolRequest, ContentToolResult

_log = logging.getLogger("chatkit")


@dataclass(frozen=True, slots=True)
class Ask:
    """Call this, wait for it if it has to be waited for, and send back what it gives.

    Args:
        call: Takes no arguments.
        is_tool: Whether it is a tool, which may take its time, or a callback, which belongs to the caller's thread.
        is_async: Whether the function says that it is async, so that calling it takes no time.
    """

    call: Callable[[], Any]
    is_tool: bool = False
    is_async: bool = False


@dataclass(slots=True)
class Halt:
    """Whether the calls of a run that have not begun should not begin any more.

    Args:
        stop: Tells that they should not; once it has said so it is not asked again.
        reached: Also set when a call of the run ended in an exception.
    """

    stop: Callable[[], bool] | None = None
    reached: bool = False

    def __call__(self) -> bool:
        if self.stop is not None and not self.reached:
            self.reached = self.stop()
        return self.reached


Steps: TypeAlias = Generator[Ask, Any, None]


def answer(
    request: ContentToolRequest,
    *,
    tools: Callable[[], Mapping[str, Tool]],
    before: Iterable[Callable[..., Any]],
    after: Iterable[Callable[..., Any]],
    keep: Callable[[ContentToolResult], None],
    halt: Halt,
) -> Steps:
    """Proceed through one call: request callbacks, the tool, result callbacks.

    Args:
        request: What the model asked for.
        tools: Gives the tools there are by now; a tool may have registered another.
        before: Callbacks for the request; they may reject it.
        after: Callbacks for the result.
        keep: Is given the result as soon as there is one, before the callbacks can go wrong.
        halt: Whether to begin at all.
    """
    if halt():
        return
    try:
        result = yield from _result(request, tools, before, halt)
        if result is not None:
            keep(result)
            yield from _tell(after, result)
    except BaseException:
        halt.reached = True
        raise


def _tell(callbacks: Iterable[Callable[..., Any]], news: ContentToolRequest | ContentToolResult) -> Steps:
    for callback in callbacks:
        yield Ask(functools.partial(callback, news))


def _result(
    request: ContentToolRequest,
    tools: Callable[[], Mapping[str, Tool]],
    before: Iterable[Callable[..., Any]],
    halt: Halt,
) -> Generator[Ask, Any, ContentToolResult | None]:
    try:
        yield from _tell(before, request)
        if halt():  # a callback may have asked the user, who may have had enough
            return None
        return (yield from _tool_result(request, tools()))
    except ToolRejectError as error:
        return failed(request, f"Tool call rejected. {error}")


def _tool_result(request: ContentToolRequest, tools: Mapping[str, Tool]) -> Generator[Ask, Any, ContentToolResult]:
    tool = tools.get(request.name)
    if tool is None:
        return failed(request, _unknown(request.name, tools))
    try:
        arguments = tool.bind(read_arguments(request))
        call = functools.partial(_begin, tool.function, arguments)
        value = yield Ask(call, is_tool=True, is_async=_is_async(tool.function))
    except ToolRejectError:
        raise
    except ArgumentsError as error:
        return failed(request, f"Tool `{tool.name}` was not called, its arguments are wrong:\n{error}")
    except Exception as error:
        _note(error, tool)
        return failed(request, in_words(error, request))
    return result_of(value, request)


def _unknown(name: str, tools: Mapping[str, Tool]) -> str:
    known = f"Available tools: {', '.join(tools)}." if tools else "No tools are available."
    return f"Unknown tool {name[:64]!r}. {known}"


def _is_async(function: Any) -> bool:
    if not inspect.isroutine(function) and not isinstance(function, functools.partial):
        function = type(function).__call__
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _begin(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a tool's function; a generator is run to its end, and its last value is the result."""
    try:
        value = function(**arguments)
        if not inspect.isgenerator(value):
            return value
        last = None
        for last in value:  # noqa: B007  the values before the last are progress
            pass
        return last
    except StopIteration as error:
        # Would pass for the end of a generator further up, as PEP 479 knows; asyncio would even wait for ever.
        raise RuntimeError("the tool raised StopIteration") from error


def _note(error: Exception, tool: Tool) -> None:
    if _log.isEnabledFor(logging.DEBUG):
        # As text: a record that holds the exception would hand every local variable to whoever collects logs.
        _log.debug("Tool %s failed:\n%s", tool.name, "".join(traceback.format_exception(error)))
