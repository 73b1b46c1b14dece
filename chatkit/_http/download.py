"""Downloads of what strangers name: only from the public internet, only so much, only for so long.

A name is looked up once, all of its addresses are checked, and the connection goes to exactly such an address; the
name serves for the Host header and the certificate. So no second look-up can lead elsewhere. Every redirect begins
anew. Proxies, .netrc, cookies and keys play no part.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urljoin

from chatkit._errors import MediaError
from chatkit._http.public import Address, Target, closed_to_the_public, host_fault, target_of
from chatkit._http.unpacking import TooMuchError, unpacked
from chatkit._version import __version__

MAX_HOPS = 10
SECONDS = 30.0
_READ = 65536
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What was fetched.

    Args:
        data: The bytes, decompressed.
        media_type: What the server calls it, in lower case, without parameters; empty when it did not say.
        url: Where it came from in the end.
    """

    data: bytes
    media_type: str
    url: str

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return target_of(self.url).origin


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Network:
    """The network that a download sees.

    Args:
        look_up: Gives the addresses of a host and port.
        closed: Why an address must not be connected to; empty when it may.
    """

    look_up: Callable[[str, int], list[str]] = _look_up
    closed: Callable[[Address], str] = closed_to_the_public


PUBLIC = Network()


def download(
    url: str, *, max_bytes: int, seconds: float = SECONDS, accept: str = "*/*", network: Network | None = None
) -> Downloaded:
    """Fetch a URL from the public internet.

    Args:
        url: An http or https URL without user name.
        max_bytes: How many bytes there may be, after decompression.
        seconds: How long all of it may take, redirects included.
        accept: The Accept header.
        network: Another network than the public one, for tests.

    Raises:
        MediaError: when it must not or cannot be fetched; it names scheme, host and port, and the reason.
    """
    end = time.monotonic() + seconds
    target = target_of(url)
    for _ in range(MAX_HOPS + 1):
        given = _Exchange(target, network or PUBLIC, max_bytes, seconds, end).run(accept)
        if isinstance(given, Downloaded):
            return given
        target = target_of(_joined(target, given))
    raise MediaError(f"{target.origin}: more than {MAX_HOPS} redirects.")


def _joined(target: Target, location: str) -> str:
    with contextlib.suppress(UnicodeError):
        # http.client reads headers as Latin-1; who writes more than ASCII means UTF-8.
        location = location.encode("latin-1").decode()
    with contextlib.suppress(ValueError):
        return urljoin(target.url, location.strip().replace(" ", "%20"))
    raise MediaError(f"{target.origin}: the server redirects to an address that is none.")


