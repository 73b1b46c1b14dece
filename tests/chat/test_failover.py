"""Asking others when a model cannot answer, over real sockets: when, whom, in which order, and what is seen of it."""

import pytest

from chatkit import APIError, FailedAttempt, LimitError, Limits, TimeLimits, chat_openai_compatible
from chatkit._errors import Cancelled, StreamInterruptedError
from chatkit._turns.events import Retrying
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, FakeService, RawAnswer

QUICK = TimeLimits(connect=5, first_byte=5, idle=5)


@pytest.fixture
def second():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def third():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def made(service, second, third):
    """A chat with the first service, that falls back to the two others."""

    def make(**options):
        others = [
            chat_openai_compatible(one.base_url, model=model, name=name, echo="none", timeout=QUICK)
            for one, model, name in ((second, "m2", "Second"), (third, "m3", "Third"))
        ]
        options.setdefault("fallback", others)
        options.setdefault("timeout", QUICK)
        return chat_openai_compatible(service.base_url, model="m1", name="First", echo="none", **options)

    return make


def counts(*services):
    return [len(one.requests) for one in services]


def unused_url():
    with FakeService() as gone:
        return gone.base_url


# --- which failures --------------------------------------------------------------------------------------------------

MOVES_ON = {
    "429": ErrorAnswer(429, {"error": "Too many requests"}),
    "429 of a quota": ErrorAnswer(429, {"error": {"message": "You exceeded it", "code": "insufficient_quota"}}),
    "402": ErrorAnswer(402, {"error": "You have depleted your monthly included credits."}),
    "408": ErrorAnswer(408),
    "409": ErrorAnswer(409),
    "410": ErrorAnswer(410, {"error": "x is no longer supported."}),
    "500": ErrorAnswer(500),
    "502": ErrorAnswer(502, "<html><h1>Bad Gateway</h1></html>", content_type="text/html"),
    "503": ErrorAnswer(503),
    "503 that is loading": ErrorAnswer(503, {"error": "Model m1 is currently loading", "estimated_time": 20.0}),
    "504": ErrorAnswer(504),
    "524": ErrorAnswer(524),
    "529": ErrorAnswer(529, {"error": {"type": "overloaded_error", "message": "Overloaded"}}),
    "404 about the model": ErrorAnswer(404, {"error": "Model m1 does not exist"}),
    "404 model_not_found": ErrorAnswer(404, {"error": {"message": "No.", "code": "model_not_found"}}),
    "400 model_not_supported": ErrorAnswer(
        400,
        {
            "error": {
                "message": "The requested model 'm1' is not supported by any provider you have enabled.",
                "code": "model_not_supported",
            }
        },
    ),
    "400 as a text": ErrorAnswer(400, {"error": "Model not supported by provider groq"}),
    "422 model_not_found": ErrorAnswer(422, {"error": {"message": "No.", "code": "model_not_found"}}),
    "503 as the first event": EventsAnswer([{"error": "Overloaded", "error_type": "overloaded"}], done=False),
    "cut before the head": Answer("Hi", delivery=Delivery(cut_before_headers="fin")),
    "an empty stream": EventsAnswer([], done=True),
}
STAYS = {
    "400": ErrorAnswer(400, {"error": {"message": "temperature must be below 2", "param": "temperature"}}),
    "401": ErrorAnswer(401, {"error": "Invalid username or password."}),
    "403": ErrorAnswer(403, {"error": "This authentication method does not have sufficient permissions."}),
    "404 about the address": ErrorAnswer(404, "404 page not found"),
    "413": ErrorAnswer(413),
    "415": ErrorAnswer(415),
    "422": ErrorAnswer(422, {"detail": [{"loc": ["body", "messages"], "msg": "field required"}]}),
    "too long for the model": ErrorAnswer(
        400,
        {"error": {"message": "This model's maximum context length is 8192 tokens", "code": "context_length_exceeded"}},
    ),
    "tools that the model has not": ErrorAnswer(400, {"error": "Model m1: tools are not supported"}),
    "a web page": RawAnswer(b"<html>Log in</html>", content_type="text/html"),
}


