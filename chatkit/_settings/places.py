"""Where the file of settings is, and where conversations and what was typed are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_FILE = "CHATKIT_CONFIG"
_APP = "chatkit"


def settings_path(environ: Mapping[str, str] | None = None) -> Path:
    """Where the file of settings is: CHATKIT_CONFIG, or `config.toml` in the platform's folder for it."""
    named = (os.environ if environ is None else environ).get(_FILE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_config_dir

    return Path(user_config_dir(_APP, appauthor=False)) / "config.toml"


def default_store() -> str:
    """Where conversations are kept when nothing else is settled: in the platform's folder for data."""
    from platformdirs import user_data_dir

    return str(Path(user_data_dir(_APP, appauthor=False)) / "conversations.db")


def default_history() -> Path:
    """Where what was typed at the console is kept: in the platform's folder for what a program remembers."""
    from platformdirs import user_state_dir

    return Path(user_state_dir(_APP, appauthor=False)) / "console_history"


def private_folder(path: Path) -> None:
    """Make the folder of a file, if there is none, such that nobody else can look into it.

    Raises:
        OSError: when it cannot be made.
    """
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
