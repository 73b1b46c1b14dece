"""Tables as text for a console, as HTML and as Markdown: of headers and rows of texts, whoever wrote them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from chatkit._render.columns import cells, cut
from chatkit._render.controls import one_line
from chatkit._render.harmless import words
from chatkit._render.markup import escaped

_GAP = "  "
_MARK = "..."
_NARROWEST = 12
_LONGEST = 500


def text_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int | None = None,
    right: Collection[int] = (),
    keep_first: bool = False,
) -> str:
    """A table for a console: columns side by side, the headers underlined, all lines in ASCII.

    Args:
        headers: One for each column; a line break in one makes it two lines high.
        rows: As many texts each as there are headers. Control characters in them are shown, not obeyed.
        width: Columns of the terminal. What does not fit is cut out of the widest columns, down to 12 each; numbers
            are never cut. None cuts nothing.
        right: The columns, from 0, that are aligned to the right, as numbers are.
        keep_first: Whether a text of the first column that does not fit stands whole, on a line of its own, rather
            than cut; so names can be copied.

    Returns:
        Lines without spaces at their ends, and no line break after the last.
    """
    body = [list(map(_shown, row)) for row in rows]
    top = _stacked(headers)
    widest = [max(map(cells, column)) for column in zip(*top, *body, strict=True)]
    sizes = widest if width is None else _fitted(widest, width, right)
    lines = [*top, ["-" * size for size in sizes], *body]
    if keep_first and sizes and sizes[0] < widest[0]:
        return "\n".join(_first_kept(line, sizes, right) for line in lines)
    return "\n".join(_line(line, sizes, right) for line in lines)


def html_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = (), notes: Sequence[str] = ()
) -> str:
    """A table as HTML, with no style of its own but the alignment; every text in it is escaped.

    Args:
        headers: As for `text_table`; a line break in one becomes a space.
        rows: As for `text_table`.
        right: As for `text_table`.
        notes: Sentences below the table, one a line.
    """
    head = "".join(_html_cell("th", header.replace("\n", " "), at in right) for at, header in enumerate(headers))
    body = "\n".join(
        f"<tr>{''.join(_html_cell('td', text, at in right) for at, text in enumerate(row))}</tr>" for row in rows
    )
    below = "".join(f"\n<p>{escaped(_shown(note))}</p>" for note in notes)
    return f"<table>\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>{below}"


def markdown_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = (), notes: Sequence[str] = ()
) -> str:
    """A table as Markdown, in the form that GitHub and notebooks know; nothing in a text of it is markup.

    Args:
        headers: As for `html_table`.
        rows: As for `text_table`.
        right: As for `text_table`.
        notes: As for `html_table`.
    """
    rule = ["---:" if at in right else "---" for at in range(len(headers))]
    lines = [list(map(_markdown_cell, headers)), rule, *(list(map(_markdown_cell, row)) for row in rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join([table, *map(_markdown_cell, notes)])


def _shown(text: str) -> str:
    # Marks that take no room of their own would make any number of characters narrow enough.
    return one_line(text if len(text) <= _LONGEST else text[: _LONGEST - len(_MARK)] + _MARK)


def _stacked(headers: Sequence[str]) -> list[list[str]]:
    """The headers in lines; those of fewer lines stand at the bottom."""
    towers = [header.split("\n") for header in headers]
    height = max(map(len, towers), default=1)
    return [list(line) for line in zip(*([""] * (height - len(tower)) + tower for tower in towers), strict=True)]


def _fitted(widest: list[int], width: int, right: Collection[int]) -> list[int]:
    """The sizes of columns such that they fit, if they can: the widest give first."""
    room = width - len(_GAP) * (len(widest) - 1)
    elastic = [at for at, size in enumerate(widest) if at not in right and size > _NARROWEST]
    room -= sum(size for at, size in enumerate(widest) if at not in elastic)
    sizes = list(widest)
    # From the narrowest on: one that needs less than an equal share leaves the rest to the wider ones.
    for left, at in zip(range(len(elastic), 0, -1), sorted(elastic, key=widest.__getitem__), strict=True):
        sizes[at] = min(widest[at], max(_NARROWEST, room // left))
        room -= sizes[at]
    return sizes


def _first_kept(texts: Sequence[str], sizes: Sequence[int], right: Collection[int]) -> str:
    first = texts[0]
    alone = cells(first) > sizes[0]
    return f"{first}\n{_line(['', *texts[1:]], sizes, right)}" if alone else _line(texts, sizes, right)


def _line(texts: Sequence[str], sizes: Sequence[int], right: Collection[int]) -> str:
    placed = (_placed(cut(text, sizes[at], _MARK), sizes[at], at in right) for at, text in enumerate(texts))
    return _GAP.join(placed).rstrip()


def _placed(text: str, size: int, right: bool) -> str:
    # Not str.ljust(), which counts characters: some are two columns wide.
    space = " " * (size - cells(text))
    return space + text if right else text + space


def _html_cell(name: str, text: str, right: bool) -> str:
    # A page may forbid styles; the attribute is old, but known everywhere.
    side = ' align="right"' if right else ""
    return f"<{name}{side}>{escaped(_shown(text))}</{name}>"


def _markdown_cell(text: str) -> str:
    return words(_shown(text.replace("\n", " ")))
