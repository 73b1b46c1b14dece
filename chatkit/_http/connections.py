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

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse, HTTPResponse

POOL_SIZE = 64


class HungUp(OSError):
    """The line was hung up while it was being connected."""


class Tap:
    """Holds the socket of one exchange while it lasts.

    `cut` may be called from any thread; everything else belongs to the thread of the line.

    Args:
        patience: Seconds that sending the request may take; None means for ever.

    Attributes:
        is_fresh: Whether the connection was made for this exchange.
    """

    __slots__ = ("_connection", "_early", "_is_cut", "_patience", "_response", "_socket", "is_fresh")

    def __init__(self, patience: float | None = None) -> None:
        self._patience = patience
        self._connection: Any = None
        self._early: socket.socket | None = None
        self._socket: Any = None
        self._response: BaseHTTPResponse | None = None
        self._is_cut = False
        self.is_fresh = False

    @property
    def is_kept(self) -> bool:
        """Whether the connection served an earlier request already."""
        return self._connection is not None and not self.is_fresh

    @property
    def is_connecting(self) -> bool:
        """Whether a connection is being made and does not stand yet."""
        return self._connection is not None and self._socket is None

    def hold_early(self, sock: socket.socket) -> None:
        """Remember a socket that is connected, but not yet encrypted.

        Encrypting moves it into another object that nobody can reach before it is done, so this takes a twin of it.
        """
        self._early = sock.dup()

    def hold(self, connection: Any) -> None:
        """Remember the connection, and its socket once it has one.

        Raises:
            HungUp: when the line was hung up in the meantime.
        """
        self._connection = connection
        self._socket = connection.sock or self._socket
        if self._socket is not None:
            self._drop_early()
        # Else a new connection would send under the limit for connecting, and an old one under that of its last read.
        self.wait_at_most(self._patience)
        if self._is_cut:
            raise HungUp("the line was hung up")

    def hold_response(self, response: BaseHTTPResponse) -> None:
        """Remember the response; through it there is a socket even where a foreign adapter made the connection."""
        self._response = response
        if self._socket is None:
            self._socket = getattr(getattr(response, "_sock_shutdown", None), "__self__", None)
        if self._is_cut:
            self.cut()

    def let_go(self) -> None:
        """Forget the socket: it may serve somebody else next."""
        self._connection = self._socket = self._response = None
        self._drop_early()

    def cut(self) -> None:
        """Shut the socket down, from any thread."""
        self._is_cut = True
        sock = self._socket or self._early
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if isinstance(sock, socket.socket):
                # Not SSLSocket's own shutdown: it drops the encryption first, and a thread that is sending would go
                # on in the clear.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            elif isinstance(self._response, HTTPResponse):
                self._response.shutdown()

    def _drop_early(self) -> None:
        if self._early is not None:
            self._early.close()
            self._early = None

    def wait_at_most(self, seconds: float | None) -> None:
        """Set how long the next use of the socket may take."""
        if self._socket is not None:
            # Not contextlib.suppress, which costs more than what it guards; this is done several times a request.
            try:
                self._socket.settimeout(seconds)
            except OSError:
                return


class _Serving(threading.local):
    tap: Tap | None = None


serving = _Serving()


class _Reporting:
    """Mixed into urllib3's connections: reports to the tap being served in this thread."""

    sock: Any

    def connect(self) -> None:
        if serving.tap is not None:
            serving.tap.is_fresh = True
        self._report()
        super().connect()  # type: ignore[misc]
        self._report()

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        if serving.tap is not None:
            serving.tap.hold_early(sock)
        return sock

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        self._report()
        super().endheaders(*args, **kwargs)  # type: ignore[misc]

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


def _remember(known: dict[Any, Any], key: Any, value: Any) -> None:
    if len(known) >= POOL_SIZE:
        known.clear()
    known[key] = value


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class LineAdapter(HTTPAdapter):
    """An adapter whose connections report to their line. It never retries: there is one layer of retries, above.

    It asks the same few addresses again and again, so it remembers what follows from an address; that and leaving
    cookies out saves a third of what `HTTPAdapter.send` costs.
    """

    def __init__(self) -> None:
        super().__init__(max_retries=0, pool_maxsize=POOL_SIZE)
        self._pools: dict[Any, Any] = {}
        self._paths: dict[Any, str] = {}

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Find the pool of connections for a request."""
        key = (request.url, verify, cert, tuple((proxies or {}).items()))
        pool: Any = self._pools.get(key)
        if pool is None:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            _remember(self._pools, key, pool)
        return pool

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """Find what stands in a request's first line: the path, or for some proxies the whole URL."""
        key = (request.url, tuple((proxies or {}).items()))
        path = self._paths.get(key)
        if path is None:
            path = super().request_url(request, proxies)
            _remember(self._paths, key, path)
        return path

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Make a response without cookies: every request stands for itself."""
        response = Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        response.reason = resp.reason
        response.url = req.url or ""
        response.request = req
        response.connection = self
        return response

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool manager, with reporting connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Make (or find) a proxy's manager, with reporting connections."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        # Connections through SOCKS are of a kind of their own; any other kind would go past the proxy.
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager
