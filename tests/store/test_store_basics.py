"""Attaching chats to a store, and loading them again."""

import gc
import pickle

import pytest

from chatkit import ConfigError, MissingToolWarning, chat_openai_compatible
from chatkit._errors import StoreError
from chatkit.store import ConversationStore


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def test_what_was_said_is_there_for_others_at_once(store, chat, seen, service):
    assert store.attach(chat, id="a") == "a"
    service.say("Hello ", "world")
    assert chat.chat("Hi") == "Hello world"
    assert seen("a").turns == chat.turns
    assert seen("a").last_turn().usage == chat.last_turn().usage


def test_a_chat_is_attached_with_the_turns_it_has(store, chat, seen):
    chat.add_turn("1", "one").add_turn("2", "two")
    id = store.attach(chat)
    assert seen(id).turns == chat.turns
    assert len(id) == 32
    assert id in store
    assert "b" not in store
    assert 3 not in store


def test_a_loaded_chat_is_the_same_chat_and_goes_on_being_kept(store, make_chat, seen, service, canary):
    chat = make_chat(system_prompt="Be terse.", max_tool_rounds=7)
    chat.metadata["who"] = {"name": "Ann"}
    chat.register_tool(add)
    store.attach(chat, id="a")
    service.say("one")
    chat.chat("1")
    turns, spent = chat.turns, chat.spent
    del chat
    loaded = store.load("a", tools=[add], credentials=canary.credentials)
    assert (loaded.turns, loaded.system_prompt, loaded.metadata) == (turns, "Be terse.", {"who": {"name": "Ann"}})
    assert (loaded.model, list(loaded.tools), loaded.spent.tokens) == ("m", ["add"], spent.tokens)
    service.say("two")
    loaded.chat("2")
    assert [turn.text for turn in seen("a", tools=[add]).turns] == ["1", "one", "2", "two"]


def test_a_tool_that_is_not_brought_along_is_warned_about_and_left_out(store, chat, seen):
    chat.register_tool(add)
    store.attach(chat, id="a")
    with pytest.warns(MissingToolWarning, match="add"):
        assert seen("a").tools == {}


def test_load_without_attach_is_a_chat_of_its_own(store, chat, seen, service):
    store.attach(chat, id="a")
    copy = seen("a")
    service.say("aside")
    copy.chat("1")
    assert len(copy) == 2
    assert len(seen("a")) == 0


def test_every_change_of_course_is_kept(store, chat, seen, service):
    store.attach(chat, id="a")
    chat.add_turn("1", "one").add_turn("2", "two").add_turn("3", "three")
    chat.undo()
    assert seen("a").turns == chat.turns
    assert len(seen("a")) == 4
    chat.set_turns(chat.turns[2:])
    assert seen("a").turns == chat.turns
    service.say("zwei")
    chat.edit(-1, "2 in German")
    assert [turn.text for turn in seen("a").turns] == ["2 in German", "zwei"]
    service.say("zwo")
    chat.retry()
    assert [turn.text for turn in seen("a").turns] == ["2 in German", "zwo"]
    chat.from_messages([{"role": "system", "content": "S"}, {"role": "user", "content": "U"}])
    assert (seen("a").turns, seen("a").system_prompt) == (chat.turns, "S")
    chat.turns = []
    assert seen("a").turns == []


def test_a_second_try_that_fails_leaves_the_first_in_the_store(store, chat, seen, service):
    store.attach(chat, id="a")
    chat.add_turn("1", "one")
    chat.add_turn("2", "two")
    with pytest.raises(Exception, match="no answer is scripted"):
        chat.edit(0, "x")
    assert seen("a").turns == chat.turns
    assert len(chat) == 4


def test_settings_are_kept_as_soon_as_they_are_made(store, chat, seen):
    store.attach(chat, id="a")
    chat.system_prompt = "Be kind."
    chat.model = "n"
    chat.register_tool(add)
    found = seen("a", tools=[add])
    assert (found.system_prompt, found.model, list(found.tools)) == ("Be kind.", "n", ["add"])
    chat.set_tools([])
    chat.system_prompt = None
    assert (seen("a").system_prompt, seen("a").tools) == (None, {})
    assert store.info("a").model == "n"


def test_notes_in_the_metadata_are_kept_with_the_next_turn_or_at_the_end(store, chat, seen, service):
    store.attach(chat, id="a")
    chat.metadata["mood"] = "good"
    service.say("one")
    chat.chat("1")
    assert seen("a").metadata == {"mood": "good"}
    chat.metadata["mood"] = "better"
    store.detach(chat)
    assert seen("a").metadata == {"mood": "better"}


def test_a_note_that_cannot_be_kept_is_told_after_the_answer_which_is_kept(store, chat, seen, service):
    store.attach(chat, id="a")
    chat.metadata["thing"] = object()
    service.say("one")
    with pytest.raises(Exception, match="metadata"):
        chat.chat("1")
    assert chat.last_turn().text == "one"
    assert seen("a").turns == chat.turns
    del chat.metadata["thing"]
    service.say("two")
    assert chat.chat("2") == "two"


def test_what_is_said_in_a_temporary_chat_is_not_kept(store, chat, seen, service):
    store.attach(chat, id="a")
    chat.add_turn("1", "one")
    with chat.temporary():
        service.say("aside")
        chat.chat("2")
        chat.system_prompt = "Other"
        assert len(seen("a")) == 2
    service.say("three")
    chat.chat("3")
    assert [turn.text for turn in seen("a").turns] == ["1", "one", "3", "three"]
    assert seen("a").system_prompt is None


