"""Where transcripts go: one file, one file for each row, or one JSONL file for all rows."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from chatkit._chat.transcript import checked_path
from chatkit._errors import ConfigError
from chatkit._record.files import path_name

if TYPE_CHECKING:
    from chatkit._chat.transcript import Transcript
    from chatkit._scripts.script import Talk

_PLACE = re.compile(r"\{([^{}]*)\}")
_UNFIT = re.compile(r"[^\w.-]+")
# Bytes; file systems take 255 for a whole name.
_LONGEST = 80


class Outlet:
    """Writes transcripts as they come.

    Args:
        out: Where to, as it was given; None writes nothing.
        talks: All conversations, in order.
        in_rows: Whether they come from rows.

    Raises:
        ConfigError: when transcripts cannot go there; nothing is written.
    """

    def __init__(self, out: str | None, talks: Sequence[Talk], *, in_rows: bool) -> None:
        self._stack = contextlib.ExitStack()
        self._lines: TextIO | None = None
        self._paths: list[Path] = []
        if out is None:
            return
        folder = Path(path_name(out)).parent
        _check_folder(folder)
        if in_rows and Path(out).suffix.lower() == ".jsonl":
            self._lines = self._stack.enter_context(_opened(out))
        else:
            self._paths = [checked_path(path) for path in (_named(out, talks) if in_rows else [out])]
            for path in self._paths:
                # Told before anything is paid for.
                if path.exists() and not path.is_file():
                    raise ConfigError(f"{str(path)!r} is there already, and is no file.")

    def write(self, place: int, transcript: Transcript) -> list[Path]:
        """Write the transcript of the conversation at a place; gives where to.

        Raises:
            HistoryError: when JSON cannot say something in it.
            OSError: when it cannot be written.
        """
        if self._lines is not None:
            self._lines.write(json.dumps(transcript.to_dict(), ensure_ascii=False) + "\n")
            self._lines.flush()
        elif self._paths:
            return [transcript.save(self._paths[place])]
        return []

    def close(self) -> None:
        """Write what is left."""
        self._stack.close()


def _check_folder(folder: Path) -> None:
    """Write something there and take it away: better told now than after a conversation that was paid for."""
    if not folder.is_dir():
        raise ConfigError(f"There is no folder {str(folder)!r} to write to.")
    try:
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"x")
        return
    except OSError as error:
        trouble = error.strerror or type(error).__name__
    raise ConfigError(f"The folder {str(folder)!r} cannot be written to: {trouble}.")


def _opened(path: str) -> TextIO:
    # Conversations are private.
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")


def _named(out: str, talks: Sequence[Talk]) -> list[str]:
    name = Path(out).name
    asked = _PLACE.findall(name)
    if not asked:
        hint = "Put {row}, or {column}, into its name, as in talk-{row}.md, or give one .jsonl file."
        raise ConfigError("With --rows each conversation needs a file of its own.", hint=hint)
    paths = [str(Path(out).with_name(_filled(name, talk))) for talk in talks]
    twice = [path for path in paths if paths.count(path) > 1] if len(set(paths)) < len(paths) else []
    if twice:
        raise ConfigError(f"Two rows would be written to {twice[0]!r}.", hint="Put {row} into its name.")
    return paths


def _filled(name: str, talk: Talk) -> str:
    return _PLACE.sub(lambda found: _word(found[1], talk), name)


def _word(name: str, talk: Talk) -> str:
    if name == "row":
        return str(talk.row)
    if name not in talk.values:
        known = ", ".join(["row", *talk.values])
        raise ConfigError(f"--out asks for {{{name}}}, which is no column.", hint=f"There are: {known}.")
    value: Any = talk.values[name]
    word = _UNFIT.sub("-", str(value)).encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
    return word.strip(".-") or "-"
