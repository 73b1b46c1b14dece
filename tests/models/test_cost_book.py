"""Looking up what an answer cost: whose price counts, and when it is not known."""

import pytest

from chatkit._models import book, genai, shelf
from chatkit._models.book import Origin, cost_of, possible_costs, price_of
from chatkit._models.prices import FREE, Price
from chatkit._models.rows import ModelInfo, ModelOffer
from chatkit._models.unpriced import Unpriced
from chatkit._turns.turns import Usage

URL = "http://127.0.0.1:9/v1"
A, B, OWN = Price(1, 2), Price(3, 4), Price(9, 9)
MILLION = Usage(1_000_000, 1_000_000)


@pytest.fixture(autouse=True)
def _empty_shelf():
    shelf.clear()
    yield
    shelf.clear()


def lists(*offers, price=None, model="org/m", url=URL):
    shelf.keep(
        url, [ModelInfo("org/other", offers=(ModelOffer("groq", "live", price=OWN),)), row(offers, price, model)]
    )


def row(offers, price, model):
    return ModelInfo(model, offers=tuple(offers), price=price)


def offer(provider, price=None, status="live", free=None):
    return ModelOffer(provider, status, price=price, is_free=free)


def at(asked="org/m", served_by="", model=""):
    return Origin(URL, asked, model, served_by)


@pytest.mark.parametrize(
    ("origin", "own", "price"),
    [
        (at("org/m:groq"), {"org/m:groq": A, "org/m": B}, A),
        (at("org/m", "groq"), {"org/m:groq": A, "org/m": B}, A),
        (at("org/m:fastest", "groq"), {"org/m:fastest": B, "org/m:groq": A}, A),
        (at("org/m", "novita"), {"org/m:groq": A, "org/m": B}, B),
        (at("org/m:groq"), {"org/m": B}, B),
        (at("llama3:8b"), {"llama3:8b": A}, A),
        (at("org/m", model="served"), {"served": A}, A),
        (at("org/m", model="served"), {"served": A, "org/m": B}, B),
        (at("org/m"), {"org/m2": A}, None),
        (at("org/m"), {}, None),
    ],
)
def test_the_users_own_prices_by_the_narrowest_name(origin, own, price):
    assert price_of(origin, own) == price


def test_the_users_own_prices_go_before_the_list():
    lists(offer("groq", A))
    assert price_of(at(served_by="groq"), {"org/m": OWN}) == OWN
    assert price_of(at(served_by="groq"), {"org/x": OWN}) == A


@pytest.mark.parametrize(
    ("origin", "price"),
    [
        (at(served_by="groq"), A),
        (at(served_by="Novita"), B),
        (at("org/m:novita"), B),
        (at("org/m:novita", "groq"), A),
        (at("org/m:fastest", "groq"), A),
        (at("org/m:fastest"), None),
        (at(), None),
        (at(served_by="nobody"), None),
        (at("org/m:groq", "nobody"), None),
        (at("org/unlisted", "groq"), None),
    ],
)
def test_the_list_tells_the_price_of_the_provider_that_really_served(origin, price):
    lists(offer("groq", A), offer("novita", B))
    assert price_of(origin, {}) == price


@pytest.mark.parametrize(
    ("offers", "price"),
    [
        ([offer("groq", A), offer("novita", A)], A),
        ([offer("groq", A), offer("novita", B, "error")], A),
        ([offer("groq", A), offer("novita", B, None)], None),
        ([offer("groq", A), offer("novita")], None),
        ([offer("groq", A, "staging")], None),
        ([offer("groq", None)], None),
        ([offer("groq", None, free=True)], FREE),
        ([offer("groq", A, free=True), offer("novita", FREE)], FREE),
    ],
)
def test_without_a_provider_the_price_is_known_when_all_live_offers_have_the_same(offers, price):
    lists(*offers)
    assert price_of(at(), {}) == price


def test_an_offer_that_served_counts_even_if_it_is_not_live():
    lists(offer("groq", A, "error"))
    assert price_of(at(served_by="groq"), {}) == A


def test_a_model_without_offers_has_the_servers_own_price():
    lists(price=A)
    assert price_of(at(), {}) == A
    lists()
    assert price_of(at(), {}) is None


def test_a_colon_may_be_part_of_a_models_name():
    lists(price=A, model="llama3:8b")
    assert price_of(at("llama3:8b"), {}) == A
    assert price_of(at("llama3:70b"), {}) is None
    assert price_of(at("llama3"), {}) is None


def test_a_name_with_its_colon_goes_before_the_same_without():
    shelf.keep(URL, [ModelInfo("m", price=A), ModelInfo("m:free", price=FREE)])
    assert (price_of(at("m:free"), {}), price_of(at("m"), {})) == (FREE, A)
    # Whatever it is, it may cost something else.
    assert price_of(at("m:other"), {}) is None
    assert price_of(at("m:fastest"), {}) == A


def test_the_list_of_another_server_counts_for_nothing():
    lists(offer("groq", A), url="http://127.0.0.1:8/v1")
    assert price_of(at(served_by="groq"), {}) is None


def test_a_list_that_is_stale_counts_for_nothing(clock):
    lists(offer("groq", A))
    clock(shelf, lambda: float("inf"))
    assert price_of(at(served_by="groq"), {}) is None