class _Exchange:
    """One request and its answer, up to a redirect."""

    def __init__(self, target: Target, network: Network, max_bytes: int, seconds: float, end: float) -> None:
        self._target = target
        self._network = network
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._end = end

    def run(self, accept: str) -> Downloaded | str:
        """What was fetched, or where a redirect leads."""
        reason = ""
        addresses = self._addresses()
        try:
            with self._connected(addresses) as connection:
                connection.request("GET", self._target.path, headers=self._headers(accept))
                with contextlib.closing(connection.getresponse()) as answer:
                    found = self._answer(answer)
                # A connection that was shut looks like the end of an answer.
                if time.monotonic() < self._end:
                    return found
                reason = self._reason(TimeoutError())
        except MediaError:
            raise
        except Exception as error:
            reason = self._reason(error)
        raise self._error(reason)

    def _error(self, reason: str) -> MediaError:
        return MediaError(f"{self._target.origin}: {reason}.")

    def _reason(self, error: Exception) -> str:
        if isinstance(error, TimeoutError) or time.monotonic() >= self._end:
            return f"the download took longer than {self._seconds:g} s"
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the certificate is not trusted ({error.verify_message.rstrip('.')})"
        if isinstance(error, OSError) and error.strerror:
            return f"the connection failed ({error.strerror.lower()})"
        return f"the answer is broken or cut off ({type(error).__name__})"

    def _addresses(self) -> list[str]:
        host, found = self._target.host, []
        if why := host_fault(host):
            raise self._error(f"not fetched, for the host is {why}")
        with contextlib.suppress(OSError, UnicodeError):
            found = self._looked_up(host)
        if not found:
            raise self._error("the host name cannot be resolved (DNS)")
        # One closed address is enough: which of them is taken would be chance.
        for address in found:
            if why := self._network.closed(ipaddress.ip_address(address.partition("%")[0])):
                raise self._error(f"not fetched, for the host has a private address ({why})")
        return found

    def _looked_up(self, host: str) -> list[str]:
        found: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                found.put(self._network.look_up(host, self._target.port))
            except Exception as error:
                found.put(error)

        # The system takes as long as it likes, and cannot be stopped.
        threading.Thread(target=look_up, name="chatkit-look-up", daemon=True).start()
        try:
            addresses = found.get(timeout=self._left())
        except queue.Empty:
            addresses = []
        if isinstance(addresses, Exception):
            raise addresses
        return addresses

    def _left(self) -> float:
        return max(self._end - time.monotonic(), 0.001)

    def _headers(self, accept: str) -> dict[str, str]:
        return {
            "Host": self._target.authority,
            "User-Agent": f"chatkit/{__version__}",
            "Accept": accept,
            "Accept-Encoding": "gzip",
            "Connection": "close",
        }

    @contextlib.contextmanager
    def _connected(self, addresses: list[str]) -> Iterator[http.client.HTTPConnection]:
        plain = self._reached(addresses)
        # Encrypting moves a socket into another object, so it is a twin that is shut when the time is over: whatever
        # waits for bytes then wakes, also when they come one by one.
        twin = plain.dup()
        alarm = threading.Timer(self._left(), _shut, (twin,))
        alarm.daemon = True
        alarm.start()
        connection = http.client.HTTPConnection(self._target.host, self._target.port)
        try:
            with plain:
                connection.sock = self._secured(plain)
                yield connection
        finally:
            alarm.cancel()
            alarm.join()
            connection.close()
            twin.close()

    def _reached(self, addresses: list[str]) -> socket.socket:
        *others, last = addresses
        for place, address in enumerate(others):
            # One that does not answer leaves time for those that follow.
            with contextlib.suppress(OSError):
                return self._connect(address, self._left() / (len(addresses) - place))
        return self._connect(last, self._left())

    def _connect(self, address: str, seconds: float) -> socket.socket:
        made = socket.create_connection((address, self._target.port), timeout=seconds)
        made.settimeout(self._left())
        return made

    def _secured(self, plain: socket.socket) -> socket.socket:
        if self._target.scheme == "http":
            return plain
        place = _certificates(self._target.origin)
        is_folder = Path(place).is_dir()
        context = ssl.create_default_context(cafile=None if is_folder else place, capath=place if is_folder else None)
        return context.wrap_socket(plain, server_hostname=self._target.host.rstrip("."))

    def _answer(self, answer: http.client.HTTPResponse) -> Downloaded | str:
        location = answer.headers.get("location")
        if answer.status in _REDIRECTS and location:
            return location
        if answer.status != 200:
            raise self._error(f"the server answered {answer.status} {_phrase(answer.status)}".rstrip())
        announced = answer.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._max_bytes:
            raise self._error(f"the file has {int(announced):,} bytes; the limit is {self._max_bytes:,}")
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Downloaded(self._body(answer), media_type, self._target.url)

    def _body(self, answer: http.client.HTTPResponse) -> bytes:
        from urllib3.response import HTTPResponse

        body = HTTPResponse(
            answer,
            headers=dict(answer.headers.items()),
            preload_content=False,
            request_method="GET",
            original_response=answer,
        )
        pieces: list[bytes] = []
        size = 0
        while size <= self._max_bytes and (piece := body.read1(_READ, decode_content=False)):
            pieces.append(piece)
            size += len(piece)
        with contextlib.suppress(TooMuchError):
            if size <= self._max_bytes:
                return unpacked(b"".join(pieces), answer.headers.get("content-encoding", ""), self._max_bytes)
        raise self._error(f"the file has more bytes than the limit of {self._max_bytes:,}")


def _certificates(url: str) -> str:
    """The file or folder of certificates that requests would trust: certifi's, or what the environment names."""
    from requests import Session
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    with Session() as session:
        verify = session.merge_environment_settings(url, {}, None, True, None)["verify"]
    return verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH


def _shut(twin: socket.socket) -> None:
    with contextlib.suppress(OSError):
        twin.shutdown(socket.SHUT_RDWR)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
