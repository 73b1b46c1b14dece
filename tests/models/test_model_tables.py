"""How lists of models are shown, in a console and in a notebook, whoever wrote them."""

import io
import sys

import pytest

from chatkit._models.lists import ModelList
from chatkit._models.rows import ModelInfo, ModelOffer
from chatkit._models.showing import dollars

NASTY = "org/\x1b[2J\x1b]0;owned\x07<img src=x onerror=alert(1)>|`*\u202e\r\nnext"


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def nasty():
    return ModelList([ModelInfo(NASTY, offers=(ModelOffer(NASTY, NASTY),))])


def test_a_list_shows_itself_as_a_table(models, wide):
    assert repr(models) == (
        "<ModelList: 4 models>\n"
        "                           in    out                image\n"
        "model          context  USD/M  USD/M  tools  typed  input  providers\n"
        "-------------  -------  -----  -----  -----  -----  -----  --------------\n"
        "acme/small-8B   16,384   0.05   0.08  yes    yes    no     groq, novita\n"
        "Zeta/See-72B   131,072   1.20   3.00  yes    yes    yes    together, Zeta\n"
        "bits/plain           ?   0.00   0.00  ?      ?      no     publicai\n"
        "unsaid               ?      ?      ?  ?      ?      ?      -\n"
        "Prices are those of the cheapest provider, in US dollars per million tokens.\n"
        "?: the list does not say. What it says is advice: chatkit sends what you ask for."
    )


def test_the_capability_table(models, wide):
    assert repr(models.capabilities()) == (
        "<Capabilities: 4 models>\n"
        "               image  object             tool\n"
        "model          input  generation  tools  streaming\n"
        "-------------  -----  ----------  -----  ---------\n"
        "acme/small-8B  no     yes         yes    yes\n"
        "Zeta/See-72B   yes    yes         yes    yes\n"
        "bits/plain     no     ?           ?      ?\n"
        "unsaid         ?      ?           ?      ?\n"
        "No list tells of tool streaming: it is as for tools, whose calls chatkit streams from every server.\n"
        "?: the list does not say. What it says is advice: chatkit sends what you ask for."
    )


def test_a_flag_that_is_denied_by_all_is_a_no():
    assert "no     no" in repr(ModelList([ModelInfo("a", tools=False)]).capabilities())


def test_an_empty_list_and_a_list_of_one():
    assert repr(ModelList()) == "<ModelList: 0 models>"
    assert repr(ModelList().capabilities()) == "<Capabilities: 0 models>"
    assert repr(ModelList([ModelInfo("a")])).startswith("<ModelList: 1 model>\n")
    assert "0 models." in ModelList()._repr_html_()
    assert "0 models." in ModelList()._repr_markdown_()


def test_of_a_long_list_the_first_are_shown_and_the_others_counted():
    models = ModelList([ModelInfo(f"m{number}") for number in range(1130)])
    assert repr(models).split("\n")[-3] == "... and 1,105 more"
    assert len(repr(models).split("\n")) == 32
    assert "<p>... and 1,030 more</p>" in models._repr_html_()
    assert "... and 1,030 more" in models.capabilities()._repr_markdown_()


@pytest.mark.parametrize("columns", ["40", "80", "100"])
def test_on_a_narrow_terminal_names_stay_whole_and_providers_give_way(models, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    long = ModelInfo("organisation/a-model-with-a-long-name-8B-Instruct-FP8", offers=(ModelOffer("p" * 60),))
    shown = repr(ModelList([*models, long]))
    assert "\norganisation/a-model-with-a-long-name-8B-Instruct-FP8" in shown
    assert "providers" not in shown.split("\n")[2]
    assert max(map(len, shown.split("\n")[1:9])) <= max(int(columns), 60)


def test_many_providers_are_counted():
    offers = tuple(ModelOffer(name) for name in "abcde")
    assert "a, b, c, +2" in repr(ModelList([ModelInfo("m", offers=offers)]))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0.0, "0.00"), (3, "3.00"), (0.1, "0.10"), (0.269, "0.269"), (0.00012345, "0.0001234"), (None, "?")],
)
def test_prices(amount, shown):
    assert dollars(amount) == shown


def test_a_hostile_list_is_shown_and_not_obeyed(nasty, wide):
    for shown in (repr(nasty), repr(nasty.capabilities())):
        assert [char for char in shown if ord(char) < 32 and char != "\n"] == []
        assert "\u202e" not in shown
        assert "␛[2J" in shown
        assert len(shown.split("\n")) <= 8


def test_a_hostile_list_runs_nothing_in_a_notebook(nasty):
    for shown in (nasty._repr_html_(), nasty.capabilities()._repr_html_()):
        assert "<img" not in shown
        assert "&lt;img" in shown
    for shown in (nasty._repr_markdown_(), nasty.capabilities()._repr_markdown_()):
        assert "<img" not in shown
        assert "\\|" in shown
        assert "\x1b" not in shown + nasty._repr_html_()


def test_what_stdout_cannot_say_is_replaced(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    shown = repr(ModelList([ModelInfo("org/日本")]))
    assert "org/??" in shown
    assert shown.isascii()


def test_where_there_is_no_room_for_three_providers_one_is_named(monkeypatch):
    offers = tuple(ModelOffer(f"provider-{name}") for name in "abcd")
    models = ModelList([ModelInfo("organisation/model-8B", offers=offers)])
    monkeypatch.setenv("COLUMNS", "90")
    assert "  provider-a, +3\n" in repr(models)
    monkeypatch.setenv("COLUMNS", "200")
    assert "  provider-a, provider-b, provider-c, +1\n" in repr(models)
