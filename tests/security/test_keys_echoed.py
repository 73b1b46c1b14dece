"""A server that repeats the key, wherever it can: no error shows it, by no road, nor any log."""

from __future__ import annotations

import json

import pytest

from chatkit.testing import Delivery, ErrorAnswer, EventsAnswer, RawAnswer

HELLO = {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"content": "Hello "}}]}


def body(status, text, media="application/json", **headers):
    return RawAnswer(text.encode(), status, content_type=media, headers=headers)


def events(*items):
    return EventsAnswer([HELLO, *items], done=False)


# What a server says with the key in it, in place of an answer or in the middle of one.
ECHOES = {
    "an error's message": lambda key: ErrorAnswer(401, {"error": {"message": f"Wrong key: {key}."}}),
    "an error's other fields": lambda key: ErrorAnswer(
        400, {"error": {"message": "no", "param": key, "code": key, "type": key, "more": {key: [key]}}}
    ),
    "a list of faults": lambda key: ErrorAnswer(422, {"detail": [{"loc": ["header", key], "msg": f"bad {key}"}]}),
    "an error's page": lambda key: body(500, f"<html><title>{key}</title><h1>{key}</h1>", "text/html"),
    "an error of plain text": lambda key: body(403, f"The key {key} may not", "text/plain"),
    "an error cut off": lambda key: ErrorAnswer(400, f"The key {key} may not", delivery=Delivery(cut_after=40)),
    "headers of an error": lambda key: ErrorAnswer(429, "slow", {"x-request-id": key, "retry-after": key, "x": key}),
    "the status line": lambda key: RawAnswer(
        b"{}", delivery=Delivery(status_line=f"HTTP/1.1 400 {key}".encode())
    ),
    "a garbage status line": lambda key: RawAnswer(b"{}", delivery=Delivery(status_line=f"NO {key}".encode())),
    "a garbage status": lambda key: RawAnswer(b"{}", delivery=Delivery(status_line=f"HTTP/1.1 {key}".encode())),
    "a redirect": lambda key: ErrorAnswer(302, headers={"location": f"https://elsewhere.example/{key}?{key}"}),
    "a content type": lambda key: body(200, "hello there, all", f"text/{key}"),
    "a page": lambda key: body(200, f"<html><title>{key}</title>{key}", "text/html"),
    "an encoding": lambda key: body(200, "x", **{"content-encoding": key}),
    "a body that is no JSON": lambda key: body(200, f"{{oh dear {key}"),
    "a body that is no object": lambda key: body(200, json.dumps([key])),
    "a body without an answer": lambda key: body(200, json.dumps({"id": key, "object": key})),
    "a body whose content is none": lambda key: body(
        200, json.dumps({"choices": [{"message": {"content": {key: key}}}]})
    ),
    "an error with status 200": lambda key: body(200, json.dumps({"error": {"message": key, "code": 401}})),
    "an event that is no JSON": lambda key: events(f"{{oh dear {key}"),
    "an event that is no object": lambda key: events(json.dumps(key)),
    "a content that is no text": lambda key: events({"choices": [{"delta": {"content": {key: key}}}]}),
    "choices that are no list": lambda key: events({"choices": {key: key}}),
    "a call that is none": lambda key: events({"choices": [{"delta": {"tool_calls": [key]}}]}),
    "an error in the stream": lambda key: events({"error": {"message": f"Wrong key: {key}", "code": key}}),
    "an error's event": lambda key: events(f'event: error\ndata: {{"message": "{key}"}}\n\n'.encode()),
    "a comment before the end": lambda key: events(f": {key}\n\n".encode()),
    "a half event": lambda key: events(f'data: {{"choices": [{{"delta": {{"{key}'.encode()),
    "bad gzip": lambda key: RawAnswer(key.encode(), headers={"content-encoding": "gzip"}),
    "a chunk size": lambda key: EventsAnswer(
        [HELLO, {"x": key}], delivery=Delivery(cut_after=90, cut="bad_chunk_size", pause=0.01)
    ),
    "a stall": lambda key: EventsAnswer([HELLO, {"choices": [], "x": key}, {}], delivery=Delivery(pause=0.4)),
}  # fmt: skip


@pytest.mark.parametrize("where", ECHOES)
def test_no_error_shows_what_the_server_repeats(where, service, make, talk, raised, canary, all_logs):
    service.on_request(lambda request: ECHOES[where](canary.credentials()))
    chat = make(max_retries=1, timeout=0.3 if where == "a stall" else 5)
    error = raised(talk, chat, "Hi")
    canary.assert_not_in_error(error)
    canary.assert_not_in_logs(all_logs())
    canary.assert_not_in(repr(chat), str(chat), *map(repr, chat.turns))


RESPONSES = {
    "an event that is no JSON": lambda key: EventsAnswer([f"{{oh dear {key}"]),
    "an event of no known kind": lambda key: EventsAnswer([{"type": f"response.{key}", "x": key}]),
    "a failed response": lambda key: EventsAnswer(
        [{"type": "response.failed", "response": {"error": {"message": f"Wrong {key}", "code": key}}}]
    ),
    "an error": lambda key: EventsAnswer([{"type": "error", "message": key, "code": key}]),
    "a delta that is no text": lambda key: EventsAnswer(
        [{"type": "response.output_text.delta", "delta": {key: key}, "item_id": "x", "output_index": 0}]
    ),
    "an error status": lambda key: ErrorAnswer(401, {"error": f"Wrong key {key}"}, {"x-request-id": key}),
    "a body without an answer": lambda key: body(
        200, json.dumps({"id": "x", "output": key, "error": {"message": key}})
    ),
}


@pytest.mark.parametrize("where", RESPONSES)
def test_nor_does_one_of_the_responses_kind(where, service, make_hf, talk, raised, canary, all_logs):
    service.on_request(lambda request: RESPONSES[where](canary.credentials()))
    chat = make_hf()
    canary.assert_not_in_error(raised(talk, chat, "Hi"))
    canary.assert_not_in_logs(all_logs())


@pytest.mark.parametrize(
    "where", ["an error's message", "a body that is no JSON", "a page", "a body that is no object"]
)
def test_nor_does_one_of_a_typed_answer(where, service, make, raised, canary, all_logs):
    service.on_request(lambda request: ECHOES[where](canary.credentials()))
    chat = make(max_retries=0)
    canary.assert_not_in_error(raised(lambda: chat.chat_structured("Hi", type=dict[str, int])))
    canary.assert_not_in_logs(all_logs())


@pytest.mark.parametrize("where", ["an error's message", "a body that is no JSON", "a page", "headers of an error"])
def test_nor_does_one_of_a_list_of_models(where, service, canary, raised, all_logs):
    from chatkit import models_openai_compatible

    # The script plays at the path of the list only when all paths are its own.
    service._paths = None
    service.on_request(lambda request: ECHOES[where](canary.credentials()))
    error = raised(lambda: models_openai_compatible(service.base_url, credentials=canary.credentials))
    canary.assert_not_in_error(error)
    canary.assert_not_in_logs(all_logs())
