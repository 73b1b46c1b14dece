r"""Paths as they are typed at the console: the first word of a line, with quotes or with `\` before a space."""

from __future__ import annotations

import os
import re
from pathlib import Path

from chatkit._errors import ConfigError

_QUOTES = "'\""
_special = re.compile(r"""([\s'"\\])""")
_ESCAPES = os.sep != "\\"


def first_word(text: str) -> tuple[str, str]:
    r"""The first word of a line and the rest of it.

    A word in quotes goes to the next such quote; elsewhere `\` keeps the character behind it, where it does not
    separate folders.
    """
    text = text.strip()
    if text[:1] and text[0] in _QUOTES:
        word, found, rest = text[1:].partition(text[0])
        if found:
            return word, rest.strip()
    word, index = "", 0
    while index < len(text) and not text[index].isspace():
        if _ESCAPES and text[index] == "\\" and index + 1 < len(text):
            index += 1
        word += text[index]
        index += 1
    return word, text[index:].strip()


def typed(path: str) -> str:
    """A path as it has to be typed, the reverse of `first_word`."""
    if _ESCAPES:
        return _special.sub(r"\\\1", path)
    return f'"{path}"' if _special.search(path.replace("\\", "")) else path


def path_of(word: str) -> Path:
    """The path that a word names; `~` is the user's own folder.

    Raises:
        ConfigError: when it begins in the folder of somebody who is not there.
    """
    try:
        return Path(word).expanduser()
    except RuntimeError:
        pass
    raise ConfigError(f"There is no folder {word.partition('/')[0][:40]}.")
