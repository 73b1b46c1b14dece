"""A table in an answer, drawn so that it fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from chatkit._display.markdown_console import folded, wrapped
from chatkit._render.columns import cells

if TYPE_CHECKING:
    from rich.text import Text

_BETWEEN = 3
# Columns are narrowed to their longest word, if it is no longer than this, and if that will not do, to the least.
_WORD, _LEAST = 16, 6


def table_lines(rows: Sequence[Sequence[Text]], sides: Sequence[str], width: int, *, plain: bool) -> Iterator[Text]:
    """The lines of a table, the head in bold with a rule under it; cells are wrapped where the columns are narrow.

    Where not even that fits, as on a terminal of 20 columns, each row is told line by line: the head, a colon, the
    cell.

    Args:
        rows: The rows, the head first.
        sides: "left", "center" or "right" for each column.
        width: Columns of the terminal.
        plain: Whether only ASCII can be written.
    """
    head, *body = rows
    wide = _widths(rows, width)
    if wide is None:
        yield from _told(head, body, width)
        return
    across = "-" if plain else "─"
    bar = " | " if plain else " │ "
    drawn = [list(_row(row, sides, wide, "bold" if place == 0 else "", bar)) for place, row in enumerate(rows)]
    # Rows of several lines would run into each other.
    apart = any(len(lines) > 1 for lines in drawn[1:])
    for place, lines in enumerate(drawn):
        if apart and place > 1:
            yield _text(bar.join(" " * size for size in wide).rstrip(), "dim")
        yield from lines
        if place == 0:
            yield _text(("-+-" if plain else "─┼─").join(across * size for size in wide), "dim")


def _widths(rows: Sequence[Sequence[Text]], width: int) -> list[int] | None:
    """How wide each column is: as wide as its widest cell, the widest narrowed until all fit; None if they cannot."""
    wide = [max(cells(row[place].plain) for row in rows if place < len(row)) for place in range(len(rows[0]))]
    room = width - _BETWEEN * (len(wide) - 1)
    least = [min(_longest_word(rows, place), _WORD) for place in range(len(wide))]
    if sum(least) > room:
        least = [min(size, _LEAST) for size in wide]
    if sum(least) > room:
        return None
    while (over := sum(wide) - room) > 0:
        place = max(range(len(wide)), key=lambda column: wide[column] - least[column])
        others = sorted((size for column, size in enumerate(wide) if column != place), reverse=True)
        next_one = max([least[place], *[size for size in others if size < wide[place]][:1]])
        wide[place] -= max(1, min(over, wide[place] - next_one))
    return [max(1, size) for size in wide]


def _longest_word(rows: Sequence[Sequence[Text]], place: int) -> int:
    return max((cells(word) for row in rows if place < len(row) for word in row[place].plain.split()), default=1)


def _row(row: Sequence[Text], sides: Sequence[str], wide: Sequence[int], style: str, bar: str) -> Iterator[Text]:
    from rich.text import Text

    parts = [_cell(cell, size, style) for cell, size in zip(row, wide, strict=False)]
    for line in zip_longest(*parts):
        drawn = Text()
        for place, cell in enumerate(line):
            if place:
                drawn.append(bar, "dim")
            drawn.append_text(_padded(cell, wide[place], sides[place]))
        drawn.rstrip()
        yield drawn


def _cell(cell: Text, size: int, style: str) -> list[Text]:
    text = cell.copy()
    text.stylize(style)
    return folded(text, size)


def _padded(cell: Text | None, size: int, side: str) -> Text:
    text: Any = _text("") if cell is None else cell.copy()
    text.rstrip()
    left = size - cells(text.plain)
    before = left if side == "right" else left // 2 if side == "center" else 0
    text.pad_left(max(0, before))
    text.pad_right(max(0, left - before))
    return text  # type: ignore[no-any-return]


def _told(head: Sequence[Text], body: Sequence[Sequence[Text]], width: int) -> Iterator[Text]:
    from rich.text import Text

    for place, row in enumerate(body):
        if place:
            yield _text("")
        for title, cell in zip(head, row, strict=False):
            name = title.copy()
            name.stylize("bold")
            yield from wrapped(Text.assemble(name, ": ", cell), width)


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text.assemble((text, style))
