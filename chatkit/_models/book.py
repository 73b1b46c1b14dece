"""What an answer cost, looked up: in the user's own prices, in the server's list, and in genai-prices if it is there.

Nothing is sent here. A price that is not known for certain is unknown: nothing is guessed from a similar name, another
server, or another provider of the same model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from chatkit._models.genai import genai_cost
from chatkit._models.prices import FREE, Price
from chatkit._models.routes import POLICIES, provider_key
from chatkit._models.shelf import asked_lately, row_of
from chatkit._providers.huggingface import BASE_URL
from chatkit._providers.provider import Provider
from chatkit._turns.turns import AssistantTurn, Usage

if TYPE_CHECKING:
    from chatkit._models.rows import ModelInfo, ModelOffer


class Origin(NamedTuple):
    """Where an answer came from.

    Args:
        base_url: The server.
        asked: The model asked for, with its route.
        model: The model that answered, as the server called it; empty when it did not say.
        served_by: The inference provider that answered; empty when nobody said so.
    """

    base_url: str
    asked: str
    model: str = ""
    served_by: str = ""


def origin_of(provider: Provider, turn: AssistantTurn) -> Origin:
    """Where an answer of a provider's server came from."""
    return Origin(
        provider.base_url, turn.requested_model or provider.asked_model, turn.model or "", turn.served_by or ""
    )


def price_of(origin: Origin, prices: Mapping[str, Price]) -> Price | None:
    """The price of an answer, as far as it is a matter of tokens times price; None when it is not known.

    The user's own prices go first: that of the model with the provider that served it, that of the model as it was
    asked for, that of the model alone, and that of the model that answered. Then the server's own list counts, if it
    was fetched lately: the offer of the provider that served the answer, or the one that the route names; where
    neither is known, the price of all live offers if they have the same.

    Args:
        origin: Where it came from.
        prices: The user's own prices.
    """
    own = _own_price(origin, prices) if prices else None
    if own is not None:
        return own
    found = _offers(origin)
    if not found or any(offer.price is None and not offer.is_free for offer in found):
        return None
    each = {_price(offer) for offer in found}
    return each.pop() if len(each) == 1 else None


def cost_of(origin: Origin, usage: Usage, prices: Mapping[str, Price]) -> float | None:
    """US dollars of an answer; None when its tokens or its price are not known.

    Args:
        origin: Where it came from.
        usage: Its tokens.
        prices: The user's own prices.
    """
    price = price_of(origin, prices)
    if price is not None:
        return price.cost(usage)
    return genai_cost(_genai_url(origin), (origin.model, _split(origin.asked)[0]), usage)


def possible_costs(origin: Origin, usage: Usage, prices: Mapping[str, Price]) -> list[float | None]:
    """US dollars of an answer that is still to come, from each provider that may give it; None where unknown."""
    price = price_of(origin, prices)
    possible = [price] if price is not None else [_price(offer) for offer in _offers(origin)]
    if not possible:
        return [cost_of(origin, usage, prices)]
    return [price.cost(usage) if price is not None else None for price in possible]


def _own_price(origin: Origin, prices: Mapping[str, Price]) -> Price | None:
    name, route = _split(origin.asked)
    served_by = provider_key(origin.served_by or route)
    for key, price in prices.items():
        of_model, by = _split(key)
        if by and of_model == name and provider_key(by) == served_by:
            return price
    return next((prices[key] for key in (origin.asked, name, origin.model) if key in prices), None)


def _offers(origin: Origin) -> list[ModelOffer]:
    """The offers of the server's list that an answer may have come from."""
    row, route = _row(origin)
    if row is None:
        return []
    open_to_all = not route or route.lower() in POLICIES
    if not row.offers:
        # No router: what stands behind a colon is another model.
        return list(row.ways) if open_to_all else []
    provider = provider_key(origin.served_by or route)
    of_provider = [offer for offer in row.offers if provider_key(offer.provider) == provider]
    if of_provider or origin.served_by or not open_to_all:
        return of_provider
    return [offer for offer in row.offers if offer.status in (None, "live")]


def _row(origin: Origin) -> tuple[ModelInfo | None, str]:
    """The row of the model asked for, and the route to it. What follows a colon may be a part of the name too."""
    whole = row_of(origin.base_url, origin.asked)
    if whole is not None:
        return whole, ""
    name, route = _split(origin.asked)
    return row_of(origin.base_url, name), route


def _split(asked: str) -> tuple[str, str]:
    name, colon, route = asked.rpartition(":")
    return (name, route) if colon else (asked, "")


def _price(offer: ModelOffer) -> Price | None:
    return FREE if offer.is_free else offer.price


def _genai_url(origin: Origin) -> str:
    """The address by which genai-prices knows who served an answer.

    It knows the router's providers one by one. Since it takes its time to load, the router's own list goes first.
    """
    if origin.base_url != BASE_URL:
        return origin.base_url
    known = origin.served_by and asked_lately(BASE_URL)
    return f"{BASE_URL.removesuffix('/v1')}/{origin.served_by.strip().lower()}" if known else ""
