"""What stands beside the words of an answer: the pages that it cites, and how likely its tokens were.

Source of the wire format: https://platform.openai.com/docs/api-reference/responses (annotations, logprobs).
"""

from __future__ import annotations

import math
from typing import Any

from chatkit._turns.details import Source, TokenLogProb


def read_source(annotation: Any, at: int | None = 0) -> Source | None:
    """The page that an annotation cites; None when it cites none, or something else than a page.

    Args:
        annotation: The annotation; its fields may stand in an object of its own, as in Chat Completions.
        at: Where the text that it counts from begins in the text of the answer; None when nobody knows.
    """
    if not isinstance(annotation, dict):
        return None
    inner = annotation.get("url_citation")
    fields = inner if isinstance(inner, dict) else annotation
    url, title = fields.get("url"), fields.get("title")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return None
    return Source(
        url,
        title if isinstance(title, str) and title else None,
        _place(fields.get("start_index"), at),
        _place(fields.get("end_index"), at),
    )


def read_log_probs(tokens: Any) -> list[TokenLogProb]:
    """The log probabilities in a list of tokens; what is none is passed over."""
    read = (_log_prob(token) for token in tokens) if isinstance(tokens, list) else ()
    return [token for token in read if token is not None]


def _log_prob(token: Any) -> TokenLogProb | None:
    if not isinstance(token, dict):
        return None
    text, value = token.get("token"), token.get("logprob")
    if not isinstance(text, str) or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value):
        return None
    return TokenLogProb(text, float(value), tuple(read_log_probs(token.get("top_logprobs"))))


def _place(index: Any, at: int | None) -> int | None:
    return at + index if type(index) is int and index >= 0 and at is not None else None
