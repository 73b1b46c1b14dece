"""The prompt: a line editor with history, suggestions, completion, and a toolbar below. It needs a real terminal."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatkit._console.completing import candidates
from chatkit._console.editing import edited
from chatkit._console.history import open_history
from chatkit._console.hushing import typed_ahead
from chatkit._console.keys import bindings
from chatkit._console.state import Console
from chatkit._console.toolbar import toolbar

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

_STYLE = {
    "prompt": "ansiblue bold",
    "prompt-continuation": "#888888",
    "bottom-toolbar": "noreverse #888888",
}
_MENU_ROWS = 6
_TRIES, _TRY_EVERY = 5, 0.2


class Prompting:
    """Reads with prompt-toolkit.

    Args:
        console: The console.
        history: The file of what was typed; None keeps it in memory only.
    """

    def __init__(self, console: Console, history: Path | None) -> None:
        self._console = console
        self._leaving = False
        self._session = self._made(history)

    def _made(self, path: Path | None) -> PromptSession[str]:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
        from prompt_toolkit.filters import Condition
        from prompt_toolkit.styles import Style

        history, complaint = open_history(path)
        if complaint:
            self._console.note(complaint)
        session: PromptSession[str] = PromptSession(
            history=history,
            auto_suggest=AutoSuggestFromHistory(),
            completer=_completer(self._console),
            complete_in_thread=True,
            complete_while_typing=Condition(self._is_command),
            enable_open_in_editor=True,
            tempfile_suffix=".md",
            multiline=True,
            prompt_continuation=_continued,
            key_bindings=bindings(self._console, self._pressed_again),
            bottom_toolbar=self._toolbar,
            style=Style.from_dict(_STYLE),
            reserve_space_for_menu=_MENU_ROWS,
        )
        session.default_buffer.on_text_changed += self._typed
        # A terminal that is slow to tell where its cursor stands would be warned about, in the midst of what is typed.
        session.app.renderer.cpr_not_supported_callback = None
        return session

    def _is_command(self) -> bool:
        return self._session.default_buffer.text.startswith("/")

    def _typed(self, buffer: Any) -> None:
        if buffer.text:
            self._leaving = False

    def _pressed_again(self) -> bool:
        """Take note of a Ctrl-C; tells whether it was the second."""
        leaving, self._leaving = self._leaving, True
        return leaving

    def _toolbar(self) -> str:
        width = self._session.output.get_size().columns
        return "Ctrl-C again leaves" if self._leaving else toolbar(self._console, width - 1)

    def read(self, text: str = "") -> str:
        """The next text."""
        self._leaving = False
        line: str = self._session.prompt("> ", default=text or typed_ahead())
        return line

    def ask(self, question: str) -> str | None:
        """Ask in a line of its own. What was typed before is thrown away: it was not meant as an answer."""
        _forget_typed(self._session)
        try:
            return input(question)
        except EOFError:
            self._console.out.write("\n")
            return None
        except KeyboardInterrupt:
            self._console.out.write("\n")
            raise

    def edit(self, text: str) -> str | None:
        """Have a text edited in the user's editor."""
        return edited(text) or None

    def refresh(self) -> None:
        """Draw the toolbar anew, when the prompt stands there, and offer again what completes a command."""
        app = self._session.app
        if app.is_running and app.loop is not None and app.context is not None:
            # The prompt may end in this very moment, and its loop with it.
            with contextlib.suppress(RuntimeError):
                app.loop.call_soon_threadsafe(self._offer, _TRIES, context=app.context.copy())

    def _offer(self, tries: int) -> None:
        buffer, app = self._session.default_buffer, self._session.app
        if self._is_command() and buffer.complete_state is None:
            # Does nothing while a search for candidates is on, which may have begun before there were any.
            buffer.start_completion()
            if tries and app.loop is not None:
                app.loop.call_later(_TRY_EVERY, self._offer, tries - 1)
        app.invalidate()


def _continued(width: int, line: int, wraps: int) -> str:
    return "  " if wraps else ". "


def _completer(console: Console) -> Any:
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document

    class _Candidates(Completer):
        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
            for item in candidates(console, document.text_before_cursor):
                yield Completion(item.text, -item.over, display=item.shown or item.text, display_meta=item.about)

    return _Candidates()


def _forget_typed(session: Any) -> None:
    from prompt_toolkit.input.typeahead import clear_typeahead

    clear_typeahead(session.input)
    # There is no such module on Windows.
    with contextlib.suppress(ImportError, OSError, ValueError):
        import termios

        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def is_possible() -> bool:
    """Whether a prompt can be drawn here: at a terminal that is not dumb, outside of an event loop that runs."""
    if os.environ.get("TERM") in ("dumb", "unknown") or not _is_terminal(sys.stdin) or not _is_terminal(sys.stdout):
        return False
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return True
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, OSError, ValueError):
        return False
