"""What a model or a tool wrote, made safe for a terminal piece by piece, as it streams in."""

from __future__ import annotations

from chatkit._render.controls import find_control, one_line, visible

__all__ = ["Sanitizer", "one_line", "visible"]


class Sanitizer:
    """Sanitises streamed text; any split into deltas gives the same result as the whole.

    What it remembers between deltas is one character at most: a CR (already shown as LF, so that nothing waits),
    after which one LF is skipped, or the first half of a surrogate pair.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Take the next piece and give what may be shown of it."""
        if self._held:
            return self._resume(text)
        if find_control(text) is None:
            return text
        last = text[-1]
        if last == "\r":
            self._held = last
        elif "\ud800" <= last <= "\udbff":
            self._held, text = last, text[:-1]
        return visible(text)

    def _resume(self, text: str) -> str:
        if not text:
            return ""
        held, self._held = self._held, ""
        return self.feed(text.removeprefix("\n") if held == "\r" else held + text)

    def finish(self) -> str:
        """Give what is left at the end: U+FFFD for half a surrogate pair, else nothing."""
        held, self._held = self._held, ""
        return "\ufffd" if held > "\r" else ""
