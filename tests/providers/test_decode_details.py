"""What an answer in Chat Completions tells besides its words: sources, log probabilities, ids, the model asked for."""

import json

import pytest

from chatkit._errors import StreamError
from chatkit._http.messages import Head, Piece
from chatkit._providers.decode import ChatDecoder
from chatkit._turns.details import Source, TokenLogProb
from chatkit._turns.events import SourceCited, TextDelta, ToolInputDelta

A = {"type": "url_citation", "url_citation": {"url": "https://a.org/", "title": "A", "start_index": 0, "end_index": 4}}
B = {"type": "url_citation", "url": "https://b.org/"}


def decoder(**headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return ChatDecoder(Head(200, given, "https://host.example/v1", sent_at=0.0), "org/asked:groq")


def chunk(delta=None, finish=None, **choice):
    made = {"index": 0, "delta": delta or {}, "finish_reason": finish, **choice}
    return {"id": "r1", "model": "served", "choices": [made]}


def whole(message, **choice):
    return {
        "id": "r1",
        "model": "served",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", **choice}],
    }


def read(*chunks, **headers):
    """Feed chunks; gives the events and the turn."""
    one = decoder(**headers)
    events = [event for item in chunks for event in one.feed(Piece(json.dumps(item)))]
    return events, one.finish()


def token(text, value=-0.5, *top, **more):
    return {"token": text, "logprob": value, "bytes": [1], "top_logprobs": list(top), **more}


def test_the_model_asked_for_and_the_one_that_served():
    _, turn = read(chunk({"content": "a"}, "stop"))
    assert (turn.requested_model, turn.model) == ("org/asked:groq", "served")


def test_the_inference_id_is_that_of_the_header():
    _, turn = read(chunk({"content": "a"}, "stop"), inference_id="chatcmpl-1", x_request_id="req")
    assert (turn.inference_id, turn.request_id) == ("chatcmpl-1", "req")
    assert read(chunk({"content": "a"}, "stop"))[1].inference_id is None


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"x_request_id": "a", "inference_id": "b", "x_amzn_trace_id": "c"}, "a"),
        ({"inference_id": "b", "x_amzn_trace_id": "c"}, "b"),
        ({"x_amzn_trace_id": "c"}, "c"),
        ({}, None),
    ],
)
def test_the_request_id(headers, told):
    assert read(chunk({"content": "a"}, "stop"), **headers)[1].request_id == told


def test_log_probs_of_a_stream_are_put_together():
    events, turn = read(
        chunk({"content": "Hel"}, logprobs={"content": [token("Hel", -0.25)]}),
        chunk({"content": "lo"}, logprobs={"content": [token("lo", -1, token("lo", -1), token("p", -2.5))]}),
        chunk({}, "stop", logprobs={"content": []}),
    )
    assert events == [TextDelta("Hel"), TextDelta("lo")]
    top = (TokenLogProb("lo", -1.0), TokenLogProb("p", -2.5))
    assert turn.log_probs == (TokenLogProb("Hel", -0.25), TokenLogProb("lo", -1.0, top))


def test_log_probs_of_a_whole_answer():
    _, turn = read(whole({"content": "a"}, logprobs={"content": [token("a", 0)], "refusal": None}))
    assert turn.log_probs == (TokenLogProb("a", 0.0),)


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        [],
        "none",
        -0.5,
        {"content": None},
        {"content": {}},
        {"content": [None, 3, "a", {}, {"token": "a"}, {"logprob": -1}, token(5), token("a", "0"), token("a", True)]},
        {"content": [token("a", float("nan")), token("a", float("-inf"))]},
        {"tokens": ["a"], "token_logprobs": [-1.0]},
    ],
)
def test_log_probs_that_are_none_are_left_out(told):
    _, turn = read(chunk({"content": "a"}, "stop", logprobs=told))
    assert (turn.text, turn.log_probs) == ("a", None)


def test_odd_tops_are_left_out_of_a_token_that_is_well():
    odd = token("a", -1) | {"top_logprobs": [None, token("b", -2), {"token": "c"}]}
    assert read(chunk({"content": "a"}, "stop", logprobs={"content": [odd]}))[1].log_probs == (
        TokenLogProb("a", -1.0, (TokenLogProb("b", -2.0),)),
    )
    for top in (None, {}, "x", 5):
        told = {"content": [token("a", -1) | {"top_logprobs": top}]}
        assert read(chunk({"content": "a"}, "stop", logprobs=told))[1].log_probs == (TokenLogProb("a", -1.0),)


