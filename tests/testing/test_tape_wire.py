"""What a tape hears of a body and how it gives it again, piece by piece, however the reader reads."""

import io
import json
import socket
import zlib

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st

from chatkit import MediaError, content_pdf_url
from chatkit.testing import FakeService, RawAnswer, RequestForbiddenError, forbid_requests, record, replay
from chatkit.testing._tape_answer import TapeSocket
from chatkit.testing._tape_hook import _send
from chatkit.testing._tape_secrets import MASK, Secrets, replaced
from chatkit.testing._tape_wire import Dechunker, Listener, Overheard, Unpacker, was_shut_here


@given(pieces=st.lists(st.binary(min_size=1, max_size=9), max_size=6), size=st.integers(1, 9))
def test_chunks_are_joined_however_they_are_split(pieces, size):
    wire = b"".join(b"%x;a=b\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\nafter"
    chunks = Dechunker()
    heard = [piece for at in range(0, len(wire), size) for piece in chunks.feed(wire[at : at + size])]
    assert b"".join(heard) == b"".join(pieces)
    assert (chunks.is_done, chunks.is_garbled, chunks.missing) == (True, False, 0)


def test_a_chunk_without_a_size():
    chunks = Dechunker()
    assert chunks.feed(b"3\r\nab") == [b"ab"]
    assert chunks.missing == 1
    assert chunks.feed(b"c\r\nhuh\r\nmore") == [b"c"]
    assert (chunks.is_done, chunks.is_garbled) == (False, True)


@given(data=st.binary(max_size=99), size=st.integers(1, 9), kind=st.sampled_from([31, 15, -15]))
def test_packed_bodies_are_undone_however_they_are_split(data, size, kind):
    packer = zlib.compressobj(wbits=kind)
    packed = packer.compress(data) + packer.flush()
    if kind == 31:  # gzip may have several members, with zeros behind
        packed, data = packed * 2 + b"\0\0", data * 2
    unpacker = Unpacker("gzip" if kind == 31 else "deflate")
    told = b"".join(unpacker.feed(packed[at : at + size]) for at in range(0, len(packed), size))
    assert (told, unpacker.is_broken) == (data, False)


def test_what_is_not_packed_as_announced():
    unpacker = Unpacker("gzip")
    assert unpacker.feed(b"plain") == b""
    assert unpacker.is_broken
    packer = zlib.compressobj(wbits=31)
    unpacker = Unpacker("gzip")
    assert unpacker.feed(packer.compress(b"good") + packer.flush() + b"\0") == b"good"
    assert unpacker.feed(b"\0waste") == unpacker.feed(b"more") == b""
    assert not unpacker.is_broken


@given(
    pieces=st.lists(st.binary(max_size=8), max_size=6),
    spans=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=3),
)
def test_replacing_is_the_same_however_a_text_is_split(pieces, spans):
    whole, changes, end = b"".join(pieces), [], 0
    for start, length in sorted(spans):
        if end <= start < len(whole):
            end = min(start + length, len(whole))
            changes.append((start, end, b"*"))
    expected = whole
    for start, last, new in reversed(changes):
        expected = expected[:start] + new + expected[last:]
    made = replaced(pieces, changes)
    assert b"".join(made) == expected
    assert len(made) == len(pieces)


@given(at=st.integers(0, 12), other=st.integers(0, 12))
def test_a_key_is_found_wherever_it_is_cut(at, other):
    secrets = Secrets()
    secrets.learn("http://x.test", {"Authorization": "Bearer sk-123456789"})
    text, (first, last) = b"a sk-123456789 b", sorted((at + 2, other + 2))
    made = secrets.clean_pieces([text[:first], text[first:last], text[last:]])
    assert b"".join(made) == f"a {MASK} b".encode()


@pytest.mark.parametrize("url", ["http://[", "http://[::x]/?key=long-secret-key"])
def test_urls_that_are_none(url):
    secrets = Secrets()
    secrets.learn(url, {})
    assert secrets.clean_url(url).startswith("http://[")


