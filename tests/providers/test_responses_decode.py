"""Responses answers at value level: the events of a stream or a whole body in, events, a turn or an error out."""

from __future__ import annotations

import json

import pytest

from chatkit._http.messages import Head, Piece
from chatkit._providers.responses_decode import ResponsesDecoder
from chatkit._turns.contents import ContentText, ContentThinking, ContentToolRequest
from chatkit._turns.details import Source, TokenLogProb
from chatkit._turns.events import SourceCited, TextDelta, ThinkingDelta, ToolInputDelta
from chatkit._turns.turns import Usage

URL = "https://host.example/v1/responses"


def decoder_of(**headers):
    return ResponsesDecoder(Head(200, {name.replace("_", "-"): value for name, value in headers.items()}, URL), "asked")


def feed(decoder, *pieces):
    events = []
    for piece in pieces:
        decoder.at += 0.5
        text = piece if isinstance(piece, str) else json.dumps(piece)
        events += decoder.feed(Piece(text))
    return events


def decode(*pieces, **headers):
    """Feed pieces; what is told has to be what is kept."""
    decoder = decoder_of(**headers)
    events = feed(decoder, *pieces)
    turn = decoder.finish()
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == turn.text
    assert "".join(event.thinking for event in events if isinstance(event, ThinkingDelta)) == turn.thinking
    assert tuple(event.source for event in events if isinstance(event, SourceCited)) == turn.sources
    for place, request in enumerate(turn.tool_requests):
        pieces_of_it = [e.delta for e in events if isinstance(e, ToolInputDelta) and e.index == place]
        told = "".join(pieces_of_it)
        assert (json.loads(told) if told else {}) == request.arguments
    return turn


def at(kind, item="m1", index=0, **fields):
    return {"type": f"response.{kind}", "item_id": item, "output_index": 0, "content_index": index, **fields}


def delta(text, item="m1", index=0, kind="output_text", **fields):
    return at(f"{kind}.delta", item, index, delta=text, **fields)


def message(*texts, item="m1", **more):
    parts = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {"type": "message", "id": item, "role": "assistant", "status": "completed", "content": parts, **more}


def call(arguments='{"a": 1}', item="f1", key="c1", name="add"):
    return {"type": "function_call", "id": item, "call_id": key, "name": name, "arguments": arguments}


def reasoning(*texts, item="r1", summary=()):
    content = [{"type": "reasoning_text", "text": text} for text in texts]
    return {"type": "reasoning", "id": item, "content": content, "summary": list(summary)}


def added(item):
    empty = {"content": []} if item["type"] != "function_call" else {"arguments": ""}
    return {"type": "response.output_item.added", "output_index": 0, "item": {**item, **empty}}


def done(item):
    return {"type": "response.output_item.done", "output_index": 0, "item": item}


def ended(*output, kind="completed", **fields):
    response = {"id": "resp_1", "object": "response", "status": kind, "model": "served", "output": list(output)}
    return {"type": f"response.{kind}", "response": {**response, **fields}}


def whole(*output, **fields):
    return ended(*output, **fields)["response"]


CREATED = {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "model": "served"}}
REQUEST = ContentToolRequest("c1", "add", {"a": 1})
GROWING = (
    at("function_call_arguments.delta", "f1", delta='{"a"'),
    at("function_call_arguments.delta", "f1", delta=": 1}"),
)
FILLED = at("function_call_arguments.done", "f1", arguments='{"a": 1}')

