"""The front matter of a script: who is asked and how, and what holds for all of its turns."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatkit._engine.limits import Limits
from chatkit._errors import ChatkitError, ConfigError
from chatkit._providers.addresses import check_base_url
from chatkit._providers.params import Params, params
from chatkit._scripts.places import Part
from chatkit._scripts.reading import ScriptText

_SECRET = ("api_key", "key", "token", "credentials", "password", "secret", "headers", "api_headers", "authorization")
_SECRET_HINT = "Keys come from the environment, from the chat that is given, or from --key-from."
PROVIDERS = ("huggingface", "local", "offline")
"""Who can be asked by name; anybody else by a `base_url`."""
ASSISTANT = ("given", "recorded")
"""What blocks under `# assistant` are: answers that are given, or records of earlier ones."""


@dataclass(frozen=True, slots=True)
class Front:
    """What the front matter says.

    Args:
        title: What the conversation is called; placeholders are filled in.
        model: The model to ask.
        provider: Who is asked, one of `PROVIDERS`; "" goes by the address.
        base_url: The address of the server; None is Hugging Face, where no provider is named.
        system: The system prompt; placeholders are filled in.
        params: The parameters of all turns.
        limits: What the whole conversation may use up.
        tools: Places of tools, such as "module:function".
        mcp: Servers of the Model Context Protocol: commands, run in the script's folder, and URLs.
        values: Values of placeholders, where nothing else is given.
        schema: The schema of all answers, as for a turn.
        assistant: One of `ASSISTANT`.
    """

    title: str = ""
    model: str = ""
    provider: str = ""
    base_url: str | None = None
    system: str | None = None
    params: Params | None = None
    limits: Limits | None = None
    tools: tuple[str, ...] = ()
    mcp: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    schema: Any = None
    assistant: str = "given"


def front_of(script: ScriptText) -> Front:
    """The front matter of a script, checked.

    Raises:
        ScriptError: when something in it cannot be used; it names the line and the column.
    """
    header = script.header
    checked = {}
    for key, value in script.front.items():
        refuse_secret(header, key)
        check = _CHECKS.get(key)
        if check is None:
            raise header.unknown("The front matter", key, _CHECKS)
        checked[key] = held(header, key, lambda check=check, value=value: check(value))  # type: ignore[misc]
    if "provider" in checked and "base_url" in checked:
        raise header.error_at_key("`provider` and `base_url` both say who is asked.", "provider", "Leave one out.")
    return Front(**checked)


def refuse_secret(part: Part, key: str) -> None:
    """Refuse a key that would hold a secret.

    Raises:
        ScriptError: when it would.
    """
    if key.lower().replace("-", "_") in _SECRET:
        raise part.error_at_key(f"A script holds no secrets, so `{key}` is refused.", key, _SECRET_HINT)


def held(part: Part, key: str, make: Callable[[], Any]) -> Any:
    """What is made of the value of a key; errors of chatkit name its place.

    Raises:
        ScriptError: when it cannot be made.
    """
    try:
        return make()
    except ChatkitError as error:
        trouble, hint = error.summary, error.hint
    raise part.error_at_key(trouble, key, hint)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"This must be a text, not {value!r}.")
    return value


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"This must be a table, not {value!r}.")
    return value


def _params(value: Any) -> Params:
    return params(**_table(value))


def _limits(value: Any) -> Limits:
    allowed = Limits.__dataclass_fields__
    unknown = [name for name in _table(value) if name not in allowed]
    if unknown:
        raise ConfigError(f"There is no limit `{unknown[0]}`.", hint=f"There are: {', '.join(allowed)}.")
    return Limits(**value)


def _texts(value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(item, str) and item for item in texts):
        raise ConfigError(f"This must be a text, or a list of texts, not {value!r}.")
    return tuple(texts)


def _one_of(known: tuple[str, ...], value: Any) -> str:
    if value not in known:
        *others, last = map(json.dumps, known)
        raise ConfigError(f"This must be {', '.join(others)} or {last}, not {value!r}.")
    return str(value)


def _values(value: Any) -> dict[str, Any]:
    for name in _table(value):
        if not name.isidentifier():
            raise ConfigError(f"{name!r} can be no name of a value: a placeholder could not ask for it.")
    return dict(value)


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "title": _text,
    "model": _text,
    "provider": lambda value: _one_of(PROVIDERS, value),
    "base_url": lambda value: check_base_url(_text(value)),
    "system": _text,
    "params": _params,
    "limits": _limits,
    "tools": _texts,
    "mcp": _texts,
    "values": _values,
    "schema": lambda value: value,
    "assistant": lambda value: _one_of(ASSISTANT, value),
}
