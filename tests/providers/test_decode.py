"""Answers at value level: the pieces of a stream or a whole body in, events, a turn or an error out."""

from __future__ import annotations

import json
import sys
import time

import pytest

from chatkit._http.messages import Head, Piece
from chatkit._providers.decode import ChatDecoder
from chatkit._turns.contents import ContentText, ContentThinking, ContentToolRequest
from chatkit._turns.events import TextDelta, ThinkingDelta, ToolInputDelta
from chatkit._turns.turns import Usage

URL = "https://host.example/v1/chat/completions"
SMILE = "\U0001f600"


def head(**headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Head(200, given, URL, sent_at=10.0, redact=lambda text: text.replace("sk-secret", "[key]"))


@pytest.fixture(params=["pydantic_core", "json"])
def reader(request, monkeypatch):
    """Both readers of JSON must tell the same."""
    if request.param == "json":
        monkeypatch.delitem(sys.modules, "pydantic_core", raising=False)
    else:
        pytest.importorskip("pydantic_core")


def chunk(delta=None, finish=None, /, **more):
    return {"id": "r1", "model": "served", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def text(content, finish=None):
    return chunk({"content": content}, finish)


def whole(message, finish="stop", **more):
    return {
        "id": "r1",
        "model": "served",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        **more,
    }


def feed(decoder, *pieces):
    """Feed pieces: texts as they are, anything else as JSON; gives the events."""
    events = []
    for piece in pieces:
        if not isinstance(piece, Piece):
            piece = Piece(piece if isinstance(piece, str) else json.dumps(piece))
        decoder.at += 0.5
        events += decoder.feed(piece)
    return events


def decode(*pieces, **headers):
    decoder = ChatDecoder(head(**headers), "asked")
    events = feed(decoder, *pieces)
    turn = decoder.finish()
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == turn.text
    assert "".join(event.thinking for event in events if isinstance(event, ThinkingDelta)) == turn.thinking
    return turn


DONE = "[DONE]"
STOP = chunk({}, "stop")
CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
REQUEST = ContentToolRequest("c1", "add", {"a": 1})

# Each row: what arrives, and the text, the thinking and the tool requests of the turn.
TOLERATED = {
    "deltas equal to the text so far": (
        [text("ha"), text("ha"), text("\n"), text("\n"), text("1"), text("1"), STOP],
        "haha\n\n11",
    ),
    "role first": ([chunk({"role": "assistant", "content": ""}), text("a"), STOP, DONE], "a"),
    "role in every delta": ([chunk({"role": "assistant", "name": "x", "content": c}) for c in "ab"] + [STOP], "ab"),
    "null fields": (
        [
            text("a"),
            chunk({"content": None, "tool_calls": None, "refusal": None, "function_call": None}),
            text("b"),
            STOP,
        ],
        "ab",
    ),
    "empty deltas": ([chunk({}), text("a"), chunk({}), chunk({}, "stop")], "a"),
    "delta null or missing": ([chunk(None), {"choices": [{"index": 0}]}, text("a"), STOP], "a"),
    "choices empty, null, missing": ([{"choices": []}, {"choices": None}, {"id": "x"}, text("a"), STOP], "a"),
    "an unknown key": ([{**text("a"), "sla_metrics": {"x": 1}, "seed": 2**60}, STOP], "a"),
    "a repeated text field": (
        [{"choices": [{"index": 0, "text": "a", "delta": {"token_id": 1, "content": "a"}}]}, STOP],
        "a",
    ),
    "delta and message": ([{"choices": [{"delta": {"content": "a"}, "message": {"content": "whole"}}]}, STOP], "a"),
    "the end with the last text": ([text("a"), text("b", "stop")], "ab"),
    "no [DONE]": ([text("a"), STOP], "a"),
    "only [DONE], no finish reason": ([text("a"), DONE], "a"),
    "an empty finish reason and [DONE]": ([text("a", ""), chunk({}, ""), DONE], "a"),
    "data after [DONE]": ([text("a"), STOP, DONE, text("never"), "no JSON"], "a"),
    "[DONE] with more": ([text("a"), "[DONE] "], "a"),
    "empty data": (["", " \n", text("a"), STOP], "a"),
    "two choices": (
        [{"choices": [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]}, STOP],
        "a",
    ),
    "choices without an index": (
        [{"choices": [{"delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}]}, STOP],
        "a",
    ),
    "no choice of index 0": ([text("a"), {"choices": [{"index": 1, "delta": {}}, {"index": 2}]}, STOP], "a"),
    "choices that are none": ([{"choices": ["x"]}, {"choices": [None, 3]}, text("a"), STOP], "a"),
    "error null": ([{**text("a"), "error": None}, STOP], "a"),
    "content in parts": ([text([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), STOP], "ab"),
    "a refusal": ([chunk({"refusal": "I can"}), chunk({"refusal": "not."}), STOP], "I cannot."),
    "a surrogate pair in two": ([text("\ud83d"), text("\ude00"), STOP], SMILE),
    "half a surrogate pair": ([text("a\ud83d"), STOP], "a\ufffd"),
    "half a surrogate pair in a refusal": ([chunk({"refusal": "a\ud83d"}), STOP], "a\ufffd"),
    "control characters": ([text("\x00\x1b]52;c;x\x07"), STOP], "\x00\x1b]52;c;x\x07"),
    "a special token at the end": ([text("a"), text("</s>", "eos_token")], "a"),
    "a special token that the finish reason does not tell of": ([text("a"), text("</s>", "stop")], "a</s>"),
    "whole": ([whole({"role": "assistant", "content": "a", "tool_calls": [], "audio": None})], "a"),
    "reasoning": ([chunk({"reasoning": "H"}), chunk({"reasoning": "m"}), text("a"), STOP], "a", "Hm"),
    "reasoning_content": ([chunk({"reasoning_content": "Hm"}), text("a"), STOP], "a", "Hm"),
    "both at once are not doubled": (
        [chunk({"reasoning": "Hm", "reasoning_content": "Hm"}), text("a"), STOP],
        "a",
        "Hm",
    ),
    "both null": ([chunk({"reasoning": None, "reasoning_content": None, "content": "a"}), STOP], "a"),
    "both empty next to content": ([chunk({"reasoning": "", "reasoning_content": "", "content": "a"}), STOP], "a"),
    "reasoning and content in one": ([chunk({"reasoning": "Hm", "content": "a"}), STOP], "a", "Hm"),
    "reasoning as an object": ([chunk({"reasoning": {"text": "Hm"}, "content": "a"}), STOP], "a", "Hm"),
    "reasoning alone": ([chunk({"reasoning": "Hm"}, "stop")], "", "Hm"),
    "whole reasoning": ([whole({"content": "a", "reasoning": "Hm"})], "a", "Hm"),
    "whole reasoning alone": ([whole({"content": None, "reasoning_content": "Hm"})], "", "Hm"),
    "inline thoughts": ([text("<thi"), text("nk>\nH"), text("m</thi"), text("nk>\n\na"), STOP], "a", "Hm"),
    "inline thoughts, whole": ([whole({"content": "<think>\nHm\n</think>\n\na"})], "a", "Hm\n"),
    "inline thoughts, never closed": ([text("<think>Hm"), chunk({}, "length")], "", "Hm"),
    "thinking parts": (
        [text([{"type": "thinking", "thinking": [{"text": "Hm"}]}, {"type": "text", "text": "a"}]), STOP],
        "a",
        "Hm",
    ),
    "what looked like a tag, held until the end": ([text("<thi"), DONE], "<thi"),
    "what looked like a tag, held until the reason": ([text("<thi", "stop")], "<thi"),
    "a call first": ([chunk({"tool_calls": [CALL]}), chunk({}, "tool_calls")], "", "", [REQUEST]),
    "text and a call": ([text("a"), chunk({"content": None, "tool_calls": [CALL]}, "stop")], "a", "", [REQUEST]),
    "a call next to empty content": ([chunk({"content": "", "tool_calls": [CALL]}, "tool_calls")], "", "", [REQUEST]),
    "an object for a list": ([chunk({"tool_calls": CALL}, "tool_calls")], "", "", [REQUEST]),
    "a whole call": ([whole({"content": None, "tool_calls": [CALL]}, "tool_calls")], "", "", [REQUEST]),
    "a whole call, content missing": ([whole({"tool_calls": [CALL]}, "tool_calls")], "", "", [REQUEST]),
}


@pytest.mark.parametrize("row", TOLERATED.values(), ids=TOLERATED)
def test_what_is_tolerated(row, reader):
    pieces, said, thought, requests = row + ("", [])[len(row) - 2 :]
    turn = decode(*pieces)
    contents = [*([ContentThinking(thought)] if thought else []), *([ContentText(said)] if said else []), *requests]
    assert turn.contents == tuple(contents)


LEGACY = {"name": "add", "arguments": '{"a": 1}'}


@pytest.mark.parametrize(
    "pieces",
    [
        [
            chunk({"function_call": {"name": "add", "arguments": '{"a"'}}),
            chunk({"function_call": {"arguments": ": 1}"}}),
            STOP,
        ],
        [whole({"content": None, "function_call": LEGACY}, "function_call")],
        [whole({"content": None, "tool_calls": None, "function_call": LEGACY}, "function_call")],
        [whole({"content": None, "tool_calls": [], "function_call": LEGACY}, "function_call")],
    ],
    ids=["streamed", "whole", "tool_calls null", "tool_calls empty"],
)
def test_the_older_way_to_call_a_function(pieces):
    (request,) = decode(*pieces).tool_requests
    assert (request.name, request.arguments) == ("add", {"a": 1})
    assert request.id.startswith("call_")


def test_two_interleaved_calls_keep_their_order():
    calls = [{**CALL, "id": "c1"}, {**CALL, "id": "c2", "index": 1}]
    turn = decode(chunk({"tool_calls": calls}), chunk({}, "tool_calls"))
    assert [request.id for request in turn.tool_requests] == ["c1", "c2"]


def test_events_are_told_in_order():
    decoder = ChatDecoder(head(), "asked")
    events = feed(decoder, chunk({"reasoning": "Hm", "content": "a", "tool_calls": [CALL]}))
    assert events == [ThinkingDelta("Hm"), TextDelta("a"), ToolInputDelta(0, "c1", "add", '{"a": 1}')]


@pytest.mark.parametrize(
    ("usages", "expected"),
    [
        ([None, None, {"prompt_tokens": 3, "completion_tokens": 2}], Usage(3, 2)),
        ([{"prompt_tokens": 3, "completion_tokens": 1}, {"prompt_tokens": 3, "completion_tokens": 2}], Usage(3, 2)),
        ([{"prompt_tokens": 3}, None, {}], Usage(3)),
        ([None], Usage()),
        (["strange"], Usage()),
        ([{"prompt_tokens": -1}], Usage()),
    ],
)
def test_the_last_usage_counts(usages, expected):
    assert decode(*[{**text("a"), "usage": usage} for usage in usages], STOP).usage == expected


def test_usage_in_a_chunk_of_its_own():
    assert decode(text("a"), STOP, {"choices": [], "usage": {"prompt_tokens": 3}}, DONE).usage == Usage(3)
    assert decode(text("a"), STOP, {"usage": {"prompt_tokens": 3}}).usage == Usage(3)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("eos_token", "stop"),
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("tool_calls", "tool_calls"),
        ("tool_use", "tool_calls"),
        ("function_call", "tool_calls"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("model_length", "length"),
        ("content_filter", "content_filter"),
        ("insufficient_system_resource", "insufficient_system_resource"),
        (3, "3"),
        (None, "unknown"),
    ],
)
def test_finish_reasons(raw, reason):
    turn = decode(text("a"), chunk({}, raw), DONE)
    assert (turn.finish_reason, turn.raw_finish_reason) == (reason, str(raw) if raw else None)
    assert decode(whole({"content": "a"}, raw)).finish_reason == reason


def test_a_refusal_is_a_content_filter_whatever_the_reason():
    turn = decode(chunk({"refusal": "No."}), STOP)
    assert (turn.finish_reason, turn.raw_finish_reason, turn.text) == ("content_filter", "stop", "No.")


def test_what_a_turn_knows_of_its_answer():
    one = {**text("a"), "id": "", "model": ""}
    turn = decode(one, text("b"), {**STOP, "id": "r2", "model": "other"}, x_inference_provider="p", x_request_id="q1")
    assert (turn.response_id, turn.model, turn.served_by, turn.request_id) == ("r1", "served", "p", "q1")
    assert (turn.time_to_first_token, turn.duration) == (0.5, 1.5)
    assert (turn.cost, turn.interrupted) == (None, None)
    bare = decode(
        {"choices": [{"delta": {"content": "a"}}], "id": 3, "model": None}, STOP | {"id": None, "model": None}
    )
    assert (bare.response_id, bare.model, bare.served_by, bare.request_id) == (None, None, None, None)
    assert decode(text("a"), STOP, inference_id="i1").request_id == "i1"


def test_the_first_token_is_the_first_that_is_told():
    assert decode(chunk({"role": "assistant"}), text(""), text("a"), STOP).time_to_first_token == 1.5


def test_an_empty_answer_that_says_it_is_complete_is_an_answer():
    turn = decode(chunk({"role": "assistant", "content": ""}), STOP)
    assert (turn.contents, turn.finish_reason, turn.time_to_first_token) == ((), "stop", None)
    assert decode(whole({"content": ""})).contents == ()


def test_done_and_begun():
    decoder = ChatDecoder(head(), "asked")
    feed(decoder, chunk({"role": "assistant"}))
    assert (decoder.begun, decoder.done, decoder.partial("x")) == (False, False, None)
    feed(decoder, text("a"))
    assert (decoder.begun, decoder.done) == (True, False)
    feed(decoder, DONE)
    assert decoder.done


@pytest.mark.parametrize(
    ("interrupted", "finish", "expected"), [("stopped", None, None), ("stopped", "tool_use", "tool_use")]
)
def test_a_partial_turn_keeps_what_there_is(interrupted, finish, expected):
    decoder = ChatDecoder(head(), "asked")
    feed(decoder, chunk({"reasoning": "Hm"}), text("Hel"), chunk({"tool_calls": [CALL]}, finish))
    turn = decoder.partial(interrupted)
    assert turn.contents == (ContentThinking("Hm"), ContentText("Hel"), REQUEST)
    assert (turn.interrupted, turn.finish_reason, turn.raw_finish_reason) == (interrupted, expected, finish)
    assert decoder.partial(interrupted) == turn


def test_a_partial_turn_holds_what_was_held_back():
    decoder = ChatDecoder(head(), "asked")
    feed(decoder, chunk({"reasoning": "Hm"}), text("<thi"))
    assert decoder.partial("stopped").text in ("", "<thi")


def test_f23_many_small_deltas_take_linear_time():
    pieces = [Piece(json.dumps(text("x")))] * 20_000
    decoder = ChatDecoder(head(), "asked")
    begun = time.perf_counter()
    for piece in pieces:
        decoder.feed(piece)
    feed(decoder, STOP)
    assert len(decoder.finish().text) == 20_000
    assert time.perf_counter() - begun < 3
