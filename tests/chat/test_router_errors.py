"""Every error of the Hugging Face router and of the servers behind it, after the table of spec "huggingface" 1.5.

Each is met plain and async, whole and streamed: which error it is, whose words it tells, whether it was tried again;
and that the history is as it was and the next chat works.
"""

import json

import pytest

from chatkit import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    UnprocessableEntityError,
    UserTurn,
)
from chatkit.testing import ErrorAnswer, EventsAnswer

AGAIN = 2
"""How often a chat of these tests tries again."""


@pytest.fixture
def refuse(service, make_chat, talk):
    """Have a chat with a history refused; gives the error, once history and next chat are seen to be well."""

    def act(answer, kind, *, retried=False):
        chat = make_chat(max_retries=AGAIN)
        service.say("Hello.")
        talk(chat, "hi")
        before, asked = chat.turns, len(posted(service))
        service.script(*[answer] * (1 + AGAIN if retried else 1))
        with pytest.raises(kind) as caught:
            talk(chat, "what?")
        assert type(caught.value) is kind
        assert caught.value.retryable is retried
        assert len(posted(service)) - asked == (1 + AGAIN if retried else 1)
        assert chat.turns == before
        assert service.unsaid == 0
        service.say("Fine.")
        assert talk(chat, "what?") == "Fine."
        assert chat.turns[-2] == UserTurn("what?")
        return caught.value

    return act


def posted(service):
    """The chats among the requests: after some errors the list of models is looked at."""
    return [request for request in service.requests if request.method == "POST"]


def openai_form(message, **more):
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, **more}}


def test_1_5_400_a_model_that_no_enabled_provider_supports(refuse):
    words = "The requested model 'a/b' is not supported by any provider you have enabled."
    error = refuse(ErrorAnswer(400, openai_form(words, code="model_not_supported")), BadRequestError)
    assert error.server_message == words
    assert error.code == "model_not_supported"
    assert "https://huggingface.co/settings/inference-providers" in str(error)


def test_1_5_400_the_code_alone_tells_that_no_provider_serves_the_model(refuse):
    error = refuse(ErrorAnswer(400, openai_form("No.", code="model_not_supported")), BadRequestError)
    assert "No provider that may be used serves the model" in str(error)


def test_1_5_400_a_string_for_an_error(refuse):
    error = refuse(ErrorAnswer(400, {"error": "Model not supported by provider groq"}), BadRequestError)
    assert "Model not supported by provider groq" in str(error)
    assert "No provider that may be used serves the model" in str(error)


def test_1_5_400_a_list_for_an_error(refuse):
    body = {"error": ["Error in `inputs.context`: field required", "Error in `inputs.question`: field required"]}
    error = refuse(ErrorAnswer(400, body), BadRequestError)
    assert "`inputs.context`: field required; Error in `inputs.question`: field required" in str(error)


def test_1_5_400_model_kwargs_that_are_not_used(refuse):
    words = "The following `model_kwargs` are not used by the model: ['return_full_text', 'stop']"
    assert words in str(refuse(ErrorAnswer(400, {"error": words}), BadRequestError))


def test_1_5_400_hyperbolic_object_error(refuse):
    body = {"object": "error", "message": "Requested generation length 9 is not possible", "type": "x", "code": 400}
    assert "generation length 9 is not possible" in str(refuse(ErrorAnswer(400, body), BadRequestError))


def test_1_5_401_of_the_hub(refuse):
    error = refuse(ErrorAnswer(401, {"error": "Invalid username or password."}), AuthenticationError)
    assert "Invalid username or password." in str(error)
    assert "credentials" in str(error)


def test_1_5_401_of_mistral(refuse):
    body = {"message": "Unauthorized", "request_id": "3e6b"}
    assert refuse(ErrorAnswer(401, body), AuthenticationError).server_message == "Unauthorized"


@pytest.mark.parametrize(
    "words",
    [
        "You have depleted your monthly included credits. Purchase pre-paid credits to continue using Inference "
        "Providers. Alternatively, subscribe to PRO to get 20x more included usage.",
        "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x more.",
    ],
    ids=["today", "older"],
)
def test_1_5_402_credits_are_never_tried_again(refuse, words):
    error = refuse(ErrorAnswer(402, {"error": words}), APIStatusError)
    assert error.server_message == words
    assert "credits are used up, so trying again does not help" in str(error)


def test_1_5_403_a_token_without_the_permission(refuse):
    words = (
        "This authentication method does not have sufficient permissions to call Inference Providers on behalf of "
        "user ada"
    )
    assert words in str(refuse(ErrorAnswer(403, {"error": words}), PermissionDeniedError))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ErrorAnswer(404, {"error": "Model a/b does not exist"}), "Model a/b does not exist"),
        (ErrorAnswer(404, {"error": "Not Found: Model not found"}), "Not Found: Model not found"),
        (ErrorAnswer(404, "404: Not Found", content_type="text/plain"), "404: Not Found"),
    ],
    ids=["hub", "provider", "fal"],
)
def test_1_5_404_in_json_and_in_plain_text(refuse, answer, words):
    assert words in str(refuse(answer, NotFoundError))


