"""An answer at the console: streamed to the display, with a spinner, and with approvals asked in between."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO, cast

from chatkit._console.hushing import Keyboard
from chatkit._console.models import learn_models
from chatkit._console.spinner import Spinner
from chatkit._console.state import Console
from chatkit._display.approving import asked
from chatkit._display.choosing import Display, display
from chatkit._errors import ConfigError
from chatkit._turns.contents import Content
from chatkit._turns.events import (
    ApprovalRequested,
    Event,
    ModelLoading,
    Retrying,
    ToolProgressed,
    ToolRequested,
    ToolReturned,
    TurnStarted,
)
from chatkit._warnings import ChatkitWarning, ToolFailureWarning

if TYPE_CHECKING:
    from chatkit._engine.streams import Stream

_BUSY = (ToolRequested, ToolProgressed, ApprovalRequested)
_WAITING = (TurnStarted, ModelLoading, Retrying)


def say(console: Console, text: str) -> None:
    """Say a text, with what is attached. When nothing comes of it, both are kept for another try.

    Args:
        console: The console.
        text: What to say; blank when only what is attached counts.

    Raises:
        ChatkitError: as for `answer`.
        KeyboardInterrupt: likewise.
    """
    attached, console.attached = console.attached, []
    turns, console.unanswered = console.chat.turns, None
    try:
        answer(console, [*([text] if text.strip() else []), *attached])
    except BaseException:
        if console.chat.turns == turns:
            console.attached, console.unanswered = attached, text
        raise


def answer(console: Console, contents: Sequence[str | Content]) -> None:
    """Say something and show the answer, tool calls included, until nothing is left to decide.

    Args:
        console: The console.
        contents: What to say.

    Raises:
        ChatkitError: when there is no answer, or no whole one.
        KeyboardInterrupt: when the user stopped it; what has arrived stands in the chat.
    """
    _keep(console)
    _show(console, console.chat.stream(*contents))
    decide(console)
    learn_models(console)


def decide(console: Console) -> None:
    """Ask about the tool calls that wait, and go on with the answer; those left for later wait on."""
    seen: set[str] = set()
    while True:
        waiting = [item for item in console.chat.pending_approvals() if item.token not in seen]
        if not waiting:
            break
        approved, denied = [], {}
        for approval in waiting:
            seen.add(approval.token)
            verdict = asked(approval, console.out, console.front.ask)
            if verdict is True:
                approved.append(approval.token)
            elif verdict is not None:
                denied[approval.token] = verdict or "The user did not allow it."
        if not approved and not denied:
            break
        _show(console, console.chat.stream_resume(approve=approved, deny=denied))
    if console.chat.pending_approvals():
        console.note(f"({waiting_calls(console)})")


def waiting_calls(console: Console) -> str:
    """What is to be said of tool calls that wait; empty when none does."""
    count = len(console.chat.pending_approvals())
    calls = "a tool call waits" if count == 1 else f"{count} tool calls wait"
    return f"{calls} for a yes: /resume asks again, and to say something else refuses" if count else ""


def _show(console: Console, stream: Stream) -> None:
    model = console.chat.model or "the model"
    with waiting(console) as (spinner, keyboard):
        shown = _display(console, spinner)
        try:
            for event in stream.events():
                _turn(spinner, keyboard, event, model)
                shown.show(event)
        finally:
            shown.close()


@contextlib.contextmanager
def waiting(console: Console) -> Iterator[tuple[Spinner, Keyboard]]:
    """Wait for something: with a spinner, without the echo of what is typed meanwhile, and with warnings said after.

    Args:
        console: The console.
    """
    keyboard = Keyboard(wanted=console.out.rewrites)
    spinner = Spinner(console.out, keyboard.is_taken)
    with warned(console), contextlib.closing(keyboard), contextlib.closing(spinner), spinner.among_others():
        yield spinner, keyboard


def _turn(spinner: Spinner, keyboard: Keyboard, event: Event, model: str) -> None:
    if isinstance(event, _BUSY):
        # A tool may write and ask by itself, and whoever is asked must not be disturbed.
        keyboard.close()
        if isinstance(event, ApprovalRequested):
            spinner.rest()
        else:
            spinner.turn_in_margin()
    elif not isinstance(event, ToolReturned):
        keyboard.hush()
        spinner.turn(f"{model}: {'waiting' if isinstance(event, _WAITING) else 'writing'}")


def _display(console: Console, spinner: Spinner) -> Display:
    if not console.out.is_terminal:
        # A pipe gets the text, and a notebook its own display.
        shown = display("output")
        assert shown is not None
        return shown
    stream = cast(TextIO, spinner)
    if console.markdown:
        from chatkit._display.markdown_echo import MarkdownEcho

        return MarkdownEcho(stream)
    from chatkit._display.echo import OutputEcho

    return OutputEcho(stream)


@contextlib.contextmanager
def warned(console: Console) -> Iterator[None]:
    """Have warnings said at the console, in a line each; tools that failed were shown already."""

    def note(message: Warning | str, *where: Any, **more: Any) -> None:
        told.append(str(message))

    told: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ChatkitWarning)
            warnings.simplefilter("ignore", ToolFailureWarning)
            warnings.showwarning = note
            yield
    finally:
        for text in told:
            console.note(f"({text})")


def _keep(console: Console) -> None:
    """Keep the conversation in the store, from its first message on."""
    if console.store is not None:
        # It is kept there already.
        with contextlib.suppress(ConfigError):
            console.store.attach(console.chat)
