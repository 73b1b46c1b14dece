"""Echo: showing a conversation while it happens, and deciding whether to."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from typing import Literal, Protocol, TextIO, assert_never, cast

from chatkit._display.layout import cut
from chatkit._display.reply import Reply, layout
from chatkit._display.sanitize import visible
from chatkit._display.terminal import Terminal
from chatkit._display.wording import content_text, request_line, result_lines
from chatkit._errors import ConfigError
from chatkit._turns.contents import Content, ContentText, ContentThinking, ContentToolResult
from chatkit._turns.events import (
    Event,
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolInputDelta,
    ToolRequested,
    ToolReturned,
    TurnEnded,
    TurnStarted,
)
from chatkit._turns.turns import AssistantTurn, UserTurn

EchoMode = Literal["none", "output", "all"]
_MODES = ("none", "output", "all")
_VARIABLE = "CHATKIT_ECHO"


def resolve_echo(value: object, environ: Mapping[str, str] = os.environ) -> EchoMode:
    """Decide what is echoed.

    Args:
        value: "none", "output" or "all"; True means "output", False "none". None leaves it to the environment
            variable CHATKIT_ECHO, and without one to the place: "output" at an interactive prompt or in a notebook,
            "none" elsewhere.
        environ: Where CHATKIT_ECHO is looked up.

    Raises:
        ConfigError: when the value or the variable is something else.
    """
    if value is not None:
        return _mode(value, "echo")
    if variable := environ.get(_VARIABLE):
        return _mode(variable, _VARIABLE)
    return "output" if interactive() else "none"


def _mode(value: object, source: str) -> EchoMode:
    if isinstance(value, bool):
        return "output" if value else "none"
    if value == "text":
        warnings.warn('echo="text" is now called echo="output".', DeprecationWarning, stacklevel=4)
        return "output"
    if isinstance(value, str) and value in _MODES:
        return cast(EchoMode, value)
    allowed = '"none", "output", "all"' + (", True, False or None" if source == "echo" else "")
    raise ConfigError(f"{source} must be one of {allowed}, not {visible(repr(value))}.")


def interactive() -> bool:
    """Whether a person sits at a prompt or in a notebook; nothing is imported to find out."""
    if hasattr(sys, "ps1") or sys.flags.interactive:
        return True
    # Read from sys.modules: whoever runs in IPython or marimo has imported it long ago.
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    if get_ipython is not None and get_ipython() is not None:
        return True
    running_in_notebook = getattr(sys.modules.get("marimo"), "running_in_notebook", None)
    return running_in_notebook is not None and bool(running_in_notebook())


class Display(Protocol):
    """Shows a conversation, event by event."""

    def show(self, event: Event) -> None:
        """Show what happened."""

    def close(self) -> None:
        """End an unfinished line. Call it however the conversation ended; a second call does nothing."""


def display(mode: EchoMode, stream: TextIO | None = None) -> Display | None:
    """Make the display for an echo mode.

    Text is wrapped on a terminal only; a pipe, a file or a notebook gets every delta at once and as it is, but for
    control characters: those are made visible everywhere, since a pipe often has a terminal at its end.

    Args:
        mode: "none", "output" (the answer and one line or a few per tool call) or "all" (everything said, `> ` in
            front of what is sent and `< ` in front of what comes back).
        stream: Where everything goes. None: the answer goes to `sys.stdout`, and so do the lines about tools and
            retries on a terminal or at a prompt; elsewhere those go to `sys.stderr`, so that a pipe gets the answer
            alone.

    Returns:
        The display, or None for "none".
    """
    if mode == "none":
        return None
    return _AllEcho(stream) if mode == "all" else _OutputEcho(stream)


class _Notes:
    """Where the lines about the conversation go that are not part of it."""

    __slots__ = ("_aside", "_out")

    def __init__(self, out: Terminal, stream: TextIO | None) -> None:
        self._out = out
        self._aside = Terminal(name="stderr") if stream is None else out

    @property
    def terminal(self) -> Terminal:
        return self._out if self._out.is_terminal or interactive() else self._aside

    def retrying(self, event: Retrying) -> None:
        terminal = self.terminal
        error = " ".join(visible(event.error).split())
        line = f"Attempt {event.attempt} failed, trying again in {event.delay:.3g} s: {error}"
        terminal.write(terminal.style.dim(cut(line, terminal.width, terminal.symbol("…", "..."))) + "\n")


class _OutputEcho:
    """The answer as it streams in, and a few lines for every tool call."""

    __slots__ = ("_notes", "_reply")

    def __init__(self, stream: TextIO | None) -> None:
        out = Terminal(stream)
        self._reply = Reply(out)
        self._notes = _Notes(out, stream)

    def show(self, event: Event) -> None:
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

    def _show_between(self, event: TurnStarted | ToolRequested | ToolReturned | Retrying | TurnEnded) -> None:
        match event:
            case ToolRequested():
                terminal = self._notes.terminal
                terminal.write(request_line(event.request, terminal))
            case ToolReturned():
                terminal = self._notes.terminal
                terminal.write(result_lines(event.result, terminal))
            case Retrying():
                self._notes.retrying(event)
            case TurnStarted() | TurnEnded():
                pass
            case _:
                assert_never(event)

    def close(self) -> None:
        self._reply.end()


class _AllEcho:
    """Everything that is said: `> ` in front of what is sent, `< ` in front of what comes back."""

    __slots__ = ("_notes", "_out", "_reply", "_shown")

    def __init__(self, stream: TextIO | None) -> None:
        self._out = Terminal(stream)
        self._reply = Reply(self._out, "< ")
        self._notes = _Notes(self._out, stream)
        self._shown: set[str] = set()

    def show(self, event: Event) -> None:
        match event:
            case TextDelta():
                self._reply.text(event.text)
            case ThinkingDelta():
                self._reply.thinking(event.thinking)
            case ToolInputDelta() | ToolRequested():
                pass  # the whole request stands in the turn
            case _:
                self._reply.end()
                self._show_between(event)

    def _show_between(self, event: TurnStarted | ToolReturned | Retrying | TurnEnded) -> None:
        match event:
            case TurnStarted():
                self._sent(event.turn)
            case TurnEnded():
                self._answered(event.turn)
            case ToolReturned():
                self._shown.add(event.result.id)
                self._block("> ", event.result)
            case Retrying():
                self._notes.retrying(event)
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
            if not isinstance(content, ContentText | ContentThinking):
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
