"""Names that are near: told only after a server has said that there is no such model, never in place of its error."""

import asyncio
import threading
import time

import pytest

from chatkit import APIStatusError, BadRequestError, Cancelled, Limits, NotFoundError
from chatkit._engine.missing_model import says_no_model
from chatkit._models import shelf
from chatkit.testing import Delivery, ErrorAnswer, FakeService, RawAnswer

OFFERS = [{"provider": "groq"}, {"provider": "novita"}]
MODELS = [
    {"id": "meta-llama/Llama-3.1-8B-Instruct", "providers": OFFERS},
    {"id": "openai/gpt-oss-20b", "providers": OFFERS},
    {"id": "openai/gpt-oss-120b", "providers": OFFERS},
    "Qwen/Qwen3-8B",
]
GONE = ErrorAnswer(404, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}})


@pytest.fixture
def service():
    with FakeService(strict=True, models=MODELS) as running:
        yield running


def listings(service):
    return [request for request in service.requests if request.method == "GET"]


def refusal(service, chat, talk, answer=GONE, kind=NotFoundError):
    service.script(answer)
    with pytest.raises(kind) as caught:
        talk(chat, "Hi")
    assert chat.turns == []
    return caught.value


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        ("meta-llama/llama-3.1-8b-instruct", "Did you mean 'meta-llama/Llama-3.1-8B-Instruct'?"),
        ("Llama-3.1-8B-Instruct:groq", "Did you mean 'meta-llama/Llama-3.1-8B-Instruct'?"),
        ("openai/gpt-oss-30b", "Did you mean 'openai/gpt-oss-20b' or 'openai/gpt-oss-120b'?"),
        ("openai/gpt-oss-20b:cerebras", "'openai/gpt-oss-20b' is served by 'groq' and 'novita', not by 'cerebras'."),
    ],
)
def test_suggestions_after_a_404(service, make_chat, talk, asked, advice):
    chat = make_chat()
    chat.model = asked
    error = refusal(service, chat, talk)
    assert error.hint.endswith(advice)
    assert error.hint.startswith("Is the name of the model right")
    assert str(error).count(advice) == 1
    assert len(listings(service)) == 1


@pytest.mark.parametrize(
    "asked", ["zzz", "openai/gpt-oss-20b", "openai/gpt-oss-20b:groq", "openai/gpt-oss-20b:fastest", "Qwen/Qwen3-8B:x"]
)
def test_where_nothing_helps_nothing_is_said(service, make_chat, talk, asked):
    chat = make_chat()
    chat.model = asked
    hint = refusal(service, chat, talk).hint
    assert hint.endswith(f"is it served at {service.base_url}/chat/completions?")


def test_of_a_server_with_few_models_all_are_named(service, chat, talk):
    service.models = ["llama3.2:3b", "qwen3:8b"]
    assert refusal(service, chat, talk).hint.endswith("It has 'llama3.2:3b' and 'qwen3:8b'.")


@pytest.mark.parametrize(
    "message",
    [
        "The requested model 'org/gtp' is not supported by any provider you have enabled.",
        "Model not supported by provider groq",
        "org/gtp is not a valid model ID",
        "Invalid model: org/gtp",
    ],
)
def test_a_400_that_means_the_same(service, make_chat, talk, message):
    service.models = ["org/gpt"]
    chat = make_chat()
    chat.model = "org/gtp"
    error = refusal(service, chat, talk, ErrorAnswer(400, {"error": {"message": message}}), BadRequestError)
    assert error.hint.endswith("Did you mean 'org/gpt'?")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "messages: field required"}}),
        (400, {"error": {"message": "The parameter `seed` is not supported by this model"}}),
        (400, {"error": {"message": "This model does not support tools: tools not supported"}}),
        (400, {"error": {"message": "model m: response_format of type json_schema is not supported"}}),
        (401, {"error": {"message": "model not found"}}),
        (404, {"error": {"message": "Unknown request URL: POST /v1/chat/completions"}}),
        (404, {"error": {"message": "No endpoints found that support image input"}}),
        (429, {"error": {"message": "The model is overloaded"}}),
        (500, {"error": {"message": "model not found"}}),
    ],
)
def test_suggestions_only_after_a_missing_model(service, make_chat, talk, status, body):
    refusal(service, make_chat(max_retries=0), talk, ErrorAnswer(status, body), APIStatusError)
    assert listings(service) == []


