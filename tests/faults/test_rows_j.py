"""Group J of the fault catalogue: attachments that cannot be used, each row through a chat that goes on.

More of each is in tests/media and tests/http/download.
"""

from __future__ import annotations

import base64
import io
import itertools
import os
import socket
import struct
import zlib

import pytest

from chatkit import (
    BadRequestError,
    MediaError,
    MissingFileError,
    content_image_file,
    content_image_url,
    content_pdf_file,
    content_pdf_url,
)
from chatkit._http.download import Network, download
from chatkit._http.public import closed_to_the_public
from chatkit.testing import Delivery, ErrorAnswer, FakeService, RawAnswer


def png(width=4, height=3):
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture
def refused(row):
    """Attach something that cannot be: nothing is sent, and the chat goes on."""

    def act(make, *names, raises=MediaError):
        chat = row.make()
        return row(chat=chat, act=lambda: row.say(chat, "Look:", make()), raises=raises, names=names, requests=0)

    return act


def test_j1_a_missing_file(refused, tmp_path):
    refused(lambda: content_image_file(tmp_path / "no.png"), str(tmp_path / "no.png"), raises=MissingFileError)


def test_j1_a_folder(refused, tmp_path):
    refused(lambda: content_image_file(tmp_path), str(tmp_path))


def test_j1_a_pipe(refused, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    refused(lambda: content_image_file(tmp_path / "pipe.png"), str(tmp_path / "pipe.png"))


def test_j1_an_empty_file(refused, tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    refused(lambda: content_image_file(tmp_path / "empty.png"), str(tmp_path / "empty.png"))


def test_j1_a_file_that_may_not_be_read(refused, tmp_path, monkeypatch):
    path = tmp_path / "closed.png"
    path.write_bytes(png())
    open_file = os.open

    def refuse(name, *args, **kwargs):
        if str(name) == str(path):
            raise PermissionError(13, "Permission denied", str(name))
        return open_file(name, *args, **kwargs)

    # Whoever is root may read everything.
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr("io.open", lambda name, *args, **kwargs: refuse(name))
    monkeypatch.setattr("builtins.open", lambda name, *args, **kwargs: refuse(name))
    refused(lambda: content_image_file(path), str(path))


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.mark.parametrize(("data", "found"), [(HEIC, "HEIC"), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG")])
def test_j2_kinds_that_are_not_taken(refused, data, found):
    refused(lambda: content_image_file(data), found, "PNG")


def test_j3_over_the_size_limit(refused):
    refused(lambda: content_image_file(b"\x89PNG\r\n\x1a\n" + b"x" * 21_000_000), "MB")


def test_j3_a_pixel_bomb(refused):
    wide = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(wide[12:]))
    refused(lambda: content_image_file(wide + crc + png()[33:], resize="low"), "pixels")


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("data:image/png;base64,?", "base64"),
        ("data:image/png;base64", "comma"),
        ("data:text/html;base64,PGI+", "text/html"),
        (f"data:image/png;base64,{base64.b64encode(b'no picture').decode()}", "image"),
        ("data:image/png;base64," + "A" * 30_000_000, "MB"),
    ],
    ids=["bad base64", "no comma", "html", "no image", "too large"],
)
def test_j4_data_urls(refused, url, part):
    refused(lambda: content_image_url(url), part)


@pytest.mark.parametrize("scheme", ["file", "ftp", "javascript"])
def test_j5_other_schemes(refused, scheme):
    refused(lambda: content_image_url(f"{scheme}:///etc/passwd"), scheme)


PRIVATE = [
    "127.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]", "2130706433", "localhost.", "0x7f.1", "[::1]", "100.64.0.1",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "0.0.0.0", "metadata.google.internal", "names.example",
]  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_j6_private_addresses(refused, host, monkeypatch):
    private = {"names.example": "10.0.0.7", "metadata.google.internal": "169.254.169.254"}
    look_up = socket.getaddrinfo

    def resolve(name, *args, **kwargs):
        return look_up(private.get(str(name).rstrip("."), name), *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with FakeService(paths=None) as target:
        port = target.origin.rpartition(":")[2]
        refused(lambda: content_image_url(f"http://{host}:{port}/a.png", fetch=True), "private address")
        assert target.connections == 0


@pytest.fixture
def public(monkeypatch):
    """A server of files on this machine, which passes for a public one called host.test."""

    def judge(address):
        return "" if str(address) == "127.0.0.1" else closed_to_the_public(address)

    monkeypatch.setattr("chatkit._http.download.PUBLIC", Network(lambda host, port: ["127.0.0.1"], judge))
    with FakeService(paths=None) as files:
        yield files


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


ANSWERS = {
    "404": (lambda: ErrorAnswer(404, "no"), "404"),
    "an endless body": (lambda: RawAnswer(itertools.repeat(bytes(1 << 20)), content_type="image/png"), "limit"),
    "a bomb": (
        lambda: RawAnswer(deflated(bytes(1 << 27)), content_type="image/png", headers={"content-encoding": "gzip"}),
        "limit",
    ),
    "a page": (lambda: RawAnswer(b"<html>Hello</html>", content_type="text/html"), "web page"),
    "cut off": (lambda: RawAnswer(png(), content_type="image/png", delivery=Delivery(cut_after=20)), "cut"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_j7_what_is_no_picture(refused, public, name):
    make, reason = ANSWERS[name]
    public.script(make())
    url = f"http://host.test:{public.origin.rpartition(':')[2]}/secret.png?key=hunter2"
    found = refused(lambda: content_image_url(url, fetch=True), "http://host.test:", reason)
    assert "hunter2" not in found.message
    assert len(public.requests) == 1


def test_j7_a_stall(refused, public, monkeypatch):
    public.script(RawAnswer(png(), content_type="image/png", delivery=Delivery(stall_after=20)))
    url = f"http://host.test:{public.origin.rpartition(':')[2]}/a.png"
    monkeypatch.setitem(download.__kwdefaults__, "seconds", 0.3)
    refused(lambda: content_image_url(url, fetch=True), "http://host.test:", "0.3 s")


@pytest.mark.parametrize("content", [content_pdf_url, content_image_url])
def test_j7_a_name_that_leads_nowhere(refused, content, monkeypatch):
    monkeypatch.setattr("chatkit._http.download.PUBLIC", Network(look_up=lambda host, port: []))
    refused(lambda: content("http://x.invalid/a", fetch=True), "x.invalid")


def test_j8_a_model_that_cannot_see(row):
    chat = row.make()
    said = "m is not a multimodal model"
    row(
        ErrorAnswer(400, {"error": {"message": said}}), chat=chat,
        act=lambda: row.say(chat, "Look:", content_image_file(png())), raises=BadRequestError,
        names=[said, "'m'", "image"],
    )  # fmt: skip


def test_j2_what_is_no_pdf(refused):
    refused(lambda: content_pdf_file(b"<html>"), "PDF")
