"""The time limits: what each of them bounds, and what its error says. Rows G1 to G4, and bodies of errors (C26)."""

from __future__ import annotations

import math
import time

import pytest

from chatkit._errors import APITimeoutError, InternalServerError, RateLimitError
from chatkit._http.messages import TimeLimits
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, RawAnswer

STALL = Delivery(stall_after=10)


def took(started):
    return time.monotonic() - started


def test_g1_headers_never_sent(service, line, to, fails):
    service.script(Answer("x", delivery=Delivery(pause_before_headers=30)))
    started = time.monotonic()
    words = (service.origin[7:], "did not begin to answer within 0.2 s", "TimeLimits(first_byte=...)")
    error = fails(lambda: line.send(to(service, limits=TimeLimits(first_byte=0.2))), APITimeoutError, *words)
    assert (error.phase, error.retryable) == ("headers", True)
    assert 0.15 < took(started) < 3
    assert service.requests[0].wait_disconnected()


def test_g1_is_tried_again(service, chat_with, fails):
    service.on_request(lambda request: Answer("x", delivery=Delivery(pause_before_headers=30)))
    chat = chat_with(service, timeout=0.1)
    error = fails(lambda: chat.chat("a"), APITimeoutError, "after 3 attempts")
    assert (error.phase, len(service.requests), len(chat)) == ("headers", 3, 0)


@pytest.mark.parametrize("kind", ["events", "whole", "unknown"])
@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
def test_g2_a_stall_in_the_body(kind, framing, service, line, to, fails, read_all):
    body, media = (b"data: x\n\n" * 9, "text/event-stream") if kind == "events" else (b'{"a": "bcdef"}', "text/plain")
    media = "application/json" if kind == "whole" else media
    service.script(RawAnswer(body, content_type=media, delivery=Delivery(stall_after=10, framing=framing)))
    started = time.monotonic()
    words = ("sent nothing within 0.1 s", "TimeLimits(idle=...)")
    error = fails(lambda: read_all(line, to(service, limits=TimeLimits(idle=0.1))), APITimeoutError, *words)
    assert (error.phase, error.retryable) == ("idle", False)
    assert 0.08 < took(started) < 3
    assert service.requests[0].wait_disconnected()


def test_g2_in_a_chat_the_text_so_far_is_kept(service, chat_with, fails):
    service.script(EventsAnswer([{"choices": [{"delta": {"content": "Hello "}}]}, "late"], delivery=Delivery(pause=30)))
    chat = chat_with(service, timeout=0.2)
    error = fails(lambda: list(chat.stream("a")), APITimeoutError, "sent nothing within 0.2 s")
    assert (error.phase, len(service.requests)) == ("idle", 1)
    assert (chat.last_turn().text, chat.last_turn().interrupted is not None) == ("Hello ", True)


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_g3_comments_for_ever_meet_the_progress_limit(framing, service, line, to, fails, read_all):
    ping = Delivery(stall_after=9, stall=9, keepalive=b": ping\n\n", keepalive_every=0.04, framing=framing)
    service.script(EventsAnswer(["x", "late"], delivery=ping))
    started = time.monotonic()
    limits = TimeLimits(idle=0.1, progress=0.3)
    words = ("sent no event within 0.3 s", "TimeLimits(progress=...)")
    error = fails(lambda: read_all(line, to(service, limits=limits)), APITimeoutError, *words)
    assert (error.phase, error.retryable) == ("progress", False)
    assert 0.28 < took(started) < 3


def test_g3_events_keep_the_progress_limit_at_bay(service, line, to, read_all):
    service.script(EventsAnswer(["a", "b", "c", "d", "e"], delivery=Delivery(pause=0.1)))
    assert len(read_all(line, to(service, limits=TimeLimits(progress=0.25)))) == 6


@pytest.mark.parametrize("delivery", [Delivery(pause=0.04), Delivery(piece=1, pause=0.04, gzip=True)])
def test_g4_a_slow_drip_past_the_total_limit(delivery, service, line, to, fails, read_all):
    service.script(EventsAnswer((str(n) for n in range(1000)), delivery=delivery))
    started = time.monotonic()
    words = ("did not finish its answer within 0.3 s", "TimeLimits(total=...)")
    error = fails(lambda: read_all(line, to(service, limits=TimeLimits(total=0.3))), APITimeoutError, *words)
    assert (error.phase, error.retryable) == ("total", False)
    assert 0.28 < took(started) < 3


