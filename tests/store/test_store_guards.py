"""What a store refuses or lets pass where two things happen at once, made to happen one after the other."""

import threading

import pytest

from chatkit import TextDelta
from chatkit._errors import StoreError
from chatkit._store import sqlite
from chatkit._store.schema import bring_up_to_date
from chatkit.store import ConversationStore


def test_a_store_of_another_process_is_not_used(store, chat):
    store.attach(chat, id="a")
    database = store._backend._database
    mine, database._turnstile.process = database._turnstile.process, -1
    with pytest.raises(StoreError, match="forked from") as caught:
        chat.add_turn("1", "one")
    assert caught.value.kind == "closed"
    database._turnstile.process = mine
    chat.add_turn("2", "two")
    assert store.info("a").turns == 4


def test_a_conversation_that_somebody_deleted_all_the_same_is_missing(store, chat):
    store.attach(chat, id="a")
    assert store._backend.delete("a")
    assert not store._backend.delete("a")
    with pytest.raises(StoreError, match="no conversation 'a'") as caught:
        chat.add_turn("1", "one")
    assert caught.value.kind == "missing"
    release = store._backend.lock("b")
    release()
    assert not store._backend.delete("b")


def test_a_row_that_goes_while_nobody_holds_it_is_forgotten(store, chat):
    store.attach(chat, id="a")
    store.detach(chat)
    assert store._backend.delete("a")
    assert store.list() == []


def test_a_title_that_was_given_meanwhile_stays(store, chat):
    store.attach(chat, id="a")
    store.rename("a", "Given")
    chat.add_turn("First words", "x")
    assert store.info("a").title == "Given"
    assert [hit.turn for hit in store.search("first words")] == [0]


def test_tables_that_somebody_else_just_made_are_left_alone(store, chat):
    store.attach(chat, id="a")
    database = store._backend._database
    with database.session(writing=True):
        bring_up_to_date(database, "x")
    assert "a" in store


def test_a_recorder_that_was_stopped_writes_nothing(store, chat):
    store.attach(chat, id="a")
    recorder = store._attached._found(chat)
    store.detach(chat)
    recorder.feed(TextDelta("x"))
    recorder.call_ended()
    chat.add_turn("1", "one")
    recorder.changed()
    assert store.info("a").turns == 0


def test_a_store_may_be_closed_in_the_middle_of_an_answer(store, chat, service, where):
    store.attach(chat, id="a")
    service.say("one ", "two")
    told = []
    for piece in chat.stream("Count"):
        told.append(piece)
        store.close()
    assert "".join(told) == "one two"
    with ConversationStore(where) as again:
        user, partial = again.load("a", credentials=lambda: "k").turns
    assert (user.text, partial.text, partial.interrupted) == ("Count", "one ", "the process ended")


def test_a_database_that_is_closed_lets_its_locks_go(store, chat, where):
    store.attach(chat, id="a")
    store._backend._database.close()
    with pytest.raises(StoreError, match="is closed"):
        chat.add_turn("1", "one")
    with ConversationStore(where) as other:
        assert other.load("a", credentials=lambda: "k").turns == []


def test_a_recorder_may_outlive_its_chat(store, make_chat):
    chat = make_chat()
    store.attach(chat, id="a")
    recorder = store._attached._found(chat)
    del chat
    store.close()
    recorder.feed(TextDelta("x"))
    assert not recorder.source.is_of(store)


def test_names_of_models_may_be_anything(store, chat, seen):
    store.attach(chat, id="a")
    chat.model = "m\ud800"
    assert store.info("a").model == "m\ufffd"


def test_pieces_do_not_wait_for_another_thread_that_writes(path, chat, service, seen_at, monkeypatch):
    monkeypatch.setattr(sqlite, "EVERY", 0.0)
    with ConversationStore(path) as store:
        store.attach(chat, id="a")
        service.say("one ", "two ", "three")
        begun, done = threading.Event(), threading.Event()

        def write():
            with store._backend._database._alone():
                begun.set()
                done.wait(30)

        thread = threading.Thread(target=write)
        for place, piece in enumerate(chat.stream("Count")):
            if place == 0:
                thread.start()
                begun.wait(30)
            assert seen_at(path, "a").last_turn().text.endswith(piece)
            if place == 1:
                done.set()
                thread.join()
        assert seen_at(path, "a").turns == chat.turns
