"""What went wrong while a conversation was recorded goes wrong in the same way when it is replayed."""

import threading

import pytest

from chatkit import TimeLimits
from chatkit.testing import Answer, Delivery, ErrorAnswer, FakeService, record, replay


def test_retries(twice, monkeypatch, chat_with):
    monkeypatch.setattr("chatkit._http.retry._FIRST_WAIT", 0.001)
    waits = ErrorAnswer(429, headers={"retry-after": "0.01"})
    cut = Answer("never", delivery=Delivery(cut_before_headers="rst"))
    talk = twice(lambda url: str(chat_with(url, max_retries=3).chat("Hi")), waits, ErrorAnswer(503), cut, "At last.")
    assert talk == "At last."


@pytest.mark.parametrize(
    "answer",
    [
        ErrorAnswer(401, {"error": {"message": "no such key"}}),
        ErrorAnswer(500, "a page", headers={"x-request-id": "r1"}),
        ErrorAnswer(404),
        Answer("x", delivery=Delivery(cut_before_headers="fin")),
        Answer("x", delivery=Delivery(cut_before_headers="rst")),
        Answer("x", delivery=Delivery(status_line=b"no http")),
        Answer("x" * 999, delivery=Delivery(cut_after=100)),
        Answer("x" * 999, delivery=Delivery(cut_after=100, cut="rst")),
        Answer("x" * 999, delivery=Delivery(gzip=True, gzip_fault="middle")),
        Answer("x" * 999, delivery=Delivery(gzip=True, gzip_fault="start")),
        ErrorAnswer(500, "x" * 999, delivery=Delivery(cut_after=100)),
    ],
)
def test_errors(twice, answer, chat_with, error_of):
    twice(lambda url: error_of(lambda: chat_with(url).chat("Hi")), answer)


@pytest.mark.parametrize("framing", ["chunked", "close", "length"])
@pytest.mark.parametrize("cut", ["fin", "rst", "clean"])
@pytest.mark.parametrize("after", [0, 10, 400])
def test_streams_that_are_cut(twice, framing, cut, after, chat_with, told):
    answer = Answer(["one ", "two ", "three "], delivery=Delivery(cut_after=after, cut=cut, framing=framing))
    events = twice(lambda url: told(chat_with(url).stream("Hi")), answer)
    assert isinstance(events[-1], tuple)


@pytest.mark.parametrize("cut", ["inside_chunk", "bad_chunk_size"])
def test_streams_that_are_cut_in_their_framing(twice, cut, chat_with, told):
    answer = Answer(["one ", "two ", "three "], delivery=Delivery(cut_after=400, cut=cut, framing="chunked"))
    events = twice(lambda url: told(chat_with(url).stream("Hi")), answer)
    assert isinstance(events[-1], tuple)


def test_a_server_that_falls_silent(twice, chat_with, told):
    limits = TimeLimits(connect=5, first_byte=5, idle=0.3)
    answer = Answer(["one ", "two "], delivery=Delivery(stall_after=300))
    events = twice(lambda url: told(chat_with(url, timeout=limits).stream("Hi")), answer)
    assert events[-1][0] == "APITimeoutError"


def test_a_server_that_does_not_begin(twice, chat_with, error_of):
    limits = TimeLimits(connect=5, first_byte=0.2, idle=5)
    answer = Answer("late", delivery=Delivery(pause_before_headers=30))
    kind, text = twice(lambda url: error_of(lambda: chat_with(url, timeout=limits).chat("Hi")), answer)
    assert (kind, "did not begin to answer" in text) == ("APITimeoutError", True)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/v1", "http://no-such-host.invalid/v1", "https://127.0.0.1:PORT/v1"]
)
def test_servers_that_cannot_be_reached(tmp_path, url, chat_with, error_of):
    with FakeService() as service:
        url = url.replace("PORT", service.origin.rpartition(":")[2])
        with record(tmp_path / "tape.jsonl"):
            first = error_of(lambda: chat_with(url).chat("Hi"))
    with replay(tmp_path / "tape.jsonl"):
        assert error_of(lambda: chat_with(url).chat("Hi")) == first


def test_leaving_a_stream_early(twice, chat_with):
    def talk(url):
        chat = chat_with(url)
        heard = []
        for piece in chat.stream("Hi"):
            heard.append(piece)
            if len(heard) == 2:
                break
        return heard, chat.last_turn().text, chat.last_turn().interrupted, str(chat.chat("Go on"))

    answer = Answer(["one ", "two ", "three ", "four "], delivery=Delivery(pause=0.05))
    assert twice(talk, answer, "Gone on.")[0] == ["one ", "two "]


def test_cancelling_from_another_thread(twice, chat_with):
    def talk(url):
        stream = chat_with(url).stream("Hi")
        heard = [next(stream)]
        timer = threading.Timer(0.2, stream.cancel)
        timer.start()
        heard += list(stream)
        timer.join()
        return heard, stream.turn.interrupted

    heard, reason = twice(talk, Answer(["one ", "two "], delivery=Delivery(stall_after=450)))
    assert (heard[0], reason) == ("one ", "cancelled")


def test_a_reader_who_waits_for_less_than_the_recording_is_timed_out(tmp_path, chat_with, told, error_of):
    path = tmp_path / "tape.jsonl"
    with FakeService() as service, record(path):
        service.script(
            Answer(["one ", "two "], delivery=Delivery(pause=0.4)),
            Answer("x", delivery=Delivery(pause_before_headers=0.4)),
        )
        list(chat_with(service.base_url).stream("Hi"))
        chat_with(service.base_url).chat("Ho")
    hasty = TimeLimits(connect=5, first_byte=0.1, idle=0.1)
    with replay(path, speed=1, strict=False):
        events = told(chat_with(service.base_url, timeout=hasty).stream("Hi"))
        assert "sent nothing within 0.1 s" in str(events[-1])
        assert "did not begin" in error_of(lambda: chat_with(service.base_url, timeout=hasty).chat("Ho"))[1]
