"""A bare socket that sends a prepared request and looks for the first word: the floor of the time to first token."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from answers import QUESTION, word


class Client:
    """Asks one question over one connection.

    Args:
        base_url: Where the server is, with the scenario in its path.
    """

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        body = b'{"model":"benchmark","messages":[{"role":"user","content":"%s"}],"stream":true}' % QUESTION.encode()
        head = f"POST {parts.path}/chat/completions HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        self._request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def stream(self, prompt: str) -> Iterator[str]:
        """Give the first word as soon as it is there, then nothing more."""
        self._socket.sendall(self._request)
        first, received = word(0), b""
        while first.encode() not in received:
            received += self._socket.recv(65536)
        yield first
        while not received.endswith(b"\r\n0\r\n\r\n"):
            received += self._socket.recv(65536)
