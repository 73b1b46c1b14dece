"""Parameters: every value is checked when it is given."""

from __future__ import annotations

import copy
import enum
import math
import pickle
from fractions import Fraction

import pytest

from chatkit._errors import ConfigError
from chatkit._providers.params import Params, params

GOOD = {
    "temperature": [0, 2, 0.7, Fraction(1, 2)],
    "top_p": [0, 1, 0.5],
    "top_k": [1, 40],
    "frequency_penalty": [-2, 2.0],
    "presence_penalty": [-2, 2.0],
    "seed": [-1, 0, 2**63],
    "max_tokens": [1, 10**9],
    "log_probs": [True, False],
    "reasoning_effort": ["low", "xhigh"],
    "reasoning_tokens": [0, 1024],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_what_is_allowed_is_kept(name, value):
    made = params(**{name: value})
    assert dict(made.items()) == {name: value}
    assert getattr(made, name) == value


BAD = {
    "temperature": [2.1, -0.1, math.nan, math.inf, -math.inf, True, "0.5", 10**400, 10**9000, 1j],
    "top_p": [1.1, -1, math.nan],
    "top_k": [0, -1, 1.0, True, "4"],
    "frequency_penalty": [-2.1, 3, math.nan],
    "presence_penalty": [-3, 2.5, False],
    "seed": [1.5, True, "1", math.nan],
    "max_tokens": [0, -5, 1e3, "10"],
    "log_probs": [1, 0, 0.0, "yes"],
    "stop_sequences": [3, [1], [""], "", b"x", {"a"}, ["a", None]],
    "reasoning_effort": ["", "  ", 3, True],
    "reasoning_tokens": [-1, 0.5, True],
}
ALLOWED = {
    "temperature": "a number from 0 to 2",
    "top_p": "a number from 0 to 1",
    "top_k": "an integer of 1 or more",
    "frequency_penalty": "a number from -2 to 2",
    "presence_penalty": "a number from -2 to 2",
    "seed": "an integer",
    "max_tokens": "an integer of 1 or more",
    "log_probs": "True or False",
    "stop_sequences": "a text or a list of texts",
    "reasoning_effort": "a text such as",
    "reasoning_tokens": "an integer of 0 or more",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [pytest.param(name, value, id=f"{name}-{at}") for name, values in BAD.items() for at, value in enumerate(values)],
)
def test_a10_what_is_not_allowed_is_named(name, value):
    with pytest.raises(ConfigError, match=rf"^`{name}` must be {ALLOWED[name]}") as caught:
        params(**{name: value})
    assert len(str(caught.value)) < 200
    assert isinstance(caught.value, ValueError)
    assert caught.value.__context__ is None


class Effort(enum.StrEnum):
    LOW = "low"


CIRCLE: list = []
CIRCLE.append(CIRCLE)
DEEP: list = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize("value", [b"x", {1}, math.nan, [math.inf], {"a": b"x"}, object(), {(1,): 2}, CIRCLE, DEEP])
def test_a10_extra_values_must_be_json(value):
    with pytest.raises(ConfigError, match=r"^`guided` must be a value that JSON can say") as caught:
        params(guided=value)
    assert caught.value.__context__ is None


def test_extra_values_are_kept_as_they_are():
    made = params(min_p=0.1, guided_choice=["a", "b"], nested={"a": [1, None, True]}, effort=Effort.LOW)
    assert made.extra == {"min_p": 0.1, "guided_choice": ["a", "b"], "nested": {"a": [1, None, True]}, "effort": "low"}
    assert dict(made.items()) == {}


def test_extra_values_that_are_none_are_unset_like_all_others():
    assert params(min_p=None) == params()


def test_later_changes_to_what_was_given_do_not_reach_it():
    stops, choice = ["a"], {"x": [1]}
    made = params(stop_sequences=stops, choice=choice)
    stops.append("b")
    choice["x"].append(2)
    assert made.stop_sequences == ("a",)
    assert made.extra == {"choice": {"x": [1]}}


@pytest.mark.parametrize(("given", "kept"), [("a", ("a",)), (["a", "b"], ("a", "b")), (("a",), ("a",)), ([], None)])
def test_stop_sequences(given, kept):
    assert params(stop_sequences=given).stop_sequences == kept
    assert Params(stop_sequences=given).stop_sequences == kept


def test_it_is_a_value():
    one, two = params(temperature=0.5, min_p=0.1), params(temperature=0.5, min_p=0.1)
    assert one == two
    assert hash(one) == hash(two)
    assert one != params(temperature=0.5)
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    with pytest.raises(AttributeError):
        one.temperature = 1


def test_its_repr_shows_only_what_is_set():
    assert repr(params()) == "Params()"
    assert repr(params(top_k=3, min_p=0.1)) == "Params(top_k=3, min_p=0.1)"


def test_a_long_value_is_shown_in_part():
    with pytest.raises(ConfigError, match="…"):
        params(temperature="x" * 1000)
