"""Hanging up from another thread, in every phase of an exchange. Rows G6 and G8 of the fault catalogue."""

from __future__ import annotations

import ssl
import time

import pytest
import requests

from chatkit._errors import APITimeoutError, Cancelled
from chatkit._http.messages import TimeLimits
from chatkit._http.tap import HungUp, Tap
from chatkit._http.transport import RequestsLine, RequestsTransport
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, FakeService, RawAnswer

AT_ONCE = 0.2
FOR_EVER = Delivery(pause=30)


def cancelled(fails, act, since):
    error = fails(act, Cancelled, "The answer was cancelled (enough).")
    assert error.reason == "enough"
    assert since() < AT_ONCE


def test_before_send_nothing_is_sent(service, line, to, fails):
    line.hang_up("enough")
    fails(lambda: line.send(to(service)), Cancelled, "(enough)")
    assert (service.connections, line.hung_up) == (0, "enough")


class HungUpMeanwhile(RequestsLine):
    """Hung up by another thread just after it was looked whether it was."""

    def close(self):
        super().close()
        self.hang_up("enough")


def test_hanging_up_in_the_narrowest_moment_is_not_missed(service, transport, to, fails):
    line = HungUpMeanwhile(transport)
    fails(lambda: line.send(to(service)), Cancelled, "(enough)")
    assert service.connections == 0


def test_the_first_reason_stays(line):
    assert line.hung_up is None
    line.hang_up()
    line.hang_up("later")
    assert line.hung_up == "cancelled"


def test_g6_while_waiting_for_headers(service, line, to, fails, later):
    service.script(Answer("x", delivery=Delivery(pause_before_headers=30)))
    since = later(0.1, lambda: line.hang_up("enough"))
    cancelled(fails, lambda: line.send(to(service)), since)
    assert service.requests[0].wait_disconnected()


def test_g6_while_waiting_for_headers_on_a_connection_used_before(service, line, to, fails, later, read_all):
    service.script("one", Answer("x", delivery=Delivery(pause_before_headers=30)))
    read_all(line, to(service))
    line.release()
    since = later(0.1, lambda: line.hang_up("enough"))
    cancelled(fails, lambda: line.send(to(service)), since)
    assert service.connections == 1


def test_g6_while_sending_a_large_request(raw_server, line, to, fails, later):
    url = raw_server(lambda connection: time.sleep(0.5))
    since = later(0.1, lambda: line.hang_up("enough"))
    cancelled(fails, lambda: line.send(to(url, body=b"x" * (16 << 20))), since)


def test_g6_during_the_handshake(raw_server, line, to, fails, later):
    url = raw_server(lambda connection: time.sleep(0.5)).replace("http:", "https:")
    since = later(0.1, lambda: line.hang_up("enough"))
    cancelled(fails, lambda: line.send(to(url)), since)


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
@pytest.mark.parametrize("gzip", [False, True])
def test_g6_in_a_stalled_body(framing, gzip, service, line, to, fails, later):
    how = Delivery(stall_after=15 if gzip else 9, framing=framing, gzip=gzip)
    service.script(EventsAnswer(["x", "never"], delivery=how))
    line.send(to(service))
    since = later(0.1, lambda: line.hang_up("enough"))
    cancelled(fails, lambda: [line.receive() for _ in range(2)], since)
    assert service.requests[0].wait_disconnected()


def test_g6_in_a_stalled_body_over_tls(tls, line, to, fails, later, monkeypatch):
    context, chain = tls("IP:127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", chain)
    with FakeService(tls=context) as service:
        service.script(EventsAnswer(["x", "never"], delivery=FOR_EVER))
        line.send(to(service))
        assert line.receive().pieces[0].data == "x"
        # It drops the encryption first: what another thread is sending would go on in the clear.
        monkeypatch.setattr(ssl.SSLSocket, "shutdown", lambda *args: pytest.fail("the encryption was dropped"))
        since = later(0.1, lambda: line.hang_up("enough"))
        cancelled(fails, line.receive, since)
        assert service.requests[0].wait_disconnected()


@pytest.mark.parametrize("status", [200, 500])
def test_g6_in_a_stalled_whole_body(status, service, line, to, fails, later):
    # An error's body is otherwise taken as far as it goes.
    service.script(RawAnswer(b'{"message": "x"}', status, delivery=Delivery(stall_after=5)))
    line.send(to(service))
    since = later(0.1, lambda: line.hang_up("enough"))
    cancelled(fails, line.receive, since)


