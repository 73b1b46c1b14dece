"""Profiles: what sets servers apart, and how parameters are worded for each."""

from __future__ import annotations

import copy
import pickle
import re
import warnings

import pytest

from chatkit._errors import ConfigError
from chatkit._providers.params import params
from chatkit._providers.profiles import PROFILES, Profile, body_params, profile_for, resolve_profile
from chatkit._warnings import UnsupportedParameterWarning

HOSTS = {
    "https://api.openai.com/v1": "openai",
    "https://openrouter.ai/api/v1": "openrouter",
    "https://api.groq.com/openai/v1": "groq",
    "https://api.mistral.ai/v1": "mistral",
    "https://api.deepseek.com": "deepseek",
    "https://router.huggingface.co/v1": "huggingface",
    "https://abc.us-east-1.aws.endpoints.huggingface.cloud/v1": "huggingface",
    "https://me-space.hf.space/v1": "huggingface",
    "https://x.cloud.databricks.com/serving-endpoints": "databricks",
    "https://adb-1.2.azuredatabricks.net/serving-endpoints": "databricks",
    "https://api.cloudflare.com/client/v4/accounts/x/ai/v1": "cloudflare",
    "http://localhost:11434/v1": "ollama",
    "http://127.0.0.1:1234/v1": "lmstudio",
    "http://[::1]:8080/v1": "llamacpp",
    "http://localhost:8000/v1": "generic",
    "http://localhost/v1": "generic",
    "https://example.com:11434/v1": "generic",
    "https://evilapi.openai.com.example.com/v1": "generic",
    "https://notopenrouter.ai/v1": "generic",
    "not a url": "generic",
}


@pytest.mark.parametrize(("url", "name"), HOSTS.items())
def test_the_address_tells_the_profile(url, name):
    assert profile_for(url).name == name
    assert resolve_profile(None, url) is PROFILES[name]


def test_a_profile_may_be_named_or_brought_along():
    mine = Profile("mine", {"temperature": "heat"})
    assert resolve_profile("vllm", "https://x/v1") is PROFILES["vllm"]
    assert resolve_profile(mine, "https://x/v1") is mine


@pytest.mark.parametrize("value", ["olama", 3, ""])
def test_an_unknown_profile_lists_those_that_are_known(value):
    with pytest.raises(ConfigError, match=f"no profile {value!r}.*cloudflare.*generic.*vllm"):
        resolve_profile(value, "https://x/v1")


EVERYTHING = params(
    temperature=1,
    top_p=0.5,
    top_k=3,
    frequency_penalty=0.1,
    presence_penalty=0.2,
    seed=7,
    max_tokens=9,
    log_probs=True,
    stop_sequences=["a"],
    reasoning_effort="low",
    reasoning_tokens=64,
)
PLAIN = {
    "temperature": 1,
    "top_p": 0.5,
    "top_k": 3,
    "frequency_penalty": 0.1,
    "presence_penalty": 0.2,
    "seed": 7,
    "max_tokens": 9,
    "logprobs": True,
    "stop": ["a"],
    "reasoning_effort": "low",
}


def plain(*left_out, **others):
    return {name: value for name, value in PLAIN.items() if name not in left_out} | others


