"""Documents to be sent: PDFs, texts of any kind, and office files."""

from __future__ import annotations

import base64
import re
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

from chatkit._errors import ConfigError, MediaError
from chatkit._http.public import target_of
from chatkit._media import data_urls
from chatkit._media.kinds import AUDIO, PACKED, PDF, is_text, kind_of, name_of, text_type
from chatkit._media.limits import MAX_DOCUMENT
from chatkit._media.sources import Source, read
from chatkit._turns.contents import ContentDocument, ContentDocumentRemote

_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_ARCHIVES = ("application/zip", "application/x-ole-storage")
_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def content_pdf_file(source: Any, *, filename: str | None = None) -> ContentDocument:
    """A PDF from a file or from memory, sent along as it is; it is not opened or taken apart.

    Args:
        source: A path, bytes, or a file opened in binary mode; at most 32 MB. Text is always a path, never a URL.
        filename: What the model is told the file is called; None takes the file's own name.

    Raises:
        MediaError: when there is no such file (then also a `FileNotFoundError`), or it is no PDF.

    See Also:
        `content_pdf_url()`; `content_document_file()` for other documents.
    """
    return _pdf(read(source, limit=MAX_DOCUMENT), filename)


def content_pdf_url(
    url: str, *, fetch: bool = False, filename: str | None = None
) -> ContentDocumentRemote | ContentDocument:
    """A PDF by its URL.

    Nothing is downloaded here: the URL is passed on. Few servers fetch documents; for the others set `fetch`. A `data:`
    URL is taken apart and checked, and its PDF sent along.

    Args:
        url: An http, https or data URL. It must not hold a user name or password.
        fetch: Download the PDF now and send it along. Only addresses of the public internet are asked, whatever the URL
            or a redirect says; at most 32 MB, in at most 30 seconds.
        filename: What the model is told the file is called; None takes the last part of the URL.

    Raises:
        MediaError: when the URL cannot be used, or what it holds is no PDF.
    """
    if data_urls.is_data_url(url):
        found = data_urls.parse(url, allowed=(PDF,), limit=MAX_DOCUMENT)
        return _pdf(Source(found.data, found.name, "What the data: URL holds"), filename)
    target = target_of(url)
    if fetch:
        from chatkit._media.fetching import fetch as fetched

        return _pdf(fetched(target.url, limit=MAX_DOCUMENT, what="a PDF", accept=PDF), filename)
    name = unquote(target.path.partition("?")[0].rpartition("/")[2])
    return ContentDocumentRemote(url, _name(filename, name, "document.pdf"))


def content_document_file(source: Any, *, media_type: str = "auto", filename: str | None = None) -> ContentDocument:
    """A document from a file or from memory, sent along.

    Texts (plain text, Markdown, CSV, JSON, HTML, source code, ...) reach the model as text, between lines that name
    the file, so every model can read them. PDFs and office files go as files, which only some servers take.

    Args:
        source: A path, bytes, or a file opened in binary mode; at most 32 MB. Text is always a path, never a URL and
            never the document itself: say that as a text, or give its bytes.
        media_type: "auto", or for example "text/markdown". With another type than those of texts and PDFs the bytes
            go as they are.
        filename: What the model is told the file is called; None takes the file's own name.

    Raises:
        MediaError: when there is no such file (then also a `FileNotFoundError`), or it is neither a document nor text
            in UTF-8.
        ConfigError: when `media_type` is no media type.
    """
    if media_type != "auto" and not _TYPE.fullmatch(media_type):
        raise ConfigError(f"`media_type` must be 'auto' or for example 'text/markdown', not {media_type!r}.")
    found = read(source, limit=MAX_DOCUMENT)
    kind = _recognised(found, filename or found.name) if media_type == "auto" else media_type
    if kind == PDF:
        return _pdf(found, filename)
    data = _utf8(found) if is_text(kind) else found.data
    return _document(kind, data, _name(filename, found.name, "document.txt" if is_text(kind) else "document"))


def _document(kind: str, data: bytes, name: str) -> ContentDocument:
    return ContentDocument(kind, base64.b64encode(data).decode(), name)


def _name(filename: str | None, own: str, default: str) -> str:
    # What a URL says is decoded after it was cut, and may hold folders.
    return filename or own.rpartition("/")[2] or default


def _pdf(found: Source, filename: str | None) -> ContentDocument:
    # Some programs write a line before the header; readers allow for it, so it is not refused.
    if kind_of(found.data.lstrip()) != PDF:
        raise MediaError(
            f"{found.shown} is {name_of(kind_of(found.data))}, not a PDF.", hint=_hint(kind_of(found.data))
        )
    return _document(PDF, found.data, _name(filename, found.name, "document.pdf"))


def _recognised(found: Source, name: str) -> str:
    kind = kind_of(found.data)
    if kind in _ARCHIVES and (packed := PACKED.get(PurePath(name).suffix.lower())):
        return packed
    if kind in (PDF, "text/html"):
        return kind
    if not kind or kind == "image/svg+xml":
        return text_type(name)
    raise MediaError(f"{found.shown} is {name_of(kind)}, not a document.", hint=_hint(kind))


def _hint(kind: str) -> str:
    if kind in AUDIO:
        return "Use content_audio_file()."
    if kind.startswith("image/") and kind != "image/svg+xml":
        return "Use content_image_file()."
    if kind in ("", "text/html", "image/svg+xml"):
        return "Use content_document_file() for texts."
    return ""


def _utf8(found: Source) -> bytes:
    data = found.data.removeprefix(b"\xef\xbb\xbf")
    fault = f"begins like {_MARKS[data[:2]]}" if data[:2] in _MARKS else ""
    if not fault and (place := data.find(b"\0")) >= 0:
        fault = f"has a zero byte at position {place:,}"
    try:
        data.decode()
    except UnicodeDecodeError as error:
        fault = fault or f"has the byte {data[error.start]:#04x} at position {error.start:,}"
    if fault:
        raise MediaError(f"{found.shown} is no document known here, and no text in UTF-8: it {fault}.")
    return data
