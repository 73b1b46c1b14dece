"""Documents, sound and plain text: what they are taken for, what they are called, what is refused."""

from __future__ import annotations

import base64
import io

import pytest

from chatkit import ConfigError
from chatkit._media.audio import content_audio_file
from chatkit._media.documents import content_document_file, content_pdf_file, content_pdf_url
from chatkit._media.kinds import is_text
from chatkit._media.texts import content_text
from chatkit._turns.contents import ContentAudio, ContentDocument, ContentDocumentRemote, ContentText

PDF = b"%PDF-1.7\n\xff\xfe\x00"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def file(tmp_path):
    def write(name, data):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


def test_a_pdf_is_sent_as_it_is_under_its_own_name(file):
    path = file("report.pdf", PDF)
    assert content_pdf_file(path) == ContentDocument("application/pdf", b64(PDF), "report.pdf")
    assert content_pdf_file(path, filename="x.pdf").filename == "x.pdf"
    assert content_pdf_file(PDF).filename == content_pdf_file(io.BytesIO(PDF)).filename == "document.pdf"
    assert content_pdf_file(b"\r\n" + PDF).media_type == "application/pdf"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello", "is nothing that chatkit knows, not a PDF. Use content_document_file() for texts."),
        (b"\x89PNG\r\n\x1a\n", "is image/png, not a PDF. Use content_image_file()."),
        (b"ID3\x04", "is audio/mpeg, not a PDF. Use content_audio_file()."),
        (b"<html>", "is a web page (text/html), not a PDF. Use content_document_file() for texts."),
        (b"PK\x03\x04", "is a ZIP archive (application/zip), not a PDF."),
    ],
)
def test_j2_what_is_no_pdf_is_named(data, words, fault_of):
    assert fault_of(content_pdf_file, data).endswith(words)


def test_a_pdf_by_url_is_passed_on():
    assert content_pdf_url("https://x.test/a%20b.pdf?c/d") == ContentDocumentRemote(
        "https://x.test/a%20b.pdf?c/d", "a b.pdf"
    )
    assert content_pdf_url("https://x.test").filename == "document.pdf"
    assert content_pdf_url("https://x.test/a", filename="c.pdf").filename == "c.pdf"


def test_a_pdf_in_a_data_url():
    url = f"data:application/pdf;name=%22my%20file.pdf%22;base64,{b64(PDF)}"
    assert content_pdf_url(url) == ContentDocument("application/pdf", b64(PDF), "my file.pdf")
    assert content_pdf_url(f"data:application/pdf;filename=a.pdf;base64,{b64(PDF)}").filename == "a.pdf"
    assert content_pdf_url(f"data:application/pdf;base64,{b64(PDF)}", filename="z.pdf").filename == "z.pdf"


def test_j4_a_data_url_that_is_no_pdf(fault_of):
    assert "which cannot be used here" in fault_of(content_pdf_url, "data:image/png;base64,AAAA")
    assert "What the data: URL holds is nothing" in fault_of(content_pdf_url, "data:application/pdf;base64,AAAA")


@pytest.mark.parametrize("url", ["file:///a.pdf", "ftp://x/a.pdf", "a.pdf"])
def test_j5_pdf_urls_that_cannot_be_used(url, fault_of):
    assert "scheme" in fault_of(content_pdf_url, url)


def test_a_pdf_may_be_fetched(public_host, fault_of):
    content = content_pdf_url(f"{public_host('text/plain', PDF)}/a/b.pdf?c=d/e", fetch=True)
    assert content == ContentDocument("application/pdf", b64(PDF), "b.pdf")
    assert "sent a web page" in fault_of(content_pdf_url, public_host("text/html", b"<html>"), fetch=True)
    assert "sent is nothing that chatkit knows, not a PDF" in fault_of(
        content_pdf_url, public_host("application/pdf", b"x"), fetch=True
    )


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.txt", b"hello", "text/plain"),
        ("a.unknown", b"hello", "text/plain"),
        ("Makefile", b"all:", "text/plain"),
        ("a.MD", b"# A", "text/markdown"),
        ("a.csv", b"a,b", "text/csv"),
        ("a.json", b"{}", "application/json"),
        ("a.yml", b"a: 1", "application/yaml"),
        ("a.py", b"x = 1", "text/x-python"),
        ("a.html", b"<p>", "text/html"),
        ("page", b"<!doctype html>", "text/html"),
        ("a.svg", b"<svg/>", "text/plain"),
        ("a.txt", "wörd".encode(), "text/plain"),
        ("a.pdf", PDF, "application/pdf"),
        ("misnamed.txt", PDF, "application/pdf"),
        ("a.docx", b"PK\x03\x04\x00\xff", DOCX),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "application/vnd.ms-excel"),
    ],
)
def test_a_document_is_taken_for_what_it_is(name, data, media_type, file):
    assert content_document_file(file(name, data)) == ContentDocument(media_type, b64(data), name)


