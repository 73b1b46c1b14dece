"""Group I of the fault catalogue: histories, saving and loading, each row through a chat.

More of each is in tests/record and tests/chat (files, versions, limits), and I11 in tests/properties.
"""

from __future__ import annotations

import copy
import os
import pickle
import signal
import subprocess
import sys
import time

import pytest

from chatkit import Chat, ContentToolRequest, ContentToolResult, HistoryError, StreamInterruptedError, Turn, UserTurn
from chatkit._turns.turns import AssistantTurn
from chatkit.testing import Answer, EventsAnswer

CALL = ContentToolRequest("k", "add", {"a": 1, "b": 2})


def test_i1_an_unanswered_call_at_the_end(row):
    chat = row.make()
    chat.add_turn("1 + 2?", AssistantTurn((CALL,)))
    row("Good.", chat=chat, text="Good.")
    sent = row.service.requests[0].messages
    assert [message["role"] for message in sent[-3:]] == ["assistant", "tool", "user"]


ODD: dict[str, list[Turn]] = {
    "orphan result": [UserTurn((ContentToolResult("3", request=CALL),))],
    "empty answer": [UserTurn("a"), AssistantTurn(())],
    "two users": [UserTurn("a"), UserTurn("b")],
}


@pytest.mark.parametrize("name", ODD)
def test_i2_odd_histories_are_repaired_when_sent(row, name):
    chat = row.make()
    chat.set_turns([*chat.turns, *ODD[name]])
    row.service.strict = True
    row("Good.", chat=chat, text="Good.")


def test_i3_after_a_partial_answer(row, chunk):
    fragment = [{"index": 0, "id": "k", "type": "function", "function": {"name": "add", "arguments": "{}"}}]
    answer = EventsAnswer([chunk("So far"), chunk(tool_calls=fragment)], done=False)
    row(answer, raises=StreamInterruptedError, history="HP", text="So far")
    sent = row.service.requests[-1].messages
    assert {"role": "assistant", "content": "So far"} in sent
    assert not any("tool_calls" in message for message in sent)


@pytest.fixture
def saved(row_once, tmp_path):
    """A file of a chat."""
    path = tmp_path / "chat.json"
    row_once.make().save(path)
    return path


@pytest.fixture
def loads(row_once, canary):
    """Load a file that cannot be loaded; a chat beside it is unharmed."""

    def act(path, *names):
        row_once(
            act=lambda: Chat.load(path, credentials=canary.credentials), raises=HistoryError, names=[str(path), *names],
            requests=0,
        )  # fmt: skip

    return act


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "no JSON",
        lambda text: "[1, 2]",
        lambda text: text.replace('"version": 1', '"version": 99').replace('"version":1', '"version":99'),
        lambda text: text.replace('"text"', '"hologram"', 1),
    ],
    ids=["truncated", "no JSON", "another root", "version 99", "an unknown tag"],
)
def test_i4_a_damaged_file(saved, loads, damage):
    text = saved.read_text(encoding="utf-8")
    saved.write_text(damage(text), encoding="utf-8")
    assert saved.read_text(encoding="utf-8") != text
    loads(saved)


def test_i5_a_file_of_100_000_levels(saved, loads):
    saved.write_text("[" * 100_000, encoding="utf-8")
    loads(saved)


def test_i5_a_file_of_200_mb(saved, loads):
    with saved.open("wb") as file:
        file.truncate(200_000_000)
    loads(saved, "MiB")


TRICKY = 'a\u2028b\u2029c\0d {"type": "image_inline", "version": 1, "lc": 1} \ud83d __class__'


def test_i6_any_text_comes_back(row, tmp_path, canary):
    chat = row.make()
    row(Answer([TRICKY]), chat=chat, text=TRICKY.replace("\ud83d", "\ufffd"))
    chat.add_turn(TRICKY, "Yes.")
    path = tmp_path / "chat.json"
    chat.save(path)
    again = Chat.load(path, credentials=canary.credentials)
    assert [turn.text for turn in again.turns] == [turn.text.replace("\ud83d", "\ufffd") for turn in chat.turns]
    canary.assert_not_in(path.read_bytes())


