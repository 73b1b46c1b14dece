"""The console's loop: read, do or say, and come back to the prompt whatever happens."""

from __future__ import annotations

import contextlib
import traceback
from pathlib import Path

from chatkit._console.answering import say, waiting_calls
from chatkit._console.commands import run_command
from chatkit._console.quoting import quoted
from chatkit._console.state import Console
from chatkit._errors import ChatkitError


def run(console: Console) -> None:
    """Read line after line until the user leaves."""
    while not console.over:
        try:
            line = console.front.read(console.given_back)
        except EOFError:
            break
        except KeyboardInterrupt:
            # Pressed once more, when the answer had just been stopped and the prompt was not there yet.
            continue
        console.given_back = ""
        step(console, line)
        if console.out.is_terminal and line.strip():
            console.out.write("\n")


def step(console: Console, line: str) -> None:
    """Do what a line says. Nothing that goes wrong leaves here."""
    turns = console.chat.turns
    try:
        handle(console, line)
    except (Exception, KeyboardInterrupt) as error:
        # A second Ctrl-C, pressed while the first one is told, is the same wish.
        with contextlib.suppress(KeyboardInterrupt):
            _tell(console, error, nothing_came=console.chat.turns == turns)


def handle(console: Console, line: str) -> None:
    """Do what a line says: a command, or a message. `//` begins a message with a slash, three quotes one as it is.

    Raises:
        ChatkitError: when it cannot be done.
        OSError: when a file cannot be written or read.
        KeyboardInterrupt: when the user stopped it.
    """
    text = quoted(line)
    if text is None:
        text = line.strip()
        if text.startswith("/") and not text.startswith("//"):
            run_command(console, text)
            return
        text = text.removeprefix("/") if text.startswith("//") else text
    if text.strip() or console.attached:
        say(console, text)


def _tell(console: Console, error: BaseException, *, nothing_came: bool) -> None:
    if isinstance(error, KeyboardInterrupt):
        if nothing_came and console.unanswered is not None:
            console.given_back = _as_typed(console.unanswered)
        more = waiting_calls(console) or ("" if nothing_came else "what had arrived is kept")
        console.note(f"(stopped{'; ' * bool(more)}{more})")
    elif isinstance(error, ChatkitError):
        console.complain(_without(str(error), error.hint), error.hint)
    elif isinstance(error, OSError):
        what = f"{error.filename}: " if error.filename else ""
        console.complain(f"{what}{error.strerror or error}.")
    else:
        console.complain(f"Something went wrong in chatkit itself: {_fault(error)}.", "The chat can go on.")


def _as_typed(text: str) -> str:
    return f"/{text}" if text.startswith("/") else text


def _without(text: str, hint: str) -> str:
    return text.replace(hint, " ") if hint else text


def _fault(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({Path(last[0].filename).name}, line {last[0].lineno})" if last else ""
    return f"{type(error).__name__}: {error}{where}"
