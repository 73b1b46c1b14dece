"""Prices: what tokens cost, whatever is known of them."""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._errors import ConfigError
from chatkit._models.prices import FREE, Price, check_prices
from chatkit._turns.turns import Usage

COUNTS = st.integers(0, 2**53)
DOLLARS = st.floats(0, 1e9)


@pytest.mark.parametrize(
    ("price", "usage", "cost"),
    [
        (Price(1, 2), Usage(1_000_000, 1_000_000), 3.0),
        (Price(1, 2), Usage(0, 0), 0.0),
        (Price(2, 10, 0.5), Usage(1_000_000, 100_000, 400_000), 0.6 * 2 + 0.4 * 0.5 + 1.0),
        (Price(2, 10, 0.0), Usage(1_000_000, 0, 1_000_000), 0.0),
        (Price(2, 10, 0.5), Usage(10, 0, 20), 10 * 0.5 / 1e6),
        (Price(1, 2), Usage(1_000_000, 0, None, 500_000, 200_000), 1.0),
        (FREE, Usage(1000, 1000), 0.0),
    ],
)
def test_tokens_times_price(price, usage, cost):
    assert price.cost(usage) == pytest.approx(cost)


@pytest.mark.parametrize("cached", [0, 400_000, None])
def test_case_65_a_missing_price_of_cached_tokens_leaves_the_cost_known(cached):
    assert Price(2, 10).cost(Usage(1_000_000, 0, cached)) == 2.0


@pytest.mark.parametrize("usage", [Usage(), Usage(1), Usage(None, 1), Usage(None, None, 1)])
def test_without_counts_the_cost_is_unknown(usage):
    assert Price(1, 2).cost(usage) is None


@pytest.mark.parametrize("bad", [-1, math.inf, math.nan, "1", None, True, 10**400, [1]])
@pytest.mark.parametrize("name", ["input", "output"])
def test_what_is_no_price_is_refused_by_name(name, bad):
    with pytest.raises(ConfigError, match=f"`{name}`"):
        Price(**{"input": 1, "output": 1, name: bad})


def test_a_price_of_cached_tokens_may_be_missing_but_not_wrong():
    assert Price(1, 1, None).cached_input is None
    with pytest.raises(ConfigError, match="`cached_input`"):
        Price(1, 1, -0.1)


def test_prices_are_values():
    assert Price(1, 2) == Price(1.0, 2.0)
    assert len({Price(1, 2), Price(1, 2, None), Price(1, 2, 1)}) == 2
    assert repr(Price(0.25, 2)) == "Price(input=0.25, output=2)"
    assert pickle.loads(pickle.dumps(Price(1, 2, 3))) == Price(1, 2, 3)


def test_a_table_takes_numbers_for_prices():
    own = check_prices({"org/name": (1, 2), "org/name:groq": (1, 2, 0.5), "x": Price(3, 4), "y": [5, 6]})
    assert own == {"org/name": Price(1, 2), "org/name:groq": Price(1, 2, 0.5), "x": Price(3, 4), "y": Price(5, 6)}
    assert check_prices(None) == {}


@pytest.mark.parametrize(
    "bad",
    [[("m", (1, 2))], "m", {"m": 1}, {"m": (1,)}, {"m": (1, 2, 3, 4)}, {"m": (1, "x")}, {"": (1, 2)}, {3: (1, 2)}],
)
def test_what_is_no_table_is_refused(bad):
    with pytest.raises(ConfigError):
        check_prices(bad)


@given(DOLLARS, DOLLARS, st.none() | DOLLARS, COUNTS, COUNTS, st.none() | COUNTS)
def test_a_cost_is_never_below_nothing_and_always_a_number(put, got, cached, tokens_in, tokens_out, tokens_cached):
    cost = Price(put, got, cached).cost(Usage(tokens_in, tokens_out, tokens_cached))
    assert 0 <= cost < math.inf
    if cached is not None and cached <= put:
        assert cost <= Price(put, got).cost(Usage(tokens_in, tokens_out, tokens_cached)) * (1 + 1e-9)
