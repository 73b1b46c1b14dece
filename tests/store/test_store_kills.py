"""A process is killed at a random moment, and nothing that it showed is missing from the store.

`CHATKIT_KILLS=200` kills more often; the seed of each kill is in its id.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatkit import AssistantTurn, UserTurn, tool
from chatkit._errors import StoreError
from chatkit.store import ConversationStore
from chatkit.testing import Answer, Delivery, FakeService, ToolCall, check_history

KILLS = int(os.environ.get("CHATKIT_KILLS", "24"))
MODES = ("stream", "async", "whole")
PROGRAM = Path(__file__).with_name("killed.py")


def _answer(request):
    """What the server says: words, thoughts, calls of tools, as it was asked."""
    last = request.messages[-1]
    quick = Delivery(pause=0.002)
    if last["role"] == "tool":
        return Answer([f"found {piece} " for piece in range(20)], delivery=quick)
    kind, _, number = last["content"].split("\n")[-1].partition(" ")
    if kind == "look":
        calls = [ToolCall("look_up", {"word": f"w{number}-{place}"}, fragment=4) for place in range(3)]
        return Answer(["Let me ", "see."], tool_calls=calls, delivery=quick)
    if kind == "mail":
        calls = [ToolCall("look_up", {"word": f"w{number}"}), ToolCall("send_mail", {"text": "hi"})]
        return Answer("I shall mail.", tool_calls=calls)
    if kind == "ponder":
        return Answer([f"so {piece} " for piece in range(15)], reasoning=["hm ", "well "] * 10, delivery=quick)
    return Answer([f"{number}.{piece} " for piece in range(60)], delivery=quick)


@pytest.fixture
def talkative():
    with FakeService(strict=True) as running:
        running.on_request(_answer)
        yield running


def _kill(where, service, mode, log, moment):
    """Run the program, kill it, and give all that it showed."""
    command = [sys.executable, str(PROGRAM), where, service.base_url, mode, str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines: list[bytes] = []
        for _ in range(moment.randrange(1, 250 if mode != "whole" else 12)):
            line = process.stdout.readline()
            assert line, process.stderr.read().decode()
            lines.append(line)
        time.sleep(moment.random() * 0.02)
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines(keepends=True)
        process.wait()
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


class Told:
    """What was shown, put together into turns."""

    def __init__(self, shown):
        self.users, self.answers, self.results, self.waiting = [], [], {}, []
        for kind, *rest in shown:
            getattr(self, f"_{kind}")(*rest)

    def _begun(self):
        pass

    def _asked(self, words):
        self.users.append(words)

    def _answered(self, text):
        self.answers.append([text, "", True])

    def _started(self, words, results):
        if words:
            self.users.append(words)
        self.answers.append(["", "", False])

    def _text(self, text):
        self.answers[-1][0] += text

    def _thinking(self, text):
        self.answers[-1][1] += text

    def _ended(self, text):
        assert self.answers[-1][0] == text
        self.answers[-1][2] = True

    def _requested(self, id, name):
        assert name == "look_up"
        self.results[id] = None

    def _waits(self, id):
        self.waiting.append(id)

    def _returned(self, id, text):
        self.results[id] = text


def _check(told, chat, mode):
    """Nothing that was shown is missing, and what is partial is marked."""
    turns = chat.turns
    users = [turn.text for turn in turns if isinstance(turn, UserTurn) and turn.text]
    # A whole answer is asked for before the first event, so that the program may be killed in between.
    assert users[: len(told.users)] == told.users or (mode == "whole" and users == told.users[:-1])
    answers = [turn for turn in turns if isinstance(turn, AssistantTurn)]
    if mode == "whole":
        texts = iter([turn.text for turn in answers])
        assert all(text in texts for text, _, _ in told.answers)
    else:
        assert len(answers) >= len(told.answers)
        for turn, (text, thinking, whole) in zip(answers, told.answers, strict=False):
            assert turn.text.startswith(text)
            assert turn.thinking.startswith(thinking)
            assert not (whole and turn.interrupted)
    assert all(turn.interrupted in (None, "the process ended") for turn in answers)
    assert all(turn.interrupted is None for turn in answers[:-1])
    given = {result.id: result for turn in turns if isinstance(turn, UserTurn) for result in turn.tool_results}
    for id, text in told.results.items():
        assert id in given, "a call that was shown has no result"
        assert text is None or given[id].text == text
    waiting = [approval.id for approval in chat.pending_approvals()]
    assert set(waiting).isdisjoint(given)


@pytest.mark.parametrize("number", range(KILLS))
def test_nothing_that_was_shown_is_missing_after_a_kill(number, tmp_path, talkative, request):
    moment = random.Random(number)
    mode = MODES[number % 3]
    in_postgres = number % 4 == 3
    where = request.getfixturevalue("postgres").new() if in_postgres else str(tmp_path / "store.db")
    log = tmp_path / "runs"
    log.touch()
    told = Told(_kill(where, talkative, mode, log, moment))
    runs = log.read_text()
    with ConversationStore(where) as store:
        chat = _patiently(store)
        _check(told, chat, mode)
        turns = chat.turns
        # Twice the same: what was found is what is stored now.
        store.detach(chat)
        chat = _loaded(store)
        assert chat.turns == turns
        assert "found" in chat.chat("look 1")
        assert check_history(talkative.requests[-1].messages) == []
        assert log.read_text() == runs
        assert chat.turns[: len(turns)] == turns
        assert _loaded(store, attach=False).turns == chat.turns


def look_up(word: str) -> str:
    """Look a word up."""
    return word


@tool(requires_approval=True)
def send_mail(text: str) -> str:
    """Send a mail."""
    raise AssertionError("nobody allowed this")


def _loaded(store, **options):
    return store.load("killed", credentials=lambda: "k", tools=[look_up, send_mail], **options)


def _patiently(store):
    """Servers notice within moments that a process is gone."""
    for _ in range(100):
        try:
            return _loaded(store)
        except StoreError as error:
            assert error.kind == "busy"
            time.sleep(0.05)
    return _loaded(store)
