"""Inline thoughts: `<think>...</think>` at the beginning of an answer's content, however it was cut.

Many open models think aloud in the content itself. Only an answer that begins with the tag is split: the same letters
in the middle of an answer are text like any other.
"""

from __future__ import annotations

from typing import NamedTuple

_OPEN = "<think>"
_CLOSE = "</think>"
# So much white space in front of a tag is no template's; holding back ever more of it would cost its square.
_PATIENCE = 200


class Split(NamedTuple):
    """What a piece of content turned out to hold."""

    thinking: str
    text: str


class ThinkSplitter:
    """Tells thinking from text in the deltas of one answer."""

    __slots__ = ("_held", "_state", "plain")

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"
        # Once true, content is text and nothing else, and need not come here any more.
        self.plain = False

    @property
    def begun(self) -> bool:
        """Whether thoughts were found."""
        return self._state != "start"

    def feed(self, content: str) -> Split:
        """Take a delta and give what is certain by now."""
        self._held += content
        if self._state == "start":
            return self._start()
        return self._think() if self._state == "thinking" else self._after()

    def finish(self) -> Split:
        """Give what was held back; an unclosed tag leaves it thinking."""
        held, self._held = self._held, ""
        return Split(held, "") if self._state == "thinking" else Split("", held if self._state == "start" else "")

    def _start(self) -> Split:
        begun = self._held.lstrip()
        if begun.startswith(_OPEN):
            self._held = begun[len(_OPEN) :]
            self._state = "thinking"
            return self._think()
        if _OPEN.startswith(begun) and len(self._held) < _PATIENCE:
            return Split("", "")
        self.plain = True
        held, self._held = self._held, ""
        return Split("", held)

    def _think(self) -> Split:
        thinking, closed, rest = self._held.partition(_CLOSE)
        if closed:
            self._state = "after"
            self._held = rest
            return Split(thinking, self._after().text)
        keep = _open_end(self._held)
        thinking, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return Split(thinking, "")

    def _after(self) -> Split:
        # The line breaks between the thoughts and the answer belong to neither.
        text, self._held = self._held.lstrip("\n"), ""
        self.plain = bool(text)
        return Split("", text)


def _open_end(text: str) -> int:
    """How many characters at the end of a text may be the beginning of the closing tag."""
    return next((size for size in range(len(_CLOSE) - 1, 0, -1) if text.endswith(_CLOSE[:size])), 0)
