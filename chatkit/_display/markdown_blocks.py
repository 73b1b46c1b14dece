"""Blocks of Markdown as lines of styled text, as wide as a terminal."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from chatkit._display.markdown_code import code_line
from chatkit._display.markdown_console import wrapped
from chatkit._display.markdown_inline import inline
from chatkit._display.markdown_table import table_lines
from chatkit._display.terminal import symbol
from chatkit._render.markup import LIMIT, new_parser, parse
from chatkit._render.math import keep_math

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from rich.text import Text

_HEADINGS = {"h1": "bold underline", "h2": "bold", "h3": "bold italic"}
_NARROWEST = 10


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn on.

    Args:
        width: Columns.
        encoding: What the text will be written in; for what it lacks there are ASCII stand-ins.
    """

    width: int
    encoding: str = "utf-8"

    def symbol(self, wanted: str, plain: str) -> str:
        """A symbol, or its stand-in."""
        return symbol(wanted, plain, self.encoding)

    def narrower(self, columns: int) -> Sheet:
        """What is left beside a margin."""
        return replace(self, width=max(_NARROWEST, self.width - columns))


def drawn(source: str, sheet: Sheet, number: int | None = None) -> list[Text]:
    """The lines of one or several blocks, without blank lines before and behind.

    What is too long or nested too deeply to be read is shown as it was written.

    Args:
        source: Markdown, already safe for a terminal.
        sheet: What it is drawn on.
        number: What a list in it begins with; None for what it says itself.
    """
    tokens = parse(_parser(), source)
    if tokens is None:
        return [_plain(line) for line in source.strip("\n").split("\n")]
    nodes = list(_nested(tokens))
    if number is not None and nodes[0].type == "ordered_list":
        nodes[0].token.attrs["start"] = number
    return list(_blocks(nodes, sheet))


def words(source: str) -> Sequence[Token]:
    """The tokens of a piece of a paragraph, for `inline`; what is too long to be read is shown as it was written."""
    from markdown_it.token import Token

    if len(source) > LIMIT:
        return [Token("text", "", 0, content=source)]
    return _parser().parseInline(source)[0].children or ()


@functools.cache
def _parser() -> MarkdownIt:
    return keep_math(new_parser(html=True))


@dataclass(slots=True)
class _Node:
    """A block, and the blocks within it."""

    token: Token
    children: list[_Node]

    @property
    def type(self) -> str:
        return self.token.type.removesuffix("_open")


def _nested(tokens: Sequence[Token]) -> Iterator[_Node]:
    """The tree that markdown-it's opening and closing tokens stand for."""
    stack: list[_Node] = []
    for token in tokens:
        if token.nesting < 0:
            node = stack.pop()
        else:
            node = _Node(token, [])
            if token.nesting > 0:
                stack.append(node)
                continue
        if stack:
            stack[-1].children.append(node)
        else:
            yield node


def _blocks(nodes: Sequence[_Node], sheet: Sheet, *, tight: bool = False) -> Iterator[Text]:
    for place, node in enumerate(nodes):
        if place and not tight:
            yield _plain("")
        yield from _block(node, sheet)


def _block(node: _Node, sheet: Sheet) -> Iterator[Text]:
    match node.type:
        case "heading":
            yield from _heading(node, sheet)
        case "paragraph":
            yield from wrapped(_inline(node), sheet.width)
        case "bullet_list" | "ordered_list":
            yield from _list(node, sheet)
        case "blockquote":
            mark = sheet.symbol("▌ ", "| ")
            yield from _margin(_blocks(node.children, sheet.narrower(2)), mark, mark)
        case "table":
            yield from table_lines(*_cells(node), sheet.width, plain=sheet.symbol("─│", "") == "")
        case "hr":
            yield _plain(sheet.symbol("─", "-") * min(sheet.width, 40), "dim")
        case "fence" | "code_block":
            yield from (code_line(line, node.token.info) for line in node.token.content.rstrip("\n").split("\n"))
        case _:  # HTML, which nobody runs
            yield from (_plain(line, "dim") for line in node.token.content.rstrip("\n").split("\n"))


def _plain(text: str, style: str = "") -> Text:
    from rich.text import Text

    # A span, since a style of the text as a whole would go on in what is appended to it.
    return Text.assemble((text, style))


def _inline(node: _Node) -> Text:
    return inline(node.children[0].token.children or ()) if node.children else _plain("")


def _heading(node: _Node, sheet: Sheet) -> Iterator[Text]:
    text = _inline(node)
    text.stylize(_HEADINGS.get(node.token.tag, "italic"))
    yield from wrapped(text, sheet.width)


def _list(node: _Node, sheet: Sheet) -> Iterator[Text]:
    first = int(str(node.token.attrs.get("start", 1)))
    numbered = node.type == "ordered_list"
    tight = all(child.token.hidden for item in node.children for child in item.children if child.type == "paragraph")
    for place, item in enumerate(node.children):
        if place and not tight:
            yield _plain("")
        mark = f"{first + place}. " if numbered else sheet.symbol("• ", "* ")
        lines = _blocks(item.children, sheet.narrower(len(mark)), tight=tight)
        yield from _margin(lines, mark, " " * len(mark))


def _margin(lines: Iterator[Text], first: str, others: str) -> Iterator[Text]:
    """Lines with a mark in front of the first, and the same or as many spaces in front of the others."""
    mark = first
    for line in chain([next(lines, _plain(""))], lines):
        drawn = _plain(mark, "dim" if mark.strip() else "")
        drawn.append_text(line)
        drawn.rstrip()
        yield drawn
        mark = others


def _cells(node: _Node) -> tuple[list[list[Text]], list[str]]:
    """The rows of a table, the head first, and how its columns are aligned."""
    rows = [row for part in node.children for row in part.children]
    sides = [str(cell.token.attrs.get("style", "")).removeprefix("text-align:") or "left" for cell in rows[0].children]
    return [[_inline(cell) for cell in row.children] for row in rows], sides
