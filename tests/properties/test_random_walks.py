"""A chat used at random: every verb, with answers good and bad, and the strictest server accepts whatever comes next.

Every seed walks some steps. The server says what it likes: text, thinking, tool calls good and bad, calls that need
approval, typed answers that fit or not, answers that are cut, errors. The chat says things, asks for data, decides on
what waits, undoes, edits, compacts, goes on in a clone or out of a file. After each step the history would pass with
the strictest server, nothing that needs a yes has run without one, and nothing was sent that the service refuses.
"""

import asyncio
import contextlib
import json
import os
import random
import warnings

import pytest

from chatkit import Chat, ChatkitError, Limits, TimeLimits, chat_huggingface, chat_openai_compatible, tool
from chatkit.testing import (
    Answer,
    Delivery,
    ErrorAnswer,
    EventsAnswer,
    FakeService,
    ToolCall,
    check_history,
    check_responses_request,
)

SEEDS = int(os.environ.get("CHATKIT_WALKS", "300"))
BATCH = 50
STEPS = 12
PATIENCE = TimeLimits(connect=5, first_byte=5, idle=5)
TYPED = (
    '{"answer": 3}',
    'Sure: ```json\n{"answer": 4}\n```',
    '{"answer": "x"}',
    "no idea",
    '{"answer": 3',
    '{"answer": 5,}',
)


