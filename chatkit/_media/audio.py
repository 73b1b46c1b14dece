"""Sound to be sent."""

from __future__ import annotations

import base64
from typing import Any

from chatkit._errors import ConfigError, MediaError
from chatkit._media.kinds import AUDIO, kind_of, name_of
from chatkit._media.limits import MAX_AUDIO
from chatkit._media.sources import read
from chatkit._turns.contents import ContentAudio

_FORMATS = tuple(AUDIO.values())


def content_audio_file(source: Any, *, format: str = "auto") -> ContentAudio:
    """Sound from a file or from memory, sent along as `input_audio`, for models that hear.

    Every server that takes sound takes "wav" and "mp3"; the other formats only some do.

    Args:
        source: A path, bytes, or a file opened in binary mode; at most 25 MB. Text is always a path, never a URL.
        format: "auto" lets the bytes say it; otherwise the format that the sound must have: "wav", "mp3", "flac",
            "ogg", "m4a", "aac" or "webm".

    Raises:
        MediaError: when there is no such file (then also a `FileNotFoundError`), or it is no sound of these formats.
        ConfigError: when `format` is something else.
    """
    if format not in ("auto", *_FORMATS):
        raise ConfigError(f"`format` must be 'auto' or one of {', '.join(_FORMATS)}, not {format!r}.")
    found = read(source, limit=MAX_AUDIO)
    kind = kind_of(found.data)
    known = AUDIO.get(kind)
    if kind == "video/mp4" and (format == "m4a" or found.name.lower().endswith(".m4a")):
        known = "m4a"  # phones call the same container so
    if known is None:
        raise MediaError(f"{found.shown} is {name_of(kind)}; sound must be one of {', '.join(_FORMATS)}.")
    if format not in ("auto", known):
        raise MediaError(f"{found.shown} is {known}, not {format}.")
    return ContentAudio(known, base64.b64encode(found.data).decode())
