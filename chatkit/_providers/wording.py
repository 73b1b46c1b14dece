"""Wording requests: what every wire format shares. Turns become JSON bytes, each turn once.

A worded turn keeps its bytes, so that a request is joined from them and its cost grows with what is sent, not with
what would be made anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from chatkit._http.messages import Head
from chatkit._providers.params import Params
from chatkit._providers.profiles import Profile
from chatkit._providers.provider import Decoder
from chatkit._turns.turns import Turn

if TYPE_CHECKING:
    from chatkit._tools.tool import Tool
    from chatkit._types.wanted import Wanted

to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
"""JSON text without spaces; NaN and the infinities are refused with a ValueError."""


class Rules(Protocol):
    """How turns are worded for one server. Equal rules word equally: a value, and hashable or not, but comparable."""

    def messages(self, turn: Turn) -> Iterator[dict[str, Any]]:
        """The objects that a turn becomes, in order."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, besides the turns.

    Args:
        model: The model, as the server is told.
        params: The model's parameters.
        profile: What sets the server apart.
        tools: The tools on offer.
        stream: Whether the answer shall come in pieces.
        wanted: The form that the answer shall have, if it shall be JSON.
        tool_choice: "auto", "none", "required" or the name of a tool; None leaves it to the server.
        warned: Parameters that were warned about already; new ones are added.
    """

    model: str
    params: Params
    profile: Profile
    tools: Sequence[Tool] = ()
    stream: bool = False
    wanted: Wanted | None = None
    tool_choice: str | None = None
    warned: set[str] = field(default_factory=set)


class Wire(Protocol):
    """One wire format: how a request is worded, and who reads its answer.

    Attributes:
        path: Where requests go, behind the server's address.
        turns_field: The field of a body in which the turns stand, as a list.
    """

    @property
    def path(self) -> str: ...
    @property
    def turns_field(self) -> str: ...

    def rules(self, profile: Profile, preserve_thinking: bool) -> Rules:
        """How turns are worded for a server."""

    def body(self, asked: Asked) -> dict[str, Any]:
        """A request's body without the turns: the field for them holds an empty list."""

    def decoder(self, head: Head, model: str) -> Decoder:
        """A reader for the answer that begins with a head; the model is the one asked for."""


def to_bytes(value: Any) -> bytes:
    """JSON in UTF-8; a lone surrogate, which UTF-8 cannot say, becomes U+FFFD."""
    text = to_json(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def word_turns(turns: Iterable[Turn], rules: Rules) -> list[bytes]:
    """The objects of some turns as JSON; those of one turn are joined by commas."""
    return [worded for turn in turns if (worded := _word(turn, rules))]


def _word(turn: Turn, rules: Rules) -> bytes:
    kept = turn.wording
    if kept is not None and (kept[0] is rules or kept[0] == rules):
        worded: bytes = kept[1]
        return worded
    worded = b",".join([to_bytes(message) for message in rules.messages(turn)])
    object.__setattr__(turn, "wording", (rules, worded))
    return worded


def merged(body: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A body with a user's changes merged in, deeply; None deletes a key."""
    result = dict(body)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result
