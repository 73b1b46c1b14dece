"""Whether JSON holds what is expected of it: parts at paths, or an object within the object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_STEP = re.compile(r"\.([^.\[\]\"']+)|\[(-?\d{1,9})\]|\[\"((?:[^\"\\]|\\.)*)\"\]|\['([^']*)'\]")
_MISSING = object()
_MOST_SHOWN = 200


def json_problem(expected: Any, text: str, data: Any = None) -> str:
    """What is wrong with the JSON of an answer, in half a sentence; "" when it holds what is expected.

    An object that is expected must be in the object that is there, at any depth; other values must be equal. Keys
    that begin with `$` are paths, such as `$.items[0].name`. A text that is expected is JSON itself, if it can be.

    Args:
        expected: What is expected.
        text: The answer; read where there is no data.
        data: The answer's JSON value.
    """
    if data is None:
        data = _read(text)
        if data is _MISSING:
            return "it should be JSON"
    return next(_differences(_parsed(expected), data, "$"), "")


def _parsed(expected: Any) -> Any:
    if not isinstance(expected, str):
        return expected
    try:
        return json.loads(expected)
    except (ValueError, RecursionError):
        return expected


def _read(text: str) -> Any:
    from chatkit._types.reading import BrokenJsonError, NoJsonError, read_json

    try:
        return read_json(text, arrays=True).data
    except (NoJsonError, BrokenJsonError):
        return _MISSING


def _differences(expected: Any, data: Any, at: str) -> Iterator[str]:
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            yield from _at_key(str(key), value, data, at)
    elif isinstance(expected, list | tuple) and isinstance(data, list):
        if len(expected) != len(data):
            yield f"{at} should have {len(expected)} item{'' if len(expected) == 1 else 's'}, and has {len(data)}"
        for place, (wanted, item) in enumerate(zip(expected, data, strict=False)):
            yield from _differences(wanted, item, f"{at}[{place}]")
    elif not _equal(expected, data):
        yield f"{at} should be {_shown(expected)}, and is {_shown(data)}"


def _at_key(key: str, expected: Any, data: Any, at: str) -> Iterator[str]:
    is_path = at == "$" and key.startswith("$")
    place, found = (key, _found(key, data)) if is_path else (f"{at}.{key}", _inside(data, key))
    if found is _MISSING:
        yield f"{place} should be {_shown(expected)}, and there is no such place"
    else:
        yield from _differences(expected, found, place)


def _found(path: str, data: Any) -> Any:
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return _MISSING
        name, index, double, single = step.groups()
        key = next((key for key in (name, double, single) if key is not None), "")
        data = _item(data, int(index)) if index is not None else _inside(data, key)
        at = step.end()
    return data


def _inside(data: Any, key: str) -> Any:
    return data.get(key, _MISSING) if isinstance(data, Mapping) else _MISSING


def _item(data: Any, index: int) -> Any:
    fits = isinstance(data, list) and -len(data) <= index < len(data)
    return data[index] if fits else _MISSING


def _equal(expected: Any, data: Any) -> bool:
    # True is 1 in Python, and not in JSON.
    return isinstance(expected, bool) == isinstance(data, bool) and bool(expected == data)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
