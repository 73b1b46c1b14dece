"""The models of a server: fetched once an hour, whatever the server's list looks like, and beside everything else."""

import asyncio
import json
import time

import pytest
import requests

from chatkit import (
    APIResponseError,
    AuthenticationError,
    ConfigError,
    InternalServerError,
    NotFoundError,
    chat_huggingface,
)
from chatkit._chat.chat import Chat
from chatkit._constructors.listing import models_huggingface, models_openai_compatible
from chatkit._errors import APIConnectionError, APITimeoutError, MissingKeyError
from chatkit._http.messages import TimeLimits
from chatkit._models import shelf
from chatkit._models.lists import ModelList
from chatkit._warnings import PlainHttpWarning
from chatkit.testing import Delivery, ErrorAnswer, FakeService, RawAnswer

OFFER = {"provider": "groq", "status": "live", "supports_tools": True, "pricing": {"input": 1, "output": 2}}
LISTED = [{"id": "org/a", "providers": [OFFER]}, {"id": "org/b"}, "c"]


@pytest.fixture
def service():
    with FakeService(strict=True, models=LISTED) as running:
        yield running


@pytest.fixture
def odd():
    """A service that answers everything by script, the list too."""
    with FakeService(paths=None) as running:
        yield running


def awaited(chat: Chat, **options) -> ModelList:
    return asyncio.run(chat.models_async(**options))


@pytest.fixture(params=["plain", "async"])
def ask(request):
    return Chat.models if request.param == "plain" else awaited


def ids(models):
    return [model.id for model in models]


def test_a_chat_lists_the_models_of_its_server(chat, service, ask):
    models = ask(chat)
    assert isinstance(models, ModelList)
    assert ids(models) == ["org/a", "org/b", "c"]
    (request,) = service.requests
    assert (request.method, request.path, request.body) == ("GET", "/v1/models", b"")
    assert request.headers["accept"] == "application/json"


def test_cached_with_an_expiry(chat, service, ask, clock):
    ask(chat)
    assert ids(ask(chat)) == ids(models_openai_compatible(service.base_url)) == ["org/a", "org/b", "c"]
    assert len(service.requests) == 1
    later = time.monotonic() + shelf.FRESH_SECONDS + 1
    service.models = ["new"]
    clock(shelf, lambda: later)
    assert ids(ask(chat)) == ["new"]
    assert len(service.requests) == 2


def test_refresh(chat, service, ask):
    ask(chat)
    service.models = ["new"]
    assert ids(ask(chat, refresh=True)) == ids(ask(chat)) == ["new"]
    assert len(service.requests) == 2


def test_a_refresh_that_fails_leaves_the_list_that_was_there(odd, make_chat):
    chat = make_chat(base_url=odd.base_url)
    odd.script(RawAnswer(b'["a"]'), ErrorAnswer(403, {"error": "no"}))
    assert ids(chat.models()) == ["a"]
    with pytest.raises(Exception, match=r"The list of models could not be had: .* answered 403 Forbidden\."):
        chat.models(refresh=True)
    assert ids(chat.models()) == ["a"]


def test_filters_and_sort(chat, service, ask):
    assert ids(ask(chat, tools=True, provider="groq", max_price=2, live=True)) == ["org/a"]
    assert ids(ask(chat, search="ORG", sort="id")) == ["org/a", "org/b"]
    assert ids(ask(chat, modality="image")) == ids(ask(chat, structured=True)) == ids(ask(chat, min_context=1)) == []
    assert len(service.requests) == 1


@pytest.mark.parametrize("wrong", [{"tools": "yes"}, {"sort": "size"}, {"max_price": -1}])
def test_a_wrong_filter_is_told_before_anything_is_sent(chat, service, ask, wrong):
    with pytest.raises(ConfigError):
        ask(chat, **wrong)
    with pytest.raises(ConfigError):
        models_huggingface(base_url=service.base_url, **wrong)
    assert service.requests == []


def test_the_history_and_a_stream_are_not_disturbed(chat, service, ask):
    service.say("One ", "two ", "three.")
    pieces = []
    for piece in chat.stream("Count."):
        pieces.append(piece)
        if len(pieces) == 1:
            assert ids(ask(chat)) == ["org/a", "org/b", "c"]
    assert "".join(pieces) == "One two three."
    assert [turn.role for turn in chat.turns] == ["user", "assistant"]


