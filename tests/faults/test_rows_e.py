"""Group E of the fault catalogue: the framing of events, each row whole and through the real HTTP path."""

from __future__ import annotations

import json

import pytest

from chatkit import StreamError, StreamInterruptedError
from chatkit.testing import Answer, Delivery, EventsAnswer, EventStyle, RawAnswer


def stream_of(*events, **delivery):
    body = b"".join(
        event if isinstance(event, bytes) else f"data: {json.dumps(event)}\n\n".encode() for event in events
    )
    return RawAnswer(body, content_type="text/event-stream", delivery=Delivery(framing="chunked", **delivery))


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, None])
def test_e1_an_answer_in_pieces_of_any_size(stream_row, chunk, piece):
    # All 114 cases of framing, at every size of piece, are in tests/http/test_sse.py.
    stream_row(stream_of(chunk("Grüße, "), chunk("👩‍🚀"), chunk(finish="stop"), piece=piece), text="Grüße, 👩‍🚀")


STYLES = {
    "CRLF": EventStyle(newline="\r\n"),
    "CR": EventStyle(newline="\r"),
    "a byte order mark": EventStyle(bom=True),
    "no space": EventStyle(space_after_colon=False),
}


@pytest.mark.parametrize("style", STYLES)
def test_e2_other_line_ends_a_mark_and_no_space(stream_row, style):
    stream_row(Answer(["Hel", "lo\r\nyou"], style=STYLES[style]), text="Hello\r\nyou")


def test_e2_mixed_line_ends(stream_row, chunk):
    lines = [f"data: {json.dumps(event)}" for event in (chunk("a"), chunk("b"), chunk("c"), chunk(finish="stop"))]
    ends = ["\n\n", "\r\n\r\n", "\r\r", "\n\r\n"]
    body = "\ufeff" + "".join(line + end for line, end in zip(lines, ends, strict=True))
    stream_row(stream_of(body.encode()), text="abc")


def test_e3_other_line_breaks_are_text(stream_row, chunk):
    text = "a\u2028b\u2029c\x85d\x0be\x0cf"
    event = f"data: {json.dumps(chunk(text), ensure_ascii=False)}\n\n".encode()
    stream_row(stream_of(event, chunk(finish="stop")), text=text)


@pytest.mark.parametrize("cut", range(1, 12))
def test_e4_an_emoji_split_at_every_byte(stream_row, chunk, cut):
    event = f"data: {json.dumps(chunk('👩‍🚀'), ensure_ascii=False)}\n\n".encode()
    at = event.index("👩".encode()) + cut
    pieces = [event[:at], event[at:], f"data: {json.dumps(chunk(finish='stop'))}\n\n".encode()]
    stream_row(RawAnswer(pieces, content_type="text/event-stream"), text="👩‍🚀")


def test_e5_invalid_utf_8_in_text(stream_row, chunk):
    event = b'data: {"choices": [{"delta": {"content": "caf\xe9"}}]}\n\n'
    stream_row(stream_of(event, chunk(finish="stop")), text="caf\ufffd")


def test_e6_invalid_utf_8_in_a_comment(stream_row, chunk):
    stream_row(stream_of(b": \xff\xfe\n\n", chunk("Hello", finish="stop")), text="Hello")


def test_e7_ten_thousand_comments(stream_row, chunk):
    stream_row(stream_of(b": ping\n\n" * 10_000, chunk("Hello", finish="stop")), text="Hello")


def test_e8_one_event_of_8_mib(stream_row, chunk):
    text = "x" * (8 << 20)
    stream_row(stream_of(chunk(text, finish="stop"), piece=65536), text=text)


def test_e9_a_line_without_end(stream_row, chunk):
    def body():
        yield f"data: {json.dumps(chunk('Hello'))}\n\ndata: ".encode()
        while True:
            yield b"x" * (1 << 20)

    answer = RawAnswer(body(), content_type="text/event-stream")
    stream_row(answer, raises=StreamError, names=["33,554,432"], history="HP", text="Hello")


def test_e10_an_event_in_several_data_lines(stream_row):
    stream_row(Answer(["Hel", "lo"], style=EventStyle(multiline=True)), text="Hello")


def test_e11_other_fields(stream_row):
    fields = ("id: 7", "retry: 10", "event: message", "x: y", "z")
    stream_row(Answer(["Hel", "lo"], style=EventStyle(fields=fields)), text="Hello")


def test_e12_a_last_event_without_its_blank_line(stream_row, chunk):
    style = EventStyle(last="line")
    stream_row(
        EventsAnswer([chunk("Hello "), chunk("you", finish="stop")], done=False, style=style),
        raises=StreamInterruptedError,
        names=["ended without a finish reason", "after 6 characters"],
        history="HP",
        text="Hello ",
    )


@pytest.mark.parametrize("last", ["line", "nothing"])
def test_e13_a_last_done_without_its_line_end(stream_row, chunk, last):
    stream_row(EventsAnswer([chunk("Hello")], style=EventStyle(last=last)), text="Hello")