def test_g6_between_two_pieces(service, line, to, fails):
    service.script(EventsAnswer(["x", "never"], delivery=FOR_EVER))
    line.send(to(service))
    line.receive()
    hung_up_at = time.monotonic()
    line.hang_up("enough")
    assert service.requests[0].wait_disconnected()
    assert service.requests[0].disconnected_at - hung_up_at < 5
    fails(line.receive, Cancelled, "(enough)")


def test_g8_during_a_pause(line, fails, later):
    since = later(0.1, lambda: line.hang_up("enough"))
    cancelled(fails, lambda: line.pause(30), since)


def test_a_pause_lasts_as_long_as_it_should(line):
    started = time.monotonic()
    line.pause(0.1)
    assert 0.1 <= time.monotonic() - started < 3


def test_g8_in_a_chat_that_backs_off(service, chat_with, fails, later):
    service.script(ErrorAnswer(429, headers={"retry-after": "30"}))
    chat = chat_with(service)
    since = later(0.15, lambda: chat.cancel("enough"))
    cancelled(fails, lambda: chat.chat("a"), since)
    assert (len(chat), len(service.requests)) == (0, 1)


def test_g6_in_a_chat_the_text_so_far_is_kept(service, chat_with, later):
    service.script(EventsAnswer([{"choices": [{"delta": {"content": "Hello "}}]}, "never"], delivery=FOR_EVER))
    chat = chat_with(service)
    since = later(0.15, lambda: chat.cancel("enough"))
    parts = list(chat.stream("a"))
    assert since() < AT_ONCE
    assert (parts, chat.last_turn().interrupted) == (["Hello "], "enough")


def test_hanging_up_after_the_end_leaves_the_connection_to_others(service, transport, to, read_all):
    service.script("one", Answer("two", delivery=Delivery(pause_before_headers=0.15)))
    over, other = transport.line(), transport.line()
    read_all(over, to(service))
    # The body of `over` is read, so its connection is free already, although nobody took leave of it.
    over.hang_up("late")
    assert other.send(to(service)).status == 200
    assert service.connections == 1


def test_hanging_up_does_not_touch_another_lines_exchange(service, transport, to, read_all, later):
    service.script("one", EventsAnswer(["a", "b"], delivery=Delivery(pause=0.2)))
    over, other = transport.line(), transport.line()
    read_all(over, to(service))
    later(0.1, over.hang_up)
    assert read_all(other, to(service)) == ["a", "b", "[DONE]"]
    assert service.connections == 1


def test_g6_with_a_session_of_the_callers(service, to, fails, later):
    with requests.Session() as session:
        line = RequestsTransport(session).line()
        service.script(EventsAnswer(["x", "never"], delivery=FOR_EVER))
        line.send(to(service))
        line.receive()
        since = later(0.1, lambda: line.hang_up("enough"))
        cancelled(fails, line.receive, since)


def test_with_a_session_the_time_limits_hold(service, to, fails, read_all):
    with requests.Session() as session:
        line = RequestsTransport(session).line()
        service.script(EventsAnswer(["x", "never"], delivery=FOR_EVER))
        limits = TimeLimits(first_byte=5, idle=0.2)
        error = fails(lambda: read_all(line, to(service, limits=limits)), APITimeoutError, "within 0.2 s")
        assert error.phase == "idle"


def test_a_sessions_connection_is_given_back_without_the_limits_of_the_line(raw_server, read_slowly, to, read_all):
    url = raw_server(read_slowly)
    with requests.Session() as session:
        line = RequestsTransport(session).line()
        for _ in range(2):
            limits = TimeLimits(connect=5, first_byte=5, idle=0.1)
            assert read_all(line, to(url, body=b"x" * (16 << 20), limits=limits)) == ["{}"]
            line.release()


# --- the tap --------------------------------------------------------------------------------------------------------


class Wire:
    sock = None


def test_a_connection_made_after_hanging_up_is_given_up():
    tap = Tap()
    tap.cut()
    with pytest.raises(HungUp):
        tap.hold(Wire())


def test_a_response_that_comes_after_hanging_up_is_shut_down(service):
    tap = Tap()
    tap.cut()
    service.script(EventsAnswer(["x", "never"], delivery=FOR_EVER))
    answer = requests.post(f"{service.base_url}/chat/completions", json={"messages": []}, stream=True, timeout=5)
    tap.hold_response(answer.raw)
    assert service.requests[0].wait_disconnected()
    answer.close()
