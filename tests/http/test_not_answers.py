"""Answers that are none: redirects, statuses without a body, foreign types, encodings, and bodies beyond all size."""

from __future__ import annotations

import itertools
import tracemalloc
import zlib

import pytest

from chatkit._errors import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    AuthenticationError,
    InternalServerError,
    StreamError,
    StreamInterruptedError,
)
from chatkit._http import bodies
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, FakeService, RawAnswer

EVENTS = "text/event-stream"


# --- redirects and statuses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("stream", [True, False])
def test_c27_redirects_are_not_followed(status, stream, service, chat_with, fails):
    with FakeService() as target:
        location = f"{target.base_url}/chat/completions?token=secret-word"
        service.script(ErrorAnswer(status, headers={"location": location}))
        chat = chat_with(service)
        words = (service.origin[7:], str(status), f"Set base_url to the final address, at {target.origin}.")
        act = (lambda: list(chat.stream("a"))) if stream else (lambda: chat.chat("a"))
        error = fails(act, APIResponseError, *words)
        assert (error.kind, error.status_code, error.retryable) == ("redirect", status, False)
        assert (target.connections, len(service.requests), len(chat)) == (0, 1, 0)
    assert "secret-word" not in repr(vars(error)) + str(error)


LOCATIONS = {
    "/v2/chat/completions": "http://127.0.0.1:",
    "//other.example/v1": "http://other.example.",
    "https://other.example:8443/v1": "https://other.example:8443.",
    "https://user:secret-word@other.example/": "https://other.example.",
    "http://[::1": "an address that is none",
    "http://a\x1b[31mb/": "an address that is none",
    "javascript:alert(1)": "an address that is none",
}


@pytest.mark.parametrize("location", LOCATIONS)
def test_c27_of_the_location_only_the_origin_is_shown(location, service, line, to, fails):
    service.script(ErrorAnswer(302, headers={"location": location}))
    error = fails(lambda: line.send(to(service)), APIResponseError, LOCATIONS[location])
    assert "secret-word" not in str(error)
    assert "\x1b" not in str(error)


@pytest.mark.parametrize("status", [103, 204, 205, 302, 304])
def test_c28_statuses_that_carry_no_answer(status, service, chat_with, fails):
    service.script(ErrorAnswer(status, b""))
    chat = chat_with(service)
    error = fails(lambda: chat.chat("a"), APIResponseError, str(status), "no answer")
    assert (error.kind, error.status_code, len(service.requests), len(chat)) == ("empty", status, 1, 0)


# --- foreign and empty bodies ---------------------------------------------------------------------------------------


def test_d1_a_login_page(service, chat_with, fails):
    page = "<!DOCTYPE html><html><head><title lang=en>\n Sign in &amp; \x1b[2J pay </title></head></html>"
    service.script(RawAnswer(page.encode(), content_type="text/html; charset=utf-8"))
    chat = chat_with(service)
    words = ("text/html", f"{service.base_url}/chat/completions", '(a page titled "Sign in & [2J pay")', "base_url")
    error = fails(lambda: list(chat.stream("a")), APIResponseError, *words)
    assert (error.kind, error.retryable, len(service.requests), len(chat)) == ("content_type", False, 1, 0)


def test_d1_a_page_without_type_or_title(service, line, to, fails, read_all):
    service.script(RawAnswer(b"<p>Welcome to nginx", content_type=""))
    error = fails(lambda: read_all(line, to(service)), APIResponseError, "a body of no type")
    assert "titled" not in str(error)


def test_d1_a_page_that_repeats_the_key(service, line, to, key, fails, read_all):
    service.script(RawAnswer(f"<title>Hello {key}</title>".encode(), content_type="text/html"))
    fails(lambda: read_all(line, to(service)), APIResponseError, "Hello [key removed]")


def test_d3_the_native_interface_of_ollama(service, chat_with, fails):
    service.script(RawAnswer(b'{"message":{}}\n{"done":true}\n', content_type="application/x-NDJSON"))
    error = fails(lambda: chat_with(service).chat("a"), APIResponseError, "application/x-ndjson", "/v1")
    assert (error.kind, len(service.requests)) == ("content_type", 1)


@pytest.mark.parametrize("media", [EVENTS, "application/json"])
@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
def test_d5_an_empty_body(media, framing, service, chat_with, fails):
    service.on_request(lambda request: RawAnswer(b"", content_type=media, delivery=Delivery(framing=framing)))
    chat = chat_with(service)
    error = fails(lambda: chat.chat("a"), APIResponseError, "empty answer", "'m'", "after 3 attempts")
    assert (error.kind, len(service.requests), len(chat)) == ("empty", 3, 0)


def test_d5_an_empty_body_of_no_type(service, chat_with, fails):
    service.on_request(lambda request: RawAnswer(b"", content_type=""))
    fails(lambda: chat_with(service).chat("a"), APIResponseError, "empty answer")


def test_d10_a_whole_answer_cut_by_its_length(service, chat_with, fails):
    service.on_request(lambda request: Answer("Hello", delivery=Delivery(cut_after=50)))
    error = fails(lambda: chat_with(service).chat("a"), APIConnectionError, "was cut off", "after 3 attempts")
    assert (error.kind, len(service.requests)) == ("protocol", 3)


