"""`chatkit chat --save`, `--continue` and `--id`: conversations that are kept and gone on with."""

import json
import os
import signal
import stat
import subprocess

import pytest

from chatkit.store import ConversationStore
from chatkit.testing import Answer, Delivery, ErrorAnswer, FakeService


@pytest.fixture
def service():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def chat(run, service):
    return lambda *arguments, **options: run("chat", "--base-url", service.base_url, *arguments, **options)


@pytest.fixture
def where(tmp_path):
    """The file of the store that is used when nothing is said of it."""
    return tmp_path / ".local" / "share" / "chatkit" / "conversations.db"


def contents(request):
    return [message["content"] for message in request.messages]


def test_nothing_is_kept_unless_it_is_asked_for(chat, service, where):
    service.say("Hi.")
    chat("Hello")
    assert not where.parent.exists()


def test_a_conversation_is_kept_for_its_owner_only_and_gone_on_with(run, chat, service, where):
    service.say("Hello Ada.")
    done = chat("I am Ada.", "--save", "-s", "Be kind.", "-p", "seed=4")
    assert (done.stdout, done.returncode) == ("Hello Ada.\n", 0)
    assert "go on with it by `chatkit chat --continue`" in done.stderr
    assert stat.S_IMODE(where.stat().st_mode) == 0o600
    assert stat.S_IMODE(where.parent.stat().st_mode) == 0o700
    service.say("Ada.")
    done = run("chat", "--continue", "My name?", "-p", "temperature=1")
    assert (done.stdout, done.stderr) == ("Ada.\n", "")
    assert contents(service.requests[1]) == ["Be kind.", "I am Ada.", "Hello Ada.", "My name?"]
    assert (service.requests[1].json["seed"], service.requests[1].json["temperature"]) == (4, 1)


def test_an_id_of_ones_own_and_the_beginning_of_one(run, chat, service, tmp_path):
    store = str(tmp_path / "own.db")
    service.say("One.")
    told = json.loads(chat("Begin.", "--save", "--id", "plans", "--store", store, "--json").stdout)
    assert told["id"] == "plans"
    service.say("Two.")
    assert run("chat", "--id", "pl", "Go on.", "--store", store, "-m", "other", "-s", "New.").stdout == "Two.\n"
    assert service.requests[-1].json["model"] == "other"
    assert contents(service.requests[-1]) == ["New.", "Begin.", "One.", "Go on."]
    service.say("Three.")
    assert chat("Once more.", "--save", "--id", "plans", CHATKIT_STORE=store).stdout == "Three.\n"
    with ConversationStore(store) as kept:
        assert kept.info("plans").turns == 6


def test_an_id_that_is_not_there_or_is_two_is_told_before_anything_is_sent(run, chat, service):
    assert "No conversation is kept yet." in run("chat", "-c", "Hello").stderr
    for id in ("plan-a", "plan-b"):
        service.say("Yes.")
        chat("Hello", "--save", "--id", id)
    missing, two = run("chat", "--id", "nope", "Hello"), run("chat", "--id", "plan", "Hello")
    assert (missing.returncode, two.returncode) == (1, 2)
    assert "There is no conversation 'nope'. `chatkit log` lists them." in missing.stderr
    assert "2 conversations have ids that begin with 'plan'." in two.stderr
    assert len(service.requests) == 2


def test_a_conversation_moves_to_another_server_when_one_is_named(run, chat, service):
    service.say("One.")
    chat("Begin.", "--save")
    with FakeService(strict=True) as other:
        other.say("Two.")
        assert run("chat", "-c", "--base-url", other.base_url, "Go on.").stdout == "Two.\n"
        assert contents(other.requests[0]) == ["Begin.", "One.", "Go on."]
        other.say("Three.")
        assert run("chat", "-c", "And on.").stdout == "Three.\n"
    assert len(service.requests) == 1


def test_a_conversation_with_the_stand_in_is_gone_on_with_by_another_stand_in(run):
    run("chat", "--offline", "--save", "My name is Ada.")
    assert run("chat", "--continue", "What is my name?").stdout == "Your name is Ada.\n"


