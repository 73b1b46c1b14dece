"""A typed answer while it arrives: the JSON value that the text so far stands for."""

from __future__ import annotations

import re
from typing import Any

from chatkit._turns.characters import whole_characters
from chatkit._types.answer import Answer
from chatkit._types.reading import begin_of

# A text is read again when it has grown by this part of its length. So a short answer is looked at with every piece,
# and to watch a long one costs a fixed number of readings of the whole, however small the pieces are.
_PART = 64
# A number at the end may go on: 4 is not yet 42. In a text that ends like this, the digits just come a little later.
_UNFINISHED = re.compile(r"(?<=[:,\[\s])-?[0-9][0-9.eE+-]*\Z")
_LONGEST_NUMBER = 40


class Growing:
    """Collects the text of one answer and gives values that grow.

    The values are plain data, as JSON has them, since an unfinished value is of no type: properties may be missing,
    and the last text may end in the middle of a word.

    Args:
        answer: What it will look like.
    """

    def __init__(self, answer: Answer[Any]) -> None:
        self._answer = answer
        self._last: tuple[Any, ...] = ()
        self.restart()

    def restart(self) -> None:
        """Forget the text: another answer begins."""
        self._parts: list[str] = []
        self._size = 0
        self._due = 1
        self._begun = False

    def feed(self, piece: str) -> tuple[Any, ...]:
        """Take a piece of text; gives the value if there is one that differs from the last, else nothing."""
        self._parts.append(piece)
        self._size += len(piece)
        if self._size < self._due:
            return ()
        values = self._read("".join(self._parts))
        if values == self._last:
            return ()
        self._last = values
        return values

    def _read(self, text: str) -> tuple[Any, ...]:
        from pydantic_core import from_json

        if not self._begun:
            start = begin_of(text, arrays=self._answer.arrays)
            self._begun = start is not None
            # What stands before the beginning is never looked at again; a bracket at the end may be the beginning.
            text = text[start:] if start is not None else text.rstrip()[-1:]
        self._parts, self._size = [text], len(text)
        self._due = self._size + max(1, self._size // _PART)
        if not self._begun:
            return self._last
        text = text[:-_LONGEST_NUMBER] + _UNFINISHED.sub("", text[-_LONGEST_NUMBER:])
        try:
            data = from_json(whole_characters(text), allow_partial="trailing-strings")
        except ValueError:
            # Something stands behind the value, or it is broken: the end will tell.
            return self._last
        return self._answer.partial(data) or self._last
