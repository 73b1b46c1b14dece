"""Responses streams that give another id in every event, and what stands beside texts that are told so."""

from __future__ import annotations

import json
from itertools import count

import pytest

from chatkit._http.messages import Head, Piece
from chatkit._providers.responses_decode import ResponsesDecoder
from chatkit._turns.details import Source, TokenLogProb
from chatkit._turns.events import TextDelta, ThinkingDelta, ToolInputDelta

IDS = count()
ODDS = [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.5}]
READ = (TokenLogProb("a", -0.5), TokenLogProb("b", -1.5))


def new():
    return f"id{next(IDS)}"


def event(kind, item=None, **fields):
    return {"type": f"response.{kind}", "item_id": new() if item is None else item, "content_index": 0, **fields}


def item(kind, *texts, **more):
    part = {"message": "output_text", "reasoning": "reasoning_text"}.get(kind, "")
    parts = {"content": [{"type": part, "text": text} for text in texts]} if part else {}
    return {"type": kind, "id": new(), **parts, **more}


def call(arguments="", name="add", key="c1"):
    return item("function_call", call_id=key, name=name, arguments=arguments)


def added(one):
    return {"type": "response.output_item.added", "output_index": 0, "item": one}


def done(one):
    return {"type": "response.output_item.done", "output_index": 0, "item": one}


def ended(*output, **fields):
    return {
        "type": "response.completed",
        "response": {"id": "r", "status": "completed", "output": list(output), **fields},
    }


def decode(*pieces):
    decoder = ResponsesDecoder(Head(200, {}, "https://host.example/v1/responses"), "m")
    events = [told for piece in pieces for told in decoder.feed(Piece(json.dumps(piece)))]
    turn = decoder.finish()
    assert "".join(told.text for told in events if isinstance(told, TextDelta)) == turn.text
    assert "".join(told.thinking for told in events if isinstance(told, ThinkingDelta)) == turn.thinking
    return turn, events


def test_a_text_under_another_id_in_every_event_is_told_once():
    words = ["so ", "so ", "far"]
    turn, _ = decode(
        added(item("message")),
        *[event("output_text.delta", delta=word) for word in words],
        event("output_text.done", text="".join(words)),
        event("content_part.done", part={"type": "output_text", "text": "".join(words)}),
        done(item("message", "".join(words))),
        ended(item("message", "".join(words))),
    )
    assert turn.text == "so so far"


def test_arguments_under_another_id_in_every_event_are_those_of_one_call():
    turn, events = decode(
        added(call()),
        *[event("function_call_arguments.delta", delta=piece) for piece in ('{"a"', ": ", "1}")],
        event("function_call_arguments.done", arguments='{"a": 1}'),
        done(call('{"a": 1}')),
        added(call(key="c2")),
        *[event("function_call_arguments.delta", delta=piece) for piece in ('{"a"', ": ", "2}")],
        ended(call('{"a": 1}'), call('{"a": 2}', key="c2")),
    )
    assert [(one.id, one.arguments) for one in turn.tool_requests] == [("c1", {"a": 1}), ("c2", {"a": 2})]
    assert {told.index for told in events if isinstance(told, ToolInputDelta)} == {0, 1}


def test_thoughts_and_text_under_another_id_in_every_event_are_told_apart():
    turn, _ = decode(
        *[event("reasoning_text.delta", delta=word) for word in ("H", "m")],
        *[event("output_text.delta", delta=word) for word in ("a", "b")],
        ended(item("reasoning", "Hm"), item("message", "ab")),
    )
    assert (turn.thinking, turn.text) == ("Hm", "ab")


def test_an_item_that_was_announced_is_no_continuation_of_another():
    turn, _ = decode(
        event("output_text.delta", "m1", delta="a"),
        added({**item("message"), "id": "m2"}),
        event("output_text.delta", "m2", delta="a"),
        event("output_text.done", "m2", text="ab"),
        event("output_text.done", "m1", text="a"),
        ended(),
    )
    assert turn.text == "aab"


def test_items_that_were_announced_may_grow_in_turns():
    messages = [{**item("message"), "id": key} for key in ("m1", "m2")]
    pieces = [event("output_text.delta", key, delta=text) for key, text in [("m1", "a"), ("m2", "x"), ("m1", "b")]]
    ends = [event("output_text.done", key, text=text) for key, text in [("m1", "abc"), ("m2", "xy")]]
    turn, _ = decode(*map(added, messages), *pieces, *ends, ended())
    assert turn.text == "axbcy"


