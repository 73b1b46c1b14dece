"""Any answer, cut into bytes anywhere: what is streamed, what is kept and what is sent back are one and the same."""

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatkit import chat_openai_compatible
from chatkit.testing import FakeService, RawAnswer

# Surrogates are kept apart: JSON can say them, UTF-8 cannot, and what becomes of them is told below.
WORDS = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs",)),
        st.sampled_from('\u2028\u2029\x85\x0b\x0c\x1b\x00\r\n \t"\\\U0001f600e\u0301<>/think'),
    ),
    min_size=1,
    max_size=12,
)
DELTAS = st.lists(WORDS, min_size=1, max_size=8)
STYLES = st.sampled_from([("\n", "data: "), ("\r\n", "data: "), ("\r", "data:"), ("\n", "data:")])


@pytest.fixture(scope="module")
def service():
    with FakeService(strict=True) as service:
        yield service


def event(delta, style, finish=None):
    newline, field = style
    chunk = {"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return f"{field}{json.dumps(chunk, ensure_ascii=False)}{newline}{newline}".encode()


def pieces_of(body, cuts):
    places = [0, *sorted({cut % len(body) for cut in cuts} - {0}), len(body)]
    return [body[start:end] for start, end in pairwise(places)]


def told_kept_and_sent_back(service, body, cuts):
    chat = chat_openai_compatible(service.base_url, model="m")
    service.script(RawAnswer(pieces_of(body, cuts), content_type="text/event-stream"), "Go on.")
    told = "".join(chat.stream("Say it."))
    kept = chat.last_turn()
    assert chat.chat("And then?") == "Go on."
    answers = [message for message in service.requests[-1].messages if message["role"] == "assistant"]
    return told, kept, answers[0] if answers else {}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deltas=DELTAS, style=STYLES, cuts=st.lists(st.integers(0, 10_000), max_size=20))
def test_streamed_text_is_stored_text_is_text_sent_back(service, deltas, style, cuts):
    said = "".join(deltas)
    if said.lstrip().startswith("<think>"):
        said = None  # then it is not all text; the next property tells what it is
    body = b"".join(event({"content": delta}, style) for delta in deltas) + event({}, style, "stop")
    told, kept, sent = told_kept_and_sent_back(service, body, cuts)
    assert told == kept.text == sent.get("content", "")
    assert said is None or told == said


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    thoughts=DELTAS,
    deltas=DELTAS,
    inline=st.booleans(),
    style=STYLES,
    cuts=st.lists(st.integers(0, 10_000), max_size=20),
)
def test_thinking_is_kept_apart_however_it_comes(service, thoughts, deltas, inline, style, cuts):
    thought, said = "".join(thoughts), "".join(deltas)
    if inline:
        thought, said = thought.replace("<", "("), said.lstrip("\n") or "."
        contents = [{"content": text} for text in (f"<think>{thought}</think>{said}")]
    else:
        said = said.replace("<", "(")
        contents = [{"reasoning": text} for text in thoughts] + [{"content": text} for text in said]
    body = b"".join(event(delta, style) for delta in contents) + event({}, style, "stop")
    told, kept, sent = told_kept_and_sent_back(service, body, cuts)
    assert told == said == kept.text == sent["content"]
    # Templates put line breaks in front of thoughts; those are nobody's.
    assert kept.thinking == thought.lstrip("\n")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arguments=st.dictionaries(WORDS, st.one_of(WORDS, st.integers(), st.booleans(), st.none()), max_size=4),
    size=st.integers(1, 40),
    style=STYLES,
    cuts=st.lists(st.integers(0, 10_000), max_size=20),
)
def test_tool_arguments_are_what_was_sent(service, arguments, size, style, cuts):
    text = json.dumps(arguments, ensure_ascii=False)
    parts = [text[start : start + size] for start in range(0, len(text), size)]
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "keep", "arguments": ""}}
    calls = [first, *({"index": 0, "function": {"arguments": part}} for part in parts)]
    body = b"".join(event({"tool_calls": [call]}, style) for call in calls) + event({}, style, "tool_calls")
    chat = chat_openai_compatible(service.base_url, model="m")
    chat.on_tool_request(lambda request: seen.append(request.arguments))
    seen = []
    service.script(RawAnswer(pieces_of(body, cuts), content_type="text/event-stream"), "Done.")
    with pytest.warns(match="Unknown tool"):
        assert chat.chat("Keep this.", echo="none") == "Done."
    assert seen == [arguments]
    call = service.requests[-1].messages[1]["tool_calls"][0]
    assert json.loads(call["function"]["arguments"]) == arguments


@pytest.mark.parametrize(
    ("deltas", "said"),
    [
        (['"\\ud83d"', '"\\ude00"'], "\U0001f600"),
        (['"a\\ud83d"', '"\\ude00b"'], "a\U0001f600b"),
        (['"a\\ud83d"', '"b"'], "a\ufffdb"),
        (['"a\\ude00"'], "a\ufffd"),
        (['"a"', '"\\ud83d"'], "a\ufffd"),
    ],
)
def test_f21_surrogates_are_joined_over_deltas_and_lone_ones_become_replacement_characters(service, deltas, said):
    chunks = [f'data: {{"choices":[{{"index":0,"delta":{{"content":{delta}}}}}]}}\n\n' for delta in deltas]
    body = "".join(chunks).encode() + event({}, ("\n", "data: "), "stop")
    told, kept, sent = told_kept_and_sent_back(service, body, [])
    assert told == said == kept.text == sent["content"]
