"""Further fields of a request's body: those that a chat cannot use, and those that look like slips of the pen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from chatkit._errors import ConfigError

# Fields that servers really have, though their names come near to a parameter of chatkit's. Sources: the API
# references of OpenAI (logprobs), vLLM (min_tokens), OpenRouter (top_a), Groq and llama.cpp (reasoning_format), TGI
# (max_new_tokens) and text-generation-webui (temperature_last).
_REAL = frozenset({"logprobs", "max_new_tokens", "min_tokens", "reasoning_format", "temperature_last", "top_a"})
_CLOSE = 0.8


def refuse_several(fields: Mapping[str, Any], place: str) -> None:
    """Refuse to ask for several answers at once.

    Args:
        fields: Further fields of a body.
        place: What messages call them: "params" or "api_args".

    Raises:
        ConfigError: when `n` is there and not 1.
    """
    n = fields.get("n")
    if n is None or (isinstance(n, int) and not isinstance(n, bool) and n == 1):
        return
    raise ConfigError(
        f"`n` in {place} must be left out or 1: a chat goes on from one answer, so it asks for one.",
        hint="Ask several clones instead: [chat.clone().chat(...) for _ in range(3)].",
    )


def check_spelling(names: Iterable[str], parameters: Collection[str]) -> None:
    """Refuse names that are almost those of parameters: a server might ignore them, and nobody would notice.

    Args:
        names: The names of further fields.
        parameters: The names of chatkit's parameters.

    Raises:
        ConfigError: for a name that comes near to one of them and is no field that a server is known to have.
    """
    from difflib import get_close_matches

    for name in names:
        if name not in _REAL and (near := get_close_matches(name.lower(), parameters, 1, _CLOSE)):
            raise ConfigError(
                f"There is no parameter `{name}`: did you mean `{near[0]}`?",
                hint=f"If the server has a field of this name, give it as api_args={{{name!r}: ...}}.",
            )