def test_costs_and_possible_costs():
    lists(offer("groq", A), offer("novita", B), offer("free", None, free=True), offer("none"))
    assert cost_of(at(served_by="groq"), MILLION, {}) == 3.0
    assert cost_of(at(served_by="groq"), Usage(), {}) is None
    assert possible_costs(at(), MILLION, {}) == [3.0, 7.0, 0.0, None]
    assert possible_costs(at("org/m:novita"), MILLION, {}) == [7.0]
    assert possible_costs(at("org/m:none"), MILLION, {}) == [None]
    assert possible_costs(at("org/unlisted"), MILLION, {}) == [None]
    assert possible_costs(at(), MILLION, {"org/m": A}) == [3.0]


def test_the_router_is_looked_up_in_genai_prices_only_after_its_own_list(monkeypatch):
    asked = []
    monkeypatch.setattr(book, "genai_cost", lambda url, models, usage: asked.append(url))
    origin = Origin(book.BASE_URL, "org/m", "", "groq")
    cost_of(origin, MILLION, {})
    shelf.keep(book.BASE_URL, [])
    cost_of(origin, MILLION, {})
    cost_of(origin._replace(served_by=""), MILLION, {})
    assert asked == ["", "https://router.huggingface.co/groq", ""]


def test_what_had_no_price_is_settled_once_it_has_one():
    unpriced, origin = Unpriced(), at(served_by="groq")
    for _ in range(3):
        unpriced.note(origin, Usage(1_000_000, 0, 2_000_000))
    unpriced.note(origin, Usage(None, 5))
    unpriced.note(at("org/unlisted"), MILLION)
    assert list(unpriced) == [origin, at("org/unlisted")]
    assert unpriced.settled({}) == (0, 0.0)
    twin = unpriced.copy()
    lists(offer("groq", Price(1, 2, 0.5)))
    assert unpriced.settled({}) == (3, 1.5)
    assert unpriced.settled({}) == (0, 0.0)
    assert twin.settled({"org/m": FREE}) == (3, 0.0)


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://api.openai.com/v1", True),
        ("https://api.groq.com/openai/v1", True),
        ("https://router.huggingface.co/groq/openai/v1", True),
        ("https://router.huggingface.co/v1", False),
        ("https://router.huggingface.co/v1/groq", False),
        ("https://router.huggingface.co", False),
        ("https://router.huggingface.co/../groq", False),
        ("http://api.openai.com/v1", False),
        ("https://api.openai.com.evil.test/v1", False),
        ("https://api.openai.com:8443/v1", False),
        ("https://api.openai.com@evil.test/v1", False),
        ("http://127.0.0.1:8000/v1", False),
        ("http://localhost/v1", False),
        ("https://x.endpoints.huggingface.cloud/v1", False),
        ("", False),
    ],
)
def test_which_hosts_get_the_prices_of_genai_prices(url, known):
    assert genai.knows_host(url) is known


def test_the_hosts_are_those_that_genai_prices_has_prices_for():
    data = pytest.importorskip("genai_prices.data_snapshot")
    import re

    patterns = [provider.api_pattern for provider in data.get_snapshot().providers]
    for host in genai._HOSTS - {"https://router.huggingface.co"}:
        assert any(re.match(pattern, f"{host}/v1") for pattern in patterns), host


@pytest.mark.parametrize("served_by", ["Fireworks-AI", "fireworks_ai", "Fireworks AI", " fireworks-ai "])
def test_a_provider_spelt_in_another_way_is_the_same(served_by):
    lists(offer("fireworks-ai", A), offer("fireworks", B))
    assert price_of(at(served_by=served_by), {}) == A
    assert price_of(at(served_by=served_by), {"org/m": B, "org/m:fireworks-ai": OWN}) == OWN
    assert price_of(at(f"org/m:{served_by}"), {"org/m": B, "org/m:fireworks-ai": OWN}) == OWN


def test_sizes_behind_a_colon_are_not_providers():
    assert price_of(at("qwen:15b"), {"qwen:1.5b": A}) is None
    assert price_of(at("qwen"), {"qwen:1.5b": A}) is None


@pytest.mark.parametrize("route", ["together", "Fastest2"])
def test_a_provider_that_is_not_in_the_list_has_not_the_price_of_another(route):
    lists(offer("groq", A))
    assert price_of(at(f"org/m:{route}"), {}) is None
    assert possible_costs(at(f"org/m:{route}"), MILLION, {}) == [None]


@pytest.mark.parametrize("route", ["auto", "fastest", "Cheapest", "preferred"])
def test_a_route_that_leaves_the_choice_to_the_router_is_open_to_all(route):
    lists(offer("groq", A), offer("novita", A))
    assert price_of(at(f"org/m:{route}"), {}) == A


def test_genai_prices_is_asked_for_a_provider_in_its_own_spelling(monkeypatch):
    asked = []
    monkeypatch.setattr(book, "genai_cost", lambda url, models, usage: asked.append(url))
    shelf.keep(book.BASE_URL, [])
    cost_of(Origin(book.BASE_URL, "org/m", "", "Groq"), MILLION, {})
    assert asked == ["https://router.huggingface.co/groq"]


def test_an_answer_is_priced_at_once_however_long_the_list_is(monkeypatch):
    class Row(ModelInfo):
        def __getattribute__(self, name):
            looked.append(name)
            return super().__getattribute__(name)

    looked = []
    shelf.keep(URL, [Row(f"org/{number}", price=A) for number in range(1000)])
    looked.clear()
    assert price_of(at("org/999"), {}) == A
    assert len(looked) < 20
