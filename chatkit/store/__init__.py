"""Conversations kept in a database, written as they happen: whatever ends the process, nothing that was shown is lost.

    from chatkit import chat_huggingface
    from chatkit.store import ConversationStore

    store = ConversationStore("conversations.db")
    chat = chat_huggingface()
    store.attach(chat, id="plans")
    chat.chat("Where shall we go?")

and later, perhaps after the machine was switched off:

    chat = store.load("plans")
"""

from chatkit._store.backend import Backend, Change, Found, Row, Stored, Title, TurnRow

from ._store import ConversationStore
from ._views import ConversationInfo, SearchHit

__all__ = [
    "Backend",
    "Change",
    "ConversationInfo",
    "ConversationStore",
    "Found",
    "Row",
    "SearchHit",
    "Stored",
    "Title",
    "TurnRow",
]
