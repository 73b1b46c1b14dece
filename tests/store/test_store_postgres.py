"""What only PostgreSQL brings with it: a connection that breaks, locks that go with it, an extra that is missing."""

import sys

import pytest

from chatkit import ConfigError
from chatkit._errors import StoreError
from chatkit.store import ConversationStore


@pytest.fixture
def url(postgres):
    return postgres.new()


def _break(store):
    """What becomes of a connection that the server drops."""
    import psycopg

    database = store._backend._database
    pid = database._connection.info.backend_pid
    with psycopg.connect(database._url(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def test_a_connection_that_breaks_between_two_calls_is_made_anew(url, chat, service, seen_at):
    with ConversationStore(url) as store:
        store.attach(chat, id="a")
        _break(store)
        service.say("Hello")
        # The first to notice is told, before anything is sent; the next one connects.
        with pytest.raises(StoreError) as caught:
            chat.chat("Hi")
        assert (caught.value.kind, service.requests) == ("unreachable", [])
        assert chat.chat("Hi") == "Hello"
        assert seen_at(url, "a").turns == chat.turns
        with pytest.raises(StoreError, match="being written"), ConversationStore(url) as other:
            other.load("a")


def test_a_connection_that_breaks_in_an_answer_does_not_end_it(url, chat, service, seen_at):
    with ConversationStore(url) as store:
        store.attach(chat, id="a")
        service.say(*[f"{number} " for number in range(10)])
        for place, _ in enumerate(chat.stream("Count")):
            if place == 3:
                _break(store)
        assert chat.last_turn().interrupted is None
        assert seen_at(url, "a").turns == chat.turns


def test_a_lock_that_went_with_the_connection_and_was_taken_is_not_overridden(url, chat, seen_at):
    with ConversationStore(url) as store, ConversationStore(url) as other:
        store.attach(chat, id="a")
        _break(store)
        taken = other.load("a", credentials=lambda: "k")
        taken.add_turn("theirs", "x")
        with pytest.raises(StoreError):
            chat.add_turn("mine", "y")
        for _ in range(2):
            with pytest.raises(StoreError, match="another one has written") as caught:
                chat.add_turn("mine", "y")
            assert (caught.value.kind, caught.value.hint) == ("busy", "Load it again.")
        assert [turn.text for turn in seen_at(url, "a").turns] == ["theirs", "x"]
        with pytest.raises(StoreError):
            store.detach(chat)
        other.detach(taken)
        assert len(store.load("a", credentials=lambda: "k")) == 2


def test_letting_go_of_a_conversation_whose_connection_broke_does_no_harm(url, chat):
    with ConversationStore(url) as store:
        store.attach(chat, id="a")
        release = store._attached._found(chat)._release
        _break(store)
        release()
        release()
        with pytest.raises(StoreError, match="not being written here"):
            chat.add_turn("1", "one")


def test_a_change_in_the_middle_of_another_is_refused(url, chat):
    with ConversationStore(url) as store:
        store.attach(chat, id="a")
        database = store._backend._database
        with database.session(writing=True), pytest.raises(StoreError, match="in the middle of another change"):
            store.list()
        database._locked.clear()
        with pytest.raises(StoreError, match="not being written here"):
            database.note("a", 1, 1, "[]")


def test_what_the_server_refuses_is_told_in_its_words(url):
    with ConversationStore(url) as store:
        database = store._backend._database
        with pytest.raises(StoreError, match=r"failed: .*nowhere") as caught, database.session(writing=False):
            database.execute("SELECT * FROM nowhere")
        assert caught.value.kind == "io"
        assert store.list() == []


def test_without_psycopg_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"chatkit-objects\[store\]"):
        ConversationStore("postgresql://h/d")


def test_a_connection_that_breaks_in_the_middle_of_a_change_is_told(url):
    with ConversationStore(url) as store:
        database = store._backend._database
        with pytest.raises(StoreError) as caught, database.session(writing=True):
            _break(store)
            database.execute("SELECT 1")
        assert caught.value.kind == "unreachable"
        assert store.list() == []
