"""Keys that a model says letter by letter: pieces of text in the events of a stream, put together before looking."""

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_DATA = b"data:"
_Place = tuple[str | int, ...]


def events_cleaned(body: bytes, clean: Callable[[Sequence[bytes]], list[bytes]]) -> list[tuple[int, int, bytes]]:
    """Find what must change in the events of a body so that no secret can be put together from them.

    Texts at the same place of the events' JSON, such as `choices[0].delta.content`, are read as one.

    Args:
        body: The body.
        clean: Takes the pieces of a text, and gives them without secrets.

    Returns:
        Start and end of each line's JSON that changes, and what it becomes; empty when the body is no event stream.
    """
    events = list(_events(body))
    texts: dict[_Place, list[tuple[int, str]]] = {}
    for number, (_, _, event) in enumerate(events):
        for place, text in _texts(event, ()):
            texts.setdefault(place, []).append((number, text))
    changed: set[int] = set()
    for place, said in texts.items():
        pieces = [text.encode("utf-8", "surrogatepass") for _, text in said]
        for (number, _), before, now in zip(said, pieces, clean(pieces), strict=True):
            if before != now:
                _put(events[number][2], place, now.decode("utf-8", "replace"))
                changed.add(number)
    return [
        (start, end, json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        for number, (start, end, event) in enumerate(events)
        if number in changed
    ]


def _events(body: bytes) -> Iterator[tuple[int, int, Any]]:
    """The JSON of a body's `data:` lines, with where it stands."""
    at = 0
    for line in body.splitlines(keepends=True):
        told = line[len(_DATA) :].strip()
        if line.startswith(_DATA) and told[:1] in (b"{", b"["):
            start = at + line.index(told, len(_DATA))
            with contextlib.suppress(ValueError, RecursionError):
                yield start, start + len(told), json.loads(told)
        at += len(line)


def _texts(value: Any, place: _Place) -> Iterator[tuple[_Place, str]]:
    """All texts in a JSON value, however deep, with their places."""
    waiting: list[tuple[_Place, Any]] = [(place, value)]
    while waiting:
        where, item = waiting.pop()
        if isinstance(item, str):
            yield where, item
        elif isinstance(item, dict):
            waiting += [((*where, key), inner) for key, inner in item.items()]
        elif isinstance(item, list):
            waiting += [((*where, number), inner) for number, inner in enumerate(item)]


def _put(value: Any, place: _Place, text: str) -> None:
    for step in place[:-1]:
        value = value[step]
    value[place[-1]] = text
