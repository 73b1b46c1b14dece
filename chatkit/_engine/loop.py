"""How a turn proceeds: one pure generator that asks its driver to act and tells its readers what happened.

It does no I/O, starts no thread and reads no clock, so it can be stepped by hand; the plain and the async driver run
the same loop.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Literal, TypeAlias

from chatkit._engine.asks import Ask, Pause, Receive, Release, Run, Script, Send
from chatkit._engine.conversation import Conversation
from chatkit._errors import (
    APIError,
    ConfigError,
    ContentFilterFinishReasonError,
    IncompleteOutputError,
    LengthFinishReasonError,
    ToolLoopLimitError,
)
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.events import Event, Retrying, ToolRequested, ToolReturned, TurnEnded, TurnStarted
from chatkit._turns.history import Draft, Settlement
from chatkit._turns.turns import AssistantTurn, UserTurn

Telling: TypeAlias = Generator[Event | Ask, Any, Any]
ToolMode: TypeAlias = Literal["sequential", "concurrent"]
_MAX_CONCESSIONS = 4
_MAY_RUN_TOOLS = ("stop", "tool_calls")


def is_concurrent(tool_mode: ToolMode) -> bool:
    """Whether the tools of one answer run at once.

    Raises:
        ConfigError: for a word that is no tool mode.
    """
    if tool_mode not in ("sequential", "concurrent"):
        raise ConfigError(f'`tool_mode` must be "sequential" or "concurrent", not {tool_mode!r}.')
    return tool_mode == "concurrent"


def converse(talk: Conversation, user: UserTurn, *, stream: bool, concurrent: bool) -> Script:
    """One call of `chat()` or `stream()`: ask, run the tools that the answer wants, and ask again until it wants none.

    Args:
        talk: The conversation; it is moved on.
        user: What the user says.
        stream: Whether answers shall come in pieces.
        concurrent: Whether the tools of one answer run at once.
    """
    answer: AssistantTurn = yield from ask(talk, user, stream=stream)
    rounds = 0
    while answer.tool_requests:
        results: UserTurn = yield from run_tools(talk, answer, concurrent=concurrent, last=rounds >= talk.max_rounds)
        rounds += 1
        answer = yield from ask(talk, results, committed=True, stream=stream)


def ask(talk: Conversation, turn: UserTurn, *, stream: bool, committed: bool = False) -> Telling:
    """Get one answer, trying again as long as nothing of it was seen and the failure may pass.

    Args:
        talk: The conversation.
        turn: The user turn to answer.
        stream: Whether the answer shall come in pieces.
        committed: Whether the turn stands in the history already, as tool results do.

    Returns:
        The whole assistant turn, which stands in the history.
    """
    yield TurnStarted(turn)
    user = None if committed else turn
    attempt, conceded = 1, 0
    with talk.history.draft(user) as draft:
        while (failure := (yield from _attempt(talk, user, draft, stream=stream))) is not None:
            failure.attempts = attempt
            if draft.writer is not None and draft.writer.begun:
                raise failure
            conceding = talk.provider.conceding(failure)
            if conceding is not None and conceded < _MAX_CONCESSIONS:
                talk.provider = conceding
                conceded += 1
                continue
            delay = talk.retries.delay(failure, attempt, talk.jitter)
            if delay is None:
                raise failure
            yield Retrying(attempt, delay, str(failure))
            yield Pause(delay)
            attempt += 1
    assert draft.turn is not None
    yield TurnEnded(draft.turn)
    return draft.turn


def _attempt(talk: Conversation, user: UserTurn | None, draft: Draft, *, stream: bool) -> Telling:
    """Send one request and read its answer into the draft; gives the failure, or None."""
    draft.writer = None
    try:
        request = talk.provider.request(
            talk.history.sendable(user), system=talk.system, tools=talk.toolbox.definitions, stream=stream
        )
        head = yield Send(request)
        if head.status >= 400:
            body = yield Receive()
            return talk.provider.explain(head, body.pieces[0].data if body else "")
        decoder = draft.writer = talk.provider.decoder(head)
        while not decoder.done and (batch := (yield Receive())) is not None:
            decoder.at = batch.at
            for piece in batch.pieces:
                yield from decoder.feed(piece)
        turn = decoder.finish()
        yield Release()
        draft.finish(turn)
    except APIError as error:
        # Not raised on from here: whether this is the end is decided outside of the except clause.
        failure = error
    else:
        return None
    return draft.writer.broken(failure) if draft.writer is not None else failure


def run_tools(talk: Conversation, answer: AssistantTurn, *, concurrent: bool, last: bool) -> Telling:
    """Run the tools that an answer asks for, and commit one result for each request, whatever happens.

    Args:
        talk: The conversation.
        answer: The whole answer.
        concurrent: Whether the tools run at once.
        last: Whether the limit of rounds is reached, so that none may run.

    Returns:
        The turn of results, which stands in the history.

    Raises:
        IncompleteOutputError: when the answer did not end in a way that lets its requests be trusted.
        ToolLoopLimitError: when the limit of rounds is reached.
    """
    with talk.history.settle(answer.tool_requests) as settlement:
        refusal = _refusal(answer, talk.max_rounds if last else None)
        if refusal is not None:
            settlement.refuse(refusal.summary)
            raise refusal
        for group in _groups(settlement.requests, concurrent):
            yield from _run_group(settlement, group, concurrent)
    assert settlement.turn is not None
    return settlement.turn


def _run_group(settlement: Settlement, group: range, concurrent: bool) -> Telling:
    requests = settlement.requests[group.start : group.stop]
    for request in requests:
        yield ToolRequested(request)
    results: list[ContentToolResult | None] = [None] * len(requests)
    try:
        yield Run(requests, results, concurrent)
    finally:
        # Also when a tool was interrupted: what is done is done.
        settlement.results[group.start : group.stop] = results
    for result in results:
        if result is not None:
            yield ToolReturned(result)


def _groups(requests: Sequence[ContentToolRequest], concurrent: bool) -> list[range]:
    if concurrent:
        return [range(len(requests))]
    return [range(index, index + 1) for index in range(len(requests))]


def _refusal(answer: AssistantTurn, limit: int | None) -> IncompleteOutputError | ToolLoopLimitError | None:
    """Why an answer's tools must not run, or None."""
    names = ", ".join(sorted({request.name for request in answer.tool_requests}))
    if answer.finish_reason not in _MAY_RUN_TOOLS:
        return _cut_off(answer, names)
    if limit is None:
        return None
    return ToolLoopLimitError(
        f"The model asked for tools in more than {limit} rounds of one call; the last ones ({names}) were not run.",
        hint="Raise max_tool_rounds if that many are right; the chat can go on.",
        limit=limit,
        turn=answer,
    )


def _cut_off(answer: AssistantTurn, names: str) -> IncompleteOutputError:
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
