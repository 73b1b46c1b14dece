"""The database fails while a chat is kept: nothing in memory is lost, and it is told at the right moment.

Also that a backend of one's own is enough for everything.
"""

import asyncio
import importlib.util
from pathlib import Path

import pytest

from chatkit import ConfigError
from chatkit._errors import StoreError
from chatkit.store import ConversationStore
from chatkit.testing import Answer, ToolCall

_SPEC = importlib.util.spec_from_file_location("memory_backend", Path(__file__).with_name("memory_backend.py"))
_ROOM = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_ROOM)


@pytest.fixture
def backend():
    return _ROOM.MemoryBackend()


@pytest.fixture
def kept(backend, chat):
    with ConversationStore(backend) as store:
        store.attach(chat, id="a")
        yield store


def _seen(store, **options):
    return store.load("a", attach=False, credentials=lambda: "k", **options)


def test_a_backend_of_ones_own_does_all_that_the_others_do(kept, chat, backend, make_chat, service, tmp_path, canary):
    service.say("Hello ", "world")
    shown = ""
    for piece in chat.stream("Hi"):
        shown += piece
        assert _seen(kept).last_turn().text == shown
    assert _seen(kept).turns == chat.turns
    with pytest.raises(StoreError, match="Somebody writes it"):
        kept.load("a")
    fork = make_chat()
    kept.attach(fork, id="b", title="Fork", parent="a")
    assert [info.id for info in kept.list()] == ["b", "a"]
    assert [info.title for info in kept.list(order="title")] == ["Fork", "Hi"]
    assert [(hit.conversation.id, hit.turn) for hit in kept.search("wor*")] == [("a", 1)]
    kept.rename("b", "Other")
    assert [hit.turn for hit in kept.search("other")] == [None]
    assert [info.id for info in kept.lineage("b")] == ["a", "b"]
    assert "world" in kept.export("a", tmp_path / "a.md").read_text()
    kept.detach(fork)
    kept.delete("b")
    kept.detach(chat)
    assert kept.load("a", credentials=canary.credentials).turns == chat.turns
    assert repr(kept) == "ConversationStore('memory')"


@pytest.mark.parametrize("where", [3, None, object, _ROOM.MemoryBackend])
def test_what_is_no_backend_is_refused(where):
    with pytest.raises(ConfigError, match="A store is at a path or a URL, or in a Backend"):
        ConversationStore(where)


def test_nothing_is_sent_that_could_not_be_written_before(kept, chat, backend, service):
    backend.broken = "full"
    service.say("Hello")
    with pytest.raises(StoreError, match="disk is full") as caught:
        chat.chat("Hi")
    assert (caught.value.kind, service.requests, chat.turns) == ("full", [], [])
    backend.broken = None
    assert chat.chat("Hi") == "Hello"
    assert _seen(kept).turns == chat.turns


def test_an_answer_is_received_to_its_end_although_it_cannot_be_written(kept, chat, backend, service):
    service.say("one ", "two ", "three")
    told = []
    with pytest.raises(StoreError, match="disk is full"):
        for piece in chat.stream("Count"):
            told.append(piece)
            backend.broken = "full"
    assert "".join(told) == "one two three"
    assert (chat.last_turn().text, chat.last_turn().interrupted) == ("one two three", None)
    # Told once. As soon as it is possible again, all of it is written.
    backend.broken = None
    assert [turn.text for turn in _seen(kept).turns] == ["Count", "one "]
    service.say("four")
    assert chat.chat("On") == "four"
    assert _seen(kept).turns == chat.turns


def test_when_it_is_possible_again_at_the_end_nobody_need_be_told(kept, chat, backend, service):
    service.say("one ", "two ", "three ", "four")
    for place, _ in enumerate(chat.stream("Count")):
        backend.broken = "locked" if place < 2 else None
    assert _seen(kept).turns == chat.turns


