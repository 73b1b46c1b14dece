"""Group B of the fault catalogue: connections and TLS, each row whole."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
import time

import pytest
import trustme

from chatkit import APIConnectionError, APITimeoutError, BadRequestError, TimeLimits
from chatkit.testing import Answer, Delivery, ErrorAnswer, FakeService

GONE = "closed the connection before answering"


@pytest.fixture
def gate(service):
    """Start a server of bare sockets: the first connections go to a handler each, all later ones to the service.

    Gives its base URL; `gate.seen` counts the connections that went to a handler.
    """
    with contextlib.ExitStack() as stack:

        def start(*handlers):
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16))
            stack.callback(_shut, listener)
            thread = threading.Thread(target=_serve, args=(listener, list(handlers), service, start), daemon=True)
            thread.start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

        start.seen = 0
        yield start


def _serve(listener, handlers, service, start):
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            connection.settimeout(10)
            if handlers:
                start.seen += 1
                handler = handlers.pop(0)
                with connection, contextlib.suppress(OSError):
                    handler(connection)
            else:
                onward = socket.create_connection(service._address)
                for ends in ((connection, onward), (onward, connection)):
                    threading.Thread(target=_copy, args=ends, daemon=True).start()


def _copy(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        _shut(end)
        end.close()


def _shut(end):
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def read_request(connection):
    """Read a whole request: whoever closes before has the system reset the connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    left = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0) - len(body)
    while left > 0:
        left -= len(connection.recv(1 << 20))


@pytest.fixture
def sends():
    """Make a handler for `gate` that reads a request and sends some bytes, then closes."""

    def make(data):
        def answer(connection):
            read_request(connection)
            connection.sendall(data)

        return answer

    return make


@pytest.fixture
def elsewhere(row):
    """Give the turns of a chat to one with a good address, where its own is the fault."""
    return lambda chat: row.make().set_turns(chat.turns)


def test_b1_port_closed(row, elsewhere):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    chat = row.make(f"http://127.0.0.1:{port}/v1")
    names = [f"127.0.0.1:{port}", "Is the server running", "Ollama", "llama.cpp", "after 3 attempts"]
    row(chat=chat, raises=APIConnectionError, names=names, requests=0, next_chat=elsewhere)


def test_b2_name_does_not_resolve(row, service, elsewhere, monkeypatch):
    asked, look_up = [], socket.getaddrinfo

    def resolve(host, *args, **kwargs):
        if host != "x.invalid":
            return look_up(host, *args, **kwargs)
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    # Asking the network for a name that does not exist may take seconds.
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    chat = row.make("https://x.invalid/v1")
    row(
        chat=chat, raises=APIConnectionError, names=["x.invalid", "DNS", "after 3 attempts"], requests=3,
        saw=lambda: len(asked), next_chat=elsewhere,
    )  # fmt: skip


