"""Every fault that the closest peer was measured with, row by row: what the user sees, and that the chat goes on.

After each fault the next request must be accepted by the strict server (`go_on`). Here are the rows about HTTP and
streams, H and S; those about reasoning, tools and the rest, R, T, A and M, stand in `test_peer_rows_tools.py`. The rows
D1 to D5 are about structured output and come with it.
"""

import asyncio
import json

import pytest

from chatkit import (
    APIConnectionError,
    APIError,
    APIResponseError,
    APIStreamError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    FinishReasonWarning,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    StreamError,
    StreamInterruptedError,
    TimeLimits,
    UserTurn,
)
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, RawAnswer


@pytest.fixture
def fails(talk):
    """Talk, expect an error, and give it; of the history it is unchanged ("H0") or one partial answer longer ("HP")."""

    def act(chat, kind, match, *, history, text=None, reason=None):
        before = chat.turns
        with pytest.raises(kind, match=match) as caught:
            talk(chat, "Hi")
        if history == "H0":
            assert chat.turns == before
            assert talk.told == []
        else:
            assert chat.turns[:-2] == before
            assert chat.turns[-2] == UserTurn("Hi")
            last = chat.turns[-1]
            assert last.text == text
            assert last.interrupted.startswith(reason or type(caught.value).__name__)
            assert "".join(talk.told) == (text if talk.streams else "")
            assert caught.value.partial == last
        return caught.value

    return act


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationError), (403, PermissionDeniedError), (404, NotFoundError), (400, BadRequestError)],
)
def test_row_h1_client_errors(service, chat, talk, fails, go_on, status, kind):
    service.script(ErrorAnswer(status, {"error": {"message": "their words"}}))
    fails(chat, kind, "their words", history="H0")
    go_on(chat, talk)


@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationError), (503, InternalServerError)])
def test_row_h2_a_string_as_the_error_is_not_lost(service, make_chat, talk, fails, go_on, status, kind):
    chat = make_chat(max_retries=0)
    service.script(ErrorAnswer(status, {"error": "Invalid username or password."}))
    error = fails(chat, kind, "Invalid username or password", history="H0")
    assert error.server_message == "Invalid username or password."
    go_on(chat, talk)


def test_row_h3_too_many_requests_for_good(service, chat, talk, fails, go_on):
    service.script(*[ErrorAnswer(429, headers={"retry-after": "0"})] * 3)
    fails(chat, RateLimitError, "after 3 attempts", history="H0")
    go_on(chat, talk)


def test_row_h4_too_many_requests_once(service, chat, talk, go_on):
    service.script(ErrorAnswer(429), "ok")
    assert talk(chat, "Hi") == "ok"
    go_on(chat, talk)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_row_h5_server_errors_with_a_page(service, chat, talk, fails, go_on, status):
    page = "<html><head><title>Bad day</title></head><body>nginx</body></html>"
    service.script(*[ErrorAnswer(status, page, content_type="text/html")] * 3)
    fails(chat, InternalServerError, "Bad day", history="H0")
    go_on(chat, talk)


def test_row_h6_h7_a_page_with_status_200(service, chat, talk, fails, go_on):
    page = b"<html><head><title>Log in</title></head></html>"
    service.script(RawAnswer(page, content_type="text/html"))
    error = fails(chat, APIResponseError, 'text/html .*"Log in"', history="H0")
    assert error.kind == "content_type"
    go_on(chat, talk)


def test_row_h6_h7_an_error_body_with_status_200(service, chat, talk, fails, go_on):
    service.script(RawAnswer(b'{"error": {"message": "their words", "type": "invalid_request_error"}}'))
    fails(chat, BadRequestError, "their words", history="H0")
    go_on(chat, talk)


@pytest.mark.parametrize("body", [b'"just text"', b"5", b"null", b"[]"])
def test_row_h6_h7_json_that_is_no_answer(service, make_chat, talk, fails, go_on, body):
    chat = make_chat(max_retries=0)
    service.script(RawAnswer(body))
    fails(chat, APIError, "JSON|no answer|not with a chat completion", history="H0")
    go_on(chat, talk)


