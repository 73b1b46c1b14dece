"""The two drivers of the loop: they do what it asks, one plainly, one awaiting, and hand on what it tells."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never

from chatkit._engine.asks import Ask, Pause, Receive, Release, Run, Script, Send
from chatkit._errors import Cancelled
from chatkit._http.messages import Headers, Line, Request
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.events import Event

if TYPE_CHECKING:
    from chatkit._http.lines import AsyncLine

_ASKS = frozenset((Send, Receive, Release, Pause, Run))


def drive(script: Script, line: Line, toolbox: Toolbox) -> Generator[Event, None, None]:
    """Run a script to its end; gives its events. Closing it early closes the script, and with it the draft."""
    reply: Any = None
    failure: BaseException | None = None
    try:
        while True:
            step: Any = script.send(reply) if failure is None else script.throw(failure)
            reply = failure = None
            try:
                if type(step) in _ASKS:
                    reply = _act(step, line, toolbox)
                else:
                    yield step
            except GeneratorExit:
                raise
            except BaseException as error:
                failure = error
    except StopIteration:
        return
    finally:
        script.close()
        line.close()


def _act(ask: Ask, line: Line, toolbox: Toolbox) -> Any:
    match ask:
        case Receive():
            return line.receive()
        case Send(request):
            return line.send(request)
        case Release():
            return line.release()
        case Pause(seconds):
            return line.pause(seconds)
        case Run(requests, results, concurrent):
            toolbox.run(requests, results, concurrent=concurrent, stop=lambda: line.hung_up is not None)
            return _check_hung_up(line.hung_up)
        case _:
            assert_never(ask)


async def drive_async(script: Script, line: AsyncLine, toolbox: Toolbox) -> AsyncGenerator[Event, None]:
    """Run a script to its end without blocking the loop. The twin of `drive`."""
    reply: Any = None
    failure: BaseException | None = None
    try:
        while True:
            step: Any = script.send(reply) if failure is None else script.throw(failure)
            reply = failure = None
            try:
                if type(step) in _ASKS:
                    reply = await _act_async(step, line, toolbox)
                else:
                    yield step
            except GeneratorExit:
                raise
            except BaseException as error:
                failure = error
    except StopIteration:
        return
    finally:
        script.close()
        line.close()


async def _act_async(ask: Ask, line: AsyncLine, toolbox: Toolbox) -> Any:
    match ask:
        case Receive():
            return await line.receive()
        case Send(request):
            return await line.send(await _with_awaited_credentials(request))
        case Release():
            return await line.release()
        case Pause(seconds):
            return await line.pause(seconds)
        case Run(requests, results, concurrent):
            await toolbox.run_async(requests, results, concurrent=concurrent, stop=lambda: line.hung_up is not None)
            return _check_hung_up(line.hung_up)
        case _:
            assert_never(ask)


async def _with_awaited_credentials(request: Request) -> Request:
    """Await async credentials here, in the caller's own loop; plain ones are called in the reader thread."""
    if not getattr(request.credentials, "asynchronous", False):
        return request
    headers = request.credentials()
    return replace(request, credentials=_given(await headers if inspect.isawaitable(headers) else headers))


def _given(headers: Headers) -> Callable[[], Headers]:
    return lambda: headers


def _check_hung_up(reason: str | None) -> None:
    if reason is not None:
        raise Cancelled(f"The answer was cancelled ({reason}).", reason=reason)
