"""Several who read and write at once: stores, threads, processes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from chatkit import chat_openai_compatible
from chatkit._errors import StoreError
from chatkit.store import ConversationStore

HOLDER = """
import sys, time
from chatkit import chat_openai_compatible
from chatkit.store import ConversationStore
store = ConversationStore(sys.argv[1])
chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="m", credentials=lambda: "k")
store.attach(chat, id="held")
chat.add_turn("1", "one")
print("ready", flush=True)
time.sleep(100)
"""
WRITER = """
import sys
from chatkit import chat_openai_compatible
from chatkit.store import ConversationStore
store = ConversationStore(sys.argv[1])
chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="m", credentials=lambda: "k")
store.attach(chat, id=sys.argv[2])
for number in range(30):
    chat.add_turn(f"{sys.argv[2]} {number}", "x" * number)
"""


@pytest.fixture
def holder(where):
    """Another process that has the conversation "held"."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, where], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_a_second_writer_is_told_at_once_and_may_read(where, open_store, holder, seen):
    store = open_store(where)
    begun = time.monotonic()
    for act in (lambda: store.load("held"), lambda: store.delete("held"), lambda: store.attach(_chat(), id="held")):
        with pytest.raises(StoreError, match="'held' is being written by") as caught:
            act()
        assert (caught.value.kind, caught.value.conversation) == ("busy", "held")
        assert "attach=False" in caught.value.hint
    assert time.monotonic() - begun < 3
    if not where.startswith("postgresql"):
        assert f"process {holder.pid} on " in str(caught.value)
    assert [turn.text for turn in seen("held").turns] == ["1", "one"]
    store.rename("held", "Held")
    assert store.info("held").title == "Held"


def test_a_killed_writer_lets_go(where, open_store, holder):
    store = open_store(where)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert len(_patiently(lambda: store.load("held", credentials=lambda: "k"))) == 2


def test_a_writer_in_the_same_process_is_told_so(open_store, where, store, chat):
    store.attach(chat, id="a")
    for other in (store, open_store(where)):
        with pytest.raises(StoreError, match="being written by another chat") as caught:
            other.load("a")
        assert caught.value.kind == "busy"


def test_many_processes_write_into_one_store(where, open_store, seen):
    names = [f"p{number}" for number in range(4)]
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, where, name], stderr=subprocess.PIPE) for name in names]
    for writer in writers:
        _, trouble = writer.communicate(timeout=60)
        assert writer.returncode == 0, trouble.decode()
    assert {info.id for info in open_store(where).list()} == set(names)
    for name in names:
        assert [turn.text for turn in seen(name).turns][::2] == [f"{name} {number}" for number in range(30)]


def test_many_threads_talk_through_one_store(store, make_chat, seen, service):
    service.on_request(lambda request: "you said " + request.messages[-1]["content"])
    troubles = []

    def talk(name):
        try:
            chat = make_chat()
            store.attach(chat, id=name)
            for number in range(5):
                assert "".join(chat.stream(f"{name} {number}")) == f"you said {name} {number}"
            kept[name] = chat.turns
        except BaseException as error:
            troubles.append(error)
            raise

    kept = {}
    threads = [threading.Thread(target=talk, args=(f"t{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    for name, turns in kept.items():
        assert seen(name).turns == turns


def test_somebody_who_reads_all_the_time_sees_only_what_was_said(store, chat, where, service):
    """A reader sees at each moment a beginning of the answer that is longer than what it saw before."""
    store.attach(chat, id="a")
    pieces = [f"{number} " for number in range(400)]
    whole = "".join(pieces)
    service.say(*pieces)
    lengths, over = [], threading.Event()

    def read():
        with ConversationStore(where) as reader:
            while not over.is_set():
                turns = reader.load("a", attach=False, credentials=lambda: "k").turns
                text = turns[1].text if turns else ""
                assert whole.startswith(text)
                lengths.append(len(text))

    thread = threading.Thread(target=read)
    thread.start()
    shown = 0
    for piece in chat.stream("Count"):
        shown += len(piece)
        time.sleep(0.002)
    over.set()
    thread.join()
    assert shown == len(whole)
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 5


def _in_child(store, chat, queue):
    try:
        store.list()
    except StoreError as error:
        queue.put((error.kind, str(error)))
    try:
        chat.add_turn("child", "x")
    except StoreError as error:
        queue.put((error.kind, str(error)))


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_has_to_open_the_store_anew(store, chat, where, open_store):
    store.attach(chat, id="a")
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_in_child, args=(store, chat, queue))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    for _ in range(2):
        kind, words = queue.get()
        assert kind == "closed"
        assert "forked" in words
    chat.add_turn("parent", "y")
    assert len(open_store(where).load("a", attach=False, credentials=lambda: "k")) == 2


def _patiently(act):
    """Servers notice within moments that a process is gone."""
    for _ in range(100):
        try:
            return act()
        except StoreError as error:
            assert error.kind == "busy"
            time.sleep(0.05)
    return act()


def _chat():
    return chat_openai_compatible("http://127.0.0.1:9/v1", model="m", credentials=lambda: "k")
