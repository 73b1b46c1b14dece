"""The ledger of the session: what all chats of this process have used, kept until the process ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import reduce
from importlib import import_module
from typing import Any, overload

from chatkit._engine.entries import SUMS, entries
from chatkit._errors import ConfigError
from chatkit._models.routes import provider_key
from chatkit._turns.shown import Shown
from chatkit._turns.turns import short_repr


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What answers of one model have used.

    Sums are of what is known: with unknowns beside them they are "at least". None is what no answer told.

    Args:
        service: What people call the service.
        model: The model asked for, with its route.
        served_by: The inference provider that served, where a router said so.
        requests: Whole answers received.
        input_tokens: Tokens of the requests, cached ones included.
        cached_tokens: How many of them came from a cache.
        output_tokens: Tokens of the answers, reasoning included.
        reasoning_tokens: How many of them were reasoning.
        image_tokens: How many of the input tokens were images.
        cost: US dollars.
        unknown_tokens: How many answers came without a count of input or output tokens.
        unknown_cost: Of how many answers the cost is not known.
    """

    service: str
    model: str
    served_by: str | None = None
    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int | None = None
    output_tokens: int = 0
    reasoning_tokens: int | None = None
    image_tokens: int | None = None
    cost: float = 0.0
    unknown_tokens: int = 0
    unknown_cost: int = 0

    def __repr__(self) -> str:
        return short_repr(self)


class TokenUsage(Sequence[UsageRow], Shown):
    """What a session has used: a row for each service, model asked for, and provider that served.

    Args:
        rows: The rows.
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: Iterable[UsageRow] = ()) -> None:
        self._rows = tuple(rows)

    @overload
    def __getitem__(self, at: int) -> UsageRow: ...
    @overload
    def __getitem__(self, at: slice) -> TokenUsage: ...
    def __getitem__(self, at: int | slice) -> UsageRow | TokenUsage:
        return TokenUsage(self._rows[at]) if isinstance(at, slice) else self._rows[at]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[UsageRow]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        return self._rows == other._rows if isinstance(other, TokenUsage) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._rows)

    @property
    def total(self) -> UsageRow:
        """All rows in one."""
        return reduce(_sum, self, UsageRow("total", ""))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Plain rows."""
        return [asdict(row) for row in self]

    def to_pandas(self) -> Any:
        """A pandas DataFrame, one line for each row.

        Raises:
            ConfigError: when pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError:
            pandas = None
        if pandas is None:
            raise ConfigError("to_pandas() needs pandas.", hint="pip install pandas, or use to_dicts().")
        return pandas.DataFrame(self.to_dicts(), columns=[item.name for item in fields(UsageRow)])

    def __repr__(self) -> str:
        from chatkit._engine.showing import text_of

        return text_of(self, self.total)

    def _repr_html_(self) -> str:
        from chatkit._engine.showing import html_of

        return html_of(self, self.total)

    def _repr_markdown_(self) -> str:
        from chatkit._engine.showing import markdown_of

        return markdown_of(self, self.total)


def token_usage(reset: bool = False) -> TokenUsage:
    """What all chats of this session, that is of this process, have used so far: tokens, and cost where it is known.

    Every whole answer is counted once, also those that are in no history any more, and typed answers that were wrong
    or repaired. Answers that broke off are not: no server tells what they cost. What is unknown is counted apart and
    never taken for 0. A cost that was not known when an answer came is added as soon as the price is, for example
    after `chat.get_cost()` or `chat.models()`. Nothing is sent.

    Args:
        reset: Whether to begin anew afterwards.

    Returns:
        The table: a sequence of `UsageRow`, with `total`, `to_pandas()` and `to_dicts()`.
    """
    found: dict[tuple[str, str, str], UsageRow] = {}
    for entry in entries(reset):
        row = UsageRow(**entry)
        key = (row.service, row.model, provider_key(row.served_by or ""))
        found[key] = _sum(found[key], row) if key in found else row
    return TokenUsage(found.values())


def _sum(row: UsageRow, other: UsageRow) -> UsageRow:
    return replace(row, **{name: _added(getattr(row, name), getattr(other, name)) for name in SUMS})


def _added(known: Any, more: Any) -> Any:
    return known if more is None else more if known is None else known + more
