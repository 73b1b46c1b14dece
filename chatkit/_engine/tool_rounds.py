"""A round of tool calls: which may run, which wait for approval, and one result for each in the history."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from chatkit._engine.asks import Ask, Decide, Run
from chatkit._engine.conversation import Conversation
from chatkit._engine.limits import Meter
from chatkit._errors import (
    ConfigError,
    ContentFilterFinishReasonError,
    IncompleteOutputError,
    LengthFinishReasonError,
)
from chatkit._turns.approvals import PendingApproval, Verdict
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.events import ApprovalRequested, Event, ToolRequested, ToolReturned
from chatkit._turns.history import Settlement
from chatkit._turns.turns import AssistantTurn, UserTurn

if TYPE_CHECKING:
    from chatkit._tools.tool import Tool

ToolRound: TypeAlias = Generator[Event | Ask, Any, UserTurn | None]
_Telling: TypeAlias = Generator[Event | Ask, Any, None]
_MAY_RUN_TOOLS = ("stop", "tool_calls")
# A model that asks for more in one answer is out of its mind, and so many results fill any context.
MAX_CALLS = 64
_TOO_MANY = f"Only the first {MAX_CALLS} tool calls of an answer are run; this one was not. Ask again if it matters."
_BARRED = "The user does not want tools to be used for this answer: give it in words."


def run_tools(
    talk: Conversation, answer: AssistantTurn, meter: Meter, *, concurrent: bool, barred: bool = False
) -> ToolRound:
    """Run the tools that an answer asks for, and commit one result for each request, whatever happens.

    Args:
        talk: The conversation.
        answer: The whole answer.
        meter: Says whether they may run.
        concurrent: Whether the tools run at once.
        barred: Whether none may run; the model is told so.

    Returns:
        The turn of results, which stands in the history; None when some calls wait for approval, which then have
        no result yet.

    Raises:
        IncompleteOutputError: when the answer did not end in a way that lets its requests be trusted.
        LimitError: when a limit is reached.
    """
    with talk.history.settle(answer.tool_requests) as settlement:
        most, why = (0, _BARRED) if barred else (MAX_CALLS, _TOO_MANY)
        refusal = _cut_off(answer) or meter.admit(min(len(settlement.requests), most))
        if refusal is not None:
            settlement.refuse(refusal.summary)
            raise refusal
        spare = settlement.open[most:]
        yield from _run_group(settlement, spare, False, {settlement.requests[index].id: why for index in spare})
        verdicts = yield from _decide(talk, settlement)
        yield from _settle(settlement, verdicts, concurrent)
    return settlement.turn if not settlement.waiting else None


def resume_tools(
    talk: Conversation,
    requests: Sequence[ContentToolRequest],
    verdicts: Mapping[str, Verdict],
    meter: Meter,
    *,
    concurrent: bool,
) -> ToolRound:
    """Go on with calls that waited for approval; those without a verdict go on waiting.

    Args:
        talk: The conversation.
        requests: The calls that wait.
        verdicts: What was decided, by the token of the call.
        meter: Says whether those approved may run.
        concurrent: Whether the tools run at once.

    Returns:
        As for `run_tools`.

    Raises:
        ConfigError: when a call that was decided on does not wait any more; nothing was run.
        LimitError: when a limit is reached; all calls go on waiting.
    """
    tokens = [PendingApproval(request).token for request in requests]
    if not verdicts.keys() <= set(tokens):
        raise ConfigError("A call that was decided on does not wait any more: the chat has moved on since.")
    decided = {index: verdicts[token] for index, token in enumerate(tokens) if token in verdicts}
    meter.admit_approved(sum(verdict is True for verdict in decided.values()))
    with talk.history.settle(requests) as settlement:
        settlement.waiting = [index for index in settlement.open if index not in decided]
        yield from _settle(settlement, decided, concurrent)
    return settlement.turn if not settlement.waiting else None


def _decide(talk: Conversation, settlement: Settlement) -> Generator[Event | Ask, Any, dict[int, Verdict]]:
    """Ask about the calls that need approval; those that nobody decides on wait."""
    requests = settlement.requests
    tools = talk.toolbox.tools
    # Nothing has run yet. Until all is decided everything waits, also when the asking is left or goes wrong.
    settlement.waiting = settlement.open
    asked = [index for index in settlement.waiting if _needs_approval(tools.get(requests[index].name), requests[index])]
    verdicts: dict[str, Verdict] = {}
    if asked:
        pending = tuple(PendingApproval(requests[index]) for index in asked)
        for approval in pending:
            yield ApprovalRequested(approval)
        yield Decide(pending, verdicts)
    settlement.waiting = [index for index in asked if requests[index].id not in verdicts]
    return {index: verdicts[requests[index].id] for index in asked if requests[index].id in verdicts}


def _needs_approval(tool: Tool | None, request: ContentToolRequest) -> bool:
    # One that is unknown does not run anyway, and the model will be told so.
    return tool is not None and tool.needs_approval(request)


def _settle(settlement: Settlement, verdicts: Mapping[int, Verdict], concurrent: bool) -> _Telling:
    """Run what may run, and answer what was denied."""
    requests = settlement.requests
    denied = [index for index in settlement.open if verdicts.get(index, True) is not True]
    reasons = {requests[index].id: _denial(verdicts[index]) for index in denied}
    yield from _run_group(settlement, denied, False, reasons)
    for group in _groups(settlement.open, concurrent):
        yield from _run_group(settlement, group, concurrent)


def _run_group(
    settlement: Settlement, group: Sequence[int], concurrent: bool, denied: Mapping[str, str] | None = None
) -> _Telling:
    """Run calls, or have those denied answered in the same way, so that all who hear of results hear of these too."""
    requests = tuple(settlement.requests[index] for index in group)
    if not requests:
        return
    for request in requests if denied is None else ():
        yield ToolRequested(request)
    results: list[ContentToolResult | None] = [None] * len(requests)
    try:
        yield Run(requests, results, concurrent, denied or {})
    finally:
        # Also when a tool was interrupted: what is done is done.
        for index, result in zip(group, results, strict=True):
            settlement.results[index] = result
    for result in results:
        if result is not None:
            yield ToolReturned(result)


def _groups(indexes: Sequence[int], concurrent: bool) -> list[list[int]]:
    if concurrent and indexes:
        return [list(indexes)]
    return [[index] for index in indexes]


def _denial(verdict: Verdict) -> str:
    reason = verdict if isinstance(verdict, str) and verdict.strip() else "The user did not allow it."
    return f"Tool call denied. {reason}"


def _cut_off(answer: AssistantTurn) -> IncompleteOutputError | None:
    """Why the requests of an answer cannot be trusted, if they cannot."""
    if answer.finish_reason in _MAY_RUN_TOOLS:
        return None
    names = ", ".join(sorted({request.name for request in answer.tool_requests}))
    if answer.finish_reason == "length":
        return LengthFinishReasonError(
            f"The answer was cut off at max_tokens while it asked for tools ({names}); no tool was run.",
            hint="Raise max_tokens.",
            turn=answer,
        )
    if answer.finish_reason == "content_filter":
        return ContentFilterFinishReasonError(
            f"A content filter ended the answer while it asked for tools ({names}); no tool was run.", turn=answer
        )
    return IncompleteOutputError(
        f"The answer asked for tools ({names}) but ended with finish reason {answer.finish_reason!r}; no tool was run.",
        turn=answer,
    )