def test_a_compacted_chat_is_kept_as_it_is_now(store, chat, seen, service):
    store.attach(chat, id="a")
    for number in range(4):
        chat.add_turn(f"{number} " * 50, "x " * 50)
    service.say("It was about numbers.")
    chat.compact(60, how="summarise")
    assert seen("a").turns == chat.turns
    assert chat.turns[1].text == "It was about numbers."


def test_clones_forks_copies_and_pickles_are_not_kept(store, chat, seen, service):
    store.attach(chat, id="a")
    chat.add_turn("1", "one")
    for other in (chat.clone(), chat.fork(), pickle.loads(pickle.dumps(chat._talk.readers))):
        assert not (other._talk.readers if hasattr(other, "_talk") else other)
    fork = chat.fork()
    service.say("x")
    fork.chat("y")
    assert len(seen("a")) == 2


def test_forks_that_are_attached_know_where_they_come_from(store, chat, seen, service):
    store.attach(chat, id="a")
    chat.add_turn("1", "one").add_turn("2", "two")
    fork = chat.fork(1)
    store.attach(fork, id="b", parent=chat)
    fork.add_turn("3", "three")
    grandchild = fork.fork()
    store.attach(grandchild, id="c", parent="b")
    assert (store.info("b").parent, store.info("b").parent_turns) == ("a", 2)
    assert (store.info("c").parent, store.info("c").parent_turns) == ("b", 4)
    assert [info.id for info in store.lineage("c")] == ["a", "b", "c"]
    store.detach(chat)
    store.delete("a")
    assert [info.id for info in store.lineage("c")] == ["b", "c"]
    assert seen("b").turns == fork.turns
    with pytest.raises(StoreError, match="no conversation 'a'") as caught:
        store.attach(grandchild.fork(), parent="a")
    assert caught.value.kind == "missing"


def test_a_detached_chat_goes_on_unkept_and_can_be_attached_again(store, chat, seen):
    store.attach(chat, id="a")
    chat.add_turn("1", "one")
    store.detach(chat)
    chat.add_turn("2", "two")
    assert len(seen("a")) == 2
    store.attach(chat, id="a")
    assert seen("a").turns == chat.turns
    chat.add_turn("3", "three")
    assert seen("a").turns == chat.turns


def test_another_conversation_of_the_same_id_is_not_overwritten(store, chat, make_chat, seen):
    store.attach(chat, id="a")
    chat.add_turn("1", "one")
    store.detach(chat)
    with pytest.raises(StoreError, match="another conversation 'a'") as caught:
        store.attach(make_chat(), id="a")
    assert (caught.value.kind, caught.value.conversation) == ("exists", "a")
    assert "store.load(id)" in caught.value.hint
    assert seen("a").turns == chat.turns


def test_a_chat_that_is_dropped_lets_its_conversation_go(store, make_chat, canary):
    chat = make_chat()
    store.attach(chat, id="a")
    del chat
    gc.collect()
    assert store.load("a", credentials=canary.credentials).turns == []


def test_a_store_that_is_closed_says_so_and_the_chat_goes_on(store, chat, service, open_store, where, canary):
    store.attach(chat, id="a")
    store.close()
    store.close()
    service.say("one")
    assert chat.chat("1") == "one"
    with pytest.raises(StoreError, match="is closed") as caught:
        store.list()
    assert caught.value.kind == "closed"
    with pytest.raises(StoreError, match="is closed"):
        store.load("a")
    assert open_store(where).load("a", credentials=canary.credentials).turns == []


def test_a_store_is_a_context_manager_and_shows_where_it_is(where, chat):
    with ConversationStore(where) as store:
        store.attach(chat, id="a")
        assert repr(store).startswith("ConversationStore('")
    with ConversationStore(where) as store:
        assert [info.id for info in store.list()] == ["a"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"id": ""}, "id of a conversation"),
        ({"id": "a\nb"}, "id of a conversation"),
        ({"id": "x" * 201}, "id of a conversation"),
        ({"id": 3}, "id of a conversation"),
        ({"title": " "}, "A title is a text"),
        ({"parent": chat_openai_compatible}, "A store keeps chats"),
    ],
)
def test_what_cannot_be_given_is_refused(store, chat, given, words):
    with pytest.raises(ConfigError, match=words):
        store.attach(chat, **given)
    assert store.list() == []
    assert not chat._talk.readers


def test_chats_are_attached_once_and_detached_once(store, chat, make_chat):
    store.attach(chat, id="a")
    with pytest.raises(ConfigError, match="attached already, as 'a'"):
        store.attach(chat, id="b")
    store.detach(chat)
    for refused in (chat, make_chat()):
        with pytest.raises(ConfigError, match="not attached"):
            store.detach(refused)
    with pytest.raises(ConfigError, match="not attached"):
        store.attach(make_chat(), parent=chat)
    with pytest.raises(ConfigError, match="keeps chats, not str"):
        store.attach("chat")


def test_conversations_that_are_not_there_are_told(store, tmp_path):
    acts = (
        lambda: store.load("x"),
        lambda: store.load("x", attach=False),
        lambda: store.info("x"),
        lambda: store.rename("x", "t"),
        lambda: store.delete("x"),
        lambda: store.lineage("x"),
        lambda: store.export("x", tmp_path / "x.md"),
    )
    for act in acts:
        with pytest.raises(StoreError, match="no conversation 'x'") as caught:
            act()
        assert caught.value.kind == "missing"
