"""The store: conversations are attached to it, loaded from it, listed, searched and deleted."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from chatkit._chat.chat import Chat
from chatkit._chat.saved import conversation_of
from chatkit._display.choosing import EchoMode
from chatkit._errors import ConfigError
from chatkit._http.messages import TimeLimits
from chatkit._http.opening import LazyTransport
from chatkit._store.backend import Backend, Row, Stored, Title, there
from chatkit._store.opening import Place, open_backend
from chatkit._store.words import words_of
from chatkit._turns.history import History
from chatkit._turns.inputs import whole_number

from ._attached import Attached
from ._talks import checked_id, checked_title, record_in, turns_in, write_file
from ._views import ConversationInfo, SearchHit, hits, info_of, lineage_of

if TYPE_CHECKING:
    from typing import Self

    from requests import Session

Order: TypeAlias = Literal["updated", "created", "title"]
# `list` is a verb of the store, so that the type needs another name.
_Infos: TypeAlias = list[ConversationInfo]
_Hits: TypeAlias = list[SearchHit]


class ConversationStore:
    """Keeps conversations in a database, as they happen.

    Each user turn, each piece of an answer, each tool call and result of an attached chat is written before it is
    shown. When the process ends in the middle of an answer, for whatever reason, `load()` gives all that was shown,
    with the answer marked as partial; tool calls that were running have an error for a result and are never run again,
    and those that waited for approval wait still. No key and no header is stored.

    In an SQLite file, which only processes of one machine may share, pieces of an answer go into a journal beside it
    at once and into the file every 200 milliseconds. What is shown outlasts the process in any case; when the machine
    itself loses its power, the last pieces may be lost, but no whole turn. In PostgreSQL each piece is a small
    transaction: it costs the way to the server and back, and an async chat waits for it too. Any number of processes
    may read; a conversation is written by one chat at a time, and a second one is told so.

    What is noted in `chat.metadata` is stored with the next turn, or by `detach()`. What is said within
    `chat.temporary()`, and the progress of tools, is not stored. A `clone()` or `fork()` is not stored unless it is
    attached itself.

    Args:
        where: The path of an SQLite file, which is made if it is not there; a "postgresql://..." URL, which needs the
            extra `store`; or a `Backend` of your own.

    Raises:
        ConfigError: when it is something else, or psycopg is missing.
        StoreError: when the database cannot be opened, is damaged, something else's, or of a later version.
    """

    def __init__(self, where: str | os.PathLike[str] | Backend) -> None:
        place = Place(where)
        del where  # a traceback with its local variables would tell a password in it
        self._backend = open_backend(place)
        self._attached = Attached(self._backend)

    def attach(
        self, chat: Chat, id: str | None = None, *, title: str | None = None, parent: str | Chat | None = None
    ) -> str:
        """Keep a chat from now on, with the turns that it has.

        Args:
            chat: The chat; it is kept until `detach()`, `close()`, or its own end.
            id: What the conversation is called in the store; None makes an id. One that is there already can be gone
                on with if the chat begins with all the turns that are stored.
            title: What it is called for people; None takes the beginning of its first words.
            parent: The conversation that the chat was forked from: its id, or a chat that is attached here.

        Returns:
            The id.

        Raises:
            ConfigError: when something given cannot be used, or the chat is attached here already.
            ChatBusyError: when the chat is in the middle of a call.
            HistoryError: when something in the chat cannot be stored, such as an object in its metadata.
            StoreError: when there is another conversation of that id, somebody else is writing it, there is no such
                parent, or it cannot be written.
        """
        talk = self._attached.unattached(chat)
        id = uuid.uuid4().hex if id is None else checked_id(id)
        name = checked_title(title) if title is not None else None
        self._attached.attach(talk, id, name, self._parent(parent))
        return id

    def id_of(self, chat: Chat) -> str:
        """What a chat that is attached here is called in the store, for `load()` and the others.

        Raises:
            ConfigError: when it is not.
        """
        return self._attached.id_of(chat)

    def detach(self, chat: Chat) -> None:
        """Keep a chat no more; what is stored of it stays. Another one may then go on with it.

        Args:
            chat: A chat that is attached here.

        Raises:
            ConfigError: when it is not.
            ChatBusyError: when it is in the middle of a call.
            StoreError: when its last changes could not be written; it is detached all the same.
        """
        self._attached.detach(chat)

    def load(
        self,
        id: str,
        *,
        tools: Iterable[Callable[..., Any]] = (),
        credentials: Callable[[], Any] | None = None,
        api_headers: Mapping[str, str] | None = None,
        timeout: TimeLimits | float | None = None,
        session: Session | None = None,
        echo: EchoMode | bool | None = None,
        attach: bool = True,
    ) -> Chat:
        """A chat that goes on with a conversation. Nothing is sent and nothing runs by it.

        Args:
            id: The conversation.
            tools: As for `Chat.load`: the functions and tools of the chat.
            credentials: As for `Chat.load`; no key is stored.
            api_headers: As for the constructors; they are not stored.
            timeout: As for the constructors.
            session: As for the constructors.
            echo: As for the constructors.
            attach: Whether the chat is kept in the store. False gives one of its own that begins with what is stored,
                also while somebody else is writing.

        Returns:
            The chat. When the last call was never ended, the `interrupted` of its partial turn is "the process ended".

        Raises:
            StoreError: when there is no such conversation, it is damaged, or somebody else is writing it.
            HistoryError: when what is stored makes no sense; it names the place.
            ConfigError: when something else given cannot be used.
        """
        release = self._backend.lock(checked_id(id)) if attach else lambda: None
        try:
            stored = self._read(id)
            kept, turns = turns_in(stored)
            talk = conversation_of(
                record_in(stored),
                f"conversation {id!r}",
                tools=tools,
                credentials=credentials,
                api_headers=api_headers,
                timeout=timeout,
            )
            talk.history = History(turns)
            chat = Chat(talk, LazyTransport(session), echo=echo)
            if attach:
                self._attached.go_on(talk, stored.row, kept, release)
        except BaseException:
            release()
            raise
        return chat

    def info(self, id: str) -> ConversationInfo:
        """What is known of a conversation.

        Raises:
            StoreError: when there is none.
        """
        return info_of(self._row(id))

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self._backend.row(id) is not None

    def list(self, *, limit: int = 50, offset: int = 0, order: Order = "updated") -> _Infos:
        """The conversations.

        Args:
            limit: How many at most.
            offset: How many to leave out.
            order: "updated" or "created", the newest first, or "title".

        Raises:
            ConfigError: when an argument is out of range.
            StoreError: when the database cannot be read.
        """
        if order not in ("updated", "created", "title"):
            raise ConfigError(f'`order` must be "updated", "created" or "title", not {order!r}.')
        rows = self._backend.rows(order, whole_number("limit", limit, 0), whole_number("offset", offset, 0))
        return [info_of(row) for row in rows]

    def search(self, text: str, *, limit: int = 20) -> _Hits:
        """Where words were said, in texts, typed answers, results of tools, names of files and titles.

        Case and accents make no difference. What is just being said is found once its turn is whole.

        Args:
            text: Words that must all occur in one turn. One that ends with `*` stands for all that begin with it;
                words joined by signs, such as `can't`, must stand side by side.
            limit: How many places at most.

        Returns:
            The places, those in the conversation updated last first.

        Raises:
            ConfigError: when no word is given.
            StoreError: when the database cannot be read.
        """
        return [*islice(hits(self._backend, text), whole_number("limit", limit, 0))]

    def rename(self, id: str, title: str) -> None:
        """Give a conversation another title, also while it is being written.

        Raises:
            ConfigError: when it is no title.
            StoreError: when there is no such conversation.
        """
        text = checked_title(title)
        there(id, self._backend.rename(checked_id(id), Title(text, words_of(text))) or None)

    def delete(self, id: str) -> None:
        """Delete a conversation, with the images and documents that no other one holds.

        In an SQLite file it is overwritten; single words of it may stay in the index until that is rewritten.

        Raises:
            StoreError: when there is none, or a chat is attached to it, here or anywhere.
        """
        release = self._backend.lock(checked_id(id))
        try:
            there(id, self._backend.delete(id) or None)
        finally:
            release()

    def lineage(self, id: str) -> _Infos:
        """A conversation with those it was forked from, the oldest first, as far as they are still there.

        Raises:
            StoreError: when there is no such conversation.
        """
        return lineage_of(self._backend, self._row(id))

    def export(
        self, id: str, path: str | os.PathLike[str], *, title: str | None = None, include_system_prompt: bool = False
    ) -> Path:
        """Write a conversation to a file; the ending of its name says in which form.

        Args:
            id: The conversation.
            path: `.md`, `.html` and `.ipynb` are for people, as in `chat.export()`; `.json` is for `Chat.load()`.
            title: Any text; None takes the title it has.
            include_system_prompt: Whether the system prompt is in a file for people.

        Returns:
            The path.

        Raises:
            ConfigError: when the ending is not known.
            StoreError: when there is no such conversation.
            OSError: when the file cannot be written.
        """
        return write_file(self._read(id), path, title, include_system_prompt)

    def close(self) -> None:
        """Let go of the database. Chats that are attached go on unkept. Harmless when done twice."""
        self._attached.let_all_go()
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        backend = getattr(self, "_backend", None)  # None when it could not be opened
        return f"ConversationStore({getattr(backend, 'name', backend)!r})"

    def _parent(self, parent: Any) -> str | None:
        if parent is None or isinstance(parent, str):
            return parent
        return self._attached.id_of(parent)

    def _row(self, id: str) -> Row:
        return there(id, self._backend.row(checked_id(id)))

    def _read(self, id: str) -> Stored:
        return there(id, self._backend.read(checked_id(id)))
