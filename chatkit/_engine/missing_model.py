"""Whether a server says that it has no such model, and what may have been meant."""

from __future__ import annotations

import re
from collections.abc import Collection

from chatkit._errors import APIStatusError, NotFoundError
from chatkit._models.names import near
from chatkit._models.routes import POLICIES
from chatkit._models.rows import ModelInfo
from chatkit._render.controls import one_line

_CODES = ("model_not_found", "model_not_supported", "model_not_available", "unknown_model", "invalid_model")
_WORDS = re.compile(
    r"\bmodel\b.{0,200}\b(?:does not exist|not found|not supported|not available|unknown|isn't available)"
    r"|\b(?:no such|unknown|invalid|unsupported) model\b|not a valid model|not supported by (?:any )?provider",
    re.IGNORECASE | re.DOTALL,
)
# "Model x: tools are not supported", "the parameter y is not supported by model x": the model is there.
_OTHERWISE = re.compile(
    r"parameter|\btools?\b|tool_|image|vision|audio|format|schema|grammar|json|stream|temperature|max_|penalty"
    r"|logprobs|\bseed\b|\brole\b|reasoning",
    re.IGNORECASE,
)
_FEW = 3
_NAMED = 6
_LONGEST = 120


def says_no_model(error: APIStatusError) -> bool:
    """Whether a server says by an error that it does not have the model."""
    if (error.code or "").lower() in _CODES:
        return True
    words = error.server_message
    for name in filter(None, (error.model, (error.model or "").partition(":")[0])):
        # A model's own name says nothing, and may hold any word.
        words = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "x", words)
    if isinstance(error.body, str) or _OTHERWISE.search(words):
        # A page, or bare text, is about the address.
        return False
    return bool(_WORDS.search(words)) or (isinstance(error, NotFoundError) and "model" in words.lower())


def advice_on(asked: str, models: Collection[ModelInfo]) -> str:
    """What may have been meant by a model's name that a server does not know; empty when nothing helps.

    Args:
        asked: The name, perhaps with a route behind a colon.
        models: The server's list.
    """
    known = {model.id: model for model in models}
    if asked in known:
        return ""
    base, _, route = asked.partition(":")
    if base in known:
        return _on_route(base, route, known[base].providers)
    names = near(asked, known)
    if names:
        return f"Did you mean {_listed(names, 'or')}?"
    return f"It has {_listed(list(known), 'and')}." if len(known) <= _FEW else ""


def _on_route(name: str, route: str, providers: Collection[str]) -> str:
    """Advice on a model that is there, but not by that way."""
    if not providers or route.lower() in POLICIES or route in providers:
        return ""
    others = list(providers)[:_NAMED]
    return f"{_quoted(name)} is served by {_listed(others, 'and')}, not by {_quoted(route)}."


def _listed(names: list[str], word: str) -> str:
    *first, last = map(_quoted, names)
    return f"{', '.join(first)} {word} {last}" if first else last


def _quoted(name: str) -> str:
    return f"'{one_line(name[:_LONGEST])}'"
