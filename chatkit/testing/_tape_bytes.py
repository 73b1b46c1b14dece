"""Bytes as they stand on a tape."""

import base64
from typing import Any


def told(data: bytes) -> str | dict[str, str]:
    """Bytes as text where they are, as base64 where they are not."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def untold(text: Any) -> bytes:
    """The bytes that stand on a tape as text or base64.

    Raises:
        ValueError: when they are neither.
    """
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    if isinstance(text, dict) and isinstance(text.get("base64"), str):
        return base64.b64decode(text["base64"], validate=True)
    raise ValueError("neither text nor base64")
