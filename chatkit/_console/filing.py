"""Commands about files: attaching them, and saving, loading and exporting the conversation."""

from __future__ import annotations

from pathlib import Path

from chatkit._console.answering import say
from chatkit._console.attaching import attachment, image_of
from chatkit._console.paths import first_word, path_of
from chatkit._console.rounds import begin_anew, begun
from chatkit._console.state import Console
from chatkit._errors import ConfigError
from chatkit._turns.contents import Content


def file(console: Console, rest: str) -> None:
    """Attach a file to the next message, or send it with a text."""
    word, text = first_word(rest)
    _attach(console, attachment(_needed(word, "/file PATH")), word, text)


def image(console: Console, rest: str) -> None:
    """Attach an image, likewise."""
    word, text = first_word(rest)
    _attach(console, image_of(_needed(word, "/image PATH or URL")), word, text)


def _attach(console: Console, content: Content, word: str, text: str) -> None:
    console.attached.append(content)
    if text:
        say(console, text)
    else:
        count = len(console.attached)
        console.note(f"{word} goes along with the next message{f', as one of {count}' if count > 1 else ''}.")


def save(console: Console, rest: str) -> None:
    """Save the conversation: whole, or not at all."""
    word, _ = first_word(rest)
    path = path_of(word) if word else console.file
    if path is None:
        raise ConfigError("A path is missing.", hint="Usage: /save PATH")
    if _may_write(console, path):
        console.chat.save(path)
        console.file = path
        console.note(f"Saved to {path}.")


def load(console: Console, rest: str) -> None:
    """Go on with a conversation that was saved: with its turns and its system prompt, at the model of now."""
    from chatkit._record.chat import load_chat

    word, _ = first_word(rest)
    path = path_of(_needed(word, "/load PATH"))
    record = load_chat(path)
    begin_anew(console)
    console.chat.set_turns(record.turns)
    console.chat.system_prompt = record.system
    console.file = path
    rounds = console.chat.rounds()
    console.note(f"Loaded {len(rounds)} round{'' if len(rounds) == 1 else 's'} from {path}.")
    if rounds:
        console.note(f"The last one began: {begun(rounds[-1])}")
    if console.chat.pending_approvals():
        console.note("A tool call waits for a yes: /resume asks about it.")


def export(console: Console, rest: str) -> None:
    """Write the conversation for people to read."""
    word, _ = first_word(rest)
    path = path_of(_needed(word, "/export PATH, which ends with .md, .html or .ipynb"))
    if _may_write(console, path):
        console.note(f"Written to {console.chat.export(path)}.")


def _needed(word: str, usage: str) -> str:
    if not word:
        raise ConfigError("A path is missing.", hint=f"Usage: {usage}")
    return word


def _may_write(console: Console, path: Path) -> bool:
    if path == console.file or not path.is_file():
        return True
    if console.confirmed(f"There is a file {path}. Replace it?"):
        return True
    console.note("Nothing was written.")
    return False