def test_the_chats_own_key_headers_and_session_are_used(service, make_chat):
    session = requests.Session()
    session.headers["x-of-session"] = "yes"
    chat = make_chat(credentials=lambda: "secret", api_headers={"x-own": "1"}, session=session)
    chat.models()
    headers = service.requests[0].headers
    assert (headers["authorization"], headers["x-own"], headers["x-of-session"]) == ("Bearer secret", "1", "yes")
    session.close()


def test_awaited_credentials(service, make_chat):
    async def key():
        await asyncio.sleep(0)
        return "secret"

    chat = make_chat(credentials=key)
    assert ids(awaited(chat)) == ["org/a", "org/b", "c"]
    assert service.requests[0].headers["authorization"] == "Bearer secret"


def test_a_constructor_needs_no_chat(service):
    session = requests.Session()
    session.headers["x-of-session"] = "yes"
    models = models_openai_compatible(
        service.base_url, credentials=lambda: "k", api_headers={"x-own": "1"}, session=session, tools=True
    )
    assert ids(models) == ["org/a"]
    headers = service.requests[0].headers
    assert (headers["authorization"], headers["x-own"], headers["x-of-session"]) == ("Bearer k", "1", "yes")
    session.close()


def test_a_key_over_plain_http_to_another_host_is_warned_of():
    with (
        pytest.warns(PlainHttpWarning, match="unencrypted to models.invalid"),
        pytest.raises(APIConnectionError),
    ):
        models_openai_compatible("http://models.invalid/v1", credentials=lambda: "k", timeout=5)


def test_the_list_of_hugging_face_needs_no_token(service, monkeypatch):
    # As it would be for the router itself, whose default key there is none of here.
    monkeypatch.setattr("chatkit._providers.credentials._HF_HOSTS", ("127.0.0.1",))
    assert ids(models_huggingface(base_url=service.base_url)) == ["org/a", "org/b", "c"]
    assert "authorization" not in service.requests[0].headers
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    models_huggingface(base_url=service.base_url, refresh=True)
    assert service.requests[1].headers["authorization"] == "Bearer hf_secret"


def test_a_chat_without_a_token_lists_models_too(service, monkeypatch, ask):
    monkeypatch.setattr("chatkit._providers.credentials._HF_HOSTS", ("127.0.0.1",))
    chat = chat_huggingface(model="m", base_url=service.base_url)
    assert ids(ask(chat)) == ["org/a", "org/b", "c"]
    with pytest.raises(MissingKeyError):
        chat.chat("Hi")


def test_where_the_list_needs_a_key_the_missing_one_is_told(odd, monkeypatch, ask):
    monkeypatch.setattr("chatkit._providers.credentials._HF_HOSTS", ("127.0.0.1",))
    chat = chat_huggingface(model="m", base_url=odd.base_url)
    odd.script(ErrorAnswer(401, {"error": "Invalid username or password."}))
    with pytest.raises(MissingKeyError, match="There is no Hugging Face token: looked at HF_TOKEN"):
        ask(chat)


def test_without_a_key_a_server_may_be_gone_as_well(service, monkeypatch):
    monkeypatch.setattr("chatkit._providers.credentials._HF_HOSTS", ("127.0.0.1",))
    service.close()
    with pytest.raises(APIConnectionError):
        models_huggingface(base_url=service.base_url)


def test_a_key_that_is_refused(odd, make_chat):
    odd.script(ErrorAnswer(401, {"error": {"message": "Bad key"}}))
    with pytest.raises(AuthenticationError) as caught:
        make_chat(base_url=odd.base_url, credentials=lambda: "secret").models()
    assert str(caught.value).startswith("The list of models could not be had: 127.0.0.1:")
    assert "for model" not in str(caught.value)
    assert caught.value.model is None


@pytest.mark.parametrize("status", [404, 405, 501])
def test_servers_with_no_list(odd, make_chat, ask, status):
    odd.script(ErrorAnswer(status, {"error": {"message": "nothing here"}}))
    with pytest.raises(NotFoundError, match="There is no list of models at ") as caught:
        ask(make_chat(base_url=odd.base_url))
    assert f"{odd.base_url}/models" in str(caught.value)
    assert caught.value.status_code == status
    assert "A model can be used without: give its name as model=." in str(caught.value)
    odd.say("Fine.")
    assert make_chat(base_url=odd.base_url).chat("Hi") == "Fine."


