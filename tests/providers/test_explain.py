"""Explaining errors: the right class, the server's words, one hint, and whether to try again."""

from __future__ import annotations

import copy
import json
import pickle
import time

import pytest

from chatkit import _errors as errors
from chatkit._providers.complaint import Complaint
from chatkit._providers.explain import is_error_payload, reported_error, server_words, status_error

HF = "https://router.huggingface.co/v1/chat/completions"
LOCAL = "http://localhost:8000/chat/completions"


def explain(status, body="", url=HF, model="org/model", headers=None, **others):
    text = body if isinstance(body, str) else json.dumps(body)
    return status_error(status, headers or {}, text, url=url, model=model, **others)


# --- the server's words ---------------------------------------------------------------------------------------------

WORDS = {
    "C25 error.message": ({"error": {"message": "first"}, "message": "second"}, "first"),
    "C25 error": ({"error": "text", "message": "second"}, "text"),
    "C25 error list": ({"error": ["one", "two"]}, "one; two"),
    "C25 error null": ({"error": None, "message": "text"}, "text"),
    "C25 error empty": ({"error": {}, "detail": "text"}, "text"),
    "C25 error number": ({"error": 7}, ""),
    "C25 message": ({"message": "text", "detail": "d"}, "text"),
    "C25 object error": ({"object": "error", "message": "text"}, "text"),
    "C25 detail": ({"detail": "text", "title": "t"}, "text"),
    "C25 title": ({"title": "text", "errors": ["x"]}, "text"),
    "C25 problem+json": ({"type": "about:blank", "title": "t", "detail": "text"}, "text"),
    "C25 Cloudflare": ({"errors": [{"code": 10000, "message": "text"}], "messages": []}, "text"),
    "C12 FastAPI": (
        {"detail": [{"loc": ["body", "messages", 0], "msg": "missing"}, {"loc": "query", "msg": "bad"}]},
        "body.messages.0: missing; query: bad",
    ),
    "C25 list": (["one", {"message": "two"}, None, 3], "one; two"),
    "C25 nothing": (None, ""),
    "C25 true": (True, ""),
    "C25 error in error": ({"error": {"error": {"message": "text"}}}, "text"),
    "C25 text": (" plain \r\n text ", "plain text"),
    "C20 page": ("<html><head><title>502 Bad\nGateway &amp; more</title></head>…", "502 Bad Gateway & more"),
    "C20 page with a heading": ("<html><h1 class='x'>Not here</h1></html>", "Not here"),
    "C20 page without either": ("  <p>Go <b>away</b></p>", "Go  away"),
    "two spaces stay": ("a  b", "a  b"),
    "controls are visible": ("a\x1b]52;c\x07b\0c\x9b\u202ed\ud800", "a\\x1b]52;c\\x07b\\x00c\\x9b\\u202ed\\ud800"),
    "tabs and line breaks are spaces": ("a\tb \r\n\n c", "a b c"),
    "other writing stays": ("ключ 👩‍🚀 “x”", "ключ 👩‍🚀 “x”"),
}


@pytest.mark.parametrize(("body", "words"), WORDS.values(), ids=WORDS)
def test_the_servers_words_are_found(body, words):
    assert server_words(body) == words


def test_c25_at_most_500_characters():
    assert server_words("x" * 500) == "x" * 500
    assert server_words("x" * 501) == "x" * 499 + "…"
    assert len(server_words({"error": "\x1b" * 5_000_000})) == 500
    assert len(server_words(["long"] * 5000)) < 500


def nested(depth):
    body: dict = {"message": "deep"}
    for _ in range(depth):
        body = {"error": body}
    return body


def test_a_body_that_is_nested_too_deeply_says_nothing():
    assert server_words(nested(3)) == "deep"
    assert server_words(nested(5000)) == ""


@pytest.mark.parametrize("piece", ["<", "<title", "<title>", "<h1 ", "</", " ", " \n", "\t"])
def test_c25_hostile_pages_take_no_time(piece):
    begin = time.perf_counter()
    server_words("<" + piece * 500_000)
    server_words("x" + piece * 500_000 + "x")
    assert time.perf_counter() - begin < 5


# --- classes and retries --------------------------------------------------------------------------------------------

