"""Routes and payers: what they may be, where they may go, and where the API begins at a bare host."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from chatkit._errors import ConfigError, HistoryError
from chatkit._providers.huggingface import is_dedicated, seconds_to_wait
from chatkit._providers.making import ProviderSettings, provider_of, settings_of
from chatkit._providers.profiles import PROFILES
from chatkit._providers.roots import with_root
from chatkit._providers.routing import check_route, check_routing, is_router, payer_of, route_of
from chatkit._providers.saved_settings import settings_record, settings_replay

ROUTER = "https://router.huggingface.co/v1"
ENDPOINT = "https://x1.us-east-1.aws.endpoints.huggingface.cloud"
SETTINGS = ProviderSettings(
    "huggingface", "HuggingFace", ROUTER, "org/name", PROFILES["huggingface"], route="groq", bill_to="my-org"
)


@pytest.mark.parametrize("route", ["groq", "fireworks-ai", "fastest", "cheapest", "preferred", "Not-Known.Yet_1"])
def test_a_route_is_any_name(route):
    assert route_of(route, "org/name") == route


@pytest.mark.parametrize("given", [None, "auto"])
def test_no_route_leaves_it_to_the_router(given):
    assert route_of(given, "org/name") == ""


ODD = {
    "empty": "",
    "a space": "gr oq",
    "a space at its end": "groq ",
    "a colon": "a:b",
    "a line break": "groq\n",
    "a NUL": "gr\0oq",
    "an escape": "\x1b[2J",
    "a no-break space": "gr\xa0oq",
    "half a character": "\ud800",
    "a number": 3,
    "True": True,
    "a list": ["groq"],
}


@pytest.mark.parametrize("route", ODD.values(), ids=ODD)
def test_a_route_is_a_name(route):
    with pytest.raises(ConfigError, match="`provider` must be a name without spaces"):
        route_of(route, "org/name")


def test_a_route_in_the_model_and_beside_it_must_be_the_same():
    assert route_of("groq", "org/name:groq") == "groq"
    assert route_of("Groq", "org/name:groq") == "Groq"
    for other in ("novita", "auto"):
        with pytest.raises(ConfigError, match=f"named twice: 'groq' in model='org/name:groq', and provider='{other}'"):
            route_of(other, "org/name:groq")


def test_check_route_says_what_it_is_about():
    assert check_route("auto", "fallback") == ""
    with pytest.raises(ConfigError, match="`fallback` must be a name"):
        check_route("", "fallback")


def test_a_payer_is_what_a_header_may_hold():
    assert payer_of(None) == ""
    assert payer_of(" my-org ") == "my-org"
    for odd in ("", "  ", 3, True):
        with pytest.raises(ConfigError, match="`bill_to` must be the name of an organisation"):
            payer_of(odd)
    for bad, what in (("a\r\nX-Evil: 1", "a line break"), ("a\0", "a NUL"), ("ж", "no header may have")):
        with pytest.raises(ConfigError, match=f"bill_to: the value of the header 'X-HF-Bill-To' contains .*{what}"):
            payer_of(bad)


@pytest.mark.parametrize("url", [ROUTER, "https://router.huggingface.co", "http://127.0.0.1:9/v1", "http://[::1]:9"])
def test_the_router_and_this_machine_take_routes_and_payers(url):
    check_routing("groq", "my-org", url)


ELSEWHERE = (f"{ENDPOINT}/v1", "https://api.openai.com/v1", "https://router.huggingface.co.evil.example/v1")


@pytest.mark.parametrize("url", ELSEWHERE)
def test_others_take_neither_and_the_error_says_why(url):
    with pytest.raises(ConfigError, match=r"`provider='groq'` is for Hugging Face's router, which chooses .* is none"):
        check_routing("groq", "", url)
    with pytest.raises(ConfigError, match=r"`bill_to='my-org'` is for Hugging Face's router, which bills; .* is none"):
        check_routing("", "my-org", url)
    check_routing("", "", url)


def test_what_is_the_router():
    assert is_router("https://ROUTER.huggingface.co:443/v1")
    assert not is_router("https://huggingface.co/v1")


# --- settings --------------------------------------------------------------------------------------------------------


def test_route_and_payer_are_saved_and_read_again():
    record = json.loads(json.dumps(settings_record(SETTINGS)))
    assert (record["route"], record["bill_to"]) == ("groq", "my-org")
    assert settings_replay(record) == SETTINGS
    made = provider_of(settings_replay(record))
    assert (made.asked_model, made.bill_to, settings_of(made)) == ("org/name:groq", "my-org", SETTINGS)


CROOKED = {
    "a route with a space": {"route": "a b"},
    "a payer with a line break": {"bill_to": "a\nb"},
    "no router": {"base_url": "https://evil.example/v1"},
}


@pytest.mark.parametrize("changes", CROOKED.values(), ids=CROOKED)
def test_a_record_that_makes_no_provider_is_refused(changes):
    with pytest.raises(HistoryError, match="makes no provider"):
        settings_replay({**settings_record(SETTINGS), **changes})
    with pytest.raises(ConfigError):
        provider_of(replace(SETTINGS, **changes))


# --- bare hosts ------------------------------------------------------------------------------------------------------

ROOTS = {
    "dedicated": (ENDPOINT, "huggingface", f"{ENDPOINT}/v1"),
    "dedicated, whole": (f"{ENDPOINT}/v1", "huggingface", f"{ENDPOINT}/v1"),
    "dedicated, another path": (f"{ENDPOINT}/serve", "huggingface", f"{ENDPOINT}/serve"),
    "router": ("https://router.huggingface.co", "huggingface", ROUTER),
    "ollama": ("http://127.0.0.1:11434", "ollama", "http://127.0.0.1:11434/v1"),
    "llamacpp": ("http://box:8080", "llamacpp", "http://box:8080/v1"),
    "lmstudio": ("http://box:1234", "lmstudio", "http://box:1234/v1"),
    "vllm": ("http://box:8000", "vllm", "http://box:8000/v1"),
    "tgi": ("http://box:8080", "tgi", "http://box:8080/v1"),
    "generic": ("http://box:8000", "generic", "http://box:8000"),
    "deepseek serves at its root": ("https://api.deepseek.com", "deepseek", "https://api.deepseek.com"),
}


@pytest.mark.parametrize(("url", "profile", "expected"), ROOTS.values(), ids=ROOTS)
def test_where_the_api_begins(url, profile, expected):
    assert with_root(url, PROFILES[profile]) == expected
    made = provider_of(ProviderSettings("openai_compatible", "x", f"{url}/", "m", PROFILES[profile]))
    assert made.base_url == expected


@pytest.mark.parametrize("url", [f"{ENDPOINT}/v1/chat/completions", f"{ENDPOINT}/v1/"])
def test_the_whole_address_of_an_endpoint_is_understood(url):
    assert provider_of(replace(SETTINGS, base_url=url, route="", bill_to="")).base_url == f"{ENDPOINT}/v1"


# --- waiting ---------------------------------------------------------------------------------------------------------

WAITS = {
    "nothing said, dedicated": ((None, True, ENDPOINT), 600),
    "nothing said, router": ((None, True, ROUTER), 0),
    "yes": ((True, True, ROUTER), 600),
    "no": ((False, True, ENDPOINT), 0),
    "seconds": ((2.5, True, ROUTER), 2.5),
    "none at all": ((0, True, ENDPOINT), 0),
    "no retries": ((True, False, ENDPOINT), 0),
}


@pytest.mark.parametrize(("given", "seconds"), WAITS.values(), ids=WAITS)
def test_how_long_a_model_is_waited_for(given, seconds):
    assert seconds_to_wait(*given) == seconds


@pytest.mark.parametrize("wait", ["10", -1, float("nan"), float("inf"), 1e9, [], object()])
@pytest.mark.parametrize("retry", [True, False])
def test_wait_for_model_is_a_number(wait, retry):
    with pytest.raises(ConfigError, match="`wait_for_model` must be a number of seconds, or True or False"):
        seconds_to_wait(wait, retry, ROUTER)


@pytest.mark.parametrize("retry", [0, 1, None, "no"])
def test_retry_on_error_is_yes_or_no(retry):
    with pytest.raises(ConfigError, match="`retry_on_error` must be True or False"):
        seconds_to_wait(None, retry, ROUTER)


def test_what_is_a_dedicated_endpoint():
    assert is_dedicated(f"{ENDPOINT}/v1")
    assert not is_dedicated("https://endpoints.huggingface.cloud.evil.example")
    assert not is_dedicated(ROUTER)
