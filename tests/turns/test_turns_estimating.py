"""Estimating tokens: text in any language, and media by the rules that are told."""

import base64
import io
import struct
import wave

import pytest
from PIL import Image

from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentImageInline,
    ContentImageRemote,
    ContentText,
)
from chatkit._turns.estimating import estimate_tokens, pixel_size, text_tokens
from chatkit._turns.turns import UserTurn

FORMATS = ["PNG", "GIF", "JPEG", "WEBP"]


def picture(width, height, kind="PNG", **options):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, kind, **options)
    return buffer.getvalue()


def tokens(content):
    return estimate_tokens([UserTurn([content])]) - 4


def image(data, detail="auto"):
    return ContentImageInline("image/png", base64.b64encode(data).decode(), detail)


def test_text_is_a_quarter_of_its_bytes():
    assert text_tokens("") == 0
    assert text_tokens("x") == 1
    assert text_tokens("x" * 41) == 11
    assert text_tokens("東京都" * 4) == 9
    assert text_tokens("\ud800") == 1


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (640, 480), (3000, 17)])
def test_the_size_of_a_picture_is_read_from_its_beginning(kind, size):
    assert pixel_size(picture(*size, kind)) == size


def test_lossless_and_extended_webp_and_progressive_jpeg():
    assert pixel_size(picture(123, 45, "WEBP", lossless=True)) == (123, 45)
    assert pixel_size(picture(123, 45, "JPEG", progressive=True)) == (123, 45)
    buffer = io.BytesIO()
    Image.new("RGBA", (123, 45), (1, 2, 3, 4)).save(buffer, "WEBP", exif=b"Exif\0\0" + b"x" * 20)
    assert buffer.getvalue()[12:16] == b"VP8X"
    assert pixel_size(buffer.getvalue()) == (123, 45)


def test_a_jpeg_may_be_padded():
    data = picture(12, 34, "JPEG")
    assert pixel_size(data[:2] + b"\xff\xff" + data[2:]) == (12, 34)


@pytest.mark.parametrize("kind", FORMATS)
def test_half_a_picture_has_no_size_or_the_right_one(kind):
    data = picture(640, 480, kind)
    for end in range(0, min(len(data), 700)):
        assert pixel_size(data[:end]) in (None, (640, 480))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9" + b"\x00" * 20,
        b"\xff\xd8xxxxxxxxxxxxxxx",
        b"RIFF....WEBPVP8Y" + b"x" * 40,
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 30,
        b"RIFF....WAVEfmt " + b"x" * 40,
    ],
)
def test_what_is_no_picture_has_no_size(data):
    assert pixel_size(data) is None
    assert tokens(image(data)) == 765


@pytest.mark.parametrize(
    ("size", "expected"),
    [((512, 512), 255), ((1024, 1024), 765), ((2048, 4096), 1105), ((10, 10), 255), ((513, 10), 425), ((5000, 1), 765)],
)
def test_images_are_counted_by_tiles(size, expected):
    assert tokens(image(picture(*size))) == expected
    assert tokens(image(picture(*size), "high")) == expected
    assert tokens(image(picture(*size), "low")) == 85


def test_images_elsewhere_are_taken_to_be_of_medium_size():
    assert tokens(ContentImageRemote("https://x.test/a.png")) == 765
    assert tokens(ContentImageRemote("https://x.test/a.png", "low")) == 85


def test_data_that_is_no_base64_has_an_estimate_all_the_same():
    assert tokens(ContentImageInline("image/png", "A")) == 765
    assert tokens(ContentImageInline("image/png", "=ÿ=!")) == 765


def test_sound_is_counted_by_seconds():
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(44100)
        out.writeframes(b"\0" * 44100 * 4 * 3)
    assert tokens(ContentAudio("wav", base64.b64encode(buffer.getvalue()).decode())) in (30, 31)
    assert tokens(ContentAudio("mp3", base64.b64encode(b"x" * 32_001).decode())) == 21
    broken = b"RIFF....WAVEfmt " + struct.pack("<IHHI", 16, 1, 1, 44100) + struct.pack("<I", 0) + b"x" * 31_965
    assert tokens(ContentAudio("wav", base64.b64encode(broken).decode())) == 20


def test_documents_are_counted_by_their_size():
    data = base64.b64encode(b"x" * 24_000).decode()
    assert tokens(ContentDocument("application/pdf", data)) == 1000
    assert tokens(ContentDocument("text/markdown", data)) == 6000


def test_every_message_has_its_marks():
    assert estimate_tokens([]) == 0
    assert estimate_tokens([UserTurn([ContentText("abcd"), ContentText("e")]), UserTurn("")]) == 10
