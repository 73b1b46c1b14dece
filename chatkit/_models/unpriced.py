"""Answers whose price was not known when they came: their tokens are kept until it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chatkit._models.book import Origin, cost_of
from chatkit._models.prices import Price
from chatkit._turns.turns import Usage


class Unpriced:
    """The tokens of such answers, added up by where they came from: a few numbers, however many answers there were.

    Answers whose tokens are not known are not among them: no price would help.
    """

    __slots__ = ("_sums",)

    def __init__(self) -> None:
        self._sums: dict[Origin, tuple[int, int, int, int]] = {}

    def __iter__(self) -> Iterator[Origin]:
        return iter(tuple(self._sums))

    def note(self, origin: Origin, usage: Usage) -> None:
        """Keep the tokens of an answer."""
        if usage.input_tokens is None or usage.output_tokens is None:
            return
        answers, put, got, cached = self._sums.get(origin, (0, 0, 0, 0))
        of_cache = min(usage.cached_tokens or 0, usage.input_tokens)
        self._sums[origin] = (answers + 1, put + usage.input_tokens, got + usage.output_tokens, cached + of_cache)

    def settled(self, prices: Mapping[str, Price]) -> tuple[int, float]:
        """Take out what has a price by now; gives how many answers that are, and US dollars.

        Args:
            prices: The user's own prices.
        """
        number, dollars = 0, 0.0
        for origin, (answers, put, got, cached) in list(self._sums.items()):
            cost = cost_of(origin, Usage(put, got, cached), prices)
            if cost is not None:
                del self._sums[origin]
                number, dollars = number + answers, dollars + cost
        return number, dollars

    def copy(self) -> Unpriced:
        """The same, to go its own way."""
        twin = Unpriced()
        twin._sums = dict(self._sums)
        return twin
