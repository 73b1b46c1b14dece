"""Group D of the fault catalogue: an answer before or instead of a stream, each row whole."""

from __future__ import annotations

import json
import time
import zlib

import pytest

from chatkit import APIConnectionError, APIResponseError, StreamInterruptedError
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, RawAnswer

EVENTS = "text/event-stream"


def test_d1_a_login_page(row, service):
    page = b"<html><head><title>Log in</title></head></html>"
    row(
        RawAnswer(page, content_type="text/html"),
        raises=APIResponseError,
        names=["text/html", f"{service.base_url}/chat/completions", "Log in"],
    )


def test_d2_a_whole_answer_where_a_stream_was_asked_for(stream_row, whole):
    stream_row(RawAnswer(json.dumps(whole(content="Hello")).encode()), text="Hello")


def test_d3_the_native_interface_of_ollama(row):
    body = b'{"message":{"content":"Hel"}}\n{"done":true}\n'
    row(
        RawAnswer(body, content_type="application/x-ndjson"),
        raises=APIResponseError,
        names=["application/x-ndjson", "/v1"],
    )


@pytest.mark.parametrize("media", ["", "text/plain", "application/json", "application/octet-stream"])
def test_d4_events_of_a_wrong_type(row, chunk, media):
    row(EventsAnswer([chunk("Hel"), chunk("lo", finish="stop")], content_type=media), text="Hello")


@pytest.mark.parametrize("media", [EVENTS, "application/json", ""])
def test_d5_an_empty_body(row, media):
    row(
        *[RawAnswer(b"", content_type=media)] * 3,
        raises=APIResponseError,
        names=["empty answer", "'m'", "3 attempts"],
        requests=3,
    )


@pytest.mark.parametrize("encoding", ["br", "zstd", "foo"])
def test_d6_an_encoding_that_cannot_be_undone(row, encoding):
    row(
        RawAnswer(b"\x0b\x02\x80", headers={"content-encoding": encoding}),
        raises=APIResponseError,
        names=[repr(encoding)],
    )


def test_d7_gzip_is_undone_live(stream_row, chunk):
    answer = EventsAnswer([chunk("one"), chunk("two", finish="stop")], delivery=Delivery(gzip=True, pause=0.6))
    arrived = []
    chat = stream_row.make()

    def act():
        stream = chat.stream("Hi")
        for piece in stream:
            arrived.append((piece, time.monotonic()))
            stream_row.heard = [piece for piece, _ in arrived]

    stream_row(answer, chat=chat, act=act, text="onetwo")
    assert arrived[1][1] - arrived[0][1] > 0.15


def test_d8_gzip_corrupt_at_its_start(row):
    row(
        *[Answer("Hello", delivery=Delivery(gzip=True, gzip_fault="start"))] * 3,
        raises=APIResponseError,
        names=["gzip", "3 attempts"],
        requests=3,
    )


@pytest.mark.parametrize("fault", ["middle", "truncated"])
def test_d8_gzip_corrupt_midway_or_truncated(stream_row, chunk, fault):
    words = [f"{n * 7919 % 1000003:x}" for n in range(2000)]
    answer = EventsAnswer([chunk(word) for word in words], done=False, delivery=Delivery(gzip=True, gzip_fault=fault))
    stream_row(answer, raises=StreamInterruptedError, names=["after", "characters"], history="HP")


def test_d9_a_bomb(row):
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([deflate.compress(b'{"choices": [') + deflate.compress(bytes(1 << 28)), deflate.flush()])
    assert len(bomb) < 1 << 20
    answer = RawAnswer(bomb, headers={"content-encoding": "gzip"})
    row(answer, raises=APIResponseError, names=["64 MiB"])


BAD = {
    "invalid": (b'{"choices": oh dear', "oh dear", 1),
    "infinite nesting": (b'{"choices": ' + b"[" * 100_000, '{"choices": [[[', 1),
    "5000 digits": (b'{"choices": ' + b"9" * 5000 + b"}", "99999", 1),
}


@pytest.mark.parametrize("name", BAD)
def test_d10_what_is_no_json(row, name):
    body, words, requests = BAD[name]
    row(RawAnswer(body), raises=APIResponseError, names=["invalid JSON", words], requests=requests)


def test_d10_not_a_number(row):
    row(RawAnswer(b'{"choices": [{"message": {"content": NaN}}]}'), raises=APIResponseError, names=["content"])


def test_d10_cut_by_its_length(row_once):
    answer = Answer("Hello", delivery=Delivery(cut_after=50))
    row_once(*[answer] * 3, raises=APIConnectionError, names=["cut off", "3 attempts"], requests=3)


def test_d11_a_list_as_content(row, whole):
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
    row(RawAnswer(json.dumps(whole(content=parts)).encode()), text="Hello")


MISSING = {
    "no choices": ({"id": "x", "object": "chat.completion"}, "choices"),
    "null choices": ({"choices": None}, "choices"),
    "empty choices": ({"choices": []}, "choices"),
    "null message": ({"choices": [{"message": None, "finish_reason": "stop"}]}, "choices[0].message"),
    "null content": ({"choices": [{"message": {"content": None}}]}, "choices[0].message.content"),
}


@pytest.mark.parametrize("name", MISSING)
def test_d11_a_missing_field(row, name):
    body, path = MISSING[name]
    row(RawAnswer(json.dumps(body).encode()), raises=APIResponseError, names=[path], max_retries=0)


def test_d12_both_a_length_and_chunks(stream_row):
    answer = Answer("Hello", headers={"content-length": "5"}, delivery=Delivery(framing="chunked"))
    stream_row(answer, text="Hello")


@pytest.mark.parametrize("framing", ["close", "length"])
def test_d13_unchunked_streams_are_live(stream_row, chunk, framing):
    events = [
        f"data: {json.dumps(chunk(word, finish='stop' if word == 'two' else None))}\n\n" for word in ("one", "two")
    ]
    answer = EventsAnswer(
        [event.encode() for event in events], done=False, delivery=Delivery(framing=framing, pause=0.6)
    )
    arrived = []
    chat = stream_row.make()

    def act():
        for piece in chat.stream("Hi"):
            arrived.append(time.monotonic())
            stream_row.heard.append(piece)

    stream_row(answer, chat=chat, act=act, text="onetwo")
    assert arrived[1] - arrived[0] > 0.15


def test_d14_an_old_server_that_refuses_stream_options(stream_row):
    refusal = ErrorAnswer(400, {"error": {"message": "Unrecognized request argument supplied: stream_options"}})
    chat = stream_row.make()
    stream_row(refusal, "Hello", chat=chat, text="Hello", requests=2)
    posts = [request.json for request in stream_row.service.requests if request.method == "POST"]
    assert ["stream_options" in sent for sent in posts[:2]] == [True, False]
    # It is remembered.
    stream_row.service.say("Again")
    assert "".join(chat.stream("Hi")) == "Again"
    assert "stream_options" not in stream_row.service.requests[-1].json
