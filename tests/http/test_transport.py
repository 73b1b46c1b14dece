"""The real line on real sockets: live on every framing, connections kept and dropped, and what is sent."""

from __future__ import annotations

import gc
import time
import warnings

import pytest

from chatkit._errors import APIConnectionError, APITimeoutError, ConfigError
from chatkit._http.messages import TimeLimits
from chatkit._http.opening import LazyTransport
from chatkit._http.transport import RequestsTransport
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, FakeService, RawAnswer

FRAMINGS = {
    "chunked": Delivery(pause=1.25),
    "close-delimited": Delivery(pause=1.25, framing="close"),
    "content-length": Delivery(pause=1.25, framing="length"),
    "gzip chunked": Delivery(pause=1.25, gzip=True),
    "gzip close-delimited": Delivery(pause=1.25, gzip=True, framing="close"),
    "gzip content-length": Delivery(pause=1.25, gzip=True, framing="length"),
    "byte by byte": Delivery(pause=1.25, piece=1),
}


def arrivals(line, request):
    """When each piece came, in seconds since the request was sent."""
    head = line.send(request)
    times = []
    while (batch := line.receive()) is not None:
        times += [batch.at - head.sent_at] * len(batch.pieces)
    return times


@pytest.mark.parametrize("framing", FRAMINGS)
def test_d7_d13_every_framing_is_live(framing, service, line, to):
    service.script(EventsAnswer(["x", "two"], done=False, delivery=FRAMINGS[framing]))
    first, second = arrivals(line, to(service))
    # All at once it would come if something held it back.
    assert second - first > 0.5


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json"])
def test_d4_events_of_a_wrong_type_are_live_too(content_type, service, line, to):
    answer = EventsAnswer(["x", "two"], done=False, content_type=content_type, delivery=Delivery(pause=1.25))
    service.script(answer)
    first, second = arrivals(line, to(service))
    assert second - first > 0.5


@pytest.mark.parametrize("framing", ["chunked", "close", "length"])
def test_events_sent_together_come_together(framing, service, line, to):
    service.script(EventsAnswer([str(n) for n in range(50)], delivery=Delivery(framing=framing, coalesce=True)))
    line.send(to(service))
    assert [piece.data for piece in line.receive().pieces] == [*map(str, range(50)), "[DONE]"]
    assert line.receive() is None


def test_d2_a_whole_answer_is_one_piece(service, line, to, read_all):
    service.script(RawAnswer(b'{"a": "\xc3\xa9"}'))
    assert read_all(line, to(service)) == ['{"a": "é"}']


def test_a_whole_answer_may_have_a_byte_order_mark(service, line, to, read_all):
    service.script(RawAnswer(b'\xef\xbb\xbf{"a": 1}', content_type=""))
    assert read_all(line, to(service)) == ['{"a": 1}']


def test_a_whole_answer_may_come_after_much_white_space(service, line, to, read_all):
    pieces = [b"\n" * 10] * 20 + [b'{"a": 1}']
    service.script(RawAnswer(pieces))
    assert read_all(line, to(service)) == ["\n" * 200 + '{"a": 1}']


def test_d12_chunks_win_over_a_content_length(service, line, to, read_all):
    service.script(EventsAnswer(["one"], headers={"content-length": "3"}))
    assert read_all(line, to(service)) == ["one", "[DONE]"]


# --- connections ----------------------------------------------------------------------------------------------------


def until_done(line, request):
    line.send(request)
    while (batch := line.receive()) is not None:
        if batch.pieces[-1].data == "[DONE]":
            return


def test_one_connection_serves_many_streams_left_at_done(service, line, to):
    for _ in range(5):
        service.script(EventsAnswer(["one"], delivery=Delivery(pause=0.002)))
        until_done(line, to(service))
        line.release()
    assert (service.connections, len(service.requests)) == (1, 5)


@pytest.mark.parametrize("framing", ["chunked", "length"])
@pytest.mark.parametrize("gzip", [False, True])
def test_one_connection_serves_every_kind_of_answer(framing, gzip, service, line, to, read_all):
    how = Delivery(framing=framing, gzip=gzip)
    for answer in (Answer("a", delivery=how), ErrorAnswer(429, delivery=how), RawAnswer(b"{}", delivery=how)) * 2:
        service.script(answer)
        read_all(line, to(service))
        line.release()
    assert (service.connections, len(service.requests)) == (1, 6)


def test_a_chat_keeps_its_connection_over_streams_whole_answers_and_errors(service, chat_with):
    chat = chat_with(service, max_retries=1)
    service.script("one", ErrorAnswer(500), "two", ErrorAnswer(400), "three")
    assert str(chat.chat("a")) == "one"
    assert "".join(chat.stream("b")) == "two"
    with pytest.raises(Exception, match="400"):
        chat.chat("c")
    assert "".join(chat.stream("d")) == "three"
    assert (service.connections, len(service.requests)) == (1, 5)


def test_b14_a_connection_closed_by_the_server_between_two_chats(service, chat_with):
    chat = chat_with(service, max_retries=0)
    service.script("one", "two")
    assert str(chat.chat("a")) == "one"
    service.drop_connections()
    time.sleep(0.05)
    assert str(chat.chat("b")) == "two"
    assert (service.connections, len(service.requests)) == (2, 2)


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_b14_after_a_kept_connection_a_fresh_one_is_tried_and_no_more(how, service, line, to, fails, read_all):
    service.script("one")
    service.on_request(lambda request: RawAnswer(b"{}", delivery=Delivery(cut_before_headers=how)))
    read_all(line, to(service))
    line.release()
    fails(lambda: line.send(to(service)), APIConnectionError, "before answering")
    assert (service.connections, len(service.requests)) == (2, 3)


