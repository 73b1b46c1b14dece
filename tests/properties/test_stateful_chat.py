"""Chats used in any order, by hypothesis: every verb, every fault, several chats at once, and all is checked each time.

A machine holds a few chats with one strict service, on both wires. Each rule does one thing with one of them: talks in
one of the ways there are, leaves early, closes, cancels from another thread, asks for data, decides on what waits,
undoes, edits, compacts, forks, saves and loads, tells itself as messages. The service answers with text, thinking and
calls of tools, good and bad, and with faults: statuses, cuts at any byte, stalls, garbage, errors under status 200.

After every step: the chats that were not used are as they were; nobody is busy; what was told is what is kept; a call
of which nothing was told has left no trace; counts are unknown or not negative; what would be sent is lawful, and the
strict service takes it. For more examples, by hand: `CHATKIT_EXAMPLES=2000`.
"""

import asyncio
import contextlib
import os
import tempfile
import threading
import warnings
from dataclasses import astuple
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from chatkit import (
    Chat,
    ChatkitError,
    Limits,
    Retrying,
    TextDelta,
    TimeLimits,
    ToolRejectError,
    TurnEnded,
    TurnStarted,
    UserTurn,
    chat_huggingface,
    chat_openai_compatible,
    params,
    tool,
)
from chatkit.testing import (
    Answer,
    Delivery,
    ErrorAnswer,
    EventsAnswer,
    FakeService,
    RawAnswer,
    ToolCall,
    check_request,
    check_responses_request,
)

EXAMPLES = int(os.environ.get("CHATKIT_EXAMPLES", "50"))
STEPS = 14
CHATS = 3
PATIENCE = TimeLimits(connect=5, first_byte=5, idle=0.3)
WORDS = ("Hello ", "world", "\n\n", "😀", "é", "- a\n", "x" * 80, "\u2028", "1")
STALLS = {"stall": 0.6}

# --- what the service says ------------------------------------------------------------------------------------------

texts = st.lists(st.sampled_from(WORDS), max_size=4)
calls = st.builds(
    lambda call, **how: ToolCall(*call, **how),
    st.sampled_from(
        [
            ("add", {"a": 1, "b": 2}),
            ("add", {"a": "x"}),
            ("add", '{"a": 1,'),
            ("fail", {}),
            ("refuse", {}),
            ("guarded", {"key": "k"}),
            ("guarded", {"key": "k"}),
            ("unknown", {}),
            ("stop", {}),
        ]
    ),
    fragment=st.sampled_from((None, 3)),
    id=st.sampled_from((None, None, "0")),
)
travels = st.builds(Delivery, coalesce=st.booleans(), piece=st.sampled_from((None, None, 7)))
answers = st.builds(
    Answer,
    texts,
    reasoning=st.lists(st.sampled_from(WORDS), max_size=2),
    tool_calls=st.lists(calls, max_size=2),
    finish_reason=st.sampled_from(("auto", "auto", "auto", "auto", "length", "content_filter")),
    delivery=travels,
)
typed = st.sampled_from(
    ['{"answer": 3}', '```json\n{"answer": 4}\n```', '{"answer": "x"}', "no idea", '{"answer": 3', "7"]
).map(Answer)
cuts = st.builds(
    lambda answer, at, cut: _travelling(answer, Delivery(cut_after=at, cut=cut)),
    answers,
    st.integers(0, 1500),
    st.sampled_from(("rst", "fin", "inside_chunk", "bad_chunk_size", "clean")),
)
stalls = st.builds(
    lambda answer, at: _travelling(answer, Delivery(stall_after=at, **STALLS)), answers, st.integers(0, 900)
)
faults = st.one_of(
    st.sampled_from((400, 401, 402, 404, 408, 429, 500, 503)).map(
        lambda status: ErrorAnswer(status, {"error": {"message": "no"}})
    ),
    st.sampled_from(("rst", "fin")).map(lambda how: Answer("x", delivery=Delivery(cut_before_headers=how))),
    st.sampled_from(("start", "middle", "truncated")).map(
        lambda how: Answer("Hello", delivery=Delivery(gzip=True, gzip_fault=how))
    ),
    st.sampled_from(
        [
            EventsAnswer([]),
            EventsAnswer(['{"choices": [']),
            EventsAnswer([{"choices": [{"index": 0, "delta": {"content": "So "}}]}, {"error": {"message": "broken"}}]),
            EventsAnswer([{"error": "overloaded"}]),
            EventsAnswer(["3", "null", "[]"]),
            RawAnswer(b"<html><title>Log in</title>", content_type="text/html"),
            RawAnswer(b'{"error": {"message": "no", "code": 500}}'),
            RawAnswer(b"\xff\xfe\x00garbage", content_type="text/event-stream"),
            Answer("So far", fails="The provider is gone."),
        ]
    ),
)
said = st.lists(st.one_of(answers, answers, answers, typed, cuts, faults, stalls), min_size=1, max_size=4)


