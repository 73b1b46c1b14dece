"""The list of models: a sequence that can be searched, sorted and taken elsewhere."""

import copy
import dataclasses
import pickle
import sys
from collections.abc import Sequence

import pytest

from chatkit._errors import ConfigError
from chatkit._models.lists import ModelList
from chatkit._models.names import near
from chatkit._models.prices import Price
from chatkit._models.rows import ModelInfo, ModelOffer


def ids(models):
    return [model.id for model in models]


def test_a_list_is_a_sequence_that_also_knows_names(models):
    assert isinstance(models, Sequence)
    assert len(models) == 4
    assert models[0] is models["acme/small-8B"]
    assert models[-1].id == "unsaid"
    assert isinstance(models[1:3], ModelList)
    assert ids(models[1:3]) == ["Zeta/See-72B", "bits/plain"]
    assert "bits/plain" in models
    assert "bits" not in models
    assert models[2] in models
    assert models.index(models[2]) == 2
    assert models.count(models[2]) == 1
    with pytest.raises(ValueError, match="not in tuple"):
        models.index(models[2], 3)
    assert ids(reversed(models))[0] == "unsaid"


def test_a_name_that_is_not_listed_is_answered_with_those_that_are_near(models):
    with pytest.raises(KeyError, match=r"'acme/smal-8b' is not in the list. Did you mean 'acme/small-8B'\?"):
        models["acme/smal-8b"]
    with pytest.raises(KeyError, match=r'is not in the list\."$'):
        models["qqqqq"]


def test_a_list_is_immutable_and_equal_to_its_like(models):
    again = pickle.loads(pickle.dumps(models))
    assert again == models == copy.deepcopy(models)
    assert hash(again) == hash(models)
    assert models != list(models)
    assert models[:2] != models
    with pytest.raises(TypeError):
        models[0] = models[1]
    with pytest.raises(AttributeError):
        models.extra = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        models[0].id = "x"


def test_of_several_with_one_name_the_first_counts():
    models = ModelList([ModelInfo("a", owned_by="one"), ModelInfo("a", owned_by="two")])
    assert [model.owned_by for model in models] == ["one"]


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({}, ["acme/small-8B", "Zeta/See-72B", "bits/plain", "unsaid"]),
        ({"tools": True}, ["acme/small-8B", "Zeta/See-72B"]),
        ({"tools": False}, ["acme/small-8B"]),
        ({"structured": True}, ["acme/small-8B", "Zeta/See-72B"]),
        ({"tools": True, "structured": True}, ["Zeta/See-72B"]),
        ({"modality": "image"}, ["Zeta/See-72B"]),
        ({"modality": " Text "}, ["acme/small-8B", "Zeta/See-72B", "bits/plain"]),
        ({"provider": "Groq"}, ["acme/small-8B"]),
        ({"max_price": 0.08}, ["acme/small-8B", "bits/plain"]),
        ({"max_price": 0}, ["bits/plain"]),
        ({"max_price": 2}, ["acme/small-8B", "bits/plain"]),
        ({"max_price": 3.0}, ["acme/small-8B", "Zeta/See-72B", "bits/plain"]),
        ({"min_context": 16384}, ["acme/small-8B", "Zeta/See-72B"]),
        ({"search": "SEE 72b"}, ["Zeta/See-72B"]),
        ({"search": ""}, ["acme/small-8B", "Zeta/See-72B", "bits/plain", "unsaid"]),
        ({"search": "model"}, []),
        ({"live": True}, ["acme/small-8B", "Zeta/See-72B"]),
        ({"live": False}, ["acme/small-8B", "bits/plain"]),
    ],
)
def test_filter(models, wish, found):
    assert ids(models.filter(**wish)) == found


def test_one_offer_has_to_fit_in_all_respects(models):
    # Tools at groq, and less than 0.06 at novita, is not tools for less than 0.06.
    assert ids(models.filter(tools=True, max_price=0.06)) == []
    assert ids(models.filter(tools=True, provider="novita")) == []


def test_what_is_left_are_the_offers_that_fit(models):
    left = models.filter(tools=True)["acme/small-8B"]
    assert left.providers == ("groq",)
    assert left.context_length == 8192
    assert left.lowest_price == Price(0.05, 0.08)
    assert models["acme/small-8B"].providers == ("groq", "novita")
    whole = models.filter(search="acme")
    assert whole[0] is models[0]


def test_where_no_offer_has_a_context_the_servers_own_word_counts():
    models = ModelList(
        [ModelInfo("a", context_length=100, offers=(ModelOffer("x"),)), ModelInfo("b", context_length=9)]
    )
    assert ids(models.filter(min_context=50)) == ["a"]
    assert ids(models.filter(min_context=9)) == ["a", "b"]


def test_a_server_without_providers_has_flags_of_its_own():
    models = ModelList([ModelInfo("a", tools=True, price=Price(1, 2)), ModelInfo("b")])
    assert ids(models.filter(tools=True, max_price=2)) == ["a"]
    assert models[0].cheapest.provider == ""
    assert models[0].lowest_price == Price(1, 2)


@pytest.mark.parametrize(
    "wish",
    [
        {"tools": 1},
        {"structured": "yes"},
        {"live": "no"},
        {"modality": ["image"]},
        {"provider": 3},
        {"search": b"x"},
        {"max_price": "1"},
        {"max_price": -1},
        {"max_price": float("nan")},
        {"min_context": True},
    ],
)
def test_a_wish_of_the_wrong_kind(models, wish):
    (name,) = wish
    with pytest.raises(ConfigError, match=f"^`{name}` must be "):
        models.filter(**wish)


