"""The key: put in late, masked wherever a server repeats it, and in no traceback, whatever goes wrong."""

from __future__ import annotations

import json
import pickle

import pytest
import requests

from chatkit._errors import AuthenticationError, ConfigError, MissingKeyError
from chatkit._http.messages import Head, Request
from chatkit._http.redaction import MASK, Redactor
from chatkit._http.transport import RequestsTransport
from chatkit._waiting import wait_for
from chatkit.testing import ErrorAnswer, EventsAnswer


def test_c3_a_key_that_the_server_repeats_is_masked(service, chat_with, key, fails):
    service.script(ErrorAnswer(401, {"error": {"message": f"Incorrect API key provided: {key}."}}))
    error = fails(lambda: chat_with(service).chat("a"), AuthenticationError, f"Incorrect API key provided: {MASK}")
    assert len(service.requests) == 1
    assert MASK in str(error.body)


def test_c3_a_key_with_escaped_slashes_is_masked_too(service, chat_with, key, fails):
    body = json.dumps({"error": {"message": f"Bad key {key}"}}).replace("/", "\\/")
    service.script(ErrorAnswer(401, body, content_type="application/json"))
    fails(lambda: chat_with(service).chat("a"), AuthenticationError, f"Bad key {MASK}")


REDACTED = {
    ("Bearer abcdef",): ("abcdef, Bearer abcdef", f"{MASK}, {MASK}"),
    ("abcdef", "abc"): ("abc abcdef", f"abc {MASK}"),
    ("Token abcd", "abcd-efgh"): ("abcd-efgh abcd", f"{MASK} {MASK}"),
    (): ("abcdef", "abcdef"),
}


@pytest.mark.parametrize("secrets", REDACTED)
def test_words_are_masked_the_longest_first_and_short_ones_not_at_all(secrets):
    text, masked = REDACTED[secrets]
    assert Redactor(secrets)(text) == masked


def test_a_redactor_does_not_tell_and_does_not_travel():
    redactor = Redactor(["Bearer abcdef"])
    assert "abcdef" not in repr(redactor)
    stored = pickle.dumps(redactor)
    assert b"abcdef" not in stored
    assert pickle.loads(stored)("abcdef") == "abcdef"


def test_requests_and_heads_do_not_show_their_headers():
    request = Request("http://x/v1", b"secret-word", {"X-Key": "secret-word"}, credentials=lambda: {"A": "secret-word"})
    assert "secret-word" not in repr(request) + repr(Head(200, {"set-cookie": "secret-word"}, "http://x/v1"))


# --- credentials that fail ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [LookupError, ValueError, OSError, TimeoutError, ConnectionError, requests.HTTPError])
def test_g9_what_a_credentials_function_raises_is_not_wrapped(kind, service, chat_with):
    raised = kind("mine")

    def credentials():
        raise raised

    chat = chat_with(service, credentials=credentials)
    with pytest.raises(kind) as caught:
        chat.chat("a")
    assert caught.value is raised
    assert (service.requests, len(chat)) == ([], 0)


def test_a_missing_key_sends_nothing(service, chat_with, fails):
    fails(lambda: chat_with(service, credentials=lambda: "").chat("a"), MissingKeyError)
    assert service.requests == []


@pytest.mark.parametrize(
    "value", ["sk-canary/7f3a91c0ffee\n", "sk-canary/7f3a91c0ffee\u2013", "a\r\nX: sk-canary/7f3a91c0ffee"]
)
@pytest.mark.parametrize("own_session", [False, True])
def test_a3_a_header_that_cannot_be_sent_is_not_shown(value, own_session, service, to, fails):
    # Credentials check their headers; this is the line's own defence.
    with requests.Session() as session:
        line = RequestsTransport(session if own_session else None).line()
        request = to(service, credentials=lambda: {"Authorization": value})
        fails(lambda: line.send(request), ConfigError, "header", service.origin[7:])
    assert service.requests == []


# --- interruptions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["sending", "waiting", "reading"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_g7_an_interruption_shows_no_key(place, kind, service, to, fails, monkeypatch):
    def interrupt(*args, **kwargs):
        del args, kwargs  # this frame is no library's, so it will be looked at
        try:
            raise OSError("a fault of the library that was being handled")
        except OSError:
            raise kind from None

    targets = {
        "sending": "urllib3.connection.HTTPConnection.request",
        "waiting": "urllib3.connection.HTTPConnection.getresponse",
        "reading": "urllib3.response.HTTPResponse.read_chunked",
    }
    line = RequestsTransport().line()
    service.script(EventsAnswer(["one"]))
    request = to(service)
    if place == "reading":
        monkeypatch.setattr(targets[place], lambda *args, **kwargs: (interrupt() for _ in range(1)))
        line.send(request)
        fails(line.receive, kind)
    else:
        monkeypatch.setattr(targets[place], interrupt)
        fails(lambda: line.send(request), kind)
    # What was interrupted is dropped.
    assert line.receive() is None


def test_g7_an_interruption_keeps_the_frames_that_are_not_the_libraries(service, to, fails, monkeypatch):
    def interrupt(*args, **kwargs):
        del args, kwargs
        raise KeyboardInterrupt

    monkeypatch.setattr("urllib3.connection.HTTPConnection.request", interrupt)
    error = fails(lambda: RequestsTransport().line().send(to(service)), KeyboardInterrupt)
    modules, trace = [], error.__traceback__
    while trace is not None:
        modules.append(trace.tb_frame.f_globals["__name__"].partition(".")[0])
        trace = trace.tb_next
    assert modules.count("chatkit") >= 2
    assert not {"requests", "urllib3", "http"} & set(modules)


# --- asynchronous credentials in plain code -------------------------------------------------------------------------


async def soon(value):
    if isinstance(value, BaseException):
        raise value
    return value


def test_async_credentials_are_waited_for(service, chat_with, key):
    service.script("good")
    chat_with(service, credentials=lambda: soon(key)).chat("a")
    assert service.requests[0].headers["authorization"] == f"Bearer {key}"


def test_async_credentials_are_waited_for_inside_a_running_loop(service, chat_with, key):
    async def as_in_a_notebook():
        return str(chat_with(service, credentials=lambda: soon(key)).chat("a"))

    service.script("good")
    assert wait_for(as_in_a_notebook()) == "good"
    assert service.requests[0].headers["authorization"] == f"Bearer {key}"


def test_waiting_raises_what_was_raised_in_and_out_of_a_loop():
    async def in_a_loop():
        return wait_for(soon(LookupError("mine")))

    for waiting in (soon(LookupError("mine")), in_a_loop()):
        with pytest.raises(LookupError, match="mine"):
            wait_for(waiting)
