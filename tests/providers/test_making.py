"""Providers made of settings, and settings saved and read again."""

import asyncio
import json
import pickle
from dataclasses import fields

import pytest

from chatkit import chat_huggingface, chat_openai_compatible
from chatkit._errors import ConfigError, HistoryError, MissingKeyError
from chatkit._http.messages import TimeLimits
from chatkit._providers import saved_settings
from chatkit._providers.making import ProviderSettings, provider_of, settings_of, warn_of_plain_http
from chatkit._providers.openai_compatible import OpenAICompatible
from chatkit._providers.params import Params, params
from chatkit._providers.profiles import PROFILES, Profile
from chatkit._providers.saved_settings import settings_record, settings_replay
from chatkit._warnings import PlainHttpWarning
from chatkit.testing import FakeService

LOCAL = "http://127.0.0.1:9/v1"
SETTINGS = ProviderSettings("openai_compatible", "Mine", LOCAL, "m", PROFILES["generic"])
FULL = ProviderSettings(
    "huggingface",
    "HuggingFace",
    "https://router.huggingface.co/v1",
    "org/name",
    Profile("odd", {"temperature": "options.temperature"}, strict_tools=True, parts=True, stream_options=False),
    params(
        temperature=0.5,
        top_k=3,
        seed=-1,
        log_probs=True,
        stop_sequences=["a", "b"],
        reasoning_effort="low",
        more={"x": [1]},
    ),
    {"user": None, "provider": {"sort": "price"}},
    True,
    True,
)


def again(settings):
    return settings_replay(json.loads(json.dumps(settings_record(settings), allow_nan=False)))


def saved(chat):
    return again(settings_of(chat.provider))


@pytest.mark.parametrize("settings", [SETTINGS, FULL])
def test_settings_come_back_equal_by_way_of_json_text(settings):
    assert again(settings) == settings


def test_a_known_profile_is_saved_by_its_name_and_another_one_whole():
    assert settings_record(SETTINGS)["profile"] == "generic"
    assert settings_record(FULL)["profile"]["fields"] == {"temperature": "options.temperature"}


def test_a_provider_made_of_its_settings_is_the_same():
    chat = chat_openai_compatible(
        LOCAL, model="m", name="Mine", params=params(seed=1), api_args={"n": 1}, preserve_thinking=True, profile="vllm"
    )
    made = provider_of(saved(chat))
    given = chat.provider
    for name in ("name", "model", "base_url", "profile", "params", "api_args", "preserve_thinking", "service"):
        assert getattr(made, name) == getattr(given, name)
    assert made.credentials.source == ""


def test_a_chat_of_huggingface_stays_one_and_finds_its_token_anew(monkeypatch):
    settings = saved(chat_huggingface(model="org/name"))
    assert settings.service == "huggingface"
    assert settings.own_key is False
    monkeypatch.setenv("HF_TOKEN", "hf_later")
    assert provider_of(settings).credentials() == {"Authorization": "Bearer hf_later"}


def test_what_the_server_refused_stays_known():
    chat = chat_openai_compatible(LOCAL, model="m")
    without = Profile("generic", chat.provider.profile.fields, stream_options=False)
    chat._talk.provider = type(chat.provider)("n", "m", LOCAL, chat.provider.credentials, without)
    assert saved(chat).profile == without


def test_no_secret_is_saved():
    chat = chat_openai_compatible(
        LOCAL, model="m", credentials=lambda: "sk-secret-1", api_headers={"X-Key": "sk-secret-2"}
    )
    text = json.dumps(settings_record(settings_of(chat.provider)))
    assert "secret" not in text
    assert "X-Key" not in text
    assert "lambda" not in text


def test_own_credentials_that_are_not_given_anew_are_told_to_be_missing():
    made = provider_of(saved(chat_openai_compatible(LOCAL, model="m", credentials=lambda: "k")))
    with pytest.raises(MissingKeyError, match="A key is never saved"):
        made.credentials()
    assert pickle.loads(pickle.dumps(made)).credentials.source == made.credentials.source
    # And they stay so when it is saved once more.
    assert settings_of(made).own_key is True


def test_own_credentials_for_a_service_with_a_default_fall_back_to_it(monkeypatch):
    settings = saved(chat_huggingface(model="a/b", credentials=lambda: "k"))
    assert settings.own_key is True
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    assert provider_of(settings).credentials() == {"Authorization": "Bearer hf_mine"}


def test_credentials_headers_and_time_limits_are_brought_along():
    async def key():
        return "later"

    made = provider_of(SETTINGS, credentials=lambda: "k", api_headers={"X": " y "}, timeout=5)
    assert made.credentials() == {"Authorization": "Bearer k"}
    assert made.api_headers == {"X": "y"}
    assert made.limits == TimeLimits.of(5)

    async def asked():
        return await provider_of(SETTINGS, credentials=key).credentials()

    assert asyncio.run(asked()) == {"Authorization": "Bearer later"}
    with pytest.raises(ConfigError, match="`credentials` must be a function"):
        provider_of(SETTINGS, credentials="key")


