"""Records in files: written whole or not at all, and read within limits."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from chatkit._errors import ConfigError, HistoryError
from chatkit._turns.characters import whole_characters
from chatkit._writing import write_whole

MOST_BYTES = 100 * 1024 * 1024
"""How large a file may be: 100 MiB."""
PathLike: TypeAlias = "str | os.PathLike[str]"
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def write_record(path: PathLike, record: Mapping[str, Any]) -> None:
    """Write a record to a file as JSON in UTF-8; whatever happens, the file is the old one or the new one, whole.

    The items of lists stand on lines of their own, so that versions can be compared. A new file can be read by its
    owner only, for conversations are private; a file that is replaced keeps its permissions. A process that is killed
    while it writes may leave a `.chatkit-*.tmp` beside it, which can be deleted.

    Args:
        path: Where to; the folder must exist. A link stays a link, and what it leads to is replaced.
        record: What JSON can say.

    Raises:
        ConfigError: when the path can be none.
        HistoryError: when JSON cannot say it, or it is larger than could be read again.
        OSError: when it cannot be written; it names the path, and an old file is unharmed.
    """
    name = path_name(path)
    data = _worded(record, name)
    write_whole(name, data)


def read_record(path: PathLike) -> dict[str, Any]:
    """Read a record from a file.

    Args:
        path: Where from.

    Returns:
        The record. What it tells is not checked yet.

    Raises:
        ConfigError: when the path can be none.
        HistoryError: when it is no file, larger than 100 MiB, or no JSON object in UTF-8; it names the path and the
            place.
        OSError: when there is no such file or it may not be read.
    """
    name = path_name(path)
    text = _text_of(_bytes_of(Path(name), name), name)
    trouble = ""
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        trouble = f"{error.msg} at character {error.pos} of {len(text)} (line {error.lineno})"
    except RecursionError:
        trouble = "it is nested too deeply"
    except ValueError:
        trouble = "it holds a number with too many digits"
    if trouble:
        raise HistoryError(f"{name} is not JSON, or not all of it: {trouble}.")
    if not isinstance(record, dict):
        raise HistoryError(f"{name} holds no record: $ must be an object, not {type(record).__name__}.")
    return record


def path_name(path: PathLike) -> str:
    """A path as a text.

    Raises:
        ConfigError: when no file can have it.
    """
    name: object = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(name, str) or not name or "\0" in name or not _is_encodable(name):
        raise ConfigError(f"A path is a text without NUL, or a pathlib.Path, not {name!r}.")
    return name


def _is_encodable(name: str) -> bool:
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


def _worded(record: Mapping[str, Any], name: str) -> bytes:
    reason = ""
    try:
        data = whole_characters(_lines(record)).encode()
    except (TypeError, ValueError, RecursionError) as error:
        reason = str(error)
    if reason:
        raise HistoryError(f"{name} was not written: JSON cannot say the record ({reason}).")
    if len(data) > MOST_BYTES:
        raise HistoryError(f"{name} was not written: {_too_large(len(data))}")
    return data


def _lines(record: Mapping[str, Any]) -> str:
    fields = [f"{_to_json(name)}:{_value(value)}" for name, value in record.items()]
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _value(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return _to_json(value)
    return "[\n" + ",\n".join(map(_to_json, value)) + "\n]"


def _bytes_of(path: Path, name: str) -> bytes:
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise HistoryError(f"{name} is no file.")
    if about.st_size > MOST_BYTES:
        raise HistoryError(f"{name} was not read: {_too_large(about.st_size)}")
    with path.open("rb") as file:
        # It may grow meanwhile.
        return file.read(MOST_BYTES)


def _text_of(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.start
    raise HistoryError(f"{name} is not UTF-8: see byte {place} of {len(data)}.")


def _too_large(size: int) -> str:
    return f"{size / 2**20:.0f} MiB are more than the {MOST_BYTES // 2**20} MiB that a record may have."
