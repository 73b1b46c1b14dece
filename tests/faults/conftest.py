"""One way to check a row of the fault catalogue whole.

`row(...)` lets a chat with a canary key meet a fault, through one way of talking, and then looks at everything that
each row asks for: the exception and what its message names; the history (H0, HC, HP or HT, as the catalogue writes
them); the number of requests that the server saw; that the key is nowhere; that the connection was given back; that
the next plain `chat()` works; and that all of it took seconds.

`row` goes through two ways of talking, one plain and whole, one async and streamed; `stream_row` through the two that
stream, for faults that need an answer in pieces; `row_once` through the plain one, for rows that take their time.
"""

import asyncio
import contextlib
import gc
import json
import pickle
import threading
import time
import warnings

import pytest

from chatkit import Chat, ChatkitError, TimeLimits, chat_openai_compatible, contents_record
from chatkit.testing import FakeService, check_history

SECONDS = 20
LIMITS = TimeLimits(connect=5, first_byte=10, idle=10)


class Row:
    """Checks one row, through one way of talking.

    Attributes:
        service: The server of the following chat, and of the fault unless the row brings its own.
        way: "chat", "chat_async", "stream" or "stream_async".
        heard: The pieces that a stream gave out before it ended.
        error: What was raised, or None.
        chat: The chat of the row.
    """

    def __init__(self, service, way, canary, all_logs):
        self.service, self.way, self.canary, self.logs = service, way, canary, all_logs
        self.heard, self.error, self.chat, self.taken = [], None, None, 0.0

    def make(self, base_url=None, **options) -> Chat:
        """Make a chat with the canary key, in which something was said before."""
        options = {"credentials": self.canary.credentials, "timeout": LIMITS, "model": "m", "echo": "none", **options}
        chat = chat_openai_compatible(base_url or self.service.base_url, **options)
        return chat.set_turns([]).add_turn("Before.", "Yes.")

    def say(self, chat, *contents, **options):
        """Say something in this row's way; what is heard of it is kept as far as it comes."""
        self.heard = []
        if self.way == "chat":
            self.heard.append(str(chat.chat(*contents, **options)))
        elif self.way == "stream":
            for piece in chat.stream(*contents, **options):
                self.heard.append(piece)
        else:
            asyncio.run(self._say_async(chat, contents, options))

    async def _say_async(self, chat, contents, options):
        if self.way == "chat_async":
            self.heard.append(str(await chat.chat_async(*contents, **options)))
            return
        async for piece in chat.stream_async(*contents, **options):
            self.heard.append(piece)

    def __call__(
        self, *answers, raises=None, names=(), history=None, text=None, requests=1, chat=None, act=None, warns=(),
        saw=None, next_chat=None, seconds=SECONDS, **options,
    ):  # fmt: skip
        """Check the row.

        Args:
            *answers: What the server says, in order; a callable answers every request of the row.
            raises: The exact type of the exception, or None for success.
            names: What its message must name.
            history: "H0", "HC", "HP" or "HT"; by default H0 for an exception and HC for success.
            text: The text of the answer, whole or partial.
            requests: How many requests the server saw.
            chat: The chat; one is made by default, of the options.
            act: What is done with it; "Hi" is said by default.
            warns: What warnings say that must be given; others are refused by the settings of all tests.
            saw: Counts the requests, where it is not the service that sees them.
            next_chat: Makes the chat that goes on, where that of the row cannot: its very address is the fault.
            seconds: The most that all of it may take.
            **options: Of the chat.
        """
        history = history or ("H0" if raises else "HC")
        given, self.chat = chat is not None, self.make(**options) if chat is None else chat
        before, count = self.chat.turns, self._requests()
        self._script(answers)
        started = time.monotonic()
        self.error = self._acted(act or (lambda: self.say(self.chat, "Hi")), warns)
        self.taken = time.monotonic() - started
        self.message = str(self.error or "")
        self._check_error(raises, names)
        self._check_history(before, history, text)
        assert (saw() if saw else self._requests() - count) == requests
        self.service.on_request(lambda request: "Fine.")
        self._check_released()
        self._check_secrecy()
        self._check_going_on(next_chat)
        if not given:
            self._check_nothing_is_left()
        assert time.monotonic() - started < seconds
        return self

    def _script(self, answers):
        if answers and callable(answers[0]):
            self.service.on_request(answers[0])
        else:
            self.service.script(*answers)

    def _requests(self):
        return len([request for request in self.service.requests if request.method == "POST"])

    def _acted(self, act, warns):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always" if warns else "error")
            try:
                act()
                error = None
            except BaseException as raised:
                error = raised
        for word in warns:
            assert word in " ".join(str(item.message) for item in caught)
        # Without the frames of this class, which would lead to everything.
        return error

    def _check_error(self, raises, names):
        error = self.error
        if error is not None and type(error) is not raises:
            raise error
        assert type(error) is (raises or type(None))
        for name in names:
            assert name in str(error)
        if isinstance(error, ChatkitError):
            again = pickle.loads(pickle.dumps(error))
            assert (type(again), str(again)) == (type(error), str(error))
            assert error.__cause__ is None
            assert error.__context__ is None

    def _check_history(self, before, history, text):
        if history == "H0":
            assert record(self.chat.turns) == record(before)
            return
        known = len(before)
        assert record(self.chat.turns[:known]) == record(before)
        new = self.chat.turns[known:]
        assert [turn.role for turn in new] == (["user", "assistant"] * len(new))[: len(new)]
        answers = [turn for turn in new if turn.role == "assistant"]
        assert all(turn.interrupted is None for turn in answers[:-1])
        if text is not None:
            assert answers[-1].text == text
        if history == "HT":
            self._check_calls(new)
        else:
            assert len(new) == 2
            assert (answers[-1].interrupted is not None) == (history == "HP")
        if self.error is None and self.way.startswith("stream") and history == "HC":
            assert "".join(self.heard) == new[-1].text

    def _check_calls(self, new):
        called = [request.id for turn in new if turn.role == "assistant" for request in turn.tool_requests]
        answered = [result.request.id for turn in new if turn.role == "user" for result in turn.tool_results]
        assert called
        assert sorted(called) == sorted(answered)

    def _check_released(self):
        """No request is still being answered, and at most one connection is kept, for the next one."""
        for request in self.service.requests:
            assert request.wait_ended(5), f"the answer to {request} has not ended"
        assert until(lambda: len(self.service._open) <= 1)
        assert until(lambda: not [thread for thread in threading.enumerate() if thread.name == "chatkit-line"])

    def _check_secrecy(self):
        if self.error is not None:
            self.canary.assert_not_in_error(self.error)
        self.canary.assert_not_in_logs(self.logs())
        self.canary.assert_not_in(repr(self.chat), str(self.chat), repr(vars(self.chat)))
        with contextlib.suppress(AttributeError, pickle.PicklingError):
            # Tools that are local functions do not pickle.
            self.canary.assert_not_in(pickle.dumps(self.chat))
        self.canary.assert_not_in(record(self.chat.turns), *map(repr, self.chat.turns))

    def _check_going_on(self, next_chat):
        chat = next_chat(self.chat) if next_chat else self.chat
        self.service._queue.clear()
        self.service.strict = True
        assert chat.chat("Go on.", echo="none") == "Fine."
        sent = self.service.requests[-1]
        assert check_history(sent.messages) == []
        assert sent.messages[-1]["role"] == "user"
        assert sent.messages[-1]["content"].endswith("Go on.")
        assert sent.headers["authorization"] == self.canary.bearer()

    def _check_nothing_is_left(self):
        """Once the chat is gone, so are its connections."""
        self.error = self.chat = None
        gc.collect()
        assert until(lambda: not self.service._open)


