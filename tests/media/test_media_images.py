"""Images: by URL, from files and memory, what they are, and how large they may be (rows J2 to J5, case 42)."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from chatkit import ConfigError
from chatkit._media.images import content_image_file, content_image_url
from chatkit._media.kinds import kind_of
from chatkit._turns.contents import ContentImageInline, ContentImageRemote


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("detail", ["auto", "low", "high"])
def test_case_42_a_url_is_passed_on_with_its_detail(detail):
    assert content_image_url("https://x.test/a.png?b#c", detail) == ContentImageRemote(
        "https://x.test/a.png?b#c", detail
    )


def test_a_private_url_is_passed_on_too_for_nothing_is_fetched():
    assert content_image_url("http://127.0.0.1:9/a.png").url == "http://127.0.0.1:9/a.png"


@pytest.mark.parametrize("url", ["file:///a.png", "ftp://x.test/a.png", "javascript:alert(1)", "blob:x"])
@pytest.mark.parametrize("fetch", [False, True])
def test_j5_other_schemes(url, fetch, fault_of):
    assert f"scheme {url.partition(':')[0]!r}" in fault_of(content_image_url, url, fetch=fetch)


@pytest.mark.parametrize("url", ["a.png", "https://u:canary@x.test/a.png", "https://x .test/a.png", None])
def test_j5_what_is_no_url(url, fault_of):
    assert "canary" not in fault_of(content_image_url, url)


def test_case_42_a_data_url_becomes_an_image_sent_along(make_image):
    data = make_image()
    for head in (
        "image/png;base64",
        "image/png;name=x.png;charset=a;base64",
        "IMAGE/PNG;BASE64",
        "image/jpeg;base64",
        "image/jpg;base64",
    ):
        content = content_image_url(f"data:{head},{b64(data)}", "high")
        assert content == ContentImageInline("image/png", b64(data), "high")
    quoted = b64(data).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    assert content_image_url(f"data:image/png;base64,{quoted}").data == b64(data)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("data:", "no comma"),
        ("data:image/png;base64", "no comma"),
        ("data:" + "x" * 2000 + ",AAAA", "no comma"),
        ("data:,AAAA", "'', which is no media type"),
        ("data:image;base64,AAAA", "'image', which is no media type"),
        ("data:;base64,AAAA", "no media type"),
        ("data:text/plain;base64,AAAA", "media type 'text/plain', which cannot be used here"),
        ("data:image/svg+xml;base64,AAAA", "media type 'image/svg+xml'"),
        ("data:image/png,AAAA", "not in base64"),
        ("data:image/png;base64;name=x,AAAA", "not in base64"),
        ("data:image/png;base64,", "holds no data"),
        ("data:image/png;base64,AAA", "not valid base64"),
        ("data:image/png;base64,AA AA", "not valid base64"),
        ("data:image/png;base64,AA*A", "not valid base64"),
        ("data:image/png;base64,ÄAAA", "not valid base64"),
        ("data:image/png;base64,AAAA", "nothing that chatkit knows; an image must be PNG, JPEG, GIF or WEBP"),
        (f"data:image/png;base64,{b64(b'%PDF-1.7')}", "a PDF (application/pdf); an image must be"),
    ],
)
def test_j4_a_malformed_data_url_names_the_part(url, part, fault_of):
    fault = fault_of(content_image_url, url)
    assert part in fault
    assert len(fault) < 250


def test_j4_a_data_url_of_100_mb_names_both_sizes_and_is_not_decoded(fault_of, monkeypatch):
    monkeypatch.setattr("base64.b64decode", None)
    fault = fault_of(content_image_url, "data:image/png;base64," + "A" * 100_000_000)
    assert fault == "The data: URL holds 100.0 MB of base64, about 75.0 MB decoded; the limit is 20.0 MB."


def test_j4_a_data_url_a_little_over_the_limit(fault_of, monkeypatch):
    monkeypatch.setattr("chatkit._media.images.MAX_IMAGE", 10)
    fault = fault_of(content_image_url, f"data:image/png;base64,{b64(bytes(11))}")
    assert fault == "The data: URL holds 16 bytes of base64, 11 bytes decoded; the limit is 10 bytes."


@pytest.mark.parametrize(
    ("form", "kind"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")]
)
def test_a_file_is_sent_as_it_is_and_as_what_it_is(form, kind, make_image, tmp_path):
    data = make_image(form=form)
    path = tmp_path / "photo.png"
    path.write_bytes(data)
    for source in (path, str(path), data, io.BytesIO(data)):
        assert content_image_file(source, detail="low") == ContentImageInline(kind, b64(data), "low")
    assert content_image_file(path, content_type=kind).media_type == kind


def test_j2_a_wrong_extension_is_set_right_by_the_content(make_image, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(make_image(form="JPEG"))
    assert content_image_file(path).media_type == "image/jpeg"
    assert content_image_file(path, content_type="image/jpg").media_type == "image/jpeg"


def test_j2_a_content_type_that_is_asked_for_must_be_true(make_image, fault_of):
    fault = fault_of(content_image_file, make_image(), content_type="image/jpeg")
    assert fault == "What was given as bytes is image/png, not image/jpeg."
    assert "image/png, not image/jpg" in fault_of(content_image_file, make_image(), content_type="image/jpg")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC photo (image/heic)"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "image/avif"),
        (b"<svg xmlns='x'/>", "an SVG drawing (image/svg+xml)"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a -->\n<!DOCTYPE svg>", "an SVG drawing"),
        (b"<!DOCTYPE html><title>Log in</title>", "a web page (text/html)"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"hello", "nothing that chatkit knows"),
    ],
)
@pytest.mark.parametrize("resize", ["none", "low"])
def test_j2_other_kinds_are_named(data, found, resize, fault_of):
    fault = fault_of(content_image_file, data, resize=resize)
    assert f"What was given as bytes is {found}" in fault
    assert "an image must be PNG, JPEG, GIF or WEBP." in fault


def test_j2_what_can_be_converted_says_how(make_image, fault_of):
    assert 'resize="high" turns it into a PNG' in fault_of(content_image_file, make_image(form="BMP"))
    assert "give the image that it opens" in fault_of(content_image_file, b"\0\0\0\x18ftypheic", resize="low")
    assert "Use content_pdf_file()." in fault_of(content_image_file, b"%PDF-1.7")


def test_j3_an_image_over_the_limit_says_what_helps(make_image, fault_of, monkeypatch):
    monkeypatch.setattr("chatkit._media.images.MAX_IMAGE", 50)
    fault = fault_of(content_image_file, make_image())
    assert "the limit is 50 bytes." in fault
    assert 'resize="high" makes it smaller.' in fault


def test_j3_an_image_in_memory_over_the_limit(fault_of, monkeypatch):
    monkeypatch.setattr("chatkit._media.images.MAX_IMAGE", 50)
    fault = fault_of(content_image_file, Image.new("RGB", (4, 3)))
    assert fault.startswith("The Image given has ")
    assert "bytes as image/png; the limit is 50 bytes." in fault


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "F", "I;16"])
def test_images_of_pillow_become_png(mode, opened):
    image = opened(content_image_file(Image.new(mode, (4, 3))))
    assert (image.format, image.size) == ("PNG", (4, 3))


def test_what_only_looks_like_an_image_of_pillow(fault_of):
    class Odd:
        mode = "RGB"
        tobytes = bytes

        def save(self, file, format):
            raise OSError("no")

    assert fault_of(content_image_file, Odd()) == "The image, a Odd, cannot be written as PNG: OSError: no."


def test_an_image_of_pillow_that_cannot_be_converted_either(fault_of):
    class Worse:
        mode = "RGB"
        tobytes = bytes

        def save(self, file, format):
            raise OSError("no")

        def convert(self, mode):
            raise ValueError("never")

    assert "ValueError: never" in fault_of(content_image_file, Worse())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: content_image_url("https://x.test", "max"), "`detail` must be 'auto', 'low' or 'high', not 'max'"),
        (lambda: content_image_file(b"x", detail=1), "`detail` must be"),
        (
            lambda: content_image_file(b"x", content_type="image/tiff"),
            "`content_type` must be 'auto' or one of image/png",
        ),
        (
            lambda: content_image_file(b"x", resize="big"),
            "`resize` must be 'none', 'low', 'high', or a width and height",
        ),
        (lambda: content_image_file(b"x", resize=(0, 5)), "`resize` must be"),
        (lambda: content_image_file(b"x", resize=(1, 2, 3)), "`resize` must be"),
        (lambda: content_image_file(b"x", resize=None), "`resize` must be"),
    ],
)
def test_arguments_that_are_something_else(call, words):
    with pytest.raises(ConfigError, match=words):
        call()


def test_fetching_gives_an_image_sent_along(public_host, make_image):
    data = make_image(form="WEBP")
    content = content_image_url(f"{public_host('application/octet-stream', data)}/a?b", "low", fetch=True)
    assert content == ContentImageInline("image/webp", b64(data), "low")


@pytest.mark.parametrize(
    ("media_type", "body", "words"),
    [
        (
            "text/html",
            b"<!doctype html><title>Log in</title>",
            "sent a web page (text/html) of 36 bytes, not an image.",
        ),
        ("image/png", b"<html>", "sent a web page (text/html) of 6 bytes, not an image."),
        ("text/html", b"Go away", "sent a web page (text/html) of 7 bytes, not an image."),
        ("image/png", b"", "the server sent nothing."),
        ("image/png", b"%PDF-1.7", "sent is a PDF (application/pdf); an image must be"),
    ],
)
def test_j7_html_instead_of_an_image(media_type, body, words, public_host, fault_of):
    origin = public_host(media_type, body)
    fault = fault_of(content_image_url, f"{origin}/a.png?key=canary", fetch=True)
    assert words in fault
    assert origin in fault
    assert "canary" not in fault


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]", "2130706433", "localhost."])
def test_j6_private_addresses_are_not_fetched_from(host, fault_of):
    fault = fault_of(content_image_url, f"http://{host}/latest/meta-data", fetch=True)
    assert "private address" in fault
    assert "latest" not in fault


def test_kinds_of_sound_and_other_files():
    told = {
        b"RIFF\0\0\0\0WAVEfmt ": "audio/wav",
        b"RIFF\0\0\0\0AVI ": "video/x-msvideo",
        b"RIFF\0\0\0\0abcd": "",
        b"\0\0\0\x18ftypisom": "video/mp4",
        b"\0\0\0\x18ftypM4A ": "audio/mp4",
        b"\xff\xfb\x90\x00": "audio/mpeg",
        b"\xff\xfb\xf0\x00": "",
        b"\xff\xf1\x50\x80": "audio/aac",
        b"BM\x01\x02\x03\x04\0\0\0\0": "image/bmp",
        b"BMW is a car": "",
        b"<!-- x --><p>": "",
        b"\xff": "",
        b"": "",
        b" " * 5000: "",
    }
    assert {data: kind_of(data) for data in told} == told
