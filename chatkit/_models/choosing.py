"""Choosing among models: which fit a wish, and which come first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from chatkit._errors import ConfigError
from chatkit._models.routes import provider_key
from chatkit._models.rows import ModelInfo, ModelOffer

SortKey: TypeAlias = Literal["id", "price", "context", "throughput", "latency", "created"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a model has to be; None does not matter. See `ModelList.filter`.

    Raises:
        ConfigError: when a wish is of the wrong kind.
    """

    tools: bool | None = None
    structured: bool | None = None
    modality: str | None = None
    provider: str | None = None
    max_price: float | None = None
    min_context: int | None = None
    search: str | None = None
    live: bool | None = None

    def __post_init__(self) -> None:
        for name in ("tools", "structured", "live"):
            _check(name, getattr(self, name), lambda value: isinstance(value, bool), "True, False")
        for name in ("modality", "provider", "search"):
            _check(name, getattr(self, name), lambda value: isinstance(value, str), "a text")
        _check("max_price", self.max_price, _is_number, "US dollars per million tokens")
        _check("min_context", self.min_context, _is_number, "a number of tokens")

    def fitting(self, model: ModelInfo) -> ModelInfo | None:
        """The model with the offers that fit, or None when it has none."""
        if not (self._is_found(model) and self._is_read(model)):
            return None
        fitting = tuple(offer for offer in model.ways if self._is_offered(offer, model))
        if not fitting:
            return None
        if len(fitting) == len(model.ways):
            return model
        lengths = [offer.context_length for offer in fitting if offer.context_length is not None]
        return replace(model, offers=fitting, context_length=max(lengths, default=model.context_length))

    def _is_found(self, model: ModelInfo) -> bool:
        if self.search is None:
            return True
        name = model.id.casefold()
        return all(word in name for word in self.search.casefold().split())

    def _is_read(self, model: ModelInfo) -> bool:
        return self.modality is None or self.modality.strip().lower() in model.input_modalities

    def _is_offered(self, offer: ModelOffer, model: ModelInfo) -> bool:
        return (
            self.tools in (None, offer.tools)
            and self.structured in (None, offer.structured)
            and (self.provider is None or provider_key(self.provider) == provider_key(offer.provider))
            and (self.live is None or (offer.status is not None and self.live is (offer.status == "live")))
            and self._is_affordable(offer)
            and self._is_long(offer, model)
        )

    def _is_affordable(self, offer: ModelOffer) -> bool:
        if self.max_price is None:
            return True
        return offer.price is not None and max(offer.price.input, offer.price.output) <= self.max_price

    def _is_long(self, offer: ModelOffer, model: ModelInfo) -> bool:
        if self.min_context is None:
            return True
        length = offer.context_length
        if length is None and all(other.context_length is None for other in model.offers):
            # The server's own word, for all of them.
            length = model.context_length
        return length is not None and length >= self.min_context


def sorted_models(models: Sequence[ModelInfo], by: Any, reverse: bool) -> list[ModelInfo]:
    """The models in an order. See `ModelList.sort`.

    Raises:
        ConfigError: when there is no such order.
    """
    check_sort(by)
    key = _KEYS[by]
    known = [(value, model) for model in models if (value := key(model)) is not None]
    ordered = [model for _, model in sorted(known, key=lambda pair: pair[0], reverse=bool(reverse))]
    return ordered + [model for model in models if key(model) is None]


def check_sort(by: Any) -> None:
    """Make sure that there is such an order.

    Raises:
        ConfigError: when there is none.
    """
    if not isinstance(by, str) or by not in _KEYS:
        raise ConfigError(f"Models can be sorted by {', '.join(map(repr, _KEYS))}, not by {by!r}.")


def _by_price(model: ModelInfo) -> tuple[float, float] | None:
    price = model.lowest_price
    return None if price is None else (price.output, price.input)


def _downward(name: str) -> Callable[[ModelInfo], float | None]:
    def key(model: ModelInfo) -> float | None:
        value = getattr(model, name)
        return None if value is None else -value

    return key


_KEYS: dict[str, Callable[[ModelInfo], Any]] = {
    "id": lambda model: (model.id.casefold(), model.id),
    "price": _by_price,
    "context": _downward("context_length"),
    "throughput": _downward("throughput"),
    "latency": lambda model: model.latency,
    "created": _downward("created"),
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _check(name: str, value: Any, fits: Callable[[Any], bool], kind: str) -> None:
    if value is not None and not fits(value):
        raise ConfigError(f"`{name}` must be {kind} or None, not {value!r}.")
