"""The plain front: lines by `input()`, in a kernel and on a dumb terminal, or from a pipe."""

from __future__ import annotations

import sys

from chatkit._console.quoting import is_open
from chatkit._console.state import Console

PROMPT, MORE = "> ", ". "


class Plain:
    """Reads line by line.

    A line of three quotes begins a text that goes on until three quotes end a line; in multi-line mode so does every
    line, until an empty one. Without a person, that is from a pipe, no prompt is shown and no question is asked.

    Args:
        console: The console.
        person: Whether somebody sits there.
        echoed: Whether `input()` may write the prompt; else it goes beside the answers.
    """

    def __init__(self, console: Console, *, person: bool, echoed: bool = True) -> None:
        self._console = console
        self._person = person
        self._echoed = echoed
        self._leaving = False

    def read(self, text: str = "") -> str:
        """The next text. What it was to begin with cannot stand in a plain prompt, so it is shown."""
        if text:
            self._console.note(f"(not said: {text})")
        while True:
            try:
                line = self._text()
            except KeyboardInterrupt:
                if self._leaving:
                    raise EOFError from None
                self._leaving = True
                self._console.aside.write("\n")
                self._console.note("Ctrl-C again leaves.")
            else:
                self._leaving = False
                return line

    def _text(self) -> str:
        text = self._line(PROMPT)
        while is_open(text) or (self._console.multiline and text and not text.endswith("\n") and _is_said(text)):
            text += "\n" + self._line(MORE)
        return text

    def _line(self, prompt: str) -> str:
        if not self._person:
            return _piped()
        if self._echoed:
            return _typed(prompt)
        self._console.aside.write(prompt)
        return _piped()

    def ask(self, question: str) -> str | None:
        """Ask a person; what comes out of a pipe was not written as an answer to it."""
        if not self._person:
            return None
        try:
            return self._line(question)
        except EOFError:
            return None

    def edit(self, text: str) -> str | None:
        """There is no editor here: the text is given with the command."""
        self._console.complain("There is no editor here.", "Say /edit with the new text behind it.")
        return None

    def refresh(self) -> None:
        """Nothing stands there that would change."""


def _typed(prompt: str) -> str:
    try:
        return input(prompt)
    except RuntimeError:
        # So a kernel says that nobody can type here.
        raise EOFError from None


def _is_said(text: str) -> bool:
    return not text.startswith("/") or text.startswith("//")


def _piped() -> str:
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise EOFError
    return line.rstrip("\r\n")
