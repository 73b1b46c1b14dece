"""Stores that were damaged, are something else, older, or newer."""

import json
import random
import sqlite3

import pytest

from chatkit import AssistantTurn, ChatkitError, ConfigError, ContentImageInline, UserTurn
from chatkit._errors import StoreError
from chatkit._store import schema
from chatkit.store import ConversationStore


def _kind(path):
    with pytest.raises(StoreError) as caught:
        ConversationStore(path)
    return caught.value.kind


def test_an_empty_file_becomes_a_store(path):
    path.touch()
    with ConversationStore(path) as store:
        assert store.list() == []


def test_what_is_no_database_is_refused_and_left_alone(path):
    path.write_bytes(b"Dear diary, " * 500)
    assert _kind(path) == "corrupt"
    assert path.read_bytes() == b"Dear diary, " * 500


@pytest.mark.parametrize("size", [1, 2, 16, 99, 512])
def test_a_short_file_of_something_else_is_refused_and_left_alone(path, size):
    path.write_bytes(b"x" * size)
    assert _kind(path) in ("corrupt", "foreign")
    assert path.read_bytes() == b"x" * size
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_database_of_something_else_is_refused_and_left_alone(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    assert _kind(path) == "foreign"
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]
    connection.close()


def test_places_that_cannot_be_are_told(tmp_path):
    assert _kind(tmp_path / "no" / "folder" / "x.db") == "io"
    assert _kind(tmp_path) == "io"
    for where, words in ((":memory:", "in memory"), ("mysql://h/d", "at mysql:"), ("", "A path"), ("a\0b", "A path")):
        with pytest.raises(ConfigError, match=words):
            ConversationStore(where)