STATUSES = {
    400: (errors.BadRequestError, False),
    401: (errors.AuthenticationError, False),
    402: (errors.APIStatusError, False),
    403: (errors.PermissionDeniedError, False),
    404: (errors.NotFoundError, False),
    405: (errors.APIStatusError, False),
    408: (errors.APIStatusError, True),
    409: (errors.ConflictError, True),
    410: (errors.APIStatusError, False),
    413: (errors.APIStatusError, False),
    422: (errors.UnprocessableEntityError, False),
    424: (errors.APIStatusError, False),
    429: (errors.RateLimitError, True),
    500: (errors.InternalServerError, True),
    501: (errors.InternalServerError, False),
    502: (errors.InternalServerError, True),
    503: (errors.InternalServerError, True),
    504: (errors.InternalServerError, True),
    505: (errors.InternalServerError, False),
    524: (errors.InternalServerError, True),
    529: (errors.InternalServerError, True),
    599: (errors.InternalServerError, True),
}


@pytest.mark.parametrize("status", STATUSES)
def test_82_c22_c23_each_status_has_its_class_and_retry(status):
    kind, retryable = STATUSES[status]
    error = explain(status, {"error": {"message": "why"}})
    assert type(error) is kind
    assert (error.status_code, error.retryable) == (status, retryable)
    assert (error.url, error.model, error.server_message) == (HF, "org/model", "why")
    assert str(error).startswith(f"router.huggingface.co answered {status}")


@pytest.mark.parametrize(
    ("status", "summary"),
    [
        (401, "router.huggingface.co answered 401 Unauthorized for model 'org/model'."),
        (529, "router.huggingface.co answered 529 Overloaded for model 'org/model'."),
        (599, "router.huggingface.co answered 599 for model 'org/model'."),
    ],
)
def test_the_first_sentence(status, summary):
    assert explain(status).summary == summary


def test_the_first_sentence_without_a_model_or_a_host():
    assert explain(500, model=None, url=LOCAL).summary == "localhost:8000 answered 500 Internal Server Error."
    assert explain(500, model=None, url="x").summary == "The server answered 500 Internal Server Error."


@pytest.mark.parametrize(
    ("status", "verdict", "retryable"),
    [(500, "false", False), (400, "true", True), (429, " False ", False), (500, "maybe", True), (400, "", False)],
)
def test_c24_the_servers_verdict_wins(status, verdict, retryable):
    assert explain(status, headers={"x-should-retry": verdict}).retryable is retryable


BODIES = ["", "text", '["a"]', '{"error": null}', '{"error":"t"}', "{broken", "null", "3", "[" * 100_000, "9" * 5000]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("status", [400, 404, 500])
def test_c25_any_body_makes_a_readable_error(status, body):
    error = explain(status, body)
    assert error.status_code == status
    assert len(error.server_message) <= 500
    assert str(status) in str(error)
    assert len(str(error)) < 900
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_c25_a_huge_text_is_not_kept_whole():
    assert len(explain(500, "x" * 5_000_000).body) == 64 * 1024
    assert explain(500, '{"error": "x"}').body == {"error": "x"}


# --- what each row names --------------------------------------------------------------------------------------------


def test_c1_the_servers_message_its_parameter_and_the_model():
    body = {"error": {"message": "too hot", "param": "temperature", "code": "bad_value", "type": "x"}}
    error = explain(400, body)
    assert (error.param, error.code) == ("temperature", "bad_value")
    assert "too hot" in str(error)
    assert "org/model" in str(error)


CONTEXT = {
    "OpenAI": (400, {"error": {"code": "context_length_exceeded", "message": "too long: 9000 tokens"}}),
    "vLLM": (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400}),
    "vLLM, newer": (400, {"error": {"message": "The decoder prompt is longer than the maximum model length of 9"}}),
    "llama.cpp": (400, {"error": {"code": 400, "message": "the request exceeds the available context size"}}),
    "llama.cpp, by type": (400, {"error": {"code": 400, "message": "?", "type": "exceed_context_size_error"}}),
    "TGI": (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 9", "error_type": "validation"}),
    "TGI, inputs": (422, {"error": "`inputs` must have less than 1024 tokens. Given: 2000"}),
    "Groq": (413, {"error": {"message": "Please reduce the length of the messages or completion."}}),
    "others": (400, {"error": {"message": "prompt is too long: 9 tokens > 8 maximum"}}),
    "LM Studio": (400, {"error": "tokens to keep is greater than the context length"}),
    "500": (500, {"error": {"message": "input exceeds the context window"}}),
}


