"""A random fault at a random byte of a random conversation: the history stays lawful, and the next chat works.

Every seed makes a conversation of a few requests (text, thinking, tool calls, tools that fail), on one of the wires,
with or without a fallback, lets one thing go wrong at a random place of one of them, through one of the ways of talking
or of asking for data, and then looks at what is left:

- nothing told before the fault in the first request: the history is exactly as it was;
- something told: the text told is the text kept, in a partial turn that says why it is partial;
- whatever happened: the strictest server accepts what is sent next, with every tool call answered once.
"""

import asyncio
import contextlib
import os
import random
import warnings
from dataclasses import astuple

import pytest

from chatkit import (
    Cancelled,
    ChatkitError,
    ContentJson,
    TextDelta,
    TimeLimits,
    ToolRejectError,
    chat_huggingface,
    chat_openai_compatible,
)
from chatkit.testing import (
    Answer,
    Delivery,
    ErrorAnswer,
    EventsAnswer,
    FakeService,
    RawAnswer,
    ToolCall,
    check_history,
    check_responses_request,
)

SEEDS = int(os.environ.get("CHATKIT_SEEDS", "1000"))
BATCH = 100
WAYS = ("chat", "chat echoed", "stream", "events", "chat_async", "stream_async", "data", "data stream", "data_async")
WIRES = ("chat_completions", "responses")
TYPED = ('{"answer": 3}', '```json\n{"answer": 4}\n```', '{"answer": "x"}', "no idea", '{"answer": 5,}')
FAULTS = (
    "rst", "fin", "inside_chunk", "bad_chunk_size", "clean", "stall", "http error", "error event", "bad json", "html",
    "empty", "length", "content_filter", "no finish", "before headers", "gzip", "leave early", "cancel",
    "interrupt in tool", "callback raises", "none",
)  # fmt: skip
LIMITS = TimeLimits(connect=2, first_byte=2, idle=0.04)
WORDS = ("Hello ", "world", "\n\n", "😀", "1", "1", "é", "- a\n", "x" * 50, "\u2028")


class Stopped(Exception):
    """Raised by a callback of the user's."""


class Scene:
    """One seed: what the server will say, what goes wrong, and how the chat is used."""

    def __init__(self, seed, service):
        self.rng = random.Random(seed)
        self.service = service
        self.fault = self.rng.choice(FAULTS)
        self.way = self.rng.choice(WAYS)
        self.told = []
        self.began = False
        self.wire = self.rng.choice(WIRES)
        self.chat = self.made()
        self.chat.set_tools([self.add, self.fail, self.refuse])
        if self.rng.random() < 0.5:
            self.chat.add_turn("Before.", "Yes.")
        self.answers = self.plan()
        service.on_request(lambda request: self.answers.pop(0) if self.answers else Answer("Fine."))

    def made(self):
        make = chat_huggingface if self.wire == "responses" else chat_openai_compatible
        return make(
            base_url=self.service.base_url,
            model="m",
            api=self.wire,
            timeout=LIMITS,
            max_retries=0,
            echo="none",
            fallback=self.rng.choice(((), (), ("other",))),
        )

    def add(self, a: int, b: int) -> int:
        if self.fault == "interrupt in tool":
            raise KeyboardInterrupt
        return a + b

    def fail(self) -> None:
        raise RuntimeError("boom")

    def refuse(self) -> None:
        raise ToolRejectError("Not now.")

    def plan(self):
        rounds = self.rng.randrange(3)
        answers = [self.answer(calls=self.rng.randint(1, 3)) for _ in range(rounds)] + [self.answer()]
        at = self.rng.randrange(len(answers))
        answers[at] = self.broken(answers[at])
        return answers

    def answer(self, calls=0, **fields):
        rng = self.rng
        text = [rng.choice(WORDS) for _ in range(rng.randrange(6))] or (() if calls else "Hm.")
        if self.way.startswith("data") and not calls:
            text = rng.choice(TYPED)
        reasoning = [rng.choice(WORDS) for _ in range(rng.choice((0, 0, 3)))]
        delivery = Delivery(coalesce=rng.random() < 0.5, piece=rng.choice((None, None, 7, 100)))
        return Answer(
            text, reasoning=reasoning, tool_calls=[self.call() for _ in range(calls)], delivery=delivery, **fields
        )

    def call(self):
        rng = self.rng
        name, arguments = rng.choice(
            [("add", {"a": 1, "b": rng.randrange(99)}), ("add", {"a": "x"}), ("add", '{"a": 1,'), ("fail", {}),
             ("refuse", {}), ("unknown", {"q": 1}), ("add", "[1]")]
        )  # fmt: skip
        return ToolCall(name, arguments, fragment=rng.choice((None, 3)), id=rng.choice((None, None, "0")))

    def broken(self, answer):
        rng, fault = self.rng, self.fault
        at = rng.randrange(2500)
        cut = {"rst", "fin", "inside_chunk", "bad_chunk_size", "clean"}
        if fault in cut:
            return changed(answer, cut_after=at, cut=fault)
        others = {
            "stall": lambda: changed(answer, stall_after=at, stall=0.12),
            "http error": lambda: ErrorAnswer(rng.choice((400, 401, 429, 500, 503)), {"error": "no"}),
            "error event": lambda: EventsAnswer([*chunks(rng), {"error": {"message": "broken"}}]),
            "bad json": lambda: EventsAnswer([*chunks(rng), '{"choices": [']),
            "html": lambda: RawAnswer(b"<html><title>Log in</title>", content_type="text/html"),
            "empty": lambda: EventsAnswer([]),
            "length": lambda: self.answer(calls=rng.randrange(2), finish_reason="length"),
            "content_filter": lambda: self.answer(calls=rng.randrange(2), finish_reason="content_filter"),
            "no finish": lambda: self.answer(finish_reason=None, done=False),
            "before headers": lambda: changed(answer, cut_before_headers=rng.choice(("fin", "rst"))),
            "gzip": lambda: changed(answer, gzip=True, gzip_fault=rng.choice(("start", "middle", "truncated"))),
        }
        return others.get(fault, lambda: answer)()

    def note(self, piece):
        """Whatever was told; then, by this seed's fault, the reader leaves or cancels."""
        self.began = True
        text = piece if isinstance(piece, str) else piece.text if isinstance(piece, TextDelta) else ""
        if text:
            self.told.append(text)
        return self.fault == "leave early" and self.rng.random() < 0.4

    def talk(self):
        """Say one thing in this seed's way, with its fault, until it ends, well or not."""
        if self.fault == "callback raises":
            self.chat.on_tool_result(raise_stopped)
        if self.fault == "cancel":
            self.chat.on_tool_request(lambda request: self.chat.cancel("enough"))
        with contextlib.suppress(ChatkitError, KeyboardInterrupt, Stopped), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self.way.endswith("_async"):
                asyncio.run(self.talk_async())
            else:
                self.talk_plainly()

    def talk_plainly(self):
        if self.way.startswith("chat"):
            self.chat.chat("Begin.", echo="none" if self.way == "chat" else "all")
            return
        if self.way.startswith("data"):
            self.ask_for_data()
            return
        stream = self.chat.stream("Begin.")
        for piece in stream if self.way == "stream" else stream.events():
            if self.note(piece):
                break
            if self.fault == "cancel" and self.rng.random() < 0.3:
                stream.cancel("enough")

    def ask_for_data(self):
        if self.way == "data":
            self.chat.chat_structured("Begin.", type=int, keep_repairs=self.rng.random() < 0.5)
            return
        for _ in self.chat.stream_structured("Begin.", type=int):
            if self.note(None):
                break

    async def talk_async(self):
        if self.way == "chat_async":
            await self.chat.chat_async("Begin.")
            return
        if self.way == "data_async":
            await self.chat.chat_structured_async("Begin.", type=int, repairs=self.rng.randrange(2))
            return
        stream = self.chat.stream_async("Begin.")
        async for piece in stream:
            if self.note(piece):
                break
            if self.fault == "cancel" and self.rng.random() < 0.3:
                stream.cancel("enough")

    def check(self, before):
        """The invariants, and that the next chat works."""
        turns = self.chat.turns
        assert turns[: len(before)] == before
        new = turns[len(before) :]
        for turn in new[:-1]:
            if turn.role == "assistant":
                assert turn.interrupted is None
        if self.way in ("stream", "stream_async"):
            told = "".join(self.told)
            kept = "".join(turn.text for turn in new if turn.role == "assistant")
            # Who leaves or cancels in the middle of a batch has not seen the rest of it, and it is not kept.
            assert kept == told
        self.service.on_request(lambda request: Answer("Fine."))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert self.chat.chat("Go on.", echo="none") == "Fine."
        assert [problem for request in self.service.requests for problem in problems_of(request)] == []
        assert "Go on." in self.service.requests[-1].body.decode()
        counts = [*astuple(self.chat.usage()), self.chat.spent.tokens]
        assert all(count is None or count >= 0 for count in counts)
        for turn in new:
            if any(isinstance(item, ContentJson) for item in turn.contents):
                assert (turn.role, turn.interrupted) == ("assistant", None)


