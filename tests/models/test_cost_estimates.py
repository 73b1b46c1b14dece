"""Estimates of cost: ranges over providers and lengths, and what is not known."""

import pytest

from chatkit._errors import ConfigError
from chatkit._models import shelf
from chatkit._models.estimating import Estimate, estimated
from chatkit._models.prices import Price
from chatkit._models.rows import ModelInfo, ModelOffer
from chatkit._providers.making import ProviderSettings, provider_of
from chatkit._providers.params import params
from chatkit._providers.profiles import Profile
from chatkit._turns.turns import SystemTurn, UserTurn

URL = "http://127.0.0.1:9/v1"
ONE = [UserTurn("x" * 3984)]  # 1,000 tokens
TOOL = {"name": "add", "description": "Add.", "parameters": {"type": "object"}}


@pytest.fixture(autouse=True)
def _empty_shelf():
    shelf.clear()
    yield
    shelf.clear()


def provider(model="org/m", **given):
    made = provider_of(ProviderSettings("openai_compatible", "Test", URL, model, Profile("test", {})))
    return made.changed(params=params(**given))


def test_one_price_and_a_known_length():
    made = estimated(provider(max_tokens=500), {"org/m": Price(1, 2)}, ONE, [], None)
    assert (made.input_tokens, made.output_tokens) == (1000, (0, 500))
    assert made.cost == pytest.approx((0.001, 0.002))
    assert repr(made).startswith("<Estimate: about 1,000 tokens in, 0 to 500 out, $0.0010 to $0.0020>\nTokens are a")
    assert len(made.reasons) == 1


def test_what_is_given_goes_before_the_parameters():
    assert estimated(provider(max_tokens=500), {}, ONE, [], 7).output_tokens == (0, 7)
    assert estimated(provider(), {"org/m": Price(1, 2)}, ONE, [], 0).cost == (0.001, 0.001)


def test_without_a_length_there_is_no_upper_end():
    made = estimated(provider(), {"org/m": Price(1, 2)}, ONE, [], None)
    assert (made.output_tokens, made.cost) == ((0, None), (0.001, None))
    assert "0 or more out, $0.0010 or more>" in repr(made)
    assert "give output_tokens=" in made.reasons[1]


def test_without_a_price_the_cost_is_unknown_and_not_nothing():
    made = estimated(provider(), {}, ONE, [], 5)
    assert made.cost is None
    assert "cost unknown" in repr(made)
    assert "No price of 'org/m' is known" in made.reasons[-1]


def test_several_providers_make_a_range_from_the_cheapest_to_the_dearest():
    offers = [
        ModelOffer("a", "live", price=Price(3, 0)),
        ModelOffer("b", "live", price=Price(1, 9)),
        ModelOffer("c", "error", price=Price(50, 50)),
        ModelOffer("d", "live"),
    ]
    shelf.keep(URL, [ModelInfo("org/m", offers=tuple(offers))])
    made = estimated(provider(), {}, ONE, [], 1000)
    assert made.cost == pytest.approx((0.001, 0.010))
    assert made.reasons[-2].startswith("3 providers may answer")
    assert made.reasons[-1].startswith("The price of 1 of them is not known")
    shelf.keep(URL, [ModelInfo("org/m", offers=tuple(offers[:3]))])
    assert estimated(provider(), {}, ONE, [], 1000).reasons[-1].startswith("2 providers may answer")
    assert estimated(provider("org/m:a"), {}, ONE, [], 1000).cost == pytest.approx((0.003, 0.003))


def test_tools_and_the_system_prompt_are_counted():
    plain = estimated(provider(), {}, ONE, [], 5).input_tokens
    assert estimated(provider(), {}, [SystemTurn("x" * 40), *ONE], [], 5).input_tokens == plain + 14
    assert estimated(provider(), {}, ONE, [TOOL, TOOL], 5).input_tokens == plain + 36


@pytest.mark.parametrize("bad", [-1, 1.5, "5", True])
def test_a_length_that_is_none_is_refused(bad):
    with pytest.raises(ConfigError, match="`output_tokens`"):
        estimated(provider(), {}, ONE, [], bad)


def test_free_is_known():
    shelf.keep(URL, [ModelInfo("org/m", offers=(ModelOffer("a", "live", is_free=True),))])
    made = estimated(provider(), {}, ONE, [], 5)
    assert made.cost == (0.0, 0.0)
    assert "5 out, $0.00>" in repr(made)
    assert made == Estimate(1000, (0, 5), (0.0, 0.0), made.reasons)
