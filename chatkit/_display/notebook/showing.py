"""Echo in a notebook: a conversation shown while it happens, in as few outputs as will do."""

from __future__ import annotations

import sys
from typing import Any, TypeAlias, TypeVar, assert_never

from chatkit._display.notebook.calls import Call
from chatkit._display.notebook.noting import note_of
from chatkit._display.notebook.pace import Pace
from chatkit._display.notebook.page import Page
from chatkit._display.notebook.pieces import Note, Piece, Said, Text, Thinking, is_json
from chatkit._display.notebook.surface import Surface
from chatkit._turns.contents import MEDIA_TYPES, ContentToolRequest, ContentToolResult
from chatkit._turns.events import (
    ApprovalRequested,
    Event,
    ModelLoading,
    Retrying,
    SourceCited,
    TextDelta,
    ThinkingDelta,
    ToolInputDelta,
    ToolProgressed,
    ToolRequested,
    ToolReturned,
    TurnEnded,
    TurnStarted,
)
from chatkit._turns.turns import AssistantTurn, UserTurn

_Between: TypeAlias = TurnStarted | ApprovalRequested | ToolRequested | ToolProgressed | ToolReturned | Retrying
_Told: TypeAlias = _Between | ToolInputDelta | ModelLoading | SourceCited | TurnEnded
_STOPPED = "KeyboardInterrupt: stopped. What arrived is kept: see chat.last_turn()."
_Streamed = TypeVar("_Streamed", Text, Thinking)


class NotebookEcho:
    """The answer as rendered Markdown, with thinking, tool calls and their results folded up, in the order of events.

    An output is sent whole each time it changes. So that all that is sent stays in proportion to the answer, an
    output that holds enough of finished blocks is left as it is, and what follows goes into a new one.

    Args:
        surface: The notebook.
        everything: Whether what is sent is shown too.
    """

    def __init__(self, surface: Surface, *, everything: bool = False) -> None:
        self._surface = surface
        self._everything = everything
        self._pages = [Page(surface.area())]
        self._open: Text | Thinking | None = None
        self._note: Note | None = None
        self._calls: list[Call] = []
        self._shown: set[str] = set()
        self._last: Text | None = None
        self._closed = False
        self._pace = Pace(self._send, surface.thread)

    def show(self, event: Event) -> None:
        """Show what happened."""
        with self._pace.lock:
            self._note_down(note_of(event))
            match event:
                case TextDelta():
                    self._part(Text).feed(event.text)
                case ThinkingDelta():
                    self._part(Thinking).feed(event.thinking)
                case _:
                    self._show_between(event)
            self._turn_page()
            self._pace.touch()

    def close(self) -> None:
        """Show everything once more, as it stays."""
        _brief(sys.exception())
        with self._pace.lock:
            if not self._closed:
                self._closed = True
                self._end()
                self._note_down("")
                for call in self._calls:
                    call.finish()
            self._pace.now()
        self._pace.close()

    def _show_between(self, event: _Told) -> None:
        self._end()
        match event:
            case TurnStarted():
                self._sent(event.turn)
            case TurnEnded():
                self._answered(event.turn)
            case ToolRequested() | ToolProgressed() | ToolReturned():
                self._show_call(event)
            case ApprovalRequested():
                self._ask()
            case ToolInputDelta() | Retrying() | ModelLoading() | SourceCited():
                pass  # the first three are notes, and what is cited stands in the turn
            case _:
                assert_never(event)

    def _show_call(self, event: ToolRequested | ToolProgressed | ToolReturned) -> None:
        match event:
            case ToolRequested():
                self._call(event.request)
            case ToolProgressed():
                self._call(event.request).progressed(event.value)
            case ToolReturned():
                self._returned(event.result)
            case _:
                assert_never(event)

    def _part(self, kind: type[_Streamed]) -> _Streamed:
        """The part of the answer that streams now; a part of another kind ends."""
        if not isinstance(self._open, kind):
            self._end()
            part = kind()
            self._open = part
            self._put(part)
            return part
        return self._open

    def _end(self) -> None:
        part, self._open = self._open, None
        if part is not None:
            part.finish()
        if isinstance(part, Text):
            self._last = part

    def _put(self, piece: Piece) -> None:
        self._pages[-1].pieces.append(piece)

    def _sent(self, turn: UserTurn) -> None:
        self._last = None
        # A result was shown when the tool returned it.
        contents = [
            item for item in turn.contents if not isinstance(item, ContentToolResult) or item.id not in self._shown
        ]
        self._shown.clear()
        if self._everything and contents:
            self._put(Said(contents, sent=True))

    def _answered(self, turn: AssistantTurn) -> None:
        if self._last is not None and any(map(is_json, turn.contents)):
            self._last.as_json()
        media = [item for item in turn.contents if isinstance(item, MEDIA_TYPES)]
        if media:
            self._put(Said(list(media), sent=False))

    def _call(self, request: ContentToolRequest) -> Call:
        """The call that a request was shown as; a new one for a call that was asked for in an earlier answer."""
        for call in self._calls:
            if call.request == request:
                return call
        self._calls.append(Call(request))
        self._put(self._calls[-1])
        return self._calls[-1]

    def _returned(self, result: ContentToolResult) -> None:
        if result.request is not None:
            call = self._call(result.request)
            call.returned(result)
            self._calls.remove(call)
            self._shown.add(result.id)

    def _note_down(self, text: str) -> None:
        """Show a line about what is waited for, in place of the last one; an empty one takes that away."""
        if self._note is not None and self._note.text != text:
            for page in self._pages:
                page.drop(self._note)
            self._note = None
        if self._note is None and text:
            self._end()
            self._note = Note(text)
            self._put(self._note)

    def _ask(self) -> None:
        # The question stands below what is shown by now, and what follows stands below the question.
        self._pages.append(Page(self._surface.area()))
        self._pace.now()

    def _turn_page(self) -> None:
        if not self._pages[-1].full:
            return
        self._pages.append(Page(self._surface.area()))
        if isinstance(self._open, Text):
            self._open = self._open.rest()
            self._put(self._open)

    def _send(self) -> int:
        """Show what changed, and leave behind what stays."""
        sizes = []
        for page in list(self._pages):
            final = self._closed or (page is not self._pages[-1] and page.finished)
            sizes.append(page.send(final))
            if final:
                self._pages.remove(page)
        return max(sizes, default=0)


def _brief(error: Any) -> None:
    # IPython asks an exception how it wants to be shown: the stop button is no fault to be searched for in chatkit.
    if isinstance(error, KeyboardInterrupt) and not hasattr(error, "_render_traceback_"):
        setattr(error, "_render_traceback_", lambda: [_STOPPED])  # noqa: B010
