"""What a console knows between two prompts, and how it speaks to whoever sits there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chatkit._chat.chat import Chat
from chatkit._display.layout import folded
from chatkit._display.reply import layout
from chatkit._display.sanitize import visible
from chatkit._display.terminal import Terminal
from chatkit._turns.contents import Content

if TYPE_CHECKING:
    from chatkit.store import ConversationStore


class Front(Protocol):
    """Where lines come from."""

    def read(self, text: str = "") -> str:
        """The next line, which may be a text of several.

        Args:
            text: What stands there to begin with.

        Raises:
            EOFError: when the user leaves.
        """

    def ask(self, question: str) -> str | None:
        """Ask something that must be answered here and now; what was typed before does not count.

        Returns:
            The answer, or None where nobody can be asked.
        """

    def edit(self, text: str) -> str | None:
        """Have a text edited; None where it cannot be, or when nothing is left of it."""

    def refresh(self) -> None:
        """Show what has become known since; may be called from any thread."""


class NoFront:
    """Nobody: the front of a console that was not opened yet."""

    def read(self, text: str = "") -> str:
        """There is nothing to read."""
        raise EOFError

    def ask(self, question: str) -> str | None:
        """Nobody answers."""
        return None

    def edit(self, text: str) -> str | None:
        """Nobody edits."""
        return None

    def refresh(self) -> None:
        """There is nothing to show."""


@dataclass(slots=True)
class Console:
    """A console.

    Args:
        chat: The conversation.
        out: Where answers go.
        aside: Where everything else goes.
        markdown: Whether answers are shown as Markdown, block by block, or streamed as text.
        store: Where the conversation is kept, if anywhere.
        front: Where lines come from.

    Attributes:
        attached: What goes along with the next message.
        given_back: What the next prompt begins with.
        unanswered: The last message, when nothing came of it; what went along with it is still attached then.
        file: The file that the conversation was last saved to or loaded from.
        listless: The addresses of servers that gave no list of models.
        multiline: Whether Enter begins a new line.
        over: Whether the user wants to leave.
    """

    chat: Chat
    out: Terminal = field(default_factory=Terminal)
    aside: Terminal = field(default_factory=Terminal)
    markdown: bool = True
    store: ConversationStore | None = None
    front: Front = field(default_factory=NoFront)
    attached: list[Content] = field(default_factory=list)
    given_back: str = ""
    unanswered: str | None = None
    file: Path | None = None
    listless: set[str] = field(default_factory=set)
    multiline: bool = False
    over: bool = False

    def tell(self, text: str) -> None:
        """Say something that was asked for; what is not chatkit's own in it is made harmless here."""
        self.aside.write(visible(text) + "\n")

    def note(self, text: str) -> None:
        """Say something in passing."""
        self.put(text, self.aside.style.dim)

    def complain(self, text: str, hint: str = "") -> None:
        """Say what went wrong, and below it what can be done."""
        self.put(text, self.aside.style.red)
        if hint:
            self.put(hint, str, "  ")

    def put(self, text: str, paint: Callable[[str], str], prefix: str = "") -> None:
        """Say something without line breaks of its own, wrapped where there is a terminal.

        Args:
            text: What to say.
            paint: Gives it a colour.
            prefix: What every line begins with.
        """
        lines = layout(self.aside, prefix)
        shown = lines.feed(_in_a_line(text)) + lines.finish()
        self.aside.write(paint(shown.removesuffix("\n")) + "\n")

    def confirmed(self, question: str) -> bool:
        """Whether the user says yes to a question; nobody's word is no."""
        *above, last = folded(
            f"{_in_a_line(question)} [y/N] ", self.aside.width - 1 if self.aside.is_terminal else None
        )
        self.aside.write("".join(f"{line}\n" for line in above))
        said = self.front.ask(last)
        return said is not None and said.strip().lower() in ("y", "yes")


def _in_a_line(text: str) -> str:
    return " ".join(visible(text).split())
