"""Listing, searching, renaming, deleting and exporting what is kept."""

import json

import pytest

from chatkit import (
    AssistantTurn,
    Chat,
    ConfigError,
    ContentDocument,
    ContentJson,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
    UserTurn,
)
from chatkit._store.words import Query, snippet, words_of


@pytest.fixture
def keep(store, make_chat):
    """Keep a conversation of some turns; gives its chat."""

    def act(id, *said, **options):
        chat = make_chat()
        for user, assistant in zip(said[::2], said[1::2], strict=True):
            chat.add_turn(user, assistant)
        store.attach(chat, id=id, **options)
        return chat

    return act


def test_conversations_are_listed_newest_first_in_pages(store, keep):
    chats = [keep(id, id, "x") for id in "abcd"]
    chats[1].add_turn("more", "y")
    assert [info.id for info in store.list()] == ["b", "d", "c", "a"]
    assert [info.id for info in store.list(order="created")] == ["d", "c", "b", "a"]
    assert [info.id for info in store.list(limit=2, offset=1)] == ["d", "c"]
    assert store.list(limit=0) == []
    newest = store.list()[0]
    assert (newest.turns, newest.model, newest.title) == (4, "m", "b")
    assert newest.created < newest.updated
    assert newest == store.info("b")


def test_titles_are_sorted_by_their_characters(store, keep):
    chats = [keep(id, title=title) for id, title in [("1", "b"), ("2", "\u00c4"), ("3", "B"), ("4", "a")]]
    assert [info.title for info in store.list(order="title")] == ["B", "a", "b", "\u00c4"]
    assert len(chats) == 4


def test_a_title_is_given_or_the_beginning_of_the_first_words(store, keep):
    chat = keep("a")
    assert store.info("a").title is None
    chat.add_turn(f"What is\n {'very ' * 20} long?", "x")
    assert store.info("a").title == f"What is {'very ' * 20}"[:60]
    store.rename("a", "  Long\tthings ")
    assert store.info("a").title == "Long things"
    chat.add_turn("2", "y")
    assert store.info("a").title == "Long things"
    kept = keep("b", "1", "x", title="Given")
    assert (store.info("b").title, len(kept)) == ("Given", 2)


@pytest.mark.parametrize("arguments", [{"order": "size"}, {"limit": -1}, {"offset": "2"}, {"limit": True}])
def test_lists_that_cannot_be_are_refused(store, arguments):
    with pytest.raises(ConfigError):
        store.list(**arguments)


def test_words_are_found_wherever_they_were_said(store, keep):
    request = ContentToolRequest("1", "f", {})
    chats = [keep("a", "Tell me of Z\u00fcrich", "It is a city")]
    chats[0].add_turn(
        UserTurn([ContentToolResult(value=1, request=request, text="population 400000"), "and Bern"]),
        AssistantTurn([ContentThinking("hidden"), ContentJson({"n": 1}, '{"capital": "yes"}')]),
    )
    chats.append(keep("b", UserTurn(["read", ContentDocument("application/pdf", "QQ==", "tax-return.pdf")]), "Done"))
    places = {
        "zurich": ("a", 0, "user"),
        "CITY": ("a", 1, "assistant"),
        "population": ("a", 2, "user"),
        "capital": ("a", 3, "assistant"),
        "tax-return": ("b", 0, "user"),
    }
    for words, place in places.items():
        assert place in [(hit.conversation.id, hit.turn, hit.role) for hit in store.search(words)], words
    assert store.search("hidden") == []
    assert store.search("city bern") == [], "all words must be in one turn"
    assert len(store.search("bern population")) == 1


def test_words_are_whole_unless_a_star_ends_them(store, keep):
    chats = [keep("a", "catalogue", "x"), keep("b", "cat", "x")]
    assert {hit.conversation.id for hit in store.search("cat")} == {"b"}
    assert {hit.conversation.id for hit in store.search("cat*")} == {"a", "b"}
    assert len(chats) == 2


def test_hits_come_newest_first_and_titles_are_searched(store, keep):
    chats = [keep("a", "apple", "pear", title="Fruit"), keep("b", "apple", "nut", title="Apple pie")]
    assert [(hit.conversation.id, hit.turn) for hit in store.search("apple")] == [("b", None), ("b", 0), ("a", 0)]
    chats[0].add_turn("apple", "again")
    assert [hit.conversation.id for hit in store.search("apple")] == ["a", "a", "b", "b"]
    assert len(store.search("apple", limit=3)) == 3
    store.rename("b", "Nuts")
    assert [hit.turn for hit in store.search("apple")] == [0, 2, 0]
    assert [hit.turn for hit in store.search("nuts")] == [None]


