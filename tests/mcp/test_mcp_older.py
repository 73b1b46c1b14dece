"""Servers of older versions of the protocol, and servers that refuse."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chatkit import MCPError
from chatkit._mcp.connection import connect_mcp


@pytest.fixture
def older(kit, tmp_path):
    log = tmp_path / "log"
    with connect_mcp([sys.executable, str(kit.here / "older_server.py"), str(log)]) as connection:
        connection.log = lambda: [json.loads(line) for line in log.read_text().splitlines()]
        yield connection


def test_an_older_server_is_understood(older):
    assert older.name == "older"
    (echo,) = older.tools
    result = echo(text="hello")
    assert (result.value, result.text) == ("hello", "hello")
    methods = [message.get("method") for message in older.log()]
    assert {"initialize", "notifications/initialized", "tools/list", "tools/call"} <= set(methods)


def test_what_a_server_asks_is_answered(older, kit):
    def answers():
        return {message["id"]: message for message in older.log() if "method" not in message}

    assert kit.until(lambda: len(answers()) == 2)
    assert "error" in answers()["s1"] and answers()["s2"]["result"] == {}


def test_a_cancelled_call_is_told_to_an_older_server(older, kit):
    (echo,) = older.tools

    class Context:
        cancelled = False

        @staticmethod
        def report(value):
            pass

    context = Context()
    threading.Timer(0.2, lambda: setattr(context, "cancelled", True)).start()
    with pytest.raises(Exception, match="was cancelled"):
        echo(text="wait", **{echo.context: context})
    assert kit.until(lambda: older.log()[-1].get("method") == "notifications/cancelled")
    call = next(message for message in reversed(older.log()) if message.get("method") == "tools/call")
    assert older.log()[-1]["params"]["requestId"] == call["id"]
    assert echo(text="on").text == "on"


class Handler(BaseHTTPRequestHandler):
    """An older HTTP server with sessions; or, with `refuses`, one that wants another key."""

    refuses = 0
    reply = None

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((message.get("method"), self.headers.get("Mcp-Session-Id"), self.headers.get("X-Key")))
        if self.refuses:
            self.answer(self.refuses, {"message": "no"})
        elif "id" not in message:
            self.answer(202)
        else:
            self.answer(200, {"jsonrpc": "2.0", "id": message["id"], **type(self).reply(message)})

    def do_GET(self):
        self.answer(405)

    def do_DELETE(self):
        self.server.seen.append(("DELETE", self.headers.get("Mcp-Session-Id"), self.headers.get("X-Key")))
        self.answer(200)

    def answer(self, status, body=None):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Type", "application/json")
        self.send_header("Mcp-Session-Id", "session-1")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def http_server(kit):
    handler = type("Own", (Handler,), {"reply": staticmethod(kit.load("older_server").reply)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.seen, server.handler = [], handler
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}/mcp"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_older_server_over_http_is_understood_and_its_session_ended(http_server):
    with connect_mcp(http_server.url, headers={"X-Key": "k"}) as connection:
        assert connection.name == "older"
        assert connection.tools[0](text="hi").text == "hi"
    assert http_server.seen[-2:] == [("tools/call", "session-1", "k"), ("DELETE", "session-1", "k")]
    assert {key for _, _, key in http_server.seen} == {"k"}


@pytest.mark.parametrize(("status", "words"), [(401, "401 Unauthorized"), (503, "503 Service Unavailable")])
def test_a_server_that_refuses_is_told_with_its_status(http_server, status, words):
    http_server.handler.refuses = status
    with pytest.raises(MCPError, match=f"could not be used: it answered with HTTP {words}"):
        connect_mcp(http_server.url, headers={"X-Key": "wrong"})


def test_a_server_that_refuses_later_is_an_error_of_the_call(http_server):
    with connect_mcp(http_server.url) as connection:
        http_server.handler.refuses = 500
        with pytest.raises(MCPError, match="The MCP server 'older' gave an error: "):
            connection.tools[0](text="hi")
        http_server.handler.refuses = 0
        assert connection.tools[0](text="hi").text == "hi"
