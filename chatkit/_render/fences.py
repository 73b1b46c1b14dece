"""Code in Markdown: fences and code spans that nothing inside can end, and the fences of a given text."""

from __future__ import annotations

import re
from collections.abc import Iterator

_runs_of_ticks = re.compile("`+").findall
_find_fences = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)$", re.M).findall
_opens = re.compile(r"(?:(`{3,})([^`\n]*)|(~{3,})([^\n]*))\n?").fullmatch
# As CommonMark has it; str.splitlines() knows more ends of lines, which no viewer obeys.
lines_of = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+").findall
_language = re.compile(r"[A-Za-z0-9_+#.-]{1,40}").match


def language(info: str) -> str:
    """The language that a fence names, when it is a plain word; else nothing."""
    found = _language(info.strip())
    return found[0] if found else ""


def fence(text: str, name: str = "") -> str:
    """A fenced block, with a fence that is longer than any run of backticks in it.

    Args:
        text: Anything.
        name: A language, such as "json".
    """
    ticks = "`" * max(3, 1 + _longest(text))
    return f"{ticks}{name}\n{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{ticks}"


def code(text: str) -> str:
    """A code span on one line; line breaks become spaces."""
    line = " ".join(text.split()) or " "
    ticks = "`" * (1 + _longest(line))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def _longest(text: str) -> int:
    return max(map(len, _runs_of_ticks(text)), default=0)


def closed(text: str) -> str:
    """The text, and a line that ends its last fence if that is open, or all that follows would be code."""
    opened = ""
    for mark, rest in _find_fences(text):
        if not opened:
            opened = "" if mark[0] in rest and mark[0] == "`" else mark
        elif mark[0] == opened[0] and len(mark) >= len(opened) and not rest.strip():
            opened = ""
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{opened}" if opened else text


def split_fences(text: str) -> Iterator[tuple[str | None, str]]:
    """Cut a text into fenced blocks and what stands between them.

    Only a fence at the very start of a line counts: one further in may belong to a list, and end with it.

    Yields:
        The language of a fenced block and the code in it, or None and the text of another piece.
    """
    mark, name, lines = "", "", list[str]()
    for line in lines_of(text):
        if mark and _closes(line, mark):
            yield name, "".join(lines)
            mark, lines = "", []
        elif not mark and (opened := _opens(line)):
            if lines:
                yield None, "".join(lines)
            mark, name, lines = opened[1] or opened[3], language(opened[2] or opened[4] or ""), []
        else:
            lines.append(line)
    if mark or lines:
        yield name if mark else None, "".join(lines)


def _closes(line: str, mark: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(mark) and not bare.strip(mark[0]) and not line.startswith("    ")
