"""What may stand behind a model's name: an inference provider, or how a router chooses one."""

from __future__ import annotations

import re

POLICIES = ("auto", "fastest", "cheapest", "preferred")
"""Routes that name no provider, but how a router chooses one."""
# Not the dot: what follows a colon may also be a size, and 1.5b is not 15b.
_MARKS = re.compile(r"[\s_-]+")


def provider_key(name: str) -> str:
    """A provider's name without what lists, headers and people write differently, as in "Fireworks AI"."""
    return _MARKS.sub("", name.casefold())
