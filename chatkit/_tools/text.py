"""Text on its way to a model: always encodable, never endless."""

from __future__ import annotations

# Enough for any document a model can use, little enough that one careless tool does not fill the context.
MAX_CHARACTERS = 100_000


def shortened(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Cut a text that is too long, and say so where it was cut."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n[... truncated: the first {limit:,} of {len(text):,} characters are shown]"
