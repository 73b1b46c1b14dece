"""How one answer is reached: send, read, and try again as long as nothing of it was seen."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from chatkit._engine.asks import Ask, Pause, Receive, Release, Send
from chatkit._engine.conversation import Conversation
from chatkit._engine.pricing import priced
from chatkit._engine.suggesting import suggested
from chatkit._errors import APIError
from chatkit._http.messages import Request
from chatkit._providers.provider import Provider
from chatkit._turns.events import Event, Retrying
from chatkit._turns.history import Draft
from chatkit._turns.turns import AssistantTurn

Reaching: TypeAlias = Generator[Event | Ask, Any, AssistantTurn]
_MAX_CONCESSIONS = 4


def reach(talk: Conversation, draft: Draft, word: Callable[[Provider], Request]) -> Reaching:
    """Get one answer, as `ask` does, but leave it to the caller to commit it.

    Args:
        talk: The conversation.
        draft: Where the answer is being written.
        word: Words the request for a provider; it is called again for each attempt.

    Returns:
        The whole assistant turn.
    """
    attempt, conceded = 1, 0
    while isinstance(reached := (yield from _attempt(talk, draft, word)), APIError):
        reached.attempts = attempt
        if draft.writer is not None and draft.writer.begun:
            raise reached
        conceding = talk.provider.conceding(reached)
        if conceding is not None and conceded < _MAX_CONCESSIONS:
            talk.provider = conceding
            conceded += 1
            continue
        delay = talk.retries.delay(reached, attempt, talk.jitter)
        if delay is None:
            raise (yield from suggested(talk, talk.provider, reached))
        yield Retrying(attempt, delay, str(reached))
        yield Pause(delay)
        attempt += 1
    return priced(talk, talk.provider, reached)


def _attempt(
    talk: Conversation, draft: Draft, word: Callable[[Provider], Request]
) -> Generator[Event | Ask, Any, AssistantTurn | APIError]:
    """Send one request and read its answer; gives it, or the failure."""
    draft.writer = None
    try:
        head = yield Send(word(talk.provider))
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
    except APIError as error:
        # Not raised on from here: whether this is the end is decided outside of the except clause.
        failure = error
    else:
        return turn
    return draft.writer.broken(failure) if draft.writer is not None else failure
