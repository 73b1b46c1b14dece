"""Diagnosing: which error of chatkit an exception of the libraries below becomes."""

from __future__ import annotations

import http.client
import socket
import ssl

import pytest
import requests
from urllib3 import exceptions as u3

from chatkit._errors import APIConnectionError, APIResponseError, ConfigError
from chatkit._http.faults import diagnose, host_of, is_timeout, timed_out, without_library_frames

URL = "http://localhost:8000/v1/chat/completions"
POOL = "HTTPConnectionPool(host='localhost', port=4070)"


def wrapped(inner):
    """As requests wraps what urllib3 has wrapped: one inside the other, never as a cause."""
    error = u3.MaxRetryError(POOL, URL, inner)
    return requests.ConnectionError(error, request=object())


def aborted(inner):
    return requests.ConnectionError(u3.ProtocolError("Connection aborted.", inner))


def unconnected(inner, kind=u3.NewConnectionError):
    error = kind("localhost", None, inner) if kind is u3.NameResolutionError else kind(None, f"Failed: {inner}")
    error.__cause__ = inner
    return wrapped(error)


class Told:
    length_remaining = None

    def tell(self):
        return 0


def certificate(message):
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = message
    return requests.exceptions.SSLError(u3.MaxRetryError(POOL, URL, u3.SSLError(error)))


def handshake(reason):
    error = ssl.SSLError(1, f"[SSL: {reason}]")
    error.reason = reason
    return requests.exceptions.SSLError(u3.MaxRetryError(POOL, URL, u3.SSLError(error)))


def proxy(message):
    return requests.exceptions.ProxyError(
        u3.MaxRetryError(POOL, URL, u3.ProxyError("Cannot connect", OSError(message)))
    )


# What was raised; then the kind, whether to try again, and words of the message.
CONNECTIONS = {
    "B1 refused": (unconnected(ConnectionRefusedError(111, "Connection refused")), "refused", True, "Ollama"),
    "B2 no such name": (
        unconnected(socket.gaierror(-2, "unknown"), u3.NameResolutionError),
        "dns",
        True,
        "host name of localhost:8000",
    ),
    "B2 no such name, bare": (socket.gaierror(-2, "unknown"), "dns", True, "DNS"),
    "no route": (unconnected(OSError(113, "No route to host")), "reset", True, "closed the connection"),
    "B4 closed": (aborted(http.client.RemoteDisconnected("Remote end closed")), "reset", True, "before answering"),
    "B5 reset": (aborted(ConnectionResetError(104, "reset by peer")), "reset", True, "before answering"),
    "B4 closed in the handshake": (
        requests.exceptions.SSLError(u3.MaxRetryError(POOL, URL, u3.SSLError(ssl.SSLEOFError(8, "EOF occurred")))),
        "reset",
        True,
        "before answering",
    ),
    "B7 no HTTP": (aborted(http.client.BadStatusLine("NOT HTTP")), "protocol", True, "not HTTP. Check the port"),
    "B7 HTTP/2": (aborted(http.client.UnknownProtocol("HTTP/2")), "protocol", False, "not HTTP/1.1"),
    "B9 long line": (aborted(http.client.LineTooLong("header line")), "protocol", False, "limit"),
    "B9 many": (aborted(http.client.HTTPException("got more than 100 headers")), "protocol", False, "limit"),
    "B10": (handshake("WRONG_VERSION_NUMBER"), "tls", False, "wrong version number. The server does not speak TLS"),
    "B10 newer OpenSSL": (handshake("RECORD_LAYER_FAILURE"), "tls", False, "try http://"),
    "B11 expired": (certificate("certificate has expired"), "tls", False, ": certificate has expired. For a private"),
    "B11 self-signed": (certificate("self-signed certificate."), "tls", False, "certificate. For a private"),
    "B11 without a reason": (handshake(None), "tls", False, "handshake failed"),
    "B12": (aborted(http.client.BadStatusLine("\x15\x03\x01")), "protocol", False, "https://"),
    "B12 escaped": (aborted(http.client.BadStatusLine(repr("\x15\x03\x01"))), "protocol", False, "https://"),
    "B13 refused": (proxy("Connection refused, port 4070"), "proxy", True, "The proxy near:3128 on the way"),
    "B13 407": (proxy("Tunnel connection failed: 407 Proxy Authentication Required"), "proxy", False, "password (407)"),
    "B13 403": (proxy("Tunnel connection failed: 403 Forbidden"), "proxy", True, "NO_PROXY"),
    "F1 reset": (u3.ProtocolError("Connection broken: reset", ConnectionResetError()), "reset", True, "in the middle"),
    "F2 no last chunk": (u3.ProtocolError("Response ended prematurely"), "protocol", True, "was cut off"),
    "F2 inside a chunk": (u3.ProtocolError("broken", http.client.IncompleteRead(b"x")), "protocol", True, "cut off"),
    "F2 chunk size": (u3.ProtocolError("broken", u3.InvalidChunkLength(Told(), b"no")), "protocol", True, "cut off"),
    "D10 short": (u3.ProtocolError("broken", u3.IncompleteRead(5, 10)), "protocol", True, "was cut off"),
    "anything else": (RuntimeError("odd"), "reset", True, "before answering"),
}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_connection_fault_is_told_by_its_cause(name, shows_no_key):
    raised, kind, retryable, words = CONNECTIONS[name]
    error = diagnose(raised, URL, "near:3128")
    assert type(error) is APIConnectionError
    assert (error.kind, error.retryable, error.url) == (kind, retryable, URL)
    assert "localhost:8000" in str(error)
    assert words in str(error)
    assert kind == "proxy" or error.cause_type == type(raised).__name__
    assert is_timeout(raised) is None
    shows_no_key(error)


