"""Connecting to a server of the Model Context Protocol, from any code: plain, async, or in a notebook."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit._errors import ConfigError
from chatkit._mcp.names import check_namespace, chosen
from chatkit._mcp.package import require_mcp
from chatkit._mcp.source import Address, read_source
from chatkit._tools.tool import Tool
from chatkit._warnings import PlainHttpWarning

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from chatkit._mcp.session import Session


class MCPConnection:
    """A connection to an MCP server, and its tools. Make one with `connect_mcp()`.

    It ends with `close()`, at the end of a `with` block, when neither it nor any of its tools is used any more, and
    when Python ends. Chats and their copies may share it, and threads too.

    Attributes:
        tools: The server's tools, for `Chat.register_tools()`.
        name: What the server calls itself, or else its command or host.
    """

    def __init__(self, session: Session, tools: list[Tool]) -> None:
        self._session = session
        self.name = session.name
        self.tools = tools

    def close(self) -> None:
        """Close the connection and end a server that was started for it. Calls under way, and later ones, fail."""
        self._session.close()

    async def close_async(self) -> None:
        """Close the connection without blocking the loop. The twin of `close`."""
        import asyncio

        await asyncio.to_thread(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close_async()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __repr__(self) -> str:
        count = f"{len(self.tools)} tool{'' if len(self.tools) == 1 else 's'}"
        return f"<MCPConnection {self.name!r}: {'closed' if self._session.closed else count}>"


def connect_mcp(
    source: str | Sequence[str],
    *,
    include: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    namespace: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 30.0,
) -> MCPConnection:
    """Connect to a server of the Model Context Protocol and make tools of its tools.

    Works in plain code, and where an event loop is running, as in a notebook; there it blocks the loop while it
    connects: `connect_mcp_async` does not. Needs the extra `mcp`: `pip install 'chatkit-objects[mcp]'`.

    Args:
        source: A command, as a list of words or as one text that is split like a shell does; or the http(s) URL of
            a server that speaks streamable HTTP. A command runs with your rights: start only servers you trust.
        include: Names of the tools wanted, or patterns with `*`; the server's own names. None means all.
        exclude: Names or patterns of those not wanted.
        namespace: Put before every name, with two underscores: "math" makes "math__add" of "add".
        env: Variables for the command. It inherits only `HOME`, `PATH` and the like, so no key of yours.
        cwd: Where the command runs.
        headers: Sent with every request to a URL, such as `{"Authorization": "Bearer ..."}`.
        timeout: Seconds until the server must have answered and listed its tools. A tool's own time is not limited
            by it.

    Returns:
        The connection; its `.tools` have names that the APIs of models allow: other characters become "_".

    Raises:
        ConfigError: when an argument cannot be used, or the `mcp` package is missing.
        MCPError: when the server could not be started or reached, or did not answer in time.

    Warns:
        PlainHttpWarning: when headers go to another machine by http.
    """
    place = read_source(source, env=env, cwd=cwd, headers=headers)
    prefix = check_namespace(namespace)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < math.inf:
        raise ConfigError(f"`timeout` must be a number of seconds greater than 0, not {timeout!r}.")
    require_mcp()
    if isinstance(place, Address) and place.is_exposed:
        warnings.warn(
            f"The headers for {place.label} travel unencrypted; use https:// if the server knows it.",
            PlainHttpWarning,
            stacklevel=2,
        )
    from chatkit._mcp.session import Session
    from chatkit._mcp.tools import tools_of

    session = Session(place, timeout)
    try:
        names = chosen(list(dict.fromkeys(tool.name for tool in session.tools)), include, exclude)
        return MCPConnection(session, tools_of(session, names, prefix))
    except BaseException:
        session.close()
        raise


async def connect_mcp_async(
    source: str | Sequence[str],
    *,
    include: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    namespace: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 30.0,
) -> MCPConnection:
    """Connect to a server without blocking the loop. The twin of `connect_mcp`, which tells the arguments."""
    import asyncio

    return await asyncio.to_thread(
        connect_mcp,
        source,
        include=include,
        exclude=exclude,
        namespace=namespace,
        env=env,
        cwd=cwd,
        headers=headers,
        timeout=timeout,
    )
