"""Markdown that streams in, cut into its top-level blocks, each of which is given once, when it is finished."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice

_fence = re.compile(r"( {0,3})(`{3,}|~{3,})(.*)").match
_marker = re.compile(r"( {0,3})([-*+]|\d{1,9}[.)])([ \t]+|$)").match
_heading = re.compile(r" {0,3}#{1,6}([ \t]|$)").match
_rule = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$").match
_underline = re.compile(r" {0,3}(=+|-+)[ \t]*$").match
_quote = re.compile(r" {0,3}>").match
_code = re.compile(r"(?: {4}| {0,3}\t)").match
_blank = re.compile(r"\s*$").match
# HTML that goes on over blank lines, and what it ends with.
_RAW = tuple(
    (re.compile(rf" {{0,3}}<{begin}", re.I).match, re.compile(end, re.I).search)
    for begin, end in (
        ("!--", "-->"),
        (r"(?:script|pre|style|textarea)(?=[ \t>]|$)", "</(?:script|pre|style|textarea)>"),
        (r"\?", r"\?>"),
        (r"!\[CDATA\[", r"\]\]>"),
        ("![a-z]", ">"),
    )
)
# HTML that ends at a blank line: what a paragraph cannot stand in, and anything else that is alone in its line.
_NAMES = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt"
    "|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu"
    "|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr"
    "|track|ul"
)
_element = re.compile(rf" {{0,3}}</?(?:{_NAMES})(?=[ \t>]|/>|$)", re.I).match
_lonely = re.compile(r" {0,3}<(?:[a-z][a-z0-9-]*(?:[ \t][^<>]*)?/?|/[a-z][a-z0-9-]*[ \t]*)>[ \t]*$", re.I).match
# What a line begins is told by that many characters.
_LOOK = 80


class Blocks:
    """Cuts streamed Markdown at the ends of its top-level blocks. Any split into deltas gives the same blocks.

    A block is a paragraph, a heading, a fence, a table, a quotation, indented code, a rule, HTML, or one item of a
    list. Its source stands in it unchanged, with the blank lines around it: all blocks and the tail, one after the
    other, are the text. Lines are looked at once, so the cost is linear; the rules are those of CommonMark, as far as
    they can be told by looking at lines. What a block cannot know by itself is lost when it is shown by itself: a
    link whose address is defined elsewhere, and whether the items around an item stand apart from each other.
    """

    def __init__(self) -> None:
        self._part: list[str] = []
        self._lines: list[str] = []
        self._open: _Open | None = None
        # Where the open block begins, and how far its code was given, in lines.
        self._begin = self._shown = 0

    @property
    def tail(self) -> str:
        """The source of the block that is not finished yet."""
        return "".join(self._lines) + "".join(self._part)

    @property
    def info(self) -> str | None:
        """What stands behind the backticks of the fence that is open, or None when none is."""
        return self._open.info if isinstance(self._open, _Fence) else None

    @property
    def in_paragraph(self) -> bool:
        """Whether what comes last belongs to a paragraph; of its unfinished line twenty characters must be there."""
        line = "".join([piece[:_LOOK] for piece in islice(self._part, _LOOK)])[:_LOOK]
        if self._open is None:
            return bool(line.strip()) and isinstance(_opened(line), _Paragraph)
        return isinstance(self._open, _Paragraph) and not _interrupts(line)

    def code_lines(self) -> list[str]:
        """The whole lines of code in the fence that is open, as far as they were not given here before."""
        if not isinstance(self._open, _Fence):
            return []
        begin, self._shown = max(self._begin + 1, self._shown), len(self._lines)
        return [self._open.inside(line) for line in self._lines[begin:]]

    def feed(self, delta: str) -> list[str]:
        """Take the next piece, and give the blocks that are finished by it."""
        *ends, rest = delta.split("\n")
        if not ends:
            if delta:
                self._part.append(delta)
            return []
        found: list[str] = []
        for end in ends:
            line = "".join([*self._part, end, "\n"])
            self._part.clear()
            found += self._line(line)
        if rest:
            self._part.append(rest)
        return found

    def finish(self) -> list[str]:
        """The rest, when no more comes."""
        found: list[str] = []
        if self._part:
            found += self._line("".join(self._part))
            self._part.clear()
        return found + list(self._given())

    def _line(self, line: str) -> Iterator[str]:
        text = line.rstrip("\r\n")
        if self._open is not None:
            goes_on, ends = self._open.takes(text)
            if goes_on:
                self._lines.append(line)
                if ends:
                    yield from self._given()
                return
            yield from self._given()
        self._lines.append(line)
        if text.strip():
            self._open, self._begin = _opened(text), len(self._lines) - 1
            if self._open is None:  # a block of one line
                yield from self._given()

    def _given(self) -> Iterator[str]:
        self._open, self._shown = None, 0
        if self._lines:
            block = "".join(self._lines)
            self._lines.clear()
            yield block


class _Open:
    """A block that is open: whether it takes a further line, and whether it ends with that."""

    info: str | None = None

    def takes(self, text: str) -> tuple[bool, bool]:
        raise NotImplementedError


class _Fence(_Open):
    """Code between fences; it ends with a fence like the one it began with."""

    def __init__(self, indent: int, mark: str, info: str) -> None:
        self._indent, self._mark, self.info = indent, mark, info.strip()

    def takes(self, text: str) -> tuple[bool, bool]:
        return True, self.is_end(text)

    def is_end(self, text: str) -> bool:
        """Whether the line closes the fence."""
        found = _fence(text)
        return found is not None and found[2].startswith(self._mark) and not found[3].strip()

    def inside(self, line: str) -> str:
        """A line of code without what the fence is indented by, and without its end."""
        text = line.rstrip("\r\n")
        return text[min(self._indent, len(text) - len(text.lstrip(" "))) :]


class _Paragraph(_Open):
    """A paragraph, or a table: until a blank line, or a line that begins something else."""

    def takes(self, text: str) -> tuple[bool, bool]:
        if not text.strip() or _underline(text):
            return True, True
        return not _interrupts(text), False


class _Html(_Open):
    """HTML: until a blank line, or what it ends with."""

    def __init__(self, ends: Callable[[str], object]) -> None:
        self._ends = ends

    def takes(self, text: str) -> tuple[bool, bool]:
        return True, bool(self._ends(text))


class _Code(_Open):
    """Indented code: over blank lines, until a line that is not indented."""

    def takes(self, text: str) -> tuple[bool, bool]:
        return not text.strip() or _code(text) is not None, False


class _Quote(_Open):
    """A quotation: until a blank line; the last paragraph in it may go on without its mark."""

    def __init__(self, text: str) -> None:
        self._inner: _Fence | None = None
        self._look(text)

    def _look(self, text: str) -> None:
        inside = text.lstrip(" \t>")
        self._after_blank = not inside
        self._inner = _inner_fence(self._inner, inside)

    def takes(self, text: str) -> tuple[bool, bool]:
        if not text.strip():
            return True, True
        if _quote(text):
            self._look(text)
            return True, False
        return not self._after_blank and self._inner is None and not _interrupts(text), False


class _Item(_Open):
    """An item of a list: what is indented like its text, over blank lines, and what a paragraph in it goes on with."""

    def __init__(self, text: str, marker: re.Match[str]) -> None:
        self._width = _text_begins(text, marker)
        self._after_blank = not text[marker.end() :]
        self._inner = _fence_of(text[marker.end() :])

    def takes(self, text: str) -> tuple[bool, bool]:
        if not text.strip():
            self._after_blank = True
            return True, False
        if _columns(text) >= self._width:
            self._inner = _inner_fence(self._inner, text.strip())
            self._after_blank = False
            return True, False
        lazy = not self._after_blank and self._inner is None and not _interrupts(text) and not _marker(text)
        return lazy, False


def _inner_fence(inner: _Fence | None, text: str) -> _Fence | None:
    """The fence that is open after a line inside another block."""
    if inner is not None:
        return None if inner.is_end(text) else inner
    return _fence_of(text)


def _fence_of(text: str) -> _Fence | None:
    found = _fence(text)
    if found is None or (found[2][0] == "`" and "`" in found[3]):
        return None
    return _Fence(len(found[1]), found[2], found[3])


def _opened(text: str) -> _Open | None:
    """The block that a line opens; None when it is one by itself."""
    if _heading(text) or _rule(text):
        return None
    if _quote(text):
        return _Quote(text)
    if _code(text):
        return _Code()
    marker = _marker(text)
    if marker is not None:
        return _Item(text, marker)
    ends = _html_end(text) or (_blank if _lonely(text) else None)
    if ends is not None:
        return None if ends(text) else _Html(ends)
    return _fence_of(text) or _Paragraph()


def _html_end(text: str) -> Callable[[str], object] | None:
    """What tells the last line of the HTML that begins with a line; None when none does."""
    for begins, ends in _RAW:
        if begins(text):
            return ends
    return _blank if _element(text) else None


def _interrupts(text: str) -> bool:
    """Whether a line ends a paragraph that stands above it."""
    if _heading(text) or _quote(text) or _rule(text) or _fence_of(text) or _html_end(text):
        return True
    marker = _marker(text)
    # A number that is not 1 is rather a number at the beginning of a line, and nothing behind a mark is no item.
    return marker is not None and bool(text[marker.end() :].strip()) and (marker[2] in "-*+" or marker[2][:-1] == "1")


def _text_begins(text: str, marker: re.Match[str]) -> int:
    """The column at which the text of an item begins."""
    before = marker.end(2)
    spaces = len(marker[0].expandtabs(4)) - before
    # Five spaces and more are one, and indented code.
    return before + (spaces if text[marker.end() :] and spaces <= 4 else 1)


def _columns(text: str) -> int:
    """How far a line is indented."""
    expanded = text.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" "))
