"""Cases 82 to 88, and how answers with an error status come out: what is tried again, what is said, what is kept."""

import asyncio
import email.utils
import gc
import logging
import pickle
import time
import traceback

import pytest

from chatkit import (
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ContextLengthError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    Retrying,
    StreamInterruptedError,
    TimeLimits,
    UnprocessableEntityError,
)
from chatkit.testing import Answer, Delivery, ErrorAnswer, RawAnswer

STATUSES = {
    400: (BadRequestError, 1),
    401: (AuthenticationError, 1),
    402: (APIStatusError, 1),
    403: (PermissionDeniedError, 1),
    404: (NotFoundError, 1),
    405: (APIStatusError, 1),
    408: (APIStatusError, 3),
    409: (ConflictError, 3),
    413: (APIStatusError, 1),
    422: (UnprocessableEntityError, 1),
    429: (RateLimitError, 3),
    500: (InternalServerError, 3),
    501: (InternalServerError, 1),
    502: (InternalServerError, 3),
    503: (InternalServerError, 3),
    504: (InternalServerError, 3),
    505: (InternalServerError, 1),
    524: (InternalServerError, 3),
    529: (InternalServerError, 3),
}


@pytest.mark.parametrize("status", STATUSES)
def test_case_82_and_83_these_statuses_are_tried_again_and_the_others_not(service, chat, talk, go_on, status):
    kind, requests = STATUSES[status]
    service.script(*[ErrorAnswer(status, {"error": {"message": "my own words"}})] * requests)
    with pytest.raises(kind, match="my own words") as caught:
        talk(chat, "Hi")
    assert caught.value.status_code == status
    assert (len(service.requests), caught.value.attempts) == (requests, requests)
    assert ("after 3 attempts" in str(caught.value)) == (requests == 3)
    assert caught.value.request_id == f"req-{requests}"
    assert f"[request id: req-{requests}]" in str(caught.value)
    assert chat.turns == []
    assert len(go_on(chat, talk)) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_case_82_and_83_a_passing_failure_is_not_seen(service, chat, talk, status):
    service.script(ErrorAnswer(status, "<html>busy</html>", content_type="text/html"), "ok")
    assert talk(chat, "Hi") == "ok"
    assert len(service.requests) == 2
    assert len(chat) == 2


def _soon():
    return email.utils.formatdate(time.time() + 1.2, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "least"),
    [
        ({"retry-after": "0.3"}, 0.3),
        ({"retry-after-ms": "300"}, 0.3),
        ({"retry-after": _soon}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, 0.0),
        ({"retry-after": "nan"}, 0.0),
        ({"retry-after": "-10"}, 0.0),
        ({"retry-after": "9" * 35}, 0.0),
        ({"ratelimit": '"api";r=0;t=0.3'}, 0.3),
    ],
)
def test_case_82_a_wish_to_wait_is_kept_to(service, chat, talk, headers, least):
    headers = {name: value() if callable(value) else value for name, value in headers.items()}
    service.script(ErrorAnswer(429, headers=headers), "ok")
    begun = time.monotonic()
    assert talk(chat, "Hi") == "ok"
    assert least <= time.monotonic() - begun < 10


def test_case_82_a_wish_to_wait_too_long_is_an_error_at_once(service, chat, talk):
    service.script(ErrorAnswer(429, headers={"retry-after": "121"}))
    with pytest.raises(RateLimitError, match="121") as caught:
        talk(chat, "Hi")
    assert caught.value.retry_after == 121
    assert len(service.requests) == 1


def test_case_82_the_header_x_should_retry_overrules(service, chat, talk):
    service.script(ErrorAnswer(400, headers={"x-should-retry": "true"}), "ok")
    assert talk(chat, "Hi") == "ok"
    service.script(ErrorAnswer(500, headers={"x-should-retry": "false"}))
    with pytest.raises(InternalServerError):
        talk(chat, "Hi")
    assert len(service.requests) == 3


