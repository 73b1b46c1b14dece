"""Connections that fail before an answer begins: rows B1 to B13 of the fault catalogue."""

from __future__ import annotations

import socket
import ssl
import time

import pytest
import trustme

from chatkit._errors import APIConnectionError, APITimeoutError, BadRequestError
from chatkit._http.messages import TimeLimits
from chatkit.testing import Answer, Delivery, FakeService

GONE = "closed the connection before answering"


def test_b1_port_closed(closed_port, line, to, fails):
    url = f"http://127.0.0.1:{closed_port}/v1"
    words = (f"127.0.0.1:{closed_port}", "refused", "Is the server running", "Ollama", "llama.cpp")
    error = fails(lambda: line.send(to(url)), APIConnectionError, *words)
    assert (error.kind, error.retryable, error.cause_type) == ("refused", True, "ConnectionError")


def test_b1_attempts_are_counted(closed_port, chat_with, fails):
    chat = chat_with(f"http://127.0.0.1:{closed_port}/v1")
    error = fails(lambda: chat.chat("a"), APIConnectionError, "after 3 attempts")
    assert (error.attempts, len(chat)) == (3, 0)


def test_b2_name_does_not_resolve(line, to, fails, monkeypatch):
    def resolve(host, *args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    # Asking the network for a name that does not exist may take seconds.
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    error = fails(lambda: line.send(to("http://x.invalid/v1")), APIConnectionError, "x.invalid", "DNS")
    assert (error.kind, error.retryable) == ("dns", True)


@pytest.fixture
def full_backlog():
    """A port at which nobody accepts, and whose queue is full, so that a SYN is never answered."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
            waiting.append(caller)
        time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        for caller in waiting:
            caller.close()


@pytest.mark.parametrize("limits", [TimeLimits(connect=0.2), TimeLimits(total=0.2)])
def test_b3_syn_never_answered(limits, full_backlog, line, to, fails):
    started = time.monotonic()
    words = ("127.0.0.1", "did not accept a connection within 0.2 s", "TimeLimits(connect=...)")
    error = fails(lambda: line.send(to(full_backlog, limits=limits)), APITimeoutError, *words)
    assert (error.phase, error.retryable) == ("connect", True)
    assert 0.15 < time.monotonic() - started < 3


def test_b3_handshake_never_answered(raw_server, line, to, fails):
    url = raw_server(lambda connection: time.sleep(0.4)).replace("http:", "https:")
    limits = TimeLimits(connect=0.2)
    error = fails(lambda: line.send(to(url, limits=limits)), APITimeoutError, "accept a connection within 0.2 s")
    assert error.phase == "connect"


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_b4_b5_accept_then_close_or_reset_without_a_byte(how, service, chat_with, fails):
    service.on_request(lambda request: Answer("", delivery=Delivery(cut_before_headers=how)))
    error = fails(lambda: chat_with(service).chat("a"), APIConnectionError, GONE, "after 3 attempts")
    assert (error.kind, len(service.requests)) == ("reset", 3)


def test_b4_a_close_during_the_handshake_is_no_refusal(raw_server, line, to, fails):
    url = raw_server(lambda connection: connection.recv(65536)).replace("http:", "https:")
    error = fails(lambda: line.send(to(url)), APIConnectionError, GONE)
    assert (error.kind, error.retryable) == ("reset", True)


def test_b6_two_resets_then_good(service, chat_with):
    reset = Answer("", delivery=Delivery(cut_before_headers="rst"))
    service.script(reset, reset, "good")
    chat = chat_with(service)
    assert str(chat.chat("a")) == "good"
    assert (len(service.requests), len(chat)) == (3, 2)


@pytest.mark.parametrize("data", [b"NOT HTTP AT ALL\r\n\r\n", b"\r\n", b"HTTP/1.1 2\r\n\r\n", b"{}"])
def test_b7_garbage_status_line(data, sends, line, to, fails):
    url = sends(data)
    error = fails(lambda: line.send(to(url)), APIConnectionError, "not HTTP", url[7:-3])
    assert (error.kind, error.retryable) == ("protocol", True)


def test_b7_another_version_of_http(sends, line, to, fails):
    error = fails(lambda: line.send(to(sends(b"HTTP/2 200\r\n\r\n"))), APIConnectionError, "not HTTP/1.1")
    assert (error.kind, error.retryable) == ("protocol", False)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("length", [*range(15, len(HEAD) - 1, 7), len(HEAD) - 3])
def test_b8_headers_cut_anywhere(length, sends, line, to, fails, read_all):
    # requests gives status 200 and no body.
    error = fails(lambda: read_all(line, to(sends(HEAD[:length]))), APIConnectionError, "was cut off")
    assert (error.kind, error.retryable) == ("protocol", True)


def test_b8_headers_cut_are_tried_again(service, chat_with):
    service.script(Answer("x", delivery=Delivery(cut_headers_after=40)), "good")
    assert str(chat_with(service).chat("a")) == "good"
    assert len(service.requests) == 2


@pytest.mark.parametrize("headers", [{"x-long": "x" * 1_000_000}, {f"x-{n}": "x" for n in range(200)}])
def test_b9_headers_beyond_the_limits(headers, service, chat_with, fails):
    service.script(Answer("x", headers=headers))
    error = fails(lambda: chat_with(service).chat("a"), APIConnectionError, "limit")
    assert (error.kind, len(service.requests)) == ("protocol", 1)


def test_b10_https_to_a_plain_port(service, line, to, fails):
    url = service.base_url.replace("http:", "https:")
    error = fails(lambda: line.send(to(url)), APIConnectionError, "try http://", url[8:-3])
    assert (error.kind, error.retryable) == ("tls", False)


def test_b11_self_signed_certificate(tmp_path, chat_with, fails):
    # The certificate of an authority is signed by itself.
    authority, file = trustme.CA(), tmp_path / "authority.pem"
    file.write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with FakeService(tls=context) as service:
        words = (service.origin[8:], "self-signed certificate", "REQUESTS_CA_BUNDLE", "verify")
        error = fails(lambda: chat_with(service).chat("a"), APIConnectionError, *words)
    assert (error.kind, error.retryable, error.attempts) == ("tls", False, 1)
    assert (service.connections, service.requests) == (1, [])


def test_b11_certificate_of_an_authority_that_nobody_knows(tls, chat_with, fails):
    context, _ = tls("IP:127.0.0.1")
    with FakeService(tls=context) as service:
        error = fails(
            lambda: chat_with(service).chat("a"), APIConnectionError, "unable to get local issuer certificate"
        )
    assert (error.kind, error.retryable, error.attempts) == ("tls", False, 1)


def test_b11_certificate_for_another_host(tls, line, to, fails, monkeypatch):
    context, chain = tls("DNS:elsewhere.invalid")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", chain)
    with FakeService(tls=context) as service:
        error = fails(lambda: line.send(to(service)), APIConnectionError, "IP address mismatch")
    assert (error.kind, error.retryable) == ("tls", False)


def test_b12_http_to_a_tls_port_that_alerts(sends, line, to, fails):
    alert = b"\x15\x03\x01\x00\x02\x02\x46"
    error = fails(lambda: line.send(to(sends(alert))), APIConnectionError, "not HTTP", "try https://")
    assert (error.kind, error.retryable) == ("protocol", False)


def test_b12_http_to_a_real_tls_port(tls, line, to, fails):
    context, _ = tls("IP:127.0.0.1")
    with FakeService(tls=context) as service:
        url = service.base_url.replace("https:", "http:")
        error = fails(lambda: line.send(to(url)), APIConnectionError)
    assert error.kind in ("protocol", "reset")


def test_b12_a_tls_port_that_answers_400(service, chat_with, fails):
    page = b"HTTP/1.1 400 Bad Request\r\n"
    service.script(Answer("x", delivery=Delivery(status_line=page.strip())))
    fails(lambda: chat_with(service).chat("a"), BadRequestError)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_b13_proxy_refuses(scheme, closed_port, line, to, fails, monkeypatch):
    monkeypatch.setenv(f"{scheme}_proxy", f"http://user:secret-word@127.0.0.1:{closed_port}")
    words = ("proxy", f"127.0.0.1:{closed_port}", "far.invalid", "NO_PROXY")
    error = fails(lambda: line.send(to(f"{scheme}://far.invalid/v1")), APIConnectionError, *words)
    assert (error.kind, error.retryable) == ("proxy", True)
    assert "secret-word" not in repr(vars(error)) + str(error)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_b13_proxy_answers_407(scheme, sends, line, to, fails, monkeypatch):
    proxy = sends(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv(f"{scheme}_proxy", proxy.removesuffix("/v1"))
    words = ("proxy", "far.invalid", "407")
    error = fails(lambda: line.send(to(f"{scheme}://far.invalid/v1")), APIConnectionError, *words)
    assert (error.kind, error.retryable) == ("proxy", False)


def test_b13_a_port_with_407_in_it_is_no_407(line, to, fails, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:407")
    error = fails(lambda: line.send(to("http://far.invalid/v1")), APIConnectionError, "127.0.0.1:407")
    assert error.retryable is True
