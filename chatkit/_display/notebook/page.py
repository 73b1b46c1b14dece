"""One output of a cell: pieces in order, shown as a whole whenever one of them changed."""

from __future__ import annotations

import contextlib

from chatkit._display.notebook.look import styled
from chatkit._display.notebook.pieces import Piece
from chatkit._display.notebook.surface import Area

# A short answer is one output; the blocks of a long one are left behind, an output for every so many characters.
FULL = 6_000


class Page:
    """An output.

    Args:
        area: Where it is shown.
    """

    def __init__(self, area: Area) -> None:
        self._area = area
        self._shown = ""
        self.pieces: list[Piece] = []

    def drop(self, piece: Piece) -> None:
        """Take a piece away, if it is here."""
        self.pieces = [item for item in self.pieces if item is not piece]

    @property
    def full(self) -> bool:
        """Whether so much of it is finished that it should not be sent again and again."""
        return sum(piece.size for piece in self.pieces) > FULL

    @property
    def finished(self) -> bool:
        """Whether it stays as it is now."""
        return all(piece.finished for piece in self.pieces)

    def send(self, final: bool) -> int:
        """Show it, if it is not what was shown last; gives the characters sent.

        Args:
            final: Whether it stays: then the other forms are sent too, which a saved notebook may be read in.
        """
        html = styled("\n".join(filter(None, [piece.html() for piece in self.pieces])))
        if (not final and html == self._shown) or (final and not html and not self._shown):
            return 0
        bundle = {"text/html": html or " "}
        if final:
            bundle["text/markdown"] = "\n\n".join(filter(None, [piece.markdown() for piece in self.pieces]))
            bundle["text/plain"] = "\n".join(filter(None, [piece.plain() for piece in self.pieces]))
        # An echo that cannot be seen is no reason to lose the answer.
        with contextlib.suppress(Exception):
            self._area.put(bundle)
        self._shown = html or " "
        return sum(map(len, bundle.values()))
