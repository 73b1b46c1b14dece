"""A chat that is kept from its first word on, since its constructor was given the store."""

import gc

import pytest

from chatkit import ConfigError, chat_huggingface, chat_openai_compatible
from chatkit.store import ConversationStore


@pytest.fixture
def by(service):
    """Constructors by name: a function each that makes a chat with the scripted server."""
    known = {"credentials": lambda: "hf_x"}
    return {
        "openai_compatible": lambda **more: chat_openai_compatible(service.base_url, model="m", **known, **more),
        "huggingface": lambda **more: chat_huggingface(base_url=service.base_url, model="m", **known, **more),
    }


@pytest.mark.parametrize("name", ["openai_compatible", "huggingface"])
def test_a_chat_made_with_a_store_is_kept_from_its_first_word_on(by, name, service, tmp_path):
    service.script("Hi!")
    with ConversationStore(tmp_path / "c.db") as store:
        chat = by[name](system_prompt="Be kind.", store=store)
        chat.chat("Hello")
        loaded = store.load(store.id_of(chat), attach=False)
        assert [turn.text for turn in loaded.turns] == ["Hello", "Hi!"]
        assert loaded.system_prompt == "Be kind."


def test_a_store_that_only_the_chat_knows_keeps_it_all_the_same(by, service, tmp_path):
    service.script("Hi!")
    chat = by["openai_compatible"](store=ConversationStore(tmp_path / "c.db"))
    gc.collect()
    chat.chat("Hello")
    with ConversationStore(tmp_path / "c.db") as store:
        assert [info.turns for info in store.list()] == [2]


@pytest.mark.parametrize("store", ["c.db", ConversationStore, 3])
def test_what_is_no_store_is_refused(by, store):
    with pytest.raises(ConfigError, match="`store` must be a ConversationStore") as caught:
        by["openai_compatible"](store=store)
    assert "ConversationStore(path)" in str(caught.value)


def test_a_chat_that_is_not_kept_has_no_id(by, tmp_path):
    with ConversationStore(tmp_path / "c.db") as store, pytest.raises(ConfigError):
        store.id_of(by["openai_compatible"]())
