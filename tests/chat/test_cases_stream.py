"""Cases 1 to 18: reading streamed answers, and what is stored of them. Each runs through all four ways to talk."""

import time

import pytest

from chatkit import (
    APIResponseError,
    APIStreamError,
    ContentText,
    ContentToolRequest,
    FinishReasonWarning,
    StreamInterruptedError,
    ToolRequested,
    Usage,
)
from chatkit.testing import Answer, EventsAnswer, EventStyle, RawAnswer, ToolCall


def test_case_01_null_fields_never_overwrite_what_came_before(service, chat, talk, chunk, go_on, add):
    nothing = {"content": None, "tool_calls": None, "role": None, "reasoning": None, "refusal": None}
    call = {"index": 0, "id": "k1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1,'}}
    rest = {"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": ' "b": 2}'}}
    blank = {"index": 0, "function": {"name": None, "arguments": None}}
    service.script(
        EventsAnswer(
            [
                chunk("Let me", **{k: v for k, v in nothing.items() if k != "content"}),
                chunk(**nothing),
                chunk(" see."),
                chunk(tool_calls=[call], content=None),
                chunk(tool_calls=[rest]),
                chunk(tool_calls=[blank]),
                chunk(**nothing),
                chunk(finish="tool_calls"),
            ]
        ),
        Answer("3."),
    )
    talk(chat, "1 + 2?")
    asked = chat.turns[1]
    assert asked.contents == (ContentText("Let me see."), ContentToolRequest("k1", "add", {"a": 1, "b": 2}))
    assert add == [(1, 2)]
    go_on(chat, talk)


def test_case_02_a_first_chunk_with_only_a_role_leaves_no_empty_text(service, chat, talk, chunk, go_on):
    service.script(EventsAnswer([chunk("", role="assistant"), chunk("Hi."), chunk(finish="stop")]))
    assert talk(chat, "Hello") == "Hi."
    assert chat.last_turn().contents == (ContentText("Hi."),)
    assert "" not in talk.told
    go_on(chat, talk)