def _travelling(answer, delivery):
    return Answer(answer.text, reasoning=answer.reasoning, tool_calls=answer.tool_calls, delivery=delivery)


# --- how it is talked to --------------------------------------------------------------------------------------------

places = st.integers(0, CHATS - 1)
limits = st.sampled_from((None, None, None, Limits(rounds=1), Limits(tool_calls=1), Limits(tokens=40)))
options = st.fixed_dictionaries({"tool_mode": st.sampled_from(("sequential", "concurrent")), "limits": limits})
WAYS = ("chat", "echoed", "chat_async", "stream", "events", "stream_async", "events_async")
ENDS = ("read on", "read on", "break", "close", "cancel", "cancel elsewhere", "raise")
endings = st.tuples(st.sampled_from(ENDS), st.integers(1, 5))


class Left(Exception):
    """Raised by whoever reads a stream."""


class Told:
    """What a reader was told of a call, and when it leaves."""

    def __init__(self, ending):
        self.how, self.after = ending
        self.pieces = []
        self.events = []
        self.threads = []

    def note(self, item):
        """Whether to leave the loop now."""
        if isinstance(item, str):
            self.pieces.append(item)
        else:
            self.events.append(item)
            if isinstance(item, TextDelta):
                self.pieces.append(item.text)
        return len(self.pieces) + len(self.events) == self.after and self.how != "read on"

    def leave(self, chat, stream):
        """Do what ends it; whether the loop is left then."""
        match self.how:
            case "raise":
                raise Left
            case "cancel":
                stream.cancel("enough")
            case "cancel elsewhere":
                thread = threading.Thread(target=chat.cancel, args=("enough",))
                self.threads.append(thread)
                thread.start()
        return self.how in ("break", "close")

    def plainly(self, chat, stream, by_event):
        for item in stream.events() if by_event else stream:
            if self.note(item) and self.leave(chat, stream):
                if self.how == "close":
                    stream.close()
                break
        stream.close()

    async def awaited(self, chat, stream, by_event):
        async for item in stream.events() if by_event else stream:
            if self.note(item) and self.leave(chat, stream):
                if self.how == "close":
                    await stream.aclose()
                break
        await stream.aclose()


