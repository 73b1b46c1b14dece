"""No key is in the store, whatever happened, nor a password in what the store says of itself."""

import pickle
import traceback

import pytest

from chatkit import chat_openai_compatible
from chatkit._errors import StoreError
from chatkit.store import ConversationStore
from chatkit.testing import Answer, ErrorAnswer, ToolCall


def _everything(where, tmp_path):
    """All bytes of a store."""
    if not where.startswith("postgresql"):
        return b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    import psycopg

    with psycopg.connect(where) as connection:
        tables = connection.execute("SELECT relname FROM pg_class WHERE relname LIKE 'chatkit%' AND relkind = 'r'")
        names = [name for (name,) in tables.fetchall()]
        return repr([connection.execute(f"SELECT t::text FROM {name} t").fetchall() for name in names]).encode()


def work() -> str:
    """Work."""
    raise RuntimeError("no")


def test_no_key_is_in_the_store_after_success_and_after_faults(store, where, service, canary, tmp_path):
    chat = chat_openai_compatible(
        service.base_url,
        model="m",
        echo="none",
        credentials=canary.credentials,
        max_retries=0,
    )
    chat.register_tool(work)
    store.attach(chat, id="a")
    with pytest.warns(UserWarning):
        service.script(Answer("Well.", tool_calls=[ToolCall("work")]), "Done.")
        chat.chat("go")
    service.script(ErrorAnswer(401, {"error": {"message": f"wrong key {canary.credentials()}"}}))
    with pytest.raises(Exception, match="wrong key") as caught:
        chat.chat("again")
    canary.assert_not_in_error(caught.value)
    service.script(Answer(["one ", "two"], fails=f"wrong key {canary.credentials()}"))
    with pytest.raises(Exception, match="wrong key"):
        list(chat.stream("and again"))
    service.say("x ", "y")
    for _ in chat.stream("left"):
        break
    data = _everything(where, tmp_path)
    assert b"Well." in data
    canary.assert_not_in(data)
    canary.assert_not_in_object(chat)
    store.detach(chat)
    store.close()
    canary.assert_not_in(_everything(where, tmp_path), repr(store))


def test_no_password_is_in_what_a_store_says(postgres, canary):
    password = canary.credentials().replace("/", "%2F")
    url = postgres.new().replace("tester@", f"tester:{password}@")
    with ConversationStore(url) as store:
        canary.assert_not_in(repr(store), repr(vars(store)), repr(vars(store._backend._database)))
        store._backend._database._connection.close()
        assert store.list() == []
        with pytest.raises(StoreError) as caught:
            store.info("x")
        canary.assert_not_in(str(caught.value), repr(caught.value), pickle.dumps(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:{}@127.0.0.1:1/d",
        "postgresql://u:{}@h:no-port/d",
        "postgres://u:{}@[/",
        "postgresql://{}%zz@h/d",
    ],
)
def test_no_password_is_in_what_is_said_of_an_address_that_does_not_answer(postgres, url, canary):
    with pytest.raises(StoreError) as caught:
        ConversationStore(url.format(canary.credentials().replace("/", "%2F")))
    assert caught.value.kind == "unreachable"
    canary.assert_not_in(str(caught.value), repr(vars(caught.value)), pickle.dumps(caught.value))
    assert caught.value.__context__ is None
    # What a tracker of errors captures: the variables of every function of ours that it went through.
    ours = [frame for frame, _ in traceback.walk_tb(caught.tb) if "chatkit" in frame.f_globals["__name__"].split(".")]
    assert len(ours) >= 3
    canary.assert_not_in(*[repr(value) for frame in ours for value in frame.f_locals.values()])
    assert postgres.url()
