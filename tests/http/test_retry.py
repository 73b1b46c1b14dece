"""Retries: which errors, how often, how long to wait, and every odd header a server may send."""

from __future__ import annotations

import pytest

from chatkit._errors import APIError, ConfigError, RateLimitError
from chatkit._http.retry import RetryPolicy, retry_after_seconds

NOW = 1_696_004_797.0  # Fri, 29 Sep 2023 16:26:37 GMT

WAITS = {
    "C13 seconds": ({"retry-after": "1"}, 1.0),
    "C13 fraction": ({"retry-after": " 20.5 "}, 20.5),
    "C13 zero": ({"retry-after": "0"}, 0.0),
    "C14 milliseconds": ({"retry-after-ms": "300"}, 0.3),
    "C14 milliseconds win": ({"retry-after-ms": "300", "retry-after": "9"}, 0.3),
    "C14 odd milliseconds": ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
    "C15 future date": ({"retry-after": "Fri, 29 Sep 2023 16:26:57 GMT"}, 20.0),
    "C15 past date": ({"retry-after": "Fri, 29 Sep 2023 16:26:17 GMT"}, 0.0),
    "C15 old form of date": ({"retry-after": "Fri Sep 29 16:26:57 2023"}, 20.0),
    "C15 bad weekday": ({"retry-after": "Zun, 29 Sep 2023 16:26:57 GMT"}, None),
    "C15 bad day": ({"retry-after": "Fri, 99 Sep 2023 16:26:57 GMT"}, None),
    "C15 year 100000": ({"retry-after": "Fri, 29 Sep 100000 16:26:57 GMT"}, None),
    "C15 huge zone": ({"retry-after": "Fri, 29 Sep 2023 16:26:57 +999999999999"}, None),
    "C15 only a weekday": ({"retry-after": "Fri"}, None),
    "C15 nan": ({"retry-after": "nan"}, None),
    "C15 inf": ({"retry-after": "inf"}, None),
    "C15 negative": ({"retry-after": "-10"}, None),
    "C15 empty": ({"retry-after": ""}, None),
    "C15 35 digits": ({"retry-after": "9" * 35}, None),
    "C15 other digits": ({"retry-after": "١٢"}, None),
    "C15 words": ({"retry-after": "later"}, None),
    "C16": ({"retry-after": "121"}, 121.0),
    "C17": ({"ratelimit": '"api";r=0;t=55'}, 55.0),
    "C17 spaces and order": ({"ratelimit": '"api"; t=55; r=0'}, 55.0),
    "C17 something remains": ({"ratelimit": '"api";r=12;t=55'}, None),
    "C17 the longest of two": ({"ratelimit": '"api";r=0;t=5, "day";r=0;t=77, "x";r=3;t=99'}, 77.0),
    "C17 nothing sensible": ({"ratelimit": '"api";r=0'}, None),
    "retry-after before ratelimit": ({"retry-after": "2", "ratelimit": '"api";r=0;t=55'}, 2.0),
    "ratelimit after an odd retry-after": ({"retry-after": "?", "ratelimit": '"api";r=0;t=55'}, 55.0),
    "no header": ({}, None),
}


@pytest.mark.parametrize(("headers", "seconds"), WAITS.values(), ids=WAITS)
def test_a_wish_to_wait_is_read(headers, seconds):
    assert retry_after_seconds(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


def test_a_date_is_reckoned_from_the_answers_own_date():
    headers = {"retry-after": "Fri, 29 Sep 2023 16:26:57 GMT", "date": "Fri, 29 Sep 2023 16:26:50 GMT"}
    assert retry_after_seconds(headers) == 7.0
    assert retry_after_seconds({"retry-after": "Fri, 29 Sep 2023 16:26:57 GMT"}) is None


@pytest.mark.parametrize("given", [-1, 1.5, True, "2", None])
def test_a11_max_retries_is_a_whole_number(given):
    with pytest.raises(ConfigError, match=r"`max_retries` must be an integer of 0 or more"):
        RetryPolicy(given)


DELAYS = {
    "1, longest": (1, 1.0, 0.5),
    "1, shortest": (1, 0.0, 0.375),
    "2": (2, 1.0, 1.0),
    "4": (4, 1.0, 4.0),
    "5, the cap": (5, 1.0, 8.0),
    "30": (30, 1.0, 8.0),
    "5000": (5000, 0.0, 6.0),
}


@pytest.mark.parametrize(("attempt", "random", "seconds"), DELAYS.values(), ids=DELAYS)
def test_82_the_wait_doubles_up_to_a_cap(attempt, random, seconds):
    assert RetryPolicy(10_000).delay(APIError("x", retryable=True), attempt, lambda: random) == seconds


def test_82_retries_are_counted():
    error = APIError("x", retryable=True)
    policy = RetryPolicy()
    assert [policy.delay(error, attempt, lambda: 1.0) for attempt in (1, 2, 3)] == [0.5, 1.0, None]
    assert RetryPolicy(0).delay(error, 1, lambda: 1.0) is None


def test_82_what_is_not_retryable_is_not_retried():
    assert RetryPolicy().delay(APIError("x"), 1, lambda: 1.0) is None


@pytest.mark.parametrize(("asked", "delay"), [(0.0, 0.0), (1.0, 1.0), (120.0, 120.0), (121.0, None)])
def test_c13_c16_the_servers_wish_is_kept_to_up_to_a_limit(asked, delay):
    error = RateLimitError("x", retryable=True, retry_after=asked)
    assert RetryPolicy().delay(error, 1, lambda: 0.0) == delay
