"""Group F of the fault catalogue: what a stream holds, each row whole."""

from __future__ import annotations

import contextlib
import io
import json

import pytest

from chatkit import (
    APIConnectionError,
    APIResponseError,
    APIStreamError,
    AuthenticationError,
    ConfigError,
    InternalServerError,
    RateLimitError,
    StreamError,
    StreamInterruptedError,
)
from chatkit.testing import Answer, Delivery, EventsAnswer, RawAnswer


@pytest.fixture
def cut(chunk):
    """An answer of two pieces of text that breaks after the first."""

    def make(how, extra=0, **delivery):
        first = f"data: {json.dumps(chunk('Hello '))}\n\n".encode()
        rest = f"data: {json.dumps(chunk('you', finish='stop'))}\n\n".encode()
        # What was not read yet is lost by a reset, so there must be time for it.
        pause = 0.3 if how == "rst" else 0.02
        at = Delivery(cut_after=len(first) + extra, cut=how, pause=pause, **delivery)
        return EventsAnswer([first, rest], delivery=at)

    return make


BROKEN = {"raises": StreamInterruptedError, "names": ["after 6 characters"], "history": "HP", "text": "Hello "}


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_f1_a_reset_after_some_text(stream_row, cut, framing):
    stream_row(cut("rst", framing=framing), **BROKEN)


@pytest.mark.parametrize("how", ["fin", "inside_chunk", "bad_chunk_size"])
def test_f2_chunks_that_break_off(stream_row, cut, how):
    stream_row(cut(how, 9 if how == "inside_chunk" else 0), **BROKEN)


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_f3_a_clean_end_without_a_finish_reason(stream_row, cut, framing):
    stream_row(cut("clean", framing=framing), **{**BROKEN, "names": ["ended without a finish reason after 6"]})


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_f4_a_clean_end_inside_an_event(stream_row, cut, framing):
    stream_row(cut("clean", 20, framing=framing), **{**BROKEN, "names": ["ended without a finish reason after 6"]})


def test_f5_a_finish_reason_without_done(row, chunk):
    row(EventsAnswer([chunk("Hello"), chunk(finish="stop")], done=False), text="Hello")


@pytest.mark.parametrize("finish", [None, ""])
def test_f6_done_without_a_finish_reason(row, chunk, finish):
    chat = row.make()
    row(EventsAnswer([chunk("Hello", finish=finish)]), chat=chat, text="Hello")
    assert chat.turns[3].finish_reason == "unknown"


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_f7_an_end_before_any_event(stream_row, how):
    answer = EventsAnswer(["x"], delivery=Delivery(cut_after=0, cut=how))
    stream_row(*[answer] * 3, raises=APIConnectionError, names=["3 attempts"], requests=3)


def test_f7_a_clean_end_before_any_event(row):
    row(*[EventsAnswer([], done=False)] * 3, raises=APIResponseError, names=["empty answer"], requests=3)


