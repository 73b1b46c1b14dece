"""The journals beside an SQLite file: one owner each, whole lines, and gone when nobody writes."""

import os
import sqlite3
import stat
import sys

import pytest

from chatkit._errors import StoreError
from chatkit._store import journal, sqlite
from chatkit._store.journal import Journal, read_journal
from chatkit.store import ConversationStore


def test_the_files_of_a_store_are_for_their_owner_only(filled):
    with ConversationStore(filled) as store:
        chat = store.load("a", credentials=lambda: "k")
        for place in (filled, *filled.parent.glob("store.db-*"), *filled.parent.glob("store.db-live/*")):
            assert stat.S_IMODE(place.stat().st_mode) & 0o077 == 0, place
        assert len(chat) == 4


def test_journals_go_when_nobody_writes(filled):
    folder = filled.with_name("store.db-live")
    with ConversationStore(filled) as store:
        chat = store.load("a", credentials=lambda: "k")
        assert len(list(folder.iterdir())) == 1
        store.detach(chat)
        assert list(folder.iterdir()) == []


def test_a_journal_holds_what_was_appended_and_nothing_that_is_not_whole(tmp_path):
    path = tmp_path / "x.log"
    file = Journal(path, "x")
    file.append(3, 1, '["text","a"]')
    file.append(3, 2, '["text","b"]')
    file.close()
    with path.open("ab") as raw:
        raw.write(b'\n3 3 ["te\n4 x []\n' + b"9" * 50 + b" 1 []\nnoise\n3 4 " + b"[" * 100_000)
    assert read_journal(path) == [(3, 1, '["text","a"]'), (3, 2, '["text","b"]')]
    file = Journal(path, "x")
    file.append(3, 5, '["text","c"]')
    assert read_journal(path)[-1] == (3, 5, '["text","c"]')
    file.clear()
    assert read_journal(path) == []
    file.close()
    file.close()
    assert not path.exists()
    assert read_journal(path) == []


def test_a_journal_has_one_owner(tmp_path):
    path = tmp_path / "x.log"
    file = Journal(path, "x")
    with pytest.raises(StoreError, match="another chat of this process"):
        Journal(path, "x")
    os.pwrite(file._file, b"77 elsewhere ".ljust(40), 0)
    with pytest.raises(StoreError, match="process 77 on elsewhere"):
        Journal(path, "x")
    os.pwrite(file._file, b" " * 40, 0)
    with pytest.raises(StoreError, match="another process"):
        Journal(path, "x")
    file.close()
    Journal(path, "x").close()


def test_a_journal_that_was_just_removed_is_made_anew(tmp_path, monkeypatch):
    path, looked = tmp_path / "x.log", []
    there = journal._is_there

    def removed_once(file, place):
        looked.append(place)
        if len(looked) == 1:
            place.unlink()
        return there(file, place)

    monkeypatch.setattr(journal, "_is_there", removed_once)
    file = Journal(path, "x")
    assert len(looked) == 2
    file.append(1, 1, "[]")
    assert read_journal(path) == [(1, 1, "[]")]
    file.close()


def test_a_journal_on_a_full_disk_says_so_and_stays_whole(tmp_path):
    path = tmp_path / "x.log"
    file = Journal(path, "x")
    file.append(1, 1, "[]")
    real = file._file
    file._file = os.open("/dev/full", os.O_RDWR)
    with pytest.raises(StoreError, match="cannot be written") as caught:
        file.append(1, 2, "[]")
    assert caught.value.kind == "full"
    os.close(file._file)
    file._file = real
    file.append(1, 3, "[]")
    assert read_journal(path) == [(1, 1, "[]"), (1, 3, "[]")]
    file.close()


def test_a_line_that_was_written_in_part_is_taken_back(tmp_path, monkeypatch):
    path = tmp_path / "x.log"
    file = Journal(path, "x")
    write = os.write
    monkeypatch.setattr(os, "write", lambda place, data: write(place, data[:4]))
    with pytest.raises(StoreError) as caught:
        file.append(1, 1, "[]")
    monkeypatch.undo()
    assert caught.value.kind == "full"
    assert path.stat().st_size == 128
    file.close()


def test_a_journal_that_cannot_be_made_is_told(tmp_path, chat):
    with pytest.raises(StoreError, match="cannot be written") as caught:
        Journal(tmp_path / "no" / "x.log", "x")
    assert caught.value.kind == "io"
    (tmp_path / "s.db-live").write_text("in the way")
    with ConversationStore(tmp_path / "s.db") as store, pytest.raises(StoreError, match="cannot be made"):
        store.attach(chat)


class _Windows:
    """What Windows has in place of flock."""

    LK_NBLCK = 2
    taken = False

    def locking(self, file, mode, size):
        assert (mode, size, os.lseek(file, 0, os.SEEK_CUR)) == (2, 1, 1 << 40)
        if self.taken:
            raise OSError(13, "Permission denied")
        self.taken = True


