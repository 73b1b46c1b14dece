"""The two drivers of the loop: they do what it asks, one plainly, one awaiting, and hand on what it tells."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from chatkit._engine.asks import Act, Decide, Pause, Receive, Release, Run, Script, Send
from chatkit._engine.deadline import NO_DEADLINE, Deadline
from chatkit._errors import APITimeoutError, Cancelled, ConfigError
from chatkit._http.messages import Hangable, Headers, Line, Request
from chatkit._tools.terms import Terms
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.approvals import PendingApproval, Verdict
from chatkit._turns.events import Event

if TYPE_CHECKING:
    from asyncio import Timeout

    from chatkit._http.lines import AsyncLine

_ASKS = frozenset((Send, Receive, Release, Pause, Decide))


@dataclass(frozen=True, slots=True)
class Means:
    """What a driver does things with, besides the line.

    Args:
        toolbox: Runs tools.
        approvers: Who is asked about calls that need approval, in order.
        deadline: When all must be over.
        metadata: What tools may read of the chat's own notes.
    """

    toolbox: Toolbox
    approvers: Iterable[Callable[[PendingApproval], Any]] = ()
    deadline: Deadline = NO_DEADLINE
    metadata: Mapping[str, Any] = field(default_factory=dict)


def drive(script: Script, line: Line, means: Means) -> Generator[Event, None, None]:
    """Run a script to its end; gives its events. Closing it early closes the script, and with it the draft."""
    # Taken out before it is handed on: a variable would show in a traceback what the server said, keys and all.
    replies: list[Any] = []
    failure: BaseException | None = None
    try:
        while True:
            step: Any = script.send(replies.pop() if replies else None) if failure is None else script.throw(failure)
            failure = None
            try:
                if type(step) in _ASKS:
                    replies.append(_act(step, line, means))
                elif type(step) is Run:
                    yield from means.toolbox.run(**_how(step, line, means))
                    _check(line, means)
                else:
                    yield step
            except GeneratorExit:
                raise
            except BaseException as error:
                failure = _named(error, means.deadline)
    except StopIteration:
        return
    finally:
        script.close()
        line.close()


def _act(ask: Act, line: Line, means: Means) -> Any:
    match ask:
        case Receive():
            return line.receive()
        case Send(request):
            return line.send(means.deadline.bound(request))
        case Release():
            return line.release()
        case Pause(seconds):
            return line.pause(means.deadline.pause(seconds))
        case Decide(pending, verdicts):
            _run_out(_decisions(means.approvers, pending, verdicts))
            return _check(line, means)
        case _:
            assert_never(ask)


async def drive_async(script: Script, line: AsyncLine, means: Means) -> AsyncGenerator[Event, None]:
    """Run a script to its end without blocking the loop. The twin of `drive`."""
    # Taken out before it is handed on: a variable would show in a traceback what the server said, keys and all.
    replies: list[Any] = []
    failure: BaseException | None = None
    try:
        while True:
            step: Any = script.send(replies.pop() if replies else None) if failure is None else script.throw(failure)
            failure = None
            try:
                if type(step) in _ASKS:
                    replies.append(await _act_async(step, line, means))
                elif type(step) is Run:
                    async with contextlib.aclosing(means.toolbox.run_async(**_how(step, line, means))) as progress:
                        async for event in progress:
                            yield event
                    _check(line, means)
                else:
                    yield step
            except GeneratorExit:
                raise
            except BaseException as error:
                failure = _named(error, means.deadline)
    except StopIteration:
        return
    finally:
        script.close()
        line.close()


async def _act_async(ask: Act, line: AsyncLine, means: Means) -> Any:
    match ask:
        case Receive():
            return await line.receive()
        case Send(request):
            return await line.send(means.deadline.bound(await _with_awaited_credentials(request)))
        case Release():
            return await line.release()
        case Pause(seconds):
            return await line.pause(means.deadline.pause(seconds))
        case Decide(pending, verdicts):
            await _in_time(_run_out_async(_decisions(means.approvers, pending, verdicts)), line, means.deadline)
            return _check(line, means)
        case _:
            assert_never(ask)


async def _with_awaited_credentials(request: Request) -> Request:
    """Await async credentials here, in the caller's own loop; plain ones are called in the reader thread."""
    if not getattr(request.credentials, "asynchronous", False):
        return request
    headers = request.credentials()
    return replace(request, credentials=_given(await headers if inspect.isawaitable(headers) else headers))


async def _in_time(asking: Awaitable[None], line: AsyncLine, deadline: Deadline) -> None:
    """Await those who are asked, until the deadline at most, or until the call is cancelled."""
    import asyncio

    try:
        async with asyncio.timeout(deadline.left()) as clock:
            with line.waking(lambda: _run_down(clock)):
                await asking
    except TimeoutError:
        if not deadline.passed and line.hung_up is None:
            raise  # an approver's own


def _run_down(clock: Timeout) -> None:
    # The answer may have come in this very moment.
    with contextlib.suppress(RuntimeError):
        clock.reschedule(0.0)


def _given(headers: Headers) -> Callable[[], Headers]:
    return lambda: headers


def _how(ask: Run, line: Hangable, means: Means) -> dict[str, Any]:
    return {
        "requests": ask.requests,
        "results": ask.results,
        "concurrent": ask.concurrent,
        "terms": Terms(
            lambda: line.hung_up is not None or means.deadline.passed,
            means.deadline.left,
            means.metadata,
            ask.denied,
        ),
    }


def _check(line: Hangable, means: Means) -> None:
    """End a call that was cancelled, or came too late, while its tools ran or somebody was asked."""
    if line.hung_up is not None:
        raise Cancelled(f"The answer was cancelled ({line.hung_up}).", reason=line.hung_up)
    means.deadline.check()


def _named(error: BaseException, deadline: Deadline) -> BaseException:
    """The error, or the call's own limit where that was what ended the answer."""
    if isinstance(error, APITimeoutError) and error.phase == "total" and deadline.passed:
        return deadline.error()
    return error


_Steps: TypeAlias = Generator[Any, Any, None]


def _decisions(
    approvers: Iterable[Callable[[PendingApproval], Any]],
    pending: Iterable[PendingApproval],
    verdicts: dict[str, Verdict],
) -> _Steps:
    """Ask about each call until somebody says yes or no; gives what may have to be awaited, and is sent what came."""
    for approval in pending:
        for approver in approvers:
            verdict = yield approver(approval)
            if verdict is not None and not isinstance(verdict, bool | str):
                raise ConfigError(
                    f"An approval is True, False, a reason to deny, or None to wait, not {type(verdict).__name__}."
                )
            if verdict is not None:
                verdicts[approval.id] = verdict
                break


def _run_out(steps: _Steps) -> None:
    from chatkit._waiting import wait_for

    with contextlib.suppress(StopIteration):
        value = next(steps)
        while True:
            value = steps.send(wait_for(value) if inspect.isawaitable(value) else value)


async def _run_out_async(steps: _Steps) -> None:
    with contextlib.suppress(StopIteration):
        value = next(steps)
        while True:
            value = steps.send(await value if inspect.isawaitable(value) else value)
