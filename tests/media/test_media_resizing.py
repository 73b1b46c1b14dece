"""Images made smaller: how small, which way up, in which format, and what is too large to open (row J3)."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from chatkit._media.images import content_image_file


@pytest.mark.parametrize(
    ("size", "resize", "result"),
    [
        ((1024, 512), "low", (512, 256)),
        ((300, 900), "low", (171, 512)),
        ((4000, 1000), "high", (2000, 500)),
        ((1000, 4000), "high", (500, 2000)),
        ((1000, 1000), "high", (768, 768)),
        ((1000, 1000), (100, 50), (50, 50)),
        ((2000, 10), (100, 50), (100, 1)),
    ],
)
def test_an_image_is_fitted_into_its_box_in_its_own_shape(size, resize, result, make_image, opened):
    assert opened(content_image_file(make_image(size), resize=resize)).size == result


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_what_fits_stays_as_it_is(form, make_image):
    data = make_image(form=form)
    assert base64.b64decode(content_image_file(data, resize="low").data) == data


@pytest.mark.parametrize(
    ("form", "result"),
    [("PNG", "PNG"), ("JPEG", "JPEG"), ("WEBP", "WEBP"), ("GIF", "PNG"), ("BMP", "PNG"), ("TIFF", "PNG")],
)
def test_j2_the_format_after_resizing(form, result, make_image, opened):
    content = content_image_file(make_image((100, 50), form), resize=(10, 10))
    assert content.media_type == f"image/{result.lower()}"
    assert (opened(content).format, opened(content).size) == (result, (10, 5))


@pytest.mark.parametrize("form", ["BMP", "TIFF", "ICO"])
def test_j2_what_servers_do_not_take_is_converted_also_when_it_fits(form, make_image, opened):
    assert opened(content_image_file(make_image((16, 16), form), resize="high")).format == "PNG"


@pytest.mark.parametrize(
    ("mode", "form", "result"),
    [
        ("L", "PNG", "L"),
        ("LA", "PNG", "LA"),
        ("RGBA", "PNG", "RGBA"),
        ("P", "PNG", "RGB"),
        ("1", "PNG", "RGB"),
        ("CMYK", "JPEG", "RGB"),
        ("L", "JPEG", "L"),
        ("RGBA", "WEBP", "RGBA"),
        ("I;16", "PNG", "L"),
        ("CMYK", "TIFF", "RGB"),
    ],
)
def test_colours_are_kept_where_the_format_has_them(mode, form, result, make_image, opened):
    content = content_image_file(make_image((40, 40), form, mode), resize=(10, 10))
    assert opened(content).mode == result


def test_transparency_of_a_palette_is_kept(make_image, opened):
    data = make_image((40, 40), "GIF", "P", transparency=0)
    image = opened(content_image_file(data, resize=(10, 10)))
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0))[3] == 0


@pytest.fixture
def sideways(make_image):
    """A wide JPEG that a camera took upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "canary camera"
    return lambda size: make_image(size, "JPEG", exif=exif)


def test_the_orientation_is_applied_and_nothing_else_of_the_photo_is_told(sideways, opened):
    content = content_image_file(sideways((400, 100)), resize=(200, 200))
    assert opened(content).size == (50, 200)
    assert dict(opened(content).getexif()) == {}
    assert b"canary" not in base64.b64decode(content.data)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_nothing_of_the_photo_is_told_in_any_format(form, make_image):
    exif = Image.Exif()
    exif[0x010F] = "canary camera"
    notes = {"pnginfo": PngInfo()} if form == "PNG" else {}
    for note in notes.values():
        note.add_itxt("XML:com.adobe.xmp", "canary note")
    data = make_image((100, 100), form, exif=exif, xmp=b"canary note", **notes)
    assert b"canary" in data
    assert b"canary" not in base64.b64decode(content_image_file(data, resize=(10, 10)).data)


def test_the_orientation_decides_which_way_it_lies(sideways, opened):
    assert opened(content_image_file(sideways((4000, 1000)), resize="high")).size == (500, 2000)


def test_an_image_that_fits_is_still_put_upright(sideways, opened):
    assert opened(content_image_file(sideways((40, 10)), resize="low")).size == (10, 40)


def test_images_of_pillow_are_resized_and_not_changed(opened):
    image = Image.new("RGB", (40, 20))
    content = content_image_file(image, resize=(10, 10))
    assert (opened(content).format, opened(content).size) == ("PNG", (10, 5))
    assert image.size == (40, 20)
    assert opened(content_image_file(image, resize="low")).size == (40, 20)


def bomb(width, height):
    """A PNG that says it has many pixels, and holds few bytes."""

    def chunk(name, data):
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\0\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(50_000, 50_000), (10_000, 10_000)])
def test_j3_a_pixel_bomb_is_not_opened(size, fault_of):
    fault = fault_of(content_image_file, bomb(*size), resize="low")
    assert "has too many pixels to be opened safely" in fault
    assert f"{size[0] * size[1]} pixels" in fault
    assert re.search(r"exceeds limit of \d+ pixels", fault)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_j3_where_pillow_only_warns_it_is_not_opened_either(fault_of):
    fault = fault_of(content_image_file, bomb(10_000, 10_000), resize="low")
    assert "has 100,000,000 pixels; the limit is 89,478,485 (PIL.Image.MAX_IMAGE_PIXELS)." in fault


def test_j3_an_image_in_memory_over_a_limit_that_was_lowered(fault_of, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    fault = fault_of(content_image_file, Image.new("RGB", (20, 20)), resize="low")
    assert fault == "The Image given has 400 pixels; the limit is 100 (PIL.Image.MAX_IMAGE_PIXELS)."


def test_pillow_without_a_limit_has_none(monkeypatch, make_image, opened):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert opened(content_image_file(make_image((40, 40)), resize=(10, 10))).size == (10, 10)


def test_a_broken_image_is_told_so(make_image, fault_of):
    fault = fault_of(content_image_file, make_image((400, 400), "JPEG")[:300], resize="low")
    assert fault.startswith("What was given as bytes cannot be read as an image")
    assert (
        fault_of(content_image_file, b"GIF89a", resize="low") == "What was given as bytes cannot be read as an image."
    )


WITHOUT_PILLOW = """
import sys
sys.modules["PIL"] = None
from chatkit._media.images import content_image_file
from chatkit import MediaError
data = b"\\x89PNG\\r\\n\\x1a\\n" + bytes(20)
assert content_image_file(data).media_type == "image/png"
try:
    content_image_file(data, resize="low")
except MediaError as error:
    print(error)
    assert error.__context__ is None
"""


def test_without_pillow_resizing_says_how_to_get_it():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PILLOW], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == (
        "Resizing and converting images needs Pillow. Install it with: pip install 'chatkit-objects[images]'.\n"
    )


LAZY = """
import sys
import chatkit._media.images, chatkit._media.documents, chatkit._media.audio, chatkit._media.texts
heavy = {"PIL", "matplotlib", "requests", "urllib3", "pydantic", "ssl", "http.client"} & set(sys.modules)
assert not heavy, heavy
"""


def test_opening_the_wing_imports_nothing_heavy():
    subprocess.run([sys.executable, "-c", LAZY], check=True, timeout=60)
