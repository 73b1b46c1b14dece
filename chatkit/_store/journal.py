"""The journal of a conversation that is being written: a file beside the database that one process at a time has open.

A line is written for every piece of an answer before it is shown, which takes microseconds; the database gets them a
few times a second. What was written outlasts the process, whatever ends it, since the system has it by then. The lock
on the file ends with the process, too.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import weakref
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from chatkit._errors import StoreError

# The first bytes tell who writes; the lines of the journal come after them.
_HEAD = 128
_DIGITS = 18
# Where Windows locks a byte: beyond all that is ever there, since it locks reading, too.
_FAR = 1 << 40
_open: weakref.WeakSet[Journal] = weakref.WeakSet()


class Journal:
    """The journal of one conversation, open and locked.

    Args:
        path: The file; it is made where there is none.
        id: The conversation.

    Raises:
        StoreError: of kind "busy", when somebody else has it; or when it cannot be opened.
    """

    __slots__ = ("__weakref__", "_end", "_file", "_path")

    def __init__(self, path: Path, id: str) -> None:
        self._path = path
        self._file, self._end = -1, _HEAD
        self._file = _opened(path, id)
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, f"{os.getpid()} {socket.gethostname()[:60]} ".encode().ljust(_HEAD - 1) + b"\n")
        # What a process left that was killed stays until it is in the database.
        self._end = max(_HEAD, os.lseek(self._file, 0, os.SEEK_END))
        _open.add(self)

    def append(self, draft: int, place: int, entry: str) -> None:
        """Write a line. When it is written, it outlasts this process.

        Raises:
            StoreError: when it cannot be written; then nothing of it is there.
        """
        line = f"\n{draft} {place} {entry}".encode("ascii")
        failure = None
        try:
            os.lseek(self._file, self._end, os.SEEK_SET)
            written = os.write(self._file, line)
        except OSError as error:
            failure, written = error, -1
        if written == len(line):
            self._end += written
            return
        with suppress(OSError):
            os.ftruncate(self._file, self._end)
        raise _failed(self._path, failure or OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def clear(self) -> None:
        """Forget all lines: they are in the database."""
        if self._end > _HEAD:
            with suppress(OSError):
                os.ftruncate(self._file, _HEAD)
                self._end = _HEAD

    def close(self) -> None:
        """Let go of the file, and remove it when there is nothing in it. Harmless when done twice."""
        if self._file >= 0:
            if self._end <= _HEAD:
                with suppress(OSError):
                    self._path.unlink()
            self.abandon()

    def abandon(self) -> None:
        """Let go of the file as it is: in a child process, whose parent has it still."""
        file, self._file = self._file, -1
        with suppress(OSError):
            os.close(file)

    def __del__(self) -> None:
        self.close()


def read_journal(path: Path) -> list[tuple[int, int, str]]:
    """The lines of a journal, whoever is writing it: the draft, the place, the entry.

    A line that is not whole, because it is being written or never was, is left out.
    """
    try:
        data = path.read_bytes()[_HEAD:]
    except OSError:
        return []
    lines = []
    for line in data.decode("ascii", "replace").split("\n"):
        draft, _, rest = line.partition(" ")
        place, _, entry = rest.partition(" ")
        if _is_number(draft) and _is_number(place) and _is_whole(entry):
            lines.append((int(draft), int(place), entry))
    return lines


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < _DIGITS


def _is_whole(entry: str) -> bool:
    try:
        json.loads(entry)
    except (ValueError, RecursionError):
        return False
    return True


def _opened(path: Path, id: str) -> int:
    lock = _locker()
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            failure = error
        else:
            if not lock(file):
                raise _busy(file, id)
            if _is_there(file, path):
                return file
            # Whoever had it before has just removed it; the next one who opens it makes another.
            os.close(file)
            continue
        raise _failed(path, failure)


def _is_there(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _busy(file: int, id: str) -> StoreError:
    head = os.read(file, _HEAD).decode("ascii", "replace").split()
    os.close(file)
    who = f"process {head[0]} on {head[1]}" if len(head) > 1 else "another process"
    here = head[:1] == [str(os.getpid())]
    return StoreError(
        f"The conversation {id!r} is being written by {'another chat of this process' if here else who}.",
        hint="Go on there, end that first (`store.detach(chat)`), or read it with `load(id, attach=False)`.",
        kind="busy",
        conversation=id,
    )


def _failed(path: Path, failure: OSError) -> StoreError:
    kind = "full" if failure.errno in (errno.ENOSPC, errno.EDQUOT) else "io"
    return StoreError(f"{path} cannot be written: {failure.strerror}.", kind=kind)


def _locker() -> Callable[[int], bool]:
    """What locks an open file for this process, and tells whether that was possible."""
    try:
        import fcntl
    except ImportError:
        return _lock_on_windows

    def lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    return lock


def _lock_on_windows(file: int) -> bool:
    locking = import_module("msvcrt")
    os.lseek(file, _FAR, os.SEEK_SET)
    try:
        locking.locking(file, locking.LK_NBLCK, 1)
    except OSError:
        return False
    finally:
        os.lseek(file, 0, os.SEEK_SET)
    return True


def _in_child() -> None:
    # The lock is shared by all who have the file open: a child must not keep it when its parent is gone.
    for journal in list(_open):
        journal.abandon()


# Windows has no fork.
getattr(os, "register_at_fork", dict)(after_in_child=_in_child)
