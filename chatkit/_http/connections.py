"""Connections that tell which socket a line is using, so that the line can hang up at any moment.

`Response.close()` from another thread waits for the read that it should end; shutting the socket down wakes that read
at once. Before there is a response only the connection knows its socket, so the connections of chatkit's own adapter
report to the tap of the line that is sending in their thread. A caller's own session gets connections of this kind,
too, where it would have urllib3's.
"""

from __future__ import annotations

import socket
import time
from typing import Any

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.poolmanager import PoolManager, pool_classes_by_scheme
from urllib3.response import HTTPResponse
from urllib3.util.connection import allowed_gai_family

from chatkit._http.tap import TimedAnswer, serving

POOL_SIZE = 64


class _Reporting:
    """Mixed into urllib3's connections: reports to the tap being served in this thread."""

    sock: Any
    host: str
    port: int
    _dns_host: str
    timeout: Any
    response_class = TimedAnswer

    def connect(self) -> None:
        if serving.tap is not None:
            serving.tap.is_fresh = True
            serving.tap.connect_within(self.timeout)
        self._report()
        super().connect()  # type: ignore[misc]
        self._report()

    def _new_conn(self) -> socket.socket:
        if serving.tap is None:
            return super()._new_conn()  # type: ignore[misc, no-any-return]
        sock = self._reached()
        serving.tap.hold_early(sock)
        return sock

    def _reached(self) -> socket.socket:
        """Connect to the first address that lets one in; those that do not answer leave time for the others."""
        given = self._dns_host, self.timeout
        addresses = self._addresses()
        end = None if self.timeout is None else time.monotonic() + self.timeout
        try:
            while True:
                self._dns_host = addresses.pop(0)
                self.timeout = None if end is None else max(end - time.monotonic(), 0.001) / (len(addresses) + 1)
                try:
                    return super()._new_conn()  # type: ignore[misc, no-any-return]
                except (NewConnectionError, ConnectTimeoutError):
                    if not addresses:
                        raise
        finally:
            self._dns_host, self.timeout = given

    def _addresses(self) -> list[str]:
        """The addresses of the host; itself where there is no choice."""
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, allowed_gai_family(), socket.SOCK_STREAM)
        except UnicodeError:
            return [self._dns_host]
        except socket.gaierror as error:
            fault = NameResolutionError(self.host, self, error)  # type: ignore[arg-type]
        else:
            return list(dict.fromkeys(_numbered(entry[4]) for entry in found))
        raise fault

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        self._report()
        super().endheaders(*args, **kwargs)  # type: ignore[misc]

    def getresponse(self) -> HTTPResponse:
        self._report()
        return super().getresponse()  # type: ignore[misc, no-any-return]

    def _report(self) -> None:
        if serving.tap is not None:
            serving.tap.hold(self)


def _numbered(address: tuple[Any, ...]) -> str:
    """An address as a name: those of a local link say of which."""
    host = str(address[0])
    return f"{host}%{address[3]}" if len(address) == 4 and address[3] and "%" not in host else host


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


def lend_connections(session: Session) -> None:
    """Have a session make connections that report to their line, where it makes urllib3's own."""
    for adapter in session.adapters.values():
        manager = getattr(adapter, "poolmanager", None)
        if isinstance(manager, PoolManager) and manager.pool_classes_by_scheme is pool_classes_by_scheme:
            manager.pool_classes_by_scheme = _POOLS
