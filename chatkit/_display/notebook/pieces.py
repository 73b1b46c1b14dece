"""The pieces that a shown conversation is made of, in the three forms that a notebook takes."""

from __future__ import annotations

import re
from typing import Protocol

from chatkit._display.notebook.look import FAINT, SAID, WINDOW, quoted
from chatkit._display.sanitize import Sanitizer
from chatkit._display.wording import content_text
from chatkit._render.blocks import Blocks
from chatkit._render.bundle import InOutput
from chatkit._render.fences import fence
from chatkit._render.harmless import harmless
from chatkit._render.html import joined
from chatkit._render.markdown import joined as markdown_joined
from chatkit._render.markup import escaped, markdown_to_html, preformatted
from chatkit._turns.contents import Content, ContentJson

# What may yet become a list, a heading, a rule or a table: shown too early it would jump about.
_drop_undecided = re.compile(r"(?:^|\n)[ \t]*[-=*_#>+`~|:]*[ \t]*\Z").sub


class Piece(Protocol):
    """Something shown; it grows or changes until it is `finished`."""

    @property
    def finished(self) -> bool:
        """Whether it stays as it is now."""

    @property
    def size(self) -> int:
        """Roughly how many characters of it stay as they are now."""

    def html(self) -> str:
        """As HTML that runs nothing and loads nothing."""

    def markdown(self) -> str:
        """As Markdown that is harmless in any viewer."""

    def plain(self) -> str:
        """As text."""


class Text:
    """What the model says, as Markdown that streams in.

    Args:
        blocks: Where the text is cut into blocks, when it goes on from another piece.
        sanitizer: Likewise.
        json: Whether it is a typed answer.
    """

    def __init__(self, blocks: Blocks | None = None, sanitizer: Sanitizer | None = None, *, json: bool = False) -> None:
        self._blocks = Blocks() if blocks is None else blocks
        self._sanitizer = Sanitizer() if sanitizer is None else sanitizer
        self._done: list[str] = []
        self._json = json
        self.finished = False
        self.size = 0

    def feed(self, delta: str) -> None:
        """Take the next delta."""
        self._add(self._blocks.feed(self._sanitizer.feed(delta)))

    def _add(self, blocks: list[str]) -> None:
        self._done += blocks
        self.size += sum(map(len, blocks))

    def finish(self) -> None:
        """There is no more to come."""
        self._add(self._blocks.feed(self._sanitizer.finish()))
        self._add(self._blocks.finish())
        self.finished = True

    def as_json(self) -> None:
        """It turned out to be a typed answer."""
        self._json = True

    def rest(self) -> Text:
        """End it after its last whole block; gives the piece in which the text goes on."""
        self.finished = True
        return Text(self._blocks, self._sanitizer, json=self._is_json)

    @property
    def text(self) -> str:
        """All of it, as far as it is known."""
        return "".join(self._done) + ("" if self.finished else self._blocks.tail)

    @property
    def _is_json(self) -> bool:
        # Asked of the first character, since the turn that says what it is comes last.
        return self._json or self.text.lstrip()[:1] == "{"

    def html(self) -> str:
        """The rendered text; while it streams, without what cannot be told yet."""
        if self._is_json:
            return preformatted(self.text, "json")
        text = self.text if self.finished else _drop_undecided("", self.text)
        return f'<div class="chatkit-text" dir="auto">\n{markdown_to_html(text)}\n</div>' if text.strip() else ""

    def markdown(self) -> str:
        """The text."""
        return fence(self.text, "json") if self._is_json else harmless(self.text)

    def plain(self) -> str:
        """The text."""
        return self.text


class Thinking:
    """What the model thinks: its last lines while it does, and folded up afterwards."""

    _LAST = 600
    _MOST = 20_000

    def __init__(self) -> None:
        self._sanitizer = Sanitizer()
        self._parts: list[str] = []
        self._last = ""
        self.finished = False
        self.size = 0

    def feed(self, delta: str) -> None:
        """Take the next delta."""
        shown = self._sanitizer.feed(delta)
        self._parts.append(shown)
        self._last = (self._last + shown)[-self._LAST :]

    def finish(self) -> None:
        """There is no more to come."""
        self.finished = True
        self.size = min(self._MOST, sum(map(len, self._parts)))

    @property
    def text(self) -> str:
        """All of it; of very long thoughts the beginning and a word on the rest, which stands in the turn."""
        whole = "".join(self._parts).strip()
        return whole if len(whole) <= self._MOST else f"{whole[: self._MOST]} … ({len(whole):,} characters)"

    def html(self) -> str:
        """A window of few lines of the same height while it streams, so that nothing below it moves; then folded."""
        if self.finished:
            body = markdown_to_html(self.text)
            return f'<details class="chatkit-thinking" style="{FAINT}"><summary>Thinking</summary>\n{body}\n</details>'
        return (
            f'<details class="chatkit-thinking" style="{FAINT}" open><summary>Thinking …</summary>\n'
            f'<div style="{WINDOW}"><div style="margin-bottom:auto">{escaped(self._last)}</div></div>\n</details>'
        )

    def markdown(self) -> str:
        """A quotation under a label."""
        return quoted(f"**Thinking**\n\n{harmless(self.text)}")

    def plain(self) -> str:
        """Between tags."""
        return f"<thinking>\n{self.text}\n</thinking>"


class Said:
    """Contents that came as a whole: what is sent, or media in an answer.

    Args:
        contents: The contents.
        sent: Whether they are sent rather than received.
    """

    finished = True

    def __init__(self, contents: list[Content], sent: bool) -> None:
        self._html = joined(contents)
        self._markdown = markdown_joined(contents, InOutput())
        self._plain = "\n".join(filter(None, map(content_text, contents)))
        self._sent = sent
        self.size = len(self._html)

    def html(self) -> str:
        """Contents that are sent stand behind a line at their left."""
        return f'<div class="chatkit-sent" style="{SAID}">\n{self._html}\n</div>' if self._sent else self._html

    def markdown(self) -> str:
        """What is sent is a quotation; pictures are named."""
        return quoted(self._markdown) if self._sent else self._markdown

    def plain(self) -> str:
        """What is sent has `> ` in front of it."""
        return quoted(self._plain) if self._sent else self._plain


class Note:
    """A line about what is being waited for, which goes away.

    Args:
        text: The line, made visible.
    """

    finished = False
    size = 0

    def __init__(self, text: str) -> None:
        self.text = text

    def html(self) -> str:
        """The line, small."""
        return f'<div class="chatkit-note" style="{FAINT}">{escaped(self.text)}</div>'

    def markdown(self) -> str:
        """The line."""
        return harmless(self.text)

    def plain(self) -> str:
        """The line."""
        return self.text


def is_json(content: Content) -> bool:
    """Whether it is a typed answer."""
    return isinstance(content, ContentJson)