def test_case_82_a_used_up_quota_is_not_tried_again(service, chat, talk):
    service.script(ErrorAnswer(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}))
    with pytest.raises(RateLimitError, match="exceeded your quota"):
        talk(chat, "Hi")
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "fault", [Delivery(cut_before_headers="fin"), Delivery(cut_before_headers="rst"), Delivery(cut_after=0)]
)
def test_case_82_and_83_a_connection_lost_before_the_answer_is_tried_again(service, chat, talk, fault):
    service.script(Answer("x", delivery=fault), Answer("x", delivery=fault), "ok")
    assert talk(chat, "Hi") == "ok"
    assert len(service.requests) == 3


def test_case_82_retries_are_told_as_events(service, chat, stream_talk):
    service.script(ErrorAnswer(503), ErrorAnswer(503), "ok")
    told = [event for event in stream_talk.events(chat, "Hi") if isinstance(event, Retrying)]
    assert [event.attempt for event in told] == [1, 2]
    assert all(event.delay > 0 and "503" in event.error for event in told)


def test_case_82_no_retries_when_none_are_wanted(service, make_chat, talk):
    service.script(ErrorAnswer(503))
    with pytest.raises(InternalServerError) as caught:
        talk(make_chat(max_retries=0), "Hi")
    assert (len(service.requests), caught.value.attempts) == (1, 1)


