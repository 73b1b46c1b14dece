"""The prices of genai-prices: used for hosts that it knows, silent about all others, and loaded for them alone."""

import subprocess
import sys

import pytest

from chatkit._models.genai import genai_cost
from chatkit._turns.turns import Usage

OPENAI = "https://api.openai.com/v1"
MILLION = Usage(1_000_000, 1_000_000)


@pytest.fixture
def calc(monkeypatch):
    """genai-prices with a calculation of our own; gives what it was asked."""
    import genai_prices

    asked = []

    def calc_price(usage, model, *, provider_api_url):
        asked.append((model, provider_api_url, dict(usage.__dict__)))
        if model == "unknown" or (model == "plain" and len(usage.__dict__) > 3):
            raise LookupError(model)
        return type("Found", (), {"total_price": 0.25})

    monkeypatch.setattr(genai_prices, "calc_price", calc_price)
    return asked


def test_it_knows_openai_and_cached_tokens():
    full = genai_cost(OPENAI, ["gpt-4o"], MILLION)
    assert full == pytest.approx(12.5)
    half = genai_cost(OPENAI, ["gpt-4o-2024-08-06"], Usage(1_000_000, 1_000_000, 500_000))
    assert half == pytest.approx(1.25 + 0.625 + 10)


def test_more_cached_tokens_than_tokens_are_not_paid_twice():
    most = genai_cost(OPENAI, ["gpt-4o"], Usage(1_000_000, 0, 1_000_000))
    assert genai_cost(OPENAI, ["gpt-4o"], Usage(1_000_000, 0, 9_000_000)) == most


def test_what_it_does_not_know_is_unknown():
    assert genai_cost(OPENAI, ["no-such-model-at-all"], MILLION) is None
    assert genai_cost(OPENAI, ["", ""], MILLION) is None
    assert genai_cost(OPENAI, [], MILLION) is None


@pytest.mark.parametrize("usage", [Usage(), Usage(1), Usage(None, 1)])
def test_without_counts_it_is_not_asked(calc, usage):
    assert genai_cost(OPENAI, ["gpt-4o"], usage) is None
    assert calc == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "https://llm.corp.test/v1", ""])
def test_a_server_elsewhere_never_gets_the_prices_of_openai(calc, url):
    assert genai_cost(url, ["gpt-4o"], MILLION) is None
    assert calc == []


def test_the_model_that_served_is_tried_first_and_details_are_told(calc):
    assert genai_cost(OPENAI, ["unknown", "asked"], Usage(9, 8, 2, 3, 4)) == 0.25
    whole = {
        "input_tokens": 9,
        "output_tokens": 8,
        "cache_read_tokens": 2,
        "input_image_tokens": 4,
        "output_reasoning_tokens": 3,
    }
    assert [model for model, _, _ in calc] == ["unknown", "unknown", "asked"]
    assert calc[2] == ("asked", OPENAI, whole)


def test_where_it_has_no_price_for_a_detail_it_is_asked_without(calc):
    assert genai_cost(OPENAI, ["plain"], Usage(9, 8, 2, 3, 4)) == 0.25
    assert calc[1][2] == {"input_tokens": 9, "output_tokens": 8, "cache_read_tokens": 2}


def test_without_the_package_the_cost_is_unknown(monkeypatch):
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert genai_cost(OPENAI, ["gpt-4o"], MILLION) is None


def test_it_is_not_loaded_for_other_hosts():
    code = """
import sys
from chatkit._models.book import Origin, cost_of
from chatkit._turns.turns import Usage
for url in ("http://127.0.0.1:1/v1", "https://router.huggingface.co/v1"):
    cost_of(Origin(url, "gpt-4o", "gpt-4o", "groq"), Usage(1, 1), {})
print([name for name in sys.modules if name.split(".")[0] in ("genai_prices", "pydantic", "requests")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
