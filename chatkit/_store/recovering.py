"""The turns that are made of a draft when nobody ended it: the process was killed, or is still at it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatkit._errors import HistoryError, StoreError
from chatkit._record.contents import content_of
from chatkit._record.kinds import fields_of
from chatkit._record.turns import turn_of
from chatkit._store.blobs import put_blobs
from chatkit._turns.approvals import waiting_requests
from chatkit._turns.characters import whole_characters
from chatkit._turns.contents import Content, ContentText, ContentThinking, ContentToolRequest, ContentToolResult
from chatkit._turns.details import Source
from chatkit._turns.lawful import UNANSWERED, Said, failed_result
from chatkit._turns.turns import AssistantTurn, UserTurn

UNFINISHED = "the process ended"
"""Why a turn is partial that nobody ended."""
NOT_RETURNED = "The tool call was interrupted: the process ended while it ran. What it did is not known."


@dataclass(slots=True)
class _Draft:
    """What the entries of a draft come to."""

    base: int | None = None
    user: UserTurn | None = None
    text: list[str] = field(default_factory=list)
    thinking: list[str] = field(default_factory=list)
    calls: dict[int, list[str]] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    asked: bool = False
    runs: set[str] = field(default_factory=set)
    waits: set[str] = field(default_factory=set)
    results: list[ContentToolResult] = field(default_factory=list)

    def take(self, entry: Any, blobs: Mapping[str, bytes], at: str) -> None:
        match entry:
            case ["begun", int(base), record]:
                self.base, self.user = base, _user_of(record, blobs, at)
            case ["text", str(piece)]:
                self.text.append(piece)
            case ["thinking", str(piece)]:
                self.thinking.append(piece)
            case ["call", int(index), str(id), str(name), str(piece)]:
                known = self.calls.setdefault(index, ["", "", ""])
                known[:] = [id or known[0], name or known[1], known[2] + piece]
            case ["cited", str(url), str() | None as title, int() | None as start, int() | None as end]:
                self.sources.append(Source(url, title, start, end))
            case _:
                self._take_tool(entry, blobs, at)

    def _take_tool(self, entry: Any, blobs: Mapping[str, bytes], at: str) -> None:
        match entry:
            case ["asked"]:
                self.asked = True
            case ["runs", str(id)]:
                self.runs.add(id)
            case ["waits", str(id)]:
                self.waits.add(id)
            case ["returned", record]:
                self.results.append(_result_of(record, blobs, at))
            case _:
                raise StoreError(f"{at}: an entry of the draft is not known here.", kind="corrupt")


def recovered(
    turns: Sequence[Said], entries: Iterable[str], blobs: Mapping[str, bytes], at: str, reason: str = UNFINISHED
) -> list[Said]:
    """The turns of a conversation whose last call nobody ended.

    Of an answer that had begun all that was told is in a partial turn, marked with the reason. Tools do not run again:
    calls that ran have their result, or an error in its place; calls that waited for approval go on waiting.

    Args:
        turns: The turns that are stored.
        entries: The entries of the draft, as JSON texts.
        blobs: Large contents by their hash.
        at: What messages call the conversation.
        reason: Why the turn is partial.

    Raises:
        StoreError: when something in it makes no sense.
        HistoryError: when a record makes no sense; it names the place.
    """
    draft = _Draft()
    for entry in entries:
        draft.take(json_of(entry, at), blobs, at)
    if draft.base is not None:
        return _answered(turns, draft, reason)
    if draft.asked or draft.runs or draft.waits or draft.results:
        return _settled(turns, draft)
    return list(turns)


def json_of(line: Any, at: str) -> Any:
    """A JSON text as a value.

    Raises:
        StoreError: when it is none.
    """
    try:
        return json.loads(line)
    except (TypeError, ValueError, RecursionError):
        pass
    raise StoreError(f"{at} is damaged: what is stored of it is not JSON.", kind="corrupt")


def _answered(turns: Sequence[Said], draft: _Draft, reason: str) -> list[Said]:
    contents: list[Content] = []
    if draft.thinking:
        contents.append(ContentThinking("".join(draft.thinking)))
    if draft.text:
        contents.append(ContentText("".join(draft.text)))
    contents += [_request(*draft.calls[index]) for index in sorted(draft.calls)]
    base = draft.base or 0
    if not contents and base < len(turns):
        # A round was to be said anew, and nothing came of it yet: the old one stands.
        return list(turns)
    partial = AssistantTurn(tuple(contents), interrupted=reason, sources=tuple(draft.sources))
    return [*turns[:base], *([draft.user] if draft.user is not None else []), partial]


def _request(id: str, name: str, text: str) -> ContentToolRequest:
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError):
        arguments = None
    if isinstance(arguments, dict):
        return ContentToolRequest(id, name, arguments)
    return ContentToolRequest(id, name, None, whole_characters(text))


def _settled(turns: Sequence[Said], draft: _Draft) -> list[Said]:
    """The turns with a turn of results, as far as calls ran or can be run no more."""
    if not draft.runs and not draft.results:
        return list(turns)
    given = {result.id: result for result in draft.results}
    results = []
    for request in waiting_requests(turns):
        if request.id in given:
            results.append(given[request.id])
        elif request.id in draft.runs:
            results.append(failed_result(request, NOT_RETURNED))
        elif draft.asked and request.id not in draft.waits:
            results.append(failed_result(request, UNANSWERED))
    return [*turns, UserTurn(results)] if results else list(turns)


def _user_of(record: Any, blobs: Mapping[str, bytes], at: str) -> UserTurn | None:
    if record is None:
        return None
    put_blobs(record, blobs, at)
    turn = turn_of(fields_of(record, at), f"{at}: the turn being answered")
    if not isinstance(turn, UserTurn):
        raise HistoryError(f"{at}: the turn being answered is not the user's.")
    return turn


def _result_of(record: Any, blobs: Mapping[str, bytes], at: str) -> ContentToolResult:
    put_blobs(record, blobs, at)
    content = content_of(fields_of(record, at), f"{at}: the result of a tool")
    if not isinstance(content, ContentToolResult):
        raise HistoryError(f"{at}: the result of a tool is a {type(content).__name__}.")
    return content