def test_half_a_file_is_told(filled):
    data = filled.read_bytes()
    filled.write_bytes(data[: len(data) // 2])
    with pytest.raises(StoreError) as caught, ConversationStore(filled) as store:
        store.load("a")
    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_file_gives_clear_errors_and_no_others(filled, seed, tmp_path):
    dice = random.Random(seed)
    data = bytearray(filled.read_bytes())
    for _ in range(dice.choice((1, 10, 1000))):
        data[dice.randrange(100, len(data))] = dice.randrange(256)
    filled.write_bytes(data)
    held = 0
    try:
        with ConversationStore(filled) as store:
            for act in (
                store.list,
                lambda: store.search("look"),
                lambda: store.load("a", credentials=lambda: "k").add_turn("x", "y"),
                lambda: store.export("a", tmp_path / "a.md"),
                lambda: store.rename("a", "T"),
                lambda: store.delete("a"),
            ):
                try:
                    act()
                except ChatkitError as error:
                    assert str(error)
                held += 1
    except StoreError as error:
        assert str(error)
    assert held in (0, 6)


@pytest.mark.parametrize(
    "change",
    [
        "chatkit_conversations SET state = '{'",
        "chatkit_conversations SET state = '[]'",
        "chatkit_conversations SET state = '{}'",
        "chatkit_conversations SET state = '{\"version\": 99}'",
        "chatkit_conversations SET state = 7",
        "chatkit_conversations SET state = x'ff00'",
        "chatkit_conversations SET created = 'long ago'",
        "chatkit_conversations SET updated = 1e300",
        "chatkit_conversations SET title = x'ff'",
        "chatkit_turns SET record = '' WHERE position = 0",
        "chatkit_turns SET record = 3 WHERE position = 0",
        "chatkit_turns SET record = '[]' WHERE position = 0",
        'chatkit_turns SET record = \'{"role": "god"}\' WHERE position = 0',
        'chatkit_turns SET record = \'{"role": "system", "contents": []}\' WHERE position = 0',
        "chatkit_turns SET record = CAST(x'ff' AS TEXT) WHERE position = 0",
        "chatkit_blobs SET data = 'x'",
        "chatkit_conversations SET draft = 'x'",
    ],
)
def test_rows_that_make_no_sense_are_refused(filled, change):
    connection = sqlite3.connect(filled)
    connection.execute(f"UPDATE {change}")
    connection.commit()
    connection.close()
    with ConversationStore(filled) as store:
        for _ in range(2):
            with pytest.raises(ChatkitError, match=r"conversation 'a'|store\.db"):
                store.load("a", credentials=lambda: "k")


@pytest.mark.parametrize("entries", ["{", "{}", '["sing"]', "3", '[["text"]]'])
def test_drafts_that_make_no_sense_are_refused(filled, entries):
    connection = sqlite3.connect(filled)
    connection.execute("INSERT INTO chatkit_drafts SELECT id, draft, 0, ? FROM chatkit_conversations", (entries,))
    connection.commit()
    connection.close()
    with ConversationStore(filled) as store, pytest.raises(ChatkitError, match="conversation 'a'"):
        store.load("a", credentials=lambda: "k")


@pytest.mark.parametrize("version", ["99", "'x'", "-1"])
def test_a_store_of_a_later_version_is_refused_and_left_alone(store, where, version):
    database = store._backend._database
    with database.session(writing=True):
        database.execute("ALTER TABLE chatkit_store RENAME COLUMN version TO old")
        database.execute("ALTER TABLE chatkit_store ADD COLUMN version TEXT")
        database.execute(f"UPDATE chatkit_store SET version = {version}")
    store.close()
    with pytest.raises(StoreError, match=r"is of version .*knows versions up to 2") as caught:
        ConversationStore(where)
    assert caught.value.kind == "version"
    assert "update" in caught.value.hint


def test_a_store_of_the_first_version_is_brought_up_to_date(where, monkeypatch, chat, canary, make_chat):
    """Of version 1 are stores without search and lineage, and with large contents in the turns."""
    image = ContentImageInline("image/png", "QUJD" * 1000)
    text, picture = {"type": "text", "text": "Gr\u00fc\u00dfe"}, {"type": "image_inline", "media_type": "image/png"}
    record = json.dumps({"role": "user", "contents": [text, {**picture, "data": image.data, "detail": "auto"}]})
    with ConversationStore(where) as store:
        store.attach(chat, id="model")
        state = store._backend.row("model").state
        database = store._backend._database
        with database.session(writing=True):
            for table in ("held", "blobs", "drafts", "turns", "conversations", "store", "words"):
                if table != "words" or not where.startswith("postgresql"):
                    database.execute(f"DROP TABLE chatkit_{table}")
    monkeypatch.setattr(schema, "STEPS", schema.STEPS[:1])
    monkeypatch.setattr(schema, "VERSION", 1)
    with ConversationStore(where) as store:
        database = store._backend._database
        with database.session(writing=True):
            database.execute(
                "INSERT INTO chatkit_conversations VALUES ('a', 'Old times', 1.5, 2.5, 'm', 2, 7, ?)", (state,)
            )
            database.execute("INSERT INTO chatkit_conversations VALUES ('b', NULL, 1.5, 2.5, 'm', 0, 0, ?)", (state,))
            sql = "INSERT INTO chatkit_turns (conversation, position, record) VALUES ('a', ?, ?)"
            database.execute(sql, (0, record))
            database.execute(sql, (1, '{"role":"assistant","contents":[{"type":"text","text":"Hello"}]}'))
    monkeypatch.undo()
    with ConversationStore(where) as store:
        assert store.load("a", attach=False, credentials=canary.credentials).turns == [
            UserTurn(["Gr\u00fc\u00dfe", image]),
            AssistantTurn("Hello"),
        ]
        found = [(hit.turn, hit.snippet) for words in ("grusse", "hello", "times") for hit in store.search(words)]
        assert found == [(0, "Gr\u00fc\u00dfe"), (1, "Hello"), (None, "Old times")]
        other = make_chat()
        store.attach(other, id="c", parent="a")
        assert store.info("c").parent == "a"
        database = store._backend._database
        with database.session(writing=False):
            assert database.execute("SELECT count(*) FROM chatkit_blobs").rows == [(1,)]
            assert database.execute("SELECT version FROM chatkit_store").rows == [(2,)]


def test_a_damaged_store_of_the_first_version_is_not_half_brought_up(path, monkeypatch):
    monkeypatch.setattr(schema, "STEPS", schema.STEPS[:1])
    monkeypatch.setattr(schema, "VERSION", 1)
    ConversationStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO chatkit_conversations VALUES ('a', NULL, 1, 1, 'm', 1, 0, '{}')")
    connection.execute("INSERT INTO chatkit_turns (conversation, position, record) VALUES ('a', 0, '{')")
    connection.commit()
    before = connection.execute("SELECT sql FROM sqlite_master").fetchall()
    monkeypatch.undo()
    assert _kind(path) == "corrupt"
    assert connection.execute("SELECT sql FROM sqlite_master").fetchall() == before
    connection.close()


def test_an_sqlite_that_is_too_old_is_told(path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 30, 0))
    assert _kind(path) == "version"