def test_1_5_410_a_retired_host_and_where_to_go(refuse):
    words = (
        "https://api-inference.huggingface.co is no longer supported. Please use "
        "https://router.huggingface.co/hf-inference instead."
    )
    error = refuse(ErrorAnswer(410, {"error": words}), APIStatusError)
    assert words in str(error)
    assert 'base_url="https://router.huggingface.co/v1"' in str(error)


def test_1_5_410_of_anybody_else(refuse):
    error = refuse(ErrorAnswer(410, {"error": "gone for good"}), APIStatusError)
    assert "gone for good" in str(error)
    assert "no longer serves this" in str(error)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (
            {"error": "Template error: template not found", "error_type": "template_error"},
            "application/json",
            "Template error: template not found",
        ),
        (
            "Failed to deserialize the JSON body into the target type: missing field `messages`",
            "text/plain; charset=utf-8",
            "missing field `messages`",
        ),
        (
            {"detail": [{"loc": ["body", "messages", 0], "msg": "field required", "type": "value_error"}]},
            "application/json",
            "body.messages.0: field required",
        ),
        ({"detail": "Model is not a chat model"}, "application/json", "Model is not a chat model"),
        (
            {"detail": "- input: prompt is required", "title": "Input validation failed", "invalid_fields": []},
            "application/problem+json",
            "input: prompt is required",
        ),
    ],
    ids=["tgi", "axum", "fastapi list", "fastapi string", "replicate"],
)
def test_1_5_422_forms(refuse, body, kind, words):
    assert words in str(refuse(ErrorAnswer(422, body, content_type=kind), UnprocessableEntityError))


@pytest.mark.parametrize(
    ("status", "name", "kind", "retried"),
    [
        (424, "generation", APIStatusError, False),
        (429, "overloaded", RateLimitError, True),
        (500, "incomplete_generation", InternalServerError, True),
    ],
)
def test_1_5_424_429_500_of_tgi(refuse, status, name, kind, retried):
    body = {"error": "Request failed during generation", "error_type": name}
    error = refuse(ErrorAnswer(status, body), kind, retried=retried)
    assert (error.status_code, error.code) == (status, name)
    assert "Request failed during generation" in str(error)


def test_1_5_429_without_retry_after(refuse):
    error = refuse(ErrorAnswer(429, {"error": "Too Many Requests"}), RateLimitError, retried=True)
    assert error.retry_after is None
    assert "send less at once" in str(error)


def test_1_5_503_a_model_that_is_loading_and_the_estimate(refuse):
    body = {"error": "Model a/b is currently loading", "estimated_time": 0.01}
    error = refuse(ErrorAnswer(503, body), InternalServerError, retried=True)
    assert "Model a/b is currently loading" in str(error)
    assert "estimated: 0.01 seconds" in str(error)
    assert error.retry_after == 0.01


def test_1_5_503_an_endpoint_that_scales_up_from_zero(refuse):
    error = refuse(ErrorAnswer(503, "503 Service Unavailable"), InternalServerError, retried=True)
    assert "not ready or has too much to do" in str(error)


def test_1_5_504_advises_to_stream(refuse):
    page = "<html><head><title>504 Gateway Time-out</title></head><body><center>nginx</center></body></html>"
    error = refuse(ErrorAnswer(504, page, content_type="text/html"), InternalServerError, retried=True)
    assert error.server_message == "504 Gateway Time-out"
    assert "stream the answer" in str(error)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (
            {"error": "Input validation error: `temperature` must be strictly positive", "error_type": "validation"},
            UnprocessableEntityError,
            "`temperature` must be strictly positive",
        ),
        ({"error": {"message": "no such model", "type": "not_found_error"}}, NotFoundError, "no such model"),
    ],
    ids=["tgi", "openai"],
)
def test_1_5_200_and_an_error_as_the_only_event(refuse, body, kind, words):
    error = refuse(EventsAnswer([body], done=False), kind)
    assert words in str(error)


def test_1_5_a_retry_after_beside_200_is_no_wish_of_whoever_reports_an_error(refuse):
    # together sends one with every success.
    reported = EventsAnswer(
        [{"error": "Model is overloaded", "error_type": "overloaded"}], done=False, headers={"retry-after": "3600"}
    )
    assert refuse(reported, RateLimitError, retried=True).retry_after is None


def test_1_5_a_retry_after_of_zero_seconds_is_heeded(service, make_chat, talk):
    service.script(ErrorAnswer(429, {"error": "slow down"}, {"retry-after": "0"}), "Fine.")
    assert talk(make_chat(max_retries=1), "hi") == "Fine."


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "first"}, "message": "second"}, "first"),
        ({"error": "first", "message": "second", "detail": "third"}, "first"),
        ({"error": ["first", "and", "more"], "detail": "third"}, "first; and; more"),
        ({"message": "second", "detail": "third"}, "second"),
        ({"detail": "third", "title": "fourth"}, "third"),
        ({"detail": [{"msg": "third"}, {"msg": "and more"}], "title": "fourth"}, "third; and more"),
        ({"title": "fourth", "status": 400}, "fourth"),
        ("plain words", "plain words"),
    ],
)
def test_1_5_the_order_in_which_words_are_looked_for(service, make_chat, body, words):
    service.script(ErrorAnswer(400, body if isinstance(body, str) else json.dumps(body)))
    with pytest.raises(BadRequestError) as caught:
        make_chat().chat("hi")
    assert caught.value.server_message == words
