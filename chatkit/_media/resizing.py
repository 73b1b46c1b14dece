"""Images made smaller, or turned into a format that servers accept, by Pillow."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from chatkit._errors import ConfigError, MediaError
from chatkit._media.kinds import IMAGES

if TYPE_CHECKING:
    from PIL.Image import Image

Resize: TypeAlias = Literal["none", "low", "high"] | tuple[int, int]

_LOW = (512, 512)
_HIGH = (2000, 768)
_QUALITY = 90
_KEPT = {"JPEG": "JPEG", "MPO": "JPEG", "WEBP": "WEBP"}
# Pillow knows formats that run other programs.
_READ = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "ICO")
_MODES = {"JPEG": ("L", "RGB"), "WEBP": ("RGB", "RGBA"), "PNG": ("L", "LA", "RGB", "RGBA")}
_ORIENTATION = 0x0112
_ON_ITS_SIDE = (5, 6, 7, 8)


def check_resize(resize: Any) -> None:
    """Refuse what is no way of resizing.

    Raises:
        ConfigError: naming the ways there are.
    """
    if isinstance(resize, str) and resize in ("none", "low", "high"):
        return
    if isinstance(resize, tuple) and len(resize) == 2 and all(type(side) is int and side > 0 for side in resize):
        return
    raise ConfigError(f"`resize` must be 'none', 'low', 'high', or a width and height in pixels, not {resize!r}.")


def resized(image: bytes | Image, resize: Resize, shown: str) -> tuple[bytes, str]:
    """Fit an image into a size, and into a format that servers accept.

    It is never enlarged, and its shape is kept. What fits already and stands upright stays as it is, byte for byte.
    Otherwise the first picture of an animation is taken, the camera's orientation is applied, and all that the file
    says besides (place, time, camera) is left out.

    Args:
        image: The bytes, or an image of Pillow's.
        resize: "low" fits into 512 x 512 pixels, "high" into 2000 x 768 or 768 x 2000, whichever way it lies; or
            a width and height.
        shown: How messages call it.

    Returns:
        The bytes and their media type.

    Raises:
        MediaError: when Pillow is missing, or cannot read the image, or finds it too large to be safe.
    """
    pillow = _pillow()
    fault = ""
    try:
        picture = pillow.open(io.BytesIO(image), formats=_READ) if isinstance(image, bytes) else image
        _check_pixels(picture, pillow, shown)
        return _fitted(picture, image, _box(picture, resize))
    except (pillow.DecompressionBombWarning, pillow.DecompressionBombError) as error:
        fault = f"{shown} has too many pixels to be opened safely: {error}"
    except MediaError:
        raise
    except Exception as error:
        # Decoders raise whatever a broken file drives them to.
        told = "" if isinstance(error, pillow.UnidentifiedImageError) else f": {type(error).__name__}: {error}"
        fault = f"{shown} cannot be read as an image{told.rstrip('.')}."
    raise MediaError(fault)


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        pass
    else:
        return Image
    raise MediaError(
        "Resizing and converting images needs Pillow.", hint="Install it with: pip install 'chatkit-objects[images]'."
    )


def _check_pixels(picture: Image, pillow: Any, shown: str) -> None:
    # Of an image in memory Pillow does not look at the size, and of a file that is up to twice too large it only warns.
    limit = pillow.MAX_IMAGE_PIXELS
    count = picture.width * picture.height
    if limit is not None and count > limit:
        raise MediaError(f"{shown} has {count:,} pixels; the limit is {limit:,} (PIL.Image.MAX_IMAGE_PIXELS).")


def _turns(picture: Image) -> bool:
    return bool(picture.getexif().get(_ORIENTATION, 1) != 1)


def _box(picture: Image, resize: Resize) -> tuple[int, int]:
    if isinstance(resize, tuple):
        return resize
    if resize != "high":
        return _LOW if resize == "low" else picture.size
    lies = picture.getexif().get(_ORIENTATION, 1) in _ON_ITS_SIDE
    width, height = picture.size[::-1] if lies else picture.size
    return _HIGH if width >= height else _HIGH[::-1]


def _fitted(picture: Image, given: bytes | Image, box: tuple[int, int]) -> tuple[bytes, str]:
    from PIL import ImageOps

    kind = f"image/{(picture.format or '').lower()}"
    fits = picture.width <= box[0] and picture.height <= box[1]
    if isinstance(given, bytes) and fits and kind in IMAGES and not _turns(picture):
        return given, kind
    form = _KEPT.get(picture.format or "", "PNG")
    upright = _plain(ImageOps.exif_transpose(picture), form)
    # Some formats would write what stands here, such as the place, into the new file.
    upright.info = {name: value for name, value in upright.info.items() if name == "transparency"}
    upright.thumbnail(box)
    buffer = io.BytesIO()
    upright.save(buffer, format=form, **({} if form == "PNG" else {"quality": _QUALITY}))
    return buffer.getvalue(), f"image/{form.lower()}"


def _plain(picture: Image, form: str) -> Image:
    """A copy of an image in colours that can be averaged, and that the format knows."""
    if picture.mode in _MODES[form]:
        return picture.copy()
    if picture.mode[0] in "IF":
        return _in_bytes(picture)
    is_clear = picture.mode in ("LA", "PA", "RGBa", "La") or "transparency" in picture.info
    return picture.convert("RGBA" if is_clear and form != "JPEG" else "RGB")


def _in_bytes(picture: Image) -> Image:
    """A grey image of more than 8 bits in 8 of them; Pillow itself would cut off what is brighter than 255."""
    shades: Any = picture.convert("F")
    low, high = (0, 65535) if picture.mode.startswith("I;16") else shades.getextrema()
    scale = 255 / ((high - low) or 1)
    made: Image = shades.point(lambda value: value * scale - low * scale).convert("L")
    return made
