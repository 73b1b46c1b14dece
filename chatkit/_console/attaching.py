"""What a path or a URL is as a content: an image, sound, or a document."""

from __future__ import annotations

import re

from chatkit._console.paths import path_of
from chatkit._turns.contents import Content

_is_url = re.compile(r"(https?:|data:)", re.IGNORECASE).match
_HEAD = 1024


def attachment(word: str) -> Content:
    """A file as a content, whatever it holds.

    Args:
        word: Its path; or the URL of a PDF, which is passed on.

    Raises:
        MediaError: when there is no such file, or it is nothing that can be sent.
    """
    from chatkit._media.audio import content_audio_file
    from chatkit._media.documents import content_document_file, content_pdf_url
    from chatkit._media.images import content_image_file
    from chatkit._media.kinds import AUDIO, CONVERTIBLE, IMAGES, kind_of

    if _is_url(word):
        return content_pdf_url(word)
    path = path_of(word)
    kind = kind_of(_head(word))
    if kind in IMAGES or kind in CONVERTIBLE:
        return content_image_file(path)
    return content_audio_file(path) if kind in AUDIO else content_document_file(path)


def image_of(word: str) -> Content:
    """An image as a content.

    Args:
        word: Its path or its URL.

    Raises:
        MediaError: when it is none.
    """
    from chatkit._media.images import content_image_file, content_image_url

    return content_image_url(word) if _is_url(word) else content_image_file(path_of(word))


def _head(word: str) -> bytes:
    path = path_of(word)
    try:
        # A pipe would never end; what it is will be told by whoever reads it in earnest.
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(_HEAD)
    except (OSError, ValueError):
        return b""