# Each row: what arrives, and the text, the thinking and the tool requests of the turn.
TOLERATED = {
    "deltas and nothing else": ([delta("a"), delta("b"), ended()], "ab"),
    "deltas equal to the text so far": ([delta(t) for t in ("ha", "ha", "\n", "\n")] + [ended()], "haha\n\n"),
    "everything, five times": (
        [
            CREATED,
            added(message("ab")),
            at("content_part.added", part={"type": "output_text", "text": ""}),
            delta("a"),
            delta("b"),
            at("output_text.done", text="ab"),
            at("content_part.done", part={"type": "output_text", "text": "ab"}),
            done(message("ab")),
            ended(message("ab")),
        ],
        "ab",
    ),
    "text only in output_text.done": ([at("output_text.done", text="ab"), ended()], "ab"),
    "text only in content_part.done": (
        [at("content_part.done", part={"type": "output_text", "text": "ab"}), ended()],
        "ab",
    ),
    "text only in output_item.done": ([done(message("ab")), ended()], "ab"),
    "text only in completed": ([CREATED, ended(message("ab"))], "ab"),
    "the end of the text only in completed": ([delta("a"), ended(message("ab"))], "ab"),
    "the end of the text only in output_text.done": ([delta("a"), at("output_text.done", text="ab"), ended()], "ab"),
    "no output_item.added": ([delta("a"), done(message("a")), ended(message("a"))], "a"),
    "no item ids at all": (
        [
            delta("a", ""),
            at("output_text.done", "", text="a"),
            done(message("a", item="")),
            ended(message("a", item="")),
        ],
        "a",
    ),
    "no item ids in two messages": (
        [
            delta("a", ""),
            done(message("a", item="")),
            delta("b", ""),
            done(message("b", item="")),
            ended(message("a", item=""), message("b", item="")),
        ],
        "ab",
    ),
    "no item ids in two messages that are never done": (
        [delta("a", ""), delta("b", ""), ended(message("a", item=""), message("bc", item=""))],
        "abc",
    ),
    "another item id at every step": (
        [
            delta("a", "m1"),
            at("output_text.done", "m2", text="ab"),
            done(message("ab", item="m3")),
            ended(message("abc", item="m4")),
        ],
        "abc",
    ),
    "one id for two messages": (
        [
            added(message(item="m")),
            delta("a", "m"),
            done(message("a", item="m")),
            added(message(item="m")),
            delta("a", "m"),
            done(message("a", item="m")),
            ended(message("a", item="m"), message("a", item="m")),
        ],
        "aa",
    ),
    "one id for two messages, only in completed": ([ended(message("a", item="m"), message("b", item="m"))], "ab"),
    "two messages, one only in completed": ([delta("a"), ended(message("a"), message("b", item="m2"))], "ab"),
    "two parts": ([delta("a"), delta("b", index=1), done(message("a", "b")), ended(message("a", "b"))], "ab"),
    "a text that is told otherwise at the end": (
        [delta("a\n"), at("output_text.done", text="a"), ended(message("a"))],
        "a\n",
    ),
    "another text under other ids at the end": ([delta("a"), ended(message("xy", item="m9"))], "a"),
    "a message without a type": ([done({"id": "m1", "role": "assistant", "content": "ab"}), ended()], "ab"),
    "a surrogate pair in two": (
        [delta("\ud83d"), delta("\ude00"), at("output_text.done", text="\U0001f600"), ended(message("\U0001f600!"))],
        "\U0001f600!",
    ),
    "events nobody knows": (
        [
            {"type": "response.mcp_call.completed"},
            {"type": "ping"},
            delta("a"),
            {"type": "response.x", "response": {}},
            ended(),
        ],
        "a",
    ),
    "items nobody knows": (
        [
            done({"type": "mcp_list_tools", "id": "l", "tools": []}),
            at("mcp_call_arguments.delta", "x", delta="{}"),
            done({"type": "mcp_call", "id": "x", "name": "f", "arguments": "{}", "output": "1"}),
            added({"type": "image_generation_call", "id": "i"}),
            delta("a"),
            ended({"type": "mcp_call", "id": "x"}, "no item", message("a")),
        ],
        "a",
    ),
    "parts nobody knows": (
        [done(message(content=[{"type": "x"}, "y", {"type": "output_text", "text": 3}])), delta("a"), ended()],
        "a",
    ),
    "null fields": (
        [
            delta(None),
            at("function_call_arguments.delta", "f1", delta=None),
            delta("a"),
            at("content_part.done", part=None),
            done(None),
            {"type": "response.output_item.added"},
            ended(),
        ],
        "a",
    ),
    "a name for every event": ([CREATED, delta("a"), ended(message("a"))], "a"),
    "[DONE] at the end": ([delta("a"), ended(message("a")), "[DONE]"], "a"),
    "only [DONE]": ([delta("a"), "[DONE]"], "a"),
    "blank data": (["", " \n", delta("a"), ended()], "a"),
    "events after the end": ([delta("a"), ended(message("a")), delta("never"), "no JSON"], "a"),
    "a refusal": ([delta("I can", kind="refusal"), at("refusal.done", refusal="I cannot."), ended()], "I cannot."),
    "reasoning": (
        [
            delta("H", "r1", kind="reasoning_text"),
            delta("m", "r1", kind="reasoning_text"),
            delta("a"),
            ended(reasoning("Hm"), message("a")),
        ],
        "a",
        "Hm",
    ),
    "reasoning only when done": (
        [at("reasoning_text.done", "r1", text="Hm"), done(reasoning("Hm")), delta("a"), ended()],
        "a",
        "Hm",
    ),
    "reasoning as a plain text": (
        [done({"type": "reasoning", "id": "r1", "content": "Hm"}), delta("a"), ended()],
        "a",
        "Hm",
    ),
    "reasoning only in completed": ([CREATED, ended(reasoning("Hm"), message("a"))], "a", "Hm"),
    "summaries": (
        [
            {"type": "response.reasoning_summary_text.delta", "item_id": "r1", "summary_index": 0, "delta": "H"},
            {"type": "response.reasoning_summary_text.done", "item_id": "r1", "summary_index": 0, "text": "Hm"},
            {
                "type": "response.reasoning_summary_part.done",
                "item_id": "r1",
                "summary_index": 1,
                "part": {"type": "summary_text", "text": "So"},
            },
            done(reasoning(summary=[{"type": "summary_text", "text": "Hm"}, {"type": "summary_text", "text": "So"}])),
            delta("a"),
            ended(),
        ],
        "a",
        "Hm\n\nSo",
    ),
    "inline thoughts": (
        [delta("<thi"), delta("nk>Hm</think>"), delta("a"), ended(message("<think>Hm</think>a"))],
        "a",
        "Hm",
    ),
    "a call": ([added(call()), *GROWING, FILLED, done(call()), ended(call())], "", "", [REQUEST]),
    "a call that is added twice": (
        [added(call()), added(call()), *GROWING, done(call()), ended(call())],
        "",
        "",
        [REQUEST],
    ),
    "a special token behind the arguments": (
        [added(call()), *GROWING, at("function_call_arguments.delta", "f1", delta="</s>"), ended(call())],
        "",
        "",
        [REQUEST],
    ),
    "a call that is never done": ([added(call()), *GROWING, ended()], "", "", [REQUEST]),
    "a call without deltas": ([added(call()), done(call()), ended(call())], "", "", [REQUEST]),
    "a call only in arguments.done": ([added(call()), FILLED, ended()], "", "", [REQUEST]),
    "a call only in output_item.done": ([done(call()), ended()], "", "", [REQUEST]),
    "a call only in completed": ([CREATED, ended(call())], "", "", [REQUEST]),
    "a call without item ids": (
        [added(call(item="")), done(call(item="")), ended(call(item=""))],
        "",
        "",
        [REQUEST],
    ),
    "a call under another item id each time": (
        [added(call()), *GROWING, done(call(item="x")), ended(call(item="y"))],
        "",
        "",
        [REQUEST],
    ),
    "a call without arguments, under another id": (
        [added(call("", item="x")), ended(call("", item="y"))],
        "",
        "",
        [ContentToolRequest("c1", "add", {})],
    ),
    "arguments as an object": ([done(call({"a": 1})), ended()], "", "", [REQUEST]),
    "arguments null": ([done(call(None)), ended()], "", "", [ContentToolRequest("c1", "add", {})]),
    "text and a call, which closes nothing, as on Hugging Face": (
        [
            added(message()),
            delta("a"),
            added(call()),
            *GROWING,
            done(call()),
            ended(message("a", status="in_progress"), call()),
        ],
        "a",
        "",
        [REQUEST],
    ),
}


