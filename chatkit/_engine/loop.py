"""How a turn proceeds: one pure generator that asks its driver to act and tells its readers what happened.

It does no I/O, starts no thread and reads no clock, so it can be stepped by hand; the plain and the async driver run
the same loop.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import partial
from typing import Any, Literal, TypeAlias

from chatkit._engine.asks import Ask
from chatkit._engine.conversation import Conversation
from chatkit._engine.limits import Limits, Meter
from chatkit._engine.pricing import cleared, costed, note
from chatkit._engine.reaching import reach
from chatkit._engine.tool_choice import check_tool_choice, is_spare, lasting
from chatkit._engine.tool_rounds import resume_tools, run_tools
from chatkit._errors import APIStatusError, ConfigError
from chatkit._http.messages import Request
from chatkit._providers.provider import Provider
from chatkit._turns.approvals import Verdict, waiting_requests
from chatkit._turns.events import Event, TurnEnded, TurnStarted
from chatkit._turns.turns import AssistantTurn, UserTurn

Telling: TypeAlias = Generator[Event | Ask, Any, Any]
Dialogue: TypeAlias = Generator[Event | Ask, Any, AssistantTurn | None]
ToolMode: TypeAlias = Literal["sequential", "concurrent"]


def is_concurrent(tool_mode: ToolMode) -> bool:
    """Whether the tools of one answer run at once.

    Raises:
        ConfigError: for a word that is no tool mode.
    """
    if tool_mode not in ("sequential", "concurrent"):
        raise ConfigError(f'`tool_mode` must be "sequential" or "concurrent", not {tool_mode!r}.')
    return tool_mode == "concurrent"


def converse(
    talk: Conversation,
    user: UserTurn,
    *,
    stream: bool,
    concurrent: bool,
    limits: Limits | None = None,
    tool_choice: str | None = None,
) -> Dialogue:
    """One call of `chat()` or `stream()`: ask, run the tools that the answer wants, and ask again until it wants none.

    Args:
        talk: The conversation; it is moved on.
        user: What the user says.
        stream: Whether answers shall come in pieces.
        concurrent: Whether the tools of one answer run at once.
        limits: What the call may use up.
        tool_choice: "auto", "none", "required" or the name of a tool. What demands a call counts for the first
            request only, or the model could never come to an end; the rest holds for all requests of the call.

    Returns:
        The last answer; None when tool calls wait for approval.
    """
    # A stream may have been made long before, when there were other tools.
    check_tool_choice(tool_choice, talk.toolbox.tools)
    meter = talk.meter(limits)
    yield from cleared(talk, meter)
    answer = yield from ask(talk, user, meter, stream=stream, tool_choice=tool_choice)
    further = lasting(tool_choice)
    return (yield from _go_on(talk, answer, meter, stream=stream, concurrent=concurrent, tool_choice=further))


def resume(
    talk: Conversation,
    verdicts: Mapping[str, Verdict],
    *,
    stream: bool,
    concurrent: bool,
    limits: Limits | None = None,
) -> Dialogue:
    """One call of `resume()`: go on with the tool calls that waited for approval, and then as `converse` does.

    Args:
        talk: The conversation; it is moved on.
        verdicts: What was decided, by the token of the call; calls without a verdict go on waiting.
        stream: As for `converse`.
        concurrent: As for `converse`.
        limits: As for `converse`.

    Returns:
        As for `converse`.
    """
    meter = talk.meter(limits)
    yield from cleared(talk, meter)
    waiting = waiting_requests(talk.history.turns)
    results: UserTurn | None = yield from resume_tools(talk, waiting, verdicts, meter, concurrent=concurrent)
    if results is None:
        return None
    answer = yield from ask(talk, results, meter, committed=True, stream=stream)
    return (yield from _go_on(talk, answer, meter, stream=stream, concurrent=concurrent))


def _go_on(
    talk: Conversation,
    answer: AssistantTurn,
    meter: Meter,
    *,
    stream: bool,
    concurrent: bool,
    tool_choice: str | None = None,
) -> Dialogue:
    # Not all servers heed "none", and a tool that the user ruled out must not run because of that.
    barred = tool_choice == "none"
    while answer.tool_requests:
        results: UserTurn | None = yield from run_tools(talk, answer, meter, concurrent=concurrent, barred=barred)
        if results is None:
            return None
        meter.check()
        answer = yield from ask(talk, results, meter, committed=True, stream=stream, tool_choice=tool_choice)
    return answer


def ask(
    talk: Conversation,
    turn: UserTurn,
    meter: Meter,
    *,
    stream: bool,
    committed: bool = False,
    tool_choice: str | None = None,
) -> Telling:
    """Get one answer, trying again as long as nothing of it was seen and the failure may pass.

    Args:
        talk: The conversation.
        turn: The user turn to answer.
        meter: Counts the answer.
        stream: Whether the answer shall come in pieces.
        committed: Whether the turn stands in the history already, as tool results do.
        tool_choice: As for `converse`.

    Returns:
        The whole assistant turn, which stands in the history.
    """
    yield TurnStarted(turn)
    user = None if committed else turn

    def word(provider: Provider, choice: str | None = tool_choice) -> Request:
        return provider.request(
            talk.history.sendable(user),
            system=talk.system,
            tools=talk.toolbox.definitions,
            stream=stream,
            tool_choice=choice,
        )

    with talk.history.draft(user) as draft:
        try:
            answer = yield from reach(talk, draft, word)
        except APIStatusError as error:
            if not is_spare(tool_choice, error):
                raise
            answer = None
        if answer is None:
            answer = yield from reach(talk, draft, partial(word, choice=None))
        draft.finish((yield from costed(talk, meter, answer)))
    assert draft.turn is not None
    # Before it is told: a reader may leave here, and the answer was paid for.
    note(talk, meter, draft.turn)
    yield TurnEnded(draft.turn)
    return draft.turn
