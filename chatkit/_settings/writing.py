"""Changing the file of settings: one line of it, atomically, and only to something that can be read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatkit._errors import ConfigError
from chatkit._settings.keys import checked, known
from chatkit._settings.lines import with_line, without_line
from chatkit._settings.places import private_folder
from chatkit._settings.reading import flat, in_text, parsed, read_text
from chatkit._writing import write_whole


def put(path: Path, name: str, value: Any) -> None:
    """Settle something in the file; comments and all else stay as they are.

    Raises:
        ConfigError: when there is no such setting, the value cannot be, or the file cannot be read or written.
    """
    value = checked(known(name), value)
    _change(path, lambda text: with_line(text, name, value), lambda held: held | {name: value})


def take_away(path: Path, name: str) -> bool:
    """Take a setting, also one that chatkit does not know, out of the file.

    Returns:
        Whether it was there.

    Raises:
        ConfigError: when the file cannot be read or written.
    """
    if name not in flat(parsed(read_text(path), path)):
        return False
    _change(path, lambda text: without_line(text, name), lambda held: {key: held[key] for key in held if key != name})
    return True


def _change(path: Path, edit: Callable[[str], str], expected: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    text = read_text(path)
    before = flat(parsed(text, path))
    # On Windows lines end otherwise, and go on to do so.
    ending = "\r\n" if "\r\n" in text else "\n"
    after = edit(text.replace("\r\n", "\n")).replace("\n", ending)
    try:
        done = flat(parsed(after, path)) == expected(before)
    except ConfigError:
        done = False
    if not done:
        # Inline tables and other ways to write it that one line does not hold.
        raise ConfigError(f"{path} cannot be changed line by line here.", hint="Use `chatkit config edit`.")
    write(path, after)


def write(path: Path, text: str) -> None:
    """Write the file, whole or not at all, readable by its owner only when it is new.

    Raises:
        ConfigError: when it cannot be written.
    """
    try:
        data = text.encode()
        private_folder(path)
        write_whole(path, data)
    except UnicodeEncodeError:
        reason = "something in them is no text in UTF-8"
    except OSError as error:
        reason = error.strerror or str(error)
    else:
        return
    raise ConfigError(f"The settings in {path} cannot be written: {reason}.")


def check(path: Path) -> None:
    """Make sure that all of the file can be used.

    Raises:
        ConfigError: when something in it cannot; it names the line.
    """
    in_text(read_text(path), path)
