"""Echo on a terminal with the answer as Markdown."""

from __future__ import annotations

from typing import TextIO

from chatkit._display.echo import OutputEcho
from chatkit._display.markdown_reply import MarkdownReply
from chatkit._turns.events import Event, TextDelta, ThinkingDelta

_TOOLS = ("tool_requested", "tool_progressed", "tool_returned", "retrying", "model_loading")


class MarkdownEcho:
    """What `echo="output"` shows, but the answer drawn as Markdown, block by block.

    Args:
        stream: Where to; None for stdout. Where it is no terminal, or one without colour, the text is left as it is.
        tools: Whether tool calls, retries and the like are shown too.
        thinking: Whether what the model thinks is.
    """

    def __init__(self, stream: TextIO | None = None, *, tools: bool = True, thinking: bool = True) -> None:
        self._echo = OutputEcho(stream, MarkdownReply)
        self._tools = tools
        self._thinking = thinking

    def show(self, event: Event) -> None:
        """Show what happened."""
        kind = type(event)
        if kind is TextDelta or (self._thinking if kind is ThinkingDelta else self._tools or event.type not in _TOOLS):
            self._echo.show(event)

    def close(self) -> None:
        """End whatever is open."""
        self._echo.close()
