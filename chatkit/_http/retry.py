"""When to send a request again, and how long to wait first. Nothing here waits: it only reckons."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC

from chatkit._errors import APIError, ConfigError

LONGEST_WAIT = 120.0
"""Seconds. A server that asks for more is not waited for: the caller should learn of it at once."""

_FIRST_WAIT = 0.5
_CAP = 8.0
_FIRST_LOADING_WAIT = 1.0
_LOADING_CAP = 15.0
_LONGEST_ESTIMATE = 60.0
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{0,9})?")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a failed request is sent again.

    Args:
        max_retries: Further attempts after the first, 0 or more.
        wait_for_model: Seconds to wait for a server that is still loading the model; 0 does not wait.

    Raises:
        ConfigError: when one is something else.
    """

    max_retries: int = 2
    wait_for_model: float = 0.0

    def __post_init__(self) -> None:
        given = self.max_retries
        if not isinstance(given, int) or isinstance(given, bool) or given < 0:
            raise ConfigError(f"`max_retries` must be an integer of 0 or more, not {given!r}.")
        wait = self.wait_for_model
        if not isinstance(wait, int | float) or isinstance(wait, bool) or not 0 <= wait < 1e7:
            raise ConfigError(f"`wait_for_model` must be a number of seconds from 0, not {wait!r}.")

    def delay(self, error: APIError, attempt: int, random: Callable[[], float]) -> float | None:
        """Say how long to wait before the next attempt.

        A wait that the server asks for is kept to, up to 120 seconds. Without one it is 0.5 seconds, doubled with
        each attempt up to 8, and shortened by up to a quarter so that many clients do not return all at once.

        Args:
            error: What the last attempt came to.
            attempt: How many attempts there were, 1 or more.
            random: Gives a number from 0 to 1.

        Returns:
            Seconds, or None to give up.
        """
        if not error.retryable or attempt > self.max_retries:
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= LONGEST_WAIT else None
        # The exponent is held low, because 2 to the power of many attempts no longer fits a float.
        backoff = min(_CAP, _FIRST_WAIT * 2.0 ** min(attempt - 1, 10))
        return backoff * (0.75 + 0.25 * random())

    def loading_delay(self, error: APIError, waited: float, times: int) -> float | None:
        """Say how long to wait for a server that is loading its model, before it is asked again.

        As long as it says itself, if that is a minute at most; otherwise a second, doubled each time up to 15.

        Args:
            error: What it answered last.
            waited: Seconds waited for it so far.
            times: How often it was waited for.

        Returns:
            Seconds, or None when `wait_for_model` is used up.
        """
        left = self.wait_for_model - waited
        if left <= 0:
            return None
        told = error.retry_after
        if told is None or not 0 < told <= _LONGEST_ESTIMATE:
            told = min(_LOADING_CAP, _FIRST_LOADING_WAIT * 2.0 ** min(times, 10))
        return min(told, left)


def retry_after_seconds(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Read how long a server asks to wait, from an answer with an error status.

    Sources, the first that can be read: `retry-after-ms` (openai), `retry-after` (RFC 9110, 10.2.3: seconds or a
    date) and `ratelimit` (IETF draft "RateLimit header fields", as Hugging Face sends it) when nothing remains.

    Args:
        headers: The answer's headers, names in lower case.
        now: Seconds since the epoch, to reckon from when a date is given; by default the answer's own `date`.

    Returns:
        Seconds, 0 for a date in the past, or None when there is no such wish or it makes no sense. Never raises.
    """
    milliseconds = _plain_number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    after = headers.get("retry-after", "").strip()
    seconds = _plain_number(after)
    if seconds is None:
        seconds = _until(after, now if now is not None else _moment(headers.get("date", "")))
    return _exhausted(headers.get("ratelimit", "")) if seconds is None else seconds


def _plain_number(text: str) -> float | None:
    """A plain decimal number; this form leaves out signs, nan, infinities and numbers beyond all sense."""
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def _moment(text: str) -> float | None:
    # The parser overlooks the weekday; a text without a true one is no date but an accident.
    if not text.strip().lower().startswith(_DAYS):
        return None
    # Dates are rare here, and importing the mail package for them costs as much as half of chatkit.
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    # HTTP's dates are in GMT, also in the old form that does not say so.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _until(text: str, now: float | None) -> float | None:
    moment = _moment(text)
    return None if moment is None or now is None else max(0.0, moment - now)


def _exhausted(text: str) -> float | None:
    """The longest wait among the limits of which nothing remains, such as `"api";r=0;t=55`."""
    limits = [dict(part.strip().partition("=")[::2] for part in item.split(";")) for item in text.split(",")]
    waits = (_plain_number(limit.get("t", "")) for limit in limits if limit.get("r") == "0")
    return max((wait for wait in waits if wait is not None), default=None)
