"""The thread in which a connection lives: its event loop, and the one task that opens, keeps and closes it."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from chatkit._mcp.faults import first_of, start_failed
from chatkit._mcp.log_tail import LogTail
from chatkit._mcp.source import Command, Source

if TYPE_CHECKING:
    import httpx2
    import mcp
    import mcp_types

T = TypeVar("T")
_log = logging.getLogger("chatkit")
# More than the package needs for a server that neither ends by itself nor heeds a signal.
_PATIENCE = 8.0
# No server has so many pages of tools; one that never ends should not hang the start.
_MAX_PAGES = 1000
_live: set[Worker] = set()


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of a server once the connection stands."""

    client: mcp.Client
    name: str
    tools: tuple[mcp_types.Tool, ...]


class Worker:
    """Opens, keeps and closes one connection in a thread of its own.

    The session has to be closed by the task that opened it. Nothing here knows the `Session`, so that one that is
    forgotten can be collected, and ends this.

    Args:
        source: Where the server is.
        timeout: Seconds until it must have answered and listed its tools.
    """

    def __init__(self, source: Source, timeout: float) -> None:
        self.opened: Future[Opened] = Future()
        self.loop = asyncio.new_event_loop()
        self._source = source
        self._timeout = timeout
        self._leave = asyncio.Event()
        self._log = LogTail(source.label) if isinstance(source, Command) else None
        self._noise = False
        self._status = ""
        self._thread = threading.Thread(target=self._run, name="chatkit-mcp", daemon=True)

    def start(self) -> None:
        """Begin to open the connection; `opened` tells what comes of it."""
        _live.add(self)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread is still there."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Begin to close the connection; may be called from anywhere, and again."""
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self.loop.call_soon_threadsafe(self._leave.set)

    def join(self, patience: float = _PATIENCE) -> None:
        """Wait until it is closed, but not for ever."""
        self._thread.join(patience)

    def submit(self, ask: Callable[[mcp.Client], Coroutine[Any, Any, T]]) -> Future[T]:
        """Have something done in the connection's loop.

        Returns:
            Its outcome; cancelling this cancels what is done. It stays open when the loop ends too early to begin.
        """
        future: Future[T] = Future()
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._begin, ask, future)
        return future

    def _begin(self, ask: Callable[[mcp.Client], Coroutine[Any, Any, T]], future: Future[T]) -> None:
        task = self.loop.create_task(ask(self.opened.result().client))
        task.add_done_callback(lambda _: _settle(task, future))

        def abandon(done: Future[T]) -> None:
            if done.cancelled():
                with contextlib.suppress(RuntimeError):
                    self.loop.call_soon_threadsafe(task.cancel)

        future.add_done_callback(abandon)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
                runner.run(self._keep())
        except BaseException as error:
            self._ended(error)
        finally:
            _live.discard(self)

    def _ended(self, error: BaseException) -> None:
        if self.opened.done():
            _log.debug("MCP server %s: the connection ended: %r", self._source.label, first_of(error))
            return
        printed = self._log.text(patience=0.5) if self._log is not None else ""
        failure = start_failed(
            error,
            self._source.label,
            timeout=self._timeout,
            printed=printed,
            noise=self._noise,
            status=self._status,
        )
        self.opened.set_exception(failure)

    async def _keep(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        watch = asyncio.create_task(self._leave.wait())
        watch.add_done_callback(lambda _: task.cancel())
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(self._timeout):
                self.opened.set_result(await self._open(stack))
            await asyncio.get_running_loop().create_future()  # until cancelled

    async def _open(self, stack: contextlib.AsyncExitStack) -> Opened:
        import mcp
        from mcp_types import Implementation

        from chatkit._version import __version__

        try:
            transport = await self._transport(stack)
            me = Implementation(name="chatkit", version=__version__)
            client = mcp.Client(transport, client_info=me, message_handler=self._hear, cache=None)
            await stack.enter_async_context(client)
        finally:
            if self._log is not None:
                self._log.close()
        info = client.server_info
        return Opened(client, info.name if info else "", await _all_tools(client))

    async def _transport(self, stack: contextlib.AsyncExitStack) -> Any:
        from mcp.client.stdio import StdioServerParameters, stdio_client
        from mcp.client.streamable_http import streamable_http_client
        from mcp.shared._httpx_utils import create_mcp_http_client

        if isinstance(self._source, Command):
            assert self._log is not None
            program, *arguments = self._source.words
            # What is no UTF-8 is no message either; it must not end the connection.
            parameters = StdioServerParameters(
                command=program,
                args=arguments,
                env=dict(self._source.env),
                cwd=self._source.cwd,
                encoding_error_handler="replace",
            )
            return stdio_client(parameters, errlog=self._log.writer)
        http = await stack.enter_async_context(create_mcp_http_client(headers=dict(self._source.headers)))
        http.event_hooks = {"response": [self._note_status]}  # the package's errors do not tell it
        return streamable_http_client(self._source.url, http_client=http)

    async def _note_status(self, response: httpx2.Response) -> None:
        self._status = f"{response.status_code} {response.reason_phrase}".strip() if response.is_error else ""

    async def _hear(self, message: object) -> None:
        if isinstance(message, Exception):
            self._noise = True


def _settle(task: asyncio.Task[T], future: Future[T]) -> None:
    error = None if task.cancelled() else task.exception()
    with contextlib.suppress(InvalidStateError):  # nobody waits for it any more
        if task.cancelled():
            future.cancel()
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(task.result())


async def _all_tools(client: mcp.Client) -> tuple[mcp_types.Tool, ...]:
    tools: list[mcp_types.Tool] = []
    cursor: str | None = None
    for _ in range(_MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return tuple(tools)


def _close_all() -> None:
    """Close what is still open when Python ends; servers must not outlive it."""
    workers = list(_live)
    for worker in workers:
        worker.stop()
    end = time.monotonic() + _PATIENCE
    for worker in workers:
        worker.join(max(0.0, end - time.monotonic()))


# This room is opened when a server is first connected. At exit, rather than in a finalizer of each connection: so all
# servers are told to end before the first one is waited for.
atexit.register(_close_all)
