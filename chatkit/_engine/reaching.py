"""How one answer is reached: send, read, and ask again, or another, as long as nothing of it was seen."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from chatkit._engine.asks import Ask, Pause, Receive, Release, Send
from chatkit._engine.attempts import Attempts
from chatkit._engine.conversation import Conversation
from chatkit._engine.failures import Failure
from chatkit._engine.pricing import priced
from chatkit._engine.suggesting import suggested
from chatkit._errors import APIError, ConfigError, MediaError
from chatkit._http.messages import Request
from chatkit._providers.provider import Provider
from chatkit._turns.events import Event
from chatkit._turns.history import Draft
from chatkit._turns.turns import AssistantTurn

Reaching: TypeAlias = Generator[Event | Ask, Any, AssistantTurn]
_Attempt: TypeAlias = "Generator[Event | Ask, Any, AssistantTurn | Failure]"


def reach(talk: Conversation, draft: Draft, word: Callable[[Provider], Request]) -> Reaching:
    """Get one answer, as `ask` does, but leave it to the caller to commit it.

    Args:
        talk: The conversation.
        draft: Where the answer is being written.
        word: Words the request for a provider; it is called again for each attempt.

    Returns:
        The whole assistant turn.
    """
    attempts = Attempts(talk)
    while not isinstance(reached := (yield from _asked(attempts, draft, word)), AssistantTurn):
        attempts.fail(reached)
        step = None if _begun(draft) else attempts.follow()
        if step is None:
            if isinstance(reached, APIError) and not _begun(draft):
                reached = yield from suggested(talk, attempts.provider, reached)
            raise attempts.given_up(reached)
        yield step
        if step.delay:
            yield Pause(step.delay)
    return attempts.answered(priced(talk, attempts.provider, reached))


def _asked(attempts: Attempts, draft: Draft, word: Callable[[Provider], Request]) -> _Attempt:
    """Ask one provider, giving in to what its server refuses as far as that is known; gives what it comes to."""
    while True:
        reached = yield from _attempt(attempts.provider, draft, word)
        if not isinstance(reached, APIError) or _begun(draft) or not attempts.concede(reached):
            return reached


def _attempt(provider: Provider, draft: Draft, word: Callable[[Provider], Request]) -> _Attempt:
    """Send one request and read its answer; gives it, or the failure."""
    draft.writer = None
    try:
        head = yield Send(word(provider))
        if head.status >= 400:
            body = yield Receive()
            return provider.explain(head, body.pieces[0].data if body else "")
        decoder = draft.writer = provider.decoder(head)
        while not decoder.done and (batch := (yield Receive())) is not None:
            decoder.at = batch.at
            for piece in batch.pieces:
                yield from decoder.feed(piece)
        turn = decoder.finish()
        yield Release()
    except (APIError, ConfigError, MediaError) as error:
        # Not raised on from here: whether this is the end is decided outside of the except clause. And without the
        # frames that read the answer: their variables hold what the server said, and it may repeat the key.
        failure = error.with_traceback(None)
    else:
        return turn
    return draft.writer.broken(failure) if draft.writer is not None and isinstance(failure, APIError) else failure


def _begun(draft: Draft) -> bool:
    return draft.writer is not None and draft.writer.begun