@pytest.mark.parametrize("answer", MOVES_ON.values(), ids=MOVES_ON)
def test_the_next_one_is_asked_at_once(service, second, third, made, talk, answer):
    service.script(answer)
    second.say("From the ", "second.")
    chat = made()
    assert talk(chat, "Hi") == "From the second."
    assert counts(service, second, third) == [1, 1, 0]
    turn = chat.last_turn()
    assert turn.requested_model == "m2"
    assert [(one.model, one.service) for one in turn.attempts] == [("m1", "First")]
    assert turn.attempts[0].error
    assert [turn.role for turn in chat.turns] == ["user", "assistant"]


@pytest.mark.parametrize("answer", STAYS.values(), ids=STAYS)
def test_nobody_else_is_asked(service, second, third, made, talk, answer):
    service.script(answer)
    chat = made()
    with pytest.raises(APIError) as caught:
        talk(chat, "Hi")
    assert counts(service, second, third) == [1, 0, 0]
    assert chat.turns == []
    assert caught.value.attempts == 1
    assert "Tried before" not in str(caught.value)


def test_a_refused_connection_and_an_unknown_host_are_passed_on(second, made, talk):
    for url in (unused_url(), "http://no-such-host.invalid/v1"):
        second.say("ok")
        fallback = chat_openai_compatible(second.base_url, model="m2", echo="none")
        chat = chat_openai_compatible(url, model="m1", echo="none", fallback=[fallback], timeout=QUICK)
        assert talk(chat, "Hi") == "ok"
        assert chat.last_turn().attempts[0].error in ("refused", "dns", "proxy")


@pytest.mark.parametrize("delivery", [{"pause_before_headers": 60}, {"stall_after": 1}], ids=["no head", "no event"])
def test_a_timeout_before_the_first_event_is_passed_on(service, second, made, talk, delivery):
    events = EventsAnswer([b": wait\n\n", {"choices": []}], delivery=Delivery(**delivery))
    service.script(events)
    second.say("ok")
    assert talk(made(timeout=TimeLimits(first_byte=0.2, idle=0.2)), "Hi") == "ok"


def test_what_begins_is_not_passed_on(service, second, third, made, stream_talk, stalled):
    service.script(Answer(["Hel", "lo"], finish_reason=None, done=False))
    chat = made()
    with pytest.raises(StreamInterruptedError):
        stream_talk(chat, "Hi")
    assert counts(service, second, third) == [1, 0, 0]
    assert (chat.last_turn().text, chat.last_turn().interrupted is not None) == ("Hello", True)


def test_what_begins_after_others_failed_tells_of_them(service, second, made, stream_talk):
    service.script(ErrorAnswer(429, {"error": "Slow down"}))
    second.script(Answer(["Hel", "lo"], finish_reason=None, done=False))
    chat = made()
    with pytest.raises(StreamInterruptedError, match=r"Tried before: m1 at 127.0.0.1:\d+: 429 Slow down"):
        stream_talk(chat, "Hi")
    assert chat.last_turn().text == "Hello"


# --- order, rounds, and the end --------------------------------------------------------------------------------------


def test_all_in_order_and_every_answer_begins_with_the_first_again(service, second, third, made, talk):
    service.script(ErrorAnswer(503), "Back again.")
    second.script(ErrorAnswer(402))
    third.script("From the third.")
    chat = made()
    assert talk(chat, "Hi") == "From the third."
    assert [one.error[:3] for one in chat.last_turn().attempts] == ["503", "402"]
    assert talk(chat, "And now?") == "Back again."
    assert counts(service, second, third) == [2, 1, 1]
    assert chat.last_turn().attempts == ()
    assert chat.model == "m1"


def test_when_all_have_failed_they_are_asked_again_from_the_first(service, second, third, made, talk):
    service.script(ErrorAnswer(503), ErrorAnswer(503))
    second.script(ErrorAnswer(402))
    third.script(ErrorAnswer(429), "At last.")
    chat = made()
    assert talk(chat, "Hi") == "At last."
    assert counts(service, second, third) == [2, 1, 2]
    failed = [f"{one.model} {one.error[:3]}" for one in chat.last_turn().attempts]
    assert failed == ["m1 503", "m2 402", "m1 503"]


def test_the_last_error_is_raised_and_lists_the_others(service, second, third, made, talk):
    service.script(ErrorAnswer(429, {"error": "Slow down"}))
    second.script(ErrorAnswer(402, {"error": "No credits."}))
    third.script(ErrorAnswer(503, {"error": "Busy"}))
    chat = made(max_retries=0)
    with pytest.raises(APIError) as caught:
        talk(chat, "Hi")
    error = caught.value
    assert (error.status_code, error.attempts, error.model) == (503, 3, "m3")
    assert error.hint.partition("Tried before: ")[2] == (
        f"m1 at {service.origin[7:]}: 429 Slow down; m2 at {second.origin[7:]}: 402 No credits."
    )
    assert "(after 3 attempts)" in str(error)
    assert chat.turns == []