@pytest.mark.parametrize("limits", [TimeLimits(total=0.2), TimeLimits(total=0.2, first_byte=None)])
def test_g4_the_total_limit_counts_while_waiting_for_headers(limits, service, line, to, fails):
    service.script(Answer("x", delivery=Delivery(pause_before_headers=30)))
    words = ("did not finish its answer within 0.2 s",)
    error = fails(lambda: line.send(to(service, limits=limits)), APITimeoutError, *words)
    assert error.phase == "total"


def test_the_limit_named_is_the_one_that_ran_out(service, line, to, fails, read_all):
    # When the wait of 0.2 s is over, less than that is left of the other limit, too.
    service.script(EventsAnswer(["x", "late"], delivery=Delivery(pause=30)))
    limits = TimeLimits(idle=0.2, progress=0.3, total=0.35)
    error = fails(lambda: read_all(line, to(service, limits=limits)), APITimeoutError, "within 0.2 s")
    assert error.phase == "idle"


def test_time_that_the_caller_takes_counts_towards_the_total(service, line, to, fails):
    service.script(EventsAnswer(["a", "b"], done=False, delivery=Delivery(pause=0.05)))
    line.send(to(service, limits=TimeLimits(total=0.2)))
    line.receive()
    time.sleep(0.25)
    assert fails(line.receive, APITimeoutError, "did not finish").phase == "total"


def test_without_limits_nothing_runs_out(service, line, to, read_all):
    none = TimeLimits(connect=None, first_byte=None, idle=None)
    service.script(EventsAnswer(["a", "b"], delivery=Delivery(pause=0.1, pause_before_headers=0.1)))
    assert read_all(line, to(service, limits=none)) == ["a", "b", "[DONE]"]


# --- bodies of errors -----------------------------------------------------------------------------------------------

MISSING = "[the rest of the answer did not arrive]"
BROKEN = {
    "C26 stalls": Delivery(stall_after=18),
    "C26 stalls, chunked": Delivery(stall_after=18, framing="chunked"),
    "C26 is cut": Delivery(cut_after=18),
    "C26 is cut, chunked": Delivery(cut_after=18, framing="chunked"),
    "C26 is cut inside a chunk": Delivery(cut_after=18, framing="chunked", cut="inside_chunk"),
    "C26 is reset": Delivery(cut_after=18, cut="rst", framing="close"),
    "C26 bad chunk size": Delivery(cut_after=18, framing="chunked", cut="bad_chunk_size"),
    "C26 bad gzip": Delivery(gzip=True, gzip_fault="start"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_c26_a_broken_error_body_is_told_as_far_as_it_came(name, service, line, to):
    service.script(ErrorAnswer(500, "Out of memory, and further words", delivery=BROKEN[name]))
    assert line.send(to(service, limits=TimeLimits(idle=0.15))).status == 500
    [piece] = line.receive().pieces
    assert piece.data.endswith(MISSING)
    assert "gzip" in name or piece.data.startswith("Out of memory, and")
    # There is one piece, even though the body never came to its end.
    assert line.receive() is None


def test_c26_in_a_chat_the_status_counts(service, chat_with, fails):
    service.on_request(lambda request: ErrorAnswer(503, "Overloaded at the moment", delivery=STALL))
    error = fails(lambda: chat_with(service, timeout=0.1).chat("a"), InternalServerError, "503", "Overloaded")
    assert (error.attempts, len(service.requests)) == (3, 3)
    assert "did not arrive" in str(error.body)


def test_c26_nobody_waits_long_for_the_body_of_an_error(service, chat_with, fails, monkeypatch):
    monkeypatch.setattr("chatkit._http.incoming._ERROR_PATIENCE", 0.2)
    drip = Delivery(stall_after=10, stall=math.inf, keepalive=b".", keepalive_every=0.03, framing="chunked")
    service.script(ErrorAnswer(429, "Too many requests", delivery=drip))
    started = time.monotonic()
    fails(lambda: chat_with(service, max_retries=0).chat("a"), RateLimitError, "429")
    assert took(started) < 3


def test_c26_the_callers_own_limit_may_be_shorter_still(service, line, to):
    service.script(ErrorAnswer(500, "Out of memory", delivery=STALL))
    started = time.monotonic()
    line.send(to(service, limits=TimeLimits(total=0.2)))
    assert line.receive().pieces[0].data.endswith(MISSING)
    assert took(started) < 3
