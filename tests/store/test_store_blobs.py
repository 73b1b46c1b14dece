"""Contents large in bytes: kept once, shared, and gone with the last who holds them."""

import base64
import random

import pytest

from chatkit import (
    AssistantTurn,
    ContentAudio,
    ContentDocument,
    ContentImageInline,
    ContentToolResult,
    UserTurn,
)
from chatkit._errors import StoreError
from chatkit.testing import Answer, ToolCall


def _bytes(seed, size=50_000):
    return random.Random(seed).randbytes(size)


def _base64(seed, size=50_000):
    return base64.b64encode(_bytes(seed, size)).decode()


def _blobs(store):
    database = store._backend._database
    with database.session(writing=False):
        held = database.execute("SELECT count(*) FROM chatkit_held").rows[0][0]
        return {len(bytes(data)) for (data,) in database.execute("SELECT data FROM chatkit_blobs").rows}, held


def _image(seed):
    return ContentImageInline("image/png", _base64(seed))


def test_what_is_said_twice_is_kept_once_and_comes_back_the_same(store, make_chat, seen):
    one, other = make_chat(), make_chat()
    store.attach(one, id="a")
    store.attach(other, id="b")
    one.add_turn(UserTurn(["look", _image(1), _image(1)]), "nice").add_turn(UserTurn([_image(1)]), "again")
    other.add_turn(UserTurn([_image(1)]), "too")
    assert _blobs(store) == ({50_000}, 3)
    assert (seen("a").turns, seen("b").turns) == (one.turns, other.turns)
    other.undo()
    assert _blobs(store) == ({50_000}, 2)
    store.detach(one)
    store.delete("a")
    assert _blobs(store) == (set(), 0)


def test_images_documents_and_sound_are_kept_by_their_bytes(store, chat, seen):
    store.attach(chat, id="a")
    contents = [
        _image(1),
        ContentDocument("application/pdf", _base64(2, 60_000), "x.pdf"),
        ContentAudio("wav", _base64(3, 70_000)),
        ContentImageInline("image/gif", "R0lGODlhAQABAAAAACw="),
    ]
    chat.add_turn(UserTurn(contents), "nice")
    assert _blobs(store) == ({50_000, 60_000, 70_000}, 3)
    assert seen("a").turns == chat.turns
    assert [hit.turn for hit in store.search("x.pdf")] == [0]


def test_base64_that_would_come_back_differently_stays_as_it_is(store, chat, seen):
    odd = _base64(1, 3001)[:-3] + "R=="
    assert base64.b64encode(base64.b64decode(odd)).decode() != odd
    store.attach(chat, id="a")
    chat.add_turn(UserTurn([ContentDocument("application/pdf", odd)]), "x")
    assert _blobs(store) == (set(), 0)
    assert seen("a").turns == chat.turns


def test_they_are_there_while_the_answer_is_still_coming(store, chat, seen, service):
    store.attach(chat, id="a")
    service.say("a ", "b")
    stream = iter(chat.stream("look", _image(1)))
    next(stream)
    assert seen("a").turns[0].contents[1] == _image(1)
    assert _blobs(store) == ({50_000}, 1)
    list(stream)
    assert _blobs(store) == ({50_000}, 1)
    assert seen("a").turns == chat.turns


def test_those_of_a_question_that_was_never_answered_go(store, chat, service):
    store.attach(chat, id="a")
    with pytest.raises(Exception, match="scripted"):
        chat.chat("look", _image(1))
    assert _blobs(store) == (set(), 0)
    assert service.unsaid == 0


def test_what_tools_give_is_kept_by_its_bytes_too(store, chat, seen, service):
    @chat.register_tool
    def look() -> ContentToolResult:
        """Look."""
        return ContentToolResult(value="here", attachments=(_image(4),))

    store.attach(chat, id="a")
    service.script(Answer(tool_calls=[ToolCall("look")]))
    service.say("a ", "b")
    for _ in chat.stream("go"):
        assert seen("a", tools=[look]).turns[2].tool_results[0].attachments == (_image(4),)
    assert _blobs(store) == ({50_000}, 1)
    assert seen("a", tools=[look]).turns == chat.turns


@pytest.mark.parametrize(
    ("statement", "words"),
    [("DELETE FROM chatkit_held", "is missing"), ("UPDATE chatkit_blobs SET data = ?", "is damaged")],
)
def test_one_that_is_gone_or_damaged_is_told_by_its_place(store, chat, statement, words):
    store.attach(chat, id="a")
    chat.set_turns([UserTurn("x"), AssistantTurn("y"), UserTurn([_image(1)]), AssistantTurn("z")])
    store.detach(chat)
    database = store._backend._database
    with database.session(writing=True):
        database.execute(statement, (b"other",) if "?" in statement else ())
    with pytest.raises(StoreError, match=f"conversation 'a': turn 2.*{words}") as caught:
        store.load("a")
    assert caught.value.kind == "corrupt"
    # The lock was let go.
    store.delete("a")