def test_a_web_page_is_no_list(odd, make_chat, ask):
    odd.script(RawAnswer(b"<html><title>Welcome</title></html>", content_type="text/html"))
    with pytest.raises(APIResponseError, match='titled "Welcome"\\), not with a list of models') as caught:
        ask(make_chat(base_url=odd.base_url))
    assert f"{odd.base_url}/models" in str(caught.value)


@pytest.mark.parametrize("body", [b"{}", b'{"data": 7}', b"{nonsense", b"", b'data: {"id": "a"}\n\n'])
def test_json_that_is_no_list(odd, make_chat, ask, body):
    odd.script(RawAnswer(body))
    with pytest.raises(APIResponseError, match="There is no list of models at ") as caught:
        ask(make_chat(base_url=odd.base_url))
    assert f"{odd.base_url}/models" in str(caught.value)


def test_a_bare_host_is_looked_at_under_v1_as_well(service, make_chat):
    assert ids(make_chat(base_url=service.origin).models()) == ["org/a", "org/b", "c"]
    assert [request.path for request in service.requests] == ["/models", "/v1/models"]
    assert ids(make_chat(base_url=service.origin).models()) == ["org/a", "org/b", "c"]
    assert len(service.requests) == 2


def test_a_bare_host_without_a_list(odd, make_chat):
    nothing = ErrorAnswer(404, {"error": "Not Found"})
    odd.script(nothing, nothing)
    with pytest.raises(NotFoundError, match=f"no list of models at {odd.origin}/v1/models"):
        make_chat(base_url=odd.origin).models()
    assert odd.unsaid == 0


def test_a_failure_that_may_pass_is_tried_once_more(odd, make_chat, ask):
    chat = make_chat(base_url=odd.base_url)
    odd.script(ErrorAnswer(503, {"error": "busy"}), RawAnswer(b'["a"]'))
    assert ids(ask(chat)) == ["a"]
    odd.script(ErrorAnswer(503, {"error": "busy"}), ErrorAnswer(500, {"error": "broken"}))
    with pytest.raises(InternalServerError, match=r"could not be had: .* \(after 2 attempts\)"):
        ask(chat, refresh=True)
    assert len(odd.requests) == 4


def test_a_server_that_wants_a_long_wait_is_not_waited_for(odd, make_chat, ask):
    odd.script(ErrorAnswer(503, {"error": "busy"}, {"retry-after": "60"}))
    with pytest.raises(InternalServerError, match="It asks to wait 60 seconds"):
        ask(make_chat(base_url=odd.base_url))
    assert len(odd.requests) == 1


def test_a_time_limit(odd):
    slow = RawAnswer(b'["a"]', delivery=Delivery(pause_before_headers=30))
    odd.script(slow, slow)
    with pytest.raises(APITimeoutError):
        models_openai_compatible(odd.base_url, timeout=0.05)
    odd.script(slow, slow)
    with pytest.raises(APITimeoutError):
        models_huggingface(base_url=odd.base_url, timeout=TimeLimits(total=0.05))


def test_an_awaited_list_can_be_cancelled(odd, make_chat):
    odd.script(RawAnswer(b'["a"]', delivery=Delivery(pause_before_headers=30)))
    chat = make_chat(base_url=odd.base_url)

    async def leave():
        task = asyncio.create_task(chat.models_async())
        while not odd.requests:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    assert chat.turns == []


def test_an_unknown_model_is_not_refused_beforehand(service, make_chat):
    chat = make_chat()
    assert "m" not in chat.models()
    chat.model = "not/listed"
    service.say("Here I am.")
    assert chat.chat("Hi") == "Here I am."
    assert service.requests[-1].json["model"] == "not/listed"


def test_fifty_thousand_models_arrive(odd, make_chat):
    rows = [{"id": f"org/model-{number}", "providers": [OFFER]} for number in range(50_000)]
    odd.script(RawAnswer(json.dumps({"data": rows}).encode()))
    assert len(make_chat(base_url=odd.base_url).models(tools=True)) == 50_000


def test_a_user_may_bring_a_provider_that_has_no_list(chat, service):
    class Listless:
        name, model, base_url = "Mine", "m", "http://mine.invalid"

        def listing(self):
            return None

    chat._talk.provider = Listless()
    with pytest.raises(ConfigError, match=r"Mine has no list of models\. Not every server has one\."):
        chat.models()
