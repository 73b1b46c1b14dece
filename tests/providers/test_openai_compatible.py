"""The Chat Completions provider as a value: what it sends, in which order, and what it concedes."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import pickle

import pytest

from chatkit._errors import BadRequestError, NotFoundError, RateLimitError
from chatkit._http.messages import Head, TimeLimits
from chatkit._providers import huggingface
from chatkit._providers.credentials import no_credentials
from chatkit._providers.decode import ChatDecoder
from chatkit._providers.openai_compatible import OpenAICompatible
from chatkit._providers.params import Params, params
from chatkit._providers.profiles import PROFILES, Profile, profile_for
from chatkit._tools.tool import tool
from chatkit._turns.contents import ContentThinking
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn
from chatkit._warnings import UnsupportedParameterWarning

BASE = "https://host.example/v1"
Q = UserTurn("q")


def provider(**given):
    given = {"profile": PROFILES["generic"], "credentials": no_credentials(), **given}
    return OpenAICompatible("Test", given.pop("model", "m"), given.pop("base_url", BASE), **given)


def ask(given, *turns, system=None, tools=(), stream=False):
    return given.request(turns or (Q,), system=system, tools=tools, stream=stream)


def body(given, *turns, **about):
    return json.loads(ask(given, *turns, **about).body)


def look(city: str) -> str:
    """Look up the weather."""
    return city


LOOK = tool(look)


# --- the body -------------------------------------------------------------------------------------------------------


def test_a_body_in_bytes():
    assert ask(provider()).body == b'{"model":"m","messages":[{"role":"user","content":"q"}],"stream":false}'


def test_the_model_comes_first_and_then_the_messages():
    made = provider(params=params(temperature=0.5, seed=3), api_args={"aaa": 1})
    given = body(made, system=SystemTurn("s"), tools=(LOOK,), stream=True)
    assert list(given) == ["model", "messages", "temperature", "seed", "stream", "stream_options", "tools", "aaa"]
    assert given["model"] == "m"
    assert [message["role"] for message in given["messages"]] == ["system", "user"]


@pytest.mark.parametrize("stream", [True, False])
def test_streaming(stream):
    given = body(provider(), stream=stream)
    assert given["stream"] is stream
    assert given.get("stream_options") == ({"include_usage": True} if stream else None)
    made = provider(profile=Profile("x", stream_options=False))
    assert "stream_options" not in body(made, stream=stream)
    assert ask(provider(), stream=stream).stream is stream


def test_tools_are_sent_when_there_are_any():
    assert "tools" not in body(provider())
    assert [item["function"]["name"] for item in body(provider(), tools=(LOOK,))["tools"]] == ["look"]


@pytest.mark.parametrize("profile", [Profile("x"), Profile("x", thinking_field="reasoning")])
def test_thinking_is_sent_back_when_that_is_wanted(profile):
    turn = AssistantTurn([ContentThinking("Hm"), "a"])
    plain = body(provider(profile=profile), Q, turn, Q)["messages"][1]
    assert plain == {"role": "assistant", "content": "a"}
    kept = body(provider(profile=profile, preserve_thinking=True), Q, turn, Q)["messages"][1]
    assert kept == {**plain, profile.thinking_field: "Hm"}


def test_parameters_go_by_the_names_of_the_profile():
    made = provider(params=params(max_tokens=5, top_k=3, mine={"x": 1}), profile=PROFILES["openai"])
    with pytest.warns(UnsupportedParameterWarning, match="`top_k` was left out"):
        given = body(made)
    assert (given["max_completion_tokens"], given["mine"]) == (5, {"x": 1})
    assert "top_k" not in given
    # Once: further requests and changed parameters do not repeat it.
    body(made, stream=True)
    body(made.changed(params=params(top_k=4)))


@pytest.mark.parametrize(
    ("api_args", "changes"),
    [
        ({"extra": {"a": 1}}, {"extra": {"a": 1}}),
        ({"temperature": 1}, {"temperature": 1}),
        ({"temperature": None}, {"temperature": ...}),
        ({"stream_options": {"x": 1}}, {"stream_options": {"include_usage": True, "x": 1}}),
        ({"stream_options": None}, {"stream_options": ...}),
        ({"model": "other"}, {"model": "other"}),
        ({"model": None}, {}),
        ({"messages": []}, {}),
        ({"messages": [{"role": "user", "content": "mine"}]}, {"messages": [{"role": "user", "content": "mine"}]}),
        ({"messages": None, "prompt": "q"}, {"messages": ..., "prompt": "q"}),
        ({"stream": False}, {"stream": False, "stream_options": ...}),
        ({"stream": None}, {"stream": ..., "stream_options": ...}),
        ({"stream": None, "temperature": None}, {"stream": ..., "stream_options": ..., "temperature": ...}),
        ({"é": "\ud83d\ude00"}, {"é": "😀"}),
    ],
    ids=lambda value: json.dumps(value, default=str),
)
def test_api_args_are_merged_over_the_body(api_args, changes):
    plain = body(provider(params=params(temperature=0.5)), stream=True)
    request = ask(provider(params=params(temperature=0.5), api_args=api_args), stream=True)
    expected = {key: value for key, value in (plain | changes).items() if value is not ...}
    assert json.loads(request.body) == expected
    assert request.stream is bool(expected.get("stream"))
    assert next(iter(json.loads(request.body))) == "model"


def test_api_args_may_turn_streaming_on():
    request = ask(provider(api_args={"stream": True}))
    assert request.stream is True
    assert json.loads(request.body)["stream"] is True
    assert "event-stream" in request.headers["Accept"]


def test_the_same_request_is_worded_the_same_each_time():
    made = provider(params=params(temperature=0.5), api_args={"a": {"b": [1]}})
    one, other = (ask(made, Q, AssistantTurn("a"), UserTurn("r"), tools=(LOOK,), stream=True) for _ in range(2))
    assert one == other
    assert one.body == other.body


def test_other_tools_are_noticed():
    made = provider()
    first, second = (LOOK,), (tool(look, name="peek"),)
    assert body(made, tools=first)["tools"][0]["function"]["name"] == "look"
    assert body(made, tools=second)["tools"][0]["function"]["name"] == "peek"
    assert "tools" not in body(made)
    assert body(made, tools=first)["tools"][0]["function"]["name"] == "look"


# --- what goes with it ----------------------------------------------------------------------------------------------


def test_the_address_the_credentials_and_the_limits():
    limits = TimeLimits(idle=3)
    made = provider(limits=limits)
    request = ask(made)
    assert request.url == "https://host.example/v1/chat/completions"
    assert (request.credentials, request.limits) == (made.credentials, limits)


@pytest.mark.parametrize(
    ("stream", "accept", "encoding"),
    [(True, "text/event-stream, application/json", "identity"), (False, "application/json", "gzip, deflate")],
)
def test_headers(stream, accept, encoding):
    version = importlib.metadata.version("chatkit-objects")
    made = provider(api_headers={"X-Mine": "1"})
    assert ask(made, stream=stream).headers == {
        "Content-Type": "application/json",
        "Accept": accept,
        "Accept-Encoding": encoding,
        "User-Agent": f"chatkit/{version}",
        "X-Mine": "1",
    }
    assert ask(made, stream=stream).headers is ask(made, stream=stream).headers


def test_headers_of_ones_own_win():
    assert ask(provider(api_headers={"User-Agent": "mine"})).headers["User-Agent"] == "mine"


def test_the_decoder_knows_the_model():
    made = provider().decoder(Head(200, {}, BASE))
    assert isinstance(made, ChatDecoder)
    with pytest.raises(Exception, match="'m'"):
        made.finish()


def test_an_error_status_is_explained():
    head = Head(429, {"x-request-id": "q1"}, BASE, retry_after=3.0, sent_bytes=10)
    error = provider().explain(head, '{"error": {"message": "Slow down."}}')
    assert isinstance(error, RateLimitError)
    assert (error.model, error.retry_after, error.server_message) == ("m", 3.0, "Slow down.")
    assert (error.request_id, error.retryable) == ("q1", True)


# --- changes --------------------------------------------------------------------------------------------------------


def test_the_same_provider_for_another_model_or_other_parameters():
    made = provider(params=params(seed=1), api_args={"a": 1})
    ask(made)
    other = made.changed(model="n")
    assert (other.model, other.params, other.api_args) == ("n", params(seed=1), {"a": 1})
    assert (body(other)["model"], body(made)["model"]) == ("n", "m")
    assert made.changed(params=params(seed=2)).params == params(seed=2)
    assert made.changed(params=Params()).params == Params()
    assert made.changed() == made


def refusal(words):
    return BadRequestError("x answered 400.", server_message=words)


def test_a_concession_changes_what_is_sent():
    made = provider(profile=Profile("x", strict_tools=True))
    assert "stream_options" in body(made, stream=True)
    conceding = made.conceding(refusal("Unknown field: stream_options"))
    assert "stream_options" not in body(conceding, stream=True)
    assert "strict" in body(conceding, tools=(LOOK,))["tools"][0]["function"]
    again = conceding.conceding(refusal("Unknown field: strict"))
    assert "strict" not in body(again, tools=(LOOK,))["tools"][0]["function"]
    assert "stream_options" not in body(again, stream=True)
    assert again.conceding(refusal("Unknown field: strict")) is None
    assert made.conceding(refusal("Something else.")) is None


@pytest.mark.parametrize(
    ("base_url", "conceded"),
    [
        ("https://host.example", "https://host.example/v1"),
        ("http://localhost:8000", "http://localhost:8000/v1"),
        ("https://host.example/v1", None),
        ("https://host.example/api", None),
    ],
)
def test_a_bare_host_is_tried_under_v1(base_url, conceded):
    made = provider(base_url=base_url).conceding(NotFoundError("x answered 404."))
    assert (made.base_url if made else None) == conceded
    if made:
        assert made.conceding(NotFoundError("x answered 404.")) is None
        assert ask(made).url == f"{conceded}/chat/completions"


def test_other_errors_at_a_bare_host_do_not_move_it():
    made = provider(base_url="https://host.example")
    assert made.conceding(refusal("no")) is None
    assert made.conceding(RateLimitError("no")) is None


def test_a_provider_is_a_value():
    made = provider(params=params(seed=1), api_args={"a": 1})
    before = repr(made)
    ask(made)
    assert repr(made) == before
    assert made == dataclasses.replace(made)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.model = "n"


def test_a_provider_travels():
    made = provider(params=params(seed=1))
    first = ask(made, tools=(LOOK,)).body
    twin = pickle.loads(pickle.dumps(provider(params=params(seed=1))))
    assert ask(twin, tools=(LOOK,)).body == first


def test_the_router_of_hugging_face():
    made = provider(base_url=huggingface.BASE_URL, model=huggingface.DEFAULT_MODEL)
    assert ask(made).url == "https://router.huggingface.co/v1/chat/completions"
    assert body(made)["model"] == "meta-llama/Llama-3.1-8B-Instruct"
    assert profile_for(made.base_url) is PROFILES["huggingface"]
