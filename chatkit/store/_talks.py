"""What a store keeps of a chat, and the chat it makes of that again."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from chatkit._chat.chat import Chat
from chatkit._chat.saved import chat_record
from chatkit._engine.conversation import Conversation
from chatkit._errors import ConfigError
from chatkit._record.chat import ChatRecord
from chatkit._store.backend import Stored
from chatkit._store.reading import stored_turns, to_json, turn_row, turns_told
from chatkit._store.recovering import json_of
from chatkit._turns.characters import whole_characters
from chatkit._turns.history import History
from chatkit._turns.lawful import Said
from chatkit._turns.readers import Reader
from chatkit._turns.turns import SystemTurn, Turn

_LONGEST_ID = 200
_LONGEST_TITLE = 500


class Source:
    """A conversation, as a recorder looks at it.

    Args:
        talk: The conversation. It is not kept alive.
    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = weakref.ref(talk)

    def is_of(self, talk: object) -> bool:
        """Whether it is this conversation."""
        return self._talk() is talk

    def history(self) -> History:
        """The turns there are now."""
        return self._there().history

    def state(self) -> tuple[str, str]:
        """The model, and everything else of the chat as JSON text."""
        talk = self._there()
        return whole_characters(talk.provider.model), to_json(replace(chat_record(talk), turns=()).to_dict())

    def leave(self, reader: Reader) -> None:
        """Have somebody read along no more."""
        talk = self._talk()
        if talk is not None:
            talk.readers.remove(reader)

    def _there(self) -> Conversation:
        talk = self._talk()
        assert talk is not None, "whoever reads along is told by the conversation itself"
        return talk


def talk_of(chat: Any) -> Conversation:
    """The conversation of a chat.

    Raises:
        ConfigError: when it is no chat.
    """
    if not isinstance(chat, Chat):
        raise ConfigError(f"A store keeps chats, not {type(chat).__name__}.")
    return chat._talk


def checked_id(id: Any) -> str:
    """An id that a user gave.

    Raises:
        ConfigError: when it is none.
    """
    if not isinstance(id, str) or not id.strip() or len(id) > _LONGEST_ID or not id.isprintable():
        raise ConfigError(f"The id of a conversation is a text of 1 to {_LONGEST_ID} printable characters, not {id!r}.")
    return id


def checked_title(title: Any) -> str:
    """A title that a user gave, on one line.

    Raises:
        ConfigError: when it is none.
    """
    if not isinstance(title, str) or not title.strip() or len(title) > _LONGEST_TITLE:
        raise ConfigError(f"A title is a text of 1 to {_LONGEST_TITLE} characters, not {title!r}.")
    text = "".join(character if character.isprintable() else " " for character in title)
    return " ".join(text.split()) or "?"


def turns_in(stored: Stored) -> tuple[list[Said], list[Said]]:
    """The turns that are stored; and the turns of the conversation, with what is just being said, or never ended."""
    at = _place(stored)
    turns = stored_turns(stored, at)
    return turns, turns_told(stored, turns, at)


def record_in(stored: Stored) -> ChatRecord:
    """All that is stored of a chat but its turns."""
    at = _place(stored)
    return ChatRecord.from_dict(json_of(stored.row.state, at), at)


def common_turns(records: Iterable[str], turns: Iterable[Said]) -> int:
    """How many turns, from the first, are those that are stored."""
    blobs: dict[str, bytes] = {}
    told = (turn_row(turn, place, blobs).record for place, turn in enumerate(turns))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(records, told, strict=False)))


def write_file(stored: Stored, path: str | os.PathLike[str], title: str | None, include_system_prompt: bool) -> Path:
    """Write a conversation to a file, for people or for `Chat.load`, as the ending of its name says."""
    from chatkit._record.chat import save_chat
    from chatkit._render.export import export

    record = replace(record_in(stored), turns=tuple(turns_in(stored)[1]))
    if str(path).lower().endswith(".json"):
        save_chat(path, record)
        return Path(path)
    turns: list[Turn] = [*record.turns]
    if include_system_prompt and record.system:
        turns.insert(0, SystemTurn(record.system))
    return export(turns, path, title=title or stored.row.title or "Chat")


def _place(stored: Stored) -> str:
    return f"conversation {stored.row.id!r}"