def test_b14_no_other_fault_of_a_kept_connection_is_excused(service, line, to, fails, read_all):
    service.script("one", Answer("x", delivery=Delivery(pause_before_headers=30)))
    read_all(line, to(service))
    line.release()
    fails(lambda: line.send(to(service, limits=TimeLimits(first_byte=0.1))), APITimeoutError)
    assert (service.connections, len(service.requests)) == (1, 2)


def test_a_promised_connection_may_be_closed_after_the_answer(service, line, to, read_all):
    service.script(*[EventsAnswer(["one"], delivery=Delivery(hang_up=True))] * 2)
    for _ in range(2):
        assert read_all(line, to(service)) == ["one", "[DONE]"]
        line.release()
        time.sleep(0.02)
    assert service.connections == 2


def test_release_does_not_wait_for_a_body_that_does_not_end(service, line, to):
    service.script(EventsAnswer(["one", "[DONE]", "more"], done=False, delivery=Delivery(pause=30)))
    line.send(to(service))
    line.receive()
    started = time.monotonic()
    line.release()
    assert time.monotonic() - started < 3
    assert service.requests[0].wait_disconnected()


def test_release_does_not_read_for_ever(service, line, to):
    endless = iter(lambda: b": more and more\n" * 4096, b"")
    service.script(RawAnswer(endless, content_type="text/event-stream"))
    line.send(to(service))
    started = time.monotonic()
    line.release()
    assert time.monotonic() - started < 5
    assert service.requests[0].wait_disconnected()


def test_release_and_close_are_harmless_when_nothing_is_open(line):
    line.release()
    line.close()
    assert line.receive() is None


def test_g5_close_drops_the_connection_at_once(service, line, to):
    service.script(EventsAnswer(["one", "two"], delivery=Delivery(pause=30)))
    line.send(to(service))
    line.receive()
    closed_at = time.monotonic()
    line.close()
    assert service.requests[0].wait_disconnected()
    assert service.requests[0].disconnected_at - closed_at < 5
    assert line.receive() is None


def test_sending_again_drops_an_answer_left_half_read(service, line, to, read_all):
    service.script(EventsAnswer(["one", "two"], delivery=Delivery(pause=30)), EventsAnswer(["new"]))
    line.send(to(service))
    line.receive()
    assert read_all(line, to(service)) == ["new", "[DONE]"]
    assert service.requests[0].wait_disconnected()


@pytest.mark.parametrize("leave", ["close", "forget"])
def test_g10_nothing_is_left_open(leave, service, to):
    service.script(EventsAnswer(["one", "two"], delivery=Delivery(pause=30)), "whole")
    transport = RequestsTransport()
    for _ in range(2):
        line = transport.line()
        line.send(to(service))
        line.receive()
        if leave == "close":
            line.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        del line, transport
        gc.collect()
    assert service.requests[0].wait_disconnected()


# --- sending --------------------------------------------------------------------------------------------------------


def test_a_large_request_may_take_longer_than_connecting(raw_server, read_slowly, line, to, read_all):
    # 16 MiB do not fit into the sockets' buffers, so sending waits for the reader. The second time the connection
    # is an old one, whose last use was under the short limit of taking leave.
    url = raw_server(read_slowly)
    limits = TimeLimits(connect=0.15, first_byte=5, idle=0.15)
    for _ in range(2):
        assert read_all(line, to(url, body=b"x" * (16 << 20), limits=limits)) == ["{}"]
        line.release()


def test_templates_of_requests_are_kept_but_not_for_ever(service, transport, to, read_all):
    kept, line = {"X-Kept": "yes"}, transport.line()
    service.on_request(lambda request: RawAnswer(b"{}"))
    for _ in range(40):
        read_all(line, to(service, headers={"X-Made": "anew"}))
        read_all(line, to(service, headers=kept))
    assert len(transport._preparer._known) <= 32
    assert [request.headers.get("x-kept") for request in service.requests[:4]] == [None, "yes", None, "yes"]


def test_the_key_is_asked_for_at_every_attempt(service, chat_with):
    keys = iter(["first-key", "second-key"])
    service.script(ErrorAnswer(500), "good")
    assert str(chat_with(service, credentials=lambda: next(keys)).chat("a")) == "good"
    assert [request.headers["authorization"] for request in service.requests] == [
        "Bearer first-key",
        "Bearer second-key",
    ]


# --- opening --------------------------------------------------------------------------------------------------------


def test_a_transport_is_opened_at_the_first_line_and_only_once():
    lazy = LazyTransport()
    assert lazy._transport is None
    lines = [lazy.line(), lazy.line()]
    assert lines[0]._transport is lines[1]._transport is lazy._transport


@pytest.mark.parametrize("session", [object(), "session", FakeService, type("Client", (), {"send": print})()])
def test_what_is_no_session_is_refused_when_given(session):
    for make in (LazyTransport, RequestsTransport):
        with pytest.raises(ConfigError, match=r"`session` must be a requests.Session, not \w+\."):
            make(session)


def test_an_error_after_a_failed_connection_leaves_a_usable_line(service, closed_port, line, to, fails, read_all):
    fails(lambda: line.send(to(f"http://127.0.0.1:{closed_port}/v1")), APIConnectionError)
    service.script("good")
    assert len(read_all(line, to(service))) > 1
