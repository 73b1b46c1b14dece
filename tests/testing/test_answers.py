"""Answers: what they look like as chunks, as whole completions and as events."""

import json

import pytest
import sseclient

from chatkit.testing import Answer, ErrorAnswer, EventsAnswer, EventStyle, FakeService, RecordedRequest, ToolCall
from chatkit.testing._completions import chunk_objects, completion_object
from chatkit.testing._replies import reply_to

ASKED = {"stream": True, "stream_options": {"include_usage": True}}


def request(**body):
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **body}
    return RecordedRequest(7, "POST", "/v1/chat/completions", {}, json.dumps(body).encode(), 1)


def chunks(answer, **body):
    return list(chunk_objects(answer, request(**body)))


def delta_list(answer, **body):
    return [chunk["choices"][0]["delta"] for chunk in chunks(answer, **body) if chunk["choices"]]


def body_of(answer, **body):
    return b"".join(reply_to(request(stream=True, **body), answer).pieces)


def joined_calls(answer):
    """Join streamed calls by index, as a client does."""
    calls = {}
    for delta in delta_list(answer):
        for piece in delta.get("tool_calls", ()):
            call = calls.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
            call["id"] = piece.get("id", call["id"])
            for key, value in piece["function"].items():
                call[key] += value
    return list(calls.values())


def test_a_plain_stream():
    sent = chunks(Answer(["a", "b"]))
    assert [one["choices"][0] for one in sent] == [
        {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None},
        {"index": 0, "delta": {"content": "a"}, "finish_reason": None},
        {"index": 0, "delta": {"content": "b"}, "finish_reason": None},
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    ]
    assert {(one["id"], one["object"], one["model"]) for one in sent} == {("chatcmpl-7", "chat.completion.chunk", "m")}


def test_a_whole_completion():
    answer = Answer(["a", "b"], "why", id="x", model="served", fingerprint="fp")
    assert completion_object(answer, request()) == {
        "id": "x",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "served",
        "system_fingerprint": "fp",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "ab", "reasoning": "why"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
    }


def test_whole_tool_calls_have_no_content():
    whole = completion_object(Answer(tool_calls=[ToolCall("f", {"a": 1}, "c1")], usage=None), request())
    assert whole["choices"][0] == {
        "index": 0,
        "message": {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
            ],
        },
        "finish_reason": "tool_calls",
    }
    assert "usage" not in whole


def test_reasoning_comes_first_under_the_chosen_name():
    assert delta_list(Answer("a", ["r", "s"], "reasoning_content", role=None)) == [
        {"reasoning_content": "r"},
        {"reasoning_content": "s"},
        {"content": "a"},
        {},
    ]


def test_roles():
    assert delta_list(Answer("a", role="every")) == [{"role": "assistant", "content": "a"}, {}]
    assert delta_list(Answer("a", role=None)) == [{"content": "a"}, {}]


@pytest.mark.parametrize("reason", [None, "length", "eos_token"])
def test_finish_reasons(reason):
    reasons = [one["choices"][0]["finish_reason"] for one in chunks(Answer("a", finish_reason=reason))]
    assert [one for one in reasons if one] == [reason] * bool(reason)


def test_usage_places():
    def places(usage, **body):
        return [bool(one["choices"]) for one in chunks(Answer("abcd", usage=usage), **body) if "usage" in one]

    assert places(None, **ASKED) == []
    assert places("asked") == []
    assert places("asked", **ASKED) == [False]
    assert places("separate") == [False]
    assert places("finish") == [True]
    assert places("cumulative") == [True, True, True]


def test_cumulative_usage_grows():
    sent = chunks(Answer(["abcd", "efgh"], usage="cumulative", role=None))
    assert [one["usage"]["completion_tokens"] for one in sent] == [1, 2, 2]


def test_usage_can_be_anything():
    sent = chunks(Answer("a", usage="finish", usage_body={"prompt_tokens": -1}))
    assert sent[-1]["usage"] == {"prompt_tokens": -1}


@pytest.mark.parametrize("fragment", [None, 1, 3, 100])
@pytest.mark.parametrize("interleave", [False, True])
@pytest.mark.parametrize("name_fragment", [None, 2])
def test_streamed_calls_join_to_what_was_called(fragment, interleave, name_fragment):
    calls = [ToolCall("add", {"a": 1}, None, fragment, name_fragment), ToolCall("mul", '{"b"', "x", fragment)]
    assert joined_calls(Answer(tool_calls=calls, interleave=interleave)) == [
        {"id": "call_7_0", "name": "add", "arguments": '{"a": 1}'},
        {"id": "x", "name": "mul", "arguments": '{"b"'},
    ]


def test_interleaved_calls_take_turns():
    calls = [ToolCall("a", "12", fragment=1), ToolCall("b", "34", fragment=1)]
    deltas = delta_list(Answer(tool_calls=calls, interleave=True, role=None))[:-1]
    assert [delta["tool_calls"][0]["index"] for delta in deltas] == [0, 1, 0, 1, 0, 1]


def test_calls_without_fragments_come_at_once():
    deltas = delta_list(Answer(tool_calls=[ToolCall("a", {"x": 1}, "i")], role=None))
    assert deltas == [
        {
            "tool_calls": [
                {"index": 0, "id": "i", "type": "function", "function": {"name": "a", "arguments": '{"x": 1}'}}
            ]
        },
        {},
    ]


