"""Server-sent events: 114 cases of framing under every way of cutting, size, and the real way over HTTP.

What a chat cannot notice is not compared: ids and retry times, which serve to take up a broken stream again, and no
chat service offers that. The cases about them are run all the same, for their data. There is one deliberate
difference: a last line `data: [DONE]` without its line end counts, for it says beyond doubt that all has come (E13).
"""

from __future__ import annotations

import ast
import itertools
import json
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatkit._errors import APIResponseError, StreamError
from chatkit._http.sse import EventReader, looks_like_events, parse_block
from chatkit.testing import RawAnswer

_FILE = json.loads((Path(__file__).parent / "sse_cases.json").read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in _FILE["cases"]}
MIME_CASES = {case["id"]: case for case in _FILE["mime_cases"]}
UNNOTICED = {
    *("id-persists", "id-empty-resets", "id-no-colon-resets", "id-null-ignored", "id-null-only"),
    *("id-without-data-carries", "retry-leading-zero", "retry-bogus", "retry-negative", "retry-plus-underscore"),
    *("retry-empty", "retry-non-ascii-digits"),
}
DONE = [("message", "[DONE]")]


def data_of(case):
    return ast.literal_eval(case["input"])


def expected_of(case):
    events = [(event["event"], event["data"]) for event in case["expected"]]
    return events + DONE if case["id"] == "eof-done-unterminated" else events


def read(parts):
    reader = EventReader()
    pieces = [piece for part in parts for piece in reader.feed(part)] + reader.finish()
    return [(piece.event, piece.data) for piece in pieces]


def chunked(data, size):
    return [data[start : start + size] for start in range(0, len(data), size)]


def test_all_cases_are_here():
    assert (len(CASES), len(MIME_CASES)) == (114, 14)
    assert {name for name, case in CASES.items() if not case["affects_chat"]} == UNNOTICED


@pytest.mark.parametrize("name", CASES)
def test_e1_framing_under_any_cut(name):
    data, expected = data_of(CASES[name]), expected_of(CASES[name])
    for size in (1, 2, 3, 7, 64, len(data) or 1):
        assert read(chunked(data, size)) == expected, f"pieces of {size}"
    assert read([part for byte in chunked(data, 1) for part in (b"", byte, b"")]) == expected
    for split in range(len(data) + 1 if len(data) <= 400 else 0):
        assert read([data[:split], data[split:]]) == expected, f"split at {split}"


def test_e1_all_cases_over_one_real_connection(service, line, to, read_all):
    for name, case in CASES.items():
        service.script(RawAnswer(data_of(case), content_type="text/event-stream"))
        assert read_all(line, to(service)) == [data for _, data in expected_of(case)], name
        line.release()
    assert (service.connections, len(service.requests)) == (1, 114)


@pytest.mark.parametrize("name", MIME_CASES)
def test_e1_content_types(name, service, line, to, read_all, fails):
    case = MIME_CASES[name]
    media, treatment = case["content_type"] or "", case["treatment"]
    events, page = b"data: {}\n\ndata: [DONE]\n\n", b"<html><title>Sign in</title>"
    if treatment in ("accept", "sniff"):
        service.script(RawAnswer(events, content_type=media))
        assert read_all(line, to(service)) == ["{}", "[DONE]"]
    if treatment == "whole":
        service.script(RawAnswer(b' {"choices": []}', content_type=media))
        assert read_all(line, to(service)) == [' {"choices": []}']
    if treatment in ("sniff", "reject"):
        service.script(RawAnswer(page, content_type=media))
        error = fails(lambda: read_all(line, to(service)), APIResponseError, media.partition(";")[0], service.base_url)
        assert (error.kind, error.retryable) == ("content_type", False)


# --- size -----------------------------------------------------------------------------------------------------------


def test_e8_one_event_of_8_mib_in_pieces_of_1_kib():
    data = b"data: " + b"x" * (8 << 20) + b"\n\n"
    started = time.perf_counter()
    assert read(chunked(data, 1024)) == [("message", "x" * (8 << 20))]
    assert time.perf_counter() - started < 5


def test_100_000_lines_of_data_in_one_event_take_linear_time():
    lines = b"data: y\n" * 100_000
    reader = EventReader()
    started = time.perf_counter()
    assert [piece for part in chunked(lines, 4096) for piece in reader.feed(part)] == []
    assert [piece.data for piece in reader.feed(b"\n")] == ["\n".join("y" * 100_000)]
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("ending", ["\n", "\n\n", "\r\n", "\r"])
def test_e7_10_000_comment_lines_leave_memory_flat(ending):
    comment = f": keep-alive {'x' * 90}{ending}".encode()
    reader = EventReader()
    tracemalloc.start()
    try:
        for _ in range(10_000):
            assert reader.feed(comment) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 512 * 1024
    assert [piece.data for piece in reader.feed(b"data: a\n\n")] == ["a"]