def record(turns):
    return json.dumps(contents_record(turns))


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    return condition()


@pytest.fixture(autouse=True, scope="session")
def _garbage_is_collected_fast():
    """Each row looks for what is left behind; what was there before all rows need not be gone through again."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch, tmp_path):
    monkeypatch.setattr("chatkit._http.retry._FIRST_WAIT", 0.001)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "no-token-here"))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service():
    with FakeService() as running:
        yield running


@pytest.fixture(params=["chat", "stream_async"])
def row(request, service, canary, all_logs):
    return Row(service, request.param, canary, all_logs)


@pytest.fixture(params=["stream", "stream_async"])
def stream_row(request, service, canary, all_logs):
    return Row(service, request.param, canary, all_logs)


@pytest.fixture
def row_once(service, canary, all_logs):
    return Row(service, "chat", canary, all_logs)


@pytest.fixture
def chunk():
    """Make one chunk of a streamed answer; keywords become fields of its delta."""

    def make(content=None, *, finish=None, **delta) -> dict:
        if content is not None:
            delta["content"] = content
        return {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    return make


@pytest.fixture
def whole():
    """Make a whole completion of a message's fields."""

    def make(*, finish="stop", **message) -> dict:
        choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
        return {"id": "c1", "object": "chat.completion", "model": "m", "choices": [choice]}

    return make
