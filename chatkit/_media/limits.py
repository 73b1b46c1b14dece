"""How large an attachment may be, in bytes, and how sizes are told."""

from __future__ import annotations

# What large services take; a request that is refused for its size has been uploaded in vain.
MAX_IMAGE = 20_000_000
MAX_AUDIO = 25_000_000
MAX_DOCUMENT = 32_000_000
# What is read in order to be made smaller.
MAX_RESIZED = 100_000_000


def size_of(count: int) -> str:
    """A number of bytes for people, such as "21.5 MB"."""
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count:,} bytes"
