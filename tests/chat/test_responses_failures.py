"""The Responses wire when things go wrong, whole and streamed, plain and async: the history stays lawful."""

import json

import pytest

from chatkit import (
    APIError,
    APIResponseError,
    APIStreamError,
    AuthenticationError,
    BadRequestError,
    FinishReasonWarning,
    InternalServerError,
    NotFoundError,
    RateLimitError,
    StreamError,
    StreamInterruptedError,
    chat_huggingface,
    chat_openai_compatible,
)
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, FakeService, RawAnswer, ToolCall


@pytest.fixture
def hf_chat(make_hf):
    return make_hf()


@pytest.fixture
def carry_on(hf):
    def act(chat, talk):
        hf.say("Fine.")
        assert talk(chat, "go on") == "Fine."
        assert (hf.unsaid, chat.last_turn().interrupted) == (0, None)
        return hf.requests[-1].items

    return act


def response(*output, status="completed", **fields):
    return {"id": "r", "object": "response", "status": status, "model": "m", "output": list(output), **fields}


def in_form(stream, kind, body, *before):
    """The end of an answer: as the last event of a stream, or as a whole body."""
    if stream:
        return EventsAnswer([*before, {"type": f"response.{kind}", "response": body}], done=False)
    return RawAnswer(json.dumps(body).encode())


MESSAGE = {"type": "message", "id": "m1", "role": "assistant", "content": [{"type": "output_text", "text": "so far"}]}
SO_FAR = {
    "type": "response.output_text.delta",
    "item_id": "m1",
    "output_index": 0,
    "content_index": 0,
    "delta": "so far",
}


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("An error occurred in stream", InternalServerError),
        ("402 You have depleted your monthly included credits.", APIError),
        ("429 Rate limit reached", RateLimitError),
        ("404 The model does not exist", NotFoundError),
    ],
)
def test_ai_sdk_1_3_a_failed_response_under_status_200_is_an_error(hf, hf_chat, talk, carry_on, message, kind):
    hf.script(Answer(fails=message))
    with pytest.raises(kind, match=message):
        talk(hf_chat, "Hi")
    assert hf_chat.turns == []
    assert [item["role"] for item in carry_on(hf_chat, talk)] == ["user"]


def test_a_failed_response_is_tried_again_as_its_status_says(hf, talk):
    chat = chat_huggingface(base_url=hf.base_url, model="m", api="responses", echo="none", max_retries=1)
    hf.script(Answer(fails="503 overloaded"), "Fine.")
    assert talk(chat, "Hi") == "Fine."
    assert len(hf.requests) == 2


def test_ai_sdk_1_3_a_failure_in_the_middle_keeps_what_there_is(hf, hf_chat, stream_talk, carry_on):
    hf.script(Answer(["so ", "far"], fails="429 Rate limit reached"))
    with pytest.raises(APIStreamError, match="429 Rate limit reached") as caught:
        stream_talk(hf_chat, "Hi")
    assert caught.value.partial.text == hf_chat.last_turn().text == "so far"
    assert carry_on(hf_chat, stream_talk)[1]["content"] == [{"type": "output_text", "text": "so far"}]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down", "param": None},
        {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down"}},
        b'event: error\ndata: {"type": "error", "code": "429", "message": "Slow down"}\n\n',
    ],
)
def test_ai_sdk_1_3_error_events_of_either_shape(hf, hf_chat, stream_talk, carry_on, event):
    hf.script(EventsAnswer([event], done=False))
    with pytest.raises(RateLimitError, match="Slow down"):
        stream_talk(hf_chat, "Hi")
    assert hf_chat.turns == []
    hf.script(EventsAnswer([SO_FAR, event], done=False))
    with pytest.raises(APIStreamError, match="Slow down"):
        stream_talk(hf_chat, "Hi")
    assert hf_chat.last_turn().text == "so far"
    carry_on(hf_chat, stream_talk)


def test_ai_sdk_1_2_an_error_in_a_whole_answer_under_status_200(hf, hf_chat, whole_talk):
    hf.script(RawAnswer(json.dumps(response(MESSAGE, error={"code": "server_error", "message": "Sorry."})).encode()))
    with pytest.raises(InternalServerError, match="Sorry"):
        whole_talk(hf_chat, "Hi")
    assert hf_chat.turns == []


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("max_output_tokens", "length"), ("max_tokens", "length"), ("content_filter", "content_filter")],
)
def test_ai_sdk_1_3_an_incomplete_answer_says_why_and_keeps_its_usage(hf, hf_chat, talk, reason, finish):
    usage = {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}
    body = response(MESSAGE, status="incomplete", incomplete_details={"reason": reason}, usage=usage)
    hf.script(in_form(talk.streams, "incomplete", body, SO_FAR))
    with pytest.warns(FinishReasonWarning):
        assert talk(hf_chat, "Hi") == "so far"
    turn = hf_chat.last_turn()
    assert (turn.finish_reason, turn.raw_finish_reason, turn.interrupted) == (finish, reason, None)
    assert (turn.usage.input_tokens, turn.usage.output_tokens) == (9, 5)


