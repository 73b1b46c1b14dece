"""The console's door: `live_console()`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from chatkit._chat.chat import Chat
from chatkit._console.state import Console, Front
from chatkit._display.place import interactive
from chatkit._display.terminal import Terminal
from chatkit._errors import ConfigError

if TYPE_CHECKING:
    from chatkit.store import ConversationStore


def live_console(
    chat: Chat,
    *,
    markdown: bool = True,
    history: bool | str | os.PathLike[str] = True,
    store: ConversationStore | None = None,
) -> None:
    """Talk with a chat at the terminal, until Ctrl-D or `/quit`.

    Enter sends what was typed; Alt-Enter or Ctrl-J begin a new line, and so does Enter between two lines of three
    quotes. Ctrl-X Ctrl-E opens your editor, Ctrl-R searches what was typed before, and a grey suggestion is taken by
    the right arrow. Lines with a slash are commands, `/help` lists them; `//` sends a text that begins with a slash.
    The line at the bottom tells the model, how much of its context is used, tokens and cost. For that the server is
    asked for its list of models, behind the scenes: after the first answer, or when a model's name is to be completed,
    and not again within the hour; a server that gave none is not asked again. What is typed while an answer comes
    waits for the next prompt, and is not sent before you press Enter there.

    Ctrl-C stops an answer, and what had arrived stays in the chat; before anything arrived the message comes back to
    the prompt. At the prompt it clears what was typed, twice running it leaves. Whatever the server does, the prompt
    comes back. The chat is yours before and after: its tools, limits and callbacks count. Tool calls that need a yes
    are asked about, unless a callback of yours decides.

    Where no prompt can be drawn (in a notebook's kernel, on a dumb terminal, within an event loop) lines are read by
    `input()`; from a pipe they are read one by one, the answers alone go to stdout, and nothing that needs a yes runs.
    Colour is left out where NO_COLOR is set, the terminal is dumb, or the output is no terminal.

    Args:
        chat: The chat; it is moved on.
        markdown: Whether answers are shown as Markdown, each block when it is finished; False streams their text.
        history: Whether what was typed is kept, for the next time: in a file in the platform's folder for such state,
            which only its owner can read; or the path of another file. Whoever types a secret at the prompt has it
            in there; False keeps nothing.
        store: A store that keeps the conversation, from its first message on; `/clear` and `/load` begin another one.

    Raises:
        ConfigError: when something given cannot be used.
    """
    if not isinstance(chat, Chat):
        raise ConfigError(f"`chat` must be a chat, not {type(chat).__name__}.")
    if not isinstance(history, bool | str | os.PathLike):
        raise ConfigError(f"`history` must be True, False or a path, not {type(history).__name__}.")
    from chatkit._console.loop import run
    from chatkit._display.approving import asked_elsewhere

    out = Terminal()
    # Where stdout is for the answers alone, whatever else is said goes to stderr.
    aside = out if out.is_terminal or interactive() else Terminal(name="stderr")
    console = Console(chat, out, aside, markdown=markdown, store=store)
    console.front = _front(console, history)
    with asked_elsewhere():
        run(console)


def _front(console: Console, history: bool | str | os.PathLike[str]) -> Front:
    from chatkit._console import prompting
    from chatkit._console.plain import Plain

    if prompting.is_possible():
        from chatkit._console.history import history_path

        front: Front = prompting.Prompting(console, history_path(history))
    else:
        person = _somebody_types()
        front = Plain(console, person=person, echoed=console.out is console.aside)
        if not person:
            return front
    _greet(console)
    return front


def _greet(console: Console) -> None:
    from chatkit._console.answering import waiting_calls
    from chatkit._console.rounds import begun

    chat = console.chat
    console.note(f"Talking to {chat.model or 'the model'} at {chat.provider.base_url}")
    if rounds := chat.rounds():
        console.note(f"{len(rounds)} round{'s' * (len(rounds) > 1)} so far; the last one began: {begun(rounds[-1])}")
    console.note("/help lists the commands, Ctrl-D leaves.")
    if chat.pending_approvals():
        console.note(f"({waiting_calls(console)})")


def _somebody_types() -> bool:
    if "ipykernel" in sys.modules and interactive():
        return True
    try:
        return bool(sys.stdin.isatty())
    except (AttributeError, OSError, ValueError):
        return False