BODIES = {
    "openai": ({"error": {"message": "no such thing"}}, "no such thing"),
    "a string": ({"error": "no such thing"}, "no such thing"),
    "message": ({"message": "no such thing"}, "no such thing"),
    "detail": ({"detail": "no such thing"}, "no such thing"),
    "FastAPI": ({"detail": [{"loc": ["body", "model"], "msg": "no such thing"}]}, "body.model: no such thing"),
    "cloudflare": ({"errors": [{"message": "no such thing", "code": 7003}]}, "no such thing"),
    "a list": ([{"error": {"message": "no such thing"}}], "no such thing"),
    "problem": ({"title": "no such thing", "status": 400}, "no such thing"),
    "plain text": ("no such thing", "no such thing"),
    "a page": ("<html><head><title>no such thing</title></head></html>", "no such thing"),
    "latin-1": ("n\xf3 such thing".encode("latin-1"), "such thing"),
    "null": ({"error": None}, ""),
    "empty": ("", ""),
    "bad JSON": (b'{"error": {"message": "no such', "no such"),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("content_type", ["application/json", "text/html", ""])
def test_case_84_whatever_the_body_and_its_type_the_error_is_readable(service, chat, talk, name, content_type):
    body, words = BODIES[name]
    service.script(ErrorAnswer(400, body, content_type=content_type))
    with pytest.raises(BadRequestError) as caught:
        talk(chat, "Hi")
    assert words in str(caught.value)
    assert "400" in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_case_84_the_retry_still_works_with_a_text_body_called_json(service, chat, talk):
    service.script(ErrorAnswer(503, "upstream connect error", content_type="application/json"), "ok")
    assert talk(chat, "Hi") == "ok"


def test_case_84_a_huge_body_is_cut(service, chat, talk):
    service.script(ErrorAnswer(400, "x" * 5_000_000))
    with pytest.raises(BadRequestError) as caught:
        talk(chat, "Hi")
    assert len(caught.value.server_message) <= 500


def test_case_84_a_context_too_long_has_an_error_of_its_own(service, chat, talk):
    words = "This model's maximum context length is 4096 tokens."
    service.script(ErrorAnswer(400, {"error": {"message": words, "code": "context_length_exceeded"}}))
    with pytest.raises(ContextLengthError, match="4096"):
        talk(chat, "Hi")


def test_case_85_a_long_stream_that_keeps_talking_outlives_the_time_limit(service, make_chat, stream_talk):
    service.script(Answer(list("abcdefgh"), delivery=Delivery(pause=0.08)))
    begun = time.monotonic()
    assert stream_talk(make_chat(timeout=0.4), "Hi") == "abcdefgh"
    assert time.monotonic() - begun > 0.5


def test_case_85_silence_in_the_middle_ends_it(service, make_chat, talk, go_on, stalled):
    chat = make_chat(timeout=TimeLimits(idle=0.15))
    service.script(stalled("so "))
    with pytest.raises(APITimeoutError, match="sent nothing within") as caught:
        talk(chat, "Hi")
    assert caught.value.phase == "idle"
    assert len(service.requests) == 1
    assert caught.value.partial == chat.last_turn()
    assert chat.last_turn().text == "so "
    go_on(chat, talk)


def test_case_85_headers_that_never_come_are_a_timeout(service, make_chat, talk):
    chat = make_chat(timeout=0.1, max_retries=1)
    service.script(*[Answer("x", delivery=Delivery(pause_before_headers=5))] * 2)
    with pytest.raises(APITimeoutError, match="after 2 attempts") as caught:
        talk(chat, "Hi")
    assert caught.value.phase == "headers"
    assert chat.turns == []


KEY = "sk-canary-7f3a91"


def test_case_86_the_key_is_nowhere_to_be_seen(service, make_chat, talk, caplog):
    caplog.set_level(logging.DEBUG)
    chat = make_chat(credentials=lambda: KEY)
    service.script("ok", ErrorAnswer(401, {"error": {"message": f"bad key {KEY}"}}))
    talk(chat, "Hi")
    assert service.requests[0].headers["authorization"] == f"Bearer {KEY}"
    with pytest.raises(AuthenticationError) as caught:
        talk(chat, "Hi")
    error = caught.value
    shown = [
        repr(chat),
        str(chat),
        repr(chat.provider),
        repr(vars(error)),
        str(error),
        "".join(traceback.format_exception(error)),
        caplog.text,
        pickle.dumps(error).decode("latin-1"),
        pickle.dumps(chat.turns).decode("latin-1"),
    ]
    assert not [text for text in shown if KEY in text]


def test_case_86_a_pickled_chat_has_its_turns_and_no_key(service, make_chat, monkeypatch, talk):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    chat = make_chat()
    service.script("ok", "again")
    talk(chat, "Hi")
    saved = pickle.dumps(chat)
    assert KEY.encode() not in saved
    loaded = pickle.loads(saved)
    assert loaded.turns == chat.turns
    assert talk(loaded, "Hi") == "again"


def test_case_87_after_the_first_piece_nothing_is_sent_again(service, chat, talk):
    service.script(
        RawAnswer(
            b'data: {"choices":[{"delta":{"content":"so far"}}]}\n\n',
            content_type="text/event-stream",
            delivery=Delivery(framing="chunked", cut_after=10_000, cut="rst"),
        )
    )
    with pytest.raises(StreamInterruptedError, match="after 6 characters") as caught:
        talk(chat, "Hi")
    assert len(service.requests) == 1
    assert caught.value.cause_type is not None
    assert chat.last_turn().text == "so far"


def test_case_87_before_it_everything_may_be(service, chat, talk):
    service.script(
        RawAnswer(
            b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n',
            content_type="text/event-stream",
            delivery=Delivery(framing="chunked", cut_after=10_000, cut="rst"),
        ),
        "ok",
    )
    assert talk(chat, "Hi") == "ok"
    assert len(service.requests) == 2


def test_case_88_the_connection_is_closed_when_a_stream_is_dropped(service, chat, stream_talk, stalled):
    service.script(stalled("a"))
    stream_talk.leave(chat, "Hi")
    assert service.requests[0].wait_disconnected(1)
    assert service.requests[0].disconnected_at - service.requests[0].at < 3


def test_case_88_also_when_it_is_collected_unfinished(service, chat, stalled):
    service.script(stalled("a"))
    stream = iter(chat.stream("Hi"))
    assert next(stream) == "a"
    del stream
    gc.collect()
    assert service.requests[0].wait_disconnected(1)
    assert chat.last_turn().interrupted == "stopped"


def test_case_88_also_when_the_awaiting_task_is_cancelled(service, chat, stalled):
    service.script(stalled("a"))
    told = []

    async def listen():
        async for piece in chat.stream_async("Hi"):
            told.append(piece)

    async def main():
        task = asyncio.create_task(listen())
        while not told:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert service.requests[0].wait_disconnected(1)
    assert (chat.last_turn().text, chat.last_turn().interrupted) == ("a", "cancelled")
