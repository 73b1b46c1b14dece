"""What an answer may take and cost, before it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatkit._models.book import origin_of, possible_costs
from chatkit._models.prices import Price
from chatkit._providers.provider import Provider
from chatkit._render.cell_style import framed
from chatkit._render.tables import html_table, markdown_table
from chatkit._turns.accounting import dollars
from chatkit._turns.estimating import estimate_tokens, text_tokens
from chatkit._turns.inputs import whole_number
from chatkit._turns.shown import Shown
from chatkit._turns.turns import AssistantTurn, Turn, Usage

_HEADERS = ("tokens in", "tokens out", "cost")
_ROUGH = "Tokens are a rough estimate; every model counts in its own way."


@dataclass(frozen=True, slots=True, repr=False)
class Estimate(Shown):
    """What an answer may take and cost. None means that it is not known.

    Args:
        input_tokens: Tokens of the request, roughly.
        output_tokens: Tokens of the answer: the fewest and the most.
        cost: US dollars, the least and the most; None when no price is known.
        reasons: What it rests on, and what is missing, as sentences.
    """

    input_tokens: int
    output_tokens: tuple[int, int | None]
    cost: tuple[float, float | None] | None
    reasons: tuple[str, ...] = ()

    def __repr__(self) -> str:
        head = f"<Estimate: about {self.input_tokens:,} tokens in, {self._out()} out, {_cost(self.cost)}>"
        return "\n".join([head, *self.reasons])

    def _repr_html_(self) -> str:
        return framed(html_table(_HEADERS, self._row(), notes=self.reasons))

    def _repr_markdown_(self) -> str:
        return markdown_table(_HEADERS, self._row(), notes=self.reasons)

    def _row(self) -> list[list[str]]:
        return [[f"about {self.input_tokens:,}", self._out(), _cost(self.cost)]]

    def _out(self) -> str:
        low, high = self.output_tokens
        return f"{low:,} to {high:,}" if high is not None else f"{low:,} or more"


def _cost(cost: tuple[float, float | None] | None) -> str:
    if cost is None:
        return "cost unknown"
    low, high = cost
    if high is None:
        return f"{dollars(low)} or more"
    return dollars(low) if low == high else f"{dollars(low)} to {dollars(high)}"


def _known(costs: Iterable[float | None]) -> list[float]:
    return [cost for cost in costs if cost is not None]


def estimated(
    provider: Provider,
    prices: Mapping[str, Price],
    turns: Iterable[Turn],
    tools: Sequence[Mapping[str, Any]],
    output_tokens: int | None,
) -> Estimate:
    """The estimate for a request, by the prices that are known now.

    Args:
        provider: Who would be asked.
        prices: The user's own prices.
        turns: What would be sent.
        tools: The definitions of the tools on offer.
        output_tokens: The most tokens that the answer will have; None takes the provider's `max_tokens`.

    Raises:
        ConfigError: when the number is none.
    """
    most = provider.params.max_tokens if output_tokens is None else whole_number("output_tokens", output_tokens, 0)
    tokens = estimate_tokens(turns) + sum(text_tokens(json.dumps(tool, default=str)) for tool in tools)
    origin = origin_of(provider, AssistantTurn())
    possible = possible_costs(origin, Usage(tokens, 0), prices)
    least_costs = _known(possible)
    most_costs = _known(possible_costs(origin, Usage(tokens, most), prices)) if most is not None else []
    cost = (min(least_costs), max(most_costs, default=None)) if least_costs else None
    reasons = [_ROUGH]
    if most is None:
        reasons.append("How long the answer gets is not known: give output_tokens=, or max_tokens in the parameters.")
    if cost is None:
        reasons.append(
            f"No price of {provider.asked_model!r} is known: give one as prices={{...}} when making the chat."
        )
    elif len(possible) > 1:
        reasons.append(f"{len(possible)} providers may answer; the range is from the cheapest to the dearest.")
        if unknown := len(possible) - len(least_costs):
            reasons.append(f"The price of {unknown} of them is not known, and not in the range.")
    return Estimate(tokens, (0, most), cost, tuple(reasons))