def test_retries_of_all_are_counted(service, second, third, made, talk):
    for one in (service, second, third):
        one.on_request(lambda request: ErrorAnswer(503))
    with pytest.raises(APIError) as caught:
        talk(made(max_retries=2), "Hi")
    assert counts(service, second, third) == [3, 3, 3]
    assert caught.value.attempts == 9


def test_retry_on_error_false_asks_everyone_once(service, second, third, made, talk):
    for one in (service, second, third):
        one.on_request(lambda request: ErrorAnswer(503))
    with pytest.raises(APIError):
        talk(made(retry_on_error=False, wait_for_model=30), "Hi")
    assert counts(service, second, third) == [1, 1, 1]


def test_a_final_failure_of_a_fallback_ends_it(service, second, third, made, talk):
    service.script(ErrorAnswer(503))
    second.script(ErrorAnswer(401, {"error": "Who are you?"}))
    with pytest.raises(APIError, match=r"Who are you\?.*Tried before: m1 at"):
        talk(made(), "Hi")
    assert counts(service, second, third) == [1, 1, 0]


# --- what is seen ----------------------------------------------------------------------------------------------------


def test_every_attempt_is_told_as_it_fails(service, second, third, made, stream_talk):
    service.script(ErrorAnswer(402, {"error": "No credits."}))
    second.script(ErrorAnswer(503), "Hello")
    third.script(ErrorAnswer(410))
    told = [event for event in stream_talk.events(made(), "Hi") if isinstance(event, Retrying)]
    assert [(one.attempt, one.next_model, one.next_service) for one in told] == [
        (1, "m2", "Second"),
        (2, "m3", "Third"),
        (3, "m2", "Second"),
    ]
    assert [one.delay > 0 for one in told] == [False, False, True]
    assert "answered 402 Payment Required for model 'm1'" in told[0].error


def test_the_attempts_are_recorded_with_the_turn(service, second, made, tmp_path):
    service.script(ErrorAnswer(429, {"error": "Slow down"}))
    second.say("ok")
    chat = made()
    chat.chat("Hi")
    chat.save(tmp_path / "chat.json")
    loaded = type(chat).load(tmp_path / "chat.json")
    assert loaded.last_turn().attempts == (FailedAttempt("m1", "First", "429 Slow down"),)


def test_what_fails_leaves_no_trace_in_what_is_sent(service, second, third, made, talk):
    service.script(ErrorAnswer(503), "Fine.")
    second.script(ErrorAnswer(503))
    third.script("Hello")
    chat = made()
    talk(chat, "Hi")
    assert service.requests[0].messages == second.requests[0].messages == third.requests[0].messages
    talk(chat, "And now?")
    assert [message["role"] for message in service.requests[-1].messages] == ["user", "assistant", "user"]


def test_the_answer_is_counted_for_the_one_who_gave_it(service, second, made):
    service.script(ErrorAnswer(503))
    second.say("ok", usage="finish", usage_body={"prompt_tokens": 1_000_000, "completion_tokens": 0})
    chat = made(prices={"m1": (5, 5), "m2": (1, 1)})
    chat.chat("Hi")
    assert chat.last_turn().cost == chat.get_cost() == 1.0
    assert chat.spent.requests == 1


# --- the end from outside --------------------------------------------------------------------------------------------


def test_cancelling_ends_it_and_asks_nobody_else(service, second, made, talk):
    chat = made()

    def cancel(request):
        chat.cancel("enough")
        return ErrorAnswer(503)

    service.on_request(cancel)
    if talk.streams:
        assert talk(chat, "Hi") == ""
    else:
        with pytest.raises(Cancelled):
            talk(chat, "Hi")
    assert counts(second) == [0]
    assert chat.turns == []


def test_the_time_of_a_call_is_for_all_of_them(service, second, third, made, talk):
    service.script(ErrorAnswer(503))
    second.script(Answer("late", delivery=Delivery(pause_before_headers=60)))
    with pytest.raises(LimitError):
        talk(made(), "Hi", limits=Limits(seconds=0.5))
    assert counts(third) == [0]