@pytest.mark.parametrize(("status", "body"), CONTEXT.values(), ids=CONTEXT)
def test_c2_a_conversation_that_is_too_long(status, body):
    error = explain(status, body)
    assert type(error) is errors.ContextLengthError
    assert (error.status_code, error.retryable) == (status, False)
    assert server_words(body) in str(error)
    assert "drop early turns" in error.hint


def test_c2_a_context_word_in_another_status_is_not_about_the_context():
    assert type(explain(401, {"error": "context window"})) is errors.AuthenticationError


def test_c3_a_bad_key_names_its_source_and_the_host():
    error = explain(401, {"error": "Invalid username or password."}, source="HF_TOKEN")
    assert "HF_TOKEN" in error.hint
    assert "router.huggingface.co" in error.hint
    assert "https://huggingface.co/settings/tokens" in error.hint


def test_c3_no_key_at_all():
    error = explain(401, "", url=LOCAL)
    assert error.hint == "No key was sent; give credentials=."


def test_c4_credits():
    error = explain(402, {"error": "You have depleted your monthly included credits. See https://x.example/pay"})
    assert type(error) is errors.APIStatusError
    assert "credits" in error.hint
    assert "https://huggingface.co/settings/billing" in error.hint
    assert "https://x.example/pay" in str(error)
    assert "huggingface" not in explain(402, url=LOCAL).hint


def test_c5_permissions():
    scope = "This authentication method does not have sufficient permissions to call Inference Providers"
    assert "inference permission" in explain(403, {"error": scope}).hint
    gated = explain(403, {"error": "Access to this model is restricted. It is gated."}, model="org/model:groq")
    assert "https://huggingface.co/org/model." in gated.hint
    assert "https://huggingface.co/." in explain(403, {"error": "gated"}, model=None).hint
    assert "may not be used" in explain(403, {"error": "gated"}, url=LOCAL).hint


def test_c6_an_unknown_model():
    error = explain(404, {"error": {"message": "The model `org/model` does not exist", "code": "model_not_found"}})
    assert "name of the model" in error.hint
    assert HF in error.hint
    assert error.code == "model_not_found"


@pytest.mark.parametrize(
    "body",
    [
        "<html><title>404 Not Found</title></html>",
        "404 page not found",
        "404: Not Found",
        "",
        {"detail": "Not Found"},
        {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}},
        {},
    ],
)
def test_c7_a_wrong_path(body):
    assert explain(404, body, url=LOCAL).hint == f"Nothing is served at {LOCAL}: does base_url need /v1 at its end?"


def test_c8_a_wrong_method():
    assert f"POST {LOCAL}" in explain(405, url=LOCAL).hint


def test_c11_too_large():
    hint = explain(413, size=31_400_000, largest=20_000_000).hint
    assert "31.4 MB" in hint
    assert "the largest attachment has 20.0 MB" in hint
    assert explain(413).hint == "The request is too large: send fewer or smaller attachments."


def test_c12_what_fastapi_says():
    error = explain(422, {"detail": [{"loc": ["body", "n"], "msg": "must be 1", "type": "x"}]})
    assert error.server_message == "body.n: must be 1"
    assert "body.n: must be 1" in str(error)


WAITS = {
    "C13": ({"retry-after": "1"}, 1.0),
    "C14": ({"retry-after-ms": "300"}, 0.3),
    "C15 nan": ({"retry-after": "nan"}, None),
    "C15 a date, without knowing the time": ({"retry-after": "Fri, 29 Sep 2023 16:26:57 GMT"}, None),
    "C17": ({"ratelimit": '"api";r=0;t=1'}, 1.0),
}


@pytest.mark.parametrize(("headers", "wait"), WAITS.values(), ids=WAITS)
def test_c13_c17_the_wait_is_read(headers, wait):
    error = explain(429, {"error": "slow down"}, headers=headers)
    assert (error.retry_after, error.retryable) == (wait, True)


def test_c16_a_long_wait_is_named():
    error = explain(429, headers={"retry-after": "121"})
    assert error.retry_after == 121
    assert "It asks to wait 121 seconds, longer than the 120 that chatkit waits." in str(error)
    assert "It asks to wait 20 seconds." in explain(429, headers={"retry-after": "20"}).hint


