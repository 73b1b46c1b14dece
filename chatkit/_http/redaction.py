"""Masking the keys that were sent, wherever a server repeats them."""

from __future__ import annotations

from collections.abc import Iterable

MASK = "[key removed]"


class Redactor:
    """Replaces secrets in a text. Its repr tells nothing, and it does not pickle.

    Args:
        secrets: Header values that hold keys; of "Bearer abc" both the whole and "abc" are masked.
    """

    __slots__ = ("__secrets",)

    def __init__(self, secrets: Iterable[str]) -> None:
        words = {word for value in secrets for word in (value, value.rpartition(" ")[2])}
        # Some servers write JSON with a backslash before each slash.
        words |= {word.replace("/", "\\/") for word in words}
        # A word of a few letters would mask half of the text.
        self.__secrets = sorted((word for word in words if len(word) >= 4), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self.__secrets:
            text = text.replace(secret, MASK)
        return text

    def __repr__(self) -> str:
        return "Redactor()"

    def __reduce__(self) -> tuple[type[Redactor], tuple[tuple[()]]]:
        return Redactor, ((),)
