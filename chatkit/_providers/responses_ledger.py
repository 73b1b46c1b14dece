"""What has been told of each part of an answer: what a server says several times is told once, and nothing is lost.

A Responses stream says the same text up to five times: in deltas, when the text is done, when the part is done, when
the item is done, and when the answer is complete. Any of them may be missing. Servers also leave out ids, give the
same one twice, or another one in every event; what they say of positions is of no use (on Hugging Face it is always 0).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from chatkit._providers.responses_items import Call, Part

_Key = tuple[str, str, int]


class Told:
    """What was told of one part, or of the arguments of one call.

    Args:
        kind: What kind of part it is, or "call".
        at: Where it begins in the answer's text, None when nobody knows; for a call, which one it is.
        name: The name of a call's function, as far as it is known.
    """

    __slots__ = ("at", "kind", "name", "noted", "pieces", "reports")

    def __init__(self, kind: str, at: int | None, name: str = "") -> None:
        self.kind = kind
        self.at = at
        self.name = name
        self.pieces: list[str] = []
        self.reports: set[str] = set()
        # Whether log probabilities came with its deltas.
        self.noted = False

    def fits(self, text: str, name: str) -> bool:
        """Whether a whole text, or a call, may be this one."""
        return (not name or self.name in ("", name)) and _rest(text, self.pieces) is not None

    def is_silent(self, name: str) -> bool:
        """Whether nothing was told of it but this name."""
        return self.name == name and not self.pieces and not self.reports

    def rest_of(self, text: str) -> str:
        """What is not told yet of a whole text; nothing when that text is another one."""
        return _rest(text, self.pieces) or ""


class Ledger:
    """What was told of all parts and calls of one answer."""

    __slots__ = ("_all", "_by_key", "_grown", "_items")

    def __init__(self) -> None:
        self._all: list[Told] = []
        self._by_key: dict[_Key, Told] = {}
        self._items: set[str] = set()
        # What was told of last, unless an item has begun since.
        self._grown: Told | None = None

    def forget(self, item: str) -> None:
        """Begin an item: what had its id before was another one, and so was what had none."""
        for key in [key for key in self._by_key if key[1] in (item, "")]:
            del self._by_key[key]
        self._items.add(item)
        self._items.discard("")
        self._grown = None

    def enter(self, key: _Key, told: Told) -> Told:
        """Add a part of which nothing was told yet."""
        self._all.append(told)
        self._items.add(key[1])
        self._by_key[key] = self._grown = told
        return told

    def known(self, key: _Key) -> Told | None:
        """The part that is known by a key."""
        return self._by_key.get(key)

    def growing(self, key: _Key) -> Told | None:
        """The part that a delta belongs to; None when it begins one.

        Under an id that nobody has heard of, it goes on with what was told of last.
        """
        told = self._by_key.get(key)
        if key[1] not in self._items and self._grown is not None and self._grown.kind == key[0]:
            told = self._grown
        if told is None or told.reports:
            return None
        self._items.add(key[1])
        self._by_key[key] = self._grown = told
        return told

    def reported(self, report: str, key: _Key, text: str, name: str = "") -> Told | None:
        """The part of which a server says all of the text; None when nothing was told of it yet.

        Args:
            report: In what kind of event it says so. No event of that kind tells of a part twice.
            key: Its kind, the id of its item, and its place in it.
            text: All of the text.
            name: The name of a call's function.
        """
        told = self._by_key.get(key)
        if told is not None and report in told.reports:
            told = None
        if told is None or not told.fits(text, name):
            told = self._renamed(report, key[0], text, name) or told
        if told is not None:
            told.reports.add(report)
            self._by_key[key] = told
        return told

    def _renamed(self, report: str, kind: str, text: str, name: str) -> Told | None:
        """A part that was told under another id, as its text shows."""
        for told in self._all:
            # A call may have no arguments; its name is enough.
            begun = told.kind == kind and (told.pieces or told.name)
            if begun and report not in told.reports and told.fits(text, name):
                return told
        return None

    def outstanding(self, said: Sequence[Part]) -> list[tuple[Part, Told | None, str]]:
        """What is not told yet of a whole answer: parts, what was told of them before, and the rest.

        Args:
            said: All parts of the answer, calls left out.
        """
        keys = Counter(key_of(part) for part in said)
        known = {key: self._by_key[key] for key, count in keys.items() if count == 1 and key in self._by_key}
        # What several of them are known as was told without telling them apart.
        shared = Counter(map(id, known.values()))
        known = {key: told for key, told in known.items() if shared[id(told)] == 1}
        unnamed = [told for told in self._all if told not in known.values()]
        rests: list[tuple[Part, Told | None, str]] = []
        others: dict[str, list[Part]] = {}
        for part in said:
            told = known.get(key_of(part))
            if told is not None:
                rests.append((part, told, told.rest_of(part.text)))
            elif any(told.kind == part.kind for told in unnamed):
                others.setdefault(part.kind, []).append(part)
            else:
                rests.append((part, None, part.text))
        for kind, parts in others.items():
            rests += _beyond([told for told in unnamed if told.kind == kind], parts)
        return rests


def key_of(said: Part | Call) -> _Key:
    """By what a part or a call is known."""
    if isinstance(said, Part):
        return said.kind, said.item, said.index
    return "call", said.item or said.call, 0


def _beyond(told: Sequence[Told], parts: Sequence[Part]) -> Iterator[tuple[Part, Told, str]]:
    """What parts say beyond what was told under ids that are none of theirs; nothing when they say something else."""
    text = "".join(part.text for part in parts)
    rest = _rest(text, [piece for before in told for piece in before.pieces])
    known, place = len(text) - len(rest or ""), 0
    for part in parts:
        begin = told[0].at
        before = Told(part.kind, None if rest is None or begin is None else begin + place)
        before.noted = any(other.noted for other in told)
        left = max(known - place, 0)
        before.pieces += [part.text[:left]] if left else []
        yield part, before, part.text[left:]
        place += len(part.text)


def _rest(text: str, pieces: Sequence[str]) -> str | None:
    """What a text says beyond some pieces; None when it does not begin with them."""
    told = "".join(pieces)
    if not told.isascii():
        # A character beyond the first 65,536 that was cut in two is made whole before they are compared.
        text, told = _paired(text), _paired(told)
    return text[len(told) :] if text.startswith(told) else None


def _paired(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