def test_b3_syn_never_answered(row, elsewhere):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for caller in waiting:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        time.sleep(0.02)
        limits = TimeLimits(connect=0.2)
        chat = row.make(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", timeout=limits, max_retries=1)
        names = ["127.0.0.1", "did not accept a connection within 0.2 s", "after 2 attempts"]
        row(chat=chat, raises=APITimeoutError, names=names, requests=0, next_chat=elsewhere)
        for caller in waiting:
            caller.close()


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_b4_b5_accept_then_close_or_reset_without_a_byte(row, how):
    cut = Answer("", delivery=Delivery(cut_before_headers=how))
    row(*[cut] * 3, raises=APIConnectionError, names=[GONE, "after 3 attempts"], requests=3)


def test_b6_two_resets_then_good(row):
    cut = Answer("", delivery=Delivery(cut_before_headers="rst"))
    row(cut, cut, "Good.", text="Good.", requests=3)


def test_b7_garbage_status_line(row, gate, sends):
    url = gate(*[sends(b"NOT HTTP AT ALL\r\n\r\n")] * 3)
    row(
        chat=row.make(url), raises=APIConnectionError, names=["not HTTP", url[7:-3], "after 3 attempts"], requests=3,
        saw=lambda: gate.seen,
    )  # fmt: skip


@pytest.mark.parametrize("length", [16, 40, 70])
def test_b8_headers_cut(row, gate, sends, length):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    url = gate(*[sends(head[:length])] * 3)
    row(
        chat=row.make(url), raises=APIConnectionError, names=["was cut off", "after 3 attempts"], requests=3,
        saw=lambda: gate.seen,
    )  # fmt: skip


@pytest.mark.parametrize("headers", [{"x-long": "x" * 1_000_000}, {f"x-{n}": "x" for n in range(200)}])
def test_b9_headers_beyond_the_limits(row, headers):
    row(Answer("x", headers=headers), raises=APIConnectionError, names=["limit"])


def test_b10_https_to_a_plain_port(row, service, elsewhere):
    chat = row.make(service.base_url.replace("http:", "https:"))
    before = service.connections
    row(
        chat=chat, raises=APIConnectionError, names=["try http://", service.origin[7:]], requests=1,
        saw=lambda: service.connections - before, next_chat=elsewhere,
    )  # fmt: skip


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Server contexts: signed by itself, by an authority that nobody knows, and for another host."""
    authority = trustme.CA()
    own = tmp_path_factory.mktemp("tls") / "own.pem"
    own.write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    contexts = {name: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for name in ("own", "unknown", "other", "expired")}
    contexts["own"].load_cert_chain(own)
    authority.issue_cert("127.0.0.1").configure_cert(contexts["unknown"])
    authority.issue_cert("elsewhere.invalid").configure_cert(contexts["other"])
    past = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)
    authority.issue_cert("127.0.0.1", not_after=past).configure_cert(contexts["expired"])
    chain = own.with_name("chain.pem")
    authority.cert_pem.write_to_path(chain)
    return contexts, str(chain)


@pytest.mark.parametrize(
    ("kind", "trusted", "reason"),
    [
        ("own", False, "self-signed certificate"),
        ("unknown", False, "unable to get local issuer certificate"),
        ("other", True, "mismatch"),
        ("expired", True, "expired"),
    ],
)
def test_b11_certificates_that_are_not_believed(row, elsewhere, certificates, monkeypatch, kind, trusted, reason):
    contexts, chain = certificates
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", chain)
    with FakeService(tls=contexts[kind]) as secret:
        names = [secret.origin[8:], reason, "REQUESTS_CA_BUNDLE"]
        row(
            chat=row.make(secret.base_url), raises=APIConnectionError, names=names, requests=1,
            saw=lambda: secret.connections, next_chat=elsewhere,
        )  # fmt: skip
        assert secret.requests == []


def test_b12_http_to_a_tls_port_that_alerts(row, gate, sends):
    url = gate(sends(b"\x15\x03\x01\x00\x02\x02\x46"))
    row(chat=row.make(url), raises=APIConnectionError, names=["not HTTP", "try https://"], saw=lambda: gate.seen)


def test_b12_http_to_a_tls_port_that_answers_400(row, service):
    page = "<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>"
    row(
        ErrorAnswer(400, page, content_type="text/html"), raises=BadRequestError,
        names=["The plain HTTP request was sent to HTTPS port"],
    )  # fmt: skip


def test_b13_a_proxy_that_refuses(row, elsewhere, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("https_proxy", f"http://user:hunter2@127.0.0.1:{port}")
    chat = row.make("https://far.invalid/v1")
    found = row(
        chat=chat, raises=APIConnectionError, names=["proxy", f"127.0.0.1:{port}", "far.invalid", "after 3 attempts"],
        requests=0, next_chat=elsewhere,
    )  # fmt: skip
    assert "hunter2" not in found.message


def test_b13_a_proxy_that_answers_407(row, elsewhere, gate, sends, monkeypatch):
    proxy = gate(sends(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"))
    monkeypatch.setenv("https_proxy", proxy.removesuffix("/v1").replace("//", "//user:hunter2@"))
    chat = row.make("https://far.invalid/v1")
    found = row(
        chat=chat, raises=APIConnectionError, names=["proxy", "far.invalid", "407"], saw=lambda: gate.seen,
        next_chat=elsewhere,
    )  # fmt: skip
    assert "hunter2" not in found.message


def test_b14_a_kept_connection_that_the_server_closed(row, service):
    chat = row.make()
    service.say("One.")
    chat.chat("First")
    chat.set_turns(chat.turns[:2])
    service.drop_connections()
    time.sleep(0.02)
    row("Two.", chat=chat, text="Two.")
    assert service.connections == 2


def test_b15_loopback_is_not_reached_through_a_proxy(row, gate, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        row("Good.", text="Good.")
        proxy.settimeout(0.05)
        with pytest.raises(TimeoutError):
            proxy.accept()
