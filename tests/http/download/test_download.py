"""Downloads from real servers: plain requests, pinned addresses, redirects (row J6)."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from urllib.parse import urlsplit

import pytest

from chatkit import MediaError
from chatkit._http.download import MAX_HOPS, Network, download
from chatkit._http.public import closed_to_the_public


def test_a_file_is_fetched_with_a_plain_request(serve, fetch, network, answer, png):
    origin, heads = serve(answer(media_type="Image/png; x=y"))
    found = fetch(f"{origin}/a%20b.png?c=ü#frag", accept="image/*")
    assert (found.data, found.media_type, found.url) == (png, "image/png", f"{origin}/a%20b.png?c=%C3%BC")
    assert found.origin == origin
    first, *lines = heads[0].rstrip("\r\n").split("\r\n")
    assert first == "GET /a%20b.png?c=%C3%BC HTTP/1.1"
    sent = dict(line.split(": ", 1) for line in lines)
    assert sent.pop("User-Agent").startswith("chatkit/")
    host = origin.partition("//")[2]
    assert sent == {"Host": host, "Accept": "image/*", "Accept-Encoding": "gzip", "Connection": "close"}
    assert network[1] == ["host.test"]


def test_no_proxy_and_no_netrc_play_a_part(serve, fetch, monkeypatch, tmp_path, answer, png):
    origin, heads = serve(answer())
    (tmp_path / "netrc").write_text("machine host.test login ada password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert fetch(origin).data == png
    assert "canary" not in heads[0]
    assert "Authorization" not in heads[0]


def test_j6_a_name_is_looked_up_once_so_it_cannot_lead_elsewhere_later(serve, answer, png):
    origin, heads = serve(answer())
    answers = iter([["127.0.0.1"]])  # a second look-up would fail
    allowed = Network(lambda host, port: next(answers), lambda address: "")
    assert download(origin, max_bytes=1000, seconds=5, network=allowed).data == png
    assert "Host: host.test" in heads[0]


def test_the_next_address_is_tried_when_one_refuses(serve, answer, png):
    origin, _ = serve(answer())
    allowed = Network(lambda host, port: ["127.0.0.3", "127.0.0.1"], lambda address: "")
    assert download(origin, max_bytes=1000, seconds=5, network=allowed).data == png


def test_an_address_that_keeps_silent_leaves_time_for_the_next(serve, answer, png):
    origin, heads = serve(answer())
    network = Network(lambda host, port: ["127.0.0.4", "127.0.0.1"], lambda address: "")
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(socket.socket())
        silent.bind(("127.0.0.4", urlsplit(origin).port))
        silent.listen(0)
        for _ in range(4):  # those who wait fill its queue, so that it does not even answer the next
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(silent.getsockname())
        assert download(origin, max_bytes=1000, seconds=1, network=network).data == png
    assert len(heads) == 1


def test_j7_a_look_up_that_never_ends():
    release = threading.Event()
    network = Network(lambda host, port: release.wait(5) and [], lambda address: "")
    try:
        with pytest.raises(MediaError, match=r"x\.test: the host name cannot be resolved \(DNS\)"):
            download("http://x.test/", max_bytes=10, seconds=0.2, network=network)
    finally:
        release.set()


def test_the_system_looks_names_up(raw_server, answer, head_of, png):
    url = raw_server(lambda connection: (head_of(connection), connection.sendall(answer())))
    everything = Network(closed=lambda address: "")
    assert download(url, max_bytes=1000, seconds=5, network=everything).data == png


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_redirects_are_followed(serve, fetch, network, status, answer, redirect):
    origin, heads = serve(redirect("/b?c", status), answer())
    found = fetch(f"{origin}/a")
    assert found.url == f"{origin}/b?c"
    assert [head.split()[1] for head in heads] == ["/a", "/b?c"]
    assert network[1] == ["host.test"] * 2


@pytest.mark.parametrize(
    ("where", "path"),
    [("/a b", "/a%20b"), ("/ü", "/%C3%BC"), ("/\xfc".encode("latin-1"), "/%C3%BC"), ("?{x|y}", "/?%7Bx%7Cy%7D")],
)
def test_redirects_that_are_not_quoted(serve, fetch, where, path, answer, png):
    sent = where if isinstance(where, bytes) else where.encode()
    moved = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + sent + b"\r\n\r\n"
    origin, heads = serve(moved, answer())
    assert fetch(f"{origin}/").data == png
    assert heads[1].split()[1] == path


@pytest.mark.parametrize("where", ["http://10.0.0.1/", "//169.254.169.254/latest", "http://[::ffff:10.0.0.1]/x"])
def test_j6_a_redirect_to_a_private_address_is_refused(serve, where, redirect):
    origin, heads = serve(redirect(where))
    network = Network(
        lambda host, port: ["127.0.0.1"] if host == "host.test" else [str(ipaddress.ip_address(host))],
        lambda address: "" if str(address) == "127.0.0.1" else closed_to_the_public(address),
    )
    with pytest.raises(MediaError, match="has a private address"):
        download(origin, max_bytes=1000, seconds=5, network=network)
    assert len(heads) == 1


def test_j6_rebinding_between_two_hops_is_seen(serve, raw_server, redirect):
    visits = []
    target = urlsplit(raw_server(visits.append)).port
    origin, _ = serve(redirect(f"http://host.test:{target}/"))
    given = iter([["127.0.0.1"], ["10.0.0.1"]])
    network = Network(
        lambda host, port: next(given), lambda address: "private network" if str(address) == "10.0.0.1" else ""
    )
    with pytest.raises(MediaError, match=f"host.test:{target}: not fetched, for the host has a private address"):
        download(origin, max_bytes=1000, seconds=5, network=network)
    assert visits == []


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("file:///etc/passwd", "scheme 'file'"),
        ("http://u:p@host.test/", "user name"),
        ("http://localhost/", "private address"),
        ("http://[bad/", "the server redirects to an address that is none"),
    ],
)
def test_j6_redirects_to_what_cannot_be_fetched(serve, fault_of, where, words, redirect):
    origin, heads = serve(redirect(where))
    assert words in fault_of(origin)
    assert len(heads) == 1


def test_a_circle_of_redirects_ends(serve, fault_of, redirect):
    origin, heads = serve(redirect("/again?key=canary"))
    assert fault_of(origin) == f"{origin}: more than {MAX_HOPS} redirects."
    assert len(heads) == MAX_HOPS + 1
