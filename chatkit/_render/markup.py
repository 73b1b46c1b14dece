"""Markdown from a model made into HTML that runs nothing, loads nothing and leads only to web and mail addresses.

markdown-it is linear also on hostile text, but not fast; a text above the limit, or nested deeper than it goes (it
drops what is deeper), is shown as it was written.
"""

from __future__ import annotations

import functools
import html
from typing import TYPE_CHECKING, Any

from chatkit._render.fences import language
from chatkit._render.math import keep_math

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LIMIT = 100_000
_NESTING = 40
_SCHEMES = ("http://", "https://", "mailto:")


def escaped(text: str) -> str:
    """The text as HTML shows it, in an element or in a quoted attribute."""
    return html.escape(text.replace("\0", "\ufffd"))


def preformatted(text: str, name: str = "") -> str:
    """A block of code."""
    kind = f' class="language-{name}"' if name else ""
    return f"<pre><code{kind}>{escaped(text)}</code></pre>"


def markdown_to_html(text: str) -> str:
    """The HTML of a Markdown text (CommonMark, with tables and strikethrough).

    Raw HTML is shown instead of obeyed. Links lead to http, https and mailto addresses, others stay text; an image
    becomes a link, since loading one from elsewhere can carry secrets away. Only chatkit's own elements, attributes
    and classes are in the result. Formulas stay as they are, for pages that typeset them.

    Args:
        text: Anything.
    """
    tokens = parse(_parser(), text)
    if tokens is None:
        return preformatted(text)
    parser = _parser()
    rendered = parser.renderer.render(_tamed(tokens), parser.options, {})
    return str(rendered).rstrip("\n")


def parse(parser: MarkdownIt, text: str) -> list[Token] | None:
    """The tokens of a text, or None when it is too long or nested too deeply to be read."""
    if len(text) > LIMIT:
        return None
    tokens = parser.parse(text)
    return None if any(token.level >= _NESTING - 1 for token in tokens) else tokens


def leads_well(url: str) -> bool:
    """Whether a link may lead there: to http, https and mailto addresses."""
    return url.strip().lower().startswith(_SCHEMES)


@functools.cache
def _parser() -> MarkdownIt:
    parser = keep_math(new_parser(html=False))
    parser.validateLink = leads_well  # type: ignore[method-assign]
    return parser


def new_parser(**options: Any) -> MarkdownIt:
    """A parser of the Markdown that models write."""
    from markdown_it import MarkdownIt

    chosen = {"maxNesting": _NESTING, "xhtmlOut": False, **options}
    return MarkdownIt("commonmark", chosen).enable(["table", "strikethrough"])


def _tamed(tokens: Sequence[Token]) -> list[Token]:
    for token in tokens:
        if token.children:
            token.children = list(_without_images(token.children))
        if token.type == "fence":
            token.info = language(token.info)
        if token.type in ("th_open", "td_open"):
            token.attrs = _alignment(str(token.attrs.get("style", "")))
    return list(tokens)


def _alignment(style: str) -> dict[str, str | int | float]:
    # A class, since a page that forbids inline styles would not obey the style.
    side = style.removeprefix("text-align:")
    return {"class": f"chatkit-{side}"} if side else {}


def _without_images(children: Iterable[Token]) -> Iterable[Token]:
    inside = False
    for token in children:
        if token.type == "image":
            yield from _image_link(token, inside)
            continue
        if token.type == "link_open":
            inside = True
            token.attrs = {"href": token.attrs["href"], "rel": "noopener noreferrer"}
        elif token.type == "link_close":
            inside = False
        yield token


def _image_link(image: Token, inside: bool) -> Iterable[Token]:
    from markdown_it.token import Token

    words = Token("text", "", 0, content=image.content or "image")
    if inside:
        yield words
        return
    address: dict[str, str | int | float] = {"href": image.attrs["src"], "rel": "noopener noreferrer"}
    yield Token("link_open", "a", 1, attrs=address)
    yield words
    yield Token("link_close", "a", -1)
