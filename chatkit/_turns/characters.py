"""Characters that UTF-8 can say: halves of surrogate pairs are put together, or replaced."""

from __future__ import annotations


def whole_characters(text: str) -> str:
    """The text with surrogate pairs joined and lone halves replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
