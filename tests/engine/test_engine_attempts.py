"""Who is asked for an answer, in which order and after which pauses, and what is told of it: stepped by hand."""

from __future__ import annotations

import pytest

from chatkit._engine.attempts import Attempts
from chatkit._engine.conversation import Conversation
from chatkit._engine.failures import is_loading, passes_on, reason_of, service_of
from chatkit._errors import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConfigError,
    ContextLengthError,
    MediaError,
    MissingKeyError,
    NotFoundError,
    PermissionDeniedError,
    StreamInterruptedError,
    UnprocessableEntityError,
)
from chatkit._http.retry import RetryPolicy
from chatkit._turns.details import FailedAttempt
from chatkit._turns.events import ModelLoading, Retrying
from chatkit._turns.turns import AssistantTurn

DEDICATED = "https://x1.eu.endpoints.huggingface.cloud/v1"


def status(number, words="", kind=APIStatusError, **details):
    details.setdefault("retryable", number in (408, 409, 429) or number >= 500)
    return kind(f"It answered {number}.", status_code=number, server_message=words, **details)


@pytest.fixture
def make(fake):
    """Make the attempts of a conversation with a provider for each name, and a policy."""

    def made(names, retries=2, wait=0.0, **providers):
        each = [
            fake.Provider(
                name=name, model=f"org/{name}", **providers.get(name, {"base_url": f"https://{name}.example"})
            )
            for name in names
        ]
        talk = Conversation(each[0], retries=RetryPolicy(retries, wait), jitter=lambda: 1.0, fallbacks=tuple(each[1:]))
        return Attempts(talk)

    return made


def play(attempts, *errors):
    """Fail with these errors, one after the other; gives who was asked, and the delays (None at the end)."""
    asked, delays = [], []
    for error in errors:
        asked.append(attempts.provider.name)
        attempts.fail(error)
        step = attempts.follow()
        delays.append(step.delay if step is not None else None)
    return "".join(asked), delays


# --- whose failure is passed on ---------------------------------------------------------------------------------------

WORTHY = {
    "429": status(429),
    "429 that is about a quota": status(429, "insufficient_quota", retryable=False),
    "402": status(402, "You have depleted your monthly included credits.", retryable=False),
    "408": status(408),
    "409": status(409),
    "410": status(410, "No longer supported."),
    "500": status(500),
    "501": status(501, retryable=False),
    "502": status(502),
    "503": status(503),
    "503 that asks not to be tried again": status(503, retryable=False),
    "504": status(504),
    "529": status(529),
    "404 about the model": status(404, "Model x does not exist", NotFoundError, body={}),
    "400 model_not_supported": status(400, "", BadRequestError, code="model_not_supported", body={}),
    "400 model_not_found": status(400, "", BadRequestError, code="model_not_found", body={}),
    "400 in such words": status(
        400,
        "The requested model 'x' is not supported by any provider you have enabled.",
        BadRequestError,
        body={},
        model="x",
    ),
    "422 in such words": status(422, "Model not found", UnprocessableEntityError, body={}),
    "refused": APIConnectionError("Refused.", kind="refused", retryable=True),
    "dns": APIConnectionError("No such host.", kind="dns", retryable=True),
    "reset": APIConnectionError("Reset.", kind="reset", retryable=True),
    "proxy": APIConnectionError("Refused by the proxy.", kind="proxy"),
    "no HTTP": APIConnectionError("No HTTP.", kind="protocol"),
    "timeout of the connection": APITimeoutError("Late.", phase="connect", retryable=True),
    "timeout of the head": APITimeoutError("Late.", phase="headers", retryable=True),
    "timeout in a body of which nothing was told": APITimeoutError("Late.", phase="idle"),
    "an empty answer": APIResponseError("Nothing.", retryable=True),
}
UNWORTHY = {
    "400": status(400, "temperature must be below 2", BadRequestError, body={}),
    "400 about tools": status(400, "Model x: tools are not supported", BadRequestError, body={}, model="x"),
    "401": status(401, kind=AuthenticationError),
    "401 that asks to be tried again": status(401, kind=AuthenticationError, retryable=True),
    "403": status(403, kind=PermissionDeniedError),
    "404 about the address": status(404, "404 page not found", NotFoundError, body="404 page not found"),
    "405": status(405),
    "413": status(413),
    "415": status(415),
    "422": status(422, "messages: field required", UnprocessableEntityError, body={}),
    "too long for the model": status(400, "maximum context length", ContextLengthError, body={}),
    "certificate": APIConnectionError("No secure connection.", kind="tls"),
    "a web page": APIResponseError("A web page."),
    "broken off": StreamInterruptedError("It broke."),
    "no key": MissingKeyError("There is no key."),
    "unsayable": MediaError("No sound there."),
}