@pytest.mark.parametrize("row", TOLERATED.values(), ids=TOLERATED)
def test_what_is_tolerated(row):
    pieces, said, thought, requests = row + ("", [])[len(row) - 2 :]
    turn = decode(*pieces)
    contents = [*([ContentThinking(thought)] if thought else []), *([ContentText(said)] if said else []), *requests]
    assert turn.contents == tuple(contents)


def test_calls_at_once_are_told_apart_by_their_items():
    turn = decode(
        added(call(item="f1", key="c1")),
        added(call(item="f2", key="c2", name="sub")),
        at("function_call_arguments.delta", "f2", delta='{"b":'),
        at("function_call_arguments.delta", "f1", delta='{"a":'),
        at("function_call_arguments.delta", "f2", delta="2}"),
        at("function_call_arguments.delta", "f1", delta="1}"),
        ended(call('{"a":1}', "f1", "c1"), call('{"b":2}', "f2", "c2", "sub")),
    )
    assert turn.tool_requests == (ContentToolRequest("c1", "add", {"a": 1}), ContentToolRequest("c2", "sub", {"b": 2}))


def test_two_calls_of_one_tool_that_come_without_any_id():
    first, second = call('{"a": 1}', "", ""), call('{"a": 2}', "", "")
    turn = decode(done(first), done(second), ended(first, second))
    assert [request.arguments for request in turn.tool_requests] == [{"a": 1}, {"a": 2}]
    assert len({request.id for request in turn.tool_requests} | {""}) == 3