@pytest.mark.parametrize("page", ["404 page not found", "<title>404: no such model</title>"])
def test_a_wrong_address_is_no_missing_model(service, chat, talk, page):
    refusal(service, chat, talk, ErrorAnswer(404, page))
    assert listings(service) == []


def test_a_word_within_the_name_of_the_model_says_nothing():
    words = "The model `org/vision-tools-1` does not exist"
    error = NotFoundError("x", status_code=404, server_message=words, model="org/vision-tools-1:groq", body={})
    assert says_no_model(error)
    error.model = None
    assert not says_no_model(error)
    assert says_no_model(NotFoundError("x", server_message="The model `m` does not exist", model="m", body={}))


def test_the_list_is_fetched_once_for_many_errors(service, chat, talk):
    for _ in range(3):
        refusal(service, chat, talk)
    assert len(listings(service)) == 1


def test_a_list_on_the_shelf_is_not_fetched_again(service, chat, talk):
    chat.models()
    refusal(service, chat, talk)
    assert len(listings(service)) == 1


BROKEN = [
    ErrorAnswer(404, {"error": "none"}),
    ErrorAnswer(500, {"error": "broken"}),
    ErrorAnswer(401, {"error": "no"}),
    RawAnswer(b"<html></html>", content_type="text/html"),
    RawAnswer(b"{}"),
    RawAnswer(b"[" * 100_000),
    RawAnswer(b"", delivery=Delivery(cut_before_headers="rst")),
]


@pytest.mark.parametrize("answer", BROKEN, ids=range(len(BROKEN)))
def test_without_a_list_the_error_is_the_same(make_chat, talk, answer):
    with FakeService(paths=None) as service:
        chat = make_chat(base_url=service.base_url)
        service.on_request(lambda request: answer if request.method == "GET" else GONE)
        for _ in range(2):
            with pytest.raises(NotFoundError) as caught:
                talk(chat, "Hi")
            assert caught.value.hint.endswith("/chat/completions?")
            assert caught.value.attempts == 1
        # A server without a list is left in peace for a while, too; a kept connection may have been gone.
        assert len({request.connection for request in listings(service)}) == len(listings(service)) <= 2


def test_credentials_that_fail_the_second_time_do_no_harm(service, make_chat, talk):
    keys = iter(["once"])

    def key():
        # A bug of the user's own, and only when the list is asked for.
        return next(keys, None) or 1 / 0

    error = refusal(service, make_chat(credentials=key), talk)
    assert error.hint.endswith("/chat/completions?")
    assert listings(service) == []


@pytest.fixture
def slow():
    """A service without the model, whose list never comes."""
    with FakeService(paths=None) as service:
        service.script(GONE, RawAnswer(b"[]", delivery=Delivery(pause_before_headers=60)))
        yield service


def test_a_call_can_be_cancelled_while_the_list_is_fetched(slow, make_chat):
    chat = make_chat(base_url=slow.base_url)

    def cancel():
        while len(slow.requests) < 2:
            time.sleep(0.001)
        chat.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(Cancelled):
        chat.chat("Hi")
    thread.join()
    assert chat.turns == []
    slow.say("Fine.")
    assert chat.chat("Hi") == "Fine."


def test_a_task_can_be_cancelled_while_the_list_is_fetched(slow, make_chat):
    chat = make_chat(base_url=slow.base_url)

    async def leave():
        task = asyncio.create_task(chat.chat_async("Hi"))
        while len(slow.requests) < 2:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    assert chat.turns == []


def test_the_time_that_a_call_has_ends_the_list_and_not_the_error(slow, make_chat, talk):
    chat = make_chat(base_url=slow.base_url)
    # Not a LimitError: the limit does not take the place of the error.
    with pytest.raises(NotFoundError) as caught:
        talk(chat, "Hi", limits=Limits(seconds=2))
    assert caught.value.hint.endswith("/chat/completions?")
    assert shelf.asked_lately(chat.provider.base_url)


def test_hostile_names_are_shown_and_not_obeyed(service, make_chat, talk):
    service.models = ["org/model\x1b[31m\r\nThe key was wrong."]
    chat = make_chat()
    chat.model = "org/model[31m The key was wrong"
    hint = refusal(service, chat, talk).hint
    assert "\x1b" not in hint
    assert "\n" not in hint
    assert "␛[31m" in hint