@pytest.mark.parametrize("error", WORTHY.values(), ids=WORTHY)
def test_what_another_may_do_better_is_passed_on(make, error):
    assert passes_on(error)
    attempts = make("ab", retries=0)
    asked, delays = play(attempts, error)
    assert (asked, delays, attempts.provider.name) == ("a", [0.0], "b")


@pytest.mark.parametrize("error", UNWORTHY.values(), ids=UNWORTHY)
def test_what_is_the_fault_of_the_request_or_the_key_is_not_passed_on(make, error):
    assert not passes_on(error)
    assert play(make("ab", retries=0), error) == ("a", [None])


# --- the order, and the pauses ----------------------------------------------------------------------------------------


def test_one_after_the_other_at_once_then_a_pause_then_again_from_the_first(make):
    attempts = make("abc")
    asked, delays = play(attempts, *[status(503) for _ in range(9)])
    assert asked == "abcabcabc"
    assert delays == [0, 0, 0.5, 0, 0, 1.0, 0, 0, None]


def test_without_fallbacks_all_is_as_ever(make):
    assert play(make("a"), status(503), status(429), status(500)) == ("aaa", [0.5, 1.0, None])
    assert play(make("a", retries=0), status(503)) == ("a", [None])
    assert play(make("a"), status(404, "Model x does not exist", NotFoundError, body={})) == ("a", [None])


def test_no_retries_still_asks_every_fallback_once(make):
    assert play(make("abc", retries=0), status(503), status(402), status(503)) == ("abc", [0, 0, None])


def test_the_shortest_wish_counts_and_nobody_is_asked_sooner_than_they_want(make):
    attempts = make("abc")
    asked, delays = play(
        attempts,
        status(429, retry_after=30.0),
        status(429, retry_after=2.0),
        status(503),
        # Until the two seconds of b are over only c may be asked, which then is done with.
        status(503),
        status(503),
    )
    assert asked == "abccc"
    assert delays == [0, 0, 0.5, 1.0, 0.5]
    assert attempts.provider.name == "b"


def test_who_cannot_do_better_later_is_not_asked_again(make):
    attempts = make("abc")
    asked, delays = play(attempts, status(402, retryable=False), status(503), status(410), status(503), status(503))
    assert asked == "abcbb"
    assert delays == [0, 0, 0.5, 1.0, None]


def test_a_wait_that_is_too_long_is_not_made(make):
    assert play(make("ab"), status(429, retry_after=500.0), status(429, retry_after=121.0)) == ("ab", [0, None])


def test_a_failure_that_is_final_ends_all_though_others_are_left(make):
    assert play(make("abc"), status(503), status(401, kind=AuthenticationError)) == ("ab", [0, None])


def test_what_says_that_it_shall_be_tried_again_is_though_nobody_else_would_be_asked(make):
    # `x-should-retry: true` on a 401
    attempts = make("ab", retries=1)
    errors = [status(401, kind=AuthenticationError, retryable=True), status(503), status(503)]
    assert play(attempts, *errors) == ("aab", [0.5, 0, 0.5])


# --- what is told ----------------------------------------------------------------------------------------------------


def test_a_switch_tells_who_is_asked_now(make):
    attempts = make("ab")
    attempts.fail(status(503, "busy"))
    step = attempts.follow()
    assert step == Retrying(1, 0.0, 'It answered 503. The server said: "busy".', "org/b", "b")
    attempts.fail(status(503))
    step = attempts.follow()
    assert (step.attempt, step.delay, step.next_model, step.next_service) == (2, 0.5, "org/a", "a")


