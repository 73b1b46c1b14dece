"""The very end of an answer, where some servers let a special token through: `</s>`, `<|eot_id|>` and their like.

What may be the beginning of one is held back until more is known. Nothing else is: every special token begins with
the one `<` that it has.
"""

from __future__ import annotations

_SPECIAL = (
    "</s>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<end_of_turn>",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
)
_LONGEST = max(map(len, _SPECIAL))
_BEGINNINGS = frozenset(token[:size] for token in _SPECIAL for size in range(1, len(token) + 1))


class Tail:
    """Holds back the end of a text that comes in pieces, as far as it may be a special token."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Take a piece, and give what is certain to belong to the text."""
        if not self._held and "<" not in text:
            return text
        text = self._held + text
        place = text.rfind("<", -_LONGEST)
        if place >= 0 and (end := text[place:]) in _BEGINNINGS:
            self._held = end
            return text[:place]
        self._held = ""
        return text

    def finish(self, *, strip: bool) -> str:
        """Give what was held back, but for a special token where `strip` is true."""
        held, self._held = self._held, ""
        return "" if strip and held in _SPECIAL else held