@pytest.mark.parametrize("cut", ["rst", "fin", "inside_chunk", "bad_chunk_size"])
def test_row_s1_a_drop_after_some_text(service, chat, talk, fails, go_on, stalled, cut):
    service.script(stalled("so ", "far", stall_after=None, cut_after=100_000, cut=cut))
    fails(chat, StreamInterruptedError, "after 6 characters", history="HP", text="so far")
    assert [message["content"] for message in go_on(chat, talk)] == ["Hi", "so far", "go on"]


@pytest.mark.parametrize("cut", ["rst", "fin", "inside_chunk", "bad_chunk_size"])
def test_row_s2_a_drop_before_the_first_piece(service, make_chat, talk, fails, go_on, stalled, cut):
    chat = make_chat(max_retries=1)
    service.script(*[stalled(stall_after=None, cut_after=0, cut=cut)] * 2)
    fails(chat, APIError, "after 2 attempts", history="H0")
    go_on(chat, talk)


@pytest.mark.parametrize("error", [{"error": {"message": "their words"}}, {"error": "their words"}])
def test_row_s2_an_error_as_the_first_event(service, make_chat, talk, fails, go_on, error):
    chat = make_chat(max_retries=0)
    service.script(EventsAnswer([error]))
    fails(chat, APIError, "their words", history="H0")
    go_on(chat, talk)


@pytest.mark.parametrize("code", [408, 429, 500, 503])
def test_row_s2_a_passing_error_as_the_first_event_is_tried_again(service, chat, talk, go_on, code):
    service.script(EventsAnswer([{"error": {"message": "busy", "code": code}}]), "ok")
    assert talk(chat, "Hi") == "ok"
    assert len(service.requests) == 2
    go_on(chat, talk)


def test_row_s3_a_clean_end_without_a_finish_reason(service, chat, talk, fails, go_on, chunk):
    service.script(EventsAnswer([chunk("so far")], done=False))
    fails(chat, StreamInterruptedError, "without a finish reason", history="HP", text="so far")
    go_on(chat, talk)


@pytest.mark.parametrize("bad", ['{"choices": [', "no JSON at all", '{"a": 1}}', "{'choices': []}"])
def test_row_s4_a_malformed_event(service, chat, talk, fails, go_on, chunk, bad):
    service.script(EventsAnswer([chunk("so far"), bad, chunk(" more"), chunk(finish="stop")]))
    error = fails(chat, StreamError, "Event 2 of the stream is not valid JSON", history="HP", text="so far")
    assert error.kind == "bad_json"
    assert bad[:10] in str(error)
    assert error.model == "m"
    go_on(chat, talk)


def test_row_s4_a_malformed_first_event(service, make_chat, talk, fails, go_on):
    chat = make_chat(max_retries=0)
    service.script(EventsAnswer(["no JSON at all"]))
    fails(chat, APIResponseError, "invalid JSON", history="H0")
    go_on(chat, talk)


@pytest.mark.parametrize("bad", ["5", '"text"', "null", "[]", "true"])
def test_row_s4_an_event_that_is_no_object(service, chat, talk, fails, go_on, chunk, bad):
    service.script(EventsAnswer([chunk("so far"), bad]))
    error = fails(chat, StreamError, "Event 2 of the stream: it is a JSON", history="HP", text="so far")
    assert error.kind == "bad_event"
    go_on(chat, talk)


@pytest.mark.parametrize("content", [5, {"a": 1}, True])
def test_row_s4_content_that_is_no_text(service, chat, talk, fails, go_on, chunk, content):
    service.script(EventsAnswer([chunk("so far"), chunk(content)]))
    fails(chat, StreamError, r"choices\[0\]\.delta\.content is a JSON", history="HP", text="so far")
    go_on(chat, talk)


