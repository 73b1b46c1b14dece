"""Models as plain rows of plain values, one for each model and offer: for tables of data and for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from chatkit._models.rows import ModelInfo, ModelOffer

COLUMNS = (
    "id",
    "provider",
    "status",
    "context_length",
    "input_price",
    "output_price",
    "cached_input_price",
    "tools",
    "structured",
    "throughput",
    "latency",
    "is_free",
    "is_model_author",
    "input_modalities",
    "output_modalities",
    "owned_by",
    "created",
)
"""What a row has: prices in US dollars per million tokens, modalities as lists, `created` in seconds since 1970."""


def spread(models: Iterable[ModelInfo]) -> Iterator[dict[str, Any]]:
    """The rows of models; a model without offers has one row, without a provider."""
    return (_row(model, offer) for model in models for offer in model.ways)


def _row(model: ModelInfo, offer: ModelOffer) -> dict[str, Any]:
    price = offer.price
    values = (
        model.id,
        offer.provider or None,
        offer.status,
        offer.context_length,
        None if price is None else price.input,
        None if price is None else price.output,
        None if price is None else price.cached_input,
        offer.tools,
        offer.structured,
        offer.throughput,
        offer.latency,
        offer.is_free,
        offer.is_model_author,
        list(model.input_modalities),
        list(model.output_modalities),
        model.owned_by,
        model.created,
    )
    return dict(zip(COLUMNS, values, strict=True))