def test_no_key_is_kept_and_the_settled_one_is_found_again(run, service, where, tmp_path):
    (tmp_path / "c.toml").write_text(f'base_url = "{service.base_url}"\nkey_from = "MY_KEY"\nsave = true\n')
    variables = {"CHATKIT_CONFIG": str(tmp_path / "c.toml"), "MY_KEY": "very-secret"}
    service.say("One.")
    service.say("Two.")
    done = run("chat", "Begin.", **variables)
    assert (done.stdout, done.stderr) == ("One.\n", "")
    assert run("chat", "-c", "Go on.", **variables).stdout == "Two.\n"
    assert [request.headers["authorization"] for request in service.requests] == ["Bearer very-secret"] * 2
    assert b"very-secret" not in where.read_bytes()
    service.say("Three.")
    assert run("chat", "--no-save", "Alone.", **variables).stdout == "Three.\n"
    with ConversationStore(where) as kept:
        assert [info.turns for info in kept.list()] == [4]


def test_ctrl_c_ends_with_130_and_what_had_arrived_is_kept(script, environ, service, where):
    service.script(Answer(["One, ", "two, ", *["more, "] * 500], delivery=Delivery(pause=0.05)))
    command = [script, "chat", "--base-url", service.base_url, "--save", "Count."]
    process = subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert os.read(process.stdout.fileno(), 100).startswith(b"One, ")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.startswith(b"Kept as ") and errors.count(b"\n") == 1
    with ConversationStore(where) as kept:
        chat = kept.load(kept.list()[0].id, attach=False)
    assert chat.last_turn().text.startswith("One, ")
    assert chat.last_turn().interrupted


def test_a_store_that_cannot_be_is_told_before_anything_is_sent(chat, service, tmp_path):
    (tmp_path / "file").write_text("x" * 5000)
    done = chat("Hello", "--save", "--store", str(tmp_path / "file" / "a.db"))
    assert done.returncode == 1 and "cannot be opened: Not a directory" in done.stderr
    assert chat("Hello", "--save", "--store", str(tmp_path / "file")).returncode == 1
    assert not service.requests


def test_a_path_in_the_home_folder_is_found(run, chat, service, tmp_path):
    service.say("Yes.")
    chat("Hello", "--save", "--store", "~/mine/kept.db")
    assert (tmp_path / "mine" / "kept.db").exists()
    assert "Hello" in run("log", "--store", "~/mine/kept.db").stdout


def test_a_settled_key_for_another_address_is_not_given_to_a_kept_conversation(run, chat, service, tmp_path):
    service.say("One.")
    service.say("Two.")
    chat("Begin.", "--save")
    (tmp_path / "c.toml").write_text('base_url = "http://127.0.0.1:9/v1"\nkey_from = "MY_KEY"\n')
    assert run("chat", "-c", "Go on.", CHATKIT_CONFIG=str(tmp_path / "c.toml"), MY_KEY="secret").stdout == "Two.\n"
    assert "authorization" not in service.requests[1].headers
    service.say("Three.")
    run("chat", "-c", "Go on.", "--key-from", "MY_KEY", MY_KEY="secret")
    assert service.requests[2].headers["authorization"] == "Bearer secret"


def test_nothing_is_said_of_a_conversation_in_which_nothing_was_said(chat, service):
    service.script(ErrorAnswer(400, {"error": {"message": "No."}}))
    done = chat("Hello", "--save")
    assert (done.returncode, "Kept" in done.stderr) == (1, False)


def test_a_conversation_that_somebody_else_is_in_is_told(run, chat, service, where):
    service.say("One.")
    chat("Begin.", "--save", "--id", "plans")
    with ConversationStore(where) as kept:
        held = kept.load("plans")
        done = run("chat", "--id", "plans", "Go on.")
    assert (done.returncode, done.stdout) == (1, "")
    assert "'plans' is being written" in done.stderr and held.turns
    assert len(service.requests) == 1


@pytest.mark.parametrize("id", ["", " ", "x" * 201, "a\nb"])
def test_an_id_that_cannot_be_is_told_before_anything_is_sent(chat, service, id):
    assert chat("Hello", "--save", "--id", id).returncode == 2
    assert not service.requests


def test_a_database_that_cannot_be_reached_is_told_without_its_password(chat, service):
    url = "postgresql://me:very-secret@127.0.0.1:1/x"
    done = chat("Hello", "--save", "--store", url)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "very-secret" not in done.stderr
    assert not service.requests
