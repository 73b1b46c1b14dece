"""The tools of a chat, and being told of their use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from chatkit._chat.state import ChatState

if TYPE_CHECKING:
    from typing import Self

    from chatkit._tools.tool import Tool
    from chatkit._tools.toolbox import RequestCallback, ResultCallback


class Tooling(ChatState):
    """What a chat may run."""

    @property
    def tools(self) -> dict[str, Tool]:
        """The tools by name. A copy."""
        return self._talk.toolbox.tools

    def register_tool(self, tool: Callable[..., Any]) -> Tool:
        """Offer a tool to the model.

        Args:
            tool: A function with type hints, or what `tool()` made of one. One of the same name is replaced.

        Returns:
            The tool; it can be called like the function.

        Raises:
            ConfigError: when no tool can be made of it.
        """
        return self._talk.toolbox.register(tool)

    def register_tools(self, tools: Iterable[Callable[..., Any]]) -> list[Tool]:
        """Offer several tools to the model. See `register_tool`."""
        return [self.register_tool(tool) for tool in tools]

    def get_tools(self) -> dict[str, Tool]:
        """The tools by name. A copy."""
        return self.tools

    def set_tools(self, tools: Iterable[Callable[..., Any]]) -> Self:
        """Offer these tools to the model and no others; `[]` takes all away."""
        self._talk.toolbox.replace(tools)
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
