"""Delivery: every fault really happens on the wire."""

import gzip
import itertools
import json
import math
import socket
import time
import zlib

import pytest
import requests

from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, RawAnswer

BODY = b"0123456789" * 10
PIECES = [BODY[start : start + 20] for start in range(0, 100, 20)]


def split(received):
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body


def dechunk(body):
    """Return the chunks, and what is left over after the last complete one."""
    chunks = []
    while b"\r\n" in body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0 or len(rest) < length + 2:
            break
        chunks.append(rest[:length])
        body = rest[length + 2 :]
    return chunks, body


def raw(**faults):
    return RawAnswer(list(PIECES), delivery=Delivery(**faults))


def test_streams_are_chunked_one_chunk_per_event(read_wire):
    head, body = split(read_wire(Answer(["a", "b"])))
    assert b"transfer-encoding: chunked" in head
    chunks, rest = dechunk(body)
    assert len(chunks) == 5  # role, a, b, finish, [DONE]
    assert all(chunk.startswith(b"data: ") and chunk.endswith(b"\n\n") for chunk in chunks)
    assert rest == b"0\r\n\r\n"


def test_whole_answers_have_a_length(read_wire):
    head, body = split(read_wire(Answer("a"), stream=False))
    assert f"content-length: {len(body)}".encode() in head
    assert b"transfer-encoding" not in head
    assert json.loads(body)["object"] == "chat.completion"


def test_length_framing(read_wire):
    head, body = split(read_wire(raw(framing="length")))
    assert b"content-length: 100" in head
    assert body == BODY


def test_close_framing(read_wire):
    head, body = split(read_wire(raw(framing="close")))
    assert b"connection: close" in head
    assert b"content-length" not in head
    assert b"transfer-encoding" not in head
    assert body == BODY


def test_both_length_and_chunks_can_be_claimed(read_wire):
    answer = RawAnswer(BODY, headers={"Content-Length": "5"}, delivery=Delivery(framing="chunked"))
    head, body = split(read_wire(answer))
    assert b"content-length: 5" in head
    assert b"transfer-encoding: chunked" in head
    assert dechunk(body)[0] == [BODY]


@pytest.mark.parametrize("status", [204, 304, 103])
def test_statuses_without_a_body_have_none(read_wire, status):
    head, body = split(read_wire(RawAnswer(b"body", status)))
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"content-length" not in head
    assert body == b""


def test_coalesced_events_are_one_chunk(read_wire):
    chunks, _ = dechunk(split(read_wire(raw(coalesce=True)))[1])
    assert chunks == [BODY]


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_pieces_are_no_larger_than_wanted(read_wire, piece):
    chunks, rest = dechunk(split(read_wire(raw(piece=piece)))[1])
    assert b"".join(chunks) == BODY
    assert max(map(len, chunks)) == min(piece, 20)
    assert rest == b"0\r\n\r\n"


def test_gzip_is_live(service):
    service.script(RawAnswer(PIECES, delivery=Delivery(gzip=True, stall_after=60)))
    with requests.post(f"{service.base_url}/chat/completions", json={}, stream=True, timeout=5) as response:
        assert response.headers["content-encoding"] == "gzip"
        reader = zlib.decompressobj(wbits=31)
        assert reader.decompress(response.raw.read1(20000)) == PIECES[0]
        response.raw.shutdown()


def test_gzip_is_whole(read_wire):
    chunks, _ = dechunk(split(read_wire(raw(gzip=True)))[1])
    assert gzip.decompress(b"".join(chunks)) == BODY


def test_gzip_of_one_piece_can_be_damaged(read_wire):
    answer = RawAnswer(bytes(range(256)) * 8, delivery=Delivery(gzip=True, gzip_fault="middle"))
    with pytest.raises(zlib.error):
        gzip.decompress(split(read_wire(answer))[1])