def test_case_03_a_last_chunk_without_choices_gives_the_usage(service, chat, talk, chunk):
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    last = {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": usage}
    service.script(EventsAnswer([chunk("Hi."), chunk(finish="stop"), last]))
    assert talk(chat, "Hello") == "Hi."
    assert chat.last_turn().usage == Usage(input_tokens=5, output_tokens=2)


@pytest.mark.parametrize("told", ["null", "none"])
def test_case_04_unknown_usage_stays_unknown_and_is_not_zero(service, chat, talk, chunk, told):
    chunks = [chunk("Hi."), chunk(finish="stop")]
    if told == "null":
        chunks = [{**one, "usage": None} for one in chunks]
    service.script(EventsAnswer(chunks))
    assert talk(chat, "Hello") == "Hi."
    assert chat.last_turn().usage == Usage(None, None, None, None)
    assert chat.usage() == Usage(None, None, None, None)
    assert "input" not in repr(chat)


def test_case_05_of_cumulative_usage_the_last_counts(service, chat, talk, chunk):
    counts = [{"prompt_tokens": 5, "completion_tokens": n} for n in (1, 2, 3)]
    service.script(
        EventsAnswer(
            [chunk("a", usage=counts[0]), chunk("b", usage=counts[1]), chunk(finish="stop", usage=counts[2])],
        )
    )
    assert talk(chat, "Hello") == "ab"
    assert chat.last_turn().usage.output_tokens == 3


@pytest.mark.parametrize("deltas", [("ha", "ha"), ("\n", "\n", "x"), ("1", "1"), ("a", "a", "aa"), (" ", " ", "b")])
def test_case_06_delta_equal_to_the_text_so_far_is_concatenated(service, chat, talk, go_on, chunk, deltas):
    service.script(EventsAnswer([*map(chunk, deltas), chunk(finish="stop")]))
    assert talk(chat, "Laugh") == "".join(deltas)
    assert chat.last_turn().text == "".join(deltas)
    messages = go_on(chat, talk)
    assert messages[1] == {"role": "assistant", "content": "".join(deltas)}


def test_case_06_the_same_for_thinking_and_tool_arguments(service, chat, talk, chunk, add):
    pieces = ['{"a": 1', "1", ', "b": 1', "1", "}"]
    calls = [chunk(tool_calls=[{"index": 0, "function": {"arguments": piece}}]) for piece in pieces]
    first = chunk(tool_calls=[{"index": 0, "id": "k", "type": "function", "function": {"name": "add"}}])
    thoughts = [chunk(reasoning="hm"), chunk(reasoning="hm")]
    service.script(EventsAnswer([*thoughts, first, *calls, chunk(finish="tool_calls")]), "22.")
    talk(chat, "11 + 11?")
    assert chat.turns[1].thinking == "hmhm"
    assert add == [(11, 11)]


def test_case_07_metadata_is_not_glued_together(service, chat, talk, chunk):
    chunks = [chunk("a"), chunk("b"), chunk(finish="stop")]
    chunks[1] |= {"id": "c2", "model": "other", "system_fingerprint": "f"}
    chunks[2] |= {"id": "c3", "model": "third", "system_fingerprint": "f"}
    service.script(EventsAnswer(chunks))
    assert talk(chat, "Hello") == "ab"
    turn = chat.last_turn()
    assert (turn.response_id, turn.model, turn.finish_reason) == ("c1", "m", "stop")


def test_case_07_a_finish_reason_told_twice_is_not_glued_either(service, chat, talk, chunk):
    service.script(EventsAnswer([chunk("a", finish="stop"), chunk(finish="stop")]))
    assert talk(chat, "Hello") == "a"
    assert chat.last_turn().finish_reason == "stop"


@pytest.mark.parametrize("habit", [{}, {"repeat": True}, {"name_fragment": 2}])
def test_case_08_interleaved_tool_calls_are_put_together_by_index(service, chat, talk, go_on, add, habit):
    calls = [ToolCall("add", {"a": n, "b": 10 * n}, fragment=3, **habit) for n in (1, 2)]
    service.script(Answer(tool_calls=calls, interleave=True), "Done.")
    assert talk(chat, "Add") == "Done."
    assert sorted(add) == [(1, 10), (2, 20)]
    assert [request.name for request in chat.turns[1].tool_requests] == ["add", "add"]
    go_on(chat, talk)


def test_case_08_an_empty_id_in_later_fragments_changes_nothing(service, chat, talk, chunk, go_on, add):
    first = {"index": 0, "id": "k1", "type": "function", "function": {"name": "add", "arguments": ""}}
    rest = [
        {"index": 0, "id": "", "function": {"name": "", "arguments": piece}} for piece in ('{"a": 1', ', "b"', ": 2}")
    ]
    service.script(
        EventsAnswer([*(chunk(tool_calls=[one]) for one in (first, *rest)), chunk(finish="tool_calls")]), "3."
    )
    assert talk(chat, "1 + 2?") == "3."
    assert chat.turns[1].tool_requests == (ContentToolRequest("k1", "add", {"a": 1, "b": 2}),)
    go_on(chat, talk)


def test_case_09_fragments_without_index_are_attached_by_id_or_order(service, chat, talk, go_on, add):
    calls = [ToolCall("add", {"a": n, "b": 1}, fragment=4, omit=["index"], repeat=True) for n in (1, 2)]
    service.script(Answer(tool_calls=calls, interleave=True), "Done.")
    talk(chat, "Add")
    calls = [ToolCall("add", {"a": n, "b": 1}, fragment=4, omit=["index"]) for n in (3, 4)]
    service.script(Answer(tool_calls=calls), "Done.")
    talk(chat, "Add")
    assert sorted(add) == [(1, 1), (2, 1), (3, 1), (4, 1)]
    go_on(chat, talk)


def test_case_09_an_index_now_and_then_is_no_crash(service, chat, talk, chunk, go_on, add):
    fragments = [
        {"index": 0, "id": "k1", "function": {"name": "add", "arguments": '{"a": 1,'}},
        {"id": "k1", "function": {"arguments": ' "b": 2}'}},
        {"id": "k2", "function": {"name": "add", "arguments": '{"a": 3,'}},
        {"function": {"arguments": ' "b": 4}'}},
    ]
    service.script(EventsAnswer([*(chunk(tool_calls=[one]) for one in fragments), chunk(finish="tool_calls")]), "Done.")
    talk(chat, "Add")
    assert sorted(add) == [(1, 2), (3, 4)]
    go_on(chat, talk)


@pytest.mark.parametrize("as_object", [False, True])
def test_case_10_a_whole_call_in_one_chunk_with_arguments_as_text_or_object(service, chat, talk, go_on, add, as_object):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2}, as_object=as_object)]), "3.")
    assert talk(chat, "1 + 2?") == "3."
    assert add == [(1, 2)]
    go_on(chat, talk)