def test_one_call_id_for_all_calls_is_made_two():
    first, second = call('{"a": 1}', "f1", "0"), call('{"a": 2}', "f2", "0")
    turn = decode(added(first), done(first), added(second), done(second), ended(first, second))
    assert [request.arguments for request in turn.tool_requests] == [{"a": 1}, {"a": 2}]
    assert len({request.id for request in turn.tool_requests}) == 2


def test_arguments_that_grow_before_their_call_is_named():
    turn = decode(*GROWING, FILLED, done(call()), ended(call()))
    (request,) = turn.tool_requests
    assert (request.name, request.arguments) == ("add", {"a": 1})
    assert request.id


@pytest.mark.parametrize(
    ("pieces", "reason", "raw"),
    [
        ([delta("a"), ended(message("a"))], "stop", "completed"),
        ([delta("a"), {"type": "response.completed"}], "stop", "completed"),
        ([done(call()), ended(call())], "tool_calls", "completed"),
        (
            [delta("a"), ended(kind="incomplete", incomplete_details={"reason": "max_output_tokens"})],
            "length",
            "max_output_tokens",
        ),
        (
            [delta("a"), ended(kind="incomplete", incomplete_details={"reason": "content_filter"})],
            "content_filter",
            "content_filter",
        ),
        ([delta("a"), ended(incomplete_details={"reason": "max_tokens"})], "length", "max_tokens"),
        ([done(call()), ended(incomplete_details={"reason": "tool_use"})], "tool_calls", "tool_use"),
        ([delta("a"), ended(kind="incomplete", incomplete_details=None)], "incomplete", "incomplete"),
        ([delta("a"), ended(kind="incomplete", incomplete_details={"reason": "new"})], "new", "new"),
        ([delta("no", kind="refusal"), ended()], "content_filter", "completed"),
        ([delta("a"), "[DONE]"], "unknown", None),
        ([whole(message("a"))], "stop", "completed"),
        ([whole(call())], "tool_calls", "completed"),
        (
            [whole(message("a"), kind="incomplete", incomplete_details={"reason": "max_output_tokens"})],
            "length",
            "max_output_tokens",
        ),
        ([{"output": [message("a")]}], "stop", "completed"),
        ([delta("a"), {"type": "response.incomplete"}], "incomplete", "incomplete"),
        ([whole(message("a"), kind="in_progress")], "stop", "in_progress"),
        ([whole()], "stop", "completed"),
    ],
)
def test_why_an_answer_ended(pieces, reason, raw):
    turn = decode(*pieces)
    assert (turn.finish_reason, turn.raw_finish_reason) == (reason, raw)


