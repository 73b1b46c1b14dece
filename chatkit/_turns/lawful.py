"""The turns as they may be sent: what was said, in a form that the strictest server accepts.

Lawful means: user and assistant alternate, no message is empty, every tool request has an id of its own and is answered
exactly once by what follows it directly, and a partial answer asks for no tool. What was said is never changed for it:
a turn that is lawful already stands here as it is, and another one in its place where it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import TypeAlias

from chatkit._turns.contents import (
    Content,
    ContentJson,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, UserTurn

Said: TypeAlias = UserTurn | AssistantTurn
# A request as it stands here, and the id under which it was said, which its result may refer to.
_Asked: TypeAlias = tuple[str, ContentToolRequest]
UNANSWERED = "The chat ended before the tool could be invoked."


def failed_result(request: ContentToolRequest, error: str) -> ContentToolResult:
    """An error result for a request that was not run."""
    return ContentToolResult(error=error, request=request, text=error)


class Lawful:
    """The lawful form of a history, brought up to date turn by turn, so that its cost is linear."""

    __slots__ = ("_asked", "_ids", "_turns")

    def __init__(self) -> None:
        self._turns: list[Said] = []
        self._ids: set[str] = set()
        self._asked: list[_Asked] = []

    def append(self, turn: Said) -> None:
        """Add what was said next."""
        if isinstance(turn, UserTurn):
            _append_user(self._turns, self._asked, turn)
        else:
            self._append_assistant(turn)

    def followed_by(self, user: UserTurn, *then: Said) -> list[Said]:
        """The turns with a further user turn at their end; an empty one answers what is unanswered, if anything.

        Args:
            user: The user turn.
            then: What else follows.
        """
        turns = self._turns.copy()
        _append_user(turns, self._asked, user)
        if not then:
            return turns
        scratch = Lawful()
        scratch._turns, scratch._ids, scratch._asked = turns, self._ids.copy(), self._asked
        for turn in then:
            scratch.append(turn)
        return scratch._turns

    def with_own_ids(self, turn: AssistantTurn) -> AssistantTurn:
        """The turn with tool requests whose ids occur nowhere else: some servers call every first one "0"."""
        ids = [request.id for request in turn.tool_requests]
        if "" not in ids and len(set(ids)) == len(ids) and self._ids.isdisjoint(ids):
            return turn
        taken = self._ids | {""}
        contents: list[Content] = []
        for item in turn.contents:
            if isinstance(item, ContentToolRequest):
                item = _renamed(item, taken)
                taken.add(item.id)
            contents.append(item)
        return replace(turn, contents=tuple(contents))

    def _append_assistant(self, turn: AssistantTurn) -> None:
        said = _speakable(turn)
        if all(isinstance(item, ContentThinking) for item in said.contents):
            return
        turn = self.with_own_ids(said)
        if self._turns and isinstance(self._turns[-1], AssistantTurn) and self._asked:
            _append_user(self._turns, self._asked, UserTurn())
        last = self._turns[-1] if self._turns else None
        if isinstance(last, AssistantTurn):
            self._turns[-1] = replace(last, contents=last.contents + turn.contents, interrupted=None)
        else:
            self._turns.append(turn)
        self._asked = [(before.id, now) for before, now in zip(said.tool_requests, turn.tool_requests, strict=True)]
        self._ids.update(request.id for request in turn.tool_requests)


def _renamed(request: ContentToolRequest, taken: set[str]) -> ContentToolRequest:
    if request.id not in taken:
        return request
    names = (f"{request.id or 'call'}_{number}" for number in count(len(taken) + 1))
    return replace(request, id=next(name for name in names if name not in taken))


def _speakable(turn: AssistantTurn) -> AssistantTurn:
    """The turn without empty text, and without tool requests where it is partial: nobody will ever answer those."""

    def stays(item: Content) -> bool:
        if isinstance(item, ContentToolRequest):
            return turn.interrupted is None
        return not _is_blank(item)

    contents = tuple(item for item in turn.contents if stays(item))
    return turn if contents == turn.contents else replace(turn, contents=contents)


def _append_user(turns: list[Said], asked: Sequence[_Asked], turn: UserTurn) -> None:
    last = turns[-1] if turns else None
    if isinstance(last, UserTurn):
        # Merged with the turn before it, the results in both are looked at again against what asked for them.
        turns.pop()
        turn = UserTurn(last.contents + turn.contents)
    turn = _answering(asked, turn)
    if turn.contents:
        turns.append(turn)


def _answering(asked: Sequence[_Asked], turn: UserTurn) -> UserTurn:
    """The turn with one result per request, in the order of the requests, in front of everything else."""
    given = list(turn.tool_results)
    results = [_result_for(request, before, given) for before, request in asked]
    others = [item for item in turn.contents if not isinstance(item, ContentToolResult) and not _is_blank(item)]
    contents = (*results, *others)
    return turn if contents == turn.contents else UserTurn(contents)


def _result_for(request: ContentToolRequest, before: str, given: list[ContentToolResult]) -> ContentToolResult:
    """Take the result of a request out of those given; without one, tell that it was not answered."""
    mine = [index for index, result in enumerate(given) if result.id in (request.id, before)]
    if not mine:
        return failed_result(request, UNANSWERED)
    # A real result may come after a request was taken for unanswered already.
    result = given.pop(next((index for index in mine if given[index].error != UNANSWERED), mine[0]))
    return result if result.id == request.id else replace(result, request=request)


def _is_blank(item: Content) -> bool:
    return isinstance(item, ContentText | ContentJson) and not item.text
