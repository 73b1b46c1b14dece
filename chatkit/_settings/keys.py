"""The settings there are, and what each of them may be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatkit._errors import ConfigError

PARAMS = "params"
_PARAM = re.compile(r"params\.([A-Za-z_][A-Za-z0-9_]*)")
_SECRET_NAMES = re.compile(r"(?i)(^|[_.-])(api_?key|key|token|secret|password|credentials?|authorization)$")
# The beginnings that services give to their keys, and a scheme with a password in it.
_SECRET = re.compile(
    r"(?i:bearer\s+\S{8})|\b(hf_|sk-|gsk_|xai-|ghp_|github_pat_|AIza|pplx-|r8_|nvapi-)[\w-]{12,}|://[^/@\s:]*:[^/@\s]+@"
)


@dataclass(frozen=True, slots=True)
class Key:
    """A setting.

    Args:
        name: Its name in the file.
        kind: What it has to be: `str` or `bool`.
        purpose: What it is for.
        variable: The environment variable that goes before the file; empty when there is none.
        choices: The texts it may be; empty for any.
        default: What it is without a file and a variable; None where nothing is settled then.
    """

    name: str
    kind: type
    purpose: str
    variable: str = ""
    choices: tuple[str, ...] = ()
    default: Any = None


KEYS: Mapping[str, Key] = {
    key.name: key
    for key in (
        Key("model", str, "the model to ask for", "CHATKIT_MODEL"),
        Key("base_url", str, "the OpenAI-compatible server to talk to", "CHATKIT_BASE_URL"),
        Key("key_from", str, "the environment variable that holds the key for base_url"),
        Key("system", str, "the system prompt"),
        Key("echo", str, "what is shown beside the answer", "CHATKIT_ECHO", ("none", "output", "all")),
        Key("store", str, "where conversations are kept: a file, or a postgresql:// URL", "CHATKIT_STORE"),
        Key("save", bool, "whether conversations are kept without --save", default=False),
        Key("markdown", bool, "whether Markdown is drawn on a terminal", default=True),
    )
}
"""The settings by name; beside them stand `params.NAME`, the parameters of the model."""


def known(name: str) -> str:
    """The name of a setting, checked.

    Raises:
        ConfigError: when there is no such setting, or it would hold a key.
    """
    if name in KEYS or _PARAM.fullmatch(name):
        return name
    if _SECRET_NAMES.search(name):
        raise ConfigError(f"{name!r} is no setting: keys are not kept in a file.", hint=_ENVIRONMENT)
    near = difflib.get_close_matches(name, KEYS, 1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Settings: {', '.join(KEYS)}, params.NAME."
    raise ConfigError(f"{name[:60]!r} is no setting.", hint=hint)


_ENVIRONMENT = (
    "Put the key into an environment variable: HF_TOKEN for Hugging Face, or any for a server of yours, and settle "
    "that variable's name as key_from."
)


def checked(name: str, value: Any) -> Any:
    """The value of a setting, checked.

    Raises:
        ConfigError: when it is of another kind, or looks like a key.
    """
    refuse_secrets(name, value)
    key = KEYS.get(name)
    if key is None:
        if value is None:
            raise ConfigError(f"{name} must have a value, not null.", hint="`chatkit config unset` takes it away.")
        return value
    if not isinstance(value, key.kind) or value == "":
        wanted = "true or false" if key.kind is bool else "a text"
        raise ConfigError(f"{name} must be {wanted}, not {_shown(value)}.")
    if key.choices and value not in key.choices:
        raise ConfigError(f"{name} must be one of {', '.join(key.choices)}, not {_shown(value)}.")
    return value


def refuse_secrets(name: str, value: Any) -> None:
    """Make sure that a value is no key; it is not in the message.

    Raises:
        ConfigError: when it looks like one.
    """
    text = value if isinstance(value, str) else repr(value)
    if _SECRET.search(text):
        password = "://" in text
        what = "has a password in it" if password else "looks like a key"
        hint = "A password for PostgreSQL belongs into ~/.pgpass or PGPASSWORD." if password else _ENVIRONMENT
        del text, value
        raise ConfigError(f"The value for {name} {what}: such a thing is not kept in a file.", hint=hint)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
