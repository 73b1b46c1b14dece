"""The slash commands: their table, and finding the one that a line names."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from chatkit._console import filing, rounds, setting, showing
from chatkit._console.state import Console
from chatkit._display.layout import cells

Argument = Literal["", "path", "model", "command", "words"]


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command.

    Args:
        name: Its name, without the slash.
        usage: What may follow the name.
        purpose: What it does, in a line.
        run: Does it; takes the console and what follows the name.
        argument: What its first argument is, for completion.
        words: The words it can be, where it is one of some.
    """

    name: str
    usage: str
    purpose: str
    run: Callable[[Console, str], None]
    argument: Argument = ""
    words: tuple[str, ...] = ()


def help_(console: Console, rest: str) -> None:
    """Tell what the commands do."""
    wanted = rest.strip().removeprefix("/")
    chosen = [COMMANDS[wanted]] if wanted in COMMANDS else list(COMMANDS.values())
    heads = [f"/{command.name} {command.usage}".rstrip() for command in chosen]
    style, width = console.aside.style, max(map(cells, heads))
    wide = console.aside.width > width + 2 + max(cells(command.purpose) for command in chosen)
    for head, command in zip(heads, chosen, strict=True):
        if wide:
            console.tell(f"{head}{' ' * (width - cells(head) + 2)}{command.purpose}")
        else:
            console.put(head, style.bold)
            console.put(command.purpose, style.dim, "  ")
    if not wanted:
        console.tell("")
        console.note(KEYS)


def quit_(console: Console, rest: str) -> None:
    """Leave."""
    console.over = True


KEYS = (
    "Enter sends; Alt-Enter or Ctrl-J begins a new line, and so does Enter between two lines of three quotes. "
    "Ctrl-X Ctrl-E opens the editor, Ctrl-R searches what was typed before, Ctrl-C stops an answer or clears the "
    "prompt, Ctrl-D leaves. // sends a text that begins with a slash."
)

_TABLE = (
    Command("help", "[COMMAND]", "tell what the commands do", help_, "command"),
    Command("model", "[NAME]", "tell the model, or talk on with another one", setting.model, "model"),
    Command("system", "[TEXT]", 'tell the system prompt, or set it; "" removes it', setting.system),
    Command("tools", "", "list the tools, and which ask before they run", showing.tools),
    Command("file", "PATH [TEXT]", "attach a file to the next message, or send it", filing.file, "path"),
    Command("image", "PATH|URL [TEXT]", "attach an image, likewise", filing.image, "path"),
    Command("save", "[PATH]", "save the conversation, for /load", filing.save, "path"),
    Command("load", "PATH", "go on with a conversation that was saved", filing.load, "path"),
    Command("export", "PATH", "write it for people to read: .md, .html or .ipynb", filing.export, "path"),
    Command("clear", "", "begin a new conversation", rounds.clear),
    Command("undo", "[N]", "take back the last round, or the last N", rounds.undo),
    Command("retry", "", "ask the last message again", rounds.retry),
    Command("edit", "[TEXT]", "edit the last message, and ask it anew", rounds.edit),
    Command("resume", "", "ask again about tool calls that wait for a yes", rounds.resume),
    Command("copy", "[code]", "copy the last answer, or its last block of code", showing.copy, "words", ("code",)),
    Command("usage", "", "list the tokens and the cost of each answer", showing.usage),
    Command(
        "compact",
        "[TOKENS] [drop]",
        "have the oldest rounds summed up, or dropped",
        rounds.compact,
        "words",
        ("drop", "summarise"),
    ),
    Command(
        "multiline",
        "[on|off]",
        "have Enter begin a new line, and Alt-Enter send",
        setting.multiline,
        "words",
        ("on", "off"),
    ),
    Command("quit", "", "leave; so does Ctrl-D", quit_),
)
COMMANDS = {command.name: command for command in _TABLE}
"""The commands by their names, in the order of `/help`."""
_ALIASES = {"exit": "quit", "?": "help"}


def command_of(text: str) -> tuple[Command | None, str]:
    """The command that a line names, if there is one, and what follows the name."""
    parts = text.removeprefix("/").split(maxsplit=1)
    name = parts[0].lower() if parts else ""
    return COMMANDS.get(_ALIASES.get(name, name)), parts[1] if len(parts) > 1 else ""


def run_command(console: Console, text: str) -> None:
    """Run the command that a line names; a name that is none is told with the nearest, and nothing is sent."""
    command, rest = command_of(text)
    if command is not None:
        command.run(console, rest)
        return
    name = text.split(maxsplit=1)[0]
    near = difflib.get_close_matches(name.removeprefix("/").lower(), COMMANDS, 1)
    meant = f"Did you mean /{near[0]}? " if near else ""
    console.complain(
        f"There is no command {name[:40]}; nothing was sent.",
        f"{meant}/help lists the commands; / twice begins a message with a slash.",
    )
