"""What answers cost, as far as prices are known."""

from __future__ import annotations

from chatkit._engine.conversation import Conversation
from chatkit._providers.provider import Provider
from chatkit._turns.turns import AssistantTurn


def priced(talk: Conversation, provider: Provider, turn: AssistantTurn) -> AssistantTurn:
    """An answer with its cost, where the price is known by now.

    Args:
        talk: The conversation.
        provider: Who was asked.
        turn: The answer.
    """
    return turn
