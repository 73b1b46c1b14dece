"""What the command says by itself, beside what a chat echoes: lines on stdout, complaints on stderr."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import textwrap
from typing import Any, TextIO

from chatkit._chat.chat import Chat
from chatkit._display.sanitize import visible
from chatkit._display.summary import chat_text
from chatkit._display.terminal import Style, Terminal, encodable

_WIDEST = 100
# What JSON lets stand as it is, and a terminal obeys, or stdout cannot write.
_RAW = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def say(text: str = "") -> None:
    """Print a line at once; what stdout's encoding lacks becomes `?`.

    Raises:
        BrokenPipeError: when nobody reads any more.
    """
    print(encodable(text, Terminal().encoding), flush=True)


def say_json(value: Any) -> None:
    """Print a value as JSON: letters as they are, and whatever could steer a terminal as escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    say(_RAW.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def style() -> Style:
    """The colours that stdout takes: none in a pipe."""
    return Terminal().style


def printed(chat: Chat) -> str:
    """A chat as `print(chat)` shows it, but in the colours, the width and the encoding of stdout."""
    out = Terminal()
    width = min(out.width, _WIDEST)
    return chat_text(chat.provider.name, chat.model, chat.system_prompt, chat.turns, out.colour, width, out.encoding)


def width_of_stdout() -> int | None:
    """Columns of the terminal that stdout is; None where it is no terminal, and nothing has to fit."""
    out = Terminal()
    return out.width if out.is_terminal else None


def remark(text: str) -> None:
    """Say on stderr, in one line, what belongs to the answer but is not of it."""
    _aside(text)


def complain(text: str) -> None:
    """Say on stderr, in one line, what went wrong."""
    _aside(f"chatkit: {text}")


def warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Say a warning on stderr, in one line and without the place in the code that it came from."""
    _aside(f"chatkit: warning: {message}")


def _aside(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        line, out = " ".join(visible(text).split()), Terminal(name="stderr")
        if out.is_terminal:
            # A terminal cuts words in two; one line it stays for whoever reads it from a pipe.
            line = textwrap.fill(line, out.width, break_long_words=False, break_on_hyphens=False)
        print(encodable(line, out.encoding), file=sys.stderr, flush=True)


def is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return Terminal().is_terminal
