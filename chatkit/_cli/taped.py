"""Commands that record what goes over the wire on a tape, or play one instead of going to the network."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatkit._errors import ChatkitError, ConfigError

_PATHS = ("/chat/completions", "/responses")
_READ = 1 << 26


@contextlib.contextmanager
def taped(recorded: str | None, replayed: str | None) -> Iterator[None]:
    """Record a tape, play one, or neither.

    Args:
        recorded: The tape to write, or None.
        replayed: The tape to play, or None.

    Raises:
        ConfigError: when a tape cannot be read or written.
        ChatkitError: when what is asked is not on the tape.
    """
    if not (recorded or replayed):
        yield
        return
    from chatkit.testing import TapeError, TapeMismatchError, record, replay

    fault: ChatkitError
    try:
        with replay(replayed) if replayed else record(recorded or ""):
            yield
        return
    except TapeMismatchError as error:
        fault = ChatkitError(str(error))
    except TapeError as error:
        fault = ConfigError(str(error))
    raise fault


def address_on(tape: str) -> tuple[str, str] | None:
    """The address that the first question on a tape went to, and the model asked for; None when there is none."""
    with contextlib.suppress(OSError, ValueError), Path(tape).open(encoding="utf-8") as file:
        for text in file.read(_READ).splitlines():
            if found := _address(json.loads(text)):
                return found
    return None


def _address(line: Any) -> tuple[str, str] | None:
    request = _inside(line, "request")
    url = str(_inside(request, "url"))
    ending = next((path for path in _PATHS if url.endswith(path)), None)
    model = _inside(_inside(_inside(request, "body"), "json"), "model")
    return None if ending is None else (url.removesuffix(ending), str(model or ""))


def _inside(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
