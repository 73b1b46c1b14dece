"""What to say when a model is not there: names that are near, from the server's own list.

Lists are not complete, so no name is checked against one beforehand; only once a server has refused a name is its list
asked what may have been meant.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from chatkit._engine.asks import Ask
from chatkit._engine.conversation import Conversation
from chatkit._errors import APIError, APIStatusError
from chatkit._providers.provider import Provider
from chatkit._turns.events import Event

_STATUSES = (400, 404, 422)


def suggested(talk: Conversation, provider: Provider, error: APIError) -> Generator[Event | Ask, Any, APIError]:
    """The error, with names of models that are near in its hint where it says that there is no such model.

    Whatever becomes of the list, it is this error and no other, unless the call is cancelled meanwhile.

    Args:
        talk: The conversation.
        provider: Who was asked.
        error: What it came to.
    """
    if not isinstance(error, APIStatusError) or error.status_code not in _STATUSES:
        return error
    # Opened here: most chats never need it.
    from chatkit._engine.listing import known_models
    from chatkit._engine.missing_model import advice_on, says_no_model

    if not says_no_model(error):
        return error
    models = yield from known_models(provider)
    advice = advice_on(provider.asked_model, models) if models else ""
    if advice:
        error.hint = f"{error.hint} {advice}".strip()
    return error
