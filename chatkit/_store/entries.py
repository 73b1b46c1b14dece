"""The entries of a draft: what is written of a call while it goes on. Each is one line of JSON."""

from __future__ import annotations

import json

from chatkit._record.contents import content_record
from chatkit._record.turns import turn_record
from chatkit._store.blobs import take_blobs
from chatkit._turns.contents import ContentToolResult
from chatkit._turns.details import Source
from chatkit._turns.events import ToolInputDelta
from chatkit._turns.turns import UserTurn

to_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def begun(base: int, user: UserTurn | None, blobs: dict[str, bytes]) -> tuple[str, tuple[str, ...]]:
    """An answer was asked for: the entry, and the hashes of the large contents in it.

    Args:
        base: How many turns it goes on from.
        user: What the user said; None when that stands among the turns already.
        blobs: Where large contents are put.
    """
    record = turn_record(user, "record: $") if user is not None else None
    hashes = take_blobs(record, blobs) if record is not None else ()
    return to_json(["begun", base, record]), hashes


def text(piece: str) -> str:
    """A piece of the answer's text arrived."""
    return to_json(["text", piece])


def thinking(piece: str) -> str:
    """A piece of thinking arrived."""
    return to_json(["thinking", piece])


def call(delta: ToolInputDelta) -> str:
    """A piece of a tool call arrived."""
    return to_json(["call", delta.index, delta.id, delta.name, delta.delta])


def cited(source: Source) -> str:
    """A page was cited."""
    return to_json(["cited", source.url, source.title, source.start, source.end])


def asked() -> str:
    """A whole answer that asks for tools stands among the turns; nothing was run yet."""
    return to_json(["asked"])


def runs(id: str) -> str:
    """A tool is about to run."""
    return to_json(["runs", id])


def waits(id: str) -> str:
    """A tool call waits for approval."""
    return to_json(["waits", id])


def returned(result: ContentToolResult, blobs: dict[str, bytes]) -> tuple[str, tuple[str, ...]]:
    """A tool returned: the entry, and the hashes of the large contents in it."""
    record = content_record(result, "record: $")
    hashes = take_blobs(record, blobs)
    return to_json(["returned", record]), hashes
