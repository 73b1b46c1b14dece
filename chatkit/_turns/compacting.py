"""Making a history shorter: which rounds have to go so that the rest fits, by an estimate of tokens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from chatkit._errors import ConfigError
from chatkit._turns.accounting import rounds_of
from chatkit._turns.contents import (
    Content,
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentText,
    ContentThinking,
    ContentToolRequest,
)
from chatkit._turns.inputs import whole_number
from chatkit._turns.turns import Turn

CompactWay: TypeAlias = Literal["drop", "summarise"]
_CHARACTERS_PER_TOKEN = 4
_PER_MESSAGE = 4
# What servers commonly count for an image of medium size; they differ, and do not say so beforehand.
_PER_IMAGE = 765
# Base64 of a PDF: about 4,000 tokens for a page of some 100 KB.
_DATA_PER_TOKEN = 32


@dataclass(frozen=True, slots=True)
class Compaction:
    """What `compact()` did.

    Args:
        dropped: The turns that were taken out, oldest first.
        before: The estimated tokens of the history before.
        after: The estimated tokens of the history now, the summary included.
        summary: What the model wrote in place of the dropped turns; None when they were only dropped.
    """

    dropped: tuple[Turn, ...]
    before: int
    after: int
    summary: str | None = None


def estimate_tokens(turns: Iterable[Turn]) -> int:
    """About how many tokens turns take: a quarter of their characters, some for every message, more for media.

    English text is usually within a fifth of it; other languages take more tokens than this says.
    """
    return sum(_PER_MESSAGE + sum(map(_tokens, turn.contents)) for turn in turns)


def _tokens(content: Content) -> int:
    match content:
        case ContentText() | ContentJson():
            size = len(content.text)
        case ContentThinking():
            return 0  # not sent back, as a rule
        case ContentImageInline() | ContentImageRemote():
            return _PER_IMAGE
        case ContentDocument() | ContentAudio():
            return len(content.data) // _DATA_PER_TOKEN
        case ContentDocumentRemote():
            return _PER_IMAGE
        case ContentToolRequest():
            size = len(content.name) + len(content.raw or json.dumps(content.arguments, default=str))
        case _:
            return len(content.text or content.error or str(content.value)) // _CHARACTERS_PER_TOKEN + sum(
                map(_tokens, content.attachments)
            )
    return -(-size // _CHARACTERS_PER_TOKEN)


def split_at_budget(turns: Sequence[Turn], max_tokens: int, keep_rounds: int) -> tuple[list[Turn], list[Turn]]:
    """Split a history into the oldest rounds, which do not fit a budget, and the newest ones, which do.

    Rounds stay whole, so a tool call is never parted from its result.

    Args:
        turns: The history.
        max_tokens: What the newest rounds may take, as estimated.
        keep_rounds: How many of the newest rounds stay in any case.
    """
    rounds = [(*item.input, *item.response) for item in rounds_of(turns)]
    left = max_tokens
    first = len(rounds)
    while first > 0:
        left -= estimate_tokens(rounds[first - 1])
        if left < 0 and len(rounds) - first >= keep_rounds:
            break
        first -= 1
    cut = sum(map(len, rounds[:first]))
    return list(turns[:cut]), list(turns[cut:])


def check_budget(max_tokens: int, keep_rounds: int, how: str) -> None:
    """Check what a user asked of `compact()`.

    Raises:
        ConfigError: when it is out of range.
    """
    whole_number("max_tokens", max_tokens, 1)
    whole_number("keep_rounds", keep_rounds, 1)
    if how not in ("drop", "summarise"):
        raise ConfigError(f'`how` must be "drop" or "summarise", not {how!r}.')