class Walk:
    """One seed."""

    def __init__(self, seed, service, folder):
        self.rng = random.Random(seed)
        self.service = service
        self.folder = folder
        self.allowed, self.ran = set(), []
        self.number = 0
        # Every other seed speaks the Responses format.
        self.chat = self.made("responses" if seed % 2 else "chat_completions")
        service.on_request(lambda request: self.answer())

    def made(self, api):
        make = chat_huggingface if api == "responses" else chat_openai_compatible
        chat = make(base_url=self.service.base_url, model="m", timeout=PATIENCE, max_retries=0, echo="none", api=api)
        chat.set_tools(self.tools())
        return chat

    def tools(self):
        @tool(requires_approval=True)
        def guarded(key: str) -> str:
            """Run only after a yes."""
            self.ran.append(key)
            return "done"

        def add(a: int, b: int) -> int:
            """Add."""
            return a + b

        def fail() -> None:
            """Fail."""
            raise RuntimeError("boom")

        def draw() -> bytes:
            """Draw."""
            return b"\x89PNG\r\n\x1a\n" + b"\0" * 20

        return [guarded, add, fail, draw]

    def answer(self):
        rng = self.rng
        kind = rng.choices(
            ["text", "typed", "calls", "cut", "length", "filter", "error", "nothing"], [6, 6, 8, 2, 1, 1, 1, 1]
        )[0]
        match kind:
            case "typed":
                return Answer(rng.choice(TYPED))
            case "calls":
                return Answer(rng.choice(("", "So. ")), tool_calls=[self.call() for _ in range(rng.randint(1, 3))])
            case "cut":
                return Answer("So far", tool_calls=[self.call()], delivery=Delivery(cut_after=rng.randrange(900)))
            case "length":
                return Answer("Too lo", tool_calls=[self.call()] * rng.randrange(2), finish_reason="length")
            case "filter":
                return Answer("", tool_calls=[self.call()], finish_reason="content_filter")
            case "error":
                return ErrorAnswer(rng.choice((400, 429, 500)), {"error": {"message": "no"}})
            case "nothing":
                return EventsAnswer([])
        return Answer(rng.choice(("Hm.", "Yes. ", "😀")), reasoning=rng.choice(("", "Let me see.")))

    def call(self):
        self.number += 1
        name, arguments = self.rng.choice(
            [
                ("add", {"a": 1, "b": self.number}),
                ("add", {"a": "x"}),
                ("add", '{"a": 1,'),
                ("fail", {}),
                ("draw", {}),
                ("guarded", {"key": f"k{self.number}"}),
                ("guarded", {"key": f"k{self.number}"}),
                ("unknown", {}),
            ]
        )
        return ToolCall(name, arguments, id=self.rng.choice((None, None, "0")))

    def step(self):
        verbs = [
            self.say,
            self.stream,
            self.leave,
            self.awaited,
            self.data,
            self.data_awaited,
            self.decide,
            self.decide,
        ]
        verbs += [self.undo, self.retry, self.edit, self.compact, self.temporary, self.clone, self.saved, self.told]
        verbs += [self.other_wire]
        verb = self.rng.choice(verbs)
        # What went wrong is told; what matters is what is left.
        with contextlib.suppress(ChatkitError):
            verb()
        return verb.__name__

    def options(self):
        limits = self.rng.choice((None, None, Limits(rounds=1), Limits(tool_calls=1), Limits(tokens=40)))
        return {"tool_mode": self.rng.choice(("sequential", "concurrent")), "limits": limits}

    def say(self):
        self.chat.chat("Go on.", **self.options())

    def stream(self):
        list(self.chat.stream("Go on.", **self.options()))

    def leave(self):
        for _ in self.chat.stream("Go on."):
            break

    def awaited(self):
        asyncio.run(self.chat.chat_async("Go on.", **self.options()))

    def data(self):
        contents = ["How many?"] * self.rng.randrange(2)
        self.chat.chat_structured(*contents, type=int, repairs=self.rng.randrange(2), **self.options())

    def data_awaited(self):
        keep = self.rng.random() < 0.5
        asyncio.run(self.chat.chat_structured_async("How many?", type=int, keep_repairs=keep))

    def decide(self):
        pending = [item for item in self.chat.pending_approvals() if item.name == "guarded"]
        yes = [item for item in pending if self.rng.random() < 0.5]
        no = {item.id: "No." for item in pending if item not in yes and self.rng.random() < 0.7}
        self.allowed.update(str(item.arguments["key"]) for item in yes)
        verb = self.rng.choice((self.chat.resume, lambda **how: list(self.chat.stream_resume(**how))))
        verb(approve=[item.token for item in yes], deny=no)

    def undo(self):
        self.chat.undo(self.rng.randint(1, 2))

    def retry(self):
        self.chat.retry()

    def edit(self):
        self.chat.edit(self.rng.randrange(-2, 3), "Otherwise.")

    def compact(self):
        self.chat.compact(self.rng.choice((1, 30, 10_000)), how=self.rng.choice(("drop", "drop", "summarise")))

    def temporary(self):
        before = self.chat.turns
        with contextlib.suppress(ChatkitError), self.chat.temporary():
            self.say()
        assert self.chat.turns == before

    def clone(self):
        self.chat = self.rng.choice((self.chat.clone, self.chat.fork))()

    def saved(self):
        path = self.folder / "walk.json"
        self.chat.save(path)
        loaded = Chat.load(path, tools=self.tools(), timeout=PATIENCE, echo="none")
        assert json.dumps(loaded.to_messages()) == json.dumps(self.chat.to_messages())
        assert [item.token for item in loaded.pending_approvals()] == [
            item.token for item in self.chat.pending_approvals()
        ]
        self.chat = loaded

    def other_wire(self):
        other = self.made("chat_completions" if self.chat.provider.api == "responses" else "responses")
        other.set_turns(self.chat.turns)
        assert json.dumps(other.to_messages()) == json.dumps(self.chat.to_messages())
        self.chat = other

    def told(self):
        messages = self.chat.to_messages()
        self.chat.from_messages(messages)
        assert self.chat.to_messages() == messages


@pytest.fixture(scope="module")
def service():
    with FakeService(strict=True) as running:
        yield running


@pytest.mark.parametrize("batch", range(SEEDS // BATCH))
def test_however_a_chat_is_used_its_history_stays_lawful_and_nothing_runs_without_a_yes(service, tmp_path, batch):
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        walk(seed, service, tmp_path)


def walk(seed, service, folder):
    service.requests.clear()
    here = Walk(seed, service, folder)
    path = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(STEPS):
            path.append(here.step())
            where = f"seed {seed}: {' '.join(path)}"
            messages = here.chat.to_messages()
            if not messages or messages[-1]["role"] == "assistant":
                messages.append({"role": "user", "content": "Go on."})
            assert check_history(messages) == [], where
            assert set(here.ran) <= here.allowed, where
            assert len(here.ran) == len(set(here.ran)), where
    refused = [request.number for request in service.requests if faults_of(request)]
    assert refused == [], where


def faults_of(request):
    responses = request.path.endswith("/responses")
    return check_responses_request(request.json) if responses else check_history(request.messages)
