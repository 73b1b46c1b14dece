"""What a review found in images, and in the names of documents."""

import base64
import io

import pytest
from PIL import Image

from chatkit._media.documents import content_pdf_url
from chatkit._media.images import content_image_file


def encoded(picture, form, **options):
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def opened(content):
    return Image.open(io.BytesIO(base64.b64decode(content.data)))


def halves(mode, left, right):
    picture = Image.new(mode, (1000, 800), left)
    picture.paste(Image.new(mode, (500, 800), right), (500, 0))
    return picture


@pytest.mark.parametrize(
    ("mode", "left", "right", "form", "expected"),
    [
        ("I;16", 20_000, 40_000, "PNG", (78, 156)),
        ("I", 300, 40_000, "TIFF", (0, 255)),
        ("F", 0.25, 0.75, "TIFF", (0, 255)),
        ("F", 0.5, 0.5, "TIFF", (0, 0)),
    ],
)
def test_shades_of_more_than_eight_bits_are_not_cut_off(mode, left, right, form, expected):
    made = opened(content_image_file(encoded(halves(mode, left, right), form), resize="low"))
    assert (made.format, made.mode) == ("PNG", "L")
    for place, shade in zip((10, 500), expected, strict=True):
        assert abs(made.getpixel((place, 10)) - shade) <= 1


def test_an_orientation_that_is_none_is_no_matter():
    strange = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x04bad\0\0\0\0\0"
    photo = encoded(Image.new("RGB", (2400, 800), "red"), "JPEG", exif=strange)
    assert opened(content_image_file(photo, resize="high")).size == (2000, 667)
    exif = Image.Exif()
    exif[0x0112] = 99
    photo = encoded(Image.new("RGB", (2400, 800), "red"), "JPEG", exif=exif)
    assert opened(content_image_file(photo, resize="high")).size == (2000, 667)


@pytest.mark.parametrize(
    "url",
    [
        "https://host.test/a%2F..%2F..%2Fetc%2Fpasswd",
        f"data:application/pdf;name=..%2F..%2Fetc%2Fpasswd;base64,{base64.b64encode(b'%PDF-1.4').decode()}",
    ],
)
def test_a_name_out_of_a_url_has_no_folders(url):
    assert content_pdf_url(url).filename == "passwd"
