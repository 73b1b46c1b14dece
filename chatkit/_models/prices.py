"""What tokens cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from chatkit._errors import ConfigError
from chatkit._turns.turns import Usage, short_repr

DEAREST = 1e9
"""Beyond this a number is no price."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in US dollars per million tokens.

    Reasoning is paid as output. Tokens from a cache are paid in full unless there is a price for them: a price list
    that has none must not make the cost unknown, and a cost that is too high is safer than one that is too low.

    Args:
        input: Tokens of the request, 0 or more.
        output: Tokens of the answer, reasoning included, 0 or more.
        cached_input: Tokens of the request that came from a cache; None counts them like the others.

    Raises:
        ConfigError: when a price is no number of 0 or more.
    """

    input: float
    output: float
    cached_input: float | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            optional = item.name == "cached_input" and value is None
            if not optional and not (number and 0 <= value <= DEAREST):
                raise ConfigError(f"The price `{item.name}` must be US dollars per million tokens, not {value!r}.")

    def __repr__(self) -> str:
        return short_repr(self)

    def cost(self, usage: Usage) -> float | None:
        """US dollars of an answer; None when its tokens are not known.

        Args:
            usage: The tokens.
        """
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        cached = min(usage.cached_tokens or 0, usage.input_tokens) if self.cached_input is not None else 0
        fresh = usage.input_tokens - cached
        return (fresh * self.input + cached * (self.cached_input or 0.0) + usage.output_tokens * self.output) / 1e6


FREE = Price(0, 0)
"""What costs nothing."""
PriceLike: TypeAlias = "Price | tuple[float, float] | tuple[float, float, float]"


def check_prices(prices: Mapping[str, PriceLike] | None) -> dict[str, Price]:
    """A user's own prices, checked.

    Args:
        prices: By the model's name, which may have a route behind it (`"org/name:groq"`): a `Price`, or the numbers
            that make one.

    Raises:
        ConfigError: when they are something else.
    """
    if not isinstance(prices, Mapping | None):
        raise ConfigError(f"`prices` must be a mapping of models to prices, not {type(prices).__name__}.")
    return {_name(name): _price(name, price) for name, price in (prices or {}).items()}


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(f"`prices` is by the names of models, and {name!r} is none.")
    return name


def _price(name: str, price: Any) -> Price:
    if isinstance(price, Price):
        return price
    if isinstance(price, tuple | list) and len(price) in (2, 3):
        return Price(*price)
    raise ConfigError(f"The price of {name!r} must be a Price, or (input, output), not {price!r}.")
