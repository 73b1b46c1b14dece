"""Writing a file whole or not at all: whatever happens, it is the old one or the new one."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Put a file in the place of another, or where none was.

    A new file can be read by its owner only, for conversations are private; a file that is replaced keeps its
    permissions. A link stays a link, and what it leads to is replaced.

    Args:
        path: Where to; the folder must exist.
        data: All of the file.

    Raises:
        OSError: when it cannot be written, or the path leads to a device, a pipe or a folder; it names the path, and
            an old file is unharmed.
    """
    name = os.fspath(path)
    try:
        _replace(Path(os.path.realpath(name)), data)
    except OSError as error:
        failure = error
    else:
        return
    # The failure may name the temporary file, which says nothing to anybody.
    raise OSError(failure.errno, failure.strerror, name)


def _replace(target: Path, data: bytes) -> None:
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        # A folder cannot be replaced; a device or a pipe could, and would be gone.
        fault = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(fault, os.strerror(fault))
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".chatkit-", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
