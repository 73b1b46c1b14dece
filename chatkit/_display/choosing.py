"""Choosing what is echoed, and the display for it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Literal, Protocol, TextIO, cast

from chatkit._display.notebook.where import notebook
from chatkit._display.place import interactive
from chatkit._display.sanitize import visible
from chatkit._errors import ConfigError
from chatkit._turns.events import Event

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


class Display(Protocol):
    """Shows a conversation, event by event."""

    def show(self, event: Event) -> None:
        """Show what happened."""

    def close(self) -> None:
        """End an unfinished line. Call it however the conversation ended; a second call does nothing."""


def display(mode: EchoMode, stream: TextIO | None = None) -> Display | None:
    """Make the display for an echo mode.

    In a notebook (an IPython kernel, marimo) the answer is rendered Markdown that grows in one output. Elsewhere it
    is text. It is wrapped on a terminal only; a pipe or a file gets every delta at once and as it is, but for
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
    # Opened here: most chats in scripts show nothing.
    if stream is None and (surface := notebook()) is not None:
        from chatkit._display.notebook.showing import NotebookEcho

        return NotebookEcho(surface, everything=mode == "all")
    from chatkit._display.echo import AllEcho, OutputEcho

    return AllEcho(stream) if mode == "all" else OutputEcho(stream)