def test_a_byte_order_mark_is_left_out():
    assert content_document_file(b"\xef\xbb\xbfhello") == ContentDocument("text/plain", b64(b"hello"), "document.txt")


def test_the_media_type_may_be_given():
    content = content_document_file(b"a,b", media_type="text/csv", filename="t.csv")
    assert content == ContentDocument("text/csv", b64(b"a,b"), "t.csv")
    packed = content_document_file(b"\xff\x00", media_type="application/octet-stream")
    assert packed == ContentDocument("application/octet-stream", b64(b"\xff\x00"), "document")
    assert content_document_file(PDF, media_type="application/pdf").filename == "document.pdf"


@pytest.mark.parametrize("given", ["markdown", "text/", "text/plain; charset=x", ""])
def test_a_media_type_that_is_none(given):
    with pytest.raises(ConfigError, match="`media_type` must be 'auto' or for example 'text/markdown'"):
        content_document_file(b"x", media_type=given)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"caf\xe9", "it has the byte 0xe9 at position 3."),
        (b"ab\x00c", "it has a zero byte at position 2."),
        ("hé".encode("utf-16"), "it begins like UTF-16."),
        ("hé".encode("utf-16-be").join([b"\xfe\xff", b""]), "it begins like UTF-16."),
        (b"\x00\xff", "it has a zero byte at position 0."),
    ],
)
def test_a_text_must_be_utf8(data, words, fault_of):
    fault = fault_of(content_document_file, data)
    assert fault == f"What was given as bytes is no document known here, and no text in UTF-8: {words}"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x89PNG\r\n\x1a\n", "is image/png, not a document. Use content_image_file()."),
        (b"fLaC", "is audio/flac, not a document. Use content_audio_file()."),
        (b"PK\x03\x04", "is a ZIP archive (application/zip), not a document."),
        (b"\x1f\x8b", "is a gzip archive (application/gzip), not a document."),
    ],
)
def test_j2_what_is_no_document_is_named(data, words, fault_of):
    assert fault_of(content_document_file, data).endswith(words)


def test_j3_a_pdf_over_the_limit(fault_of, monkeypatch):
    monkeypatch.setattr("chatkit._media.documents.MAX_DOCUMENT", 5)
    assert "the limit is 5 bytes" in fault_of(content_pdf_file, PDF)


def test_media_types_of_texts():
    assert all(map(is_text, ["text/plain", "application/json", "application/ld+json", "application/xml"]))
    assert not any(map(is_text, ["application/pdf", "image/png", "application/octet-stream", "text/", DOCX]))


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"RIFF\0\0\0\0WAVEfmt ", "wav"),
        (b"ID3\x04", "mp3"),
        (b"\xff\xfb\x90\x00", "mp3"),
        (b"fLaC", "flac"),
        (b"OggS", "ogg"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0", "m4a"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"\x1aE\xdf\xa3", "webm"),
    ],
)
def test_sound_is_taken_for_what_it_is(data, form, file):
    expected = ContentAudio(form, b64(data))
    for source in (data, io.BytesIO(data), file("a.bin", data)):
        assert content_audio_file(source) == content_audio_file(data, format=form) == expected


def test_sound_in_a_container_for_videos_is_m4a_when_it_is_called_so(file, fault_of):
    data = b"\0\0\0\x18ftypmp42\0\0\0\0"
    expected = ContentAudio("m4a", b64(data))
    assert content_audio_file(data, format="m4a") == content_audio_file(file("Memo.M4A", data)) == expected
    assert "is video/mp4; sound must be" in fault_of(content_audio_file, data)


def test_j2_what_is_no_sound(fault_of):
    assert fault_of(content_audio_file, PDF).endswith(
        "is a PDF (application/pdf); sound must be one of wav, mp3, flac, ogg, m4a, aac, webm."
    )
    assert fault_of(content_audio_file, b"fLaC", format="mp3") == "What was given as bytes is flac, not mp3."
    with pytest.raises(ConfigError, match="`format` must be 'auto' or one of wav, mp3"):
        content_audio_file(b"fLaC", format="audio/flac")


def test_text_as_a_content():
    assert content_text("a") == ContentText("a")
    with pytest.raises(ConfigError, match="`text` must be a string, not int"):
        content_text(5)  # type: ignore[arg-type]
