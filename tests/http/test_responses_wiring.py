"""What is put on the wire, seen by the `responses` library: address, headers, body and status."""

from __future__ import annotations

import json

import pytest
import requests
import responses

from chatkit import params
from chatkit._errors import NotFoundError

URL = "https://api.example/v1/chat/completions"
WHOLE = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
STREAM = 'data: {"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'


@pytest.fixture
def wire():
    with responses.RequestsMock() as mock:
        yield mock


def whole(wire, url=URL):
    wire.post(url, json=WHOLE)


def streamed(wire, url=URL):
    wire.post(url, body=STREAM, content_type="text/event-stream")


@pytest.mark.parametrize("base_url", ["https://api.example/v1", "https://api.example/v1/", URL, f"{URL}/"])
def test_a_base_url_leads_to_one_address(base_url, wire, chat_with):
    whole(wire)
    assert str(chat_with(base_url).chat("a")) == "Hello"
    assert (wire.calls[0].request.method, wire.calls[0].request.url) == ("POST", URL)


def test_the_headers_of_a_stream(wire, chat_with, key):
    streamed(wire)
    assert "".join(chat_with("https://api.example/v1", api_headers={"X-Org": "mine"}).stream("a")) == "Hello"
    headers = dict(wire.calls[0].request.headers)
    assert headers.pop("User-Agent").startswith("chatkit/")
    assert headers.pop("Content-Length") == str(len(wire.calls[0].request.body))
    assert headers == {
        "Content-Type": "application/json",
        "Accept": "text/event-stream, application/json",
        "Accept-Encoding": "identity",
        "X-Org": "mine",
        "Authorization": f"Bearer {key}",
    }


def test_the_headers_of_a_whole_answer(wire, chat_with):
    whole(wire)
    chat_with("https://api.example/v1").chat("a")
    headers = wire.calls[0].request.headers
    assert (headers["Accept"], headers["Accept-Encoding"]) == ("application/json", "gzip, deflate")


def test_each_request_has_its_own_body_length_and_key(wire, chat_with):
    keys = iter(["first-key", "second-key"])
    chat = chat_with("https://api.example/v1", credentials=lambda: next(keys))
    for words in ("short", "somewhat longer"):
        whole(wire)
        chat.chat(words)
    first, second = (call.request for call in wire.calls)
    assert [first.headers["Authorization"], second.headers["Authorization"]] == [
        "Bearer first-key",
        "Bearer second-key",
    ]
    assert [int(call.headers["Content-Length"]) for call in (first, second)] == [len(first.body), len(second.body)]
    assert [message["content"] for message in json.loads(second.body)["messages"]] == [
        "short",
        "Hello",
        "somewhat longer",
    ]


def test_without_a_key_there_is_no_authorization(wire, chat_with):
    whole(wire)
    chat_with("https://api.example/v1", credentials=None).chat("a")
    assert "Authorization" not in wire.calls[0].request.headers


def test_credentials_may_be_any_headers_and_outweigh_those_of_the_caller(wire, chat_with):
    whole(wire)
    own = {"X-Api-Key": "from api_headers"}
    chat_with("https://api.example/v1", credentials=lambda: {"x-api-key": "the-key"}, api_headers=own).chat("a")
    headers = wire.calls[0].request.headers
    assert [value for name, value in headers.items() if name.lower() == "x-api-key"] == ["the-key"]
    assert "Authorization" not in headers


def test_changed_parameters_reach_the_next_request(wire, chat_with):
    chat = chat_with("https://api.example/v1")
    for temperature in (0.1, 0.9):
        whole(wire)
        chat.params = params(temperature=temperature)
        chat.chat("a")
    assert [json.loads(call.request.body)["temperature"] for call in wire.calls] == [0.1, 0.9]


def test_the_adapters_settings_are_those_of_requests(wire, chat_with, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://near.example:3128")
    whole(wire)
    chat_with("https://api.example/v1", timeout=7).chat("a")
    settings = wire.calls[0].request.req_kwargs
    assert settings["stream"] is True
    assert settings["verify"] is True
    assert settings["timeout"] == (7, 7)
    assert settings["proxies"]["https"] == "http://near.example:3128"


def test_a_status_and_its_headers_arrive(wire, chat_with, fails):
    body = {"error": {"message": "no such model"}}
    wire.post(URL, json=body, status=404, headers={"X-Request-Id": "req-1"})
    words = ("no such model", "req-1")
    error = fails(lambda: chat_with("https://api.example/v1").chat("a"), NotFoundError, *words)
    assert (error.status_code, error.request_id, error.url) == (404, "req-1", URL)


def test_a_session_of_the_callers_is_seen_too(wire, chat_with):
    whole(wire)
    with requests.Session() as session:
        session.headers["User-Agent"] = "mine"
        session.headers["X-Own"] = "yes"
        assert str(chat_with("https://api.example/v1", session=session).chat("a")) == "Hello"
    headers = wire.calls[0].request.headers
    assert headers["X-Own"] == "yes"
    assert headers["User-Agent"].startswith("chatkit/")


def test_hanging_up_on_an_answer_without_a_socket_is_harmless(wire, transport, to):
    streamed(wire)
    line = transport.line()
    line.send(to("https://api.example/v1"))
    line.hang_up("enough")
    line.close()
    assert line.hung_up == "enough"
