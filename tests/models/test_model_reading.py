"""Reading lists of models: every server's own words, and nothing that is wrong in one does harm."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._models.lists import ModelList
from chatkit._models.prices import Price
from chatkit._models.reading import read_models
from chatkit._models.rows import ModelInfo, ModelOffer

RECORDED = Path("/work/shared/fixtures/router_models.json")


def one(**row) -> ModelInfo:
    (model,) = read_models(json.dumps([{"id": "m", **row}]))
    return model


def test_a_row_of_the_router(rows, read):
    (model,) = read(rows[0])
    assert (model.id, model.owned_by, model.created) == ("acme/small-8B", "acme", 1700000000)
    assert (model.input_modalities, model.output_modalities) == (("text",), ("text",))
    assert model.context_length == 16384
    assert (model.price, model.tools, model.structured) == (None, None, None)
    assert model.offers[0] == ModelOffer(
        "groq", "live", 8192, Price(0.05, 0.08), True, False, 900.5, 0.12, None, is_model_author=False
    )
    assert model.raw == rows[0]


def test_an_offer_that_says_nothing_is_unknown_and_a_free_one_costs_nothing(models):
    assert models["Zeta/See-72B"].offers[1] == ModelOffer("Zeta", "live", is_model_author=True)
    (free,) = models["bits/plain"].offers
    assert (free.is_free, free.price) == (True, Price(0.0, 0.0))


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded list is not on this machine")
def test_the_recorded_list_of_the_router():
    text = RECORDED.read_text()
    models = ModelList(read_models(text))
    entries = json.loads(text)["data"]
    assert [model.id for model in models] == [entry["id"] for entry in entries]
    assert [len(model.offers) for model in models] == [len(entry["providers"]) for entry in entries]
    known = [offer for model in models for offer in model.offers if offer.price is not None]
    assert len(known) == sum("pricing" in offer for entry in entries for offer in entry["providers"])
    assert {model.live for model in models} >= {True}
    assert "... and " in repr(models)


@pytest.mark.parametrize(
    "body",
    [
        '{"object": "list", "data": [{"id": "a", "created": 1, "owned_by": "b"}]}',
        '[{"id": "a"}]',
        '{"models": [{"name": "a", "model": "a"}]}',
        '{"models": [{"name": "a"}], "object": "list", "data": [{"id": "a"}]}',
        '{"data": [], "models": [{"model": "a"}]}',
        '["a"]',
        '\n {"data": [{"id": "a"}, {"id": "a", "owned_by": "again"}, {"id": ""}, {"id": 7}, {}, null, 3, [], "a"]}',
    ],
)
def test_lists_of_all_shapes(body):
    assert [model.id for model in read_models(body)] == ["a"]


@pytest.mark.parametrize(
    "body", ["", "<html>", "{}", '{"data": {}}', '"a"', "null", "7", '{"object": "list"', "[" * 9**5]
)
def test_what_holds_no_list(body):
    assert read_models(body) is None


def test_an_empty_list_is_a_list():
    assert read_models('{"data": []}') == read_models("[]") == ()


@pytest.mark.parametrize(
    ("row", "length"),
    [
        ({"context_length": 10}, 10),
        ({"max_model_len": 11}, 11),
        ({"max_context_length": 12}, 12),
        ({"max_context_length": 12, "loaded_context_length": 4}, 4),
        ({"context_window": 13}, 13),
        ({"meta": {"n_ctx_train": 14}}, 14),
        ({"top_provider": {"context_length": 15}}, 15),
        ({"context_length": "16"}, 16),
        ({"context_length": 17.0}, 17),
    ],
)
def test_each_server_has_a_word_for_the_context(row, length):
    assert one(**row).context_length == length


@pytest.mark.parametrize("value", [None, 0, -1, 1.5, True, "many", [], {}, 10**400, 1e300])
def test_a_context_that_makes_no_sense_is_unknown(value):
    assert one(context_length=value).context_length is None


@pytest.mark.parametrize(
    ("pricing", "price"),
    [
        ({"input": 0.3, "output": 1.2}, Price(0.3, 1.2)),
        ({"input": 0.3, "output": 1.2, "cached_input": 0.1}, Price(0.3, 1.2, 0.1)),
        ({"prompt": "0.00000018", "completion": "0.00000054"}, Price(0.18, 0.54)),
        ({"prompt": "0.000001", "completion": "0", "input_cache_read": "0.0000005"}, Price(1.0, 0.0, 0.5)),
        ({"input_tokens": 0.03, "output_tokens": 0.05, "cache_read_tokens": -1}, Price(0.03, 0.05)),
        ({"input": 0.3}, None),
        ({"input": 0.3, "output": -1}, None),
        ({"prompt": "-1", "completion": "-1"}, None),
        ({"input": True, "output": "free"}, None),
        ({"input": float("inf"), "output": 1}, None),
        ({"input": 10**400, "output": 1}, None),
        ({"input": "1" * 1000, "output": 1}, None),
        ([], None),
        ("1", None),
    ],
)
def test_prices_in_dollars_per_million_tokens(pricing, price):
    assert one(pricing=pricing).price == price


def test_a_price_in_a_box_of_its_own():
    assert one(metadata={"pricing": {"input_tokens": 1, "output_tokens": 2}}).price == Price(1.0, 2.0)


@pytest.mark.parametrize(
    ("row", "reads", "writes"),
    [
        ({"architecture": {"input_modalities": ["Text", "image", "text"]}}, ("text", "image"), ()),
        ({"architecture": {"modality": "text+image->text"}}, ("text", "image"), ("text",)),
        ({"input_modalities": ["text"], "output_modalities": ["audio"]}, ("text",), ("audio",)),
        ({"supported_input_modalities": ["text"]}, ("text",), ()),
        ({"capabilities": {"vision": True}}, ("text", "image"), ()),
        ({"capabilities": {"vision": False}}, (), ()),
        ({"capabilities": ["completion", "multimodal"]}, ("text", "image"), ()),
        ({"supports_image_input": True}, ("text", "image"), ()),
        ({"architecture": {"modality": "text"}}, (), ()),
        ({"architecture": {"input_modalities": [1, None, "", "x" * 99]}}, (), ()),
        ({"architecture": "transformer", "input_modalities": "text"}, (), ()),
    ],
)
def test_what_models_read_and_write(row, reads, writes):
    model = one(**row)
    assert (model.input_modalities, model.output_modalities) == (reads, writes)


@pytest.mark.parametrize(
    ("row", "tools", "structured"),
    [
        ({"supported_parameters": ["tools", "temperature"]}, True, False),
        ({"supported_parameters": ["structured_outputs"]}, False, True),
        ({"supported_parameters": []}, None, None),
        ({"capabilities": {"function_calling": True}}, True, None),
        ({"capabilities": {"function_calling": False}}, False, None),
        ({"capabilities": ["tool_use"]}, True, None),
        ({"capabilities": ["completion"]}, None, None),
        ({"supports_tools": False, "supports_structured_output": True}, False, True),
        ({"supports_tools": "yes", "supports_structured_output": 1}, None, None),
        ({"capabilities": "tools"}, None, None),
    ],
)
def test_what_models_can_do(row, tools, structured):
    model = one(**row)
    assert (model.tools, model.structured) == (tools, structured)


def test_servers_that_omit_fields():
    assert read_models('{"data": [{"id": "m"}]}') == (ModelInfo("m"),)
    assert one(providers=None, owned_by=None, created="soon", architecture=None) == ModelInfo("m")
    assert one(providers=[{}, None, "groq", {"provider": ""}, {"provider": "x"}]).offers == (ModelOffer("x"),)


def test_a_number_of_many_digits_spoils_itself_alone():
    text = '[{"id": "a", "created": %s, "context_length": 5}, {"id": "b"}]' % ("9" * 10_000)
    assert read_models(text) == (ModelInfo("a", context_length=5), ModelInfo("b"))


def test_names_are_whole_characters_of_sensible_length():
    assert [model.id for model in read_models('[{"id": "\\ud83d\\ude00 \\ud800"}]')] == ["\U0001f600 \ufffd"]
    assert read_models(json.dumps([{"id": "m" * 1001}])) == ()


def test_fifty_thousand_rows(rows):
    # Anything quadratic here would outlast the time limit of the tests.
    listed = [{**rows[number % 3], "id": f"org/model-{number}"} for number in range(50_000)]
    models = ModelList(read_models(json.dumps({"data": [*listed, *listed]})))
    assert len(models) == 50_000
    shown = repr(models.filter(tools=True).sort("price"))
    assert "... and 33,309 more" in shown
    assert len(shown) < 10_000
    assert len(models._repr_html_()) < 100_000
    with pytest.raises(KeyError, match="Did you mean 'org/model-4"):
        models["org/model-4x"]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
OWN = ["id", "name", "owned_by", "created", "architecture", "input_modalities", "modality", "providers", "metadata"]
SHARED = ["pricing", "context_length", "capabilities", "supported_parameters", "supports_tools", "is_free"]
OFFERED = ["provider", "status", "throughput", "first_token_latency_ms"]
ODD_OFFER = st.dictionaries(st.sampled_from(OFFERED + SHARED), JUNK | st.just("x"), max_size=8)
ODD_ROW = st.dictionaries(st.sampled_from(OWN + SHARED), JUNK | st.lists(ODD_OFFER, max_size=3), max_size=10)


@given(st.lists(ODD_ROW | JUNK, max_size=5), st.booleans())
def test_nothing_in_a_list_can_do_harm(listed, boxed):
    rows = read_models(json.dumps({"data": [*listed, {"id": "last"}]} if boxed else [*listed, {"id": "last"}]))
    models = ModelList(rows)
    assert "last" in models
    assert len({model.id for model in rows}) == len(rows)
    for shown in (models, models.capabilities()):
        assert "last" in repr(shown) + shown._repr_html_() + shown._repr_markdown_()
    assert len(models.to_dicts()) == sum(len(model.ways) for model in models)
    for by in ("id", "price", "context", "throughput", "latency", "created"):
        assert len(models.sort(by)) == len(models)
    assert len(models.filter(max_price=1, tools=True, min_context=5, live=True, provider="x")) <= len(models)


@given(st.text() | JUNK.map(json.dumps))
def test_any_text_is_a_list_or_none(text):
    read = read_models(text)
    assert read is None or all(isinstance(model, ModelInfo) for model in read)


@pytest.mark.parametrize("pricing", [{"input": 1e12, "output": 1}, {"prompt": "5000", "completion": "1"}])
def test_a_price_that_cannot_be_one_is_unknown_and_harms_nothing_else(read, pricing):
    odd, sound = read({"id": "a", "pricing": pricing}, {"id": "b", "pricing": {"input": 1, "output": 2}})
    assert odd.price is None
    assert sound.price == Price(1, 2)
