"""What the tests of the test doubles share: a service, and a client that sees every byte."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatkit import ChatkitError, TimeLimits, chat_openai_compatible
from chatkit.testing import FakeService, OfflineService, Scripted, record, replay

ReadAll = Callable[..., bytes]


@pytest.fixture
def service() -> Iterator[FakeService]:
    with FakeService() as running:
        yield running


@pytest.fixture
def offline() -> Iterator[OfflineService]:
    with OfflineService() as running:
        yield running


@pytest.fixture
def read_wire(service: FakeService) -> Callable[..., bytes]:
    """Script an answer, ask for it, and return every byte that came back until the connection ended."""

    def read(answer: Scripted, *, stream: bool = True, model: str = "m") -> bytes:
        service.script(answer)
        with open_line(service) as line:
            line.sendall(post_bytes({"model": model, "messages": [], "stream": stream}, close=True))
            received = b""
            while piece := line.recv(65536):
                received += piece
        return received

    return read


@pytest.fixture
def connect(service: FakeService) -> Callable[[], socket.socket]:
    return lambda: open_line(service)


@pytest.fixture
def word_post() -> Callable[..., bytes]:
    return post_bytes


def open_line(service: FakeService) -> socket.socket:
    host, port = service.origin.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def post_bytes(body: Any, *, close: bool = False, path: str = "/v1/chat/completions") -> bytes:
    content = json.dumps(body).encode()
    ending = "close" if close else "keep-alive"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: {ending}\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


@pytest.fixture
def chat_with():
    def chat_with(url, **options):
        limits = TimeLimits(connect=5, first_byte=5, idle=5)
        return chat_openai_compatible(url, model="m", echo="none", **{"max_retries": 0, "timeout": limits, **options})

    return chat_with


@pytest.fixture
def lines_of():
    def lines_of(path):
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    return lines_of


@pytest.fixture
def told():
    def told(stream):
        """All that a stream tells, its error at the end."""
        events = []
        try:
            events += [repr(event) for event in stream.events() if not type(event).__name__.startswith("Turn")]
        except ChatkitError as error:
            events.append((type(error).__name__, str(error)))
        return events

    return told


@pytest.fixture
def error_of():
    def error_of(act):
        with pytest.raises(ChatkitError) as caught:
            act()
        return type(caught.value).__name__, str(caught.value)

    return error_of


@pytest.fixture
def twice(tmp_path):
    """Do something with a server, recorded, and then with its tape alone; what comes of both must be the same."""

    def act(talk, *answers, **settings):
        path = tmp_path / "tape.jsonl"
        with FakeService(strict=True) as service:
            service.script(*answers)
            with record(path, **settings):
                first = talk(service.base_url)
            asked = len(service.requests)
        with replay(path, **settings) as tape:
            # Of a server that is gone.
            second = talk(service.base_url)
        assert tape.count == asked
        assert tape.left == 0
        assert first == second
        return first

    return act
