"""Reading the lists of models that servers give: each in its own words, and any part of them may be missing or wrong.

Read are the list of Hugging Face's router (https://huggingface.co/docs/inference-providers/hub-api), OpenAI's
`{"data": [...]}`, bare lists, and the `{"models": [...]}` of Ollama and llama.cpp; and of a row what OpenRouter, vLLM,
LM Studio, Groq, Mistral, Together, DeepInfra and llama.cpp add to it. What cannot be understood is unknown, and harms
nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from chatkit._models.fields import amount, flag, flags, length, texts, whole
from chatkit._models.prices import DEAREST, Price
from chatkit._models.rows import ModelInfo, ModelOffer
from chatkit._turns.characters import whole_characters

_LONGEST_NAME = 1000
_LENGTHS = (
    "context_length",
    "max_model_len",
    "context_window",
    "loaded_context_length",
    "max_context_length",
    "max_input_tokens",
    "n_ctx",
    "n_ctx_train",
)
_MILLION = 1e6


def read_models(text: str) -> tuple[ModelInfo, ...] | None:
    """The models of a server's answer.

    Args:
        text: The body of the answer.

    Returns:
        The rows that have a name, each name once; None when the text holds no list of models at all.
    """
    try:
        # Whoever writes a number of thousands of digits spoils that number alone, not the list.
        body = json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError):
        return None
    listed = _listed(body)
    if listed is None:
        return None
    models: dict[str, ModelInfo] = {}
    for entry in listed:
        model = _model(entry)
        if model is not None:
            models.setdefault(model.id, model)
    return tuple(models.values())


def _integer(digits: str) -> float | int:
    return int(digits) if len(digits) < 300 else float("inf")


def _listed(body: Any) -> list[Any] | None:
    places = [body, *(body.get(name) for name in ("data", "models"))] if isinstance(body, dict) else [body]
    lists = [place for place in places if isinstance(place, list)]
    return next(filter(None, lists), lists[0] if lists else None)


def _model(entry: Any) -> ModelInfo | None:
    row = {"id": entry} if isinstance(entry, str) else entry
    if not isinstance(row, dict):
        return None
    name = next((name for key in ("id", "model", "name") if (name := _text(row.get(key)))), None)
    if name is None:
        return None
    offers = tuple(_offers(row.get("providers")))
    lengths = [offer.context_length for offer in offers if offer.context_length is not None]
    return ModelInfo(
        name,
        owned_by=_text(row.get("owned_by")),
        created=whole(row.get("created")),
        input_modalities=_modalities(row, "input"),
        output_modalities=_modalities(row, "output"),
        context_length=_length(row) or max(lengths, default=None),
        offers=offers,
        price=_price(row),
        tools=_can(row, "tools"),
        structured=_can(row, "structured"),
        raw=row,
    )


def _offers(given: Any) -> Iterable[ModelOffer]:
    for row in given if isinstance(given, list) else ():
        name = _text(row.get("provider")) if isinstance(row, dict) else None
        if name is not None:
            wait = amount(row.get("first_token_latency_ms"))
            yield ModelOffer(
                name,
                status=_text(row.get("status")),
                context_length=_length(row),
                price=_price(row),
                tools=_can(row, "tools"),
                structured=_can(row, "structured"),
                throughput=amount(row.get("throughput")),
                latency=None if wait is None else wait / 1000,
                is_free=flag(row.get("is_free")),
                is_model_author=flag(row.get("is_model_author")),
            )


def _text(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_NAME:
        return None
    return whole_characters(value)


def _parts(row: dict[str, Any]) -> list[dict[str, Any]]:
    """A row, and what some servers put into a box of its own."""
    boxes = (row.get(name) for name in ("meta", "metadata", "top_provider"))
    return [row, *(box for box in boxes if isinstance(box, dict))]


def _length(row: dict[str, Any]) -> int | None:
    found = (length(part.get(name)) for part in _parts(row) for name in _LENGTHS)
    return next((tokens for tokens in found if tokens is not None), None)


def _price(row: dict[str, Any]) -> Price | None:
    priced = (_price_of(part.get("pricing")) for part in _parts(row))
    told = next((price for price in priced if price is not None), None)
    return Price(0.0, 0.0) if told is None and row.get("is_free") is True else told


def _price_of(given: Any) -> Price | None:
    """The router's, Together's and DeepInfra's prices are per million tokens, OpenRouter's are per token."""
    if not isinstance(given, dict):
        return None
    for names, unit in (
        (("input", "output", "cached_input"), 1.0),
        (("input_tokens", "output_tokens", "cache_read_tokens"), 1.0),
        (("prompt", "completion", "input_cache_read"), _MILLION),
    ):
        paid, got, cached = (_dollars(given.get(name), unit) for name in names)
        if paid is not None and got is not None:
            return Price(paid, got, cached)
    return None


def _dollars(value: Any, unit: float) -> float | None:
    number = amount(value, unit)
    return number if number is not None and number <= DEAREST else None


def _modalities(row: dict[str, Any], side: str) -> tuple[str, ...]:
    shape = row.get("architecture")
    boxes = [shape, row] if isinstance(shape, dict) else [row]
    told = [texts(box.get(name)) for box in boxes for name in (f"{side}_modalities", f"supported_{side}_modalities")]
    found = next(filter(None, told), ()) or (_arrow(boxes[0].get("modality"), side))
    sees = side == "input" and _can(row, "images")
    return found if found or not sees else ("text", "image")


def _arrow(given: Any, side: str) -> tuple[str, ...]:
    """OpenRouter's "text+image->text"."""
    if not isinstance(given, str) or "->" not in given:
        return ()
    before, _, after = given.partition("->")
    return texts((before if side == "input" else after).split("+"))


_FLAGS = {
    "tools": (("supports_tools", "supports_function_calling"), ("function_calling", "tools", "tool_use")),
    "structured": (("supports_structured_output",), ("structured_outputs", "json_schema")),
    "images": (("supports_image_input", "supports_vision"), ("vision", "multimodal", "image")),
}
_PARAMETERS = {"tools": "tools", "structured": "structured_outputs"}


def _can(row: dict[str, Any], what: str) -> bool | None:
    """Whether a model can do something, by the router's flags, OpenRouter's parameters or others' capabilities."""
    own, named = _FLAGS[what]
    known = [flag(row.get(name)) for name in own]
    parameters = row.get("supported_parameters")
    if what in _PARAMETERS and isinstance(parameters, list) and parameters:
        known.append(_PARAMETERS[what] in parameters)
    known += flags(row.get("capabilities"), named)
    return next((said for said in known if said is not None), None)
