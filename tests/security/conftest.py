"""What the tests of security share: a service, chats with a canary key, and four ways of talking."""

import asyncio

import pytest

from chatkit import TimeLimits, chat_huggingface, chat_openai_compatible
from chatkit.testing import FakeService


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch, tmp_path):
    monkeypatch.setattr("chatkit._http.retry._FIRST_WAIT", 0.001)
    monkeypatch.setattr("chatkit._engine.ladder._known", {})
    monkeypatch.setenv("HF_HOME", str(tmp_path / "no-token-here"))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service():
    with FakeService() as running:
        yield running


@pytest.fixture
def make(service, canary):
    """Make a chat with the canary key."""

    def act(base_url=None, **options):
        options = {"timeout": TimeLimits(connect=5, first_byte=5, idle=5), "echo": "none", "model": "m", **options}
        options.setdefault("credentials", canary.credentials)
        return chat_openai_compatible(base_url or service.base_url, **options)

    return act


@pytest.fixture
def make_hf(service, canary):
    """Make a chat of the Responses kind with the canary key."""

    def act(**options):
        options = {"timeout": TimeLimits(connect=5, first_byte=5, idle=5), "echo": "none", "max_retries": 0, **options}
        return chat_huggingface(
            base_url=service.base_url, model="org/name", api="responses", credentials=canary.credentials, **options
        )

    return act


async def _stream_async(chat, text):
    return "".join([piece async for piece in chat.stream_async(text)])


WAYS = {
    "chat": lambda chat, text: str(chat.chat(text)),
    "stream": lambda chat, text: "".join(chat.stream(text)),
    "chat_async": lambda chat, text: str(asyncio.run(chat.chat_async(text))),
    "stream_async": lambda chat, text: asyncio.run(_stream_async(chat, text)),
}


@pytest.fixture(params=WAYS)
def talk(request):
    return WAYS[request.param]


@pytest.fixture
def raised():
    """Call something that fails; gives the error."""

    def act(call, *args):
        try:
            call(*args)
        except Exception as error:
            return error
        raise AssertionError("nothing was raised")

    return act


@pytest.fixture
def chunk():
    """Make one chunk of a streamed answer; keywords become fields of its delta."""

    def make_chunk(content=None, *, finish=None, **delta):
        if content is not None:
            delta["content"] = content
        return {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    return make_chunk
