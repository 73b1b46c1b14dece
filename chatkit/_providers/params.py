"""The parameters of a model, checked when they are given and not when a server refuses them."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Mapping, Sequence
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any

from chatkit._errors import ConfigError
from chatkit._providers.extra_fields import check_spelling, refuse_several

# Parameter -> the lowest and the highest value allowed; None means that there is no such limit.
_NUMBERS: dict[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
}
_INTEGERS: dict[str, int | None] = {"top_k": 1, "seed": None, "max_tokens": 1, "reasoning_tokens": 0}


@dataclass(frozen=True, slots=True, repr=False)
class Params:
    """Parameters of a model; None means that the server decides. Make one with `params()`, which tells what they are.

    Attributes:
        extra: Further fields of the request's body, passed on as they are.
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    log_probs: bool | None = None
    stop_sequences: tuple[str, ...] | None = None
    reasoning_effort: str | None = None
    reasoning_tokens: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for name, (low, high) in _NUMBERS.items():
            self._settle(name, _number(name, getattr(self, name), low, high))
        for name, least in _INTEGERS.items():
            self._settle(name, _integer(name, getattr(self, name), least))
        if self.log_probs is not None and not isinstance(self.log_probs, bool):
            raise ConfigError(f"`log_probs` must be True or False, not {_shown(self.log_probs)}.")
        self._settle("stop_sequences", _stops(self.stop_sequences))
        self._settle("reasoning_effort", _effort(self.reasoning_effort))
        refuse_several(self.extra, "params")
        self._settle("extra", {name: jsonable(name, value) for name, value in self.extra.items() if value is not None})

    def _settle(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def items(self) -> ItemsView[str, Any]:
        """The standard parameters that are set, by name; `extra` is not among them."""
        pairs = ((item.name, getattr(self, item.name)) for item in fields(self) if item.name != "extra")
        return {name: value for name, value in pairs if value is not None}.items()

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in [*self.items(), *self.extra.items()])
        return f"Params({shown})"


def params(
    *,
    temperature: float | None = None,
    top_p: float | None = None,
    top_k: int | None = None,
    frequency_penalty: float | None = None,
    presence_penalty: float | None = None,
    seed: int | None = None,
    max_tokens: int | None = None,
    log_probs: bool | None = None,
    stop_sequences: str | Sequence[str] | None = None,
    reasoning_effort: str | None = None,
    reasoning_tokens: int | None = None,
    **extra: Any,
) -> Params:
    """Set parameters of a model in the same words for every server; what is None is not sent.

    Parameters that a server's profile does not know are left out with a warning.

    Args:
        temperature: How freely tokens are drawn, 0 to 2.
        top_p: Draw from the likeliest tokens that make up this probability, 0 to 1.
        top_k: Draw from this many of the likeliest tokens, 1 or more.
        frequency_penalty: Held against tokens by how often they occurred, -2 to 2.
        presence_penalty: The same by whether they occurred at all, -2 to 2.
        seed: An integer that makes draws repeatable where the server can do that.
        max_tokens: The most tokens that an answer may have, 1 or more.
        log_probs: Whether to send the log probabilities of the tokens.
        stop_sequences: A text, or texts, before which an answer ends.
        reasoning_effort: How hard to think, in the server's words: often "low", "medium" or "high".
        reasoning_tokens: The most tokens to think with, 0 or more.
        **extra: Further fields of the request's body, passed on as they are; anything that JSON can say. One that is
            almost called like a parameter is taken for a slip; `api_args=` takes any name. `n` is refused: a chat
            goes on from one answer, and several clones can be asked.

    Raises:
        ConfigError: when a value has the wrong type or is out of range, or a name is misspelt; it names the parameter
            and what is allowed.
    """
    # All of the arguments and nothing else: telling their names a third time could only go wrong.
    given = locals()
    if extra:
        check_spelling(extra, given.keys() - {"extra"})
    return Params(**given)


def _number(name: str, value: Any, low: float, high: float) -> float | None:
    if value is None:
        return None
    # The comparison also refuses nan and the infinities; numpy's numbers are Real, and become plain ones for JSON.
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not (real and low <= value <= high):
        raise ConfigError(f"`{name}` must be a number from {low} to {high}, not {_shown(value)}.")
    return int(value) if isinstance(value, Integral) else float(value)


def _integer(name: str, value: object, least: int | None) -> int | None:
    if value is None:
        return None
    if not isinstance(value, Integral) or isinstance(value, bool) or (least is not None and int(value) < least):
        allowed = "an integer" if least is None else f"an integer of {least} or more"
        raise ConfigError(f"`{name}` must be {allowed}, not {_shown(value)}.")
    return int(value)


def _stops(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    texts = (value,) if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) and text for text in texts):
        raise ConfigError(f"`stop_sequences` must be a text or a list of texts, none empty, not {_shown(value)}.")
    return tuple(texts) or None


def _effort(value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise ConfigError(f'`reasoning_effort` must be a text such as "low" or "high", not {_shown(value)}.')
    return value


def jsonable(name: str, value: object) -> Any:
    """Copy a value by way of JSON, so that later changes to it cannot reach what is frozen.

    Raises:
        ConfigError: when it holds something that JSON cannot say; it names the parameter.
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as trouble:
        reason = str(trouble)
    raise ConfigError(f"`{name}` must be a value that JSON can say: {reason}.")


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # an integer too long to be written out
        text = f"such a long {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:59]}…"
