"""Server-sent events as bytes (WHATWG HTML, section 9.2)."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ._answers import EventStyle


@dataclass(frozen=True, slots=True)
class NamedEvent:
    """An event with a name of its own, told in an `event` line before its data.

    Args:
        name: The name.
        data: What is sent as JSON.
    """

    name: str
    data: Any


def json_text(value: Any, *, ascii_only: bool = False, indent: int | None = None) -> str:
    """Return `value` as compact JSON text that UTF-8 can carry."""
    separators = None if indent else (",", ":")
    text = json.dumps(value, ensure_ascii=ascii_only, separators=separators, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair travels only as an escape.
        return json_text(value, ascii_only=True, indent=indent)
    return text


def event_bytes(events: Iterable[Any], style: EventStyle, *, done: bool) -> Iterator[bytes]:
    """Yield the events one by one: strings as they stand, bytes unframed, anything else as JSON.

    An iterable without end is fine. The last event is held back until it is known to be the last, but only
    when its ending is unusual, so that a live source stays live.
    """
    blocks = _blocks(events, style, done)
    if style.last == "blank":
        yield from blocks
        return
    held = next(blocks, b"")
    for block in blocks:
        yield held
        held = block
    ending = style.newline.encode()
    held = held.removesuffix(ending)
    yield held.removesuffix(ending) if style.last == "nothing" else held


def _blocks(events: Iterable[Any], style: EventStyle, done: bool) -> Iterator[bytes]:
    mark = b"\xef\xbb\xbf" if style.bom else b""
    for event in events:
        yield mark + (event if isinstance(event, bytes) else _block(event, style))
        mark = b""
    if done:
        yield mark + _block("[DONE]", style)


def _block(event: Any, style: EventStyle) -> bytes:
    fields = list(style.fields)
    if isinstance(event, NamedEvent):
        fields, event = [f"event: {event.name}", *fields], event.data
    indent = 1 if style.multiline else None
    data = event if isinstance(event, str) else json_text(event, ascii_only=style.ascii, indent=indent)
    space = " " if style.space_after_colon else ""
    comment = [f":{space}{style.comment}", ""] if style.comment is not None else []
    lines = [*comment, *fields, *(f"data:{space}{line}" for line in data.split("\n")), "", ""]
    return style.newline.join(lines).encode()