# Case 38 (max_tokens by any name, top_k really top_k) and case 39 (reasoning_effort passes): profile -> body, left out.
BODIES = {
    "generic": (PLAIN, {"reasoning_tokens"}),
    "huggingface": (PLAIN, {"reasoning_tokens"}),
    "ollama": (plain("top_k"), {"top_k", "reasoning_tokens"}),
    "openai": (plain("max_tokens", "top_k", max_completion_tokens=9), {"top_k", "reasoning_tokens"}),
    "vllm": (plain(thinking_token_budget=64), set()),
    "llamacpp": (plain(thinking_budget_tokens=64), set()),
    "groq": (
        plain("max_tokens", "top_k", "logprobs", max_completion_tokens=9),
        {"top_k", "log_probs", "reasoning_tokens"},
    ),
    "deepseek": (plain("top_k", "seed"), {"top_k", "seed", "reasoning_tokens"}),
    "lmstudio": (plain("logprobs"), {"log_probs", "reasoning_tokens"}),
    "cloudflare": (plain("logprobs"), {"log_probs", "reasoning_tokens"}),
    "openrouter": (plain("reasoning_effort", reasoning={"effort": "low", "max_tokens": 64}), set()),
    "mistral": (
        plain("top_k", "logprobs", "seed", "reasoning_effort", random_seed=7),
        {"top_k", "log_probs", "reasoning_effort", "reasoning_tokens"},
    ),
    "databricks": (
        plain("seed", "frequency_penalty", "presence_penalty"),
        {"seed", "frequency_penalty", "presence_penalty", "reasoning_tokens"},
    ),
    "tgi": (plain("top_k", "reasoning_effort"), {"top_k", "reasoning_effort", "reasoning_tokens"}),
}


def test_every_profile_is_tested():
    assert set(BODIES) == set(PROFILES)


@pytest.mark.parametrize("name", PROFILES)
def test_38_39_parameters_are_worded_for_each_server(name):
    body, left_out = BODIES[name]
    warned: set[str] = set()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert body_params(EVERYTHING, PROFILES[name], warned) == body
    assert warned == left_out
    assert {re.search("`(.*?)`", str(one.message))[1] for one in caught} == left_out
    assert all(one.category is UnsupportedParameterWarning and repr(name) in str(one.message) for one in caught)


def test_37_unsupported_parameters_warn_once_by_name():
    warned: set[str] = set()
    with pytest.warns(UnsupportedParameterWarning, match=r"`top_k` was left out: the profile 'openai' does not know"):
        body_params(params(top_k=1), PROFILES["openai"], warned)
    assert body_params(params(top_k=1), PROFILES["openai"], warned) == {}


def test_37_extra_parameters_pass_untouched():
    given = params(top_k=3, min_p=0.1, guided_json={"type": "object"})
    body = body_params(given, PROFILES["generic"], set())
    assert body == {"top_k": 3, "min_p": 0.1, "guided_json": {"type": "object"}}
    body["guided_json"]["type"] = "changed"
    assert given.extra["guided_json"] == {"type": "object"}


@pytest.mark.parametrize(
    ("extra", "reasoning"),
    [
        ({"reasoning": {"exclude": True}}, {"exclude": True, "max_tokens": 8}),
        ({"reasoning": {"max_tokens": 1}}, {"max_tokens": 1}),
        ({"reasoning": "deep"}, "deep"),
        ({}, {"max_tokens": 8}),
    ],
)
def test_37_a_nested_field_joins_what_extra_says_there(extra, reasoning):
    body = body_params(params(reasoning_tokens=8, **extra), PROFILES["openrouter"], set())
    assert body == {"reasoning": reasoning}


def habits(**others):
    return {"strict": False, "parts": False, "usage": True, "empty": True} | others


HABITS = {
    "openai": habits(strict=True),
    "mistral": habits(usage=False),
    "databricks": habits(usage=False, empty=False),
}


@pytest.mark.parametrize("name", PROFILES)
def test_34_41_the_habits_of_servers(name):
    one = PROFILES[name]
    seen = habits(strict=one.strict_tools, parts=one.parts, usage=one.stream_options, empty=one.empty_parameters)
    assert seen == HABITS.get(name, habits())


def test_where_thinking_goes_back():
    assert {name for name, one in PROFILES.items() if one.thinking_field == "reasoning_content"} == {
        *("generic", "deepseek", "lmstudio", "mistral", "databricks", "cloudflare", "llamacpp", "tgi")
    }


def test_a_profile_is_a_value():
    one = PROFILES["openrouter"]
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one
    assert hash(one) == hash(copy.deepcopy(one))
    with pytest.raises(AttributeError):
        one.parts = True
