"""Group C of the fault catalogue: error statuses, each row whole."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from chatkit import (
    APIResponseError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ContextLengthError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    StreamInterruptedError,
    TimeLimits,
    UnprocessableEntityError,
)
from chatkit.testing import Answer, Delivery, ErrorAnswer, FakeService, RawAnswer


def error(status, message="own words", headers=None, **fields):
    return ErrorAnswer(status, {"error": {"message": message, **fields}}, headers=headers or {})


def test_c1_bad_request(row):
    row(error(400, param="top_p"), raises=BadRequestError, names=["own words", "top_p", "'m'"])


LONG = {
    "OpenAI": ErrorAnswer(400, {"error": {"code": "context_length_exceeded", "message": "maximum is 8192 tokens"}}),
    "vLLM": error(400, "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens"),
    "llama.cpp": error(400, "the request exceeds the available context size, 8192 tokens", code=400),
    "TGI": ErrorAnswer(
        422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 8192", "error_type": "validation"}
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_c2_context_too_long(row, name):
    row(LONG[name], raises=ContextLengthError, names=["8192", "too long", "drop early turns"])


def test_c3_wrong_key_echoed_in_the_body(row, canary):
    body = {"error": {"message": f"Incorrect API key provided: {canary.credentials()}.", "code": "invalid_api_key"}}
    row(
        ErrorAnswer(401, body, headers={"x-request-id": canary.credentials(), "x-seen": canary.bearer()}),
        raises=AuthenticationError,
        names=["Incorrect API key provided: [key removed]", "127.0.0.1"],
    )


def test_c4_no_credits(row):
    page = "https://huggingface.co/settings/billing"
    row(
        error(402, f"You have exceeded your monthly included credits; see {page}"),
        raises=APIStatusError,
        names=["402", "credits", page],
    )


def test_c5_forbidden(row):
    row(error(403, "This token lacks a scope"), raises=PermissionDeniedError, names=["'m'", "lacks a scope"])


def test_c6_no_such_model(row):
    row(
        error(404, "The model `m` does not exist", code="model_not_found"),
        raises=NotFoundError,
        names=["'m'", "does not exist"],
    )


def test_c7_wrong_path(row, service):
    row(
        ErrorAnswer(404, "<html><title>404 Not Found</title></html>", content_type="text/html"),
        raises=NotFoundError,
        names=[f"{service.base_url}/chat/completions", "/v1"],
    )


def test_c8_wrong_method(row, service):
    row(
        ErrorAnswer(405, "Method Not Allowed"), raises=APIStatusError, names=["405", "POST", f"{service.base_url}/chat"]
    )


def test_c9_request_timeout_then_success(row):
    row(error(408), "Good.", text="Good.", requests=2)


def test_c9_request_timeout_for_good(row):
    row(*[error(408)] * 3, raises=APIStatusError, names=["408", "after 3 attempts"], requests=3)


def test_c10_conflict_then_success(row):
    row(error(409), "Good.", text="Good.", requests=2)


def test_c10_conflict_for_good(row):
    row(*[error(409)] * 3, raises=ConflictError, names=["after 3 attempts"], requests=3)


def test_c11_too_large(row):
    row(ErrorAnswer(413, "Payload Too Large"), raises=APIStatusError, names=["413", "too large (", "B)"])


def test_c12_what_fastapi_says(row):
    detail = [
        {"loc": ["body", "messages", 0, "role"], "msg": "field required", "type": "missing"},
        {"loc": ["body", "top_p"], "msg": "must be below 1", "type": "value_error"},
    ]
    answer = ErrorAnswer(422, {"detail": detail})
    row(
        answer,
        raises=UnprocessableEntityError,
        names=["messages.0.role", "field required", "top_p", "must be below 1"],
    )


def test_c13_retry_after_one_second(row_once):
    row_once(error(429, headers={"retry-after": "1"}), "Good.", text="Good.", requests=2)
    waited = gap(row_once.service)
    assert waited >= 1


def gap(service):
    posts = [request for request in service.requests if request.method == "POST"]
    return posts[1].at - posts[0].at


def test_c14_retry_after_in_milliseconds(row_once):
    row_once(error(429, headers={"retry-after-ms": "300"}), "Good.", text="Good.", requests=2)
    assert gap(row_once.service) >= 0.3


ODD = {
    "a date in the past": "Fri, 31 Dec 1999 23:59:59 GMT",
    "the year 100000": "Fri, 31 Dec 100000 23:59:59 GMT",
    "no weekday": "Foo, 31 Dec 1999 23:59:59 GMT",
    "no number": "nan",
    "infinite": "inf",
    "negative": "-10",
    "empty": "",
    "35 digits": "9" * 35,
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_c15_odd_retry_after(row, value):
    row(error(429, headers={"retry-after": value}), "Good.", text="Good.", requests=2)


def test_c15_a_date_in_the_future(row_once):
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    started = time.time()
    row_once(error(429, headers={"retry-after": at}), "Good.", text="Good.", requests=2)
    assert time.time() - started >= 0.9


def test_c16_retry_after_beyond_the_limit(row):
    row(error(429, headers={"retry-after": "121"}), raises=RateLimitError, names=["121"])


def test_c17_the_rate_limit_header_of_hugging_face(row_once):
    row_once(error(429, headers={"ratelimit": '"api";r=0;t=1'}), "Good.", text="Good.", requests=2)
    assert gap(row_once.service) >= 1


def test_c18_a_used_up_quota(row):
    row(
        error(429, "You exceeded your current quota", code="insufficient_quota"),
        raises=RateLimitError,
        names=["quota"],
    )


def test_c19_a_server_error_three_times(row):
    answers = [error(500, headers={"x-request-id": f"id-{n}"}) for n in range(3)]
    row(*answers, raises=InternalServerError, names=["500", "id-2", "after 3 attempts", "own words"], requests=3)


def test_c20_a_gateways_page_twice_then_success(row):
    page = ErrorAnswer(502, "<html><head><title>502 Bad Gateway</title></head></html>", content_type="text/html")
    row(page, page, "Good.", text="Good.", requests=3)


def test_c21_a_model_that_is_loading(row):
    answer = ErrorAnswer(503, {"error": "Model m is currently loading", "estimated_time": 0.2})
    row(
        *[answer] * 3, raises=InternalServerError, names=["loading", "0.2", "after 3 attempts"], requests=3,
        wait_for_model=False,
    )  # fmt: skip


@pytest.mark.parametrize(("status", "meaning"), [(504, "Timeout"), (524, "Timeout"), (529, "Overloaded")])
def test_c22_what_gateways_mean(row, status, meaning):
    row(
        *[ErrorAnswer(status, "")] * 3, raises=InternalServerError, names=[str(status), meaning, "3 attempts"],
        requests=3,
    )  # fmt: skip


@pytest.mark.parametrize("status", [501, 505])
def test_c23_what_will_not_get_better(row, status):
    row(error(status), raises=InternalServerError, names=[str(status)])


def test_c24_the_server_says_not_to_try_again(row):
    row(error(500, headers={"x-should-retry": "false"}), raises=InternalServerError, names=["500"])


def test_c24_the_server_says_to_try_again(row):
    row(error(400, headers={"x-should-retry": "true"}), "Good.", text="Good.", requests=2)


BODIES = {
    "empty": (b"", ""),
    "a string": (b'"the words"', "the words"),
    "a list": (b'["the words"]', "the words"),
    "null": (b'{"error": null}', ""),
    "a text as error": (b'{"error": "the words"}', "the words"),
    "a message": (b'{"message": "the words"}', "the words"),
    "a detail": (b'{"detail": "the words"}', "the words"),
    "problem+json": (b'{"type": "about:blank", "title": "the words", "status": 400}', "the words"),
    "invalid JSON": (b'{"error": the words', "the words"),
    "latin-1": ("the words, naïve".encode("latin-1"), "the words"),
    "deep": (b"[" * 100_000, ""),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("status", [400, 500])
def test_c25_any_body_makes_a_readable_error(row, name, status):
    body, words = BODIES[name]
    kind = BadRequestError if status == 400 else InternalServerError
    row(RawAnswer(body, status), raises=kind, names=[str(status), words], max_retries=0)
    assert len(row.message) < 1000


def test_c25_a_body_of_5_mib(row_once):
    # Plainly: who hangs up in a thread beside the reading one leaves the server to find out by its own clock.
    row_once(RawAnswer(b"the words " * (5 << 17), 400), raises=BadRequestError, names=["400", "the words"])
    assert len(row_once.message) < 1000


CUTS = {"stalls": Delivery(stall_after=8), "is cut": Delivery(cut_after=8)}


@pytest.mark.parametrize("name", CUTS)
def test_c26_an_error_body_that_does_not_arrive(row, name):
    answers = [ErrorAnswer(400, "The words, and more", delivery=CUTS[name])]
    row(*answers, raises=BadRequestError, names=["400"], timeout=TimeLimits(idle=0.3))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_c27_redirects_are_not_followed(row, status):
    with FakeService() as target:
        location = f"{target.base_url}/chat/completions"
        row(
            ErrorAnswer(status, headers={"location": location}),
            raises=APIResponseError,
            names=[str(status), target.origin, "base_url"],
        )
        assert target.connections == 0


@pytest.mark.parametrize("status", [103, 204, 302, 304])
def test_c28_a_status_without_an_answer(row, status):
    row(ErrorAnswer(status, b""), raises=APIResponseError, names=[str(status), "no answer"])


@pytest.mark.parametrize(
    ("code", "kind", "requests"),
    [(429, RateLimitError, 3), (401, AuthenticationError, 1), (503, InternalServerError, 3)],
)
def test_c29_an_error_with_status_200(row, code, kind, requests):
    body = json.dumps({"error": {"message": "own words", "code": code}}).encode()
    row(*[RawAnswer(body)] * requests, raises=kind, names=["own words"], requests=requests)


@pytest.mark.parametrize("name", ["x-request-id", "x-amzn-trace-id", "cf-ray"])
def test_c30_the_request_id(row, name):
    headers = {"x-request-id": "", name: "id-7"}
    row(error(400, headers=headers), raises=BadRequestError, names=["[request id: id-7]"])


def test_c30_the_request_id_of_a_stream_that_breaks(stream_row):
    answer = Answer("Hello", finish_reason=None, done=False, headers={"x-request-id": "id-7"})
    stream_row(answer, raises=StreamInterruptedError, names=["[request id: id-7]"], history="HP", text="Hello")
