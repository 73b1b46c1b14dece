"""Models as a server lists them: one row per model, and in it one offer per provider that serves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chatkit._models.prices import Price


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """What one inference provider offers of a model. None means that the list does not say.

    Args:
        provider: Its name, such as "groq".
        status: "live", "staging", "error", or another word of the server.
        context_length: Tokens of request and answer together.
        price: US dollars per million tokens.
        tools: Whether it takes tools. Advisory, as lists are: chatkit never refuses a request because of it.
        structured: Whether it gives typed answers by a JSON schema. Advisory too.
        throughput: Tokens per second.
        latency: Seconds until the first token.
        is_free: Whether it costs nothing.
        is_model_author: Whether the provider made the model.
    """

    provider: str
    status: str | None = None
    context_length: int | None = None
    price: Price | None = None
    tools: bool | None = None
    structured: bool | None = None
    throughput: float | None = None
    latency: float | None = None
    is_free: bool | None = None
    is_model_author: bool | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as a server lists it. None, or nothing, means that the list does not say.

    Args:
        id: Its name, to be given as `model=`.
        owned_by: Who made it.
        created: When, in seconds since 1970, UTC.
        input_modalities: What it reads: "text", "image", "audio", "video".
        output_modalities: What it writes.
        context_length: Tokens of request and answer together: the most that an offer has, or the server's own word.
        offers: The providers that serve it, in the list's order; empty where a server serves its models itself.
        price: The price where there are no offers to have one each.
        tools: Whether the server itself takes tools with it, where there are no offers.
        structured: The same for typed answers.
        raw: The row as the server sent it.
    """

    id: str
    owned_by: str | None = None
    created: int | None = None
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    context_length: int | None = None
    offers: tuple[ModelOffer, ...] = ()
    price: Price | None = None
    tools: bool | None = None
    structured: bool | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