def test_a_provider_made_of_saved_settings_answers():
    from chatkit._chat.chat import Chat
    from chatkit._engine.conversation import Conversation
    from chatkit._http.opening import LazyTransport

    with FakeService(strict=True) as service:
        service.say("ok")
        chat = chat_openai_compatible(service.base_url, model="m", params=params(seed=4), api_args={"user": "ada"})
        again_chat = Chat(Conversation(provider_of(saved(chat))), LazyTransport())
        assert again_chat.chat("Hi") == "ok"
        assert service.requests[0].json["seed"] == 4
        assert service.requests[0].json["user"] == "ada"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"service": "evil"}, r"\$\.provider\.service must be one of 'huggingface', 'openai_compatible', not 'evil'"),
        ({"service": None}, r"\$\.provider\.service must be one of"),
        ({"base_url": "file:///etc/passwd"}, r"\$\.provider makes no provider: base_url has the scheme 'file'"),
        ({"base_url": "https://user:pass@x/v1"}, "must not hold a user name or password"),
        ({"base_url": 5}, r"\$\.provider\.base_url must be a text"),
        ({"model": " "}, r"makes no provider: `model` must be the name of a model"),
        ({"profile": "klingon"}, r"\$\.provider\.profile must be one of cloudflare, .*, or an object, not 'klingon'"),
        ({"profile": {}}, r"\$\.provider\.profile\.name is missing"),
        ({"profile": {"name": "x", "fields": {"a": 1}}}, r"\$\.provider\.profile\.fields\.a must be a text, not int"),
        ({"profile": {"name": "x", "eval": 1}}, r"\$\.provider\.profile has the field 'eval'"),
        ({"params": {"temperature": 9}}, r"makes no provider: `temperature` must be a number from 0 to 2"),
        ({"params": {"max_tokens": 1.5}}, r"\$\.provider\.params\.max_tokens must be a whole number, not 1\.5"),
        ({"params": {"stop_sequences": "a"}}, r"\$\.provider\.params\.stop_sequences must be a list"),
        ({"params": {"colour": 1}}, r"\$\.provider\.params has the field 'colour'"),
        ({"api_args": []}, r"\$\.provider\.api_args must be an object"),
        ({"preserve_thinking": 1}, r"\$\.provider\.preserve_thinking must be true or false"),
        ({"api_headers": {"Authorization": "x"}}, r"\$\.provider has the field 'api_headers'"),
        ({"credentials": "os.environ"}, r"\$\.provider has the field 'credentials'"),
    ],
)
def test_settings_from_elsewhere_are_read_strictly(fields, words):
    with pytest.raises(HistoryError, match=words) as caught:
        settings_replay({**settings_record(SETTINGS), **fields})
    assert "pass@" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_default_key_is_only_for_its_own_service_whatever_a_file_names(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    for service in ("huggingface", "openai_compatible"):
        record = {**settings_record(SETTINGS), "service": service, "base_url": "https://evil.example/v1"}
        assert provider_of(settings_replay(record)).credentials() == {}


def test_settings_that_cannot_be_used_are_refused():
    for changes, words in [
        ({"base_url": "nowhere"}, "no scheme"),
        ({"model": ""}, "`model` must be the name"),
        ({"api_args": [1]}, "`api_args` must be a mapping, not list"),
        ({"api_args": {"x": {1}}}, "`api_args` must be a value that JSON can say"),
    ]:
        fields = {"service": "openai_compatible", "name": "n", "base_url": LOCAL, "model": "m", "profile": Profile("p")}
        with pytest.raises(ConfigError, match=words):
            provider_of(ProviderSettings(**fields | changes))


def test_a_key_that_would_travel_unencrypted_is_warned_of_at_the_callers_line():
    made = provider_of(ProviderSettings("openai_compatible", "n", "http://far.example/v1", "m", Profile("p")))
    warn_of_plain_http(made, stacklevel=1)
    made = provider_of(settings_of(made), credentials=lambda: "k")
    with pytest.warns(PlainHttpWarning, match=r"unencrypted to far\.example") as caught:
        warn_of_plain_http(made, stacklevel=1)
    assert caught[0].filename == __file__


def test_every_field_is_saved():
    # A field that is added must be saved too, or be among those that are not kept for a reason.
    for shape in (saved_settings._SETTINGS, saved_settings._PARAMS, saved_settings._PROFILE):
        assert shape.names == {item.name for item in fields(shape.made_by)}
    unkept = {"credentials", "api_headers", "limits", "_warned", "_kept"}
    kept = {item.name for item in fields(ProviderSettings)} - {"own_key"}
    assert {item.name for item in fields(OpenAICompatible)} == kept | unkept


def test_a_provider_of_ones_own_cannot_be_saved():
    with pytest.raises(ConfigError, match="Only chatkit's own providers can be saved, and object is none"):
        settings_of(object())


def test_parameters_of_nothing_are_saved_as_nothing():
    assert settings_record(SETTINGS)["params"] == {"extra": {}}
    assert again(SETTINGS).params == Params()
