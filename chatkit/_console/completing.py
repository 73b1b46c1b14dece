"""What may be completed at the prompt: commands, and paths, models and words behind them. Nothing is waited for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from chatkit._console.commands import COMMANDS, Command
from chatkit._console.models import known_models, learn_models
from chatkit._console.paths import first_word, typed
from chatkit._console.state import Console
from chatkit._display.sanitize import one_line

_MOST = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that may stand at the end of what was typed.

    Args:
        text: The text.
        over: How many characters before the cursor it takes the place of.
        about: What it is, in a few words.
        shown: How it is listed.
    """

    text: str
    over: int
    about: str = ""
    shown: str = ""


def candidates(console: Console, text: str) -> Iterator[Candidate]:
    """What may stand at the end of a text.

    Args:
        console: The console.
        text: What stands before the cursor.
    """
    if not text.startswith("/") or text.startswith("//") or "\n" in text:
        return
    name, space, rest = text[1:].partition(" ")
    if not space:
        yield from _commands(name)
    elif (command := COMMANDS.get(name.lower())) is not None:
        yield from islice(_arguments(console, command, rest.lstrip()), _MOST)


def _commands(begun: str) -> Iterator[Candidate]:
    for command in COMMANDS.values():
        if command.name.startswith(begun.lower()):
            text = f"/{command.name} " if command.usage else f"/{command.name}"
            yield Candidate(text, len(begun) + 1, command.purpose, text.rstrip())


def _arguments(console: Console, command: Command, begun: str) -> Iterator[Candidate]:
    match command.argument:
        case "path":
            yield from _paths(begun)
        case "model":
            yield from _models(console, begun)
        case "command":
            yield from (Candidate(item.name, len(begun)) for item in COMMANDS.values() if item.name.startswith(begun))
        case _:
            last = begun.rpartition(" ")[2]
            yield from (Candidate(word, len(last)) for word in command.words if word.startswith(last))


def _models(console: Console, begun: str) -> Iterator[Candidate]:
    learn_models(console)
    for model in known_models(console.chat):
        # A name that would do something to the terminal is none that anybody wants.
        if begun.lower() in model.id.lower() and one_line(model.id) == model.id:
            about = f"{model.context_length:,} tokens" if model.context_length else ""
            yield Candidate(model.id, len(begun), about)


def _paths(begun: str) -> Iterator[Candidate]:
    word, rest = first_word(begun)
    if rest or (begun[-1:].isspace() and not begun.endswith("\\ ")):
        return  # the text behind the path
    folder, begins = os.path.split(word)
    try:
        entries = sorted(os.scandir(Path(folder or ".").expanduser()), key=lambda entry: entry.name)
    except (OSError, ValueError, RuntimeError):
        return
    for entry in entries:
        if _fits(entry.name, begins):
            path = os.path.join(folder, entry.name) + (os.sep if _is_folder(entry) else "")  # noqa: PTH118
            yield Candidate(typed(path), len(begun), shown=Path(path).name + (os.sep if _is_folder(entry) else ""))


def _fits(name: str, begins: str) -> bool:
    hidden = name.startswith(".") and not begins.startswith(".")
    return name.startswith(begins) and not hidden and one_line(name) == name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
