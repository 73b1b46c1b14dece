"""What the console knows of models: from the server's list, fetched behind the scenes, never waited for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatkit._console.state import Console
from chatkit._models.shelf import asked_lately, listed, row_of

if TYPE_CHECKING:
    from chatkit._chat.chat import Chat
    from chatkit._models.rows import ModelInfo


def known_models(chat: Chat) -> Sequence[ModelInfo]:
    """The models of the chat's server, as far as its list was fetched lately."""
    return listed(chat.provider.base_url) or ()


def context_length(chat: Chat) -> int | None:
    """How many tokens the chat's model takes in all, if that is known by now."""
    base_url, model = chat.provider.base_url, chat.model
    row = row_of(base_url, model) or row_of(base_url, model.partition(":")[0])
    return row.context_length if row is not None else None


def learn_models(console: Console) -> threading.Thread | None:
    """Have the server's list fetched in a thread, unless it was lately, or the server gave none to this console.

    Returns:
        The thread, or None when there is nothing to do.
    """
    chat = console.chat
    base_url = chat.provider.base_url
    if base_url in console.listless or asked_lately(base_url):
        return None

    def fetch() -> None:
        console.listless.add(base_url)
        # What fails is no news.
        with contextlib.suppress(Exception):
            chat.models()
            console.listless.discard(base_url)
            console.front.refresh()

    thread = threading.Thread(target=fetch, name="chatkit-models", daemon=True)
    thread.start()
    return thread
