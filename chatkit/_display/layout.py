"""How streamed text is laid out in lines: a prefix on every line and, on a terminal, wrapping between words."""

from __future__ import annotations

import re
from typing import Protocol

from chatkit._render.columns import cells, cut

__all__ = ["TAB", "Layout", "Unwrapped", "Wrapped", "cells", "cut", "folded"]

TAB = "    "
_pieces = re.compile(r"\n| +|[^ \n]+").findall


class Layout(Protocol):
    """Takes sanitised text as it comes and gives what is to be written; any split gives the same."""

    def feed(self, text: str) -> str:
        """Take the next piece and give what can be written now."""

    def finish(self) -> str:
        """Give the rest, and a line break if the last line is unfinished."""


class Unwrapped:
    """Text as it is, with a prefix on every line: for pipes, files and notebooks, which wrap by themselves.

    Args:
        prefix: What every line begins with.
    """

    __slots__ = ("_begun", "_prefix")

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._begun = False

    def feed(self, text: str) -> str:
        """Take the next piece and give it at once."""
        if not text:
            return ""
        begun, self._begun = self._begun, text[-1] != "\n"
        if not self._prefix:
            return text
        lines = text.split("\n")
        last = lines.pop()
        shown = "".join([f"{self._prefix}{line}\n" for line in lines]) + (self._prefix + last if last else "")
        return shown.removeprefix(self._prefix) if begun else shown

    def finish(self) -> str:
        """End an unfinished line."""
        begun, self._begun = self._begun, False
        return "\n" if begun else ""


class Wrapped:
    """Text wrapped between words, with a prefix on every line.

    The last word is held until it is known whether it fits, and no longer: a word that has outgrown the line moves to
    the next one and streams on from there, however long. So at most one line's worth of text is ever held, and the
    cost is linear. Only line breaks are added: trailing spaces stay at the end of their line, long words are never
    broken, and tabs become four spaces.

    Args:
        width: Columns of the terminal. The last one stays free, for the space after a word that ends the line;
            otherwise the terminal would wrap by itself and show an empty line.
        prefix: What every line begins with; it counts.
    """

    __slots__ = ("_begun", "_breakable", "_prefix", "_room", "_used", "_word", "_worded")

    def __init__(self, width: int, prefix: str = "") -> None:
        self._prefix = prefix
        self._room = max(1, width - cells(prefix) - 1)
        self._word = ""
        self._new_line()

    def _new_line(self) -> None:
        self._used = 0
        self._begun = False
        self._worded = False
        # Only between a word and the next may a line be broken: indentation stays with the word behind it.
        self._breakable = False

    def feed(self, text: str) -> str:
        """Take the next piece and give what can be written now."""
        if "\t" in text:
            text = text.replace("\t", TAB)
        pieces = _pieces(self._word + text)
        self._word = ""
        out: list[str] = []
        last = len(pieces) - 1
        for index, piece in enumerate(pieces):
            first = piece[0]
            if first == "\n":
                self._write(piece, out)
                self._new_line()
            elif first == " ":
                self._write(piece, out)
                self._used += len(piece)
                self._breakable = self._worded
            else:
                self._place(piece, index == last, out)
        return "".join(out)

    def _place(self, word: str, unfinished: bool, out: list[str]) -> None:
        size = cells(word)
        if self._breakable:
            if self._used + size > self._room:
                out.append("\n")
                self._new_line()
            elif unfinished:
                self._word = word
                return
        self._write(word, out)
        self._used += size
        self._worded = True
        self._breakable = False

    def _write(self, piece: str, out: list[str]) -> None:
        if not self._begun:
            out.append(self._prefix)
            self._begun = True
        out.append(piece)

    def finish(self) -> str:
        """Give the word still held, which fits, and end an unfinished line."""
        rest = self._word + ("\n" if self._begun else "")
        self._word = ""
        self._new_line()
        return rest


def folded(line: str, width: int | None, indent: str = "") -> list[str]:
    """A line as lines that fit, broken behind a space or else anywhere; nothing is left out.

    Args:
        line: The line, without control characters.
        width: Columns there are, 20 or more; None where there is no terminal.
        indent: What the lines after the first begin with, so that none of them passes for a line of its own.
    """
    lines = []
    while width is not None and cells(line.rstrip(" ")) > width:
        fits = len(cut(line, width, ""))
        end = line.rfind(" ", fits // 2, fits) + 1 or fits
        lines.append(line[:end])
        line = indent + line[end:]
    return [*lines, line]