@pytest.mark.parametrize(
    ("by", "order"),
    [
        ("id", ["acme/small-8B", "bits/plain", "unsaid", "Zeta/See-72B"]),
        ("price", ["bits/plain", "acme/small-8B", "Zeta/See-72B", "unsaid"]),
        ("context", ["Zeta/See-72B", "acme/small-8B", "bits/plain", "unsaid"]),
        ("throughput", ["acme/small-8B", "Zeta/See-72B", "bits/plain", "unsaid"]),
        ("latency", ["acme/small-8B", "Zeta/See-72B", "bits/plain", "unsaid"]),
        ("created", ["Zeta/See-72B", "acme/small-8B", "bits/plain", "unsaid"]),
    ],
)
def test_sort_has_the_best_first_and_the_unknown_last(models, by, order):
    assert ids(models.sort(by)) == order


def test_sort_the_other_way_round_still_has_the_unknown_last(models):
    assert ids(models.sort("price", reverse=True)) == ["Zeta/See-72B", "acme/small-8B", "bits/plain", "unsaid"]


@pytest.mark.parametrize("by", ["size", None, ["id"]])
def test_an_order_that_there_is_not(models, by):
    with pytest.raises(ConfigError, match="can be sorted by 'id', 'price', 'context'"):
        models.sort(by)


def test_what_is_true_of_any_offer(models):
    small, see, plain, unsaid = models
    assert (small.tools_anywhere, small.structured_anywhere, small.live, small.reads_images) == (
        True,
        True,
        True,
        False,
    )
    assert (see.tools_anywhere, see.reads_images) == (True, True)
    assert (plain.tools_anywhere, plain.live) == (None, False)
    assert (unsaid.tools_anywhere, unsaid.live, unsaid.reads_images, unsaid.cheapest) == (None, None, None, None)
    assert (small.throughput, small.latency, small.cheapest.provider) == (900.5, 0.12, "groq")
    assert (unsaid.throughput, unsaid.latency, unsaid.lowest_price, unsaid.providers) == (None, None, None, ())


def test_some_that_deny_and_some_that_do_not_say_is_unknown():
    assert ModelInfo("a", offers=(ModelOffer("x", tools=False), ModelOffer("y"))).tools_anywhere is None
    assert ModelInfo("a", offers=(ModelOffer("x", tools=False), ModelOffer("y", tools=False))).tools_anywhere is False


def test_to_dicts_has_a_row_for_each_model_and_offer(models):
    rows = models.to_dicts()
    told = [(row["id"], row["provider"], row["output_price"]) for row in rows]
    assert told == [
        ("acme/small-8B", "groq", 0.08),
        ("acme/small-8B", "novita", 0.05),
        ("Zeta/See-72B", "together", 3.0),
        ("Zeta/See-72B", "Zeta", None),
        ("bits/plain", "publicai", 0.0),
        ("unsaid", None, None),
    ]
    assert rows[2]["input_modalities"] == ["text", "image"]
    assert rows[5]["cached_input_price"] is None


def test_to_pandas(models):
    frame = models.to_pandas()
    assert list(frame["provider"][:2]) == ["groq", "novita"]
    assert frame["output_price"].min() == 0
    assert list(frame.columns) == list(models.to_dicts()[0])
    assert list(ModelList().to_pandas().columns) == list(frame.columns)


def test_polars_takes_the_rows_too(models):
    import polars

    assert polars.DataFrame(models.to_dicts()).filter(polars.col("tools")).height == 2


def test_without_pandas_there_is_a_clear_error(models, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigError, match=r"to_pandas\(\) needs pandas. pip install pandas, or use to_dicts") as caught:
        models.to_pandas()
    assert caught.value.__context__ is None


NAMES = ["meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.3-70B-Instruct", "openai/gpt-oss-20b", "llama3.2:3b"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("META-LLAMA/llama-3.1-8b-instruct", NAMES[0]),
        ("Llama-3.1-8B-Instruct", NAMES[0]),
        ("metallama/Llama-3.1-8B-Instruct", NAMES[0]),
        ("nousresearch/Llama-3.3-70B-Instruct", NAMES[1]),
        ("meta-llama/Llama-3.1-8B-Instruct:groq", NAMES[0]),
        ("gpt-oss20b", NAMES[2]),
        ("openai/gtp-oss-20b", NAMES[2]),
        ("llama3.2:1b", NAMES[3]),
        ("llama3.2", NAMES[3]),
        ("  llama3.2:3b ", NAMES[3]),
    ],
)
def test_names_that_are_near(written, meant):
    assert near(written, NAMES)[0] == meant


@pytest.mark.parametrize("written", ["", " ", "x", "mistral", "m" * 5000])
def test_names_that_are_not(written):
    assert near(written, [*NAMES, "m" * 5000]) == []


def test_no_more_names_than_wanted():
    assert near("model-1", [f"model-{number}" for number in range(100)]) == ["model-1", "model-10", "model-11"]


OFFERED = (("down", "staging", 1), ("up", "live", 9), ("quiet", None, 5))


def test_the_cheapest_offer_is_one_that_can_be_had():
    down, live, unsaid = (ModelOffer(name, status, price=Price(1, cost)) for name, status, cost in OFFERED)
    assert ModelInfo("m", offers=(down, live)).cheapest == live
    assert ModelInfo("m", offers=(down, live, unsaid)).cheapest == unsaid
    assert ModelInfo("m", offers=(down, ModelOffer("bare", "live"))).cheapest == down


def test_a_provider_is_found_in_any_spelling(models):
    named = ModelList([ModelInfo("m", offers=(ModelOffer("fireworks-ai"), ModelOffer("groq")))])
    assert named.filter(provider="Fireworks AI")[0].providers == ("fireworks-ai",)
    assert len(named.filter(provider="fireworks")) == 0
