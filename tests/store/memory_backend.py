"""A backend in memory: what it takes to keep conversations in another database."""

import dataclasses
import json

from chatkit._errors import StoreError
from chatkit._store.backend import missing
from chatkit.store import Found, Stored


class MemoryBackend:
    """Keeps conversations as long as it lives. `broken` makes it fail."""

    name = "memory"

    def __init__(self):
        self.data, self.locked, self.blobs, self.broken, self.tries = {}, set(), {}, None, 0

    def _check(self):
        self.tries += 1
        if self.broken:
            raise StoreError("The disk is full.", kind=self.broken)

    def lock(self, id):
        if id in self.locked:
            raise StoreError("Somebody writes it.", kind="busy", conversation=id)
        self.locked.add(id)
        return lambda: self.locked.discard(id)

    def write(self, change):
        self._check()
        if change.created:
            self.data.setdefault(change.id, (change.created, [], {}, ""))
        if change.id not in self.data:
            raise missing(change.id)
        row, turns, draft, words = self.data[change.id]
        if change.keep is not None:
            turns = [*turns[: change.keep], *change.turns]
        title = change.title if change.title and row.title is None else None
        row = dataclasses.replace(
            row,
            updated=change.at,
            draft=change.draft,
            turns=len(turns),
            title=title.text if title else row.title,
            state=change.state or row.state,
            model=change.model or row.model,
        )
        draft = {**(draft if change.place else {}), **dict(enumerate(change.entries, change.place))}
        self.blobs.update(change.blobs)
        self.data[change.id] = (row, turns, draft, title.words if title else words)

    def note(self, id, draft, place, entry):
        self._check()
        self.data[id][2][place] = entry

    def read(self, id):
        if id not in self.data:
            return None
        row, turns, draft, _ = self.data[id]
        return Stored(row, [turn.record for turn in turns], [draft[place] for place in sorted(draft)], self.blobs)

    def rows(self, order, limit, offset):
        rows = sorted((row for row, *_ in self.data.values()), key=lambda row: getattr(row, order) or "")
        return (rows if order == "title" else rows[::-1])[offset : offset + limit]

    def row(self, id):
        return self.data[id][0] if id in self.data else None

    def search(self, words, limit, offset):
        found = []
        for row in self.rows("updated", len(self.data), 0):
            _, turns, _, title = self.data[row.id]
            said = [(-1, json.dumps(row.title), title), *((turn.position, turn.record, turn.words) for turn in turns)]
            found += [Found(row, place, record) for place, record, text in said if _has(text.split(), words)]
        return found[offset : offset + limit]

    def rename(self, id, title):
        if id not in self.data:
            return False
        row, turns, draft, _ = self.data[id]
        self.data[id] = (dataclasses.replace(row, title=title.text), turns, draft, title.words)
        return True

    def delete(self, id):
        return self.data.pop(id, None) is not None

    def close(self):
        self.locked.clear()


def _has(words, wanted):
    return all(any(word == want or (begins and word.startswith(want)) for word in words) for want, begins in wanted)
