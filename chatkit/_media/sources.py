"""From what is given as a file to its bytes: a path, bytes, or a binary file object; checked before it is read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatkit._errors import MediaError, MissingFileError
from chatkit._media.limits import size_of

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)(?=://)|(data|file|javascript)(?=:)", re.IGNORECASE)
_SHOWN = 200
_CHUNK = 1 << 20
# Not waiting guards against a pipe that took the file's place in the meantime; not every system knows the flags.
_READ_ONLY = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "is a directory"),
    (stat.S_ISFIFO, "is a pipe (FIFO)"),
    (stat.S_ISSOCK, "is a socket"),
    (lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode), "is a device"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """What was read.

    Args:
        data: The bytes, at least one.
        name: The file's own name without its folders; empty when there is none.
        shown: How messages call it.
    """

    data: bytes
    name: str
    shown: str


def read(source: Any, *, limit: int, hint: str = "") -> Source:
    """Read a file.

    Args:
        source: A path (text or `os.PathLike`), bytes, or a file object opened in binary mode, which is read from where
            it stands and left open. Text is a path and never a URL.
        limit: How many bytes there may be. Of a file the size is looked at before it is opened.
        hint: What to do about a file that is too large.

    Raises:
        MediaError: when there is nothing to read or too much; `MissingFileError` when the file does not exist.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        found = Source(bytes(source), "", f"What was given as {type(source).__name__}")
    elif isinstance(source, str | os.PathLike):
        found = _from_path(source, limit, hint)
    elif callable(getattr(source, "read", None)):
        found = _from_file(source, limit)
    else:
        raise MediaError(
            f"{type(source).__name__} is nothing to read from.",
            hint="Give a path, bytes, or a file opened in binary mode.",
        )
    if not found.data:
        raise MediaError(f"{found.shown} is empty.")
    _check_size(len(found.data), limit, found.shown, hint)
    return found


def _check_size(size: int, limit: int, shown: str, hint: str) -> None:
    if size > limit:
        told = size_of(size) if size != limit + 1 else f"more than {size_of(limit)}"
        raise MediaError(f"{shown} has {told}; the limit is {size_of(limit)}.", hint=hint)


def _from_path(source: str | os.PathLike[Any], limit: int, hint: str) -> Source:
    text = os.fsdecode(source)
    _refuse_urls(text)
    shown = repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
    fault: MediaError | None = None
    try:
        # Looked at before it is opened: opening a pipe would wait, opening a device can do anything.
        _check_file(Path(text).stat(), shown, limit, hint)
        with os.fdopen(os.open(text, _READ_ONLY), "rb") as file:
            _check_file(os.fstat(file.fileno()), shown, limit, hint)
            return Source(file.read(limit + 1), Path(text).name, shown)
    except (OSError, ValueError) as error:
        fault = error if isinstance(error, MediaError) else _fault(error, text, shown)
    raise fault


def _refuse_urls(text: str) -> None:
    found = _SCHEME.match(text)
    if found is None:
        return
    scheme = found[0].lower()
    if scheme in ("http", "https", "data"):
        hint = "Use content_image_url() or content_pdf_url() for URLs."
    else:
        hint = "Give the path of a file."
    raise MediaError(f"A file is asked for, not a URL of the scheme {scheme!r}.", hint=hint)


def _check_file(state: os.stat_result, shown: str, limit: int, hint: str) -> None:
    if not stat.S_ISREG(state.st_mode):
        what = next((words for is_it, words in _KINDS if is_it(state.st_mode)), "is something else")
        raise MediaError(f"{shown} {what}, not a file.")
    _check_size(state.st_size, limit, shown, hint)


def _fault(error: OSError | ValueError, text: str, shown: str) -> MediaError:
    if isinstance(error, FileNotFoundError):
        hint = "" if Path(text).is_absolute() else f"The working directory is {str(Path.cwd())!r}."
        return MissingFileError(f"There is no file {shown}.", hint=hint)
    if isinstance(error, PermissionError):
        return MediaError(f"{shown} may not be read (permission denied).")
    reason = getattr(error, "strerror", None) or str(error)
    return MediaError(f"{shown} cannot be read: {reason}.")


def _from_file(file: Any, limit: int) -> Source:
    name = getattr(file, "name", None)
    name = Path(name).name if isinstance(name, str) else ""
    shown = repr(name) if name else f"What was given as {type(file).__name__}"
    pieces: list[bytes] = []
    left = limit + 1
    fault = ""
    try:
        # One call may give less than there is.
        while left > 0 and (piece := file.read(min(left, _CHUNK))):
            pieces.append(bytes(memoryview(piece)))
            left -= len(pieces[-1])
    except TypeError:
        fault = "gives text, not bytes: open it in binary mode, 'rb'."
    except Exception as error:
        fault = f"cannot be read: {type(error).__name__}: {error}."
    if fault:
        raise MediaError(f"{shown} {fault}")
    return Source(b"".join(pieces), name, shown)
