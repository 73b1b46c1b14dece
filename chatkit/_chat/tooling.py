"""The tools of a chat, and being told of their use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatkit._chat.state import ChatState
from chatkit._errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from chatkit._mcp.connection import MCPConnection
    from chatkit._tools.tool import Tool
    from chatkit._tools.toolbox import RequestCallback, ResultCallback


class Tooling(ChatState):
    """What a chat may run."""

    @property
    def tools(self) -> dict[str, Tool]:
        """The tools by name: a copy. `register_tool` adds one, `set_tools` replaces all."""
        return self._talk.toolbox.tools

    @tools.setter
    def tools(self, value: Iterable[Callable[..., Any]]) -> None:
        self.set_tools(value)

    def register_tool(self, tool: Callable[..., Any]) -> Tool:
        """Offer a tool to the model.

        Args:
            tool: A function with type hints, or what `tool()` made of one. One of the same name is replaced.

        Returns:
            The tool; it can be called like the function.

        Raises:
            ConfigError: when no tool can be made of it.
        """
        registered = self._talk.toolbox.register(tool)
        self._talk.changed()
        return registered

    def register_tools(self, tools: Iterable[Callable[..., Any]]) -> list[Tool]:
        """Offer several tools to the model.

        Args:
            tools: Each as for `register_tool`; also the `tools` of an MCP connection.

        Returns:
            The tools, in the same order.

        Raises:
            ConfigError: as for `register_tool`; those before it are registered then.
        """
        return [self.register_tool(tool) for tool in _several(tools)]

    def register_mcp(
        self,
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
        """Offer the tools of a server of the Model Context Protocol to the model.

        Needs the extra `mcp`. The twin, which does not block an event loop while it connects, is
        `register_mcp_async`.

        Args:
            source: A command that starts a server, as a text or as words; or the http(s) URL of one.
            include: Names, or patterns with `*`, of the tools wanted; None means all.
            exclude: Names or patterns of those not wanted.
            namespace: Put before every name, with two underscores.
            env: Variables for the command; it inherits no key of yours.
            cwd: Where the command runs.
            headers: Sent with every request to a URL.
            timeout: Seconds until the server must have answered and listed its tools.

        Returns:
            The connection; `close()` it when the tools are not needed any more, or leave that to the end of Python.

        Raises:
            ConfigError: when an argument cannot be used, the `mcp` package is missing, or a tool of that name is
                there already. The chat is unchanged.
            MCPError: when the server could not be started or reached, or did not answer in time.
        """
        from chatkit._mcp.connection import connect_mcp

        return self._adopt(
            connect_mcp(
                source,
                include=include,
                exclude=exclude,
                namespace=namespace,
                env=env,
                cwd=cwd,
                headers=headers,
                timeout=timeout,
            )
        )

    async def register_mcp_async(self, source: str | Sequence[str], **options: Any) -> MCPConnection:
        """Offer the tools of an MCP server to the model. The twin of `register_mcp`, with the same arguments."""
        from chatkit._mcp.connection import connect_mcp_async

        return self._adopt(await connect_mcp_async(source, **options))

    def _adopt(self, connection: MCPConnection) -> MCPConnection:
        # A server must not put itself in the place of a tool that is trusted.
        known = sorted(self.tools.keys() & {tool.name for tool in connection.tools})
        if known:
            connection.close()
            raise ConfigError(
                f"{connection.name!r} offers tools whose names are taken: {', '.join(known)}.",
                hint="Give namespace=, or leave them out with exclude=.",
            )
        self.register_tools(connection.tools)
        return connection

    def get_tools(self) -> dict[str, Tool]:
        """The tools by name. A copy."""
        return self.tools

    def set_tools(self, tools: Iterable[Callable[..., Any]]) -> Self:
        """Offer these tools to the model and no others.

        Args:
            tools: Each as for `register_tool`; `[]` takes all away.

        Returns:
            The chat itself.

        Raises:
            ConfigError: as for `register_tool`.
        """
        self._talk.toolbox.replace(_several(tools))
        self._talk.changed()
        return self

    def on_tool_request(self, callback: RequestCallback) -> Callable[[], None]:
        """Be told of each tool call before it runs; raise `ToolRejectError` in the callback to refuse it.

        Args:
            callback: Takes the request; plain or async. The newest callback is called first.

        Returns:
            A function that removes the callback.
        """
        return self._talk.toolbox.on_request(callback)

    def on_tool_result(self, callback: ResultCallback) -> Callable[[], None]:
        """Be told of each result of a tool call, errors too.

        Args:
            callback: Takes the result; plain or async. The newest callback is called first.

        Returns:
            A function that removes the callback.
        """
        return self._talk.toolbox.on_result(callback)


def _several(tools: Any) -> Iterable[Callable[..., Any]]:
    """Tools, given as a list of them or as a chat's own mapping by name."""
    if isinstance(tools, Mapping):
        return list(tools.values())
    if callable(tools) or not isinstance(tools, Iterable):
        raise ConfigError(f"`tools` must be a list of tools, not {type(tools).__name__}.")
    return tools