def test_calls_whose_deltas_have_no_ids_at_all():
    calls = [{**call('{"a": 1}'), "id": ""}, {**call('{"a": 2}', key="c2"), "id": ""}]
    pieces = []
    for one in calls:
        pieces.append(added({**one, "arguments": ""}))
        pieces += [event("function_call_arguments.delta", "", delta=part) for part in one["arguments"].split(" ")]
    turn, _ = decode(*pieces, ended(*calls))
    assert [(one.id, one.arguments) for one in turn.tool_requests] == [("c1", {"a": 1}), ("c2", {"a": 2})]


def test_a_second_part_of_a_known_item_is_a_part_of_its_own():
    turn, _ = decode(
        event("output_text.delta", "m1", delta="a"),
        event("output_text.delta", "m1", delta="b", content_index=1),
        event("output_text.done", "m1", text="ab"),
        event("output_text.done", "m1", text="b", content_index=1),
        ended(),
    )
    assert turn.text == "abb"


CITED = {"type": "url_citation", "url": "https://a.test/", "title": "A", "start_index": 0, "end_index": 1}


@pytest.mark.parametrize("own", [True, False])
def test_citations_under_other_ids_have_the_places_of_their_texts(own):
    second = item("message", "bc")
    second["content"][0]["annotations"] = [CITED]
    ids = ("m1", "m1", "m2") if own else (None, None, None)
    deltas = [event("output_text.delta", key, delta=text) for key, text in zip(ids, ("a", "aa", "b"), strict=True)]
    turn, _ = decode(*deltas, ended(item("message", "aaa"), second))
    assert turn.text == "aaabc"
    assert turn.sources == (Source("https://a.test/", "A", 3, 4),)


def test_log_probabilities_of_deltas_are_not_read_again_under_another_id():
    whole = item("message", "ab")
    whole["content"][0]["logprobs"] = ODDS
    deltas = [event("output_text.delta", delta=odds["token"], logprobs=[odds]) for odds in ODDS]
    assert decode(*deltas, ended(whole))[0].log_probs == READ
    assert decode(*deltas, event("output_text.done", text="ab", logprobs=ODDS), ended(whole))[0].log_probs == READ
    assert decode(*deltas, ended())[0].log_probs == READ


@pytest.mark.parametrize("streamed", [True, False])
def test_a_summary_beside_thoughts_is_a_paragraph_of_its_own(streamed):
    told = item("reasoning", "Hm", summary=[{"type": "summary_text", "text": "So"}])
    pieces = [done(told)] if streamed else []
    assert decode(*pieces, ended(told, item("message", "a")))[0].thinking == "Hm\n\nSo"


def test_the_rest_of_a_summary_under_another_id_stays_in_its_paragraph():
    told = item("reasoning", summary=[{"type": "summary_text", "text": "So be it"}])
    grown = {"type": "response.reasoning_summary_text.delta", "item_id": "x", "summary_index": 0, "delta": "So "}
    assert decode(grown, ended(told, item("message", "a")))[0].thinking == "So be it"


def test_what_was_held_back_as_the_start_of_a_tag_is_told_at_the_end():
    assert decode(event("output_text.delta", delta="1 <thi"), ended())[0].text == "1 <thi"


def test_names_of_the_answer_that_its_end_does_not_repeat_stay():
    began = {"type": "response.created", "response": {"id": "resp_1", "model": "served", "usage": {"input_tokens": 3}}}
    end = {"type": "response.completed", "response": {"status": "completed", "usage": None}}
    turn, _ = decode(began, event("output_text.delta", delta="a"), end)
    assert (turn.response_id, turn.model, turn.usage.input_tokens) == ("resp_1", "served", 3)


def test_many_deltas_under_ids_of_their_own_are_one_part():
    decoder = ResponsesDecoder(Head(200, {}, "https://host.example/v1/responses"), "m")
    for _ in range(3000):
        decoder.feed(Piece(json.dumps(event("output_text.delta", delta="ab "))))
    decoder.feed(Piece(json.dumps(ended(item("message", "ab " * 3000)))))
    assert decoder.finish().text == "ab " * 3000


def test_a_server_that_waits_for_a_yes_to_its_own_call_says_so():
    waiting = item("mcp_approval_request", name="pay", arguments="{}", server_label="bank")
    turn, _ = decode(done(waiting), ended(waiting))
    assert (turn.finish_reason, turn.raw_finish_reason) == ("mcp_approval_request", "completed")
    turn, _ = decode(done(call("{}")), ended(waiting, call("{}")))
    assert turn.finish_reason == "tool_calls"