def problems_of(request):
    responses = request.path.endswith("/responses")
    return check_responses_request(request.json) if responses else check_history(request.messages)


def changed(answer, **delivery):
    return Answer(answer.text, reasoning=answer.reasoning, tool_calls=answer.tool_calls, delivery=Delivery(**delivery))


def chunks(rng):
    return [{"choices": [{"index": 0, "delta": {"content": rng.choice(WORDS)}}]} for _ in range(rng.randrange(4))]


def raise_stopped(result):
    raise Stopped


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch):
    # Which way to ask a server for typed answers is remembered by its address.
    monkeypatch.setattr("chatkit._engine.ladder._known", {})


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_i11_whatever_goes_wrong_the_history_is_lawful_and_the_chat_goes_on(first, capsys):
    with FakeService(strict=True) as service:
        for seed in range(first, min(first + BATCH, SEEDS)):
            scene = Scene(seed, service)
            before = scene.chat.turns
            try:
                scene.talk()
                scene.check(before)
            except BaseException as error:
                error.add_note(f"seed {seed}: {scene.fault}, through {scene.way}, on {scene.wire}")
                raise
            service.requests.clear()


def test_a_first_request_that_fails_before_anything_was_told_leaves_the_history_as_it_was():
    with FakeService(strict=True) as service:
        for fault in (
            ErrorAnswer(500, {"error": "no"}),
            EventsAnswer([]),
            Answer("x", delivery=Delivery(cut_before_headers="rst")),
            Answer("x", delivery=Delivery(cut_after=0)),
            RawAnswer(b"<html>", content_type="text/html"),
            EventsAnswer([{"error": {"message": "broken"}}]),
        ):
            chat = chat_openai_compatible(service.base_url, model="m", timeout=LIMITS, max_retries=0)
            chat.add_turn("Before.", "Yes.")
            before = chat.turns
            for use in (lambda chat: chat.chat("x", echo="none"), lambda chat: list(chat.stream("x"))):
                service.script(fault)
                with pytest.raises(ChatkitError) as caught:
                    use(chat)
                assert not isinstance(caught.value, Cancelled)
                assert chat.turns == before
