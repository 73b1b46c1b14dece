"""Code in an answer, coloured by its language; nothing is drawn around it, so that it can be copied."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.syntax import SyntaxTheme
    from rich.text import Text

_INDENT = "    "
# Beyond that colouring a line costs more than it helps.
_LONGEST = 2000


def code_line(code: str, info: str) -> Text:
    """A line of code, indented.

    Each line is coloured by itself, so that it can be shown as soon as it is there: inside of a text over several
    lines words may be taken for code.

    Args:
        code: The line, without its line break.
        info: What stands behind the fence; its first word names the language, if there is such a one.
    """
    from rich.text import Text

    drawn = Text(_INDENT if code.strip() else "")
    drawn.append_text(_coloured(code, language_of(info)) if len(code) <= _LONGEST else Text(code))
    drawn.rstrip()
    return drawn


def language_of(info: str) -> str:
    """The language that the first word behind a fence names."""
    return info.split()[0].strip("{}.").lower() if info.split() else ""


def _coloured(code: str, language: str) -> Text:
    from rich.syntax import Syntax
    from rich.text import Text

    text = Syntax("", language or "text", theme=_theme()).highlight(code)
    text.rstrip()
    # Some languages read a line otherwise than it stands there.
    return text if text.plain == code.rstrip() else Text(code)


@functools.cache
def _theme() -> SyntaxTheme:
    from pygments.token import Comment, Keyword, Name, Number, Operator, String
    from rich.style import Style
    from rich.syntax import ANSISyntaxTheme

    return ANSISyntaxTheme(
        {
            Comment: Style(dim=True),
            Keyword: Style(color="blue"),
            Operator.Word: Style(color="blue"),
            Name.Function: Style(color="green"),
            Name.Class: Style(color="green"),
            Name.Decorator: Style(color="magenta"),
            Name.Builtin: Style(color="cyan"),
            Name.Tag: Style(color="blue"),
            Number: Style(color="cyan"),
            String: Style(color="yellow"),
        }
    )