def test_a_switch_at_the_same_service_names_the_model_only(make, fake):
    attempts = make("a")
    talk = attempts._talk
    talk.fallbacks = (talk.provider.changed(model="org/other"),)
    attempts = Attempts(talk)
    attempts.fail(status(503))
    step = attempts.follow()
    assert (step.next_model, step.next_service) == ("org/other", None)


def test_the_same_again_names_nobody(make):
    attempts = make("a")
    attempts.fail(status(503))
    step = attempts.follow()
    assert step == Retrying(1, 0.5, "It answered 503.")


def test_the_answer_tells_of_those_others_who_failed_in_order(make):
    attempts = make("abc")
    play(attempts, status(429, "slow down"), status(402, retryable=False), status(503), status(503))
    assert attempts.provider.name == "c"
    turn = attempts.answered(AssistantTurn("Hi"))
    assert turn.attempts == (
        FailedAttempt("org/a", "a", "429 slow down"),
        FailedAttempt("org/b", "b", "402"),
        FailedAttempt("org/a", "a", "503"),
    )
    assert turn.text == "Hi"


def test_retries_of_the_one_who_answers_are_not_told_on_the_turn(make):
    attempts = make("a")
    play(attempts, status(503))
    turn = AssistantTurn("Hi")
    assert attempts.answered(turn) is turn


def test_the_last_error_is_raised_counts_all_and_tells_of_the_others(make):
    attempts = make("abc", retries=0)
    last = status(500, hint="Ask later.")
    play(attempts, status(429, "slow down."), APIConnectionError("Refused.", kind="refused", retryable=True), last)
    assert attempts.given_up(last) is last
    assert last.attempts == 3
    assert last.hint == ("Ask later. Tried before: org/a at a.example: 429 slow down; org/b at b.example: refused.")


def test_an_error_without_others_keeps_its_hint(make):
    attempts = make("a", retries=0)
    error = status(500, hint="Ask later.")
    play(attempts, error)
    assert (attempts.given_up(error).hint, error.attempts) == ("Ask later.", 1)


def test_a_fallback_without_a_key_says_so_and_who_was_tried_before(make):
    attempts = make("ab")
    missing = MissingKeyError("There is no key.", hint="Give one.")
    assert play(attempts, status(503), missing) == ("ab", [0, None])
    assert attempts.given_up(missing).hint == "Give one. Tried before: org/a at a.example: 503."


REASONS = {
    "status and words": (status(429, "slow down"), "429 slow down"),
    "words that begin with the status": (status(429, "429 slow down"), "429 slow down"),
    "status and code": (status(404, code="gone"), "404 gone"),
    "status alone": (status(500), "500"),
    "a long story": (status(500, "x" * 400), f"500 {'x' * 119}…"),
    "timeout": (APITimeoutError("Late.", phase="headers"), "timeout (headers)"),
    "connection": (APIConnectionError("Gone.", kind="dns"), "dns"),
    "other": (ConfigError("No such thing."), "No such thing."),
}


@pytest.mark.parametrize(("error", "told"), REASONS.values(), ids=REASONS)
def test_a_reason_is_short(error, told):
    assert reason_of(error) == told


def test_a_service_without_a_name_is_called_by_its_host(fake):
    assert service_of(fake.Provider(name="OpenAI-compatible")) == "fake.example"
    assert service_of(fake.Provider(name="Mine")) == "Mine"


# --- concessions ------------------------------------------------------------------------------------------------------


def test_a_concession_is_remembered_for_the_one_it_is_about(make, fake):
    attempts = make("abc")
    talk = attempts._talk
    talk.fallbacks = tuple(fake.Provider(name=one.name, model=one.model, yields=9) for one in talk.fallbacks)
    first = talk.provider
    play(attempts, status(503))
    assert attempts.concede(APIStatusError("strange"))
    assert [one.yields for one in talk.fallbacks] == [8, 9]
    assert talk.provider is first
    assert attempts.provider is talk.fallbacks[0]


