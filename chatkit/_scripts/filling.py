"""Filling the placeholders of a script in with values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from chatkit._errors import ChatkitError, ConfigError
from chatkit._interpolate import TemplateTrouble, fill, names_in
from chatkit._scripts.places import Part

_MANY = "A placeholder comes to a list, and a script says one text at a time."
_MANY_HINT = "Give a text, or run the script once for each item, with rows."


def filled(part: Part, values: Mapping[str, Any]) -> str:
    """A part of a script, filled in.

    Raises:
        ScriptError: when a placeholder cannot be; it names the line and the column.
    """
    at = 0
    try:
        text = fill(part.text, values)
    except TemplateTrouble as error:
        trouble, at = f"{str(error)[:1].upper()}{str(error)[1:]}", error.at
    except ChatkitError:
        trouble = _MANY
    else:
        if isinstance(text, str):
            return text
        trouble = _MANY
    raise part.error(trouble, at, _MANY_HINT if trouble is _MANY else "")


def filled_value(value: Any, part: Part, key: str, values: Mapping[str, Any]) -> Any:
    """A value of TOML in which all texts are filled in.

    Args:
        value: The value.
        part: The TOML that it stands in.
        key: Its key.
        values: The values of placeholders.

    Raises:
        ScriptError: when a placeholder cannot be; it names the line and the column of the key.
    """
    if isinstance(value, Mapping):
        return {name: filled_value(item, part, name, values) for name, item in value.items()}
    if isinstance(value, list):
        return [filled_value(item, part, key, values) for item in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    try:
        return filled(Part("", value, 1), values)
    except ConfigError as error:
        trouble, hint = error.summary, error.hint
    raise part.error_at_key(trouble, key, hint)


def asked_in(value: Any) -> set[str]:
    """The names that the placeholders in a value ask for."""
    if isinstance(value, str):
        return names_in(value)
    items: Iterable[Any] = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return set().union(*map(asked_in, items))


def refuse_unasked(given: Iterable[str], asked: Iterable[str], path: str) -> None:
    """Refuse values that a script does not ask for: they would be slips that nobody notices.

    Raises:
        ConfigError: for the first such name.
    """
    known = sorted(asked)
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1, 0.6)
            there = f"It asks for: {', '.join(known)}." if known else "It asks for none."
            raise ConfigError(
                f"{path} does not ask for a value `{name}`.", hint=f"Did you mean `{near[0]}`?" if near else there
            )