@pytest.mark.parametrize("read", ["read", "read1", "readinto", "readline", "all"])
def test_whatever_way_a_file_is_read(read):
    ended = []
    listener = Listener("length", 11, "", 0.0, lambda: ended.append(listener.end))
    file = Overheard(io.BufferedReader(io.BytesIO(b"hello\nworld")), listener)
    ways = {
        "read": lambda: file.read(3),
        "read1": lambda: file.read1(3),
        "readinto": lambda: file.readinto(bytearray(3)),
        "readline": file.readline,
        "all": file.read,
    }
    while not ended:
        ways[read]()
    assert ended == ["complete"]
    assert b"".join(piece for _, piece in listener.pieces) == b"hello\nworld"
    file.close()
    listener.hear(b"too late")
    assert file.closed
    assert len(ended) == 1


def test_errors_of_reading():
    class Broken(io.BytesIO):
        def read1(self, size=-1):
            raise self.error

    for error, end in ((TimeoutError(), "timeout"), (ConnectionResetError(), "reset"), (KeyboardInterrupt(), "left")):
        listener = Listener("close", None, "", 0.0, lambda: None)
        file = Broken()
        file.error = error
        with pytest.raises(type(error)):
            Overheard(file, listener).read1(5)
        assert listener.end == end


def test_who_ended_a_connection():
    one, other = socket.socketpair()
    with one, other, one.makefile("rb") as file:
        assert not was_shut_here(file)
        one.shutdown(socket.SHUT_RDWR)
        assert was_shut_here(file)
    assert not was_shut_here(io.BytesIO())


def test_a_played_socket():
    sock = TapeSocket(iter([(0.0, b"one"), (30.0, b"two")]), lambda: None)
    sock.settimeout(5.0)
    assert sock.gettimeout() == 5.0
    assert sock.next_piece() == b"one"
    sock.close()
    assert sock.next_piece() == b""
    shut_while_it_waits = TapeSocket(iter([(30.0, b"two")]), lambda: None)
    shut_while_it_waits.shutdown()
    assert not shut_while_it_waits.makefile().read()


def test_a_request_in_the_moment_in_which_the_last_tape_ends():
    with FakeService(paths=None) as service, requests.Session() as session:
        service.script("x")
        request = session.prepare_request(requests.Request("GET", service.origin))
        assert _send(session.get_adapter(service.origin), request, True, 5).status_code == 200


@responses.activate
def test_answers_that_another_library_makes_up(tmp_path):
    responses.get("http://made.up/x", body="made up", headers={"x-a": "b"})
    with record(tmp_path / "t"):
        assert requests.get("http://made.up/x", timeout=5).text == "made up"
    responses.reset()
    with replay(tmp_path / "t"):
        heard = requests.get("http://made.up/x", timeout=5)
    assert (heard.text, heard.headers["x-a"]) == ("made up", "b")


def test_lines_of_a_tape_are_lines_to_everybody(tmp_path):
    text = "a\u2028b\u2029c\x85d \ud800"
    with FakeService(paths=None) as service, record(tmp_path / "t"):
        service.script(RawAnswer("\u2028\x85".encode()))
        requests.post(service.origin, json={"text": text}, timeout=5)
    lines = (tmp_path / "t").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert json.loads(lines[1])["request"]["body"]["json"] == {"text": text}
    with replay(tmp_path / "t"):
        assert requests.post(service.origin, json={"text": text}, timeout=5).content == "\u2028\x85".encode()


def test_files_are_not_downloaded_either():
    with forbid_requests(), pytest.raises((RequestForbiddenError, MediaError), match="forbidden"):
        content_pdf_url("https://files.example.com/a.pdf", fetch=True)


def test_what_replaced_a_guard_meanwhile_stays(monkeypatch):
    real = socket.getaddrinfo

    def theirs(*given, **named):
        return real(*given, **named)

    with monkeypatch.context() as patch:
        with forbid_requests():
            assert socket.getaddrinfo(None, 80)
            patch.setattr(socket, "getaddrinfo", theirs)
        assert socket.getaddrinfo is theirs
        socket.getaddrinfo = real
    socket.getaddrinfo = real