def test_calls_can_be_faulty():
    bare = ToolCall("a", "{}", omit=("index", "id", "type", "name"))
    assert delta_list(Answer(tool_calls=[bare], role=None))[0] == {"tool_calls": [{"function": {"arguments": "{}"}}]}
    same = [ToolCall("a", index=0, id=""), ToolCall("b", index=0, id="")]
    pieces = [one["tool_calls"][0] for one in delta_list(Answer(tool_calls=same, role=None))[:-1]]
    assert [(piece["index"], piece["id"]) for piece in pieces] == [(0, ""), (0, "")]
    as_object = completion_object(Answer(tool_calls=[ToolCall("a", {"x": 1}, as_object=True)]), request())
    assert as_object["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == {"x": 1}
    assert delta_list(Answer(tool_calls=[ToolCall("a", {"x": 1}, as_object=True)]))[1]["tool_calls"][0]["function"][
        "arguments"
    ] == {"x": 1}


def test_calls_without_index_stay_without():
    pieces = delta_list(Answer(tool_calls=[ToolCall("a", "12", fragment=1, omit=("index",))], role=None))[:-1]
    assert all("index" not in piece["tool_calls"][0] for piece in pieces)


def test_repeated_calls_name_themselves_in_every_piece():
    pieces = delta_list(Answer(tool_calls=[ToolCall("a", "12", "i", fragment=1, repeat=True)], role=None))[:-1]
    assert [piece["tool_calls"][0]["function"] for piece in pieces] == [
        {"name": "a", "arguments": ""},
        {"name": "a", "arguments": "1"},
        {"name": "a", "arguments": "2"},
    ]
    assert {piece["tool_calls"][0]["id"] for piece in pieces} == {"i"}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("space", [True, False])
@pytest.mark.parametrize("multiline", [True, False])
def test_every_style_says_the_same(newline, space, multiline):
    style = EventStyle(
        newline=newline, space_after_colon=space, multiline=multiline, comment="ping", fields=("event: message",)
    )
    body = body_of(Answer(["h\u00e9", "\u2028"], style=style))
    assert body.count(f"data:{' ' if space else ''}[DONE]".encode()) == 1
    assert (f": ping{newline}" if space else f":ping{newline}").encode() in body
    events = list(sseclient.SSEClient(iter([body])).events())
    assert events[-1].data == "[DONE]"
    said = [json.loads(event.data)["choices"][0]["delta"].get("content", "") for event in events[:-1]]
    assert "".join(said) == "h\u00e9\u2028"


def test_marks_and_endings():
    def ends(**style):
        return body_of(EventsAnswer(["a", b"raw\n\n"], style=EventStyle(**style)))

    assert ends() == b"data: a\n\nraw\n\ndata: [DONE]\n\n"
    assert ends(bom=True) == b"\xef\xbb\xbfdata: a\n\nraw\n\ndata: [DONE]\n\n"
    assert ends(last="line") == b"data: a\n\nraw\n\ndata: [DONE]\n"
    assert ends(last="nothing", newline="\r\n") == b"data: a\r\n\r\nraw\n\ndata: [DONE]"
    assert body_of(EventsAnswer([], done=False, style=EventStyle(last="line"))) == b""


def test_surrogates_travel_as_escapes():
    assert b"\\ud83d" in body_of(Answer(["\ud83d", "\ude00"]))
    assert b"\\u00e9" in body_of(Answer("\u00e9", style=EventStyle(ascii=True)))


def test_events_are_sent_as_they_are():
    events = [{"a": 1}, [2], 3, None, '{"bad', "two\nlines"]
    assert body_of(EventsAnswer(events, done=False)) == (
        b'data: {"a":1}\n\ndata: [2]\n\ndata: 3\n\ndata: null\n\ndata: {"bad\n\ndata: two\ndata: lines\n\n'
    )


def test_without_done():
    assert b"[DONE]" not in body_of(Answer("a", done=False))


def headers(answer, **body):
    return reply_to(request(**body), answer).headers


def test_content_types():
    assert headers(Answer("a"))["content-type"] == "application/json"
    assert headers(Answer("a"), stream=True)["content-type"] == "text/event-stream"
    assert headers(Answer("a", content_type="text/html"), stream=True)["content-type"] == "text/html"
    assert "content-type" not in headers(EventsAnswer([], content_type=""))
    assert headers(ErrorAnswer(500, "text"))["content-type"] == "text/plain; charset=utf-8"
    assert headers(ErrorAnswer(500, b"x", {"Content-Type": "a/b"}))["content-type"] == "a/b"


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("text", b"text"),
        (b"\xff", b"\xff"),
        ({"error": "x"}, b'{"error":"x"}'),
        (["a"], b'["a"]'),
        ("", b""),
        (
            None,
            b'{"error":{"message":"scripted error 429","type":"invalid_request_error","param":null,"code":null}}',
        ),
    ],
)
def test_error_bodies(body, sent):
    assert b"".join(reply_to(request(), ErrorAnswer(429, body)).pieces) == sent


def test_say_takes_every_field_of_an_answer():
    with FakeService() as service:
        service.say("a", finish_reason="length", headers={"x-inference-provider": "p"})
        answer = service._queue[0]
    assert isinstance(answer, Answer)
    assert (answer.finish_reason, answer.text) == ("length", ("a",))
