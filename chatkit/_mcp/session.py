"""A session with a server, for plain code: calls block their own thread and nothing else."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

from chatkit._display.sanitize import one_line
from chatkit._errors import Cancelled
from chatkit._mcp.faults import call_failed, gone
from chatkit._mcp.source import Source

if TYPE_CHECKING:
    import mcp_types

    from chatkit._mcp.worker import Worker

_LONGEST_NAME = 100
# How often, in seconds, a waiting call looks whether it is still wanted.
_LOOK = 0.05

Progress = Callable[[float, float | None, str | None], None]


class Session:
    """A session with a server; one that is forgotten closes itself. Threads may share it.

    Args:
        source: Where the server is.
        timeout: Seconds until it must have answered and listed its tools.

    Raises:
        MCPError: when it could not be started or reached.
    """

    def __init__(self, source: Source, timeout: float) -> None:
        from chatkit._mcp.worker import Worker

        self._worker: Worker = Worker(source, timeout)
        self._worker.start()
        # Not at exit: then the servers are closed all at once, and waited for.
        weakref.finalize(self, self._worker.stop).atexit = False
        failure: BaseException | None
        try:
            failure = self._worker.opened.exception()
        except BaseException:  # KeyboardInterrupt
            self._worker.stop()
            raise
        if failure is not None:
            self._worker.join()
            raise failure
        self._opened = self._worker.opened.result()
        self._closed = False
        self.name = one_line(self._opened.name.strip()[:_LONGEST_NAME]) or source.label

    def __copy__(self) -> Session:
        return self

    def __deepcopy__(self, memo: object) -> Session:
        # Copies of a chat share the connection.
        return self

    @property
    def tools(self) -> tuple[mcp_types.Tool, ...]:
        """The tools that the server listed."""
        return self._opened.tools

    @property
    def closed(self) -> bool:
        """Whether the connection was closed from this side."""
        return self._closed

    def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        cancelled: Callable[[], bool] = lambda: False,
        progress: Progress | None = None,
    ) -> mcp_types.CallToolResult:
        """Call a tool and wait for its result.

        Args:
            name: The server's own name of the tool.
            arguments: As JSON values.
            cancelled: Asked now and then; once it is True the server is told that the result is not wanted.
            progress: Is told how far the server is, in the thread of the connection.

        Raises:
            MCPError: when the server gave an error or is gone.
            Cancelled: when `cancelled` was True.
        """
        if self._closed or not self._worker.is_alive:
            raise gone(self.name)
        sent = dict(arguments)
        future = self._worker.submit(lambda client: client.call_tool(name, sent, progress_callback=_told(progress)))
        try:
            while not wait([future], _LOOK).done and self._worker.is_alive:
                if cancelled():
                    raise Cancelled(f"The call of the MCP tool {name!r} was cancelled.")
        finally:
            future.cancel()  # tells the server, if there is no result yet
        if future.cancelled():
            raise gone(self.name)
        error = future.exception()
        if error is not None:
            raise call_failed(error, self.name)
        return future.result()

    def close(self) -> None:
        """Close the connection and end a server that was started for it. Calls under way fail."""
        self._closed = True
        self._worker.stop()
        self._worker.join()


def _told(progress: Progress | None) -> Any:
    if progress is None:
        return None

    async def tell(done: float, total: float | None, message: str | None) -> None:
        progress(done, total, message)

    return tell
