"""Tool calls and what came of them, laid out for people: a language and a text."""

from __future__ import annotations

import json
from typing import Any

from chatkit._turns.contents import ContentToolRequest, ContentToolResult

_NOT_SHOWN = "(cannot be shown)"


def arguments_of(request: ContentToolRequest) -> tuple[str, str]:
    """The arguments of a call as JSON; what was no JSON object stands as the model wrote it."""
    return ("", request.raw or "") if request.arguments is None else ("json", as_json(dict(request.arguments)))


def outcome_of(result: ContentToolResult) -> tuple[str, str]:
    """What came of a call: the error, the text that the model read, or else the value as JSON."""
    if result.error is not None:
        return "", result.error
    if result.text is not None:
        return "", result.text
    return ("", result.value) if isinstance(result.value, str) else ("json", as_json(result.value))


def as_json(value: Any) -> str:
    """A value as indented JSON, or words that say it cannot be."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=2)
    except (TypeError, ValueError, RecursionError):
        return _NOT_SHOWN
