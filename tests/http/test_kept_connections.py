"""B14: a kept connection that the server closes in the very moment in which it is used again."""

import socket
import threading

import pytest

from chatkit import APIConnectionError, chat_openai_compatible

BODY = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}]}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Closer:
    """A server that answers so many requests of each connection, and closes it on reading the next one."""

    def __init__(self, answers):
        self.answers = answers
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/v1"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            with line:
                for _ in range(self.answers):
                    line.recv(65536)
                    line.sendall(ANSWER)
                line.recv(65536)


@pytest.fixture
def closing():
    made = []

    def make(answers):
        made.append(Closer(answers))
        return made[-1]

    yield make
    for server in made:
        server.socket.close()


def test_b14_it_is_used_no_more_and_nobody_notices(closing):
    server = closing(1)
    chat = chat_openai_compatible(server.base_url, model="m", max_retries=0)
    assert [str(chat.chat("Hello?", echo="none")) for _ in range(4)] == ["Hi."] * 4
    assert server.connections == 4
    assert len(chat) == 8


def test_b4_a_fresh_connection_that_is_closed_is_a_failure(closing):
    server = closing(0)
    chat = chat_openai_compatible(server.base_url, model="m", max_retries=0)
    with pytest.raises(APIConnectionError, match="closed the connection before answering"):
        chat.chat("Hello?", echo="none")
    assert server.connections == 1
    assert len(chat) == 0
