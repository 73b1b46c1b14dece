"""The words that turns are found by: the same for every database, whatever its own idea of a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from chatkit._turns.contents import ContentDocument, ContentDocumentRemote, ContentJson, ContentText, ContentToolResult
from chatkit._turns.turns import Turn

# Writing without spaces between words: each sign counts as a word.
_SIGNS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_LETTER = f"[^\\W_{_SIGNS}]"
_WORD = re.compile(f"[{_SIGNS}]|{_LETTER}+")
_IS_SIGN = re.compile(f"[{_SIGNS}]")
_LONGEST = 64
# PostgreSQL takes no more than a megabyte of words in a row.
_MOST = 400_000
_AROUND = 60


def searched_text(turn: Turn) -> str:
    """What of a turn is searched: texts, typed answers, results of tools and names of files, but no thinking."""
    return "\n".join(_texts(turn))


def _texts(turn: Turn) -> Iterator[str]:
    for item in turn.contents:
        if isinstance(item, ContentText | ContentJson):
            yield item.text
        elif isinstance(item, ContentToolResult):
            yield item.error or item.text or ""
        elif isinstance(item, ContentDocument | ContentDocumentRemote):
            yield item.filename


def words_of(text: str) -> str:
    """The words of a text, each once, with a space between them; of very long texts those that come first."""
    words: dict[str, None] = {}
    size = 0
    for match in _WORD.finditer(_folded(text)[0]):
        word = match.group()[:_LONGEST]
        if word not in words:
            words[word] = None
            size += len(word.encode()) + 1
            if size > _MOST:
                break
    return " ".join(words)


class Query:
    """What is looked for: words that must all occur in one turn, in any order.

    Args:
        text: The words. One that ends with `*` stands for all that begin with it.
    """

    def __init__(self, text: str) -> None:
        self.words: list[tuple[str, bool]] = []
        self._patterns: list[re.Pattern[str]] = []
        for term in text.split():
            begins = term.endswith("*")
            words = _WORD.findall(_folded(term)[0])
            if words:
                self.words += [
                    (word[:_LONGEST], begins and place == len(words) - 1) for place, word in enumerate(words)
                ]
                self._patterns.append(_pattern(words, begins))

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where in a text the words are, from and to; nothing unless all of them are there.

        A term such as `can't` is several words, which must stand side by side.
        """
        folded, origins = _folded(text)
        found: list[tuple[int, int]] = []
        for pattern in self._patterns:
            spans = [match.span() for match in pattern.finditer(folded)]
            if not spans:
                return []
            found += spans
        if origins is not None:
            found = [(origins[begin], origins[end - 1] + 1) for begin, end in found]
        return _merged(found)


def snippet(text: str, places: Iterable[tuple[int, int]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A piece of a text around the first place, on one line, and where in the piece the places are."""
    spans = list(places)
    first = spans[0]
    begin = max(0, first[0] - _AROUND)
    end = min(len(text), max(first[1], first[0] + _AROUND) + _AROUND)
    piece = re.sub(r"\s", " ", text[begin:end])
    before = "\u2026" if begin else ""
    shift = len(before) - begin
    marks = tuple((start + shift, stop + shift) for start, stop in spans if stop <= end)
    return before + piece + ("\u2026" if end < len(text) else ""), marks


def _pattern(words: list[str], begins: bool) -> re.Pattern[str]:
    left = "" if _IS_SIGN.match(words[0]) else f"(?<!{_LETTER})"
    right = "" if begins or _IS_SIGN.match(words[-1]) else f"(?!{_LETTER})"
    return re.compile(left + r"[\W_]*".join(map(re.escape, words)) + right)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _folded(text: str) -> tuple[str, list[int] | None]:
    """A text without differences of case, accents and width, and where each character of it comes from."""
    if text.isascii():
        return text.lower(), None
    parts: list[str] = []
    origins: list[int] = []
    for place, character in enumerate(text):
        part = _fold(character)
        parts.append(part)
        origins += [place] * len(part)
    return "".join(parts), origins


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    taken_apart = unicodedata.normalize("NFKD", character.casefold())
    return "".join(part for part in taken_apart if not unicodedata.combining(part)).casefold()