def test_nothing_of_a_bad_chunk_is_kept():
    one = decoder()
    one.feed(Piece(json.dumps(chunk({"content": "a"}))))
    with pytest.raises(StreamError):
        one.feed(Piece(json.dumps(chunk({"content": 5}, logprobs={"content": [token("a")]}))))
    assert one.partial("broken").log_probs is None


@pytest.mark.parametrize("kind", ["delta", "message"])
def test_sources_nested_and_flat(kind):
    told = {"content": "Four.", "annotations": [A, B]}
    events, turn = read(chunk(told, "stop") if kind == "delta" else whole(told))
    sources = (Source("https://a.org/", "A", 0, 4), Source("https://b.org/"))
    assert events == [TextDelta("Four."), *map(SourceCited, sources)]
    assert turn.sources == sources


def test_a_source_is_told_once():
    again = {"type": "url_citation", "url": "https://a.org/"}
    events, turn = read(
        chunk({"content": "a", "annotations": [A]}),
        chunk({"annotations": [A, B]}),
        chunk({"annotations": [B, again]}, "stop"),
    )
    assert [source.url for source in turn.sources] == ["https://a.org/", "https://b.org/"]
    assert sum(isinstance(event, SourceCited) for event in events) == 2


def test_two_places_of_a_page_are_two_sources():
    later = {"type": "url_citation", "url_citation": {**A["url_citation"], "start_index": 9, "end_index": 12}}
    _, turn = read(chunk({"content": "a", "annotations": [A, later]}, "stop"))
    assert [source.start for source in turn.sources] == [0, 9]


@pytest.mark.parametrize(
    "annotations",
    [
        None,
        [],
        {},
        "x",
        5,
        [None, 5, "x", [], {}],
        [
            {"type": "url_citation"},
            {"type": "url_citation", "url": 5},
            {"url_citation": "x"},
            {"url_citation": {"url": None}},
        ],
        [{"type": "url_citation", "url": "javascript:alert(1)"}, {"type": "file_citation", "file_id": "f"}],
    ],
)
def test_annotations_that_cite_nothing_are_left_out(annotations):
    events, turn = read(chunk({"content": "a", "annotations": annotations}, "stop"))
    assert (events, turn.sources) == ([TextDelta("a")], ())


def test_odd_places_and_titles_are_left_out_of_a_source():
    odd = {"type": "url_citation", "url": "https://a.org/", "title": 5, "start_index": -1, "end_index": True}
    assert read(chunk({"content": "a", "annotations": [odd]}, "stop"))[1].sources == (Source("https://a.org/"),)


def test_an_answer_that_only_cites_has_begun():
    one = decoder()
    assert one.feed(Piece(json.dumps(chunk({"annotations": [A]})))) != []
    assert one.begun
    assert one.partial("broken").sources == (Source("https://a.org/", "A", 0, 4),)


def test_sources_stand_behind_the_words_and_calls_of_their_chunk():
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    events, _ = read(chunk({"content": "a", "annotations": [A], "tool_calls": [call]}, "tool_calls"))
    assert [type(event) for event in events] == [TextDelta, ToolInputDelta, SourceCited]


@pytest.mark.parametrize("message", [{"content": "a </s"}, {"content": "<"}])
def test_a_whole_answer_without_a_finish_reason_is_told_to_its_end(message):
    body = whole(message)
    body["choices"][0]["finish_reason"] = None
    events, turn = read(body)
    assert "".join(event.text for event in events) == turn.text == message["content"]


def test_text_in_front_of_a_call_is_no_end():
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    events, turn = read(chunk({"content": "a</s>"}), chunk({"tool_calls": [call]}), chunk({}, "eos_token"))
    assert [type(event) for event in events] == [TextDelta, TextDelta, ToolInputDelta]
    assert turn.text == "a</s>"


def test_nobody_knows_what_a_source_counts_from_when_thoughts_stood_in_front():
    _, turn = read(whole({"content": "<think>hm</think>Four.", "annotations": [A]}))
    assert (turn.text, turn.sources) == ("Four.", (Source("https://a.org/", "A"),))
    _, turn = read(whole({"content": "Four.", "reasoning": "hm", "annotations": [A]}))
    assert turn.sources == (Source("https://a.org/", "A", 0, 4),)
