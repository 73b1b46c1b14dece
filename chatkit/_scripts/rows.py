"""Rows of values for a script, one conversation for each: from a CSV or JSONL file, or from Python."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from chatkit._errors import ConfigError, ScriptError
from chatkit._record.files import path_name
from chatkit._scripts.reading import read_text

Rows: TypeAlias = "str | os.PathLike[str] | Iterable[Mapping[str, Any]]"
_LONGEST = 100 * 1024 * 1024


def rows_of(given: Rows) -> list[dict[str, Any]]:
    """The rows of a file, or of a sequence of mappings.

    A `.csv` file has its names in the first line, and texts in all others. A `.jsonl` file has an object in each line.

    Raises:
        ScriptError: when a file cannot be used; it names the line and, where it can, the column.
        ConfigError: when something else was given, or no row.
    """
    if isinstance(given, str | os.PathLike):
        rows = _of_file(path_name(given))
    else:
        items: Any = given
        if isinstance(items, Mapping) or not isinstance(items, Iterable):
            raise ConfigError(f"Rows are a file, or a list of mappings, not {type(given).__name__}.")
        rows = [_row(item, place) for place, item in enumerate(items, 1)]
    if not rows:
        raise ConfigError("There are no rows.")
    return rows


def _row(item: Any, place: int) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        raise ConfigError(f"Row {place} is a {type(item).__name__}, not a mapping from names to values.")
    return dict(item)


def _of_file(path: str) -> list[dict[str, Any]]:
    match Path(path).suffix.lower():
        case ".csv":
            return _csv(read_text(path), path)
        case ".jsonl" | ".ndjson":
            return _jsonl(read_text(path), path)
    raise ConfigError(f"Rows cannot be read from {path!r}.", hint="Give a .csv or a .jsonl file.")


def _csv(text: str, path: str) -> list[dict[str, Any]]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, names, trouble, line = list[dict[str, Any]](), list[str](), "", 1
    before = csv.field_size_limit(_LONGEST)
    try:
        for cells in lines:
            line = lines.line_num
            if not cells:
                continue
            if not names:
                names = _names(cells, path, line)
            elif len(cells) != len(names):
                raise _refused(f"There are {len(cells)} values here, and {len(names)} names.", path, line)
            else:
                rows.append(dict(zip(names, cells, strict=True)))
    except csv.Error as error:
        trouble = str(error)
    finally:
        csv.field_size_limit(before)
    if trouble:
        raise _refused(f"This is no CSV: {trouble}.", path, max(line, lines.line_num))
    return rows


def _names(cells: list[str], path: str, line: int) -> list[str]:
    names = [cell.strip() for cell in cells]
    for name in names:
        if not name.isidentifier():
            raise _refused(f"{name!r} can be no name of a value.", path, line, _NAMES)
        if names.count(name) > 1:
            raise _refused(f"The name {name!r} is there twice.", path, line)
    return names


_NAMES = "A name has letters, digits and _, as a placeholder asks for it."


def _jsonl(text: str, path: str) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        trouble, column = "", 0
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            trouble, column = error.msg, error.colno
        except (ValueError, RecursionError) as error:
            trouble = str(error)
        if trouble:
            raise _refused(f"This is no JSON: {trouble}.", path, number, column=column)
        if not isinstance(row, dict):
            raise _refused(f"A row is an object, not {type(row).__name__}.", path, number)
        rows.append(row)
    return rows


def _refused(trouble: str, path: str, line: int, hint: str = "", column: int = 0) -> ScriptError:
    return ScriptError(trouble, path=path, line=line, column=column, hint=hint)
