"""Our own server over standard input and output, in this process."""

import contextlib
import io
import os
import signal
import sys
import threading

import pytest

from chatkit import ConfigError, MCPError
from chatkit._mcp.serving import serve_mcp


class Pipes:
    """Standard input and output of this process, with a client at the other ends."""

    def __init__(self, monkeypatch):
        server_reads, self.client_writes = os.pipe()
        self.client_reads, server_writes = os.pipe()
        self.stdin = os.fdopen(server_reads)
        self.stdout = os.fdopen(server_writes, "w")
        self._patch = monkeypatch.setattr

    def serve(self, *tools, **options):
        # Not earlier: pytest puts its own in their place before a test begins.
        self._patch(sys, "stdin", self.stdin)
        self._patch(sys, "stdout", self.stdout)
        serve_mcp(tools, **options)

    def write(self, text):
        os.write(self.client_writes, text.encode())

    def close(self):
        self.stdin.close()
        with contextlib.suppress(BrokenPipeError):  # what nobody wanted to read is still in the buffer
            self.stdout.close()


HELLO = (
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},'
    '"clientInfo":{"name":"c","version":"1"}}}\n'
)


@pytest.fixture
def pipes(monkeypatch):
    pipes = Pipes(monkeypatch)
    yield pipes
    pipes.close()


def test_stdio_ends_when_the_client_has_left(pipes, toolset):
    told = []

    def begin(url):
        told.append(url)
        pipes.write(HELLO)
        told.append(os.read(pipes.client_reads, 65536))
        os.close(pipes.client_writes)

    threaded = threading.Thread
    pipes.serve(toolset.add, name="here", ready=lambda url: threaded(target=begin, args=(url,)).start())
    os.close(pipes.client_reads)
    assert told[0] == ""
    assert b'"name":"here"' in told[1]


def test_stdio_ends_quietly_when_the_client_does_not_read_any_more(pipes, toolset):
    os.close(pipes.client_reads)
    pipes.write(HELLO)
    try:
        pipes.serve(toolset.add)
    finally:
        os.close(pipes.client_writes)


def test_ctrl_c_ends_stdio_though_the_client_stays(pipes, toolset):
    timer = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        pipes.serve(toolset.add, ready=lambda url: timer.start())
    pipes.write("late\n")  # nobody listens; the thread that reads finds that out
    os.close(pipes.client_writes)
    os.close(pipes.client_reads)


def test_a_breakdown_is_an_error_of_ours(pipes, toolset, monkeypatch):
    class Broken:
        def create_initialization_options(self):
            return None

        async def run(self, reading, writing, options):
            async with reading, writing:
                raise OSError("no more wires")

    monkeypatch.setattr("chatkit._mcp.answering.make_server", lambda toolbox, name: Broken())
    with pytest.raises(MCPError, match=r"Serving broke down: no more wires\.") as caught:
        pipes.serve(toolset.add)
    assert caught.value.cause_type == "OSError"
    os.close(pipes.client_writes)
    os.close(pipes.client_reads)


@pytest.mark.parametrize("stdin", [None, io.StringIO()])
def test_without_a_standard_input_stdio_is_refused(monkeypatch, toolset, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(ConfigError, match="no standard input"):
        serve_mcp(toolset.add)