class Chats(RuleBasedStateMachine):
    """Some chats with one service."""

    service = None

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.planned = []
        self.allowed = self.ran = 0
        self.chats = []
        self.seen = []
        self.service.requests.clear()
        self.service.on_request(lambda request: self.planned.pop(0) if self.planned else Answer("Fine."))

    def teardown(self):
        self.folder.cleanup()

    # --- what is there ---

    def tools(self):
        @tool(requires_approval=True)
        def guarded(key: str) -> str:
            """Run only after a yes."""
            self.ran += 1
            return key

        def add(a: int, b: int) -> int:
            """Add."""
            return a + b

        def fail() -> None:
            """Fail."""
            raise RuntimeError("boom")

        def refuse() -> None:
            """Refuse."""
            raise ToolRejectError("Not now.")

        def stop() -> None:
            """Be stopped by the user."""
            raise KeyboardInterrupt

        return [guarded, add, fail, refuse, stop]

    def made(self, api, **how):
        make = chat_huggingface if api == "responses" else chat_openai_compatible
        options = {"model": "m", "timeout": PATIENCE, "max_retries": 0, "echo": "none", "api": api, **how}
        chat = make(base_url=self.service.base_url, **options)
        chat.set_tools(self.tools())
        return chat

    @initialize(apis=st.tuples(*[st.sampled_from(("chat_completions", "responses"))] * CHATS))
    def begin(self, apis):
        self.chats = [self.made(api) for api in apis]
        self.seen = [chat.turns for chat in self.chats]

    # --- talking ---

    @rule(place=places, answers=said, way=st.sampled_from(WAYS), ending=endings, how=options)
    def say(self, place, answers, way, ending, how):
        self.talk(place, answers, way, ending, lambda chat, verb: verb("Go on.", **how), "stream", "chat")

    @rule(place=places, answers=said, way=st.sampled_from(WAYS), ending=endings, decision=st.integers(0, 2**4))
    def decide(self, place, answers, way, ending, decision):
        pending = [item for item in self.chats[place].pending_approvals() if item.name == "guarded"]
        yes = [item for bit, item in enumerate(pending) if decision >> bit & 1]
        no = {item.token: "No." for item in pending if item not in yes and decision >> 3 & 1}
        self.allowed += len(yes)
        before = self.ran
        decided = {"approve": [item.token for item in yes], "deny": no}
        self.talk(place, answers, way, ending, lambda chat, verb: verb(**decided), "stream_resume", "resume")
        # A call that is cancelled in between has not run all that it might.
        assert self.ran - before <= len(yes)

    @rule(place=places, answers=said, is_async=st.booleans(), repairs=st.integers(0, 1), contents=st.booleans())
    def data(self, place, answers, is_async, repairs, contents):
        chat = self.chats[place]
        asked = ["How many?"] * contents
        with self.using(place, answers):
            if is_async:
                asyncio.run(chat.chat_structured_async(*asked, type=int, repairs=repairs))
            else:
                chat.chat_structured(*asked, type=int, repairs=repairs)

    @rule(place=places, answers=said, by_edit=st.booleans(), index=st.integers(-2, 2))
    def again(self, place, answers, by_edit, index):
        chat = self.chats[place]
        with self.using(place, answers):
            if by_edit:
                chat.edit(index, "Otherwise.")
            else:
                chat.retry()

    @rule(place=places, answers=said, way=st.sampled_from(WAYS), ending=endings)
    def try_out(self, place, answers, way, ending):
        chat, before = self.chats[place], self.chats[place].turns
        with chat.temporary():
            self.talk(place, answers, way, ending, lambda chat, verb: verb("What if?"), "stream", "chat")
        assert chat.turns == before
        self.seen[place] = before

    @rule(place=places, answers=said, budget=st.sampled_from((1, 30, 10_000)), summarise=st.booleans())
    def compact(self, place, answers, budget, summarise):
        with self.using(place, answers):
            self.chats[place].compact(budget, how="summarise" if summarise else "drop")

    # --- changing ---

    @rule(place=places, rounds=st.integers(1, 2))
    def undo(self, place, rounds):
        before = self.chats[place].turns
        taken = self.chats[place].undo(rounds)
        assert [*self.chats[place].turns, *taken] == before
        self.checked(place)

    @rule(place=places, other=places, how=st.sampled_from(("clone", "fork", "fork 1", "turns", "messages")))
    def copy(self, place, other, how):
        source, target = self.chats[place], self.chats[other]
        match how:
            case "clone":
                self.chats[other] = source.clone()
            case "fork":
                self.chats[other] = source.fork()
            case "fork 1":
                self.chats[other] = source.fork(1)
            case "turns":
                target.set_turns(source.turns)
            case "messages":
                target.from_messages(source.to_messages())
                # A chat keeps its system prompt when the messages have none.
                target.system_prompt = source.system_prompt
                assert target.to_messages() == source.to_messages()
        if how in ("clone", "fork", "turns"):
            assert self.chats[other].turns == source.turns
        self.checked(other)

    @rule(place=places)
    def save_and_load(self, place):
        path = Path(self.folder.name) / "chat.json"
        chat = self.chats[place]
        chat.save(path)
        loaded = Chat.load(path, tools=self.tools(), timeout=PATIENCE, echo="none")
        assert (loaded.turns, loaded.model, loaded.params) == (chat.turns, chat.model, chat.params)
        assert (loaded.system_prompt, loaded.spent, loaded.usage()) == (chat.system_prompt, chat.spent, chat.usage())
        assert loaded.pending_approvals() == chat.pending_approvals()
        self.chats[place] = loaded
        self.checked(place)

    @rule(place=places, model=st.sampled_from(("m", "other")), system=st.sampled_from((None, "Be terse.")))
    def settle(self, place, model, system):
        chat = self.chats[place]
        chat.model, chat.system_prompt = model, system
        chat.params = params(temperature=0.5) if system else None
        chat.add_turn("Before.", "Yes.")
        self.checked(place)

    # --- using and checking ---

    def talk(self, place, answers, way, ending, act, stream_verb, chat_verb):
        """Talk in one of the ways, and check what was told against what is kept."""
        chat = self.chats[place]
        told, is_async = Told(ending), way.endswith("_async")
        with self.using(place, answers) as before:
            if way.startswith(("stream", "events")):
                stream = act(chat, getattr(chat, stream_verb + "_async" * is_async))
                read = told.awaited if is_async else told.plainly
                done = read(chat, stream, way.startswith("events"))
                if is_async:
                    asyncio.run(done)
            elif is_async:
                asyncio.run(act(chat, getattr(chat, chat_verb + "_async")))
            else:
                chat.echo = "all" if way == "echoed" else "none"
                act(chat, getattr(chat, chat_verb))
        for thread in told.threads:
            thread.join()
        if way.startswith(("stream", "events")):
            self.compare(chat, before, told, by_event=way.startswith("events"))

    def compare(self, chat, before, told, *, by_event):
        new = chat.turns[len(before) :]
        assert "".join(told.pieces) == "".join(turn.text for turn in new if turn.role == "assistant")
        ended = [event.turn for event in told.events if isinstance(event, TurnEnded)]
        whole = [turn for turn in new if turn.role == "assistant" and turn.interrupted is None]
        if by_event and told.how == "read on":
            assert ended == whole
            # Of a call of which nothing was told there is no trace.
            if all(isinstance(event, TurnStarted | Retrying) for event in told.events):
                assert new == []

    @contextlib.contextmanager
    def using(self, place, answers):
        """Use a chat while the service answers so; whatever goes wrong, check what is left."""
        chat = self.chats[place]
        before, asked = chat.turns, len(self.service.requests)
        self.planned[:] = answers
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with contextlib.suppress(ChatkitError, KeyboardInterrupt, Left):
                yield before
            self.planned.clear()
            chat.echo = "none"
            for request in self.service.requests[asked:]:
                assert problems_of(request) == []
            assert self.ran <= self.allowed
            self.checked(place)

    def checked(self, place):
        """The invariants."""
        chat = self.chats[place]
        for other, turns in enumerate(self.seen):
            assert other == place or self.chats[other].turns == turns
        self.seen[place] = chat.turns
        chat._talk.busy.check()
        counts = [*astuple(chat.usage()), chat.spent.tokens, chat.spent.cost, chat.spent.requests]
        assert all(count is None or count >= 0 for count in counts)
        whole = [turn for turn in chat.turns if turn.role == "assistant" and turn.interrupted is None]
        unknown = any(turn.usage.output_tokens is None for turn in whole)
        assert (chat.usage().output_tokens is None) is unknown
        self.send(chat.clone())

    def send(self, clone):
        """What would be sent next is lawful, and the service takes it."""
        assert self.planned == []
        asked = len(self.service.requests)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert clone.chat("And now?") == "Fine."
        assert [problem for request in self.service.requests[asked:] for problem in problems_of(request)] == []
        assert clone.turns[-2] == UserTurn("And now?")
        assert clone.last_turn().interrupted is None


def problems_of(request):
    check = check_responses_request if request.path.endswith("/responses") else check_request
    return check(request.json)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch):
    # Which way to ask a server for typed answers is remembered by its address.
    monkeypatch.setattr("chatkit._engine.ladder._known", {})


# What fails is made small first, which takes its time.
@pytest.mark.timeout(600 if EXAMPLES <= 50 else 36_000)
def test_chats_used_in_any_order_stay_lawful_and_keep_what_they_told(capsys):
    with FakeService(strict=True) as service:
        Chats.service = service
        run_state_machine_as_test(
            Chats,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