def test_everyone_is_conceded_four_times_at_most(make, fake):
    talk = Conversation(fake.Provider(yields=9), fallbacks=(fake.Provider(name="b", yields=9),))
    attempts = Attempts(talk)
    assert [attempts.concede(APIStatusError("strange")) for _ in range(5)] == [True] * 4 + [False]
    play(attempts, status(503))
    assert attempts.concede(APIStatusError("strange"))
    assert (talk.provider.yields, talk.fallbacks[0].yields) == (5, 8)


# --- a model that is loading ------------------------------------------------------------------------------------------


def loading(seconds=None, **details):
    return status(503, "Model x is currently loading", retry_after=seconds, **details)


LOADING = {
    "classic": (status(503, "busy", body={"estimated_time": 20.0}), True),
    "words": (loading(), True),
    "starting": (status(503, "Server is starting"), True),
    "initializing": (status(503, "The endpoint is initializing."), True),
    "scaling": (status(503, "Endpoint is scaled to zero"), True),
    "overloaded": (status(503, "Service Unavailable", body="x"), False),
    "downloading is another word": (status(503, "uploading"), False),
    "500": (status(500, "Model is loading"), False),
    "connection": (APIConnectionError("Refused."), False),
}


@pytest.mark.parametrize(("error", "expected"), LOADING.values(), ids=LOADING)
def test_what_says_that_a_model_is_loading(fake, error, expected):
    assert is_loading(error, fake.Provider()) is expected


def test_any_503_of_a_dedicated_endpoint_is_taken_for_waking_up(fake):
    assert is_loading(status(503), fake.Provider(base_url=DEDICATED))
    assert not is_loading(status(502), fake.Provider(base_url=DEDICATED))


def test_waiting_grows_to_15_seconds_is_no_retry_and_ends_at_the_limit(make):
    attempts = make("a", retries=0, wait=60)
    steps = []
    for _ in range(8):
        attempts.fail(loading())
        steps.append(attempts.follow())
    assert [step.delay for step in steps[:-1]] == [1, 2, 4, 8, 15, 15, 15]
    assert [step.waited for step in steps[:-1]] == [0, 1, 3, 7, 15, 30, 45]
    assert all(type(step) is ModelLoading and step.limit == 60 for step in steps[:-1])
    assert steps[0].error.startswith("It answered 503.")
    assert steps[-1] is None
    error = attempts.given_up(loading())
    assert error.hint == "It was waited for 60 s, as wait_for_model= says."
    assert error.attempts == 8


def test_an_estimate_is_kept_to_if_it_is_sensible_and_the_last_wait_is_cut_to_the_limit(make):
    attempts = make("a", wait=30)
    asked, delays = play(attempts, loading(20.0), loading(20.0), loading(20.0))
    assert (asked, delays) == ("aaa", [20, 10, None])
    assert play(make("a", wait=30), loading(300.0), loading(0.0)) == ("aa", [1, 2])


def test_retries_are_counted_apart_from_waiting(make):
    attempts = make("a", retries=1, wait=100)
    assert play(attempts, loading(5.0), status(500), loading(5.0), status(500)) == ("aaaa", [5, 0.5, 5, None])


def test_without_waiting_a_503_is_a_503_and_the_hint_tells_of_waiting(make):
    attempts = make("a", retries=1)
    error = loading(3.0)
    assert play(attempts, loading(3.0), error) == ("aa", [3, None])
    assert attempts.given_up(error).hint == "wait_for_model=True waits until it is ready."


def test_fallbacks_go_before_waiting(make):
    attempts = make("ab", retries=0, wait=100)
    attempts.fail(loading())
    assert type(attempts.follow()) is Retrying
    assert attempts.provider.name == "b"
    attempts.fail(status(402, retryable=False))
    step = attempts.follow()
    assert (type(step), step.delay, attempts.provider.name) == (ModelLoading, 1, "a")
    assert "loading" in step.error


def test_waiting_for_one_and_retrying_another_do_not_disturb_each_other(make):
    attempts = make("ab", retries=2, wait=100)
    asked, delays = play(attempts, loading(4.0), status(503), status(503), status(503), loading(4.0))
    # b is tried again after 0.5 and 1 s and is then done with; a is asked when its 4 s are over.
    assert asked == "abbba"
    assert delays == [0, 0.5, 1.0, 2.5, 4.0]