def test_ai_sdk_1_3_a_stream_that_just_stops_is_an_error_and_not_an_answer(hf, hf_chat, stream_talk, carry_on):
    hf.script(EventsAnswer([SO_FAR], done=False))
    with pytest.raises(StreamInterruptedError):
        stream_talk(hf_chat, "Hi")
    assert (hf_chat.last_turn().text, hf_chat.last_turn().interrupted is None) == ("so far", False)
    carry_on(hf_chat, stream_talk)


def test_ai_sdk_1_3_a_line_that_is_no_json_is_an_error_and_keeps_what_there_is(hf, hf_chat, stream_talk, carry_on):
    hf.script(EventsAnswer([SO_FAR, "{broken"], done=False))
    with pytest.raises(StreamError, match="not valid JSON"):
        stream_talk(hf_chat, "Hi")
    assert hf_chat.last_turn().text == "so far"
    carry_on(hf_chat, stream_talk)


def test_a_connection_that_breaks_in_the_middle(hf, hf_chat, stream_talk, carry_on):
    hf.script(Answer(["so ", "far"], delivery=Delivery(cut_after=1500, cut="rst", piece=50)))
    with pytest.raises(StreamInterruptedError):
        stream_talk(hf_chat, "Hi")
    carry_on(hf_chat, stream_talk)


def test_leaving_a_stream_early_keeps_what_was_told(hf, hf_chat, stream_talk, carry_on):
    hf.script(Answer([f"{number} " for number in range(200)], delivery=Delivery(piece=200)))
    assert stream_talk.leave(hf_chat, "Count.", after=2) == "0 1 "
    assert hf_chat.last_turn().interrupted is not None
    carry_on(hf_chat, stream_talk)


def test_a_call_that_was_cut_off_is_not_run(hf, hf_chat, stream_talk, carry_on):
    ran = []

    def keep(x: int) -> None:
        """Keep a number."""
        ran.append(x)

    hf_chat.register_tool(keep)
    added = {"type": "function_call", "id": "f", "call_id": "c", "name": "keep", "arguments": ""}
    hf.script(
        EventsAnswer(
            [
                {"type": "response.output_item.added", "output_index": 0, "item": added},
                {
                    "type": "response.function_call_arguments.delta",
                    "item_id": "f",
                    "output_index": 0,
                    "delta": '{"x": 1}',
                },
            ],
            done=False,
        )
    )
    with pytest.raises(StreamInterruptedError, match="the tool calls in it were not run"):
        stream_talk(hf_chat, "Keep 1.")
    assert ran == []
    carry_on(hf_chat, stream_talk)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {"error": "Invalid username or password."}, AuthenticationError, "Invalid username or password"),
        (
            400,
            {"error": {"message": "model is not supported", "code": "model_not_supported"}},
            BadRequestError,
            "not supported",
        ),
        (400, {"error": ["one", "two"]}, BadRequestError, "one; two"),
        (
            400,
            {"success": False, "error": [{"code": "x", "path": ["top_p"], "message": "Too big"}], "details": []},
            BadRequestError,
            "top_p: Too big",
        ),
        (500, "<html><h1>Oops</h1></html>", InternalServerError, "Oops"),
    ],
)
def test_ai_sdk_1_4_what_servers_say_of_errors_is_told(hf, hf_chat, talk, status, body, kind, words):
    hf.script(ErrorAnswer(status, body))
    with pytest.raises(kind, match=words):
        talk(hf_chat, "Hi")
    assert hf_chat.turns == []


def test_a_server_without_the_format_says_so(talk):
    with FakeService(paths=("/v1/chat/completions",)) as service:
        chat = chat_openai_compatible(service.base_url, model="m", api="responses", echo="none", max_retries=0)
        with pytest.raises(NotFoundError) as caught:
            talk(chat, "Hi")
        assert 'api="chat_completions"' in str(caught.value)


def test_a_bare_host_is_tried_under_v1(hf, talk):
    chat = chat_openai_compatible(hf.base_url.removesuffix("/v1"), model="m", api="responses", echo="none")
    hf.say("Fine.")
    assert talk(chat, "Hi") == "Fine."
    assert [request.path for request in hf.requests] == ["/responses", "/v1/responses"]


def test_nothing_at_all_is_no_answer(hf, hf_chat, talk):
    hf.script(
        in_form(talk.streams, "created", {"id": "r", "object": "response", "status": "in_progress", "output": []})
    )
    with pytest.raises(APIResponseError, match="empty answer"):
        talk(hf_chat, "Hi")
    assert hf_chat.turns == []


def test_invalid_arguments_go_back_to_the_model_as_an_object(hf, hf_chat, talk):
    def keep(x: int) -> str:
        """Keep a number."""
        return "kept"

    hf_chat.register_tool(keep)
    hf.script(Answer(tool_calls=[ToolCall("keep", '{"x": ')]), "I see.")
    with pytest.warns(match="keep"):
        assert talk(hf_chat, "Keep 1.") == "I see."
    call, output = hf.requests[1].items[1:]
    assert json.loads(call["arguments"]) == {"INVALID_JSON": '{"x": '}
    assert call["call_id"] == output["call_id"]