def test_a_far_host_is_not_asked_whether_it_runs():
    refused = ConnectionRefusedError()
    assert "Ollama" not in str(diagnose(refused, "http://far.example/v1"))
    for url in ("http://localhost/v1", "http://127.0.0.2:80/v1", "http://[::1]:80/v1"):
        assert "Ollama" in str(diagnose(refused, url))


SETTINGS = {
    "A6 label": (
        u3.LocationParseError("x" * 70),
        "The URL 'http://localhost:8000/v1/chat/completions' cannot be used.",
    ),
    "A6 scheme": (requests.exceptions.InvalidSchema("No connection adapters"), "cannot be used"),
    "A6 no scheme": (requests.exceptions.MissingSchema("No scheme"), "Check base_url."),
    "SOCKS": (requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support."), "requests[socks]"),
    "A9 header": (requests.exceptions.InvalidHeader("Invalid leading: 'sk-canary/7f3a91c0ffee\\n'"), "A header"),
    "A9 header of http.client": (ValueError("Invalid header value b'sk-canary/7f3a91c0ffee\\n'"), "A header"),
    "A3 no latin-1": (UnicodeEncodeError("latin-1", "sk-canary/7f3a91c0ffee\u2013", 4, 5, "no"), "A header"),
    "bundle": (OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /x"), "REQUESTS_CA_BUNDLE"),
    "client certificate": (OSError("Could not find the TLS certificate file, invalid path: /x"), "`cert`"),
    "client key": (OSError("Could not find the TLS key file, invalid path: /x"), "`cert`"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_at_fault_is_a_config_error(name, shows_no_key):
    raised, words = SETTINGS[name]
    error = diagnose(raised, URL)
    assert type(error) is ConfigError
    assert words in str(error)
    shows_no_key(error)


@pytest.mark.parametrize("raised", [u3.DecodeError("gzip"), requests.exceptions.ContentDecodingError("gzip")])
def test_d8_bad_compression_is_told(raised):
    error = diagnose(raised, URL)
    assert (type(error), error.kind, error.retryable) == (APIResponseError, "encoding", True)
    assert "not valid gzip or deflate" in str(error)


TIMEOUTS = {
    "connect": (wrapped(u3.ConnectTimeoutError(None, "timed out")), "connect"),
    "connect, requests": (requests.ConnectTimeout(), "connect"),
    "headers": (requests.ReadTimeout(u3.ReadTimeoutError(None, URL, "Read timed out.")), "read"),
    "idle": (u3.ReadTimeoutError(None, URL, "Read timed out."), "read"),
    "G2 idle, as requests calls it": (requests.ConnectionError(u3.ReadTimeoutError(None, URL, "x")), "read"),
    "of the system": (aborted(TimeoutError(110, "Connection timed out")), "read"),
    "of the system, connecting": (unconnected(TimeoutError(110, "Connection timed out")), "read"),
}


@pytest.mark.parametrize("name", TIMEOUTS)
def test_time_limits_are_recognised(name):
    raised, phase = TIMEOUTS[name]
    assert is_timeout(raised) == phase


def test_exceptions_that_go_round_in_circles_are_looked_at_once():
    first, second = OSError("a"), OSError("b")
    first.__cause__, second.__cause__ = second, first
    assert diagnose(first, URL).kind == "reset"


@pytest.mark.parametrize(
    ("phase", "field", "retryable"),
    [
        ("connect", "connect", True),
        ("headers", "first_byte", True),
        ("idle", "idle", False),
        ("progress", "progress", False),
        ("total", "total", False),
    ],
)
def test_a_time_limit_tells_how_to_raise_it(phase, field, retryable):
    error = timed_out(phase, 2.5, URL)
    assert (error.phase, error.kind, error.retryable) == (phase, "timeout", retryable)
    assert str(error).startswith("localhost:8000 ")
    assert str(error).endswith(f" within 2.5 s. Raise it with timeout=TimeLimits({field}=...).")
    assert "in time" in str(timed_out(phase, None, URL))


def test_of_a_url_only_host_and_port_are_shown():
    assert host_of("https://user:word@far.example:8443/v1?key=x") == "far.example:8443"


def test_frames_of_the_libraries_are_taken_out():
    def act():
        requests.Request("POST", "no url").prepare()

    try:
        act()
    except requests.RequestException as raised:
        error = without_library_frames(raised)
    names = []
    trace = error.__traceback__
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert names == ["test_frames_of_the_libraries_are_taken_out", "act"]


def test_a_librarys_exception_that_was_being_handled_is_taken_out():
    error, handled = KeyboardInterrupt(), LookupError("mine")
    error.__context__ = handled
    handled.__context__ = handled.__cause__ = u3.ProtocolError("holds the request")
    assert without_library_frames(error).__context__ is handled
    assert (handled.__context__, handled.__cause__) == (None, None)