def test_gzip_faults(read_wire):
    def compressed(fault):
        return b"".join(dechunk(split(read_wire(raw(gzip=True, gzip_fault=fault)))[1])[0])

    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(compressed("start"))
    middle = compressed("middle")
    reader = zlib.decompressobj(wbits=31)
    assert reader.decompress(middle[:30]).startswith(PIECES[0])
    with pytest.raises(zlib.error):
        gzip.decompress(middle)
    truncated = compressed("truncated")
    assert zlib.decompressobj(wbits=31).decompress(truncated) == BODY
    with pytest.raises(EOFError):
        gzip.decompress(truncated)


def test_a_pause_lies_between_events(service, connect, word_post):
    service.script(raw(framing="close", pause=0.05))
    with connect() as line:
        line.sendall(word_post({}))
        arrivals = []
        while line.recv(20):
            arrivals.append(time.monotonic())
    assert arrivals[-1] - arrivals[0] >= 0.19


def test_headers_can_be_late(service):
    service.script(Answer("x", delivery=Delivery(pause_before_headers=0.1)))
    started = time.monotonic()
    assert requests.post(f"{service.base_url}/chat/completions", json={}, timeout=5).ok
    assert time.monotonic() - started >= 0.1


@pytest.mark.parametrize("mark", [0, 30, 100, 10**6])
def test_a_stall_happens_at_its_place_and_ends(service, connect, word_post, mark):
    service.script(raw(framing="close", stall_after=mark, stall=0.1))
    with connect() as line:
        line.sendall(word_post({}))
        line.settimeout(0.05)
        received = b""
        with pytest.raises(TimeoutError):
            while True:
                received += line.recv(1000)
        assert split(received)[1] == BODY[:mark]
        line.settimeout(5)
        while piece := line.recv(1000):
            received += piece
        assert split(received)[1] == BODY


def test_keepalives_fill_a_stall(read_wire):
    faults = raw(stall_after=20, stall=0.05, keepalive=b": ping\n\n", keepalive_every=0.01)
    chunks, rest = dechunk(split(read_wire(faults))[1])
    pings = chunks.count(b": ping\n\n")
    assert 4 <= pings <= 6
    assert chunks[0] == PIECES[0]
    assert b"".join(chunk for chunk in chunks if chunk != b": ping\n\n") == BODY
    assert rest == b"0\r\n\r\n"


def test_keepalives_go_on_for_ever(service):
    endless = Delivery(stall_after=0, stall=math.inf, keepalive=b":\n\n", keepalive_every=0.001)
    service.script(Answer("x", delivery=endless))
    with requests.post(f"{service.base_url}/chat/completions", json={"stream": True}, stream=True, timeout=5) as one:
        assert one.raw.read(30) == b":\n\n" * 10
        one.raw.shutdown()
    assert service.requests[0].wait_disconnected()


def test_a_stall_and_a_cut_at_one_place(read_wire):
    assert split(read_wire(raw(framing="close", stall_after=30, stall=0.02, cut_after=30)))[1] == BODY[:30]


@pytest.mark.parametrize("framing", ["chunked", "close", "length"])
@pytest.mark.parametrize("mark", [0, 20, 33, 100, 500])
def test_fin_cuts_at_its_place(service, read_wire, framing, mark):
    head, body = split(read_wire(raw(framing=framing, cut_after=mark)))
    if framing == "chunked":
        chunks, rest = dechunk(body)
        body = b"".join(chunks)
        assert rest == b""
    elif framing == "length":
        assert b"content-length: 100" in head
    assert body == BODY[:mark]
    assert service.requests[0].wait_ended()
    assert service.requests[0].outcome == "cut"


@pytest.mark.parametrize("mark", [0, 33, 500])
def test_rst_resets(service, connect, word_post, mark):
    service.script(raw(cut_after=mark, cut="rst"))
    with connect() as line:
        line.sendall(word_post({}))
        received = b""
        with pytest.raises(ConnectionResetError):
            while piece := line.recv(1000):
                received += piece
    assert b"".join(dechunk(split(received)[1])[0]) == BODY[:mark]


