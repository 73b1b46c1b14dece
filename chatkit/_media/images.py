"""Images to be sent: by URL, from files, bytes and images in memory, and from plots."""

from __future__ import annotations

import base64
import sys
from typing import Any, Literal, TypeAlias

from chatkit._errors import ConfigError, MediaError
from chatkit._http.public import target_of
from chatkit._media import data_urls
from chatkit._media.kinds import CONVERTIBLE, IMAGES, PDF, kind_of, name_of
from chatkit._media.limits import MAX_IMAGE, MAX_RESIZED, size_of
from chatkit._media.pictures import figure_png, is_picture, picture_png
from chatkit._media.resizing import Resize, check_resize, resized
from chatkit._media.sources import read
from chatkit._turns.contents import ContentImageInline, ContentImageRemote
from chatkit._turns.inputs import whole_number

Detail: TypeAlias = Literal["auto", "low", "high"]

_ALLOWED = "PNG, JPEG, GIF or WEBP"
_SMALLER = 'resize="high" makes it smaller.'
_CONVERTED = 'resize="high" turns it into a PNG, with Pillow.'
_HINTS = {
    **dict.fromkeys(CONVERTIBLE, _CONVERTED),
    **dict.fromkeys(("image/heic", "image/avif"), "If your Pillow opens it, give the image that it opens."),
    PDF: "Use content_pdf_file().",
}


def content_image_url(
    url: str, detail: Detail = "auto", *, fetch: bool = False
) -> ContentImageRemote | ContentImageInline:
    """An image by its URL.

    Nothing is downloaded here: the URL is passed on, and the server of the model fetches the image. A `data:` URL is
    taken apart and checked, and its image sent along.

    Args:
        url: An http, https or data URL. It must not hold a user name or password.
        detail: "auto", "low" or "high": how closely the model looks. "low" costs fewer tokens.
        fetch: Download the image now and send it along, for a server that cannot fetch. Only addresses of the public
            internet are asked, whatever the URL or a redirect says; at most 20 MB, in at most 30 seconds. The call
            waits for it; in async code use `asyncio.to_thread()`.

    Raises:
        MediaError: when the URL cannot be used, or what it holds is no image.
        ConfigError: when `detail` is something else.

    See Also:
        `content_image_file()` for an image on this machine.
    """
    _check_detail(detail)
    if data_urls.is_data_url(url):
        found = data_urls.parse(url, allowed=(*IMAGES, "image/jpg"), limit=MAX_IMAGE)
        return _inline(found.data, "What the data: URL holds", detail)
    target = target_of(url)
    if not fetch:
        return ContentImageRemote(url, detail)
    from chatkit._media.fetching import fetch as fetched

    source = fetched(target.url, limit=MAX_IMAGE, what="an image", accept=", ".join(IMAGES))
    return _inline(source.data, source.shown, detail)


def content_image_file(
    source: Any, *, content_type: str = "auto", resize: Resize = "none", detail: Detail = "auto"
) -> ContentImageInline:
    """An image from a file or from memory, sent along.

    What an image is, its bytes say: a JPEG called `photo.png` is sent as the JPEG that it is.

    Args:
        source: A path; bytes; a file opened in binary mode; or an image of Pillow's, which is sent as PNG. Text is
            always a path, never a URL.
        content_type: "auto", or the media type that the image must have, such as "image/png".
        resize: "none" sends the image as it is, up to 20 MB. "low" fits it into 512 x 512 pixels, "high" into
            2000 x 768 or 768 x 2000, whichever way it lies, `(width, height)` into that many; an image is never
            enlarged, and keeps its shape; what fits is sent as it is. Resizing needs Pillow
            (`pip install 'chatkit-objects[images]'`). It applies the camera's orientation, leaves place and time of
            the photo out, keeps the first picture of an animation, and turns BMP and TIFF images into PNG.
        detail: "auto", "low" or "high": how closely the model looks.

    Raises:
        MediaError: when there is no such file (then also a `FileNotFoundError`), or it cannot be used.
        ConfigError: when an argument is something else.

    See Also:
        `content_image_url()`, `content_image_plot()`.
    """
    _check_detail(detail)
    check_resize(resize)
    if content_type not in ("auto", "image/jpg", *IMAGES):
        raise ConfigError(f"`content_type` must be 'auto' or one of {', '.join(IMAGES)}, not {content_type!r}.")
    limit, hint = (MAX_IMAGE, _SMALLER) if resize == "none" else (MAX_RESIZED, "")
    if is_picture(source):
        data, shown = _from_memory(source, resize)
    else:
        found = read(source, limit=limit, hint=hint)
        data, shown = found.data, found.shown
        if resize != "none":
            _check_kind(data, shown, (*IMAGES, *CONVERTIBLE))
            data, _ = resized(data, resize, shown)
    content = _inline(data, shown, detail)
    if (
        content_type not in ("auto", content.media_type)
        and not is_picture(source)
        and not _is_jpg(content_type, content)
    ):
        raise MediaError(f"{shown} is {content.media_type}, not {content_type}.")
    return content


def content_image_plot(figure: Any = None, *, width: int = 768, height: int = 768) -> ContentImageInline:
    """A plot as an image, sent along as PNG.

    Args:
        figure: A matplotlib figure or axes, or anything that has `savefig` or `save`, such as plots of seaborn,
            plotnine or altair. None takes matplotlib's current figure.
        width: Width of the image in pixels. The figure itself keeps its size.
        height: Height of the image in pixels.

    Raises:
        MediaError: when there is no current figure, or what is given cannot be drawn.
        ConfigError: when a size is no whole number above 0.
    """
    whole_number("width", width, 1)
    whole_number("height", height, 1)
    data = figure_png(_current_figure() if figure is None else figure, width, height)
    return _inline(data, "The plot", "auto")


def _current_figure() -> Any:
    # Never imported here: without it there can be no current figure.
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not pyplot.get_fignums():
        raise MediaError(
            "There is no current matplotlib figure.",
            hint="Draw one first, in a notebook in the same cell; or give the figure.",
        )
    return pyplot.gcf()


def _from_memory(picture: Any, resize: Resize) -> tuple[bytes, str]:
    shown = f"The {type(picture).__name__} given"
    return (picture_png(picture) if resize == "none" else resized(picture, resize, shown)[0]), shown


def _inline(data: bytes, shown: str, detail: Detail) -> ContentImageInline:
    kind = _check_kind(data, shown, IMAGES)
    if len(data) > MAX_IMAGE:
        raise MediaError(
            f"{shown} has {size_of(len(data))} as {kind}; the limit is {size_of(MAX_IMAGE)}.", hint=_SMALLER
        )
    return ContentImageInline(kind, base64.b64encode(data).decode(), detail)


def _check_kind(data: bytes, shown: str, allowed: tuple[str, ...]) -> str:
    kind = kind_of(data)
    if kind in allowed:
        return kind
    raise MediaError(f"{shown} is {name_of(kind)}; an image must be {_ALLOWED}.", hint=_HINTS.get(kind, ""))


def _is_jpg(content_type: str, content: ContentImageInline) -> bool:
    return content_type == "image/jpg" and content.media_type == "image/jpeg"


def _check_detail(detail: object) -> None:
    if detail not in ("auto", "low", "high"):
        raise ConfigError(f"`detail` must be 'auto', 'low' or 'high', not {detail!r}.")
