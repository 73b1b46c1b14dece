"""Standard output that nobody takes: a conversation goes on without it, and the command tells of it at the end."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def told_at_the_end() -> Iterator[None]:
    """Raise what writing to standard output has raised, once all is done: what a chat shows never stops it.

    Raises:
        OSError: when something could not be written.
    """
    noting: Any = _Noting(sys.stdout)
    with contextlib.redirect_stdout(noting):
        yield
    if noting.fault is not None:
        raise noting.fault


class _Noting:
    """A stream, and the first error that it raised."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.fault: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> Any:
        with self._noted():
            return self._stream.write(text)

    def flush(self) -> None:
        with self._noted():
            self._stream.flush()

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.fault = self.fault or error
            raise
