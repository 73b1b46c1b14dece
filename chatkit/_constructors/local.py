"""Chats with a server on this very machine."""

from __future__ import annotations


def chat_local() -> None:
    """To be written."""
    raise NotImplementedError