@pytest.mark.parametrize("fragment", [None, 2])
def test_case_11_calls_without_an_id_get_one_that_the_answer_refers_to(service, chat, talk, go_on, add, fragment):
    calls = [ToolCall("add", {"a": n, "b": 1}, omit=["id"], fragment=fragment) for n in (1, 2)]
    service.script(Answer(tool_calls=calls), "Done.")
    talk(chat, "Add")
    ids = [request.id for request in chat.turns[1].tool_requests]
    assert all(ids)
    assert len(set(ids)) == 2
    assert [result.id for result in chat.turns[2].tool_results] == ids
    sent = service.requests[-1].messages
    assert [call["id"] for call in sent[1]["tool_calls"]] == ids
    assert [message["tool_call_id"] for message in sent[2:]] == ids
    go_on(chat, talk)


def test_case_12_a_tool_call_may_come_before_any_text(service, chat, talk, go_on, add):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})], role=None), "3.")
    assert talk(chat, "1 + 2?") == "3."
    assert chat.turns[1].text == ""
    assert add == [(1, 2)]
    go_on(chat, talk)


def test_case_13_delta_and_message_in_one_choice_are_not_taken_twice(service, chat, talk, chunk, go_on):
    chunks = [chunk("Hel"), chunk("lo"), chunk("", finish="stop")]
    chunks[0]["choices"][0]["message"] = {"role": "assistant", "content": ""}
    chunks[1]["choices"][0]["message"] = None
    chunks[2]["choices"][0]["message"] = {"role": "assistant", "content": "Hello"}
    service.script(EventsAnswer(chunks))
    assert talk(chat, "Hi") == "Hello"
    assert chat.last_turn().text == "Hello"
    go_on(chat, talk)


def test_case_13_a_streamed_message_in_place_of_a_delta_is_read(service, chat, talk, whole):
    service.script(EventsAnswer([whole(content="Hello")]))
    assert talk(chat, "Hi") == "Hello"


