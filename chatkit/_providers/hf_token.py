"""Where a Hugging Face token may lie: the environment, then the file in which huggingface_hub keeps it.

Source of the rules: huggingface_hub, `constants.py` and `utils/_auth.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template

HF_VARIABLES = (
    "HF_TOKEN",
    "HUGGINGFACE_API_KEY",
    "HUGGING_FACE_HUB_TOKEN",
    "HUGGINGFACEHUB_API_TOKEN",
    "HUGGING_FACE_ACCESS_TOKEN",
)
"""Environment variables that may hold a token; the first that is not empty counts."""

IMPLICIT_OFF = "HF_HUB_DISABLE_IMPLICIT_TOKEN"
_LARGEST_FILE = 10_000


def find_token(environ: Mapping[str, str]) -> tuple[str, str]:
    """Find the place that holds a token, and the token; without one, the place to put it, and nothing."""
    if implicit_off(environ):
        return HF_VARIABLES[0], ""
    for name in HF_VARIABLES:
        if environ.get(name, "").strip():
            return name, environ[name]
    path = token_file(environ)
    token = _read(path)
    return (f"the token file {path}", token) if token.strip() else (HF_VARIABLES[0], "")


def implicit_off(environ: Mapping[str, str]) -> bool:
    """Whether the user forbade that tokens are used without being asked for."""
    return environ.get(IMPLICIT_OFF, "").upper() in ("1", "ON", "YES", "TRUE")


def token_file(environ: Mapping[str, str]) -> Path:
    """The file in which `hf auth login` puts the token."""
    home = environ.get("HF_HOME") or f"{environ.get('XDG_CACHE_HOME') or '~/.cache'}/huggingface"
    path = Path(Template(environ.get("HF_TOKEN_PATH") or f"{home}/token").safe_substitute(environ))
    try:
        return path.expanduser()
    except RuntimeError:  # there is no home
        return path


def _read(path: Path) -> str:
    try:
        # A pipe or a device would wait for ever; and a token is short.
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(_LARGEST_FILE).decode("utf-8-sig", "replace")
    except OSError:
        return ""
