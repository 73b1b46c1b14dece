"""Downloads that fail: other answers, limits of size and time, broken bytes, certificates (row J7)."""

from __future__ import annotations

import gzip
import ssl
import time
import zlib
from urllib.parse import urlsplit

import pytest


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("404 Nope", "the server answered 404 Not Found"),
        ("500 Oops", "the server answered 500 Internal Server Error"),
        ("302 Found", "the server answered 302 Found"),
        ("206 Partial Content", "the server answered 206 Partial Content"),
        ("599 Odd", "the server answered 599"),
    ],
)
def test_j7_other_answers(serve, fault_of, status, words, answer):
    origin, heads = serve(answer(status=status))
    assert fault_of(f"{origin}/secret?key=canary") == f"{origin}: {words}."
    assert len(heads) == 1


def test_j7_a_size_that_is_announced_is_believed(serve, fault_of):
    origin, _ = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 10001\r\n\r\n")
    assert fault_of(origin) == f"{origin}: the file has 10,001 bytes; the limit is 10,000."


def test_a_file_may_be_as_large_as_the_limit(serve, fetch, answer):
    origin, _ = serve(answer(bytes(10_000)))
    assert len(fetch(origin).data) == 10_000


def test_j7_an_endless_body_is_left_at_the_limit(serve, fault_of):
    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(bytes(1000))

    origin, _ = serve(endless)
    assert fault_of(origin) == f"{origin}: the file has more bytes than the limit of 10,000."


def test_j7_a_gzip_bomb_is_counted_as_it_unpacks(serve, fault_of, answer):
    origin, _ = serve(answer(gzip.compress(bytes(50_000_000)), Content_Encoding="gzip"))
    assert fault_of(origin, max_bytes=1_000_000) == f"{origin}: the file has more bytes than the limit of 1,000,000."


def test_what_is_compressed_is_unpacked(serve, fetch, answer, png):
    for packed, name in ((gzip.compress(png), "gzip"), (zlib.compress(png), "deflate")):
        origin, _ = serve(answer(packed, Content_Encoding=name))
        assert fetch(origin).data == png


def test_what_is_packed_in_several_ways_is_unpacked(serve, fetch, answer, png):
    halves = gzip.compress(png[:9]) + gzip.compress(png[9:]) + bytes(5)
    bare = zlib.compressobj(wbits=-15)
    for packed, name in (
        (halves, "x-gzip"),
        (bare.compress(png) + bare.flush(), "deflate"),
        (gzip.compress(zlib.compress(png)), "deflate, gzip"),
        (png, "identity"),
    ):
        origin, _ = serve(answer(packed, Content_Encoding=name))
        assert fetch(origin).data == png


@pytest.mark.parametrize("framing", ["length", "close"])
def test_j7_gzip_that_is_cut_off_is_not_taken_for_the_whole(framing, serve, fault_of, answer, png):
    packed = gzip.compress(png * 50)
    for end in (len(packed) - 1, len(packed) - 8, len(packed) // 2, 12, 1):
        said = answer(packed[:end], Content_Encoding="gzip")
        if framing == "close":
            said = said.replace(b"Content-Length", b"X-Length")
        origin, _ = serve(said)
        assert "the answer is broken or cut off (DecodeError)" in fault_of(origin)


def test_j7_an_encoding_that_nobody_asked_for(serve, fault_of, answer):
    origin, _ = serve(answer(b"plain", Content_Encoding="br"))
    assert "the answer is broken or cut off (DecodeError)" in fault_of(origin)


def test_j7_a_body_cut_off(serve, fault_of, answer):
    origin, _ = serve(answer()[:-10])
    assert fault_of(origin) == f"{origin}: the answer is broken or cut off (ProtocolError)."


def test_j7_what_is_not_gzip(serve, fault_of, answer):
    origin, _ = serve(answer(b"plain", Content_Encoding="gzip"))
    assert "the answer is broken or cut off (DecodeError)" in fault_of(origin)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 2", b"SSH-2.0\r\n\r\n"])
def test_j7_what_is_not_http(serve, fault_of, said):
    origin, _ = serve(said)
    assert fault_of(origin).startswith(f"{origin}: the ")


def test_j7_a_refused_connection(closed_port, fault_of):
    origin = f"http://host.test:{closed_port}"
    assert fault_of(f"{origin}/a?b") == f"{origin}: the connection failed (connection refused)."


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"])
def test_j7_a_stall(serve, fault_of, begun):
    def stall(connection):
        connection.sendall(begun)
        connection.recv(1)

    origin, _ = serve(stall)
    assert fault_of(origin, seconds=0.3) == f"{origin}: the download took longer than 0.3 s."


@pytest.mark.parametrize("begun", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_j7_bytes_that_come_one_by_one_for_ever(serve, fault_of, begun):
    def drip(connection):
        connection.sendall(begun)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    origin, _ = serve(drip)
    assert fault_of(origin, seconds=0.4) == f"{origin}: the download took longer than 0.4 s."


@pytest.fixture
def secure_server(raw_server, answer, head_of):
    """Start a server that speaks https as host.test."""

    def start(context):
        def handler(connection):
            with context.wrap_socket(connection, server_side=True) as secure:
                head_of(secure)
                secure.sendall(answer())

        return f"https://host.test:{urlsplit(raw_server(handler)).port}"

    return start


def test_the_certificate_is_asked_for_by_name_and_checked(secure_server, tls, fetch, fault_of, monkeypatch, png):
    context, trusted = tls("ab:host.test")
    origin = secure_server(context)
    assert "the certificate is not trusted (" in fault_of(origin)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", trusted)
    assert fetch(origin).data == png


def test_a_certificate_for_another_name_is_refused(secure_server, tls, fault_of, monkeypatch):
    context, trusted = tls("cd:other.test")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", trusted)
    assert "the certificate is not trusted (Hostname mismatch" in fault_of(secure_server(context))


def test_a_folder_of_certificates_and_a_missing_file(secure_server, tls, fault_of, monkeypatch, tmp_path):
    context, _ = tls("ef:host.test")
    origin = secure_server(context)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    assert "the certificate is not trusted" in fault_of(origin)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    assert "no such file or directory" in fault_of(origin)


def test_j7_a_handshake_that_never_ends(serve, fault_of, raw_server):
    port = urlsplit(raw_server(lambda connection: connection.recv(65536) and connection.recv(1))).port
    assert "took longer than 0.3 s" in fault_of(f"https://host.test:{port}", seconds=0.3)
    assert issubclass(ssl.SSLError, OSError)
