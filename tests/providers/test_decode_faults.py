"""Answers at value level that are none: what each fault of a server is told as. Rows F of the fault catalogue."""

from __future__ import annotations

import contextlib
import json
import sys

import pytest

from chatkit._errors import (
    APIConnectionError,
    APIError,
    APIResponseError,
    APIStatusError,
    APIStreamError,
    APITimeoutError,
    StreamError,
    StreamInterruptedError,
)
from chatkit._http.messages import Head, Piece
from chatkit._providers.decode import ChatDecoder
from chatkit._turns.contents import ContentToolRequest

URL = "https://host.example/v1/chat/completions"
SMILE = "\U0001f600"


def head(**headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Head(200, given, URL, sent_at=10.0, redact=lambda text: text.replace("sk-secret", "[key]"))


@pytest.fixture(params=["pydantic_core", "json"])
def reader(request, monkeypatch):
    """Both readers of JSON must tell the same."""
    if request.param == "json":
        monkeypatch.delitem(sys.modules, "pydantic_core", raising=False)
    else:
        pytest.importorskip("pydantic_core")


def chunk(delta=None, finish=None, /, **more):
    return {"id": "r1", "model": "served", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def text(content, finish=None):
    return chunk({"content": content}, finish)


def whole(message, finish="stop", **more):
    return {
        "id": "r1",
        "model": "served",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        **more,
    }


def feed(decoder, *pieces):
    """Feed pieces: texts as they are, anything else as JSON; gives the events."""
    events = []
    for piece in pieces:
        if not isinstance(piece, Piece):
            piece = Piece(piece if isinstance(piece, str) else json.dumps(piece))
        decoder.at += 0.5
        events += decoder.feed(piece)
    return events


DONE = "[DONE]"
STOP = chunk({}, "stop")
CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
REQUEST = ContentToolRequest("c1", "add", {"a": 1})


def fails(kind, *pieces, then=True):
    decoder = ChatDecoder(head(x_request_id="q1"), "asked")
    with pytest.raises(kind) as caught:
        feed(decoder, *pieces)
        if then:
            decoder.finish()
    assert type(caught.value) is kind
    assert caught.value.__context__ is None
    assert (caught.value.model, caught.value.request_id) == ("asked", "q1")
    return caught.value


@pytest.mark.parametrize(
    "pieces", [[], [DONE], [chunk({"role": "assistant"})], [{"choices": [], "usage": {"prompt_tokens": 1}}, DONE]]
)
def test_f8_nothing_was_said(pieces):
    error = fails(APIResponseError, *pieces)
    assert (error.kind, error.retryable) == ("empty", True)
    assert "no content" in str(error)
    assert "'asked'" in str(error)
    assert "host.example" in str(error)


@pytest.mark.parametrize("message", [{}, {"content": None}, {"role": "assistant"}])
@pytest.mark.parametrize("finish", ["stop", None])
def test_a_whole_answer_without_content_names_what_is_missing(message, finish):
    error = fails(APIResponseError, whole(message, finish))
    assert (error.kind, error.retryable) == ("missing_field", False)
    assert "`choices[0].message.content` is missing" in str(error)


def test_a_whole_answer_without_a_message_names_what_is_missing():
    error = fails(APIResponseError, {"choices": [{"index": 0, "message": None, "finish_reason": "stop"}]})
    assert "`choices[0].message` is missing" in str(error)
    assert "`choices` is missing" in str(fails(APIResponseError, {"id": "x", "model": "m"}))


@pytest.mark.parametrize("pieces", [[text("Hello")], [text("Hello"), {"choices": [], "usage": {}}]])
def test_f3_an_end_without_a_finish_reason(pieces):
    error = fails(StreamInterruptedError, *pieces)
    assert "ended without a finish reason after 5 characters." in str(error)
    assert error.kind == "interrupted"


def test_h7_calls_that_were_cut_are_said_not_to_have_run():
    assert "0 characters; the tool calls in it were not run" in str(
        fails(StreamInterruptedError, chunk({"tool_calls": [CALL]}))
    )


@pytest.mark.parametrize("bad", ["{", '{"choices": [', "nonsense", "[" * 100_000, '{"a": 1} {}'])
def test_f11_invalid_json(bad, reader):
    error = fails(StreamError, text("a"), text("b"), bad)
    assert error.kind == "bad_json"
    assert str(error).startswith("Event 3 of the stream is not valid JSON (")
    assert repr(bad[:80]) in str(error)
    first = fails(APIResponseError, bad)
    assert (first.kind, first.retryable) == ("bad_json", False)
    assert "host.example answered with invalid JSON" in str(first)


def test_invalid_json_is_shown_without_keys(reader):
    assert "sk-secret" not in str(fails(APIResponseError, "{sk-secret"))
    assert "[key]" in str(fails(StreamError, text("a"), "{sk-secret"))


@pytest.mark.parametrize(
    ("bad", "name"), [("3", "int"), ('"x"', "str"), ("null", "NoneType"), ("[]", "list"), ("true", "bool")]
)
def test_f12_an_event_that_is_no_object(bad, name, reader):
    error = fails(StreamError, text("a"), bad)
    assert (error.kind, str(error)) == (
        "bad_event",
        f"Event 2 of the stream: it is a JSON {name} instead of an object. [request id: q1]",
    )


@pytest.mark.parametrize(("content", "name"), [(3, "int"), ({"text": "a"}, "dict"), (True, "bool"), (0, "int")])
def test_f14_content_that_is_no_text(content, name):
    error = fails(StreamError, text("a"), text(content))
    assert error.kind == "bad_event"
    assert f"choices[0].delta.content is a JSON {name} instead of text" in str(error)


@pytest.mark.parametrize("calls", ["add", [3], [[]], ["add"], 3, True])
def test_calls_that_are_none(calls):
    error = fails(StreamError, chunk({"tool_calls": calls}))
    assert error.kind == "bad_event"
    assert "choices[0].delta.tool_calls holds" in str(error)


@pytest.mark.parametrize("choices", [3, True, {"0": {}}, {"index": 0, "delta": {"content": "a"}}, 1.5])
def test_choices_that_are_no_list(choices):
    decoder = ChatDecoder(head(), "asked")
    with pytest.raises(StreamError):
        feed(decoder, text("a"), {"choices": choices})
        decoder.finish()


REPORTED = {
    "an object": ({"error": {"message": "boom"}}, "boom"),
    "a text": ({"error": "boom"}, "boom"),
    "an object that is an error": ({"object": "error", "message": "boom"}, "boom"),
    "a detail": ({"detail": "boom"}, "boom"),
    "next to choices": ({**chunk({"content": ""}, "error"), "error": {"message": "boom"}}, "boom"),
}


@pytest.mark.parametrize(("payload", "words"), REPORTED.values(), ids=REPORTED)
def test_f10_errors_inside_the_stream(payload, words):
    error = fails(APIStreamError, text("a"), payload)
    assert (error.server_message, error.retryable, error.kind) == (words, False, "reported")


def test_f10_an_event_named_error():
    error = fails(APIStreamError, text("a"), Piece('{"message": "boom sk-secret"}', "error"))
    assert error.server_message == "boom [key]"


@pytest.mark.parametrize(("code", "retryable"), [(429, True), (503, True), (400, False)])
def test_f9_an_error_as_the_first_event_is_that_of_its_code(code, retryable):
    decoder = ChatDecoder(head(), "asked")
    with pytest.raises(APIStatusError) as caught:
        feed(decoder, {"error": {"message": "boom", "code": code}})
    assert (caught.value.status_code, caught.value.retryable, caught.value.server_message) == (code, retryable, "boom")


def test_f17_the_finish_reason_error_is_an_error():
    assert "host.example ended the answer with an error" in str(fails(APIStreamError, text("a"), chunk({}, "error")))


def test_what_breaks_an_answer_is_an_interruption_once_it_has_begun():
    reset = APIConnectionError("Reset.", kind="reset")
    limit = APITimeoutError("Too slow.", phase="idle")
    own = StreamError("Bad.")
    decoder = ChatDecoder(head(), "asked")
    assert all(decoder.broken(error) is error for error in (reset, limit, own))
    feed(decoder, text("Hello"))
    assert decoder.broken(limit) is limit
    assert decoder.broken(own) is own
    error = decoder.broken(reset)
    assert isinstance(error, StreamInterruptedError)
    assert isinstance(error, APIError)
    assert (error.cause_type, error.url) == ("APIConnectionError", URL)
    assert "The answer of host.example broke off after 5 characters." in str(error)


def test_without_a_url_the_server_is_just_the_server():
    decoder = ChatDecoder(Head(200, {}, ""), "asked")
    with pytest.raises(APIResponseError, match="The server gave an empty answer"):
        decoder.finish()


@pytest.mark.parametrize("deep", ["[" * 700 + '"x"' + "]" * 700, '{"text":' * 700 + '"x"' + "}" * 700])
def test_thoughts_in_a_hundred_wrappings_are_no_accident(deep):
    decoder = ChatDecoder(head(), "asked")
    with contextlib.suppress(APIError):
        feed(decoder, '{"choices":[{"delta":{"content":"a","reasoning":' + deep + "}}]}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": 7, "function": {"name": "add", "arguments": "{}"}},
        {"id": ["x"], "function": {"name": "add", "arguments": "{}"}},
        {"id": "c1", "function": {"name": 7, "arguments": "{}"}},
        {"id": "c1", "function": {"name": ["add"], "arguments": "{}"}},
        {"id": "c1", "function": "add"},
        {"id": "c1", "function": ["add"]},
    ],
    ids=["id a number", "id a list", "name a number", "name a list", "function a text", "function a list"],
)
@pytest.mark.parametrize("index", [0, [1]])
def test_h15_a_call_with_the_wrong_types_is_an_error_or_one_that_can_be_sent_back(wrong, index):
    decoder = ChatDecoder(head(), "asked")
    with contextlib.suppress(APIError):
        feed(decoder, *[chunk({"tool_calls": [{"index": index, **wrong}]})] * 2, chunk({}, "tool_calls"))
        for request in decoder.finish().tool_requests:
            assert isinstance(request.id, str)
            assert request.id
            assert isinstance(request.name, str)
