"""What answers cost, as far as prices are known; and learning prices where they are needed."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable
from dataclasses import replace
from itertools import islice
from typing import Any, TypeAlias

from chatkit._engine.asks import Ask
from chatkit._engine.conversation import Conversation
from chatkit._engine.drivers import Means, drive
from chatkit._engine.entries import note_answer
from chatkit._engine.failures import service_of
from chatkit._engine.limits import Meter
from chatkit._errors import Cancelled, ChatkitError
from chatkit._http.messages import Transport
from chatkit._models.book import cost_of, origin_of
from chatkit._models.shelf import asked_lately
from chatkit._providers.provider import Provider
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.events import Event
from chatkit._turns.turns import AssistantTurn

Learning: TypeAlias = "Generator[Event | Ask, Any, None]"


def priced(talk: Conversation, provider: Provider, turn: AssistantTurn) -> AssistantTurn:
    """An answer with its cost, where the price is known by now; what the server itself told goes before all prices.

    Args:
        talk: The conversation.
        provider: Who was asked.
        turn: The answer.
    """
    if turn.cost is not None:
        return turn
    cost = cost_of(origin_of(provider, turn), turn.usage, talk.prices)
    return turn if cost is None else replace(turn, cost=cost)


def priced_now(talk: Conversation, turns: Iterable[Any]) -> list[Any]:
    """Turns of the history, with the cost of those answers whose price was not known when they came, and is now."""
    return [
        priced(talk, answered_by(talk, turn), turn) if isinstance(turn, AssistantTurn) and turn.cost is None else turn
        for turn in turns
    ]


def answered_by(talk: Conversation, turn: AssistantTurn) -> Provider:
    """Who gave an answer: the first who would ask for its model and has not failed, or else the chat's own provider."""
    failed = {(attempt.model, attempt.service) for attempt in turn.attempts}
    for provider in (talk.provider, *talk.fallbacks):
        asked = provider.asked_model
        if asked == turn.requested_model and (asked, service_of(provider)) not in failed:
            return provider
    return talk.provider


def recalled(talk: Conversation) -> Conversation:
    """A conversation from a file, with the answers of its history whose cost may still be found noted again.

    A file keeps their number, and not their tokens by where they came from. The newest are taken to be those.
    """
    turns = reversed(talk.history.turns)
    open_ = (turn for turn in turns if isinstance(turn, AssistantTurn) and turn.cost is None and not turn.interrupted)
    for turn in islice(open_, talk.spent.unknown_cost):
        talk.spent.unpriced.note(origin_of(answered_by(talk, turn), turn), turn.usage)
    return talk


def note(talk: Conversation, meter: Meter, turn: AssistantTurn) -> None:
    """Count a whole answer: for the limits, and for the session."""
    provider = answered_by(talk, turn)
    origin = origin_of(provider, turn)
    note_answer(provider.name, origin, turn)
    meter.note(turn, origin)


def cleared(talk: Conversation, meter: Meter) -> Learning:
    """Make sure that another request may be sent.

    Where cost is limited, and that of earlier answers is not known, their prices are looked for first.

    Args:
        talk: The conversation.
        meter: Holds the call to its limits.

    Raises:
        LimitError: when a limit is reached.
    """
    if meter.limits_cost:
        servers = meter.servers
        for provider in (talk.provider, *talk.fallbacks):
            if provider.base_url in servers:
                yield from learn_prices(provider)
        meter.settle(talk.prices)
    meter.check()


def costed(talk: Conversation, meter: Meter, turn: AssistantTurn) -> Generator[Event | Ask, Any, AssistantTurn]:
    """A whole answer, with its cost if that is limited and can be found; without a limit on cost nothing is sent.

    Args:
        talk: The conversation.
        meter: Holds the call to its limits.
        turn: The answer.
    """
    if turn.cost is not None or not meter.limits_cost or not is_counted(turn):
        return turn
    provider = answered_by(talk, turn)
    # The answer is there and paid for: who cancels now, cancels what comes next.
    with contextlib.suppress(Cancelled):
        yield from learn_prices(provider)
    return priced(talk, provider, turn)


def learn_prices(provider: Provider) -> Learning:
    """Fetch the list of a provider's server, unless it was asked for lately. A failure is no news here.

    Args:
        provider: Whose list.
    """
    if not asked_lately(provider.base_url):
        from chatkit._engine.listing import known_models

        yield from known_models(provider)


def is_counted(turn: AssistantTurn) -> bool:
    """Whether the tokens of an answer are known, so that a price would tell what it cost."""
    return turn.usage.input_tokens is not None and turn.usage.output_tokens is not None


def look_up(providers: Iterable[Provider], transport: Transport) -> None:
    """Have the lists of providers fetched that were not asked for theirs lately; what fails is no news.

    Args:
        providers: Whose lists.
        transport: Opens a line of its own for each, so that whatever else goes on is not disturbed.
    """
    for provider in providers:
        if not asked_lately(provider.base_url):
            with contextlib.suppress(ChatkitError):
                list(drive(learn_prices(provider), transport.line(), Means(Toolbox())))