def test_a_wait_that_is_known_already_is_taken():
    assert explain(429, headers={"retry-after": "9"}, retry_after=0.0).retry_after == 0.0


QUOTA = {
    "OpenAI": {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}},
    "by its type": {"error": {"message": "?", "type": "insufficient_quota", "code": None}},
    "in words": {"error": "You have exceeded your monthly included credits"},
    "DeepSeek": {"error": {"message": "Insufficient Balance"}},
}


@pytest.mark.parametrize("body", QUOTA.values(), ids=QUOTA)
def test_c18_a_used_up_quota_is_not_tried_again(body):
    error = explain(429, body, headers={"retry-after": "5"})
    assert type(error) is errors.RateLimitError
    assert error.retryable is False
    assert "quota" in error.hint
    assert "wait 5" not in error.hint


def test_c21_a_model_that_is_loading():
    error = explain(503, {"error": "Model x is currently loading", "estimated_time": 20})
    assert (error.retryable, error.retry_after) == (True, 20.0)
    assert error.hint == "The model is still loading (estimated: 20 seconds); try again later."
    assert "still loading;" in explain(503, {"error": "Loading model"}).hint
    assert "not ready" in explain(503, "").hint


@pytest.mark.parametrize("estimate", [True, "20", -1, 1e300, float("nan"), None])
def test_c21_an_odd_estimate_is_ignored(estimate):
    assert explain(503, {"error": "loading", "estimated_time": estimate}).retry_after is None


@pytest.mark.parametrize(("status", "hint"), [(504, "stream the answer"), (524, "stream"), (529, "overloaded")])
def test_c22_what_gateways_mean(status, hint):
    assert hint in explain(status).hint


IDS = {
    "first": ({"x-request-id": "a", "x-amzn-trace-id": "b", "cf-ray": "c", "inference-id": "d"}, "a"),
    "second": ({"x-amzn-trace-id": "b", "cf-ray": "c"}, "b"),
    "third": ({"x-request-id": " ", "cf-ray": "c", "inference-id": "d"}, "c"),
    "fourth": ({"inference-id": "d"}, "d"),
    "controls": ({"x-request-id": "a\x1bb"}, "a\\x1bb"),
    "none": ({}, None),
}


@pytest.mark.parametrize(("headers", "ident"), IDS.values(), ids=IDS)
def test_c30_the_request_id(headers, ident):
    error = explain(500, headers=headers)
    assert error.request_id == ident
    assert (f"[request id: {ident}]" in str(error)) is bool(ident)


def test_no_query_in_any_message():
    error = explain(404, url=f"{LOCAL}?key=canary")
    assert "canary" not in str(error) + repr(vars(error))


# --- errors inside a success ----------------------------------------------------------------------------------------

REPORTED = {
    "F9 number": ({"error": {"message": "m", "code": 429}}, errors.RateLimitError, 429, True),
    "F9 text of a number": ({"error": {"message": "m", "code": "503"}}, errors.InternalServerError, 503, True),
    "C29 status": ({"error": "m", "status": 404}, errors.NotFoundError, 404, False),
    "C29 status_code": ({"detail": "m", "status_code": 401}, errors.AuthenticationError, 401, False),
    "number before name": ({"error": {"type": "server_error", "code": 400}}, errors.BadRequestError, 400, False),
    "rate": ({"error": {"code": "rate_limit_exceeded"}}, errors.RateLimitError, 429, True),
    "quota": ({"error": {"code": "insufficient_quota"}}, errors.RateLimitError, 429, False),
    "server": ({"error": {"type": "server_error"}}, errors.InternalServerError, 500, True),
    "request": ({"error": {"type": "invalid_request_error"}}, errors.BadRequestError, 400, False),
    "model": ({"error": {"code": "model_not_found"}}, errors.NotFoundError, 404, False),
    "context": ({"error": {"code": "context_length_exceeded"}}, errors.ContextLengthError, 400, False),
    "context, in words": ({"error": "exceeds the available context size"}, errors.ContextLengthError, 400, False),
    "Google": ({"error": {"status": "UNAVAILABLE"}}, errors.InternalServerError, 503, True),
    "Anthropic": ({"type": "error", "error": {"type": "overloaded_error"}}, errors.InternalServerError, 529, True),
    "TGI validation": ({"error": "m", "error_type": "validation"}, errors.UnprocessableEntityError, 422, False),
    "TGI overloaded": ({"error": "m", "error_type": "overloaded"}, errors.RateLimitError, 429, True),
    "TGI generation": ({"error": "m", "error_type": "generation"}, errors.APIStatusError, 424, False),
    "TGI incomplete": ({"error": "m", "error_type": "incomplete_generation"}, errors.InternalServerError, 500, True),
}


