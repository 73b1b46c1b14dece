"""The file of a tape: JSON Lines, a header, then one exchange a line, each written when it is over."""

import json
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ._tape_errors import TapeError

FORMAT, VERSION = "chatkit tape", 1
# So that every reader finds the same lines.
_OTHER_LINE_ENDS = "\x85\u2028\u2029"
_HEADER = {"format": FORMAT, "version": VERSION}


class TapeWriter:
    """Writes a tape line by line. The file is readable by its owner only.

    Args:
        path: Where; missing folders are made. What stands there is replaced at once, by a tape with a header.
        append: Go on with the tape that is there, if there is one.

    Attributes:
        path: Where.
        count: How many exchanges are on it.
        last: The highest number of one.

    Raises:
        TapeError: when it cannot be written, or what should be gone on with is no tape.
    """

    def __init__(self, path: Path, *, append: bool = False) -> None:
        self.path = path
        self._lock = threading.Lock()
        fault = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Reading it shows whether it is one; what was broken off in the middle of a line goes.
            if append and path.exists():
                size, self.count, self.last = _sound_part(path)
            else:
                size, self.count, self.last = _begin(path), 0, 0
            self._file = os.open(path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
            os.truncate(path, size)
            os.lseek(self._file, 0, os.SEEK_END)
        except OSError as error:
            fault = error.strerror or str(error)
        if fault:
            raise TapeError(f"The tape {path} cannot be written: {fault}.")

    def write(self, line: dict[str, Any]) -> None:
        """Add a line."""
        text = json.dumps(line, ensure_ascii=False)
        for mark in _OTHER_LINE_ENDS:
            text = text.replace(mark, f"\\u{ord(mark):04x}")
        data = f"{text}\n".encode("utf-8", "backslashreplace")
        fault = ""
        try:
            with self._lock:
                self.count += "request" in line
                while data:
                    data = data[os.write(self._file, data) :]
        except OSError as error:
            fault = error.strerror or str(error)
        if fault:
            raise TapeError(f"The tape {self.path} cannot be written: {fault}.")

    def end(self) -> None:
        """Say that all is there, and close the file."""
        try:
            self.write({"end": True})
        finally:
            os.close(self._file)


def _begin(path: Path) -> int:
    """Put a tape without exchanges in place, in one step; gives its size."""
    header = (json.dumps(_HEADER) + "\n").encode()
    # Made with mode 0600.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(header)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return len(header)


def _sound_part(path: Path) -> tuple[int, int, int]:
    """How long a tape is without a line that was broken off, how many exchanges it has, and their highest number."""
    size = 0
    for _, _, end in _lines(path):
        size = end
    if not size:
        return _begin(path), 0, 0
    exchanges, _ = read_tape(path)
    path.chmod(0o600)
    return size, len(exchanges), max((exchange["number"] for _, exchange in exchanges), default=0)


def read_tape(path: Path) -> tuple[list[tuple[int, dict[str, Any]]], bool]:
    """Read a tape.

    Args:
        path: The file.

    Returns:
        The exchanges, each with the number of its line, in the order in which they were asked for; and whether the
        recording came to its end.

    Raises:
        TapeError: when it cannot be read or is no tape, naming the line.
    """
    fault, found, is_whole = "", [], False
    try:
        for number, text, _ in _lines(path):
            line = _parsed(path, number, text)
            is_whole = "end" in line
            if number > 1 and not is_whole:
                found.append((number, line))
    except FileNotFoundError:
        fault = "there is no such file; record it first, with record()"
    except OSError as error:
        fault = error.strerror or str(error)
    if fault:
        raise TapeError(f"The tape {path} cannot be read: {fault}.")
    for number, line in found:
        if not isinstance(line.get("number"), int):
            raise TapeError(f"The tape {path} is broken in line {number}: an exchange has no number.")
    return sorted(found, key=lambda item: item[1]["number"]), is_whole


def _lines(path: Path) -> Iterator[tuple[int, bytes, int]]:
    """The whole lines of a tape, with their numbers from 1 and where they end; the first is a header."""
    end = 0
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if number == 1:
                _check_header(path, text)
            # The last one of a recording that was killed may be there in part.
            if not text.endswith(b"\n"):
                return
            end += len(text)
            yield number, text, end
    if not end:
        raise TapeError(f"{path} is no tape of chatkit: it is empty.")


def _check_header(path: Path, text: bytes) -> None:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise TapeError(f"{path} is no tape of chatkit: its first line does not say so.")
    if header.get("version") != VERSION:
        raise TapeError(
            f"The tape {path} has version {header.get('version')!r}, this chatkit reads version {VERSION}. Record it"
            " anew, or use a newer chatkit."
        )


def _parsed(path: Path, number: int, text: bytes) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        line = None
    if not isinstance(line, dict):
        raise TapeError(f"The tape {path} is broken in line {number}: it is no JSON object.")
    return line


def milliseconds(seconds: float) -> float:
    """Seconds as milliseconds, as they stand on a tape."""
    return round(max(seconds, 0.0) * 1000, 1)
