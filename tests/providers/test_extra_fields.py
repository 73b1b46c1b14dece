"""Further fields of a body: asking for several answers, and slips of the pen."""

import pytest

from chatkit._errors import ConfigError
from chatkit._providers.credentials import no_credentials
from chatkit._providers.making import ProviderSettings, provider_of
from chatkit._providers.params import Params, params
from chatkit._providers.profiles import PROFILES


def provider(**api_args):
    settings = ProviderSettings(
        "openai_compatible", "x", "http://127.0.0.1:1/v1", "m", PROFILES["generic"], api_args=api_args
    )
    return provider_of(settings, credentials=no_credentials())


@pytest.mark.parametrize("n", [2, 0, True, "2", 1.5, [1]])
def test_several_answers_are_refused_with_a_reason(n):
    reason = r"must be left out or 1: a chat goes on from one answer.* Ask several clones instead"
    for make, place in ((params, "params"), (lambda n: Params(extra={"n": n}), "params"), (provider, "api_args")):
        with pytest.raises(ConfigError, match=f"`n` in {place} {reason}"):
            make(n=n)


def test_one_answer_may_be_asked_for():
    assert params(n=1).extra == {"n": 1}
    assert params(n=None).extra == {}
    assert provider(n=1).api_args == {"n": 1}
    # None deletes the field.
    assert provider(n=None).api_args == {"n": None}


SLIPS = {
    "temprature": "temperature",
    "Temperature": "temperature",
    "max_token": "max_tokens",
    "maxtokens": "max_tokens",
    "topp": "top_p",
    "log_prob": "log_probs",
    "stop_sequence": "stop_sequences",
    "freq_penalty": "frequency_penalty",
    "presence_penality": "presence_penalty",
    "reasoning_efort": "reasoning_effort",
    "seeds": "seed",
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_of_the_pen_is_told(name):
    with pytest.raises(ConfigError) as caught:
        params(**{name: 1})
    assert str(caught.value) == (
        f"There is no parameter `{name}`: did you mean `{SLIPS[name]}`? "
        f"If the server has a field of this name, give it as api_args={{{name!r}: ...}}."
    )


REAL = (
    "logit_bias logprobs top_logprobs metadata user instructions strict_json_schema min_p min_tokens "
    "top_a typical_p repetition_penalty repeat_penalty length_penalty stop stop_token_ids best_of "
    "max_completion_tokens max_new_tokens reasoning reasoning_format reasoning_budget "
    "chat_template_kwargs guided_json guided_choice parallel_tool_calls service_tier store verbosity "
    "modalities prediction n_predict n_probs cache_prompt keep_alive num_ctx grammar response_format "
    "temperature_last dry_multiplier ignore_eos prompt_logprobs thinking_budget extra_body "
)


@pytest.mark.parametrize("name", REAL.split())
def test_fields_that_servers_have_pass(name):
    assert params(**{name: 1}).extra == {name: 1}


def test_any_name_passes_by_api_args():
    assert provider(temprature=1).api_args == {"temprature": 1}


def test_what_was_saved_with_an_odd_name_can_be_loaded():
    assert Params(extra={"temprature": 1}).extra == {"temprature": 1}
