"""A provider, lines and a driver without any wire: what is sent is a value, and what comes back is written down.

An answer is a list: first the status of its head, or an exception; then batches of words, exceptions, or None at the
end. The words: "+id" asks for a tool, ".reason" is the finish reason, "!" breaks the answer, any other is text.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections import deque

import pytest

from chatkit._engine.asks import Pause, Receive, Release, Run, Send
from chatkit._engine.conversation import Conversation
from chatkit._errors import APIStatusError, Cancelled, StreamError, StreamInterruptedError
from chatkit._http.messages import Batch, Head, Piece, Request
from chatkit._http.retry import RetryPolicy
from chatkit._providers.params import Params
from chatkit._turns.contents import ContentText, ContentToolRequest, ContentToolResult
from chatkit._turns.events import TextDelta, ToolInputDelta
from chatkit._turns.turns import AssistantTurn, Usage

URL = "https://fake.example/v1"


class FakeDecoder:
    def __init__(self, head):
        self.at = head.sent_at
        self.begun = self.done = False
        self._contents = []
        self._reason = None

    def feed(self, piece):
        word = piece.data
        if word == "!":
            raise StreamError("Event 9 is bad.")
        if word.startswith("."):
            self._reason, self.done = word[1:], True
            return
        self.begun = True
        if word.startswith("+"):
            self._contents.append(ContentToolRequest(word[1:], "add", {}))
            yield ToolInputDelta(0, word[1:], "add", "{}")
        else:
            self._contents.append(ContentText(word))
            yield TextDelta(word)

    def finish(self):
        if self._reason is None:
            raise StreamInterruptedError("It ended early.")
        return self._turn(None)

    def partial(self, reason):
        return self._turn(reason) if self.begun else None

    def broken(self, error):
        return (
            StreamInterruptedError(f"Broken: {error}") if self.begun and not isinstance(error, StreamError) else error
        )

    def _turn(self, interrupted):
        usage = Usage(1, 2) if interrupted is None else Usage()
        return AssistantTurn(
            tuple(self._contents), usage, duration=self.at, finish_reason=self._reason, interrupted=interrupted
        )


@dataclasses.dataclass(frozen=True)
class FakeProvider:
    name: str = "fake"
    model: str = "m"
    base_url: str = URL
    params: Params = dataclasses.field(default_factory=Params)
    # How often it gives in.
    yields: int = 0
    asked: list = dataclasses.field(default_factory=list, compare=False)
    credentials: object = dict

    def changed(self, *, model=None, params=None):
        return dataclasses.replace(self, model=model or self.model, params=params or self.params)

    @property
    def asked_model(self):
        return self.model

    def listing(self):
        return None

    def request(self, turns, *, system, tools, stream, tool_choice=None):
        self.asked.append((tuple(turns), system, tools, stream, self.yields))
        return Request(self.base_url, b"{}", credentials=self.credentials, stream=stream)

    def decoder(self, head):
        return FakeDecoder(head)

    def explain(self, head, body):
        return APIStatusError(
            f"It answered {head.status}.",
            status_code=head.status,
            server_message=body,
            retryable=head.status == 503,
            retry_after=head.retry_after,
        )

    def conceding(self, error):
        return dataclasses.replace(self, yields=self.yields - 1) if self.yields and "strange" in str(error) else None


class Wire:
    """What comes back, in order; shared by everything that plays a line."""

    def __init__(self, *answers):
        self.items = deque(item for answer in answers for item in answer)
        self.log = []
        self._at = 0.0

    def head(self):
        item = self._next()
        status, wait = item if isinstance(item, tuple) else (item, None)
        return Head(status, {}, URL, retry_after=wait)

    def batch(self):
        item = self._next()
        self._at += 1
        return None if item is None else Batch([Piece(word) for word in item.split()], self._at)

    def _next(self):
        item = self.items.popleft()
        if isinstance(item, BaseException):
            raise item
        return item


class FakeLine:
    """A plain line; `hook` is called with the name of each thing that happens, before it happens."""

    def __init__(self, wire, hook=None):
        self.wire, self.hook = wire, hook
        self.hung_up = None

    def _do(self, what):
        self.wire.log.append(what)
        if self.hook is not None:
            self.hook(what)
        if self.hung_up is not None:
            raise Cancelled("The answer was cancelled.", reason=self.hung_up)

    def send(self, request):
        self._do("send")
        self.request = request
        return self.wire.head()

    def receive(self):
        self._do("receive")
        return self.wire.batch()

    def release(self):
        self._do("release")

    def pause(self, seconds):
        self._do(f"pause {seconds}")

    def hang_up(self, reason="cancelled"):
        self.hung_up = self.hung_up or reason

    def close(self):
        self.wire.log.append("close")


class FakeAsyncLine(FakeLine):
    async def send(self, request):
        return FakeLine.send(self, request)

    async def receive(self):
        return FakeLine.receive(self)

    async def release(self):
        FakeLine.release(self)

    async def pause(self, seconds):
        FakeLine.pause(self, seconds)

    @contextlib.contextmanager
    def waking(self, wake):
        yield


_WORDS = {
    "text_delta": lambda event: event.text,
    "tool_input_delta": lambda event: f"+{event.id}",
    "retrying": lambda event: f"retrying {event.attempt} {event.delay}",
    "tool_requested": lambda event: f"requested {event.request.id}",
    "tool_returned": lambda event: f"returned {event.result.id}",
}


class FakeWatcher:
    """Hands every event to a function."""

    def __init__(self, feed):
        self.feed = feed
        self.closed = False

    def close(self):
        self.closed = True


def shown(step):
    """An event or an ask in a word."""
    if isinstance(step, Send | Receive | Release):
        return type(step).__name__.lower()
    if isinstance(step, Pause):
        return f"pause {step.seconds}"
    if isinstance(step, Run):
        return f"run {' '.join(item.id for item in step.requests)}{' at once' if step.concurrent else ''}"
    return _WORDS.get(step.type, lambda event: event.type)(step)


class Played:
    """A script stepped by hand to its end.

    Attributes:
        log: Everything it told and asked, in a word each.
        error: What it raised, or None.
    """

    def __init__(self, script, wire, *, run=None, at=None, throw=None):
        self.log, self.error = [], None
        reply, failure = None, None
        with contextlib.closing(script):
            try:
                while True:
                    step = script.send(reply) if failure is None else script.throw(failure)
                    reply = failure = None
                    self.log.append(shown(step))
                    if at == len(self.log):
                        if throw is GeneratorExit:
                            script.close()
                            return
                        failure = throw
                        continue
                    try:
                        reply = self._act(step, wire, run)
                    except BaseException as error:
                        failure = error
            except StopIteration:
                pass
            except BaseException as error:
                self.error = error

    @staticmethod
    def _act(step, wire, run):
        if isinstance(step, Send):
            return wire.head()
        if isinstance(step, Receive):
            return wire.batch()
        if isinstance(step, Run):
            for index, request in enumerate(step.requests):
                step.results[index] = run(request) if run else ContentToolResult("4", request=request, text="4")
        return None


@pytest.fixture(scope="session")
def fake():
    """The fakes, by name."""

    class Fakes:
        Provider, Line, AsyncLine = FakeProvider, FakeLine, FakeAsyncLine
        Watcher = FakeWatcher
        play = Played
        shown = staticmethod(shown)

    Fakes.Wire = Wire

    return Fakes


@pytest.fixture
def talk():
    """A conversation that waits half of what it might."""
    return Conversation(FakeProvider(), retries=RetryPolicy(2), jitter=lambda: 1.0)
