"""What the model says in one answer: text and thinking, told apart, whole in their characters, kept for the turn."""

from __future__ import annotations

from typing import Any

from chatkit._providers.thinking import ThinkSplitter
from chatkit._turns.characters import whole_characters
from chatkit._turns.contents import Content, ContentText, ContentThinking
from chatkit._turns.events import Event, TextDelta, ThinkingDelta


class Mender:
    """Makes the characters of streamed text whole: a surrogate pair that was split over two deltas is joined."""

    __slots__ = ("_high",)

    def __init__(self) -> None:
        self._high = ""

    def feed(self, text: str) -> str:
        """Take a delta; half a pair at its end waits for the next one, any other half becomes U+FFFD."""
        if not self._high and text.isascii():
            return text
        text = self._high + text
        self._high = ""
        if "\ud800" <= text[-1] <= "\udbff":
            self._high, text = text[-1], text[:-1]
        return whole_characters(text)

    def finish(self) -> str:
        """What is left at the end: U+FFFD for half a pair."""
        high, self._high = self._high, ""
        return "\ufffd" if high else ""


class Spoken:
    """Collects the text and the thinking of one answer; what it tells and what it keeps are the same."""

    __slots__ = ("_mend_text", "_mend_thoughts", "_splitter", "_text", "_thinking")

    def __init__(self) -> None:
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._splitter = ThinkSplitter()
        self._mend_text = Mender()
        self._mend_thoughts = Mender()

    @property
    def size(self) -> int:
        """How many characters of text there are."""
        return sum(map(len, self._text))

    @property
    def text_begins(self) -> int | None:
        """Where the text begins in the content that the server sent; None where thoughts were marked in it."""
        return None if self._splitter.begun else 0

    def leaves_open(self, begin: str, end: str) -> bool:
        """Whether the text begins something more often than it ends it."""
        text = "".join(self._text)
        return text.count(begin) > text.count(end)

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
        self._hear(self._mend_text.feed(content), events)

    def _hear(self, content: str, events: list[Event]) -> None:
        if self._splitter.plain:
            self.text(content, events)
            return
        split = self._splitter.feed(content)
        self._note(split.thinking, events)
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
        """Take text in which no thoughts are marked."""
        if not text.isascii():
            text = whole_characters(text)
        if text:
            self._text.append(text)
            events.append(TextDelta(text))

    def think(self, thoughts: str, events: list[Event]) -> None:
        """Take thoughts; the line breaks that templates put in front of them are left out."""
        self._note(self._mend_thoughts.feed(thoughts), events)

    def _note(self, thoughts: str, events: list[Event]) -> None:
        if thoughts and not self._thinking:
            thoughts = thoughts.lstrip("\n")
        if thoughts:
            self._thinking.append(thoughts)
            events.append(ThinkingDelta(thoughts))

    def flush(self, events: list[Event]) -> None:
        """Give out what was held back, at the end of the answer."""
        self._note(self._mend_thoughts.finish(), events)
        self._hear(self._mend_text.finish(), events)
        split = self._splitter.finish()
        self._note(split.thinking, events)
        self.text(split.text, events)


def joined(value: Any, depth: int = 8) -> str:
    """The thoughts in a string, a typed part, or a list of them; deeper wrappings than any server's hold none."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = [value.get("thinking") or value.get("text") or value.get("summary") or ""]
    return "".join(joined(item, depth - 1) for item in value) if isinstance(value, list) and depth else ""
