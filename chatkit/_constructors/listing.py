"""The models that a server has."""

from __future__ import annotations


def models_huggingface() -> None:
    """To be written."""
    raise NotImplementedError


def models_openai_compatible() -> None:
    """To be written."""
    raise NotImplementedError