def test_where_there_is_no_flock_a_byte_is_locked(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", _Windows())
    file = Journal(tmp_path / "x.log", "x")
    file.append(1, 1, "[]")
    with pytest.raises(StoreError, match="being written"):
        Journal(tmp_path / "x.log", "x")
    assert read_journal(tmp_path / "x.log") == [(1, 1, "[]")]
    file.close()


def _rows(path):
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT entries FROM chatkit_drafts ORDER BY place").fetchall()
    connection.close()
    return "".join(entries for (entries,) in found)


def test_pieces_go_into_the_tables_every_200_milliseconds(path, chat, service, seen_at, clock):
    now = [0.0]
    clock(sqlite, lambda: now[0])
    with ConversationStore(path) as store:
        store.attach(chat, id="a")
        service.say(*[f"<{number}>" for number in range(6)])
        for place, _ in enumerate(chat.stream("Count")):
            # The first entry is what the user said, and opened the draft at 0 seconds.
            assert (f"<{place}>" in _rows(path)) == (place == 3), place
            assert ("<0>" in _rows(path)) == (place >= 3), place
            assert seen_at(path, "a").last_turn().text.endswith(f"<{place}>")
            now[0] += 0.07
        assert _rows(path) == "[]" or not _rows(path)


def test_a_locked_database_does_not_hold_an_answer_up(path, chat, service, seen_at, monkeypatch):
    """What the journal has is safe; the tables get it when the other one is done."""
    monkeypatch.setattr(sqlite, "EVERY", 0.0)
    with ConversationStore(path) as store:
        store.attach(chat, id="a")
        service.say(*[f"<{number}>" for number in range(6)])
        other = sqlite3.connect(path, isolation_level=None)
        for place, _ in enumerate(chat.stream("Count")):
            if place == 1:
                other.execute("BEGIN IMMEDIATE")
            assert seen_at(path, "a").last_turn().text.endswith(f"<{place}>")
            assert (f"<{place}>" in _rows(path)) == (place in (0, 1, 4, 5))
            if place == 3:
                other.execute("ROLLBACK")
        other.close()
        assert seen_at(path, "a").turns == chat.turns


def test_a_database_that_stays_locked_is_told_and_nothing_is_sent(path, chat, service, monkeypatch):
    monkeypatch.setattr(sqlite, "_PATIENCE", 50)
    with ConversationStore(path) as store:
        store.attach(chat, id="a")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked") as caught:
            chat.chat("Hi")
        assert (caught.value.kind, service.requests) == ("locked", [])
        other.close()
        service.say("Hello")
        assert chat.chat("Hi") == "Hello"


def test_a_full_disk_is_told_and_the_answer_is_whole(path, chat, service, seen_at):
    with ConversationStore(path) as store:
        store.attach(chat, id="a")
        connection = store._backend._database._connection
        service.say("one ", "x" * 200_000)
        with pytest.raises(StoreError, match="full") as caught:
            for _ in chat.stream("Count"):
                connection.execute(f"PRAGMA max_page_count={connection.execute('PRAGMA page_count').fetchone()[0]}")
        assert caught.value.kind == "full"
        assert len(chat.last_turn().text) == 200_004
        # The turn is not in the tables, but all that was shown is in the journal.
        assert len(seen_at(path, "a").last_turn().text) == 200_004
        connection.execute("PRAGMA max_page_count=1000000")
        service.say("two")
        chat.chat("On")
        assert seen_at(path, "a").turns == chat.turns


def test_a_journal_on_a_full_disk_is_told_at_the_end_of_the_answer(path, chat, service, seen_at):
    with ConversationStore(path) as store:
        store.attach(chat, id="a")
        draft = store._backend._database._drafts["a"]
        service.say("one ", "two ", "three")
        for _ in chat.stream("Count"):
            os.dup2(os.open("/dev/full", os.O_RDWR), draft.journal._file)
        # The turn as a whole went into the tables, so that there is nothing to tell.
        assert seen_at(path, "a").turns == chat.turns


def test_what_is_not_locked_is_not_written(path, chat):
    with ConversationStore(path) as store:
        database = store._backend._database
        with pytest.raises(StoreError, match="not being written here") as caught:
            database.note("b", 1, 1, "[]")
        assert caught.value.kind == "closed"
        store.attach(chat, id="a")
        database._drafts.clear()
        with pytest.raises(StoreError, match="not being written here"):
            chat.add_turn("1", "one")


def test_entries_between_those_noted_are_left_where_they_are(path, chat, monkeypatch):
    monkeypatch.setattr(sqlite, "EVERY", 0.0)
    with ConversationStore(path) as store:
        store.attach(chat, id="a")
        backend = store._backend
        draft = backend.row("a").draft
        live = backend._database._drafts["a"]
        for place in (1, 2, 4):
            live.written_at = 1e18 if place != 4 else 0.0
            backend.note("a", draft, place, f'["text","{place}"]')
        assert list(backend.read("a").entries) == ['["text","1"]', '["text","2"]', '["text","4"]']


def test_a_change_in_the_middle_of_another_is_refused(path):
    """As when Python ends an answer that was dropped while this very thread writes another one."""
    with ConversationStore(path) as store:
        database = store._backend._database
        with database.session(writing=True):
            with pytest.raises(StoreError, match="in the middle of another change") as caught:
                store.list()
            assert caught.value.kind == "locked"
        assert store.list() == []


def test_a_child_has_no_part_in_the_journals_of_its_parent(tmp_path):
    path = tmp_path / "x.log"
    file = Journal(path, "x")
    file.append(1, 1, "[]")
    journal._in_child()
    assert file._file == -1
    assert read_journal(path) == [(1, 1, "[]")]
    Journal(path, "x").close()