def test_comments_within_a_long_event_are_dropped_and_its_data_is_kept():
    block = b"data: first\n" + b": ping\n" * 20_000 + b"event: late\ndata: last\n\n"
    assert read(chunked(block, 500)) == [("late", "first\nlast")]


def test_e9_an_endless_line_is_too_large():
    reader = EventReader(max_event=100_000)
    with pytest.raises(StreamError, match="longer than 100,000 characters") as caught:
        for fed in itertools.count(1000, 1000):
            reader.feed(b"x" * 1000)
            assert fed <= 100_000
    assert caught.value.kind == "too_large"


def test_e9_a_small_limit_is_kept_to_as_well():
    reader = EventReader(max_event=100)
    assert reader.feed(b"data: " + b"x" * 90) == []
    with pytest.raises(StreamError, match="longer than 100 characters"):
        reader.feed(b"x" * 10)


def test_e9_the_limit_is_that_of_one_event_not_of_all():
    reader = EventReader(max_event=1000)
    for _ in range(100):
        assert len(reader.feed(b"data: " + b"x" * 450)) == 0
        assert len(reader.feed(b"x" * 450 + b"\n\n")) == 1


def test_the_limit_does_not_grow_with_the_events_seen():
    reader = EventReader()
    reader.feed(b"data: ")
    for _ in range(64):
        reader.feed(b"x" * 65536)
    reader.feed(b"\n\n")
    for _ in range(2000):
        reader.feed(b": " + b"c" * 97 + b"\n")
    assert reader._size < 70_000


# --- single rules that the cases leave out --------------------------------------------------------------------------


@pytest.mark.parametrize("where", [0, 100, 299])
def test_the_last_type_counts_wherever_it_stands_in_a_long_event(where):
    lines = ["data: y"] * 300
    lines[where] = "event: mine"
    assert parse_block("\n".join(["event: other", *lines])) == [("\n".join("y" * 299), "mine")]


def test_an_empty_type_is_message_in_a_long_event():
    assert parse_block("\n".join(["event: x", *["data: y"] * 300, "event"]))[0].event == "message"


@pytest.mark.parametrize("start", ["data: x", "data:x", ": hi", ":", "event: a\n", "id: 1", "retry: 1", "\ufeffdata:"])
def test_the_beginning_of_events_is_known(start):
    assert looks_like_events(start)


@pytest.mark.parametrize("start", ["", "data", "{", "<html>", "dataset: x", "identity: y", "Date: today", "x:data:"])
def test_the_beginning_of_other_things_is_not_taken_for_events(start):
    assert not looks_like_events(start)


# --- any text, any cut ----------------------------------------------------------------------------------------------

_INKS = st.sampled_from(["data", "event", "id", ":", " ", "\n", "\r", "\r\n", "\n\n", "x", "é", "😀", "\ufeff", "\0"])
_STREAMS = st.one_of(
    st.lists(_INKS, max_size=60).map(lambda parts: "".join(parts).encode()),
    st.binary(max_size=80),
    st.text(max_size=40).map(str.encode),
)


@given(data=_STREAMS, cuts=st.lists(st.integers(0, 100), max_size=12))
@settings(max_examples=400, deadline=None)
def test_the_same_events_come_of_any_cut(data, cuts):
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parts = [data[start:end] for start, end in itertools.pairwise(places)]
    assert read(parts) == read([data])


def by_the_book(data):
    """The standard's own steps, one character at a time and without a thought to speed."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    events, name, buffer = [], "", ""
    for line in text.split("\n")[:-1]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if buffer:
                events.append((name or "message", buffer.removesuffix("\n")))
            name, buffer = "", ""
        elif field == "data":
            buffer += value + "\n"
        elif field == "event":
            name = value
    return events


@given(data=_STREAMS)
@settings(max_examples=400, deadline=None)
def test_the_events_are_those_of_the_standard(data):
    read_events = read([data])
    if data.rstrip(b"\r\n").endswith((b"data: [DONE]", b"data:[DONE]")):
        read_events = [event for event in read_events if event != DONE[0]]
    assert read_events == by_the_book(data)
