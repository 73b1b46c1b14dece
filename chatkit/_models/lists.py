"""The list of a server's models: a sequence that can be searched, sorted, and shown as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, overload

from chatkit._errors import ConfigError
from chatkit._models.choosing import SortKey, Wish, check_sort, sorted_models
from chatkit._models.names import near
from chatkit._models.rows import ModelInfo
from chatkit._models.showing import CapabilityTable, html_of, markdown_of, text_of
from chatkit._models.spreading import COLUMNS, spread
from chatkit._turns.shown import Shown


class ModelList(Sequence[ModelInfo], Shown):
    """The models that a server lists. It never changes: what chooses or sorts gives a new one.

    `models[0]` is a row, `models[:10]` a shorter list, and `models["org/name"]` the row of a model; `"org/name" in
    models` tells whether it is listed. A model that is not listed may be served all the same.

    Args:
        models: The rows; of several with the same id the first counts.
    """

    __slots__ = ("_by_id", "_rows")

    def __init__(self, models: Iterable[ModelInfo] = ()) -> None:
        self._by_id: dict[str, ModelInfo] = {}
        for model in models:
            self._by_id.setdefault(model.id, model)
        self._rows = tuple(self._by_id.values())

    @overload
    def __getitem__(self, at: int | str) -> ModelInfo: ...
    @overload
    def __getitem__(self, at: slice) -> ModelList: ...
    def __getitem__(self, at: int | str | slice) -> ModelInfo | ModelList:
        if isinstance(at, slice):
            return ModelList(self._rows[at])
        if not isinstance(at, str):
            return self._rows[at]
        if at in self._by_id:
            return self._by_id[at]
        others = near(at, self._by_id)
        also = f" Did you mean {', '.join(map(repr, others))}?" if others else ""
        raise KeyError(f"{at!r} is not in the list.{also}")

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, item: object) -> bool:
        return item in self._by_id if isinstance(item, str) else item in self._rows

    def __eq__(self, other: object) -> bool:
        return self._rows == other._rows if isinstance(other, ModelList) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._rows)

    def __reduce__(self) -> tuple[type[ModelList], tuple[tuple[ModelInfo, ...]]]:
        return ModelList, (self._rows,)

    def index(self, value: Any, start: int = 0, stop: int = sys.maxsize) -> int:
        """Where a row stands.

        Args:
            value: The row.
            start: Where to begin looking.
            stop: Where to stop.

        Raises:
            ValueError: when it is not there.
        """
        return self._rows.index(value, start, stop)

    def count(self, value: Any) -> int:
        """How often a row is in the list: once, or not at all.

        Args:
            value: The row.
        """
        return self._rows.count(value)

    def filter(
        self,
        *,
        tools: bool | None = None,
        structured: bool | None = None,
        modality: str | None = None,
        provider: str | None = None,
        max_price: float | None = None,
        min_context: int | None = None,
        search: str | None = None,
        live: bool | None = None,
    ) -> ModelList:
        """The models that fit, each with those of its offers that do.

        One and the same offer has to fit in all respects, so the prices of what is left are those of offers that can
        be used. What the list does not say fits no wish, be it True or False.

        Args:
            tools: Whether it takes tools.
            structured: Whether it gives typed answers by a JSON schema.
            modality: What it has to read besides others: "text", "image", "audio" or "video".
            provider: Who serves it, such as "groq".
            max_price: US dollars per million tokens; neither input nor output may cost more.
            min_context: Tokens of request and answer together, at least.
            search: Words, of which all stand in its id, in large or small letters.
            live: Whether it can be used right now.

        Raises:
            ConfigError: when a wish is of the wrong kind.
        """
        wish = Wish(tools, structured, modality, provider, max_price, min_context, search, live)
        return Choice(wish).of(self._rows)

    def sort(self, by: SortKey = "id", *, reverse: bool = False) -> ModelList:
        """The same models, the best first; those of which the list does not say it come last.

        Args:
            by: "id" (from a to z), "price" (of output, the cheapest offer), "context" (the longest), "throughput"
                (the most tokens per second of an offer), "latency" (the fewest seconds until the first token) or
                "created" (the newest).
            reverse: Whether the other way round; unknown ones still come last.

        Raises:
            ConfigError: when `by` is something else.
        """
        return ModelList(sorted_models(self._rows, by, reverse))

    def capabilities(self) -> CapabilityTable:
        """What each model can do, as a table: image input, object generation, tools, and tool streaming."""
        return CapabilityTable(self._rows)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Plain rows, one for each model and offer; None where the list does not say."""
        return list(spread(self._rows))

    def to_pandas(self) -> Any:
        """A pandas DataFrame, one row for each model and offer; prices in US dollars per million tokens.

        Raises:
            ConfigError: when pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError:
            pandas = None
        if pandas is None:
            raise ConfigError("to_pandas() needs pandas.", hint="pip install pandas, or use to_dicts().")
        return pandas.DataFrame(self.to_dicts(), columns=COLUMNS)

    def __repr__(self) -> str:
        return text_of(self._rows)

    def _repr_html_(self) -> str:
        return html_of(self._rows)

    def _repr_markdown_(self) -> str:
        return markdown_of(self._rows)


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants of a list, checked before the list is fetched.

    Args:
        wish: Which models.
        sort: In which order; None leaves the server's.

    Raises:
        ConfigError: when there is no such order.
    """

    wish: Wish
    sort: SortKey | None = None

    def __post_init__(self) -> None:
        if self.sort is not None:
            check_sort(self.sort)

    def of(self, rows: Iterable[ModelInfo]) -> ModelList:
        """The models of a list that fit."""
        fitting = ModelList(filter(None, map(self.wish.fitting, rows)))
        return fitting if self.sort is None else fitting.sort(self.sort)
