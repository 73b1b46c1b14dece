"""The server of the benchmarks: a process of its own that sends answers rendered before the clock starts.

Run as `server.py CORE`; it prints its port. The first part of a request's path names the scenario, so that
a client's base URL is `http://127.0.0.1:PORT/SCENARIO/v1`. `/connects` tells how many connections were made so far.
"""

from __future__ import annotations

import itertools
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator

from answers import SCENARIOS, Answer, render

_SCRATCH = 1 << 20


class Server:
    """Serves the scenarios, with one thread per connection."""

    def __init__(self) -> None:
        self._answers = {name: render(name) for name in SCENARIOS}
        # An answer of several parts goes round: a conversation with tools ends where the next one begins.
        self._rounds = {name: itertools.cycle(answer.responses) for name, answer in self._answers.items()}
        self._connects = 0
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listening.getsockname()[1]

    def run(self) -> None:
        """Serve until the process is ended."""
        while True:
            connection, _ = self._listening.accept()
            self._connects += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            try:
                for scenario in _requests(connection):
                    self._answer(connection, scenario)
            except OSError:
                return  # a client that ends early is none of the server's business

    def _answer(self, connection: socket.socket, scenario: str) -> None:
        if scenario == "connects":
            body = str(self._connects).encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            return
        answer = self._answers[scenario]
        if answer.pieces:
            _send_paced(connection, answer)
            return
        if answer.delay:
            time.sleep(answer.delay)
        connection.sendall(next(self._rounds[scenario]))


def _send_paced(connection: socket.socket, answer: Answer) -> None:
    due = time.perf_counter()
    for piece in answer.pieces:
        connection.sendall(piece)
        due += answer.gap
        time.sleep(max(0.0, due - time.perf_counter()))


def _requests(connection: socket.socket) -> Iterator[str]:
    """The scenario of each request; its body is read and thrown away."""
    scratch = bytearray(_SCRATCH)
    received = b""
    while True:
        while b"\r\n\r\n" not in received:
            data = connection.recv(65536)
            if not data:
                return
            received += data
        head, _, body = received.partition(b"\r\n\r\n")
        left = _content_length(head) - len(body)
        while left > 0:
            size = connection.recv_into(scratch, min(left, _SCRATCH))
            if not size:
                return
            left -= size
        received = b""
        yield head.split(b" ", 2)[1].split(b"/", 2)[1].decode()


def _content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def main() -> None:
    """Pin the process, render, print the port and serve."""
    os.sched_setaffinity(0, {int(sys.argv[1])})
    server = Server()
    print(server.port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
