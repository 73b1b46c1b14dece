"""The shape of a record: which fields the recorded form of a value has, and what each may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from chatkit._errors import HistoryError
from chatkit._record.kinds import Check, Kind, fields_of, refused, shown


class Shape:
    """How the values of a class are recorded: as an object of its fields.

    Args:
        made_by: The class. Fields without a default are always recorded; others only when they are not None or empty.
        **kinds: The fields that are recorded, and what each may hold: a check, or a kind where reading differs from
            writing.
    """

    __slots__ = ("_kinds", "_needed", "made_by")

    def __init__(self, made_by: type[Any], **kinds: Kind | Check) -> None:
        self.made_by = made_by
        self._kinds = {name: kind if isinstance(kind, Kind) else Kind(kind, kind) for name, kind in kinds.items()}
        self._needed = [
            item.name for item in fields(made_by) if item.default is MISSING and item.default_factory is MISSING
        ]

    @property
    def names(self) -> frozenset[str]:
        """The fields that are recorded."""
        return frozenset(self._kinds)

    def write(self, value: Any, at: str) -> dict[str, Any]:
        """The recorded form of a value.

        Raises:
            HistoryError: when a field holds what it should not; it names the place.
        """
        if not isinstance(value, self.made_by):
            raise refused(at, f"a {self.made_by.__name__}", value)
        record = {}
        for name, kind in self._kinds.items():
            held = getattr(value, name)
            if name in self._needed or not _is_nothing(held):
                record[name] = kind.write(held, f"{at}.{name}")
        return record

    def read(self, record: Any, at: str, *tags: str) -> Any:
        """The value that a record tells of.

        Args:
            record: An object.
            at: Where it stands.
            *tags: Fields that were read already.

        Raises:
            HistoryError: for fields that are not known, missing, or hold what they should not; it names the place.
        """
        given = fields_of(record, at)
        for name in given:
            if name not in self._kinds and name not in tags:
                raise HistoryError(f"{at} has the field {shown(name)}, which is not known here.")
        for name in self._needed:
            if name not in given:
                raise HistoryError(f"{at}.{name} is missing.")
        return self.made_by(**self._values(given, at))

    def _values(self, given: Mapping[str, Any], at: str) -> dict[str, Any]:
        return {name: kind.read(given[name], f"{at}.{name}") for name, kind in self._kinds.items() if name in given}


def _is_nothing(held: object) -> bool:
    # Not by ==, which arrays and tables answer in their own way.
    return held is None or (isinstance(held, tuple) and not held)
