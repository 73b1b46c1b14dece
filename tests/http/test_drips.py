"""Answers that come drop by drop: every limit of time holds, though no single read takes long. Rows G3 and G4."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time

import pytest
import requests

from chatkit import LimitError, Limits
from chatkit._errors import APITimeoutError, Cancelled, ConfigError
from chatkit._http.lines import AsyncLine
from chatkit._http.messages import TimeLimits
from chatkit._http.transport import RequestsTransport
from chatkit.testing import Answer, Delivery

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def for_ever(one):
    while True:
        yield one


DRIPS = {
    "a status line": (b"", for_ever(b"H")),
    "a header": (HEAD + b"X-Long: ", for_ever(b"x")),
    "headers": (HEAD, (b"X-%d: y\r\n" % number for number in range(10**6))),
    "a hundred continues": (b"", for_ever(b"HTTP/1.1 100 Continue\r\n\r\n")),
}


@pytest.fixture
def drips(raw_server, request):
    """Start a server that sends some bytes at once, and others one by one every few hundredths of a second."""
    left = threading.Event()
    request.addfinalizer(left.set)

    def start(at_once, one_by_one, every=0.03, read=True):
        def answer(connection):
            with contextlib.suppress(OSError):
                if read:
                    connection.recv(65536)
                connection.sendall(at_once)
                for piece in one_by_one:
                    if left.wait(every):
                        return
                    connection.sendall(piece)

        return raw_server(answer)

    return start


@pytest.fixture(params=["chatkit's own", "a session"])
def opened(request):
    """Lines over chatkit's own connections, and over a session of the caller's."""
    if request.param != "a session":
        yield RequestsTransport().line()
        return
    with requests.Session() as session:
        yield RequestsTransport(session).line()


def took(started):
    return time.monotonic() - started


@pytest.mark.parametrize("what", DRIPS)
@pytest.mark.parametrize("limit", ["first_byte", "total"])
def test_g4_a_head_that_drips_for_ever(what, limit, drips, opened, to, fails):
    url = drips(*DRIPS[what])
    started = time.monotonic()
    limits = TimeLimits(**{limit: 0.4})
    error = fails(lambda: opened.send(to(url, limits=limits)), APITimeoutError, "within 0.4 s")
    assert error.phase == ("headers" if limit == "first_byte" else "total")
    assert 0.35 < took(started) < 5


def test_g4_of_both_limits_the_nearer_one_is_named(drips, line, to, fails):
    url = drips(b"", for_ever(b"H"))
    limits = TimeLimits(first_byte=0.3, total=5)
    assert fails(lambda: line.send(to(url, limits=limits)), APITimeoutError, "0.3 s").phase == "headers"
    limits = TimeLimits(first_byte=5, total=0.3)
    assert fails(lambda: line.send(to(url, limits=limits)), APITimeoutError, "0.3 s").phase == "total"


def test_g4_a_head_that_drips_for_ever_awaited(drips, transport, to, fails):
    url = drips(*DRIPS["a header"])
    started = time.monotonic()

    async def send():
        line = AsyncLine(transport)
        try:
            await line.send(to(url, limits=TimeLimits(total=0.4)))
        finally:
            await line.release()

    assert fails(lambda: asyncio.run(send()), APITimeoutError, "within 0.4 s").phase == "total"
    assert took(started) < 5


@pytest.mark.parametrize("is_async", [False, True])
def test_g4_a_calls_limit_of_seconds_holds_while_a_head_drips(is_async, drips, chat_with):
    chat = chat_with(drips(*DRIPS["headers"]), max_retries=0)
    started = time.monotonic()
    with pytest.raises(LimitError, match=r"0\.4 seconds") as caught:
        if is_async:
            asyncio.run(chat.chat_async("Hi", limits=Limits(seconds=0.4)))
        else:
            chat.chat("Hi", limits=Limits(seconds=0.4))
    assert caught.value.name == "seconds"
    assert (took(started) < 5, chat.turns) == (True, [])


@pytest.mark.parametrize("limits", [TimeLimits(total=0.4), TimeLimits(progress=0.4)])
@pytest.mark.parametrize("start", [CHUNKED + b"ffff\r\ndata: ", CHUNKED, HEAD + b"Content-Length: 99999\r\n\r\n"])
def test_g4_a_body_that_drips_for_ever_within_one_read(limits, start, drips, opened, to, fails):
    """One chunk of many bytes, the number in front of one, and a body of a known length."""
    url = drips(start, for_ever(b"0"))
    opened.send(to(url, limits=limits))
    started = time.monotonic()
    error = fails(lambda: [opened.receive() for _ in range(10**6)], APITimeoutError, "within 0.4 s")
    assert error.phase == ("total" if limits.total else "progress")
    assert 0.2 < took(started) < 5


def test_a_slow_head_that_ends_in_time_is_an_answer(drips, opened, to):
    url = drips(HEAD + b"Content-Length: 9\r\nX: ", [b"x"] * 9 + [b"\r\n\r\ndata: 3\n\n"])
    opened.send(to(url, limits=TimeLimits(first_byte=5, total=10, idle=0.5)))
    assert opened._incoming._raw.fileno() > 0
    assert [piece.data for piece in opened.receive().pieces] == ["3"]


def test_g6_hanging_up_ends_the_wait_for_a_head(service, opened, to, later):
    service.script(Answer("x", delivery=Delivery(pause_before_headers=30)))
    since = later(0.2, opened.hang_up)
    with pytest.raises(Cancelled):
        opened.send(to(service))
    assert since() < 5
    assert service.requests[0].wait_disconnected()


def test_a_session_with_connections_of_its_own_kind_keeps_them(service, to, read_all):
    class Own(dict):
        pass

    with requests.Session() as session:
        manager = session.get_adapter("http://").poolmanager
        manager.pool_classes_by_scheme = own = Own(manager.pool_classes_by_scheme)
        service.say("Hi")
        assert read_all(RequestsTransport(session).line(), to(service))[-1] == "[DONE]"
        assert manager.pool_classes_by_scheme is own


# --- connecting -----------------------------------------------------------------------------------------------------


def test_b3_a_handshake_that_drips_for_ever(drips, line, to, fails):
    # The beginning of a TLS record of 16 KiB, and then its bytes one by one.
    url = drips(b"\x16\x03\x03\x40\x00", for_ever(b"\x02")).replace("http:", "https:")
    started = time.monotonic()
    error = fails(lambda: line.send(to(url, limits=TimeLimits(connect=0.4))), APITimeoutError, "within 0.4 s")
    assert error.phase == "connect"
    assert took(started) < 5


def test_b3_a_handshake_that_never_begins(drips, line, to, fails):
    url = drips(b"", for_ever(b""), read=False).replace("http:", "https:")
    error = fails(lambda: line.send(to(url, limits=TimeLimits(connect=0.3))), APITimeoutError, "within 0.3 s")
    assert error.phase == "connect"


def test_b3_a_proxy_whose_answer_drips_for_ever(drips, line, to, fails, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", drips(*DRIPS["a header"]).removesuffix("/v1"))
    limits = TimeLimits(connect=0.4)
    started = time.monotonic()
    error = fails(lambda: line.send(to("https://chat.example/v1", limits=limits)), APITimeoutError, "within 0.4 s")
    assert error.phase == "connect"
    assert took(started) < 5


MANY = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")


@pytest.fixture
def full_port():
    """A port whose queue is full at many addresses, so that none of them answers to any further caller."""
    port = 0
    with contextlib.ExitStack() as stack:
        for address in MANY:
            listener = stack.enter_context(socket.socket())
            listener.bind((address, port))
            listener.listen(0)
            port = listener.getsockname()[1]
            for _ in range(4):
                caller = stack.enter_context(socket.socket())
                caller.setblocking(False)
                caller.connect_ex((address, port))
        yield port


@pytest.fixture
def names(monkeypatch):
    """Give a host name some addresses; gives the names that were looked up."""
    true, asked = socket.getaddrinfo, []

    def give(name, *addresses):
        def look_up(host, port, *args, **kwargs):
            if host != name:
                return true(host, port, *args, **kwargs)
            asked.append(host)
            return [entry for address in addresses for entry in true(address, port, *args, **kwargs)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return give


def test_b3_many_addresses_that_do_not_answer_share_the_time(full_port, names, line, to, fails):
    asked = names("many.test", *MANY)
    url = f"http://many.test:{full_port}/v1"
    started = time.monotonic()
    error = fails(lambda: line.send(to(url, limits=TimeLimits(connect=0.6))), APITimeoutError, "within 0.6 s")
    assert error.phase == "connect"
    assert took(started) < 3
    assert asked == ["many.test"]


def test_an_address_that_does_not_answer_leaves_time_for_the_next(service, names, line, to, read_all):
    names("two.test", "127.9.9.9", "127.0.0.1")
    service.say("Hi")
    # Nobody listens at the first.
    pieces = read_all(line, to(service.base_url.replace("127.0.0.1", "two.test"), limits=TimeLimits(connect=5)))
    assert pieces[-1] == "[DONE]"
    assert service.requests[0].headers["host"].startswith("two.test:")


def test_a6_a_name_that_cannot_be_one(line, to, fails):
    fails(lambda: line.send(to(f"http://{'a' * 70}.test/v1")), ConfigError, "cannot be used")


def test_an_address_of_a_local_link_says_of_which():
    from chatkit._http.connections import _numbered

    assert _numbered(("fe80::1", 80, 0, 2)) == "fe80::1%2"
    assert _numbered(("fe80::1%eth0", 80, 0, 2)) == "fe80::1%eth0"
    assert _numbered(("::1", 80, 0, 0)) == "::1"
    assert _numbered(("10.0.0.1", 80)) == "10.0.0.1"
