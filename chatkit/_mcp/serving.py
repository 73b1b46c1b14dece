"""A chat's tools for others: `serve_mcp()` makes a server of the Model Context Protocol out of them."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from chatkit._errors import ConfigError, MCPError
from chatkit._mcp.faults import first_of, in_a_line
from chatkit._mcp.package import require_mcp
from chatkit._mcp.source import is_this_machine
from chatkit._tools.tool import Tool, tool
from chatkit._tools.toolbox import Toolbox

if TYPE_CHECKING:
    import uvicorn

_PATH = "/mcp"
# Seconds that open streams get when the server ends.
_FAREWELL = 1


def serve_mcp(
    tools: Callable[..., Any] | Iterable[Callable[..., Any]],
    *,
    name: str = "chatkit",
    transport: Literal["stdio", "http"] = "stdio",
    host: str = "127.0.0.1",
    port: int = 0,
    allow_approval_tools: bool = False,
    ready: Callable[[str], object] | None = None,
) -> None:
    """Offer tools to other programs by the Model Context Protocol; returns when the client has left.

    Arguments are checked, async tools awaited, plain ones run in threads, errors told and images sent as they are in
    a chat. Needs the extra `mcp`: `pip install 'chatkit-objects[mcp]'`.

    Args:
        tools: Functions with type hints, or what `tool()` made of them.
        name: What the server calls itself.
        transport: "stdio" speaks over this process's standard input and output, and serves one client: whoever
            started it. What tools print goes to standard error meanwhile. "http" speaks streamable HTTP at
            `http://HOST:PORT/mcp` until it is interrupted.
        host: Where to listen: an address of this very machine, since nobody is asked who they are. Requests with
            another Host or Origin, such as those of a web page, are refused.
        port: Where to listen; 0 takes one that is free.
        allow_approval_tools: Whether tools that require approval are offered too, although nobody is asked.
        ready: Called with the URL, or an empty text for stdio, when clients may come.

    Raises:
        ConfigError: when the tools cannot be offered, the address cannot be used, or the `mcp` package is missing.
        MCPError: when serving broke down.
    """
    toolbox = _toolbox(tools, allow_approval_tools)
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(f"`name` must be what the server calls itself, not {name!r}.")
    if transport not in ("stdio", "http"):
        raise ConfigError(f'`transport` must be "stdio" or "http", not {transport!r}.')
    require_mcp()
    if transport == "stdio":
        _serve_stdio(toolbox, name, ready)
        return
    server, listener = http_server(toolbox, name, host, port, ready)
    with listener:
        server.run(sockets=[listener])


def http_server(
    toolbox: Toolbox, name: str, host: str, port: int, ready: Callable[[str], object] | None = None
) -> tuple[uvicorn.Server, socket.socket]:
    """Make an HTTP server, and the socket on which it is to listen.

    Raises:
        ConfigError: when the address cannot be used.
    """
    listener = _listener(host, port)
    import uvicorn

    from chatkit._mcp.answering import make_server

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if ready is not None:
                ready(url_of(listener))

    app = make_server(toolbox, name).streamable_http_app(streamable_http_path=_PATH, host="127.0.0.1")
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=_FAREWELL)
    return Server(config), listener


def url_of(listener: socket.socket) -> str:
    """The URL that leads to a socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{_PATH}"


def _toolbox(tools: Callable[..., Any] | Iterable[Callable[..., Any]], allow_approval_tools: bool) -> Toolbox:
    given = [tools] if callable(tools) else list(tools)
    made = [item if isinstance(item, Tool) else tool(item) for item in given]
    if not made:
        raise ConfigError("There are no tools to serve.")
    asking = [item.name for item in made if item.requires_approval is not False]
    if asking and not allow_approval_tools:
        raise ConfigError(
            f"These tools require approval, and nobody is there to ask: {', '.join(asking)}.",
            hint="Leave them out, or serve them all the same with allow_approval_tools=True.",
        )
    return Toolbox([replace(item, requires_approval=False) if item.requires_approval else item for item in made])


def _serve_stdio(toolbox: Toolbox, name: str, ready: Callable[[str], object] | None) -> None:
    import asyncio

    from chatkit._mcp.answering import over_stdio

    async def serve() -> None:
        task = asyncio.current_task()
        assert task is not None
        # Whoever starts servers ends them by SIGTERM. And Ctrl-C that comes just before the loop begins to wait would
        # be lost, unless some signal has a handler here: only then does Python let signals wake the loop.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await over_stdio(toolbox, name, ready)

    failure = None
    try:
        with suppress(asyncio.CancelledError):
            asyncio.run(serve())
    except BaseExceptionGroup as group:
        failure = first_of(group)
    if failure is None or isinstance(failure, BrokenPipeError):
        return  # a client that has left does not read any more
    raise MCPError(f"Serving broke down: {in_a_line(failure)}", server=name, cause_type=type(failure).__name__)


def _listener(host: str, port: int) -> socket.socket:
    if not is_this_machine(host):
        raise ConfigError(
            f"`host` must be an address of this machine, such as 127.0.0.1, not {host!r}: anyone could call the tools.",
            hint="Put a server that checks who is calling in front of it.",
        )
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise ConfigError(f"`port` must be a number from 0 to 65535, not {port!r}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        fault = error.strerror or str(error)
    raise ConfigError(f"{host}:{port} cannot be listened on: {fault}.")
