"""A server that is still loading its model: waited for with a sign of life, or failed at once, over real sockets."""

import pytest

from chatkit import APIError, Cancelled, ConfigError, LimitError, Limits, chat_huggingface, chat_openai_compatible
from chatkit._turns.events import ModelLoading, Retrying
from chatkit.testing import ErrorAnswer, FakeService

LOADING = ErrorAnswer(503, {"error": "Model org/name is currently loading", "estimated_time": 0.01})
WAKING = ErrorAnswer(503, "Service Unavailable")


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    monkeypatch.setattr("chatkit._http.retry._FIRST_LOADING_WAIT", 0.001)


@pytest.fixture(params=["huggingface", "openai_compatible"])
def make(request, service):
    def made(**options):
        options.setdefault("wait_for_model", 60)
        options.setdefault("max_retries", 0)
        if request.param == "huggingface":
            return chat_huggingface(base_url=service.base_url, model="org/name", echo="none", **options)
        return chat_openai_compatible(service.base_url, model="org/name", echo="none", **options)

    return made


def test_it_is_asked_until_the_model_is_there(service, make, talk):
    service.script(*[LOADING] * 5, "Ready.")
    chat = make()
    assert talk(chat, "Hi") == "Ready."
    assert len(service.requests) == 6
    assert chat.last_turn().attempts == ()
    assert [turn.role for turn in chat.turns] == ["user", "assistant"]


def test_each_wait_is_told(service, make, stream_talk):
    service.script(*[LOADING] * 3, "Ready.")
    told = [event for event in stream_talk.events(make(), "Hi") if isinstance(event, ModelLoading | Retrying)]
    assert [type(event) for event in told] == [ModelLoading] * 3
    assert [round(event.waited, 3) for event in told] == [0, 0.01, 0.02]
    assert {(event.limit, event.delay) for event in told} == {(60, 0.01)}
    assert "currently loading" in told[0].error


def test_in_the_end_the_error_tells_of_the_wait(service, make, talk):
    service.on_request(lambda request: LOADING)
    chat = make(wait_for_model=0.025)
    with pytest.raises(APIError, match=r"It was waited for 0\.025 s, as wait_for_model= says\.") as caught:
        talk(chat, "Hi")
    assert (caught.value.status_code, caught.value.attempts) == (503, 4)
    assert len(service.requests) == 4
    assert chat.turns == []


@pytest.mark.parametrize(
    "options", [{"retry_on_error": False}, {"wait_for_model": False}, {"wait_for_model": 0}], ids=str
)
def test_it_fails_at_once_when_told_so(service, make, talk, options):
    service.script(LOADING)
    with pytest.raises(APIError, match=r"still loading.*wait_for_model=True waits until it is ready"):
        talk(make(**options), "Hi")
    assert len(service.requests) == 1


def test_a_dedicated_endpoint_that_says_no_more_than_503_is_waited_for(service, make, talk, monkeypatch):
    service.script(WAKING, WAKING, "Awake.")
    monkeypatch.setattr("chatkit._engine.failures.is_dedicated", lambda url: True)
    assert talk(make(), "Hi") == "Awake."


def test_another_server_that_says_no_more_than_503_is_not(service, make, talk):
    service.script(WAKING)
    with pytest.raises(APIError) as caught:
        talk(make(), "Hi")
    assert "wait_for_model" not in str(caught.value)
    assert len(service.requests) == 1


def test_fallbacks_are_asked_before_anybody_waits(service, make, talk):
    with FakeService(strict=True) as second:
        second.script("From the second.", ErrorAnswer(402))
        service.script(LOADING, LOADING, "Ready.")
        chat = make(fallback=[chat_openai_compatible(second.base_url, model="m2", echo="none")])
        assert talk(chat, "Hi") == "From the second."
        assert talk(chat, "Hi") == "Ready."
        assert (len(service.requests), len(second.requests)) == (3, 2)
        assert [one.model for one in chat.last_turn().attempts] == ["m2"]


def test_cancelling_ends_the_wait_at_once(service, make, talk):
    chat = make()

    def answer(request):
        if len(service.requests) == 2:
            chat.cancel("enough")
        return LOADING if len(service.requests) == 1 else ErrorAnswer(503, {"error": "loading", "estimated_time": 50})

    service.on_request(answer)
    if talk.streams:
        assert talk(chat, "Hi") == ""
    else:
        with pytest.raises(Cancelled):
            talk(chat, "Hi")
    assert chat.turns == []


def test_a_deadline_that_comes_before_the_end_of_a_wait_ends_it_at_once(service, make, talk):
    service.script(ErrorAnswer(503, {"error": "loading", "estimated_time": 50}))
    with pytest.raises(LimitError):
        talk(make(), "Hi", limits=Limits(seconds=20))
    assert len(service.requests) == 1


def test_typed_answers_wait_too(service, make, typed):
    service.script(LOADING, LOADING, '{"n": 3}')
    assert typed(make(), "Hi", type=dict[str, int]) == {"n": 3}


def test_other_failures_meanwhile_are_retried_as_ever(service, make, talk):
    service.script(LOADING, ErrorAnswer(500), LOADING, "Ready.")
    assert talk(make(max_retries=1), "Hi") == "Ready."


def test_odd_arguments_are_refused_before_anything_is_sent(service, make):
    for options in ({"wait_for_model": "10"}, {"wait_for_model": -1}, {"retry_on_error": "no"}, {"retry_on_error": 0}):
        with pytest.raises(ConfigError, match=next(iter(options))):
            make(**options)
    assert service.requests == []
