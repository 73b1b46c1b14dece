"""What a person says by the command line: the prompt, what is piped in, files and images."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import Any

from chatkit._errors import ConfigError
from chatkit._turns.contents import Content

_MOST = 32 << 20
_STDIN = "-"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say something."""
    parser.add_argument(
        "prompt",
        nargs="?",
        metavar="PROMPT",
        help="what to say; what is piped in follows it, or is the prompt when there is none; without both, on a "
        "terminal, a console opens",
    )
    group = parser.add_argument_group("what else is said")
    group.add_argument("-s", "--system", metavar="TEXT", help="the system prompt")
    group.add_argument(
        "-f", "--file", action="append", default=[], metavar="PATH", help="a text or PDF to send along; - is stdin"
    )
    group.add_argument(
        "--image", action="append", default=[], metavar="PATH|URL", help="an image to send along; - is stdin"
    )


def stdin_is_terminal() -> bool:
    """Whether a person sits in front of standard input."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except (OSError, ValueError):
        return False


def said(arguments: argparse.Namespace) -> list[str | Content]:
    """What is said, the files first and then the words; nothing when a console is wanted.

    Raises:
        ConfigError: when nothing is said of files, or what is piped in is no text.
        MediaError: when a file cannot be used.
    """
    taken = [*arguments.file, *arguments.image].count(_STDIN)
    if taken > 1:
        raise ConfigError("Standard input can be read once: give - for one file or image only.")
    if taken and stdin_is_terminal():
        raise ConfigError("- stands for what is piped in, and nothing is.")
    piped = "" if taken or stdin_is_terminal() else _text(_read_stdin())
    words = "\n\n".join(part for part in (arguments.prompt, piped) if part and part.strip())
    if not words and (arguments.file or arguments.image):
        raise ConfigError("Say what to do with what you send along: give a PROMPT.")
    if not words and (arguments.prompt is not None or not stdin_is_terminal()):
        raise ConfigError("There is nothing to say: the prompt and standard input are empty.")
    return [*_attached(arguments), words] if words else []


def _attached(arguments: argparse.Namespace) -> Iterable[Content]:
    from chatkit._media.documents import content_document_file
    from chatkit._media.images import content_image_file, content_image_url

    for path in arguments.file:
        yield content_document_file(_source(path))
    for path in arguments.image:
        is_url = path.startswith(("http://", "https://", "data:"))
        yield content_image_url(path) if is_url else content_image_file(_source(path))


def _source(path: str) -> Any:
    if path != _STDIN:
        return path
    data = _read_stdin()
    if not data:
        raise ConfigError("- stands for what is piped in, and that is empty.")
    return data


def _read_stdin() -> bytes:
    if sys.stdin is None:
        return b""
    data = sys.stdin.buffer.read(_MOST + 1)
    if len(data) > _MOST:
        raise ConfigError(f"What is piped in has more than {_MOST >> 20} MB.")
    return data


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        place = error.start
    raise ConfigError(
        f"What is piped in is no text in UTF-8, at byte {place:,}.", hint="Send it along by --file - or --image -."
    )