def test_what_is_known_of_an_answer():
    usage = {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
    }
    turn = decode(
        CREATED, delta("a"), ended(usage=usage), x_inference_provider="novita", inference_id="inf", x_request_id="req"
    )
    assert turn.usage == Usage(9, 5, 4, 2)
    assert (turn.model, turn.requested_model, turn.response_id) == ("served", "asked", "resp_1")
    assert (turn.served_by, turn.inference_id, turn.request_id) == ("novita", "inf", "req")
    assert (turn.duration, turn.time_to_first_token) == (1.5, 1.0)


@pytest.mark.parametrize(
    "usage", [None, {}, {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}, "x", {"input_tokens": None}]
)
def test_token_counts_that_are_all_zero_are_unknown(usage):
    assert decode(delta("a"), ended(usage=usage)).usage == Usage()


CITED = {"type": "url_citation", "url": "https://a.test/", "title": "A", "start_index": 0, "end_index": 1}


def test_a_page_is_cited_once_however_often_it_is_told():
    part = {"type": "output_text", "text": "a", "annotations": [CITED]}
    turn = decode(
        delta("a"),
        at("output_text.annotation.added", annotation=CITED),
        at("content_part.done", part=part),
        done(message(content=[part])),
        ended(message(content=[part])),
    )
    assert turn.sources == (Source("https://a.test/", "A", 0, 1),)


def test_places_of_citations_count_from_the_beginning_of_the_answer():
    second = {"type": "output_text", "text": "b", "annotations": [CITED, {"type": "file_citation", "file_id": "f"}]}
    turn = decode(delta("aaa"), delta("b", "m2"), ended(message("aaa"), message(item="m2", content=[second])))
    assert turn.sources == (Source("https://a.test/", "A", 3, 4),)
    assert decode(whole(message("aaa"), message(item="m2", content=[second]))).sources == turn.sources


def test_a_citation_whose_text_nobody_knows_has_no_place():
    part = {"type": "output_text", "text": "a", "annotations": [CITED]}
    turn = decode(delta("other"), ended(message(item="x", content=[part])))
    assert turn.sources == (Source("https://a.test/", "A"),)
    known = [delta("a"), at("output_text.annotation.added", annotation=CITED)]
    assert decode(*known, ended(message(item="x", content=[part]))).sources == (Source("https://a.test/", "A", 0, 1),)
    lost = at("output_text.annotation.added", "x", annotation=CITED)
    assert decode(delta("a"), lost, ended()).sources == (Source("https://a.test/", "A"),)


ODDS = [{"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": [{"token": "a", "logprob": -0.5}]}]


@pytest.mark.parametrize(
    "pieces",
    [
        [delta("a", logprobs=ODDS), at("output_text.done", text="a", logprobs=ODDS), ended()],
        [delta("a"), at("output_text.done", text="a", logprobs=ODDS), ended()],
        [whole(message(content=[{"type": "output_text", "text": "a", "logprobs": ODDS}]))],
    ],
)
def test_log_probabilities_are_kept_once(pieces):
    assert decode(*pieces).log_probs == (TokenLogProb("a", -0.5, (TokenLogProb("a", -0.5),)),)


def test_a_partial_answer_is_kept_as_far_as_it_came():
    decoder = decoder_of()
    assert decoder.partial("stopped") is None
    feed(decoder, CREATED, delta("a"))
    turn = decoder.partial("stopped")
    assert (turn.text, turn.interrupted, turn.model) == ("a", "stopped", "served")