def test_i7_a_folder_that_is_not_there(row_once, tmp_path):
    chat, path = row_once.make(), tmp_path / "no" / "chat.json"
    row_once(chat=chat, act=lambda: chat.save(path), raises=FileNotFoundError, names=[str(path)], requests=0)


def test_i7_a_disk_that_is_full(row_once, saved, monkeypatch):
    chat, before = row_once.make(), saved.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    row_once(chat=chat, act=lambda: chat.save(saved), raises=OSError, names=[str(saved), "No space"], requests=0)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


SAVER = """
import sys
from chatkit import chat_openai_compatible
chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="m", echo="none")
chat.add_turn(sys.argv[2] * 200_000, "Yes.")
print("ready", flush=True)
while True:
    chat.save(sys.argv[1])
"""


def test_i7_i8_killed_while_saving_and_two_who_save_one_file(saved, canary):
    for _ in range(3):
        savers = [
            subprocess.Popen([sys.executable, "-c", SAVER, str(saved), word], stdout=subprocess.PIPE)
            for word in ("ab", "cd")
        ]
        for saver in savers:
            assert saver.stdout.readline() == b"ready\n"
        time.sleep(0.1)
        for saver in savers:
            saver.send_signal(signal.SIGKILL)
            saver.wait()
            saver.stdout.close()
        chat = Chat.load(saved, credentials=canary.credentials)
        assert set(chat.turns[0].text) in ({"a", "b"}, {"c", "d"}, set("Before."))


def test_i9_calls_that_wait_do_not_run_by_being_loaded(row, tmp_path, canary):
    chat, ran, path = row.make(), [], tmp_path / "chat.json"

    def add(a: int, b: int) -> int:
        """Add."""
        ran.append((a, b))
        return a + b

    chat.add_turn("1 + 2?", AssistantTurn((CALL,)))
    chat.save(path)
    again = Chat.load(path, credentials=canary.credentials, tools=[add])
    assert ran == []
    assert row.service.requests == []
    row.service.say("Good.")
    again.chat("Hi")
    assert ran == []


def test_i10_a_copy_in_the_middle_of_a_stream(stream_row, service, canary):
    chat = stream_row.make()
    copies = []

    def act():
        for piece in chat.stream("Hi"):
            stream_row.heard.append(piece)
            if not copies:
                copies.append(copy.deepcopy(chat))
                stored = pickle.dumps(chat)
                canary.assert_not_in(stored)
                copies.append(pickle.loads(stored))

    stream_row(Answer(["one ", "two"]), chat=chat, act=act, text="one two")
    for twin in copies:
        # Of what was under way there is nothing in them: the history alone.
        assert twin.turns == chat.turns[:2]
        canary.assert_not_in_object(twin.turns)
    service.say("Mine.")
    assert copies[0].chat("Hi") == "Mine."
    with pytest.raises(Exception, match="credentials"):
        copies[1].chat("Hi")


def test_i10_a_stream_itself_does_not_travel(stream_row):
    chat = stream_row.make()

    def act():
        stream = chat.stream("Hi")
        with pytest.raises(TypeError):
            pickle.dumps(stream)
        stream_row.heard.extend(stream)

    stream_row(Answer(["one ", "two"]), chat=chat, act=act, text="one two")


def test_i11_after_a_fault_what_is_saved_can_be_loaded(row, tmp_path, canary, chunk):
    # The property over a thousand random conversations is tests/properties/test_random_faults.py.
    chat, path = row.make(), tmp_path / "chat.json"
    row(
        EventsAnswer([chunk("So far")], done=False),
        chat=chat,
        raises=StreamInterruptedError,
        history="HP",
        text="So far",
    )
    chat.save(path)
    assert Chat.load(path, credentials=canary.credentials).turns == chat.turns
    canary.assert_not_in(path.read_bytes())
