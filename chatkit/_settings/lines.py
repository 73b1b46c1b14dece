"""The lines of a TOML file: found, replaced, added and taken away, so that comments and order stay."""

from __future__ import annotations

import bisect
import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

from chatkit._settings.keys import PARAMS

_TABLE = re.compile(r"\s*\[([^\[\]]*)\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
# What a value of several lines ends with, by its beginning.
_ENDS = {'"': '"""', "'": "'''", "[": "]", "{": "}"}


class Part(NamedTuple):
    """A setting in the file, or the header of a table.

    Args:
        name: Its name, with the table it stands in.
        start: Its first line, from 0.
        end: The line behind its last one.
        is_table: Whether it is a header.
    """

    name: str
    start: int
    end: int
    is_table: bool = False


def parts(lines: list[str]) -> Iterator[Part]:
    """The settings and tables of a file that is TOML, in order."""
    table, at = "", 0
    while at < len(lines):
        start, at = at, at + 1
        if (header := _TABLE.match(lines[start])) is not None:
            name = header[1].strip()
            table = f"{name}."
            yield Part(name, start, at, is_table=True)
        elif (key := _KEY.match(lines[start])) is not None:
            if not _is_whole(lines[start]):
                at = _end(lines, start, _ENDS.get(lines[start][key.end() :].lstrip()[:1], ""))
            yield Part(table + re.sub(r"[\s\"']", "", key[1]), start, at)


def _end(lines: list[str], start: int, closing: str) -> int:
    """The line behind a value of several lines: it is whole when it can be read."""
    for at in range(start + 1, len(lines)):
        if closing in lines[at] and _is_whole("\n".join(lines[start : at + 1])):
            return at + 1
    return len(lines)


def line_of(text: str, name: str) -> int:
    """The line of a setting, from 1; of a table when it has no line of its own."""
    found = list(parts(text.replace("\r\n", "\n").split("\n")))
    own = [part for part in found if not part.is_table and _is_about(part.name, name)]
    headers = [part for part in found if part.is_table and part.name == name]
    return next((part.start + 1 for part in [*own, *headers]), 1)


def _is_about(written: str, name: str) -> bool:
    return written == name or name.startswith(f"{written}.") or written.startswith(f"{name}.")


def with_line(text: str, name: str, value: Any) -> str:
    """The text with a setting in it: in the place of the old one, or behind its neighbours."""
    lines = text.split("\n")
    for part in parts(lines):
        if part.name == name and not part.is_table:
            line = lines[part.start]
            comment = _comment(line) if part.end == part.start + 1 else ""
            lines[part.start : part.end] = [f"{line.partition('=')[0].rstrip()} = {to_toml(value)}{comment}"]
            return "\n".join(lines)
    table = PARAMS if name.startswith(f"{PARAMS}.") else ""
    return _added(lines, table, f"{name.removeprefix(f'{PARAMS}.')} = {to_toml(value)}")


def without_line(text: str, name: str) -> str:
    """The text without a setting."""
    lines = text.split("\n")
    for part in parts(lines):
        if part.name == name and not part.is_table:
            del lines[part.start : part.end]
            break
    return "\n".join(lines).lstrip("\n")


def _comment(line: str) -> str:
    """What stands behind the value of a line: blanks and a comment, or nothing."""
    signs = [at for at, sign in enumerate(line) if sign == "#"]
    # A text that is cut at a # within it cannot be read, and the first one behind it begins the comment.
    first = bisect.bisect_left(signs, True, key=lambda at: _is_whole(line[:at]))
    value = line[: signs[first]].rstrip() if first < len(signs) else line
    return line[len(value) :]


def to_toml(value: Any) -> str:
    """A value as TOML says it: a text, a number, true or false, or a list or a table of these."""
    if isinstance(value, list):
        return f"[{', '.join(map(to_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{to_toml(key)} = {to_toml(item)}' for key, item in value.items())}}}"
    # A text of JSON is one of TOML but for one control character, and halves of characters, which it has none of.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _added(lines: list[str], table: str, line: str) -> str:
    """The text with one more line: behind the last setting of its table, which is made if it is not there."""
    found = list(parts(lines))
    header = next((part for part in found if part.is_table and part.name == table), None)
    if table and header is None:
        body = "\n".join(lines).rstrip("\n")
        return f"{body}\n\n[{table}]\n{line}\n".lstrip("\n")
    start = 0 if header is None else header.end
    end = next((part.start for part in found if part.is_table and part.start >= start), len(lines))
    inside = [part.end for part in found if start <= part.start < end]
    lines.insert(max(inside, default=_behind_comments(lines, start, end)), line)
    return "\n".join(lines).rstrip("\n") + "\n"


def _behind_comments(lines: list[str], start: int, end: int) -> int:
    """The place behind what a file, or a table, begins with."""
    at = start
    while at < end and lines[at].lstrip().startswith("#"):
        at += 1
    return at


def _is_whole(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True
