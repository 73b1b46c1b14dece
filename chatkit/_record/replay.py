"""Recording what was said as plain values that JSON can hold, and making contents and turns of them again.

A record is data and nothing else: it has a version, fixed tags in place of the names of classes, and nothing in it is
ever run, looked up or imported. Text that looks like a tag stays text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatkit._errors import HistoryError
from chatkit._record.contents import content_of, content_record
from chatkit._record.kinds import fields_of, refused, shown
from chatkit._record.turns import TURN_TYPES, turn_of, turn_record, turns_of, turns_record
from chatkit._turns.contents import CONTENT_TYPES, Content
from chatkit._turns.turns import Turn

VERSION = 1
"""The version of the records that are written, and the newest that can be read."""
ROOT = "record: $"
# No version, but a number that may have more digits than Python writes out.
_NEWEST = 1_000_000


def contents_record(x: Content | Turn | list[Turn] | tuple[Turn, ...]) -> dict[str, Any]:
    """Record a content, a turn or a list of turns as a plain dict, to be kept as JSON. See `contents_replay()`.

    What JSON can say comes back as it was, with two exceptions: tuples come back as lists, and halves of surrogate
    pairs, which no file can hold, as U+FFFD. For what JSON cannot say, its text stands in: for the `value` of a tool
    result the text that the model read; within `arguments`, `extra` and the `data` of a JSON content, the `str()` of
    each such part. Of tools only the calls and results are recorded, never the functions.

    Args:
        x: A content, a turn, or a list of turns, for example `chat.turns`.

    Returns:
        A dict of strings, numbers, lists and dicts, with `version` in front: 1.

    Raises:
        HistoryError: when it is something else, or a field holds what it cannot hold; it names the place.
    """
    if isinstance(x, CONTENT_TYPES):
        return stamped(content_record(x, ROOT))
    if isinstance(x, TURN_TYPES):
        return stamped(turn_record(x, ROOT))
    if not isinstance(x, list | tuple):
        raise refused("What is recorded", "a content, a turn or a list of turns", x)
    return stamped({"type": "turns", "turns": turns_record(x, f"{ROOT}.turns")})


def contents_replay(record: Mapping[str, Any]) -> Any:
    """Make the content, the turn or the list of turns that a record tells of. See `contents_record()`.

    Nothing runs by it: a tool call in the record is data, whether it was answered or still waits for approval.

    Args:
        record: What `contents_record()` gave, perhaps after a way through JSON.

    Returns:
        A content, a turn or a list of turns, as it was recorded.

    Raises:
        HistoryError: when it is no such record, of a newer version, or has fields that are missing, unknown or wrong;
            it names the place, such as `$.turns[3].contents[0].text`.
    """
    given = unstamped(record, ROOT)
    if "role" in given:
        return turn_of(given, ROOT)
    if given.get("type") != "turns":
        return content_of(given, ROOT)
    for name in given:
        if name not in ("type", "turns"):
            raise HistoryError(f"{ROOT} has the field {shown(name)}, which is not known here.")
    return turns_of(given.get("turns"), f"{ROOT}.turns")


def stamped(record: dict[str, Any]) -> dict[str, Any]:
    """A record with the version in front."""
    return {"version": VERSION} | record


def unstamped(record: Any, at: str) -> dict[str, Any]:
    """A record without its version, which was checked.

    Raises:
        HistoryError: when it is no record, or of a version that cannot be read.
    """
    given = dict(fields_of(record, at))
    version = given.pop("version", None)
    if isinstance(version, bool) or not isinstance(version, int | float) or not 1 <= version <= _NEWEST:
        raise refused(f"{at}.version", f"a version such as {VERSION}", version)
    if version > VERSION:
        hint = "It was written by a later chatkit: update this one to read it."
        raise HistoryError(f"{at} is of version {version}; this chatkit reads versions up to {VERSION}.", hint=hint)
    return given
