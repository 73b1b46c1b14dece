"""Where attachments come from: paths, bytes, file objects (row J1), and what is never read."""

from __future__ import annotations

import io
import os
import socket
from pathlib import Path

import pytest

from chatkit import MediaError
from chatkit._errors import MissingFileError
from chatkit._media.audio import content_audio_file
from chatkit._media.documents import content_document_file, content_pdf_file
from chatkit._media.images import content_image_file
from chatkit._media.sources import read

EVERY = [content_image_file, content_pdf_file, content_document_file, content_audio_file]


@pytest.mark.parametrize("make", EVERY)
def test_j1_missing_file(make, tmp_path, fault_of):
    path = tmp_path / "none.png"
    assert fault_of(make, path, kind=MissingFileError) == f"There is no file {str(path)!r}."
    fault = fault_of(make, "none.png", kind=MissingFileError)
    assert fault == f"There is no file 'none.png'. The working directory is {str(Path.cwd())!r}."
    with pytest.raises(FileNotFoundError):
        make(path)


@pytest.mark.parametrize("make", EVERY)
def test_j1_a_directory(make, tmp_path, fault_of):
    assert fault_of(make, tmp_path) == f"{str(tmp_path)!r} is a directory, not a file."


@pytest.mark.parametrize("make", EVERY)
def test_j1_a_pipe_is_not_waited_for(make, tmp_path, fault_of):
    os.mkfifo(tmp_path / "pipe.png")
    assert "is a pipe (FIFO), not a file" in fault_of(make, str(tmp_path / "pipe.png"))


def test_j1_devices_and_sockets(tmp_path, fault_of, monkeypatch):
    assert fault_of(content_image_file, "/dev/zero") == "'/dev/zero' is a device, not a file."
    monkeypatch.chdir(tmp_path)  # the names of sockets must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert fault_of(content_image_file, "s") == "'s' is a socket, not a file."


def test_j1_something_else_that_is_no_file(fault_of, monkeypatch):
    monkeypatch.setattr("chatkit._media.sources._KINDS", ())
    assert fault_of(content_image_file, "/dev/zero") == "'/dev/zero' is something else, not a file."


def test_j1_unreadable(tmp_path, fault_of):
    path = tmp_path / "secret.png"
    path.write_bytes(b"x")
    path.chmod(0)
    user = os.geteuid()
    # Root may read anything.
    os.seteuid(65534 if user == 0 else user)
    try:
        fault = fault_of(content_image_file, path)
    finally:
        os.seteuid(user)
    assert fault == f"{str(path)!r} may not be read (permission denied)."


@pytest.mark.parametrize("make", EVERY)
def test_j1_empty(make, tmp_path, fault_of):
    path = tmp_path / "empty.png"
    path.touch()
    assert fault_of(make, path) == f"{str(path)!r} is empty."
    assert fault_of(make, b"") == "What was given as bytes is empty."
    assert fault_of(make, io.BytesIO()) == "What was given as BytesIO is empty."


def test_j1_paths_that_can_be_none(fault_of):
    assert "embedded null" in fault_of(content_image_file, "a\0b")
    fault = fault_of(content_image_file, "a" * 5000)
    assert "cannot be read: File name too long" in fault
    assert len(fault) < 300


@pytest.mark.parametrize(
    ("url", "scheme", "hint"),
    [
        ("file:///etc/passwd", "file", "path of a file"),
        ("FILE:/etc/passwd", "file", "path of a file"),
        ("ftp://x/a.png", "ftp", "path of a file"),
        ("javascript:alert(1)", "javascript", "path of a file"),
        ("http://x.test/a.png?key=canary", "http", "content_image_url()"),
        ("https://x.test/a.png", "https", "content_image_url()"),
        ("data:image/png;base64,AAAA", "data", "content_image_url()"),
    ],
)
@pytest.mark.parametrize("make", EVERY)
def test_j5_a_url_is_no_path(make, url, scheme, hint, fault_of):
    fault = fault_of(make, url)
    assert f"not a URL of the scheme {scheme!r}" in fault
    assert hint in fault
    assert "canary" not in fault


def test_names_with_a_colon_are_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a:b.txt").write_text("x")
    assert read("a:b.txt", limit=9).name == "a:b.txt"


def test_a_path_may_be_text_bytes_like_or_path(tmp_path):
    path = tmp_path / "ä.txt"
    path.write_bytes(b"abc")
    for given in (str(path), path):
        found = read(given, limit=3)
        assert (found.data, found.name, found.shown) == (b"abc", "ä.txt", repr(str(path)))

    class InBytes(os.PathLike):
        def __fspath__(self):
            return os.fsencode(path)

    assert read(InBytes(), limit=3).data == b"abc"


def test_j3_the_size_is_looked_at_before_reading(tmp_path, fault_of):
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # takes no room, and could not be read into memory
    assert "has 1,099,511.6 MB; the limit is 20.0 MB." in fault_of(content_image_file, path)


def test_j3_bytes_and_file_objects_over_the_limit(fault_of):
    assert fault_of(read, bytes(200_001), limit=200_000, hint="Cut it.") == (
        "What was given as bytes has more than 0.2 MB; the limit is 0.2 MB. Cut it."
    )
    assert fault_of(read, bytes(9), limit=5) == "What was given as bytes has 9 bytes; the limit is 5 bytes."
    assert fault_of(read, io.BytesIO(bytes(900)), limit=5) == (
        "What was given as BytesIO has more than 5 bytes; the limit is 5 bytes."
    )


def test_bytes_of_any_kind():
    for given in (b"ab", bytearray(b"ab"), memoryview(b"ab")):
        found = read(given, limit=2)
        assert (found.data, found.name) == (b"ab", "")


def test_file_objects_are_read_from_where_they_stand_and_left_open(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"abcdef")
    with path.open("rb", buffering=0) as file:
        file.seek(2)
        found = read(file, limit=10)
        assert not file.closed
    assert (found.data, found.name) == (b"cdef", "a.txt")


def test_file_objects_may_give_less_than_is_asked_for():
    class Dribble:
        def __init__(self):
            self.left = [b"a", bytearray(b"b"), memoryview(b"c"), b""]

        def read(self, size):
            return self.left.pop(0)

    assert read(Dribble(), limit=10).data == b"abc"


def test_a_file_object_of_text_says_how_to_open_it(fault_of):
    assert "open it in binary mode, 'rb'" in fault_of(content_pdf_file, io.StringIO("%PDF-"))


def test_a_file_object_that_fails(fault_of):
    class Broken:
        name = 3

        def read(self, size):
            raise OSError("gone")

    assert fault_of(content_pdf_file, Broken()) == "What was given as Broken cannot be read: OSError: gone."


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize("given", [None, 3, ["a.png"], {"path": "a"}, MediaError])
def test_what_cannot_be_read_names_its_type(make, given, fault_of):
    fault = fault_of(make, given)
    assert fault.startswith(f"{type(given).__name__} is nothing to read from.")
    assert "a path, bytes, or a file opened in binary mode" in fault
