"""What the model says in one answer: text and thinking, told apart, whole in their characters, kept for the turn."""

from __future__ import annotations

from typing import Any

from chatkit._providers.thinking import ThinkSplitter
from chatkit._turns.contents import Content, ContentText, ContentThinking
from chatkit._turns.events import Event, TextDelta, ThinkingDelta


class Spoken:
    """Collects the text and the thinking of one answer; what it tells and what it keeps are the same."""

    __slots__ = ("_high", "_splitter", "_text", "_thinking")

    def __init__(self) -> None:
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._splitter = ThinkSplitter()
        self._high = ""

    @property
    def size(self) -> int:
        """How many characters of text there are."""
        return sum(map(len, self._text))

    def contents(self) -> list[Content]:
        """The contents for the turn: thinking first, then text."""
        contents: list[Content] = []
        if self._thinking:
            contents.append(ContentThinking("".join(self._thinking)))
        if self._text:
            contents.append(ContentText("".join(self._text)))
        return contents

    def say(self, content: str, events: list[Event]) -> None:
        """Take a delta of content, in which thoughts may be marked inline."""
        if self._high or not content.isascii():
            content = self._mend(content)
        if self._splitter.plain:
            self.text(content, events)
            return
        split = self._splitter.feed(content)
        self.think(split.thinking, events)
        self.text(split.text, events)

    def say_parts(self, parts: list[Any], events: list[Event]) -> None:
        """Take content given as a list of typed parts."""
        for part in parts:
            kind = part.get("type") if isinstance(part, dict) else None
            if isinstance(part, str):
                self.say(part, events)
            elif kind in ("thinking", "reasoning"):
                self.think(joined(part), events)
            elif kind in ("text", "output_text") and part.get("text"):
                self.say(str(part["text"]), events)

    def text(self, text: str, events: list[Event]) -> None:
        """Take text."""
        if text:
            self._text.append(text)
            events.append(TextDelta(text))

    def think(self, thoughts: str, events: list[Event]) -> None:
        """Take thoughts; the line breaks that templates put in front of them are left out."""
        if thoughts and not self._thinking:
            thoughts = thoughts.lstrip("\n")
        if thoughts:
            thoughts = whole_characters(thoughts)
            self._thinking.append(thoughts)
            events.append(ThinkingDelta(thoughts))

    def flush(self, events: list[Event]) -> None:
        """Give out what was held back, at the end of the answer."""
        if self._high:
            self._high = ""
            self.say("\ufffd", events)
        split = self._splitter.finish()
        self.think(split.thinking, events)
        self.text(split.text, events)

    def _mend(self, content: str) -> str:
        """Join a surrogate pair that was split over two deltas; half a pair becomes U+FFFD."""
        content = self._high + content
        self._high = ""
        if "\ud800" <= content[-1] <= "\udbff":
            self._high, content = content[-1], content[:-1]
        return whole_characters(content)


def joined(value: Any) -> str:
    """The thoughts in a string, a typed part, or a list of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return joined(value.get("thinking") or value.get("text") or value.get("summary") or "")
    return "".join(joined(item) for item in value) if isinstance(value, list) else ""


def whole_characters(text: str) -> str:
    """The text with surrogate pairs joined and lone halves replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
