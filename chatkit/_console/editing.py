"""Having a text edited in the user's own editor."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from chatkit._errors import ConfigError

_USUAL = ("editor", "nano", "vim", "vi", "notepad")


def edited(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """A text as the user left it in their editor: `$VISUAL`, `$EDITOR`, or a usual one.

    Args:
        text: What the editor begins with.
        environ: Where the editor is looked up.

    Returns:
        The text, without blank lines around it.

    Raises:
        ConfigError: when there is no editor, it cannot be started, or it says that it failed.
    """
    command = _command(environ)
    handle, name = tempfile.mkstemp(prefix="chatkit-", suffix=".md")
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text + "\n")
        _run([*command, name])
        return path.read_text(encoding="utf-8", errors="replace").strip()
    finally:
        path.unlink(missing_ok=True)


def _command(environ: Mapping[str, str]) -> list[str]:
    named = environ.get("VISUAL") or environ.get("EDITOR")
    try:
        words = shlex.split(named) if named else []
    except ValueError:
        words = []
    if words:
        return words
    found = next((name for name in _USUAL if shutil.which(name, path=environ.get("PATH"))), None)
    if found is None:
        raise ConfigError("There is no editor.", hint="Set EDITOR to one, or say /edit with the text behind it.")
    return [found]


def _run(command: list[str]) -> None:
    try:
        code = subprocess.call(command)
    except OSError as error:
        failure = error.strerror or type(error).__name__
    else:
        failure = f"it ended with code {code}" if code else ""
    if failure:
        raise ConfigError(f"The editor {command[0]!r} failed: {failure}.", hint="Set EDITOR to another one.")
