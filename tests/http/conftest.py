"""What the tests of the wing share: services, lines, and the proof that no error shows the key."""

from __future__ import annotations

import contextlib
import pickle
import socket
import ssl
import threading
import time
import traceback

import pytest
import trustme

from chatkit import chat_openai_compatible
from chatkit._errors import ChatkitError
from chatkit._http.messages import Request
from chatkit._http.transport import RequestsTransport
from chatkit.testing import FakeService

KEY = "sk-canary/7f3a91c0ffee"
BODY = b'{"model": "m", "messages": [], "stream": true}'
_SETTINGS = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def service():
    with FakeService() as running:
        yield running


@pytest.fixture
def key():
    return KEY


@pytest.fixture
def to():
    """Make a request to a service, or to a base URL."""

    def make(where, *, stream=True, body=BODY, **fields):
        base_url = where if isinstance(where, str) else where.base_url
        fields.setdefault("headers", {"Content-Type": "application/json", "Accept-Encoding": "identity"})
        fields.setdefault("credentials", lambda: {"Authorization": f"Bearer {KEY}"})
        return Request(url=f"{base_url}/chat/completions", body=body, stream=stream, **fields)

    return make


@pytest.fixture
def transport():
    return RequestsTransport()


@pytest.fixture
def line(transport):
    opened = transport.line()
    yield opened
    opened.close()


@pytest.fixture
def chat_with(monkeypatch):
    """Make a chat with a service, one that hardly waits before it tries again."""
    monkeypatch.setattr("chatkit._http.retry._FIRST_WAIT", 0.001)

    def make(where, **options):
        base_url = where if isinstance(where, str) else where.base_url
        options.setdefault("credentials", lambda: KEY)
        return chat_openai_compatible(base_url, model="m", echo="none", **options)

    return make


@pytest.fixture
def read_all():
    """Send a request and read the answer to its end; gives the data of all pieces."""

    def read(line, request):
        line.send(request)
        return list(_data(line))

    return read


def _data(line):
    while (batch := line.receive()) is not None:
        yield from (piece.data for piece in batch.pieces)


@pytest.fixture
def fails():
    """Call something that fails in one exact way; gives the error, which does not show the key anywhere."""

    def call(act, kind, *words):
        with pytest.raises(kind) as caught:
            act()
        error = caught.value
        assert type(error) is kind
        for word in words:
            assert word in str(error)
        assert_no_key(error)
        return error

    return call


def assert_no_key(error):
    # Nothing here may keep the key in a variable, for the variables of this frame are looked at too.
    if isinstance(error, ChatkitError):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy)) == (type(error), str(error))
        assert KEY.encode() not in pickle.dumps(error)
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    shown += "".join(f"{item!r} {item} {vars(item)}" for item in _chain(error))
    assert KEY not in shown
    assert not any(hasattr(item, "request") for item in _chain(error))


def _chain(error):
    while error is not None:
        yield error
        if error.__cause__ is not None:
            yield from _chain(error.__cause__)
        error = error.__context__


@pytest.fixture
def shows_no_key():
    return assert_no_key


@pytest.fixture
def raw_server():
    """Start a server of bare sockets: `handler(connection)` is called for each, one after the other."""
    with contextlib.ExitStack() as stack:

        def start(handler):
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=8))
            thread = threading.Thread(target=_serve, args=(listener, handler), daemon=True)
            stack.callback(thread.join, 2)
            # Shutting down wakes accept(); closing alone does not.
            stack.callback(_shut, listener)
            thread.start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

        yield start


def _serve(listener, handler):
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                handler(connection)


def _shut(listener):
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def sends(raw_server):
    """Start a server that reads a request and sends some bytes, then closes."""

    def start(data):
        def answer(connection):
            read_request(connection)
            connection.sendall(data)

        return raw_server(answer)

    return start


def read_request(connection, pause=0.0):
    """Read a whole request: whoever closes before has the system reset the connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    time.sleep(pause)
    head, _, body = received.partition(b"\r\n\r\n")
    left = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0) - len(body)
    while left > 0:
        left -= len(connection.recv(1 << 20))


@pytest.fixture
def read_slowly():
    """Answer two requests on one connection, and wait before reading the body of each."""

    def answer(connection):
        for _ in range(2):
            read_request(connection, pause=0.3)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")

    return answer


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # The port of a listener that is closed by the time it is used.
        return listener.getsockname()[1]


@pytest.fixture
def later():
    """Do something in another thread, some time from now; gives a function that tells the time since it was done."""
    threads = []

    def start(seconds, act):
        done_at = []

        def work():
            time.sleep(seconds)
            done_at.append(time.monotonic())
            act()

        thread = threading.Thread(target=work)
        threads.append(thread)
        thread.start()
        return lambda: time.monotonic() - done_at[0]

    yield start
    for thread in threads:
        thread.join()


@pytest.fixture
def no_thread_is_left():
    yield
    deadline = time.monotonic() + 1
    while any(thread.name == "chatkit-line" for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a reader thread is left behind"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    """Make a certificate by an unknown authority; gives the server's context and the authority's own certificate."""
    folder = tmp_path_factory.mktemp("certificates")

    def make(name):
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name.partition(":")[2]).configure_cert(context)
        trusted = folder / f"{name[:2]}.pem"
        authority.cert_pem.write_to_path(trusted)
        return context, str(trusted)

    return make
