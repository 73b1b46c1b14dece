"""What may be known of an answer besides its contents: sources it cites, odds of its tokens, attempts before it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A page that an answer cites.

    Args:
        url: Its address.
        title: Its title, if the server tells one.
        start: The first character of the answer's text that it belongs to, counted from 0, if the server tells it.
        end: The character behind the last one.
    """

    url: str
    title: str | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class TokenLogProb:
    """A token of an answer, and how likely the model thought it.

    Args:
        token: The token's text.
        log_prob: The natural logarithm of its probability, 0 or less.
        top: The likeliest tokens in its place, the likeliest first, if they were asked for; their `top` is empty.
    """

    token: str
    log_prob: float
    top: tuple[TokenLogProb, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """An attempt that came to nothing before another one gave the answer.

    Args:
        model: The model asked for, with its route.
        service: What people call the service.
        error: What went wrong, as text.
    """

    model: str
    service: str
    error: str