STYLES = {
    "comments": EventStyle(comment="keep-alive"),
    "CRLF": EventStyle(newline="\r\n"),
    "CR": EventStyle(newline="\r"),
    "BOM": EventStyle(bom=True),
    "no space": EventStyle(space_after_colon=False),
    "several lines": EventStyle(multiline=True),
    "other fields": EventStyle(fields=("event: message", "id: 1", "retry: 10")),
    "escapes": EventStyle(ascii=True),
    "no line end": EventStyle(last="nothing"),
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_case_14_events_may_be_spelled_in_all_the_ways_of_the_standard(service, chat, stream_talk, style):
    text = "Grüße\u2028 \U0001f600 \u0085 ."
    service.script(Answer(list(text), style=style))
    assert stream_talk(chat, "Hi") == text
    assert chat.last_turn().text == text


def test_case_14_empty_events_and_split_utf8_change_nothing(service, chat, talk, chunk):
    body = b": ping\n\ndata:\n\ndata: \n\n" + b"".join(
        f"data:{part}\n\n".encode()
        for part in (
            '{"choices":[{"delta":{"content":"Grüße \U0001f600"}}]}',
            '{"choices":[{"delta":{},"finish_reason":"stop"}]}',
            "[DONE]",
        )
    )
    service.script(RawAnswer((body[i : i + 1] for i in range(len(body))), content_type="text/event-stream"))
    assert talk(chat, "Hi") == "Grüße \U0001f600"


def test_case_15_the_end_of_the_body_will_do_for_a_missing_done(service, chat, talk, go_on):
    service.script(EventsAnswer([*_said("Hi."), _end("stop")], done=False))
    assert talk(chat, "Hello") == "Hi."
    assert chat.last_turn().interrupted is None
    go_on(chat, talk)


def test_case_15_an_end_without_finish_reason_and_done_is_an_interruption(service, chat, talk, go_on):
    service.script(EventsAnswer(_said("Hi"), done=False))
    with pytest.raises(StreamInterruptedError, match="ended without a finish reason after 2 characters") as caught:
        talk(chat, "Hello")
    assert chat.last_turn() == caught.value.partial
    assert chat.last_turn().text == "Hi"
    assert chat.last_turn().interrupted.startswith("StreamInterruptedError")
    assert [message["content"] for message in go_on(chat, talk)] == ["Hello", "Hi", "go on"]


@pytest.mark.parametrize("reason", [None, ""])
def test_case_15_done_without_a_finish_reason_is_an_end(service, chat, talk, reason):
    service.script(EventsAnswer([*_said("Hi."), _end(reason)]))
    assert talk(chat, "Hello") == "Hi."
    assert (chat.last_turn().finish_reason, chat.last_turn().interrupted) == ("unknown", None)


@pytest.mark.parametrize("text", [" ", "\n\n", "<", " <thi"])
def test_case_15_the_same_for_a_text_that_might_have_become_a_think_tag(service, chat, talk, text):
    service.script(EventsAnswer([*_said(text)]))
    assert talk(chat, "Hello") == text
    assert len(service.requests) == 1
    assert chat.last_turn().text == text


@pytest.mark.parametrize(
    "error",
    [{"error": {"message": "the model fell over", "code": "oops"}}, {"error": "the model fell over"}],
    ids=["object", "string"],
)
def test_case_16_an_error_inside_a_stream_is_raised_with_the_servers_words(service, chat, talk, go_on, error):
    service.script(EventsAnswer([*_said("Well"), error]))
    with pytest.raises(APIStreamError, match="the model fell over"):
        talk(chat, "Hello")
    assert chat.last_turn().text == "Well"
    assert chat.last_turn().interrupted.startswith("APIStreamError")
    go_on(chat, talk)


def test_case_16_an_error_as_the_whole_body_is_raised_and_leaves_nothing(service, chat, talk, go_on):
    service.script(RawAnswer(b'{"error": {"message": "the model fell over", "code": 400}}'))
    with pytest.raises(Exception, match="the model fell over") as caught:
        talk(chat, "Hello")
    assert caught.value.status_code == 400
    assert chat.turns == []
    assert len(go_on(chat, talk)) == 1


@pytest.mark.parametrize("raw", ["insufficient_system_resource", "pause_turn"])
def test_case_17_an_unknown_finish_reason_is_kept_and_warned_of(service, chat, talk, raw):
    service.script(Answer("Hi.", finish_reason=raw))
    with pytest.warns(FinishReasonWarning, match=raw):
        assert talk(chat, "Hello") == "Hi."
    assert (chat.last_turn().finish_reason, chat.last_turn().raw_finish_reason) == (raw, raw)


@pytest.mark.parametrize(
    ("raw", "known"), [("eos", "stop"), ("eos_token", "stop"), ("stop_sequence", "stop"), ("end_turn", "stop")]
)
def test_case_17_other_words_for_a_known_reason_are_understood(service, chat, talk, raw, known):
    service.script(Answer("Hi.", finish_reason=raw))
    assert talk(chat, "Hello") == "Hi."
    assert (chat.last_turn().finish_reason, chat.last_turn().raw_finish_reason) == (known, raw)


@pytest.mark.parametrize("raw", ["max_tokens", "model_length", "length"])
def test_case_17_the_words_for_a_cut_off_answer_are_warned_of(service, chat, talk, raw):
    service.script(Answer("Hi", finish_reason=raw))
    with pytest.warns(FinishReasonWarning, match="max_tokens"):
        assert talk(chat, "Hello") == "Hi"
    assert chat.last_turn().finish_reason == "length"
    assert chat.last_turn().interrupted is None


@pytest.mark.parametrize("raw", ["stop", "tool_calls", "function_call", "tool_use"])
def test_case_17_tools_run_whichever_of_these_reasons_ends_the_answer(service, chat, talk, add, raw):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})], finish_reason=raw), "3.")
    assert talk(chat, "1 + 2?") == "3."
    assert add == [(1, 2)]