def test_row_s4_a_bad_call_beside_text_is_an_error_and_nothing_untold_is_stored(
    service, chat, talk, fails, go_on, chunk
):
    service.script(EventsAnswer([chunk("so far"), chunk(" unheard", tool_calls=["bad"])]))
    fails(chat, StreamError, r"tool_calls holds a JSON str", history="HP", text="so far")
    go_on(chat, talk)


REPORTED = [
    {"error": {"message": "their words", "code": 500}},
    {"error": "their words"},
    {"object": "error", "message": "their words"},
    {"detail": "their words"},
    {
        "choices": [{"delta": {"content": ""}, "finish_reason": "error"}],
        "error": {"message": "their words", "code": 502},
    },
]


@pytest.mark.parametrize("error", REPORTED, ids=["object", "string", "vLLM", "detail", "OpenRouter"])
def test_row_s5_an_error_in_the_middle(service, chat, talk, fails, go_on, chunk, error):
    service.script(EventsAnswer([chunk("so far"), error]))
    raised = fails(chat, APIStreamError, "their words", history="HP", text="so far")
    assert raised.server_message == "their words"
    assert len(service.requests) == 1
    go_on(chat, talk)


@pytest.mark.parametrize("data", [{"message": "their words"}, {"error": {"message": "their words"}}])
def test_row_s6_a_named_error_event(service, chat, talk, fails, go_on, chunk, data):
    event = f"event: error\ndata: {json.dumps(data)}\n\n".encode()
    service.script(EventsAnswer([chunk("so far"), event]))
    fails(chat, APIStreamError, "their words", history="HP", text="so far")
    go_on(chat, talk)


def test_row_s7_the_finish_reason_error(service, chat, talk, fails, go_on, chunk):
    service.script(EventsAnswer([chunk("so far"), chunk(finish="error")]))
    fails(chat, APIStreamError, "ended the answer with an error", history="HP", text="so far")
    go_on(chat, talk)


