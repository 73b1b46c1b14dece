"""The answer on standard output, and all that is no answer on standard error."""

from __future__ import annotations

import sys
from typing import Protocol, TextIO

from chatkit._display.choosing import Display, EchoMode, display
from chatkit._display.reply import ReplyWriter
from chatkit._display.terminal import Terminal, encodable
from chatkit._turns.events import Event, TextDelta, ThinkingDelta, TurnEnded

_OF_THE_ANSWER = (TextDelta, TurnEnded)


class Out(Terminal):
    """Standard output, which says so when nobody reads it any more: then the answer need not go on."""

    def write(self, text: str) -> None:
        """Write and flush.

        Raises:
            OSError: when the stream is broken.
        """
        stream: TextIO | None = sys.stdout
        if stream is not None:
            stream.write(encodable(text, self.encoding))
            stream.flush()


class Writer(Protocol):
    """Writes an answer as its words come."""

    def text(self, delta: str) -> None:
        """Write a piece."""

    def end(self) -> None:
        """End what is open, and its line."""


class Answer:
    """The words of an answer, and nothing else.

    Args:
        writer: What writes them.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def show(self, event: Event) -> None:
        """Show words, and end their line when something else happens."""
        if type(event) is TextDelta:
            self._writer.text(event.text)
        else:
            self._writer.end()

    def close(self) -> None:
        """End an unfinished line."""
        self._writer.end()


class NoAnswer:
    """Shows nothing: what is wanted of the answer is printed when it is there."""

    def show(self, event: Event) -> None:
        """Show nothing."""

    def close(self) -> None:
        """End nothing."""


class Apart:
    """Shows the answer by one display, and everything else by another one on standard error.

    Args:
        answer: Gets the words, and where turns and tool calls begin and end.
        echo: "none", "output" or "all": what is said on standard error.
    """

    def __init__(self, answer: Display, echo: EchoMode) -> None:
        self._answer = answer
        self._aside = display(echo, sys.stderr) if sys.stderr is not None else None
        self._thinks = False

    def show(self, event: Event) -> None:
        """Show an event where it belongs."""
        if self._aside is not None and self._thinks and type(event) is not ThinkingDelta:
            self._aside.close()
        self._thinks = type(event) is ThinkingDelta
        if type(event) is not TextDelta and type(event) is not TurnEnded:
            self._answer.close()
        if isinstance(event, _OF_THE_ANSWER):
            self._answer.show(event)
        if self._aside is not None and type(event) is not TextDelta:
            self._aside.show(event)

    def close(self) -> None:
        """End both."""
        self._answer.close()
        if self._aside is not None:
            self._aside.close()


def words(plain: bool) -> Display:
    """The display of the answer itself: Markdown that is drawn on a terminal, and else the words as they come."""
    out = Out()
    if plain or not out.rewrites:
        return Answer(ReplyWriter(out))
    from chatkit._display.markdown_reply import MarkdownReply

    return Answer(MarkdownReply(out))
