"""What the tests of the test doubles share: a service, and a client that sees every byte."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatkit.testing import FakeService, OfflineService, Scripted

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