def test_what_was_taken_back_or_deleted_is_not_found(store, keep):
    chat = keep("a", "secret plan", "yes", title="T")
    chat.undo()
    assert store.search("secret") == []
    chat.add_turn("secret", "x")
    store.detach(chat)
    store.delete("a")
    assert store.search("secret") == store.search("T") == store.list() == []


def test_more_hits_than_a_page(store, keep):
    chat = keep("a")
    chat.set_turns([turn for n in range(150) for turn in (UserTurn(f"word {n}"), AssistantTurn("x"))])
    assert [hit.turn for hit in store.search("word", limit=200)][1:] == list(range(0, 300, 2))


def test_signs_and_hostile_words_are_only_words(store, keep):
    chat = keep("a", 'it\'s AND "quoted" NEAR(x) \u6771\u4eac\u30bf\u30ef\u30fc 100% foo_bar', "x")
    for words in ("it's", '"quoted"', "NEAR(x)", "\u6771\u4eac", "AND", "100%", "foo_bar"):
        assert store.search(words), words
    assert store.search("\u4eac\u6771") == [], "the signs stand in this order"
    assert store.search("its") == []
    for words in ("'; DROP TABLE x", "*", "(", '"'):
        if Query(words).words:
            assert store.search(words) == []
        else:
            with pytest.raises(ConfigError, match="words to search"):
                store.search(words)
    with pytest.raises(ConfigError, match="words to search"):
        store.search(3)
    assert len(chat) == 2


def test_a_snippet_shows_where_the_words_are():
    text = "x " * 100 + "the Caf\u00e9\nis open " + "y " * 100
    piece, marks = snippet(text, Query("cafe open").places(text))
    assert [piece[begin:end] for begin, end in marks] == ["Caf\u00e9", "open"]
    assert piece.startswith("\u2026x")
    assert piece.endswith("\u2026")
    assert "\n" not in piece
    assert snippet("cat", Query("cat").places("cat")) == ("cat", ((0, 3),))


def test_places_that_touch_each_other_are_one():
    assert Query("can't can").places("I can't") == [(2, 7)]
    assert Query("a b").places("a b") == [(0, 1), (2, 3)]


def test_the_words_of_very_long_texts_are_those_that_come_first():
    words = words_of(" ".join(f"word{number}" for number in range(200_000)))
    assert 390_000 < len(words) < 400_100
    assert words.startswith("word0 word1 ")
    assert words_of("x" * 100 + " y Y y") == "x" * 64 + " y"


def test_a_long_word_is_found_by_itself(store, keep):
    chat = keep("a", "w" * 3000 + " and " + "\u00e4 " * 1000, "x")
    assert [hit.turn for hit in store.search("w" * 3000)] == [0]
    assert store.search("w" * 2999) == []
    assert len(chat) == 2


@pytest.mark.parametrize("ending", [".md", ".html", ".ipynb"])
def test_a_conversation_is_exported_for_people(store, keep, tmp_path, ending):
    chat = keep("a", "apple", "pear", title="Fruit & nuts")
    chat.system_prompt = "Be short."
    path = store.export("a", tmp_path / f"x{ending}")
    text = path.read_text(encoding="utf-8")
    assert "apple" in text
    assert "Fruit" in text
    assert "Be short." not in text
    text = store.export("a", path, title="Other", include_system_prompt=True).read_text(encoding="utf-8")
    assert "Be short." in text
    assert "Other" in text


def test_a_conversation_is_exported_for_load(store, keep, tmp_path, canary):
    chat = keep("a", "apple", "pear")
    path = store.export("a", str(tmp_path / "x.JSON"))
    assert Chat.load(path, credentials=canary.credentials).turns == chat.turns
    assert json.loads(path.read_text(encoding="utf-8"))["type"] == "chat"


def test_an_unknown_ending_is_refused(store, keep, tmp_path):
    chat = keep("a", "apple", "pear")
    with pytest.raises(ConfigError, match="exported"):
        store.export("a", tmp_path / "x.docx")
    assert len(chat) == 2
