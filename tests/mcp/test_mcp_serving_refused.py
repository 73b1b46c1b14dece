"""What cannot be served, and is said before anything begins."""

import asyncio
import socket
from dataclasses import replace

import mcp
import pytest

from chatkit import ConfigError, tool
from chatkit._mcp.answering import make_server
from chatkit._mcp.serving import serve_mcp


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tools": []}, "no tools to serve"),
        ({"name": " "}, "`name` must be"),
        ({"transport": "sse"}, "`transport` must be"),
        ({"transport": "http", "host": "0.0.0.0"}, "`host` must be an address of this machine"),
        ({"transport": "http", "host": "example.org"}, "`host` must be an address of this machine"),
        ({"transport": "http", "host": None}, "`host` must be an address of this machine"),
        ({"transport": "http", "port": 70000}, "`port` must be a number"),
        ({"transport": "http", "port": True}, "`port` must be a number"),
        ({"transport": "http", "port": "80"}, "`port` must be a number"),
    ],
)
def test_what_cannot_be_served_is_said_before_anything_begins(toolset, options, words):
    with pytest.raises(ConfigError, match=words):
        serve_mcp(**{"tools": toolset.TOOLS, **options})


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port} cannot be listened on: Address already in use"):
            serve_mcp(len_of, transport="http", port=port)


def len_of(text: str) -> int:
    """Count characters."""
    return len(text)


def test_two_tools_of_one_name_are_refused():
    with pytest.raises(ConfigError, match="'len_of'"):
        serve_mcp([len_of, len_of])


def test_tools_that_require_approval_are_served_only_when_that_is_said(monkeypatch):
    asking = replace(tool(len_of), requires_approval=True)
    sometimes = replace(tool(len_of, name="other"), requires_approval=lambda request: False)
    with pytest.raises(ConfigError, match=r"nobody is there to ask: len_of, other\."):
        serve_mcp([asking, sometimes])
    served = []
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: served.append(self))
    serve_mcp([asking, sometimes], transport="http", allow_approval_tools=True)
    assert len(served) == 1


def test_a_tool_that_requires_approval_runs_when_it_is_served():
    from chatkit._mcp.serving import _toolbox

    toolbox = _toolbox([replace(tool(len_of), requires_approval=True)], True)

    async def main():
        async with mcp.Client(make_server(toolbox, "x")) as client:
            return await client.call_tool("len_of", {"text": "abc"})

    assert asyncio.run(main()).content[0].text == "3"
