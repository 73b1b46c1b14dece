"""Models as a server lists them: one row per model, and in it one offer per provider that serves it."""

from __future__ import annotations

from collections.abc import Iterable
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

    @property
    def ways(self) -> tuple[ModelOffer, ...]:
        """The offers; where there are none, one without a provider's name, of what the server says of the model."""
        own = ModelOffer("", None, self.context_length, self.price, self.tools, self.structured)
        return self.offers or (own,)

    @property
    def providers(self) -> tuple[str, ...]:
        """The names of the providers that serve it."""
        return tuple(dict.fromkeys(offer.provider for offer in self.offers))

    @property
    def cheapest(self) -> ModelOffer | None:
        """The offer with the lowest price of output, and of input among equals; None when no price is known.

        Offers that are not live count only where no other has a price: nobody can have them.
        """
        priced = [(way.price.output, way.price.input, way) for way in self.ways if way.price is not None]
        usable = [found for found in priced if found[2].status in (None, "live")] or priced
        return min(usable, key=lambda found: found[:2])[2] if usable else None

    @property
    def lowest_price(self) -> Price | None:
        """The price of the cheapest offer."""
        return self.cheapest.price if self.cheapest is not None else None

    @property
    def tools_anywhere(self) -> bool | None:
        """Whether any offer takes tools; None when none says so and not all deny it."""
        return _anywhere(way.tools for way in self.ways)

    @property
    def structured_anywhere(self) -> bool | None:
        """Whether any offer gives typed answers by a JSON schema; None as for `tools_anywhere`."""
        return _anywhere(way.structured for way in self.ways)

    @property
    def reads_images(self) -> bool | None:
        """Whether it takes images; None when the list does not say what it takes."""
        return "image" in self.input_modalities if self.input_modalities else None

    @property
    def live(self) -> bool | None:
        """Whether any offer is live; None when the list does not say."""
        return _anywhere(None if way.status is None else way.status == "live" for way in self.ways)

    @property
    def throughput(self) -> float | None:
        """Tokens per second of the fastest offer."""
        return max((way.throughput for way in self.ways if way.throughput is not None), default=None)

    @property
    def latency(self) -> float | None:
        """Seconds until the first token of the quickest offer."""
        return min((way.latency for way in self.ways if way.latency is not None), default=None)


def _anywhere(told: Iterable[bool | None]) -> bool | None:
    known = list(told)
    return True if True in known else None if None in known else False
