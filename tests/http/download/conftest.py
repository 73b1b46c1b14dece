"""What the tests of downloads share: a public host that is this machine, and servers for it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from chatkit import MediaError
from chatkit._http.download import Network, download
from chatkit._http.public import closed_to_the_public

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
def png():
    return PNG


@pytest.fixture
def network():
    """This machine passes for a public host called host.test; what was looked up is noted."""
    looked_up = []

    def look_up(host, port):
        looked_up.append(host)
        return ["127.0.0.1"]

    made = Network(look_up, lambda address: "" if str(address) == "127.0.0.1" else closed_to_the_public(address))
    return made, looked_up


@pytest.fixture
def fetch(network):
    def act(url, *, max_bytes=10_000, seconds=5, **options):
        return download(url, max_bytes=max_bytes, seconds=seconds, network=network[0], **options)

    return act


@pytest.fixture
def fault_of(fetch):
    def act(url, **options):
        with pytest.raises(MediaError) as caught:
            fetch(url, **options)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        return str(caught.value)

    return act


@pytest.fixture
def serve(raw_server):
    """Start a server that gives each connection the next of some answers; gives its URL and the heads it read."""

    def start(*answers):
        heads = []

        def handler(connection):
            heads.append(_head(connection))
            answer = answers[min(len(heads), len(answers)) - 1]
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)

        port = urlsplit(raw_server(handler)).port
        return f"http://host.test:{port}", heads

    return start


def _head(connection):
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    return received.decode()


@pytest.fixture
def head_of():
    """Read the head of a request."""
    return _head


def _answer(body=PNG, status="200 OK", media_type="image/png", **headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
def answer():
    """Word an answer."""
    return _answer


@pytest.fixture
def redirect():
    """Word a redirect."""
    return lambda where, status="302 Found": _answer(b"", status, Location=where)
