"""Echo: showing a conversation on a text stream while it happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TextIO, TypeAlias, assert_never

from chatkit._display.notes import Notes
from chatkit._display.reply import ReplyWriter, layout
from chatkit._display.terminal import Terminal
from chatkit._display.wording import content_text, progress_line, request_line, result_lines
from chatkit._turns.contents import Content, ContentJson, ContentText, ContentThinking, ContentToolResult
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

_Between: TypeAlias = TurnStarted | ApprovalRequested | ToolReturned | Retrying | ModelLoading | SourceCited | TurnEnded


class AnswerWriter(Protocol):
    """Writes answers, delta by delta."""

    def text(self, delta: str) -> None:
        """Take a piece of the answer's text."""

    def thinking(self, delta: str) -> None:
        """Take a piece of the model's thinking."""

    def end(self) -> None:
        """Finish whatever is open; does nothing when nothing is."""


class OutputEcho:
    """The answer as it streams in, and a few lines for every tool call.

    Args:
        stream: Where to; None for stdout.
        writer: Makes what writes the answer itself.
    """

    __slots__ = ("_notes", "_reply")

    def __init__(self, stream: TextIO | None, writer: Callable[[Terminal], AnswerWriter] = ReplyWriter) -> None:
        out = Terminal(stream)
        self._reply = writer(out)
        self._notes = Notes(out, stream)

    def show(self, event: Event) -> None:
        if type(event) is not ModelLoading:
            self._notes.settle()
        match event:
            case TextDelta():
                self._reply.text(event.text)
            case ThinkingDelta():
                self._reply.thinking(event.thinking)
            case ToolInputDelta():
                pass
            case _:
                self._reply.end()
                self._show_between(event)

    def _show_between(self, event: _Between | ToolRequested | ToolProgressed) -> None:
        match event:
            case ToolProgressed():
                terminal = self._notes.terminal
                terminal.write(progress_line(event.value, terminal))
            case ToolRequested():
                terminal = self._notes.terminal
                terminal.write(request_line(event.request, terminal))
            case ToolReturned():
                terminal = self._notes.terminal
                terminal.write(result_lines(event.result, terminal))
            case Retrying():
                self._notes.retrying(event)
            case ModelLoading():
                self._notes.loading(event)
            case TurnStarted() | TurnEnded() | ApprovalRequested() | SourceCited():
                pass
            case _:
                assert_never(event)

    def close(self) -> None:
        self._reply.end()
        self._notes.settle()


class AllEcho:
    """Everything that is said: `> ` in front of what is sent, `< ` in front of what comes back."""

    __slots__ = ("_notes", "_out", "_reply", "_shown")

    def __init__(self, stream: TextIO | None) -> None:
        self._out = Terminal(stream)
        self._reply = ReplyWriter(self._out, "< ")
        self._notes = Notes(self._out, stream)
        self._shown: set[str] = set()

    def show(self, event: Event) -> None:
        if type(event) is not ModelLoading:
            self._notes.settle()
        match event:
            case TextDelta():
                self._reply.text(event.text)
            case ThinkingDelta():
                self._reply.thinking(event.thinking)
            case ToolInputDelta() | ToolRequested() | ToolProgressed():
                pass  # the whole request stands in the turn
            case _:
                self._reply.end()
                self._show_between(event)

    def _show_between(self, event: _Between) -> None:
        match event:
            case ApprovalRequested():
                pass  # whoever is asked shows it
            case TurnStarted():
                self._sent(event.turn)
            case TurnEnded():
                self._answered(event.turn)
            case ToolReturned():
                self._shown.add(event.result.id)
                self._block("> ", event.result)
            case Retrying():
                self._notes.retrying(event)
            case ModelLoading():
                self._notes.loading(event)
            case SourceCited():
                pass  # it stands in the turn
            case _:
                assert_never(event)

    def _sent(self, turn: UserTurn) -> None:
        for content in turn.contents:
            # A result was shown when the tool returned it; it is not shown again because it is now sent.
            if not (isinstance(content, ContentToolResult) and content.id in self._shown):
                self._block("> ", content)
        self._shown.clear()

    def _answered(self, turn: AssistantTurn) -> None:
        for content in turn.contents:
            if not isinstance(content, ContentText | ContentJson | ContentThinking):
                self._block("< ", content)

    def _block(self, prefix: str, content: Content) -> None:
        lines = layout(self._out, prefix)
        shown = (lines.feed(content_text(content)) + lines.finish()).removesuffix("\n")
        if not shown:
            return
        failed = isinstance(content, ContentToolResult) and content.error is not None
        self._out.write((self._out.style.red(shown) if failed else shown) + "\n")

    def close(self) -> None:
        self._reply.end()
        self._notes.settle()
