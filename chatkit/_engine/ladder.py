"""The ladder of ways to ask for a typed answer: which comes first, when to step down, and what is remembered.

Servers differ in what they can do, and few say so beforehand. What worked is remembered for each server and model as
long as Python runs, so that all chats with them begin there.
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
    r"response_format|json_schema|json_object|json mode|tool_choice|\btools?\b|function.call|grammar|schema|structured"
    r"|guided|\bstrict\b",
    re.IGNORECASE,
)
_KEPT = 1000
_known: dict[tuple[str, str], Way] = {}


class Ladder:
    """The ways of one call, from the best that is known to the last.

    Args:
        provider: The server and the model.
        forced: The one way to use; None leaves the choice to the ladder.

    Attributes:
        way: The way to ask now.

    Raises:
        ConfigError: when there is no such way.
    """

    def __init__(self, provider: Provider, forced: Way | None = None) -> None:
        if forced is not None and forced not in WAYS:
            raise ConfigError(f"`way` must be one of {', '.join(map(repr, WAYS))}, or None, not {forced!r}.")
        self._key = _key_of(provider)
        self._forced = forced
        self.way: Way = forced or _known.get(_key_of(provider), WAYS[0])

    @property
    def at_end(self) -> bool:
        """Whether there is no further way."""
        return self._forced is not None or self.way == WAYS[-1]

    def step_down(self) -> bool:
        """Go on to the next way; gives whether there is one."""
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
        for key in (self._key, _key_of(provider)):
            _known[key] = self.way


def _key_of(provider: Provider) -> tuple[str, str]:
    return provider.base_url, provider.model


def refuses_way(error: APIError) -> bool:
    """Whether a server says by an error that it does not know how to answer in this way."""
    words = f"{error.server_message} {getattr(error, 'param', None) or ''}"
    if isinstance(error, NotFoundError):
        # OpenRouter: "No endpoints found that support tool use." Any other 404 is about the model or the address.
        return "support" in words and bool(_NAMES_A_WAY.search(words))
    bad = isinstance(error, BadRequestError | UnprocessableEntityError) and not isinstance(error, ContextLengthError)
    return bad and bool(_NAMES_A_WAY.search(words))
