"""Approvals: a tool call that waits for a yes, bound to exactly what would run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from chatkit._errors import ConfigError
from chatkit._turns.contents import ContentToolRequest
from chatkit._turns.turns import AssistantTurn, Turn, UserTurn

# Yes; no; no, and why; or not now.
Verdict: TypeAlias = bool | str | None


@dataclass(frozen=True, slots=True)
class PendingApproval:
    """A tool call that runs only after a yes.

    Args:
        request: What the model asked for.
    """

    request: ContentToolRequest

    @property
    def id(self) -> str:
        """The id of the request."""
        return self.request.id

    @property
    def name(self) -> str:
        """The name of the tool."""
        return self.request.name

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The arguments that the tool would get; empty when the model's could not be read."""
        return self.request.arguments or {}

    @property
    def token(self) -> str:
        """The id with a fingerprint of name and arguments: what an approval that travels should carry."""
        return f"{self.id}:{fingerprint(self.request)}"


def fingerprint(request: ContentToolRequest) -> str:
    """A digest of the name and the canonical arguments of a request: equal only for the same call."""
    import hashlib  # brings a library of its own along, for a pause that most chats never make

    # An array has no ambiguity about where one part ends and the next begins.
    parts = [request.id, request.name, request.arguments, request.raw]
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def waiting_requests(turns: Sequence[Turn]) -> tuple[ContentToolRequest, ...]:
    """The tool requests at the end of a conversation that have no result yet.

    Nothing else is kept about a pause: it is in the turns, and so it is saved, loaded and forked with them.
    """
    answered: set[str] = set()
    for turn in reversed(turns):
        if isinstance(turn, AssistantTurn):
            if turn.interrupted is not None:
                return ()
            return tuple(request for request in turn.tool_requests if request.id not in answered)
        if not isinstance(turn, UserTurn) or not turn.only_tool_results:
            return ()  # the conversation went on without them
        answered.update(result.id for result in turn.tool_results)
    return ()


def verdicts_of(pending: Sequence[PendingApproval], approve: Any, deny: Any) -> dict[str, Verdict]:
    """What a user decided about the calls that wait, by their tokens: a decision is about one call and no other.

    Args:
        pending: The calls that wait.
        approve: True for all, or ids, tokens and `PendingApproval` values.
        deny: The same, or a mapping from ids or tokens to reasons.

    Raises:
        ConfigError: when nothing waits or is decided, or what was decided does not fit what waits.
    """
    if not pending:
        raise ConfigError("No tool call waits for approval.")
    verdicts: dict[str, Verdict] = {}
    reasons = deny if isinstance(deny, Mapping) else dict.fromkeys(_named(deny, pending, "deny"), False)
    for key, reason in reasons.items():
        if reason is not False and not isinstance(reason, str):
            raise ConfigError(f"The reason to deny a call must be a text, not {type(reason).__name__}.")
        verdicts[_found(key, pending).token] = reason
    for key in _named(approve, pending, "approve"):
        found = _found(key, pending)
        if found.token in verdicts:
            raise ConfigError(f"The call {found.id!r} is both approved and denied.")
        verdicts[found.token] = True
    if not verdicts:
        raise ConfigError("Nothing is decided: give approve= or deny=.")
    return verdicts


def _named(value: Any, pending: Sequence[PendingApproval], what: str) -> list[Any]:
    if isinstance(value, bool):
        return list(pending) if value else []
    if isinstance(value, str | PendingApproval):
        return [value]
    if isinstance(value, Iterable):
        return list(value)
    raise ConfigError(f"`{what}` must be True, or name calls by their ids, not {type(value).__name__}.")


def _found(key: Any, pending: Sequence[PendingApproval]) -> PendingApproval:
    given = key.token if isinstance(key, PendingApproval) else key
    found = {approval.token: approval for approval in pending if given in (approval.id, approval.token)}
    if len(found) == 1:
        return found.popitem()[1]
    if found:
        raise ConfigError(f"Several calls have the id {given!r}.", hint="Name each by its token.")
    waiting = ", ".join(f"{approval.id} ({approval.name})" for approval in pending)
    raise ConfigError(f"No call {given!r} waits for approval; these do: {waiting}.")