@pytest.mark.parametrize("mark", [0, 20, 33, 100, 500])
def test_inside_chunk_owes_bytes(read_wire, mark):
    chunks, rest = dechunk(split(read_wire(raw(cut_after=mark, cut="inside_chunk")))[1])
    size, _, last = rest.partition(b"\r\n")
    assert b"".join(chunks) + last == BODY[:mark]
    assert int(size, 16) == len(last) + 7


def test_a_bad_chunk_size_is_no_number(read_wire):
    _, body = split(read_wire(raw(cut_after=20, cut="bad_chunk_size")))
    assert body == b"14\r\n" + PIECES[0] + b"\r\nno-number\r\n"


@pytest.mark.parametrize("framing", ["chunked", "close", "length"])
@pytest.mark.parametrize("mark", [0, 33, 500])
def test_a_clean_cut_keeps_the_rules_of_http(service, framing, mark):
    service.script(raw(framing=framing, cut_after=mark, cut="clean"), "next")
    with requests.Session() as session:
        url = f"{service.base_url}/chat/completions"
        assert session.post(url, json={}, timeout=5).content == BODY[:mark]
        assert session.post(url, json={}, timeout=5).ok
    assert service.connections == (2 if framing == "close" else 1)
    assert service.requests[0].outcome == "answered"


def test_cut_before_headers_by_fin(read_wire):
    assert read_wire(raw(cut_before_headers="fin")) == b""


def test_cut_before_headers_by_rst(service, connect, word_post):
    service.script(raw(cut_before_headers="rst"))
    with connect() as line:
        line.sendall(word_post({}))
        with pytest.raises(ConnectionResetError):
            line.recv(10)


def test_headers_can_be_cut(read_wire):
    assert read_wire(raw(cut_headers_after=30)) == b"HTTP/1.1 200 OK\r\nconnection: c"


def test_the_status_line_can_be_garbage(read_wire):
    assert read_wire(raw(status_line=b"NOT HTTP AT ALL")).startswith(b"NOT HTTP AT ALL\r\n")


def test_unknown_statuses_have_a_reason(read_wire):
    assert read_wire(ErrorAnswer(529)).startswith(b"HTTP/1.1 529 Unknown\r\n")


def test_hanging_up_breaks_the_promise(service, connect, word_post):
    service.script(Answer("x", delivery=Delivery(hang_up=True)))
    with connect() as line:
        line.sendall(word_post({}))
        received = b""
        while piece := line.recv(1000):
            received += piece
    assert b"connection: keep-alive" in received
    assert b"x" in received


def test_large_headers_can_be_sent(read_wire):
    many = {f"x-{number}": "v" for number in range(200)}
    head, _ = split(read_wire(ErrorAnswer(200, "", {**many, "x-long": "y" * (1 << 20)})))
    assert len(head) > 1 << 20
    assert b"\r\nx-199: v" in head


def test_endless_bodies_are_sent_as_they_are_made(service):
    service.script(EventsAnswer(itertools.count()))
    with requests.post(f"{service.base_url}/chat/completions", json={}, stream=True, timeout=5) as response:
        assert response.raw.read(18) == b"data: 0\n\ndata: 1\n\n"
        response.raw.shutdown()
    assert service.requests[0].wait_disconnected()


@pytest.mark.parametrize("faults", [{"piece": 0}, {"gzip_fault": "start"}])
def test_senseless_deliveries_are_refused(faults):
    with pytest.raises(ValueError, match=r"piece|gzip"):
        Delivery(**faults)


def test_nobody_waits_for_a_client_that_left(service, connect, word_post):
    service.script(Answer("x", delivery=Delivery(pause_before_headers=60)))
    line = connect()
    line.sendall(word_post({}))
    while not service.requests:
        time.sleep(0.001)
    line.shutdown(socket.SHUT_RDWR)
    line.close()
    assert service.requests[0].wait_disconnected(1)
