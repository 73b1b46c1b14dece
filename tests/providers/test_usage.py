"""Token counts, in the shapes that servers give them."""

from __future__ import annotations

import pytest

from chatkit._providers.usage import read_cost, read_usage
from chatkit._turns.turns import Usage

SHAPES = [
    ({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}, Usage(3, 2)),
    ({"prompt_tokens": 0, "completion_tokens": 0}, Usage(0, 0)),
    ({"input_tokens": 3, "output_tokens": 2}, Usage(3, 2)),
    ({"prompt_tokens": None, "input_tokens": 3}, Usage(3)),
    ({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}}, Usage(3, None, 2)),
    (
        {"input_tokens_details": {"cached_tokens": 2}, "output_tokens_details": {"reasoning_tokens": 1}},
        Usage(None, None, 2, 1),
    ),
    ({"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 7}}, Usage(None, 9, None, 7)),
    ({"prompt_tokens": 3, "cached_tokens": 0}, Usage(3, None, 0)),
    ({"cached_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2}}, Usage(None, None, 2)),
    ({"cached_tokens": 1, "prompt_tokens_details": {"cached_tokens": None}}, Usage(None, None, 1)),
    ({"cached_tokens": 1, "prompt_tokens_details": None}, Usage(None, None, 1)),
    ({"reasoning_tokens": 4, "completion_tokens_details": None}, Usage(None, None, None, 4)),
    ({"prompt_tokens_details": {"cached_tokens": 0}, "cached_tokens": 5}, Usage(None, None, 0)),
    ({"prompt_tokens": 3, "prompt_time": 0.1, "time_info": {"x": 1.5}, "total_latency": 2.5}, Usage(3)),
    ({}, Usage()),
    (
        {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 2, "image_tokens": 5, "audio_tokens": 0}},
        Usage(9, None, 2, None, 5),
    ),
    (
        {
            "input_tokens": 9,
            "input_tokens_details": {"cached_tokens": 0, "image_tokens": 5, "text_tokens": 4},
            "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 0},
        },
        Usage(9, 7, 0, 0, 5),
    ),
    ({"prompt_tokens": 2**53, "completion_tokens": 10**400}, Usage(2**53)),
]


@pytest.mark.parametrize(("given", "usage"), SHAPES)
def test_the_shapes_of_usage(given, usage):
    assert read_usage(given) == usage


@pytest.mark.parametrize("given", [None, [], "3", 3, True, [{"prompt_tokens": 3}]], ids=repr)
def test_no_usage_is_unknown(given):
    assert read_usage(given) == Usage(None, None, None, None)


@pytest.mark.parametrize("count", [-1, "3", None, True, False, 1.5, [3], {"x": 1}], ids=repr)
def test_a_count_that_is_none_is_unknown(count):
    given = {
        "prompt_tokens": count,
        "completion_tokens": count,
        "prompt_tokens_details": {"cached_tokens": count},
        "completion_tokens_details": {"reasoning_tokens": count},
    }
    assert read_usage(given) == Usage()


@pytest.mark.parametrize("details", ["x", 3, [1], True])
def test_details_that_are_no_object_are_nothing(details):
    given = {"prompt_tokens": 3, "prompt_tokens_details": details, "completion_tokens_details": details}
    assert read_usage(given) == Usage(3)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"cost": 0.25}, 0.25),
        ({"cost": 0}, 0.0),
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({"cost": "0.25"}, None),
        ({"cost": float("inf")}, None),
        ({"cost": float("nan")}, None),
        ({"cost": 10**400}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_cost_is_what_a_router_says_and_unknown_elsewhere(usage, cost):
    assert read_cost(usage) == cost
