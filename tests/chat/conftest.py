"""What the tests of the chat object share: a strict service, a chat with it, and four ways to talk.

The files `test_cases_*.py` go through a numbered list of what a chat object has to get right, 89 cases in all. Those
that are not there:

| cases | what they are about | why not here |
|---|---|---|
| 43, the list of values | what a tool may return | tested with the toolbox; here only that it arrives |
| 65, the price table | the cost of cached tokens | `test_cost_of_answers.py`; here only sums of known costs |
| 66, across chats | a session's usage | `test_cost_of_sessions.py`; within one chat: `test_call_limits.py` |
| 69 | recording and replaying turns | `tests/record` |
| 81 | columns added to results | comes with `parallel_chat_structured()` |
| 89 | parallel chats | comes with `parallel_chat()` |

Cases 71 to 80 are in `test_structured_cases.py`.
"""

import asyncio
import contextlib
import json
import os
import signal
import threading

import pytest

from chatkit import Chat, TimeLimits, chat_huggingface, chat_openai_compatible
from chatkit.testing import Delivery, FakeService, RawAnswer, check_history, check_responses_request

MODES = ("plain", "async", "plain-stream", "async-stream")


class Talk:
    """One way to talk to a chat, behind one call: plain or async, whole or streamed.

    Attributes:
        told: The pieces of text that the last call gave out.
    """

    def __init__(self, mode: str) -> None:
        self.is_async = mode.startswith("async")
        self.streams = mode.endswith("stream")
        self.told: list[str] = []

    def __call__(self, chat: Chat, *contents, **options) -> str:
        """Say something; gives all text that the caller sees."""
        if self.is_async:
            return asyncio.run(self.awaited(chat, *contents, **options))
        self.told = []
        if not self.streams:
            return str(chat.chat(*contents, **options))
        for piece in chat.stream(*contents, **options):
            self.told.append(piece)
        return "".join(self.told)

    async def awaited(self, chat: Chat, *contents, **options) -> str:
        self.told = []
        if not self.streams:
            return str(await chat.chat_async(*contents, **options))
        async for piece in chat.stream_async(*contents, **options):
            self.told.append(piece)
        return "".join(self.told)

    def events(self, chat: Chat, *contents, **options) -> list:
        """Everything that a stream tells; `told` as far as it came."""
        self.told = []
        if self.is_async:
            return asyncio.run(self._events_awaited(chat, contents, options))
        for event in chat.stream(*contents, **options).events():
            self.told.append(event)
        return self.told

    async def _events_awaited(self, chat, contents, options):
        async for event in chat.stream_async(*contents, **options).events():
            self.told.append(event)
        return self.told

    def leave(self, chat: Chat, *contents, after: int = 1) -> str:
        """Leave a stream's loop after some pieces of text."""
        if self.is_async:
            return asyncio.run(self._leave_awaited(chat, contents, after))
        self.told = []
        for piece in chat.stream(*contents):
            self.told.append(piece)
            if len(self.told) == after:
                break
        return "".join(self.told)

    async def _leave_awaited(self, chat, contents, after):
        self.told = []
        async for piece in chat.stream_async(*contents):
            self.told.append(piece)
            if len(self.told) == after:
                break
        return "".join(self.told)


@pytest.fixture(params=MODES)
def talk(request):
    return Talk(request.param)


@pytest.fixture(params=["plain-stream", "async-stream"])
def stream_talk(request):
    return Talk(request.param)


@pytest.fixture(params=["plain", "async"])
def whole_talk(request):
    return Talk(request.param)


@pytest.fixture(params=["async", "async-stream"])
def async_talk(request):
    return Talk(request.param)


class TypedTalk:
    """One way to ask a chat for a typed answer: plain or async, whole or streamed.

    Attributes:
        values: What the last stream gave out before the answer.
    """

    def __init__(self, mode: str) -> None:
        self.is_async = mode.startswith("async")
        self.streams = mode.endswith("stream")
        self.values: list = []

    def __call__(self, chat: Chat, *contents, **options):
        if self.is_async:
            return asyncio.run(self.awaited(chat, *contents, **options))
        if not self.streams:
            return chat.chat_structured(*contents, **options)
        self.values = []
        stream = chat.stream_structured(*contents, **options)
        for value in stream:
            self.values.append(value)
        return self._checked(stream)

    async def awaited(self, chat: Chat, *contents, **options):
        if not self.streams:
            return await chat.chat_structured_async(*contents, **options)
        self.values = []
        stream = chat.stream_structured_async(*contents, **options)
        async for value in stream:
            self.values.append(value)
        return self._checked(stream)

    def _checked(self, stream):
        assert self.values.pop() is stream.value
        return stream.value


