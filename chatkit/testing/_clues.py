"""What a prompt offers for filling in a form: its numbers, quotations and names, each used once."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")

_NUMBER = re.compile(r"(?<![\w.])(?<![A-Za-z]-)-?\d+(?:\.\d+)?(?!\w|\.\w)")
_QUOTED = re.compile(r"\"([^\"]+)\"|(?<!\w)'([^']+)'(?!\w)|`([^`]+)`|“([^”]+)”")
_NAME = re.compile(r"\b[A-Z][\w'-]*(?: [A-Z][\w'-]*)*")
# Words that begin with a capital only because a sentence begins with them.
_STARTERS = """
    a add all an and are ask at call calculate compute convert create do each extract find for get give he hello
    hi how i if in is it lookup make multiply my now of please run search send she show tell the then there they
    this to try use using we what when where which who why with write you
"""
_NO_NAMES = frozenset(_STARTERS.split())


class Clues:
    """The values found in a prompt. Taking one uses it up, so that the next field gets the next one."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        self._quoted = ["".join(groups) for groups in _QUOTED.findall(prompt)]
        bare = _QUOTED.sub(" ", prompt)
        self._numbers = [float(found) for found in _NUMBER.findall(bare)]
        self._names = _names(bare)

    def mentions(self, value: Any) -> bool:
        """Return whether the prompt has `value` as a word or words of its own."""
        words = re.escape(str(value).replace("_", " "))
        return bool(re.search(rf"(?<!\w){words}(?!\w)", self.prompt.replace("_", " "), re.IGNORECASE))

    def named(self, field: str) -> str | None:
        """Return what stands behind a field's name: `city: Paris`, `city = "Paris"`, `the city is Paris`."""
        if not field:
            return None
        words = r"[_ ]".join(map(re.escape, field.split("_")))
        found = re.search(
            rf"(?<!\w){words}(?:\s*[:=]\s*|\s+(?:is|of|to|be)\s+)(?:{_QUOTED.pattern}|([^\s,;]+))",
            self.prompt,
            re.IGNORECASE,
        )
        return "".join(filter(None, found.groups())).rstrip(".?!") if found else None

    def take_number(self, fits: Callable[[float], bool]) -> float | None:
        """Take the first number that fits."""
        return _take(self._numbers, fits)

    def take_quoted(self) -> str | None:
        """Take the first quotation."""
        return _take(self._quoted, lambda _: True)

    def take_name(self) -> str | None:
        """Take the first name, that is, word with a capital."""
        return _take(self._names, lambda _: True)


def _take(values: list[_T], fits: Callable[[_T], bool]) -> _T | None:
    for place, value in enumerate(values):
        if fits(value):
            return values.pop(place)
    return None


def _names(text: str) -> list[str]:
    found = []
    for match in _NAME.findall(text):
        words = match.split(" ")
        while words and words[0].lower().partition("'")[0] in _NO_NAMES:
            words = words[1:]
        if words:
            found.append(" ".join(words))
    return found
