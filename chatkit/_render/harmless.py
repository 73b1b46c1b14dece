"""Markdown from a model made into Markdown that is safe wherever it is rendered, for notebooks and other viewers.

Viewers differ in what they obey: some run raw HTML, follow `javascript:` links or load images from anywhere. So all of
that is written such that it shows and does nothing; code in fences stays as it is. What comes out is then read once
more, and a text in which anything foreign is left is shown as it was written, in a fence.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatkit._render.fences import fence, lines_of, split_fences
from chatkit._render.markup import leads_well, new_parser, parse

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_ticks = re.compile("(`+)").split
_replace_tags = re.compile(r"\\?<(?=[A-Za-z/!?])").sub
_replace_links = re.compile(r"\](?=\((?!https?://|mailto:))", re.I).sub
_risky = re.compile(r"<[A-Za-z/!?]|!\[|\]\(").search
_replace_punctuation = re.compile(r"[!-/:-@\[-`{-~]").sub
_replace_marks = re.compile(r"[&<\\`*_\[\]#~|!$]").sub
_ENTITIES = {"&": "&amp;", "<": "&lt;", "\\": "&#92;"}
_leads_astray = re.compile(r"\][(:]<?(?:javascript|vbscript|data|file):", re.I).search


def harmless(text: str) -> str:
    """The text as Markdown without raw HTML, without images, and with links to web and mail addresses only.

    Args:
        text: Anything.
    """
    parts = [_outside(piece) if name is None else fence(piece, name) for name, piece in split_fences(text)]
    safe = "\n\n".join(part.strip("\r\n") for part in parts)
    return safe if _is_safe(safe) else fence(text)


def words(text: str) -> str:
    """A title or a name on one line, in which nothing is markup."""
    return _replace_marks(_literal, " ".join(text.split()))


def _literal(found: re.Match[str]) -> str:
    return _ENTITIES.get(found[0], f"\\{found[0]}")


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def _outside(text: str) -> str:
    return "".join([_line(line) for line in lines_of(text)])


def _line(line: str) -> str:
    """A line outside fences. A code span that holds anything risky becomes an element with all of it as entities."""
    parts = _ticks(line)
    ends = _ends(parts)
    done, at = [], 0
    while at < len(parts):
        if at in ends:
            done.append(_span(parts[at], "".join(parts[at + 1 : ends[at]])))
            at = ends[at]
        else:
            done.append(_text(parts[at]))
        at += 1
    return "".join(done)


def _ends(parts: list[str]) -> dict[int, int]:
    """For each run of backticks the next run of the same length, if there is one."""
    next_of: dict[str, int] = {}
    ends = {}
    for at in range(len(parts) - 2, 0, -2):
        if parts[at] in next_of:
            ends[at] = next_of[parts[at]]
        next_of[parts[at]] = at
    return ends


def _span(ticks: str, body: str) -> str:
    if not _risky(body):
        return f"{ticks}{body}{ticks}"
    return f"<code>{_replace_punctuation(_entity, body)}</code>"


def _text(text: str) -> str:
    return _replace_links("&#93;", _replace_tags("&lt;", text).replace("![", "&#33;["))


def _is_safe(text: str) -> bool:
    tokens = parse(_parser(), text)
    if tokens is None or _leads_astray("".join(text.translate({92: None}).split())):
        return False
    return all(_is_own(token) for token in _all(tokens))


@functools.cache
def _parser() -> MarkdownIt:
    parser = new_parser(html=True)
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return parser


def _all(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _is_own(token: Token) -> bool:
    match token.type:
        case "html_block" | "image":
            return False
        case "html_inline":
            return token.content in ("<code>", "</code>")
        case "link_open":
            return leads_well(str(token.attrs["href"]))
        case _:
            return True
