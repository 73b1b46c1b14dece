"""Fallbacks, prices and patience of a chat that is saved and loaded; and whose key a loaded one sends."""

import json

import pytest

from chatkit import (
    Chat,
    ConfigError,
    HistoryError,
    MissingKeyError,
    chat_huggingface,
    chat_openai_compatible,
    params,
)
from chatkit.testing import ErrorAnswer, FakeService

BUSY = ErrorAnswer(503, {"error": "Busy"})


@pytest.fixture
def second():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def other(second):
    def make(**options):
        options.setdefault("model", "m2")
        return chat_openai_compatible(second.base_url, echo="none", **options)

    return make


@pytest.fixture
def first(service):
    def make(**options):
        options.setdefault("model", "org/m1")
        return chat_huggingface(base_url=service.base_url, echo="none", **options)

    return make


def test_a_saved_chat_has_its_fallbacks_prices_and_patience_but_no_key(service, second, first, other, tmp_path):
    path = tmp_path / "chat.json"
    fallback = other(name="Two", credentials=lambda: "canary-two", api_headers={"x-two": "canary-two"})
    chat = first(
        credentials=lambda: "canary-one",
        fallback=["org/m2", ":groq", fallback],
        prices={"org/m1": (1, 2), "m2": (1, 2, 0.5)},
        wait_for_model=7,
        max_retries=0,
    )
    chat.save(path)
    assert "canary" not in path.read_text()
    loaded = Chat.load(path, credentials=lambda: "canary-new", api_headers={"x-new": "canary-new"}, echo="none")
    talk = loaded._talk
    assert (talk.prices, talk.retries) == (chat._talk.prices, chat._talk.retries)
    assert [(one.name, one.asked_model) for one in talk.fallbacks] == [
        ("HuggingFace", "org/m2"),
        ("HuggingFace", "org/m1:groq"),
        ("Two", "m2"),
    ]
    service.on_request(lambda request: BUSY)
    with pytest.raises(MissingKeyError, match=r"was not saved.*Tried before: org/m1 at .*; org/m1:groq at"):
        loaded.chat("Hi")
    # The key given anew is for the chat's own server, and for fallbacks there; no other one sees it.
    assert [request.headers["authorization"] for request in service.requests] == ["Bearer canary-new"] * 3
    assert second.requests == []


def test_what_was_given_for_the_first_server_does_not_go_to_a_loaded_fallback(service, second, first, other, tmp_path):
    first(fallback=[other()]).save(tmp_path / "chat.json")
    service.script(BUSY)
    second.say("ok")
    given = {"credentials": lambda: "canary-new", "api_headers": {"x-new": "canary-new"}}
    assert Chat.load(tmp_path / "chat.json", echo="none", **given).chat("Hi") == "ok"
    assert "canary" not in str(second.requests[0].headers)


def test_a_provider_of_ones_own_is_not_saved(first, tmp_path):
    class Mine:
        request = decoder = explain = conceding = listing = changed = lambda self, *args, **kwargs: None
        name, model, base_url, params, asked_model = "Mine", "m", "http://127.0.0.1:9", params(), "m"

    chat = first(fallback=[Mine()])
    with pytest.raises(ConfigError, match="Mine is none"):
        chat.save(tmp_path / "chat.json")
    assert not (tmp_path / "chat.json").exists()


CROOKED = {
    "fallbacks that are no list": ({"fallbacks": {}}, r"\$\.options\.fallbacks must be a list"),
    "a fallback that is none": ({"fallbacks": [{"service": "x"}]}, r"\$\.options\.fallbacks\[0\]"),
    "a price that is none": ({"prices": {"m": {"input": -1, "output": 1}}}, "price `input`"),
    "a price without a number": ({"prices": {"m": {"input": 1}}}, r"\$\.options\.prices\['m'\]\.output is missing"),
    "a price of nothing": ({"prices": {" ": {"input": 1, "output": 1}}}, "by the names of models"),
    "a wait below nothing": ({"wait_for_model": -1}, "`wait_for_model` must be a number of seconds"),
    "a wait that is a text": ({"wait_for_model": "1"}, r"\$\.options\.wait_for_model must be a number"),
}


@pytest.mark.parametrize(("changes", "told"), CROOKED.values(), ids=CROOKED)
def test_a_crooked_file_is_refused(first, tmp_path, changes, told):
    path = tmp_path / "chat.json"
    first().save(path)
    record = json.loads(path.read_text())
    record["options"].update(changes)
    path.write_text(json.dumps(record))
    with pytest.raises(HistoryError, match=told):
        Chat.load(path)


def test_a_clone_has_the_same_fallbacks_and_goes_its_own_way(service, second, first, other):
    chat = first(fallback=[other()])
    clone = chat.clone()
    service.script(BUSY)
    second.script(ErrorAnswer(400, {"error": "stream_options is not known"}), "one")
    list(clone.stream("Hi"))
    assert chat._talk.fallbacks[0].profile.stream_options
    assert not clone._talk.fallbacks[0].profile.stream_options
