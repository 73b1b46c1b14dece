"""How models are shown: a table of what they cost, and one of what they can do.

A list comes from a server, and nothing in it is obeyed. What it does not say is shown as `?`, never as a no.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatkit._display.terminal import Terminal, encodable
from chatkit._models.rows import ModelInfo
from chatkit._render.cell_style import framed
from chatkit._render.columns import cells
from chatkit._render.tables import html_table, markdown_table, text_table
from chatkit._turns.shown import Shown

UNKNOWN = "?"
TOLD = "?: the list does not say. What it says is advice: chatkit sends what you ask for."
PRICED = "Prices are those of the cheapest provider, in US dollars per million tokens."
STREAMED = "No list tells of tool streaming: it is as for tools, whose calls chatkit streams from every server."
_MOST_LINES = 25
_MOST_ROWS = 100
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table of models.

    Args:
        title: Its header, perhaps in two lines.
        tell: What it says of a model.
        right: Whether it holds numbers.
    """

    title: str
    tell: Callable[[ModelInfo], str]
    right: bool = False


def count(number: int | None) -> str:
    """A number of tokens."""
    return UNKNOWN if number is None else f"{number:,}"


def dollars(amount: float | None) -> str:
    """A price, to the cent or as exactly as it is told in four digits."""
    if amount is None:
        return UNKNOWN
    return f"{amount:.2f}" if round(amount, 2) == amount else f"{amount:.4g}"


def yes_no(known: bool | None) -> str:
    """A flag."""
    return UNKNOWN if known is None else "yes" if known else "no"


def _providers(model: ModelInfo, named: int = _NAMED) -> str:
    names = model.providers
    more = f", +{len(names) - named}" if len(names) > named else ""
    return ", ".join(names[:named]) + more or "-"


NAME = Column("model", lambda model: model.id)
CONTEXT = Column("context", lambda model: count(model.context_length), True)
INPUT = Column("in\nUSD/M", lambda model: dollars(price.input if (price := model.lowest_price) else None), True)
OUTPUT = Column("out\nUSD/M", lambda model: dollars(price.output if (price := model.lowest_price) else None), True)
CAN = (
    Column("image\ninput", lambda model: yes_no(model.reads_images)),
    Column("object\ngeneration", lambda model: yes_no(model.structured_anywhere)),
    Column("tools", lambda model: yes_no(model.tools_anywhere)),
    # Nothing else is known of it: whoever takes tools is asked for a stream all the same.
    Column("tool\nstreaming", lambda model: yes_no(model.tools_anywhere)),
)
PROVIDERS = Column("providers", _providers)
_FEWER = Column("providers", lambda model: _providers(model, 1))
OVERVIEW = (NAME, CONTEXT, INPUT, OUTPUT, CAN[2], Column("typed", CAN[1].tell), CAN[0], PROVIDERS)
CAPABILITIES = (NAME, *CAN)


def table_text(models: Sequence[ModelInfo], columns: Sequence[Column], width: int | None) -> str:
    """A table of models for a console; where there is no room, fewer providers are named, or none."""
    fewer = [[_FEWER if column is PROVIDERS else column for column in columns]] if PROVIDERS in columns else []
    for tried in (columns, *fewer):
        whole = text_table(_titles(tried), _rows(models, tried), right=_numbers(tried))
        if width is None or all(cells(line) <= width for line in whole.split("\n")):
            return whole
    # Rather than the names of models, which are there to be copied.
    kept = [column for column in columns if column is not PROVIDERS]
    return text_table(_titles(kept), _rows(models, kept), width=width, right=_numbers(kept), keep_first=True)


def text_of(models: Sequence[ModelInfo]) -> str:
    """The overview, as wide as stdout, of the first models and how many more there are."""
    return _console("ModelList", models, OVERVIEW, (PRICED, TOLD))


def html_of(models: Sequence[ModelInfo]) -> str:
    """The overview as HTML."""
    return framed(_rich(html_table, models, OVERVIEW, (PRICED, TOLD)))


def markdown_of(models: Sequence[ModelInfo]) -> str:
    """The overview as Markdown."""
    return _rich(markdown_table, models, OVERVIEW, (PRICED, TOLD))


class CapabilityTable(Shown):
    """What models can do, as a table; a yes means that at least one provider of the model does it.

    Args:
        models: The models.
    """

    __slots__ = ("_models",)

    def __init__(self, models: Sequence[ModelInfo]) -> None:
        self._models = tuple(models)

    def __repr__(self) -> str:
        return _console("Capabilities", self._models, CAPABILITIES, (STREAMED, TOLD))

    def _repr_html_(self) -> str:
        return framed(_rich(html_table, self._models, CAPABILITIES, (STREAMED, TOLD)))

    def _repr_markdown_(self) -> str:
        return _rich(markdown_table, self._models, CAPABILITIES, (STREAMED, TOLD))


def _console(title: str, models: Sequence[ModelInfo], columns: Sequence[Column], notes: Sequence[str]) -> str:
    head = f"<{title}: {_count(models)}>"
    if not models:
        return head
    out = Terminal()
    lines = [head, table_text(models[:_MOST_LINES], columns, out.width), *_more(models, _MOST_LINES), *notes]
    return encodable("\n".join(lines), out.encoding)


def _rich(
    make: Callable[..., str], models: Sequence[ModelInfo], columns: Sequence[Column], notes: Sequence[str]
) -> str:
    below = [*_more(models, _MOST_ROWS), f"{_count(models)}. {' '.join(notes)}"]
    return make(_titles(columns), _rows(models[:_MOST_ROWS], columns), right=_numbers(columns), notes=below)


def _count(models: Sequence[ModelInfo]) -> str:
    return f"{len(models):,} model{'' if len(models) == 1 else 's'}"


def _more(models: Sequence[ModelInfo], shown: int) -> list[str]:
    return [f"... and {len(models) - shown:,} more"] if len(models) > shown else []


def _titles(columns: Sequence[Column]) -> list[str]:
    return [column.title for column in columns]


def _rows(models: Sequence[ModelInfo], columns: Sequence[Column]) -> list[list[str]]:
    return [[column.tell(model) for column in columns] for model in models]


def _numbers(columns: Sequence[Column]) -> set[int]:
    return {at for at, column in enumerate(columns) if column.right}