EMPTY = {
    "nothing": [],
    "only a role": [{"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}],
    "only usage": [{"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 0}}],
    "only comments": [b": ping\n\n"],
}


@pytest.mark.parametrize("name", EMPTY)
@pytest.mark.parametrize("done", [True, False])
def test_row_s8_a_stream_that_says_nothing(service, make_chat, talk, fails, go_on, name, done):
    chat = make_chat(max_retries=1)
    service.script(*[EventsAnswer(EMPTY[name], done=done)] * 2)
    error = fails(chat, APIResponseError, "empty answer, with no content.*model 'm'", history="H0")
    assert error.kind == "empty"
    assert len(service.requests) == 2
    go_on(chat, talk)


@pytest.mark.parametrize("body", [b'{"choices": []}', b'{"choices": null}', b"{}", b'{"choices": [{"message": null}]}'])
def test_row_s8_a_whole_body_that_says_nothing_names_what_is_missing(service, make_chat, talk, fails, go_on, body):
    chat = make_chat(max_retries=0)
    service.script(RawAnswer(body))
    fails(chat, APIResponseError, r"empty answer, with no content \(`choices.*` is missing\)", history="H0")
    go_on(chat, talk)


def test_row_s8_a_whole_message_without_content(service, chat, whole_talk, go_on, whole):
    service.script(RawAnswer(json.dumps(whole(content=None)).encode()))
    with pytest.raises(APIResponseError, match=r"`choices\[0\]\.message\.content` is missing") as caught:
        whole_talk(chat, "Hi")
    assert caught.value.kind == "missing_field"
    assert chat.turns == []
    go_on(chat, whole_talk)


def test_row_s9_an_empty_answer(service, chat, talk, go_on):
    service.say("")
    assert talk(chat, "Hi") == ""
    assert chat.last_turn().contents == ()
    assert go_on(chat, talk) == [{"role": "user", "content": "Hi\n\ngo on"}]


def test_row_s10_a_stall_before_the_first_byte(service, make_chat, talk, fails, go_on):
    chat = make_chat(timeout=0.1, max_retries=1)
    service.script(*[Answer("x", delivery=Delivery(pause_before_headers=5))] * 2)
    error = fails(chat, APITimeoutError, "did not begin to answer within 0.1 s", history="H0")
    assert (error.phase, len(service.requests)) == ("headers", 2)
    go_on(chat, talk)


def test_row_s11_a_stall_in_the_middle(service, make_chat, talk, fails, go_on, stalled):
    chat = make_chat(timeout=TimeLimits(idle=0.1))
    service.script(stalled("so far"))
    error = fails(chat, APITimeoutError, "sent nothing within 0.1 s", history="HP", text="so far")
    assert error.phase == "idle"
    go_on(chat, talk)


def test_row_s12_ctrl_c_in_the_middle(service, chat, talk, go_on, stalled, ctrl_c):
    service.script(stalled("so far"))
    with ctrl_c(service, after=0.1), pytest.raises(KeyboardInterrupt):
        talk(chat, "Hi")
    assert (chat.last_turn().text, chat.last_turn().interrupted) in (("so far", "interrupted"), ("so far", "cancelled"))
    assert service.requests[0].wait_disconnected(1)
    go_on(chat, talk)


def test_row_s13_ctrl_c_before_the_first_byte(service, chat, talk, go_on, ctrl_c):
    service.script(Answer("x", delivery=Delivery(pause_before_headers=5)))
    with ctrl_c(service, after=0.05), pytest.raises(KeyboardInterrupt):
        talk(chat, "Hi")
    assert chat.turns == []
    assert len(go_on(chat, talk)) == 1


def test_row_s13_ctrl_c_between_two_attempts(service, chat, talk, go_on, ctrl_c):
    service.script(ErrorAnswer(503, headers={"retry-after": "5"}))
    with ctrl_c(service, after=0.05), pytest.raises(KeyboardInterrupt):
        talk(chat, "Hi")
    assert chat.turns == []
    go_on(chat, talk)


def test_row_s14_leaving_the_loop(service, chat, stream_talk, go_on, stalled):
    service.script(stalled("so ", "far"))
    assert stream_talk.leave(chat, "Hi") == "so "
    assert (chat.last_turn().text, chat.last_turn().interrupted) == ("so ", "stopped")
    assert service.requests[0].wait_disconnected(1)
    go_on(chat, stream_talk)


def test_row_s14_a_cancelled_task(service, chat, async_talk, go_on, stalled):
    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(async_talk.awaited(chat, "Hi"), 0.1)

    service.script(stalled("so far"))
    asyncio.run(main())
    assert (chat.last_turn().text, chat.last_turn().interrupted) == ("so far", "cancelled")
    assert service.requests[0].wait_disconnected(1)
    go_on(chat, async_talk)


def test_row_s15_finish_reason_length(service, chat, talk, go_on):
    service.script(Answer("so far", finish_reason="length"))
    with pytest.warns(FinishReasonWarning, match="max_tokens"):
        assert talk(chat, "Hi") == "so far"
    assert (chat.last_turn().finish_reason, chat.last_turn().interrupted) == ("length", None)
    go_on(chat, talk)


@pytest.mark.parametrize(("field", "finish"), [("content", "content_filter"), ("refusal", "stop")])
def test_row_s15_a_filter_or_a_refusal(service, chat, talk, go_on, chunk, field, finish):
    service.script(EventsAnswer([chunk(**{field: "No."}), chunk(finish=finish)]))
    with pytest.warns(FinishReasonWarning, match="filter, or is a refusal"):
        assert talk(chat, "Hi") == "No."
    assert (chat.last_turn().finish_reason, chat.last_turn().raw_finish_reason) == ("content_filter", finish)
    go_on(chat, talk)


def test_connection_errors_are_connection_errors(service, make_chat, talk):
    service.close()
    with pytest.raises(ConnectionError) as caught:
        talk(make_chat(max_retries=0), "Hi")
    assert isinstance(caught.value, APIConnectionError)
