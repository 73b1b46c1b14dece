"""A conversation cut down to what may stand in a notebook: every turn, but nothing that fills megabytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from chatkit._render.controls import visible
from chatkit._render.fences import fence
from chatkit._render.tooling import arguments_of, outcome_of
from chatkit._turns.contents import (
    MEDIA_TYPES,
    Content,
    ContentImageInline,
    ContentJson,
    ContentMedia,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import Turn

_SAID = 40_000
_FOLDED = 5_000
_ALL = 200_000
_PICTURES = 1_000_000
_TURNS = 1_000


class Cutter:
    """Cuts texts and leaves out pictures, such that all together stay small.

    Args:
        contents: All contents that will be shown, so that a few long ones may fill what many short ones leave.
    """

    def __init__(self, contents: Iterable[Content]) -> None:
        self._most = _share([min(_limit(item), len(_text(item))) for item in contents])
        self._pictures = _PICTURES

    def contents(self, contents: Sequence[Content]) -> tuple[Content, ...]:
        """The contents, in short."""
        return tuple([self._content(item) for item in contents])

    def _content(self, content: Content) -> Content:
        if isinstance(content, MEDIA_TYPES):
            return self._medium(content)
        text = _text(content)
        limit = min(_limit(content), self._most)
        short = visible(text if len(text) <= limit else _cut(text, limit))
        changed = content if short == text else _with_text(content, short)
        if isinstance(changed, ContentToolResult):
            return replace(changed, attachments=tuple([self._medium(item) for item in changed.attachments]))
        return changed

    def _medium(self, medium: ContentMedia) -> ContentMedia:
        if not isinstance(medium, ContentImageInline):
            return medium
        if len(medium.data) <= self._pictures:
            self._pictures -= len(medium.data)
            return medium
        # What is of no known kind is named, with its size.
        return replace(medium, media_type=f"{medium.media_type[:100]}, too large to be shown here")


def brief(turns: Sequence[Turn]) -> tuple[list[Turn], int]:
    """The turns of a conversation, in short.

    Args:
        turns: The turns, oldest first.

    Returns:
        The turns, and how many are left out between the first of them and the others.
    """
    left_out = max(0, len(turns) - _TURNS)
    kept = [*turns[:1], *turns[1 + left_out :]] if left_out else turns
    cutter = Cutter([item for turn in kept for item in turn.contents])
    # From the newest on: if there is no room for all pictures, the first ones give way.
    short = [replace(turn, contents=cutter.contents(turn.contents)) for turn in reversed(kept)]
    return short[::-1], left_out


def _cut(text: str, limit: int) -> str:
    return f"{text[:limit]}\n\n... ({len(text) - limit:,} more characters)"


def _share(sizes: list[int]) -> int:
    """The most characters that a text may have, such that all together have no more than there is room for."""
    room = _ALL
    for left, size in zip(range(len(sizes), 0, -1), sorted(sizes), strict=True):
        if size * left > room:
            return room // left
        room -= size
    return _SAID


def _limit(content: Content) -> int:
    return _SAID if isinstance(content, ContentText | ContentJson) else _FOLDED


def _text(content: Content) -> str:
    match content:
        case ContentText() | ContentJson():
            return content.text
        case ContentThinking():
            return content.thinking
        case ContentToolRequest():
            return arguments_of(content)[1]
        case ContentToolResult():
            return outcome_of(content)[1]
        case _:
            return ""


def _with_text(
    content: ContentText | ContentThinking | ContentJson | ContentToolRequest | ContentToolResult, text: str
) -> Content:
    match content:
        case ContentText():
            return ContentText(text)
        case ContentThinking():
            return ContentThinking(text)
        case ContentJson():
            return ContentText(fence(text, "json"))
        case ContentToolRequest():
            return replace(content, arguments=None, raw=text)
        case ContentToolResult():
            return replace(content, text=text) if content.error is None else replace(content, error=text)
        case _:
            assert_never(content)