NOTHING = {
    "done": [],
    "comments": [b": ping\n\n"] * 3,
    "a role": [{"choices": [{"delta": {"role": "assistant", "content": ""}}]}],
    "usage": [{"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 0}}],
}


@pytest.mark.parametrize("name", NOTHING)
def test_f8_no_content(row, name):
    row(*[EventsAnswer(NOTHING[name])] * 3, raises=APIResponseError, names=["no content", "'m'"], requests=3)


def test_f9_an_error_after_text(row, chunk):
    row(
        EventsAnswer([chunk("Hello"), {"error": {"message": "own words", "code": 429}}]),
        raises=APIStreamError,
        names=["own words"],
        history="HP",
        text="Hello",
    )


@pytest.mark.parametrize(
    ("code", "kind", "requests"),
    [(429, RateLimitError, 3), (500, InternalServerError, 3), (401, AuthenticationError, 1)],
)
def test_f9_an_error_as_the_first_event(row, code, kind, requests):
    answer = EventsAnswer([{"error": {"message": "own words", "code": code}}])
    row(*[answer] * requests, raises=kind, names=["own words"], requests=requests)


REPORTED = {
    "a text": {"error": "own words"},
    "an event": b'event: error\ndata: {"message": "own words"}\n\n',
    "vLLM": {"object": "error", "message": "own words"},
    "OpenRouter": {
        "error": {"message": "own words", "code": 502},
        "choices": [{"delta": {}, "finish_reason": "error"}],
    },
    "a detail": {"detail": "own words"},
}


@pytest.mark.parametrize("name", REPORTED)
def test_f10_errors_in_many_words(row, chunk, name):
    answer = EventsAnswer([chunk("Hello"), REPORTED[name]])
    row(answer, raises=APIStreamError, names=['"own words"'], history="HP", text="Hello")


def test_f11_an_event_that_is_no_json(row, chunk):
    row(
        EventsAnswer([chunk("Hello"), "{oh dear", chunk(finish="stop")]),
        raises=StreamError,
        names=["Event 2", "{oh dear"],
        history="HP",
        text="Hello",
    )


@pytest.mark.parametrize("value", ["7", '"text"', "null", "[1]"])
def test_f12_an_event_that_is_no_object(row, chunk, value):
    answer = EventsAnswer([chunk("Hello"), value, chunk(finish="stop")])
    row(answer, raises=StreamError, names=["Event 2"], history="HP", text="Hello")


ODD = [
    {"choices": None}, {"id": "x"}, {"choices": []}, {"choices": [{"delta": None}]}, {"choices": [{"index": 0}]},
    {"choices": [{"delta": {"content": None, "odd": [1]}, "odd": 1}], "odd": {}},
]  # fmt: skip


def test_f13_chunks_that_say_nothing(row, chunk):
    row(EventsAnswer([chunk("Hel"), *ODD, chunk("lo", finish="stop")]), text="Hello")


@pytest.mark.parametrize(("content", "kind"), [(7, "int"), ({"a": 1}, "dict")])
def test_f14_content_that_is_no_text(row, chunk, content, kind):
    row(
        EventsAnswer([chunk("Hello"), chunk(content)]),
        raises=StreamError,
        names=["choices[0].delta.content", kind],
        history="HP",
        text="Hello",
    )


def test_f15_cut_off_at_max_tokens(row):
    chat = row.make()
    row(Answer("Hel", finish_reason="length"), chat=chat, warns=["max_tokens"], text="Hel")
    assert chat.turns[3].finish_reason == "length"


def test_f15_a_typed_answer_cut_off(row_once):
    from chatkit import LengthFinishReasonError

    chat = row_once.make()
    row_once(
        Answer('{"a": 1', finish_reason="length"),
        chat=chat,
        act=lambda: chat.chat_structured("Hi", type=dict[str, int]),
        raises=LengthFinishReasonError,
        names=["max_tokens"],
        history="HC",
    )


def test_f16_filtered(row):
    chat = row.make()
    row(Answer("Hel", finish_reason="content_filter"), chat=chat, warns=["filter"], text="Hel")


def test_f16_a_refusal(row, chunk):
    row(EventsAnswer([chunk(refusal="I will not."), chunk(finish="stop")]), warns=["filter"], text="I will not.")


def test_f17_an_unknown_finish_reason(row, chunk):
    chat = row.make()
    row(EventsAnswer([chunk("Hello", finish="eos_token")]), chat=chat, text="Hello")
    assert (chat.turns[3].finish_reason, chat.turns[3].raw_finish_reason) == ("stop", "eos_token")


def test_f17_the_finish_reason_error(row, chunk):
    answer = EventsAnswer([chunk("Hello"), chunk(finish="error")])
    row(answer, raises=APIStreamError, names=["ended the answer with an error"], history="HP", text="Hello")


def test_f18_after_done_nothing_is_read_but_usage_after_the_finish_is(row, chunk):
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    chat = row.make()
    row(EventsAnswer([chunk("Hello", finish="stop"), usage, "[DONE]", chunk("more")]), chat=chat, text="Hello")
    assert chat.turns[3].usage.input_tokens == 3


def test_f19_of_two_choices_the_first_counts(row):
    def both(first, second):
        ended = "stop" if first == "lo" else None
        made = [
            {"index": 1, "delta": {"content": second}, "finish_reason": ended},
            {"index": 0, "delta": {"content": first}, "finish_reason": ended},
        ]
        return {"id": "c1", "model": "m", "choices": made}

    row(EventsAnswer([both("Hel", "Bon"), both("lo", "jour")]), text="Hello")


def test_f19_each_choice_in_a_chunk_of_its_own(row):
    def one(index, content, finish=None):
        return {"id": "c1", "choices": [{"index": index, "delta": {"content": content}, "finish_reason": finish}]}

    row(
        EventsAnswer([one(1, "Bon", "stop"), one(0, "Hel"), one(1, "jour", "stop"), one(0, "lo", "stop")]), text="Hello"
    )


@pytest.mark.parametrize("how", ["reasoning", "reasoning_content"])
def test_f20_thinking_in_a_field_of_its_own(row, how):
    chat = row.make()
    row(Answer(["So ", "it is"], reasoning=["Let ", "me"], reasoning_field=how), chat=chat, text="So it is")
    assert chat.turns[3].thinking == "Let me"


@pytest.mark.parametrize("text", ["<think>Let me</think>So", "<think>Let me"])
def test_f20_thinking_in_tags_split_over_deltas(row, text):
    chat = row.make()
    row(Answer(list(text)), chat=chat, history="HC")
    turn = chat.turns[3]
    assert turn.thinking == "Let me"
    assert turn.text == text.partition("</think>")[2]


def test_f21_halves_of_surrogate_pairs(row, chunk, capsys):
    chat = row.make()
    events = ['{"choices":[{"delta":{"content":"\\ud83d"}}]}', '{"choices":[{"delta":{"content":"\\ude00 \\ud83d"}}]}']
    row(EventsAnswer([*events, chunk(finish="stop")]), chat=chat, text="😀 \ufffd")
    print(chat)
    assert "😀" in capsys.readouterr().out


@pytest.mark.parametrize(
    "usage", [{"prompt_tokens": -5}, {"prompt_tokens": "7"}, {"prompt_tokens": None}, "much", [1], None, {}]
)
def test_f22_odd_usage(row, chunk, usage):
    chat = row.make()
    row(EventsAnswer([chunk("Hello", finish="stop"), {"choices": [], "usage": usage}]), chat=chat, text="Hello")
    assert chat.turns[3].usage.input_tokens in (None, 7)


def test_f23_a_hundred_thousand_deltas(stream_row):
    event = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
    end = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    stream_row(RawAnswer(event * 100_000 + end, content_type="text/event-stream"), text="x" * 100_000)


def test_f24_control_characters_are_kept_and_not_obeyed(row, service):
    text = "a\x00b\x1b[2Jc\x1b]52;c;ZXZpbA==\x07d"
    chat = row.make()
    row(Answer([text]), chat=chat, text=text)
    service.say(text)
    shown = Screen()
    with contextlib.redirect_stdout(shown):
        chat.chat("Again", echo="output")
    assert "\x1b" not in shown.getvalue()
    assert "\x00" not in shown.getvalue()
    assert "␛[2J" in shown.getvalue()


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_f19_several_answers_cannot_be_asked_for(row_once):
    row_once(act=lambda: row_once.make(api_args={"n": 2}), raises=ConfigError, names=["n"], requests=0)