@pytest.mark.parametrize(("payload", "kind", "status", "retryable"), REPORTED.values(), ids=REPORTED)
def test_an_error_inside_a_success_is_what_its_code_says(payload, kind, status, retryable):
    error = reported_error(payload, url=HF, model="m", headers={"x-request-id": "r", "retry-after": "13"})
    assert type(error) is kind
    assert (error.status_code, error.retryable, error.request_id) == (status, retryable, "r")
    assert str(error).startswith(f"router.huggingface.co reported {status}")
    # Some upstreams send retry-after with every success.
    assert error.retry_after is None


@pytest.mark.parametrize(
    "payload",
    [
        {"error": "m"},
        {"error": {"message": "m", "code": "odd_one"}},
        {"detail": "m"},
        "m",
        ["m"],
        {"error": True},
        None,
    ],
)
def test_f10_an_error_of_unknown_kind(payload):
    error = reported_error(payload, url=HF, model="m")
    assert type(error) is errors.APIStreamError
    assert (error.retryable, error.kind) == (False, "reported")
    assert error.summary == "router.huggingface.co reported an error for model 'm'."


@pytest.mark.parametrize(("payload", "kind", "status", "retryable"), REPORTED.values(), ids=REPORTED)
def test_f9_once_the_answer_has_begun_nothing_is_sent_again(payload, kind, status, retryable):
    error = reported_error(payload, url=HF, model="m", begun=True)
    assert type(error) is errors.APIStreamError
    assert error.retryable is False
    assert "in the middle of the answer" in error.summary


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"error": {"code": "odd_one", "type": "x"}}, "odd_one"),
        ({"error": {"code": 502, "type": "error"}}, "502"),
        ({"error": {"code": None, "type": "about:blank"}}, None),
        ({"error": {"code": True, "type": ["x"]}}, None),
        ({"errors": [{"code": "first"}, {"code": "second"}]}, "first"),
        ({"errors": "x"}, None),
    ],
)
def test_the_servers_own_code_is_kept(payload, code):
    assert reported_error(payload, url=HF, model="m", begun=True).code == code


def test_f10_the_servers_message_exactly():
    assert reported_error({"error": "Input  error: `x`"}, url=HF, model="m").server_message == "Input  error: `x`"


PAYLOADS = {
    "error object": ({"error": {"message": "m"}}, True),
    "error text": ({"error": "m"}, True),
    "OpenRouter chunk": ({"error": {"code": 502}, "choices": [{"finish_reason": "error"}]}, True),
    "object error": ({"object": "error"}, True),
    "detail": ({"detail": "m"}, True),
    "message": ({"message": "m"}, True),
    "Cloudflare": ({"errors": [{"message": "m"}], "success": False}, True),
    "error null": ({"error": None, "choices": []}, False),
    "a chunk": ({"choices": [], "object": "chat.completion.chunk"}, False),
    "a chunk with a message": ({"choices": [], "message": "m"}, False),
    "usage": ({"usage": {}}, False),
    "detail null": ({"detail": None}, False),
    "a text": ("error", False),
    "a list": (["error"], False),
    "null": (None, False),
}


@pytest.mark.parametrize(("payload", "answer"), PAYLOADS.values(), ids=PAYLOADS)
def test_f10_what_is_an_error(payload, answer):
    assert is_error_payload(payload) is answer
    assert is_error_payload(payload, "message") is answer
    assert is_error_payload(payload, "error") is True


# --- 86 -------------------------------------------------------------------------------------------------------------


def test_86_errors_travel_whole():
    error = explain(429, {"error": {"message": "m", "code": "c", "param": "p"}}, headers={"x-request-id": "r"})
    for travelled in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(travelled) is type(error)
        assert str(travelled) == str(error)
        assert vars(travelled) == vars(error)


def test_a_complaint_is_a_value():
    assert Complaint({"error": "x"}, 400) == Complaint({"error": "x"}, 400)
    assert Complaint("x", 400) != Complaint("x", 401)
