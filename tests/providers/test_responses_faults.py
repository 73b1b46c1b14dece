"""Responses answers that are none: errors in every shape, answers that break off, data that make no sense."""

from __future__ import annotations

import json

import pytest

from chatkit._errors import (
    APIConnectionError,
    APIResponseError,
    APIStreamError,
    AuthenticationError,
    BadRequestError,
    ContextLengthError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
    StreamError,
    StreamInterruptedError,
    UnprocessableEntityError,
)
from chatkit._http.messages import Head, Piece
from chatkit._providers.addresses import check_base_url
from chatkit._providers.concessions import conceded_profile
from chatkit._providers.explain import status_error
from chatkit._providers.notes import read_log_probs, read_source
from chatkit._providers.profiles import PROFILES
from chatkit._providers.responses_decode import ResponsesDecoder
from chatkit._turns.details import Source

URL = "https://host.example/v1/responses"
TEXT = {"type": "response.output_text.delta", "item_id": "m1", "content_index": 0, "delta": "so far"}


def decoder():
    return ResponsesDecoder(Head(200, {}, URL, redact=lambda text: text.replace("sk-secret", "[key]")), "asked")


def feed(reader, *pieces):
    for piece in pieces:
        if not isinstance(piece, Piece):
            piece = Piece(piece if isinstance(piece, str) else json.dumps(piece))
        reader.feed(piece)


def failed(error, kind="failed"):
    return {"type": f"response.{kind}", "response": {"id": "r", "status": kind, "error": error, "output": []}}


def told(code, message="Sorry."):
    return {"code": code, "message": message}


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [
        (failed(told("server_error")), InternalServerError, "Sorry."),
        (failed(told("rate_limit_exceeded")), RateLimitError, "Sorry."),
        (failed(told("context_length_exceeded")), ContextLengthError, "Sorry."),
        (failed(told("new_trouble")), APIStreamError, "Sorry."),
        (failed("in words"), APIStreamError, "in words"),
        (failed(None), APIStreamError, "The server says response.failed."),
        (failed(None, "cancelled"), APIStreamError, "The server says response.cancelled."),
        ({"type": "response.failed", "error": told("server_error")}, InternalServerError, "Sorry."),
        # The router's own server: the status of the one that it asked stands in the words.
        (failed(told("server_error", "429 Too many requests")), RateLimitError, "429 Too many requests"),
        (failed(told("server_error", "401 Invalid username or password.")), AuthenticationError, "Invalid username"),
        (failed(told("server_error", "404 Model x does not exist")), NotFoundError, "Model x does not exist"),
        (failed(told("server_error", "400 model_not_supported")), BadRequestError, "model_not_supported"),
        ({"type": "error", "code": "rate_limit_exceeded", "message": "Sorry."}, RateLimitError, "Sorry."),
        ({"type": "error", "error": told("rate_limit_exceeded")}, RateLimitError, "Sorry."),
        ({"type": "error", "message": "Sorry."}, APIStreamError, "Sorry."),
        ({"error": told("server_error")}, InternalServerError, "Sorry."),
        ({"error": "Input validation error", "error_type": "validation"}, UnprocessableEntityError, "Input"),
        (Piece('{"words": "Sorry."}', "error"), APIStreamError, "reported an error"),
        (
            {"object": "response", "status": "failed", "error": told("server_error"), "output": []},
            InternalServerError,
            "Sorry.",
        ),
        (
            {"object": "response", "status": "completed", "error": told("server_error"), "output": []},
            InternalServerError,
            "Sorry.",
        ),
        ({"object": "response", "status": "cancelled", "output": []}, APIStreamError, "cancelled"),
    ],
)
def test_an_error_before_anything_was_told_is_what_its_code_says(event, kind, words):
    reader = decoder()
    with pytest.raises(kind, match=words) as caught:
        feed(reader, {"type": "response.created", "response": {"id": "r", "error": None}}, event)
    assert reader.partial("x") is None
    assert caught.value.model == "asked"


@pytest.mark.parametrize(
    "event",
    [
        failed(told("server_error", "429 Too many requests")),
        {"type": "error", "code": "rate_limit_exceeded", "message": "Too many requests"},
        {"type": "error", "error": {"message": "Too many requests", "code": "429"}},
    ],
)
def test_an_error_in_the_middle_is_one_of_the_stream_and_keeps_what_there_is(event):
    reader = decoder()
    with pytest.raises(APIStreamError, match="Too many requests") as caught:
        feed(reader, TEXT, event)
    assert reader.broken(caught.value) is caught.value
    assert reader.partial("error").text == "so far"


def test_a_key_in_an_error_is_masked():
    reader = decoder()
    with pytest.raises(InternalServerError) as caught:
        feed(reader, failed(told("server_error", "Your key sk-secret is bad.")))
    assert "sk-secret" not in str(caught.value)
    assert "[key]" in str(caught.value)


def test_a_stream_that_just_stops_was_interrupted():
    reader = decoder()
    feed(reader, {"type": "response.created", "response": {"id": "r"}}, TEXT)
    with pytest.raises(StreamInterruptedError, match="ended without a finish reason after 6 characters"):
        reader.finish()
    assert reader.partial("broke off").text == "so far"


