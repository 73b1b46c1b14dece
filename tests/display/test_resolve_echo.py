"""Section 1.11: which echo mode is chosen, and by whom."""

import sys
import types

import pytest

from chatkit._display.choosing import resolve_echo
from chatkit._display.place import interactive
from chatkit._errors import ConfigError


@pytest.mark.parametrize(
    ("value", "mode"), [("none", "none"), ("output", "output"), ("all", "all"), (True, "output"), (False, "none")]
)
def test_an_explicit_value_wins(value, mode):
    assert resolve_echo(value, {"CHATKIT_ECHO": "all"}) == mode


def test_text_is_the_old_name_of_output():
    with pytest.warns(DeprecationWarning, match='echo="output"'):
        assert resolve_echo("text", {}) == "output"


@pytest.mark.parametrize("value", ["loud", "", 1, 0, [], b"all"])
def test_another_value_is_an_error_that_names_the_allowed_ones(value):
    with pytest.raises(ConfigError, match='echo must be one of "none", "output", "all", True, False or None, not'):
        resolve_echo(value, {})


def test_the_environment_variable_and_its_error():
    assert resolve_echo(None, {"CHATKIT_ECHO": "all"}) == "all"
    with pytest.raises(ConfigError, match="CHATKIT_ECHO must be one of"):
        resolve_echo(None, {"CHATKIT_ECHO": "yes"})


def test_elsewhere_none_and_at_a_prompt_output(monkeypatch):
    assert resolve_echo(None, {"CHATKIT_ECHO": ""}) == "none"
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert resolve_echo(None) == "output"


@pytest.mark.parametrize(
    ("module", "function", "answer", "expected"),
    [
        ("IPython", "get_ipython", object(), True),
        ("IPython", "get_ipython", None, False),
        ("marimo", "running_in_notebook", True, True),
        ("marimo", "running_in_notebook", False, False),
    ],
)
def test_notebooks_are_known_without_importing_anything(monkeypatch, module, function, answer, expected):
    monkeypatch.setitem(sys.modules, module, types.SimpleNamespace(**{function: lambda: answer}))
    assert interactive() is expected
