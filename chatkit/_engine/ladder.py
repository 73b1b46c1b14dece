"""The ladder of ways to ask for a typed answer: which comes first, when to step down, and what is remembered.

Servers differ in what they can do, and few say so beforehand. What worked is remembered for each server and model as
long as Python runs, so that all chats with them begin there. Where a server minds the one schema, it is remembered for
that schema alone.
"""

from __future__ import annotations

import re

from chatkit._errors import (
    APIError,
    BadRequestError,
    ConfigError,
    ContextLengthError,
    NotFoundError,
    UnprocessableEntityError,
)
from chatkit._providers.provider import Provider
from chatkit._types.wanted import WAYS, Way

_NAMES_A_WAY = re.compile(
    r"response_format|text\.format|json_schema|json_object|json mode|tool_choice|\btools?\b|function.call|grammar"
    r"|schema|structured|guided|\bstrict\b",
    re.IGNORECASE,
)
# "Messages with role 'tool' must follow ...", "messages[1].tool_calls: ...": the history is at fault.
_NAMES_A_MESSAGE = re.compile(r"\brole\b|\bmessages(?:\[|\.\d)|\btool_call_id\b", re.IGNORECASE)
# "Invalid schema", "failed to compile the grammar": this one type is at fault, and says nothing of others.
# A word of its own: "json_schema is not supported" is about the way.
_FAULT = (
    r"invalid|bad|unsupported|unrecognized|too (?:large|complex|deep)|compil|convert|conversion|pars|process|permitted"
)
_BLAMES_THE_SCHEMA = re.compile(
    rf"\b(?:{_FAULT})[^.:]{{0,40}}\b(?:schema|grammar)\b|\b(?:schema|grammar)\b[^.:]{{0,40}}\b(?:{_FAULT})",
    re.IGNORECASE,
)
# Some templates know no system prompt, and these ways put one there.
_NAMES_THE_SYSTEM = re.compile(r"\bsystem (?:role|prompt|message)|\b(?:system|developer) instruction", re.IGNORECASE)
_INSTRUCTED: tuple[Way, ...] = ("json_object", "prompt")
_KEPT = 1000
_STRICT: tuple[Way, ...] = ("json_schema", "tool")
_known: dict[tuple[str, ...], tuple[Way, bool]] = {}


class Ladder:
    """The ways of one call, from the best that is known to the last.

    Args:
        provider: The server and the model.
        forced: The one way to use; None leaves the choice to the ladder.
        schema: The schema of the answer, as text.

    Attributes:
        way: The way to ask now.
        strict: Whether to ask strictly, where the way and the server know that.

    Raises:
        ConfigError: when there is no such way.
    """

    def __init__(self, provider: Provider, forced: Way | None = None, schema: str = "") -> None:
        if forced is not None and forced not in WAYS:
            raise ConfigError(f"`way` must be one of {', '.join(map(repr, WAYS))}, or None, not {forced!r}.")
        self._key = _key_of(provider)
        self._forced = forced
        self._schema = schema
        # Whether the schema is at fault for where the ladder stands.
        self._blamed = (*self._key, schema) in _known
        known = _known.get((*self._key, schema)) or _known.get(self._key, (WAYS[0], True))
        self.way: Way = forced or known[0]
        self.strict = forced is not None or known[1]

    @property
    def at_end(self) -> bool:
        """Whether there is no further way."""
        return self._forced is not None or self.way == WAYS[-1]

    def step_down(self, refusal: APIError | None = None) -> bool:
        """Go on to the next way, or to the same one less strictly; gives whether there is one.

        Args:
            refusal: What the server said, if it did. It may be about this schema, and the way do for other types.
        """
        if refusal is not None and _BLAMES_THE_SCHEMA.search(refusal.server_message or ""):
            self._blamed = True
            if self.strict and self.way in _STRICT:
                self.strict = False
                return True
        if self.at_end:
            return False
        self.way = WAYS[WAYS.index(self.way) + 1]
        return True

    def remember(self, provider: Provider) -> None:
        """Note that the way has worked; the provider may have found a better address in the meantime."""
        if self._forced is not None:
            return
        if len(_known) >= _KEPT:
            _known.clear()
        about = (self._schema,) if self._blamed else ()
        for key in (self._key, _key_of(provider)):
            _known[(*key, *about)] = self.way, self.strict


def _key_of(provider: Provider) -> tuple[str, str]:
    return provider.base_url, provider.model


def refuses_way(error: APIError, way: Way = WAYS[0]) -> bool:
    """Whether a server says by an error that it does not know how to answer in this way."""
    words = f"{error.server_message} {getattr(error, 'param', None) or ''}"
    names_it = _NAMES_A_WAY.search(words) and not _NAMES_A_MESSAGE.search(words)
    if isinstance(error, NotFoundError):
        # OpenRouter: "No endpoints found that support tool use." Any other 404 is about the model or the address.
        return "support" in words and bool(_NAMES_A_WAY.search(words))
    bad = isinstance(error, BadRequestError | UnprocessableEntityError) and not isinstance(error, ContextLengthError)
    return bad and bool(names_it or (way in _INSTRUCTED and _NAMES_THE_SYSTEM.search(words)))
