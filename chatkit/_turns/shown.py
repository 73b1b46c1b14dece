"""How a value shows itself in a notebook: as plain text, as Markdown, and as HTML."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from chatkit._rooms import opened

_PLAIN = 20_000


class Drawn:
    """HTML, ready to be shown.

    Args:
        html: The HTML.
    """

    __slots__ = ("_html",)

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html


class Shown:
    """What notebooks ask a value for; nothing is drawn before one asks."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        return str(opened("shown_html")(self))

    def _repr_markdown_(self) -> str | None:
        return str(opened("shown_markdown")(self))

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """The value by media type, as https://ipython.readthedocs.io/en/stable/config/integrating.html has it."""
        forms = {"text/plain": self._plain, "text/markdown": self._repr_markdown_, "text/html": self._repr_html_}
        wanted = [kind for kind in forms if (not include or kind in include) and kind not in (exclude or ())]
        made = {kind: forms[kind]() for kind in wanted}
        return {kind: text for kind, text in made.items() if text}

    def _display_(self) -> object:
        # marimo asks for this first of all, and only then sees that a value is a list or a text.
        return Drawn(self._repr_html_() or "")

    def _plain(self) -> str:
        text = repr(self)
        return text if len(text) <= _PLAIN else f"{text[:_PLAIN]}... ({len(text):,} characters)"

    def __dir__(self) -> Iterable[str]:
        # What a prompt offers after Tab: what the value is for, not what it is made of.
        names = object.__dir__(self)
        return [name for name in names if name != "wording" and (name.startswith("__") or not name.startswith("_"))]
