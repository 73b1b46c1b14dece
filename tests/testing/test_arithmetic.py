"""The offline stand-in's calculator."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.testing._arithmetic import calculate, find_sum


@pytest.mark.parametrize(
    ("prompt", "found", "value"),
    [
        ("What is 1 + 2?", "1 + 2", "3"),
        ("work out (see 3*4).", "3*4", "12"),
        ("2 + 3 * 4", "2 + 3 * 4", "14"),
        ("(2 + 3) * -4 ^ 2", "(2 + 3) * -4 ^ 2", "-80"),
        ("2^3^2", "2^3^2", "512"),
        ("2 ** 0.5", "2 ** 0.5", "1.414213562373095048801688724"),
        ("6 \N{MULTIPLICATION SIGN} 7, please", "6 * 7", "42"),
        ("7 \N{DIVISION SIGN} 2", "7 / 2", "3.5"),
        ("0.1+0.2", "0.1+0.2", "0.3"),
        ("5 - 5", "5 - 5", "0"),
        ("1 - -1", "1 - -1", "2"),
        ("((1 + 2", "1 + 2", "3"),
        ("9^99", "9^99", "2.951266543065275214875348023E+94"),
        ("1/0", "1/0", None),
        ("2^9999", "2^9999", None),
        ("1 2 + 3", "1 2 + 3", None),
        ("1 + )(2", "1 + )(2", None),
        ("1 +" + "-" * 200 + "1", "1 +" + "-" * 200 + "1", None),
        ("1+" + "(" * 200 + "1" + ")" * 200, "1+" + "(" * 200 + "1" + ")" * 200, None),
        ("1 * (2 + 3", "1 * (2 + 3", None),
    ],
)
def test_sums(prompt, found, value):
    if found != "1 + )(2":
        assert find_sum(prompt) == found
    assert calculate(found) == value


@pytest.mark.parametrize("prompt", ["", "no sum", "gpt-4", "on 2024-01-02", "a 5 and a 6", "+ -", "3", "-3", "C++ 17"])
def test_no_sums(prompt):
    assert find_sum(prompt) is None


@given(st.integers(0, 10**9), st.sampled_from("+-*"), st.integers(0, 10**9))
def test_sums_are_right(left, sign, right):
    wanted = {"+": left + right, "-": left - right, "*": left * right}[sign]
    assert Decimal(calculate(f"{left} {sign} {right}") or "nan") == wanted


@given(st.text(alphabet="0123456789+-*/^(). a", max_size=60))
def test_nothing_makes_it_fail(prompt):
    found = find_sum(prompt)
    if found is not None:
        assert calculate(found) is None or calculate(found)


@pytest.mark.parametrize("text", ["(" * 20000, " " * 20000 + "x", "1 " * 20000, "1-" * 20000, "-(" * 20000])
def test_a_long_prompt_takes_no_time(text):
    started = time.monotonic()
    calculate(find_sum(text) or "")
    assert time.monotonic() - started < 5
