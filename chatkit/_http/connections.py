"""Connections that tell which socket a line is using, so that the line can hang up at any moment.

`Response.close()` from another thread waits for the read that it should end; shutting the socket down wakes that read
at once. Before there is a response only the connection knows its socket, so the connections of chatkit's own adapter
report to the tap of the line that is sending in their thread.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse, HTTPResponse

POOL_SIZE = 64


class HungUp(OSError):
    """The line was hung up while it was being connected."""


class Tap:
    """Holds the socket of one exchange while it lasts.

    `cut` may be called from any thread; everything else belongs to the thread of the line.
    """

    __slots__ = ("_connection", "_is_cut", "_response", "_socket")

    def __init__(self) -> None:
        self._connection: Any = None
        self._socket: socket.socket | None = None
        self._response: BaseHTTPResponse | None = None
        self._is_cut = False

    def hold(self, connection: Any) -> None:
        """Remember the connection, and its socket once it has one.

        Raises:
            HungUp: when the line was hung up in the meantime.
        """
        self._connection = connection
        self._socket = connection.sock or self._socket
        if self._is_cut:
            raise HungUp("the line was hung up")

    def hold_response(self, response: BaseHTTPResponse) -> None:
        """Remember the response; it can be shut down even where a foreign adapter made the connection."""
        self._response = response
        if self._is_cut:
            self.cut()

    def let_go(self) -> None:
        """Forget the socket: it may serve somebody else next."""
        self._connection = self._socket = self._response = None

    def cut(self) -> None:
        """Shut the socket down, from any thread."""
        self._is_cut = True
        sock = self._socket or getattr(self._connection, "sock", None)
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if sock is not None:
                sock.shutdown(socket.SHUT_RDWR)
            elif isinstance(self._response, HTTPResponse):
                self._response.shutdown()

    def wait_at_most(self, seconds: float | None) -> None:
        """Set how long the next read from the socket may take."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.settimeout(seconds)


class _Serving(threading.local):
    tap: Tap | None = None


serving = _Serving()


class _Reporting:
    """Mixed into urllib3's connections: reports to the tap being served in this thread."""

    sock: Any

    def connect(self) -> None:
        self._report()
        super().connect()  # type: ignore[misc]
        self._report()

    def getresponse(self) -> HTTPResponse:
        self._report()
        return super().getresponse()  # type: ignore[misc, no-any-return]

    def _report(self) -> None:
        if serving.tap is not None:
            serving.tap.hold(self)


class _PlainConnection(_Reporting, HTTPConnection):  # type: ignore[misc]
    pass


class _SecureConnection(_Reporting, HTTPSConnection):  # type: ignore[misc]
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class LineAdapter(HTTPAdapter):
    """An adapter whose connections report to their line. It never retries: there is one layer of retries, above."""

    def __init__(self) -> None:
        super().__init__(max_retries=0, pool_maxsize=POOL_SIZE)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool manager, with reporting connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Make (or find) a proxy's manager, with reporting connections."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
