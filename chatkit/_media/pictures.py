"""Pictures that other libraries hold in memory, known by what they can do, and drawn as PNG.

Pillow's images, matplotlib's figures and what is like them; naming the libraries would make everyone import them.
"""

from __future__ import annotations

import io
from typing import Any

from chatkit._errors import MediaError

_DPI = 100


def is_picture(value: Any) -> bool:
    """Whether a value is an image in memory, as Pillow's are."""
    if not isinstance(getattr(value, "mode", None), str):
        return False
    return callable(getattr(value, "save", None)) and callable(getattr(value, "tobytes", None))


def is_figure(value: Any) -> bool:
    """Whether a value is a plot that can save itself, as matplotlib's figures can, or belongs to one as its axes do."""
    return not isinstance(value, type) and _figure_of(value) is not None


def picture_png(picture: Any) -> bytes:
    """An image in memory as PNG; colours that PNG does not know become RGB.

    Raises:
        MediaError: when it cannot be written.
    """
    try:
        return _saved(picture)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    if callable(getattr(picture, "convert", None)):
        try:
            return _saved(picture.convert("RGB"))
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
    raise MediaError(f"The image, a {type(picture).__name__}, cannot be written as PNG: {reason}.")


def _saved(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def figure_png(value: Any, width: int | None = None, height: int | None = None) -> bytes:
    """A plot as PNG.

    Args:
        value: A figure, what belongs to one, or what has a `save` that takes a file and a format.
        width: In pixels; None leaves the size as it is. What cannot be resized keeps its size.
        height: In pixels.

    Raises:
        MediaError: when it is none, or cannot be drawn.
    """
    figure = _figure_of(value)
    buffer = io.BytesIO()
    try:
        if figure is not None:
            _draw(figure, buffer, width, height)
        elif callable(getattr(value, "save", None)):
            value.save(buffer, format="png")
        else:
            raise MediaError(
                f"{type(value).__name__} is no plot.",
                hint="Give a matplotlib figure, or anything with `savefig` or `save`.",
            )
    except MediaError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    else:
        return buffer.getvalue()
    raise MediaError(f"The plot, a {type(value).__name__}, cannot be drawn: {reason}.")


def _figure_of(value: Any) -> Any:
    # Axes and seaborn's grids have the figure; a figure has itself.
    owners = (getattr(value, "figure", None), value)
    return next((item for item in owners if callable(getattr(item, "savefig", None))), None)


def _draw(figure: Any, buffer: io.BytesIO, width: int | None, height: int | None) -> None:
    if width is None or height is None or not callable(getattr(figure, "set_size_inches", None)):
        figure.savefig(buffer, format="png")
        return
    before = tuple(figure.get_size_inches())
    try:
        # `forward` would resize the window in which the figure is shown.
        figure.set_size_inches(width / _DPI, height / _DPI, forward=False)
        figure.savefig(buffer, format="png", dpi=_DPI)
    finally:
        figure.set_size_inches(*before, forward=False)