def test_a_stream_that_breaks_in_a_call_runs_nothing():
    reader = decoder()
    feed(reader, {"type": "response.function_call_arguments.delta", "item_id": "f", "delta": '{"a'})
    broken = reader.broken(APIConnectionError("gone"))
    assert isinstance(broken, StreamInterruptedError)
    assert "the tool calls in it were not run" in str(broken)


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ([], "empty"),
        ([{"type": "response.created", "response": {"id": "r"}}], "empty"),
        (["[DONE]"], "empty"),
        ([{"type": "ping"}], "empty"),
        ([{"object": "response", "status": "completed"}], "missing_field"),
        ([{"object": "response", "status": "completed", "output": None}], "missing_field"),
        ([{"object": "response", "status": "queued", "output": []}], "missing_field"),
    ],
)
def test_an_answer_without_any_content_is_an_error(pieces, kind):
    reader = decoder()
    feed(reader, *pieces)
    with pytest.raises(APIResponseError) as caught:
        reader.finish()
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ("{broken", "Event 2 of the stream is not valid JSON"),
        ("[1]", "it is a JSON list instead of an object"),
        ({**TEXT, "delta": {"text": "x"}}, "delta is a JSON dict instead of text"),
        ({"type": "response.function_call_arguments.delta", "item_id": "f", "delta": 3}, "delta is a JSON int"),
    ],
)
def test_an_event_that_makes_no_sense_is_an_error_of_the_stream(piece, words):
    reader = decoder()
    feed(reader, TEXT)
    with pytest.raises(StreamError, match=words):
        feed(reader, piece)
    assert reader.partial("x").text == "so far"


def test_a_body_that_is_no_json_is_no_answer():
    with pytest.raises(APIResponseError, match="invalid JSON"):
        feed(decoder(), "<html>")


ZOD = [
    {"code": "invalid_enum_value", "path": ["reasoning", "effort"], "message": "Invalid enum value."},
    {"code": "invalid_union", "path": ["input", 0], "message": "Invalid input"},
    {"code": "custom", "path": [], "message": "Must have at most 16 items"},
]


def test_ai_sdk_1_4_refusals_by_the_schema_checker_are_told_in_words():
    body = json.dumps({"success": False, "error": ZOD, "details": ZOD})
    error = status_error(400, {}, body, url=URL, model="m")
    assert isinstance(error, BadRequestError)
    words = "reasoning.effort: Invalid enum value.; input.0: Invalid input; Must have at most 16 items"
    assert error.server_message == words


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, '{"detail":"Not Found"}'),
        (404, "404 page not found"),
        (404, '{"error":{"message":"Unknown request URL: POST /v1/responses","type":"invalid_request_error"}}'),
        (404, "<html><h1>404</h1></html>"),
        (404, ""),
        (405, '{"detail":"Method Not Allowed"}'),
    ],
)
def test_a_server_without_the_format_is_told_apart_from_a_missing_model(status, body):
    error = status_error(status, {}, body, url=URL, model="m")
    assert 'api="chat_completions"' in error.hint
    unknown = status_error(404, {}, '{"error":"Model x does not exist"}', url=URL, model="x")
    assert "Is the name of the model right" in unknown.hint


def test_a_refusal_of_strictness_is_conceded_in_the_words_of_this_format():
    body = {"error": {"message": "Unknown parameter: 'text.format.strict'.", "param": "text.format.strict"}}
    error = status_error(400, {}, json.dumps(body), url=URL, model="m")
    profile = conceded_profile(error, PROFILES["huggingface"])
    assert profile.strict_answers is False


@pytest.mark.parametrize("path", ["/v1/chat/completions", None, 3])
def test_a_path_that_is_no_list_blames_nothing(path):
    error = status_error(400, {}, json.dumps({"message": "No.", "path": path}), url=URL, model="m")
    assert error.server_message == "No."


@pytest.mark.parametrize(
    "annotation",
    [None, "x", {}, {"url": 3}, {"url": "javascript:alert(1)"}, {"url_citation": {"title": "x"}}],
)
def test_what_cites_no_page_is_no_source(annotation):
    assert read_source(annotation) is None


def test_a_source_may_stand_in_an_object_of_its_own():
    inner = {"url": "http://a.test", "title": "", "start_index": True, "end_index": -1}
    assert read_source({"type": "url_citation", "url_citation": inner}) == Source("http://a.test")


@pytest.mark.parametrize(
    "tokens",
    [
        None,
        "x",
        [None],
        [{}],
        [{"token": "a"}],
        [{"token": "a", "logprob": True}],
        [{"token": 1, "logprob": 0}],
        [{"token": "a", "logprob": float("nan")}],
    ],
)
def test_what_is_no_log_probability_is_passed_over(tokens):
    assert read_log_probs(tokens) == []


@pytest.mark.parametrize("end", ["", "/", "/responses", "/responses/", "/chat/completions"])
def test_the_full_address_of_the_endpoint_is_understood(end):
    assert check_base_url(f"https://host.example/v1{end}") == "https://host.example/v1"
