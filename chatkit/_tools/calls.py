"""How one tool call proceeds, told without saying how anything is run.

`answer()` is a generator that *asks* for functions to be called and is sent what they gave; the toolbox's drivers,
plain, threaded and async, do the calling. So the rules of a call are written once.
"""

from __future__ import annotations

import functools
import inspect
import logging
import math
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chatkit._errors import Cancelled, ToolRejectError
from chatkit._tools.arguments import ArgumentsError, read_arguments
from chatkit._tools.context import ToolContext
from chatkit._tools.results import failed, in_words, result_of
from chatkit._tools.terms import Terms
from chatkit._tools.tool import Tool
from chatkit._tools.watch import Halt, TimedOut, Watch
from chatkit._turns.contents import ContentToolRequest, ContentToolResult

_log = logging.getLogger("chatkit")


@dataclass(frozen=True, slots=True)
class Ask:
    """Call this, wait for it if it has to be waited for, and send back what it gives.

    Args:
        call: Takes no arguments.
        watch: For a tool, which may take its time, what links it to whoever waits; None for a callback, which belongs
            to the caller's thread.
        is_async: Whether the function says that it is async, so that calling it takes no time.
    """

    call: Callable[[], Any]
    watch: Watch | None = None
    is_async: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """What the calls of one run have in common.

    Args:
        tools: Gives the tools there are by now; a tool may have registered another.
        before: Callbacks for requests; they may reject one.
        after: Callbacks for results.
        halt: Whether to begin at all.
        timeout: Seconds for a tool that has no limit of its own; None means no limit.
        terms: What holds for the run.
    """

    tools: Callable[[], Mapping[str, Tool]]
    before: Iterable[Callable[..., Any]]
    after: Iterable[Callable[..., Any]]
    halt: Halt
    timeout: float | None = None
    terms: Terms = field(default_factory=Terms)


Steps: TypeAlias = Generator[Ask, Any, None]


def answer(request: ContentToolRequest, group: Group, keep: Callable[[ContentToolResult], None]) -> Steps:
    """Proceed through one call: request callbacks, the tool, result callbacks.

    Args:
        request: What the model asked for.
        group: What it has in common with the other calls.
        keep: Is given the result as soon as there is one, before the callbacks can go wrong.
    """
    if group.halt():
        return
    try:
        result = yield from _result(request, group)
        if result is not None:
            keep(result)
            yield from _tell(group.after, result)
    except BaseException:
        group.halt.reached = True
        raise


def _tell(callbacks: Iterable[Callable[..., Any]], news: ContentToolRequest | ContentToolResult) -> Steps:
    for callback in callbacks:
        yield Ask(functools.partial(callback, news))


_Result: TypeAlias = Generator[Ask, Any, ContentToolResult | None]


def _result(request: ContentToolRequest, group: Group) -> _Result:
    if request.id in group.terms.denied:
        return failed(request, group.terms.denied[request.id])
    try:
        yield from _tell(group.before, request)
        if group.halt():  # a callback may have asked the user, who may have had enough
            return None
        return (yield from _tool_result(request, group))
    except ToolRejectError as error:
        return failed(request, f"Tool call rejected. {error}")


def _tool_result(request: ContentToolRequest, group: Group) -> _Result:
    tools = group.tools()
    tool = tools.get(request.name)
    if tool is None:
        return failed(request, _unknown(request.name, tools))
    watch = _watch(request, tool, group)
    try:
        arguments = tool.bind(read_arguments(request))
        if tool.context:
            arguments = {**arguments, tool.context: ToolContext(request, group.terms.metadata, watch=watch)}
        call = functools.partial(_begin, tool.function, arguments)
        value = yield Ask(call, watch, _is_async(tool.function))
    except ToolRejectError:
        raise
    except ArgumentsError as error:
        return failed(request, f"Tool `{tool.name}` was not called, its arguments are wrong:\n{error}")
    except TimedOut:
        return failed(request, f"Tool `{tool.name}` timed out after {watch.timeout:g} s.")
    except Exception as error:
        if isinstance(error, Cancelled) and group.halt.asked():
            return None  # it ended as it was asked to
        _note(error, tool)
        return failed(request, in_words(error, request))
    return result_of(value, request)


def _watch(request: ContentToolRequest, tool: Tool, group: Group) -> Watch:
    own = group.timeout if tool.timeout is None else tool.timeout
    left = group.terms.left() if group.terms.left is not None else None
    timeout = min((limit for limit in (own, left) if limit is not None and limit != math.inf), default=None)
    return Watch(request, group.halt, timeout, timeout is not None or tool.context != "")


def _unknown(name: str, tools: Mapping[str, Tool]) -> str:
    known = f"Available tools: {', '.join(tools)}." if tools else "No tools are available."
    return f"Unknown tool {name[:64]!r}. {known}"


def _is_async(function: Any) -> bool:
    if not inspect.isroutine(function) and not isinstance(function, functools.partial):
        function = type(function).__call__
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _begin(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    try:
        return function(**arguments)
    except StopIteration as error:
        # Would pass for the end of a generator further up, as PEP 479 knows; asyncio would even wait for ever.
        raise RuntimeError("the tool raised StopIteration") from error


def _note(error: Exception, tool: Tool) -> None:
    if _log.isEnabledFor(logging.DEBUG):
        # As text: a record that holds the exception would hand every local variable to whoever collects logs.
        _log.debug("Tool %s failed:\n%s", tool.name, "".join(traceback.format_exception(error)))
