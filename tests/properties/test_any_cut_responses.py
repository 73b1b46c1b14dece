"""Any Responses answer, with or without what servers leave out, cut anywhere: told, kept and sent back are the same."""

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatkit import chat_huggingface
from chatkit._http.messages import Head, Piece
from chatkit._providers.responses_decode import ResponsesDecoder
from chatkit._turns.events import TextDelta, ThinkingDelta
from chatkit.testing import EventStyle, FakeService, RawAnswer

WORDS = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs",)), st.sampled_from('\u2028\x85\x00\r\n "\\\U0001f600e\u0301<>/think')
    ),
    min_size=1,
    max_size=8,
)
DELTAS = st.lists(WORDS, min_size=1, max_size=5)
ARGUMENTS = st.dictionaries(WORDS, st.one_of(WORDS, st.integers(), st.none()), max_size=3)
# One thing that an answer says: its kind, and its pieces.
SAID = st.one_of(
    st.tuples(st.just("message"), DELTAS),
    st.tuples(st.just("reasoning"), DELTAS),
    st.tuples(st.just("function_call"), ARGUMENTS),
)
# Which of the events that say the same are there, and what the ids are like.
HABITS = st.fixed_dictionaries(
    {
        "added": st.booleans(),
        "deltas": st.booleans(),
        "text_done": st.booleans(),
        "item_done": st.booleans(),
        "ids": st.sampled_from(["own", "changing", "changing in deltas", "none", "none in deltas"]),
    }
)


@pytest.fixture(scope="module")
def service():
    with FakeService(strict=True) as service:
        yield service


def item_of(kind, said, key):
    if kind == "function_call":
        arguments = json.dumps(said, ensure_ascii=False)
        return {"type": kind, "id": f"{kind}{key}", "call_id": f"c{key}", "name": "keep", "arguments": arguments}
    part = {"type": "output_text" if kind == "message" else "reasoning_text", "text": "".join(said)}
    return {"type": kind, "id": f"{kind}{key}", "content": [part]}


def events_of(answer, habits):
    """The events of an answer, as a server with some habits streams it."""
    ids = iter(range(10_000))

    def where(key):
        if habits["ids"] == "none":
            return ""
        return f"{key}{next(ids)}" if habits["ids"].startswith("changing") else key

    items = [item_of(kind, said, place) for place, (kind, said) in enumerate(answer)]
    for item, (kind, said) in zip(items, answer, strict=True):
        yield from _item_events(item, kind, said, habits, where)
    # Without any id in common, only a whole answer that repeats all of them in order can be told apart.
    for item in items:
        item["id"] = where(item["id"])
    yield {"type": "response.completed", "response": {"id": "r", "status": "completed", "model": "m", "output": items}}


def _item_events(item, kind, said, habits, where):
    name = {"message": "output_text", "reasoning": "reasoning_text", "function_call": "function_call_arguments"}[kind]
    text = item["arguments"] if kind == "function_call" else item["content"][0]["text"]
    pieces = [text[start : start + 3] for start in range(0, len(text), 3)] if kind == "function_call" else said
    key = where(item["id"])
    if habits["added"] or kind == "function_call":
        empty = {"arguments": ""} if kind == "function_call" else {"content": []}
        yield {"type": "response.output_item.added", "output_index": 0, "item": {**item, **empty, "id": key}}
    if habits["deltas"]:
        told = {"none in deltas": lambda: "", "changing in deltas": lambda: where(key)}
        for piece in pieces:
            yield {
                "type": f"response.{name}.delta",
                "item_id": told.get(habits["ids"], lambda: key)(),
                "output_index": 0,
                "content_index": 0,
                "delta": piece,
            }
    if habits["text_done"]:
        field = "arguments" if kind == "function_call" else "text"
        yield {
            "type": f"response.{name}.done",
            "item_id": where(key),
            "output_index": 0,
            "content_index": 0,
            field: text,
        }
    if habits["item_done"]:
        yield {"type": "response.output_item.done", "output_index": 0, "item": {**item, "id": where(key)}}


def decoded(pieces):
    decoder = ResponsesDecoder(Head(200, {}, "https://host.example/v1/responses"), "m")
    events = [event for piece in pieces for event in decoder.feed(Piece(json.dumps(piece)))]
    turn = decoder.finish()
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == turn.text
    assert "".join(event.thinking for event in events if isinstance(event, ThinkingDelta)) == turn.thinking
    return turn


@settings(max_examples=600)
@given(answer=st.lists(SAID, min_size=1, max_size=5), habits=HABITS)
def test_a_stream_says_what_the_whole_answer_says_whatever_is_left_out(answer, habits):
    *_, last = list(events_of(answer, {**habits, "ids": "own"}))
    whole = decoded([{"object": "response", **last["response"]}])
    streamed = decoded(events_of(answer, habits))
    assert (streamed.text, streamed.thinking) == (whole.text, whole.thinking)
    assert [call.arguments for call in streamed.tool_requests] == [call.arguments for call in whole.tool_requests]
    assert streamed.finish_reason == whole.finish_reason


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    thoughts=DELTAS,
    deltas=DELTAS,
    habits=HABITS,
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    space=st.booleans(),
    cuts=st.lists(st.integers(0, 10_000), max_size=20),
)
def test_any_cut_of_a_stream_gives_what_is_kept_and_sent_back(service, thoughts, deltas, habits, newline, space, cuts):
    said = [delta.replace("<", "(") for delta in deltas]
    events = list(events_of([("reasoning", thoughts), ("message", said)], habits))
    style = EventStyle(newline=newline, space_after_colon=space)
    body = b"".join(framed(events, style))
    places = [0, *sorted({cut % len(body) for cut in cuts} - {0}), len(body)]
    pieces = [body[start:end] for start, end in pairwise(places)]
    chat = chat_huggingface(base_url=service.base_url, model="m", api="responses")
    service.script(RawAnswer(pieces, content_type="text/event-stream"), "Go on.")
    told = "".join(chat.stream("Say it."))
    kept = chat.last_turn()
    assert told == kept.text == "".join(said)
    assert kept.thinking == "".join(thoughts).lstrip("\n")
    assert chat.chat("And then?") == "Go on."
    sent = [item for item in service.requests[-1].items if item["role"] == "assistant"]
    assert [item["content"][0]["text"] for item in sent] == [told]


def framed(events, style):
    field = "data: " if style.space_after_colon else "data:"
    for event in events:
        yield f"{field}{json.dumps(event, ensure_ascii=False)}{style.newline * 2}".encode()
