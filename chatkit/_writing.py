"""Writing a file whole or not at all: whatever happens, it is the old one or the new one."""

from __future__ import annotations

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
        OSError: when it cannot be written; it names the path, and an old file is unharmed.
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
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".chatkit-", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