@pytest.fixture(params=MODES)
def typed(request):
    return TypedTalk(request.param)


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch, tmp_path):
    # Backing off is tested with the retries; here it would only take time.
    monkeypatch.setattr("chatkit._http.retry._FIRST_WAIT", 0.001)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "no-token-here"))


@pytest.fixture
def service():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def make_chat(service):
    def make(**options) -> Chat:
        options.setdefault("base_url", service.base_url)
        # A test that waits for longer than this would wait for ever.
        options.setdefault("timeout", TimeLimits(connect=5, first_byte=5, idle=5))
        return chat_openai_compatible(model="m", echo="none", **options)

    return make


@pytest.fixture
def chat(make_chat):
    return make_chat()


@pytest.fixture
def hf():
    """A strict Responses server, as the Hugging Face router has it; at the end, all it was sent must be lawful."""
    with FakeService(strict=True) as running:
        yield running
        asked = [request for request in running.requests if request.path.endswith("/responses")]
        assert [problem for request in asked for problem in check_responses_request(request.json)] == []


@pytest.fixture
def make_hf(hf):
    """Make a chat that speaks the Responses format with that server."""

    def make(**options) -> Chat:
        options.setdefault("base_url", hf.base_url)
        return chat_huggingface(model="org/name", api="responses", echo="none", max_retries=0, **options)

    return make


@pytest.fixture
def go_on(service):
    """Talk on after whatever happened: the strict server must accept it. Gives the messages that were sent."""

    def act(chat: Chat, talk: Talk, text: str = "go on") -> list:
        service.say("Fine.")
        assert talk(chat, text).endswith("Fine.")
        assert service.unsaid == 0
        messages = service.requests[-1].messages
        assert check_history(messages) == []
        assert messages[-1]["role"] == "user"
        assert messages[-1]["content"].endswith(text)
        assert chat.last_turn().text == "Fine."
        assert chat.last_turn().interrupted is None
        return messages

    return act


@pytest.fixture
def go_on_typed(go_on):
    """`go_on` for tests of typed answers."""
    return lambda chat: go_on(chat, Talk("plain"))


@pytest.fixture
def chunk():
    """Make one chunk of a streamed answer; keywords become fields of its delta."""

    def make(content=None, *, finish=None, usage=None, **delta) -> dict:
        if content is not None:
            delta["content"] = content
        made = {
            "id": "c1",
            "object": "chat.completion.chunk",
            "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
        return made if usage is None else {**made, "usage": usage}

    return make


@pytest.fixture
def stalled(chunk):
    """Make an answer that says some pieces and then falls silent, with its connection open."""

    def make(*pieces, **delivery) -> RawAnswer:
        delivery.setdefault("stall_after", 1_000_000)
        events = [f"data: {json.dumps(chunk(piece))}\n\n".encode() for piece in pieces]
        travel = Delivery(framing="chunked", **delivery)
        return RawAnswer(b"".join(events), content_type="text/event-stream", delivery=travel)

    return make


@pytest.fixture
def whole():
    """Make a whole completion of a message's fields."""

    def make(*, finish="stop", **message) -> dict:
        choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
        return {"id": "c1", "object": "chat.completion", "model": "m", "choices": [choice]}

    return make


@pytest.fixture
def add(chat):
    """A tool of the chat, and the list of calls that it had."""
    calls = []

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        calls.append((a, b))
        return a + b

    chat.register_tool(add)
    return calls


@pytest.fixture
def ctrl_c():
    """Press Ctrl-C some seconds after a request has arrived."""

    @contextlib.contextmanager
    def act(service, *, after: float):
        left = threading.Event()

        def press():
            while not service.requests and not left.wait(0.005):
                pass
            if not left.wait(after):
                os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=press, daemon=True)
        thread.start()
        try:
            yield
        finally:
            left.set()
            thread.join()

    return act


@pytest.fixture
def hear(service, talk):
    """Have an answer sent to a new chat; gives its turn, once what was told is what was kept and the chat goes on."""

    def act(answer, *, asked="meta-llama/Llama-3.1-8B-Instruct", **options):
        service.script(answer)
        chat = chat_openai_compatible(service.base_url, model=asked, max_retries=0, echo="none", **options)
        told = talk(chat, "hi")
        turn = chat.last_turn()
        if talk.streams:
            assert told == turn.text
        assert turn.interrupted is None
        assert turn.requested_model == asked
        service.say("Fine.")
        assert talk(chat, "and now?") == "Fine."
        return turn

    return act
