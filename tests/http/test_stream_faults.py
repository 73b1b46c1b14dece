"""Answers that break while they arrive, by chat: rows E12, E13 and F1 to F8, their history and number of requests."""

from __future__ import annotations

import pytest

from chatkit._errors import APIConnectionError, APIResponseError, StreamInterruptedError
from chatkit.testing import Answer, Delivery, EventsAnswer, EventStyle

HELLO = {"choices": [{"delta": {"content": "Hello "}}]}
WORLD = {"choices": [{"delta": {"content": "world"}}]}
STOP = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
SIZE = len(b'data: {"choices":[{"delta":{"content":"Hello "}}]}\n\n')

BREAKS = {
    "F1 reset": Delivery(cut_after=SIZE, cut="rst", pause=0.02),
    "F1 reset, close-delimited": Delivery(cut_after=SIZE, cut="rst", framing="close", pause=0.02),
    "F2 no last chunk": Delivery(cut_after=SIZE),
    "F2 inside a chunk": Delivery(cut_after=SIZE + 9, cut="inside_chunk"),
    "F2 bad chunk size": Delivery(cut_after=SIZE, cut="bad_chunk_size"),
    "F2 short of its length": Delivery(cut_after=SIZE, framing="length"),
    "F2 no last chunk, gzip": Delivery(cut_after=75, gzip=True),
    "F3 clean end": Delivery(cut_after=SIZE, cut="clean"),
    "F3 clean end, close-delimited": Delivery(cut_after=SIZE, framing="close"),
    "F4 clean end inside an event": Delivery(cut_after=SIZE + 20, cut="clean"),
    "F4 inside an event, close-delimited": Delivery(cut_after=SIZE + 20, framing="close"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_stream_that_breaks_off(name, service, chat_with, fails):
    service.script(EventsAnswer([HELLO, WORLD, STOP], delivery=BREAKS[name]), "Good again")
    chat, heard = chat_with(service), []
    error = fails(lambda: heard.extend(chat.stream("a")), StreamInterruptedError, "after 6 characters")
    assert (error.kind, error.retryable, len(service.requests)) == ("interrupted", False, 1)
    assert (heard, chat.last_turn().text) == (["Hello "], "Hello ")
    assert chat.last_turn().interrupted is not None
    # The chat goes on, on a connection that is fit for it.
    assert str(chat.chat("b")) == "Good again"


@pytest.mark.parametrize("name", [name for name in BREAKS if "F1" in name or "F2" in name])
def test_f7_a_stream_that_breaks_before_any_event(name, service, chat_with, fails):
    how = BREAKS[name]
    cut = Delivery(cut_after=0, cut=how.cut, framing=how.framing, gzip=how.gzip)
    service.on_request(lambda request: EventsAnswer([HELLO, STOP], delivery=cut))
    chat = chat_with(service)
    error = fails(lambda: list(chat.stream("a")), APIConnectionError, "after 3 attempts")
    assert error.kind in ("reset", "protocol")
    assert (len(service.requests), len(chat)) == (3, 0)


def test_f7_a_clean_end_before_any_event(service, chat_with, fails):
    service.script(EventsAnswer([], done=False), EventsAnswer([HELLO, STOP]))
    assert "".join(chat_with(service).stream("a")) == "Hello "
    assert len(service.requests) == 2


def test_f5_a_finish_reason_without_done(service, chat_with):
    service.script(EventsAnswer([HELLO, STOP], done=False))
    chat = chat_with(service)
    assert "".join(chat.stream("a")) == "Hello "
    assert chat.last_turn().finish_reason == "stop"


def test_f6_done_without_a_finish_reason(service, chat_with):
    service.script(EventsAnswer([HELLO]))
    chat = chat_with(service)
    assert "".join(chat.stream("a")) == "Hello "
    assert (chat.last_turn().finish_reason, chat.last_turn().interrupted) == ("unknown", None)


@pytest.mark.parametrize("events", [[], [b": ping\n\n"] * 3])
def test_f8_nothing_but_done_or_comments(events, service, chat_with, fails):
    service.on_request(lambda request: EventsAnswer(events))
    error = fails(lambda: list(chat_with(service).stream("a")), APIResponseError, "no content", "'m'")
    assert error.kind == "empty"


def test_e12_a_last_event_without_its_blank_line(service, chat_with, fails):
    service.script(EventsAnswer([HELLO, STOP], done=False, style=EventStyle(last="line")))
    fails(lambda: list(chat_with(service).stream("a")), StreamInterruptedError, "after 6 characters")


@pytest.mark.parametrize("last", ["line", "nothing"])
@pytest.mark.parametrize("space", [True, False])
def test_e13_a_last_done_without_its_line_end(last, space, service, chat_with):
    service.script(EventsAnswer([HELLO], style=EventStyle(last=last, space_after_colon=space)))
    assert "".join(chat_with(service).stream("a")) == "Hello "


STYLES = {
    "E2 crlf": EventStyle(newline="\r\n"),
    "E2 cr": EventStyle(newline="\r"),
    "E2 byte order mark": EventStyle(bom=True),
    "E2 no space": EventStyle(space_after_colon=False),
    "E7 comments": EventStyle(comment="keep-alive"),
    "E10 data in several lines": EventStyle(multiline=True),
    "E11 other fields": EventStyle(fields=("id: 7", "retry: 10", "event: message", "x: y")),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("piece", [None, 1])
def test_any_spelling_gives_the_same_text(style, piece, service, chat_with):
    # E3 and E4: odd line breaks stay in the text, and an emoji may be cut at every byte.
    text = ["Grüße\u2028\u2029\x85\x0b\x0c", "👩‍🚀 und \x1c\x1d\x1e", "{} [DONE]"]
    service.script(Answer(text, style=STYLES[style], delivery=Delivery(piece=piece)))
    assert "".join(chat_with(service).stream("a")) == "".join(text)


def test_e5_e6_invalid_utf_8_in_text_and_comment(service, chat_with):
    event = b': \xff\xfe\n\ndata: {"choices": [{"delta": {"content": "caf\xe9"}}]}\n\n'
    service.script(EventsAnswer([event, STOP]))
    assert "".join(chat_with(service).stream("a")) == "caf\ufffd"


def test_e7_10_000_comments_then_the_answer(service, chat_with):
    service.script(EventsAnswer([*[b": ping\n\n"] * 10_000, HELLO, STOP], delivery=Delivery(coalesce=True)))
    assert "".join(chat_with(service).stream("a")) == "Hello "
