"""A calculator for what people write in a chat: numbers, + - * / ^ and brackets."""

import re
from collections import deque
from decimal import Decimal, localcontext

_NUMBER = r"\d+(?:\.\d+)?"
_TOKEN = re.compile(rf"{_NUMBER}|\*\*|[-+*/^()]")
# Words (gpt-4) and dates (2024-01-02) have digits and dashes, but are no sums.
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_RUN = re.compile(r"[^\W\d][\w.-]*|([-+*/^()\d.\s]+)")
_SUM = re.compile(rf"{_NUMBER}[)\s]*(?:\*\*|[-+*/^])[-(\s]*{_NUMBER}")
_SIGNS = str.maketrans({"\N{MULTIPLICATION SIGN}": "*", "\N{DIVISION SIGN}": "/"})
_DEEPEST = 50
_LARGEST_POWER = 100
_PLAIN_DIGITS = 30


def find_sum(text: str) -> str | None:
    """Return the first sum written in `text`, such as `"1 + 2"`, or None."""
    for run in _RUN.finditer(_DATE.sub(";", text.translate(_SIGNS))):
        if run[1] and _SUM.search(run[1]):
            return _trimmed(run[1])
    return None


def calculate(text: str) -> str | None:
    """Return the value of a sum, or None when it has none: a bracket is open, or something is divided by 0."""
    try:
        with localcontext(prec=28):
            value = _Reader(_TOKEN.findall(text.translate(_SIGNS))).read()
            return _spelled(value)
    except (ValueError, ArithmeticError):
        return None


def _trimmed(text: str) -> str:
    """Take off what belongs to the sentence around a sum: its full stop, or one half of its brackets."""
    text = text.strip(" \t\r\n.+*/^").rstrip("-")
    while text.count(")") > text.count("(") and text.endswith(")"):
        text = text[:-1].rstrip()
    while text.count("(") > text.count(")") and text.startswith("("):
        text = text[1:].lstrip()
    return text


def _spelled(value: Decimal) -> str:
    if not value:
        return "0"
    return f"{value.normalize():f}" if abs(value.adjusted()) < _PLAIN_DIGITS else str(value.normalize())


class _Reader:
    """A recursive-descent parser that computes as it reads."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = deque(tokens)
        self._depth = 0

    def read(self) -> Decimal:
        """Return the value of all tokens together."""
        value = self._terms()
        if self._tokens:
            raise ValueError("something is left over")
        return value

    def _next(self, *wanted: str) -> str:
        return self._tokens.popleft() if self._tokens and self._tokens[0] in wanted else ""

    def _terms(self) -> Decimal:
        value = self._factors()
        while sign := self._next("+", "-"):
            value = value + self._factors() if sign == "+" else value - self._factors()
        return value

    def _factors(self) -> Decimal:
        value = self._signed()
        while sign := self._next("*", "/"):
            value = value * self._signed() if sign == "*" else value / self._signed()
        return value

    def _signed(self) -> Decimal:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("too deeply nested")
        value = -self._signed() if self._next("-") else self._power()
        self._depth -= 1
        return value

    def _power(self) -> Decimal:
        value = self._operand()
        if not self._next("^", "**"):
            return value
        power = self._signed()
        if abs(power) > _LARGEST_POWER:
            raise ValueError("too large a power")
        return value**power

    def _operand(self) -> Decimal:
        if not self._next("("):
            if not self._tokens or not self._tokens[0][0].isdigit():
                raise ValueError("a number is missing")
            return Decimal(self._tokens.popleft())
        value = self._terms()
        if not self._next(")"):
            raise ValueError("a bracket is open")
        return value