# --- encodings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["br", "foo", "gzip, foo"])
def test_d6_encodings_that_cannot_be_undone(encoding, service, chat_with, fails, monkeypatch):
    monkeypatch.setattr(bodies, "_ENCODINGS", ("", "identity", "gzip", "x-gzip", "deflate"))
    service.script(RawAnswer(b"\x8b\x01\x80{}\x03", headers={"content-encoding": encoding}))
    error = fails(lambda: chat_with(service).chat("a"), APIResponseError, f"{encoding[-3:].strip()!r}")
    assert (error.kind, len(service.requests)) == ("encoding", 1)


def test_d6_of_an_error_in_such_an_encoding_the_status_counts(service, chat_with, fails):
    service.script(ErrorAnswer(401, b"\xff\xfe", headers={"content-encoding": "foo"}))
    error = fails(lambda: chat_with(service).chat("a"), AuthenticationError, "401")
    assert "[a body in the encoding 'foo']" in str(error.body)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "GZIP", "identity"])
def test_d7_encodings_that_can_be_undone(encoding, service, line, to, read_all):
    bits = {"gzip": 31, "deflate": 15}.get(encoding.lower())
    packer = zlib.compressobj(wbits=bits) if bits else None
    body = packer.compress(b'{"a": 1}') + packer.flush() if packer else b'{"a": 1}'
    service.script(RawAnswer(body, headers={"content-encoding": encoding}))
    assert read_all(line, to(service)) == ['{"a": 1}']


def test_d7_a_body_of_which_single_bytes_unpack_to_nothing(service, line, to, read_all):
    service.script(EventsAnswer(["x" * 50], delivery=Delivery(gzip=True, piece=1)))
    assert read_all(line, to(service)) == ["x" * 50, "[DONE]"]


def test_d8_gzip_corrupt_at_its_start(service, chat_with, fails):
    service.on_request(lambda request: Answer("Hello", delivery=Delivery(gzip=True, gzip_fault="start")))
    error = fails(lambda: list(chat_with(service).stream("a")), APIResponseError, "gzip", "after 3 attempts")
    assert (error.kind, len(service.requests)) == ("encoding", 3)


@pytest.mark.parametrize("fault", ["middle", "truncated"])
def test_d8_gzip_corrupt_midway_or_truncated(fault, service, chat_with, fails):
    how = Delivery(gzip=True, gzip_fault=fault)
    service.script(Answer(["Hello ", "big ", "world"], finish_reason=None, done=False, delivery=how))
    chat = chat_with(service)
    fails(lambda: list(chat.stream("a")), StreamInterruptedError, service.origin[7:])
    assert chat.last_turn().text.startswith("Hello ")
    assert (chat.last_turn().interrupted is not None, len(service.requests)) == (True, 1)


# --- size -----------------------------------------------------------------------------------------------------------


def bomb(start, mebibytes):
    packer = zlib.compressobj(9, wbits=31)
    yield packer.compress(start)
    for _ in range(mebibytes):
        yield packer.compress(b"x" * (1 << 20))
    yield packer.flush()


@pytest.fixture
def peak():
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1] >> 20
    tracemalloc.stop()


def test_d9_a_bomb_in_a_whole_body(service, line, to, fails, read_all, peak):
    wire = b"".join(bomb(b'{"a": "', 200))
    service.script(RawAnswer(wire, headers={"content-encoding": "gzip"}))
    error = fails(lambda: read_all(line, to(service)), APIResponseError, "larger than 64 MiB")
    assert (error.kind, error.retryable) == ("too_large", False)
    assert 60 < peak() < 80


def test_d9_a_bomb_in_a_stream(service, line, to, fails, read_all, peak):
    wire = b"".join(bomb(b"data: ", 200))
    service.script(RawAnswer(wire, content_type=EVENTS, headers={"content-encoding": "gzip"}))
    assert fails(lambda: read_all(line, to(service)), StreamError, "longer than").kind == "too_large"
    assert peak() < 150


def test_e9_an_endless_line(service, chat_with, fails):
    start = [b'data: {"choices": [{"delta": {"content": "Hello"}}]}\n\n', b"data: "]
    service.script(RawAnswer(itertools.chain(start, iter(lambda: b"x" * 65536, b"")), content_type=EVENTS))
    chat = chat_with(service)
    error = fails(lambda: list(chat.stream("a")), StreamError, "longer than 33,554,432 characters")
    assert (error.kind, len(service.requests), chat.last_turn().text) == ("too_large", 1, "Hello")
    assert service.requests[0].wait_disconnected()


@pytest.mark.parametrize("wire", ["plain", "bomb"])
def test_c25_of_an_error_body_a_mebibyte_is_read(wire, service, line, to):
    headers = {"content-encoding": "gzip"} if wire == "bomb" else {}
    body = b"".join(bomb(b"Oh dear", 50)) if wire == "bomb" else b"Oh dear" + b"x" * (5 << 20)
    service.script(ErrorAnswer(500, body, headers=headers))
    line.send(to(service))
    [piece] = line.receive().pieces
    assert piece.data.startswith("Oh dear")
    assert 1 << 20 <= len(piece.data) <= (1 << 20) + 64
    assert line.receive() is None


def test_c25_an_endless_error_body(service, chat_with, fails):
    service.script(RawAnswer(iter(lambda: b"oh dear " * 1000, b""), 500, content_type="text/plain"))
    error = fails(lambda: chat_with(service, max_retries=0).chat("a"), InternalServerError, "500", "oh dear")
    assert len(str(error)) < 1000
    assert service.requests[0].wait_disconnected()


def test_unknown_statuses_are_errors_as_well(service, chat_with, fails):
    service.script(ErrorAnswer(418, "short and stout"))
    fails(lambda: chat_with(service).chat("a"), APIStatusError, "418", "short and stout")
