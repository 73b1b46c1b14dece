"""The settings as they hold now: the environment goes before the file, and the file before what is built in."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chatkit._errors import ConfigError
from chatkit._settings.keys import KEYS, PARAMS, checked, known
from chatkit._settings.lines import line_of
from chatkit._settings.places import default_store, settings_path

FILE = "file"
DEFAULT = "default"
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that has a value.

    Args:
        value: The value.
        source: Where it comes from: the environment variable's name, "file" or "default".
    """

    value: Any
    source: str


class Settings(Mapping[str, Any]):
    """The settings that hold now, by name; only those that have a value. Make it with `settings()`.

    Args:
        held: The settings.
        path: The file, whether it is there or not.
    """

    def __init__(self, held: Mapping[str, Setting], path: Path) -> None:
        self._held = MappingProxyType(dict(held))
        self.path = path

    def __getitem__(self, name: str) -> Any:
        return self._held[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def source(self, name: str) -> str | None:
        """Where a setting comes from.

        Args:
            name: The setting.

        Returns:
            The environment variable's name, "file", "default", or None without a value.
        """
        found = self._held.get(name)
        return None if found is None else found.source

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the model, by name, for `params(**settings().params)`."""
        start = f"{PARAMS}."
        return {name.removeprefix(start): self[name] for name in self if name.startswith(start)}

    def __repr__(self) -> str:
        return f"Settings({dict(self)!r})"


def settings(path: str | os.PathLike[str] | None = None, *, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of the `chatkit` command: those in the environment, else those in the file, else what is built in.

    Chats that are made in Python do not look at them; hand over what you want of them:
    `chat_huggingface(model=settings().get("model"))`.

    Args:
        path: The file; None takes `CHATKIT_CONFIG`, or `config.toml` in the platform's folder for settings. One that
            is not there has nothing in it.
        environ: Where `CHATKIT_MODEL`, `CHATKIT_BASE_URL`, `CHATKIT_STORE` and `CHATKIT_ECHO` are looked up; None
            is the environment.

    Returns:
        The settings: model, base_url, key_from, system, echo, store, save, markdown, and params.NAME.

    Raises:
        ConfigError: when the file is no TOML, or something in it is no setting; it names the line.
    """
    variables = os.environ if environ is None else environ
    file = Path(path) if path is not None else settings_path(variables)
    held = {name: Setting(key.default, DEFAULT) for name, key in KEYS.items() if key.default is not None}
    held["store"] = Setting(default_store(), DEFAULT)
    held |= {name: Setting(value, FILE) for name, value in in_text(read_text(file), file).items()}
    for key in KEYS.values():
        # A variable that is empty is taken for one that is not there, as everywhere in shells.
        if key.variable and (value := variables.get(key.variable)):
            held[key.name] = Setting(_from_variable(key.name, key.variable, value), key.variable)
    order = [*KEYS, *sorted(held.keys() - KEYS.keys())]
    return Settings({name: held[name] for name in order if name in held}, file)


def read_text(path: Path) -> str:
    """The text of the file; empty when there is none.

    Raises:
        ConfigError: when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST + 1)
        if len(data) <= _LONGEST:
            return data.decode("utf-8-sig")
        reason = f"they have more than {_LONGEST >> 20} MB"
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        reason = f"it is not UTF-8 at byte {error.start:,}"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
    raise ConfigError(f"The settings in {path} cannot be read: {reason}.")


def in_text(text: str, path: Path) -> dict[str, Any]:
    """The settings that a file holds, by name.

    Raises:
        ConfigError: when it is no TOML, or something in it is no setting; it names the line.
    """
    found = {}
    for name, value in flat(parsed(text, path)).items():
        fault: ConfigError | None = None
        try:
            found[known(name)] = checked(name, value)
        except ConfigError as error:
            fault = error
        if fault is not None:
            raise ConfigError(f"{path}, line {line_of(text, name)}: {fault.summary}", hint=fault.hint)
    return found


def parsed(text: str, path: Path) -> dict[str, Any]:
    """What TOML says.

    Raises:
        ConfigError: when it is no TOML; it names line and column.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = str(error)
    except RecursionError:
        told = "nested too deeply"
    at = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", told)
    what = told[: at.start()] if at else told
    lines = text.split("\n")
    line, column = (at[1], at[2]) if at and at[1] else (len(lines), len(lines[-1]) + 1)
    raise ConfigError(f"{path}, line {line}, column {column}: this is no TOML: {what[:1].lower()}{what[1:]}.")


def flat(told: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by name; the parameters of the model as `params.NAME`."""
    inner = told.get(PARAMS)
    if not isinstance(inner, Mapping):
        return dict(told)
    others = {name: value for name, value in told.items() if name != PARAMS}
    return others | {f"{PARAMS}.{name}": value for name, value in inner.items()}


def _from_variable(name: str, variable: str, value: str) -> Any:
    choices = KEYS[name].choices
    if choices and value not in choices:
        raise ConfigError(f"{variable} must be one of {', '.join(choices)}, not {value[:60]!r}.")
    return value