def test_after_a_failure_no_piece_is_tried_for_itself(kept, chat, backend, service):
    service.say(*["x"] * 200)
    with pytest.raises(StoreError):
        for _ in chat.stream("Count"):
            backend.broken = "full"
    assert backend.tries < 10


def test_no_tool_runs_that_could_not_be_written_down_before(kept, chat, backend, service):
    @chat.register_tool
    def work() -> str:
        """Work."""
        raise AssertionError("it ran")

    service.script(Answer("Well.", tool_calls=[ToolCall("work")]))
    with pytest.raises(StoreError, match="disk is full"):
        for _ in chat.stream("go"):
            backend.broken = "full"
    assert chat.turns[-1].tool_results[0].error == "The tool call was interrupted."
    backend.broken = None
    service.say("Fine.")
    assert chat.chat("on") == "Fine."
    assert _seen(kept, tools=[work]).turns == chat.turns


def test_a_result_that_could_not_be_written_is_written_with_its_turn(kept, chat, backend, service):
    @chat.register_tool
    def work(word: str) -> str:
        """Work."""
        backend.broken = "full" if word == "a" else None
        return word

    @chat.on_tool_request
    def mend(request):
        backend.broken = None

    calls = [ToolCall("work", {"word": "a"}), ToolCall("work", {"word": "b"})]
    service.script(Answer("Well.", tool_calls=calls), "Fine.")
    events = []
    for event in chat.stream("go").events():
        events.append(type(event).__name__)
        backend.broken = None
    assert events.count("ToolReturned") == 2
    assert _seen(kept, tools=[work]).turns == chat.turns


def test_an_async_chat_is_told_in_the_same_way(kept, chat, backend, service):
    service.say("one ", "two")

    async def run():
        async for _ in chat.stream_async("Count"):
            backend.broken = "full"

    with pytest.raises(StoreError, match="disk is full"):
        asyncio.run(run())
    assert chat.last_turn().text == "one two"
    with pytest.raises(StoreError, match="disk is full"):
        asyncio.run(chat.chat_async("More"))
    assert len(chat) == 2
    assert len(service.requests) == 1


def test_a_change_beside_a_call_stands_though_it_could_not_be_written(kept, chat, backend, service):
    chat.add_turn("1", "one")
    backend.broken = "full"
    with pytest.raises(StoreError):
        chat.undo()
    assert chat.turns == []
    backend.broken = None
    assert len(_seen(kept)) == 2
    service.say("two")
    chat.chat("2")
    assert _seen(kept).turns == chat.turns


def test_the_fault_of_the_answer_comes_before_that_of_the_store(kept, chat, backend, service):
    service.script(Answer(["one ", "two"], fails="I am tired."))
    with pytest.raises(Exception, match="I am tired"):
        for _ in chat.stream("Count"):
            backend.broken = "full"
    assert chat.last_turn().interrupted is not None
    backend.broken = None
    service.say("three")
    chat.chat("On")
    assert _seen(kept).turns == chat.turns


def test_a_chat_that_cannot_be_detached_in_order_is_detached_all_the_same(kept, chat, backend):
    chat.metadata["x"] = 1
    backend.broken = "full"
    with pytest.raises(StoreError):
        kept.detach(chat)
    backend.broken = None
    assert not chat._talk.readers
    assert len(kept.load("a", credentials=lambda: "k")) == 0


def test_a_chat_that_could_not_be_attached_is_not(backend, chat):
    with ConversationStore(backend) as store:
        backend.broken = "full"
        with pytest.raises(StoreError):
            store.attach(chat, id="a")
        backend.broken = None
        assert not chat._talk.readers
        assert store.attach(chat, id="a") == "a"
        store.close()
        assert not chat._talk.readers


def test_a_conversation_that_is_deleted_under_ones_feet_is_told(kept, chat, backend):
    backend.data.clear()
    with pytest.raises(StoreError, match="no conversation 'a'"):
        chat.add_turn("1", "one")
    assert len(chat) == 2