def test_case_17_the_finish_reason_error_is_an_error(service, chat, talk, go_on):
    service.script(Answer("We", finish_reason="error"))
    with pytest.raises(APIStreamError, match="ended the answer with an error"):
        talk(chat, "Hello")
    assert chat.last_turn().text == "We"
    assert chat.last_turn().interrupted is not None
    go_on(chat, talk)


def test_case_18_only_the_first_choice_is_used(service, chat, talk, chunk, go_on):
    def of(index, text, finish=None):
        return {"index": index, "delta": {"content": text}, "finish_reason": finish}

    events = [[of(1, "B"), of(0, "A")], [of(1, "b")], [of(0, "a")], [of(0, "", "stop"), of(1, "", "stop")]]
    service.script(EventsAnswer([{"choices": choices} for choices in events]))
    assert talk(chat, "Hello") == "Aa"
    assert chat.last_turn().text == "Aa"
    go_on(chat, talk)


def test_case_18_an_answer_without_a_first_choice_is_empty(service, make_chat, talk):
    chat = make_chat(max_retries=0)
    service.script(EventsAnswer([{"choices": [{"index": 1, "delta": {"content": "x"}}]}]))
    with pytest.raises(APIResponseError, match="empty answer"):
        talk(chat, "Hello")
    assert chat.turns == []


def test_f18_what_comes_after_done_is_not_read(service, chat, talk, chunk, go_on):
    service.script(EventsAnswer([chunk("Hi."), chunk(finish="stop"), "[DONE]", chunk(" Late."), "no JSON"]))
    assert talk(chat, "Hello") == "Hi."
    assert chat.last_turn().text == "Hi."
    go_on(chat, talk)


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": None},
        {"object": "ping"},
        {"choices": [], "usage": None},
        {"choices": [{"index": 0, "delta": None}]},
        {"choices": [{"index": 0}]},
        {"choices": [{"index": 0, "delta": {"content": None, "unheard": {"of": 1}}}], "more": [1]},
        {"choices": [{"index": 0, "delta": {"content": ""}}], "error": None},
    ],
)
def test_f13_chunks_that_say_nothing_are_tolerated(service, chat, talk, chunk, go_on, odd):
    service.script(EventsAnswer([odd, chunk("H"), odd, chunk("i."), odd, chunk(finish="stop"), odd]))
    assert talk(chat, "Hello") == "Hi."
    assert chat.last_turn().text == "Hi."
    go_on(chat, talk)


def test_f23_a_hundred_thousand_deltas_take_linear_time(service, chat, talk):
    body = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n' * 100_000 + b"data: [DONE]\n\n"
    service.script(RawAnswer(body, content_type="text/event-stream"))
    # What this process itself takes: others may be at work, too. If each delta cost what came before, it were hours.
    begun = time.process_time()
    assert talk(chat, "Hello") == "x" * 100_000
    assert time.process_time() - begun < 30
    assert len(chat.last_turn().contents) == 1


def test_tool_requests_are_told_before_they_run(service, chat, stream_talk, add):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]), "3.")
    told = [event for event in stream_talk.events(chat, "1 + 2?") if isinstance(event, ToolRequested)]
    assert [event.request.name for event in told] == ["add"]


def _said(*texts):
    return [{"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]} for text in texts]


def _end(reason):
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}
