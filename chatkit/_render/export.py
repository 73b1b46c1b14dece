"""Writing a conversation to a file for people: Markdown, one HTML file, or a Jupyter notebook."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chatkit._errors import ConfigError
from chatkit._render.harmless import words
from chatkit._render.markdown import Exact, turn_markdown
from chatkit._render.notebook import notebook
from chatkit._render.page import html_page
from chatkit._render.subject import Subject, turns_of
from chatkit._turns.characters import whole_characters
from chatkit._turns.turns import Turn
from chatkit._writing import write_whole


def _markdown(turns: Sequence[Turn], title: str) -> str:
    return "\n\n".join([f"# {words(title)}", *(turn_markdown(turn, Exact(), 2) for turn in turns)]) + "\n"


_FORMS: dict[str, Callable[[Sequence[Turn], str], str]] = {".md": _markdown, ".html": html_page, ".ipynb": notebook}


def export(
    x: Subject, path: str | os.PathLike[str], *, title: str = "Chat", include_system_prompt: bool = False
) -> Path:
    """Write a conversation to a file for people to read; the ending of its name says in which form.

    `.md` is Markdown with every text exactly as it was said. `.html` is one file that needs nothing else, looks right
    on a phone and in the dark, and cannot run or load anything, whatever was said. `.ipynb` is a Jupyter notebook of
    Markdown cells; code stays text in them. None of them can be loaded again as a chat.

    The file is whole or not there: it is written beside its place and moved into it. A file that is there already is
    replaced. A new one can be read by you alone, since a conversation may be private.

    Args:
        x: A chat, a turn, a round, or a sequence of turns and rounds.
        path: Where to; the folder must be there.
        title: Any text.
        include_system_prompt: Whether a chat's system prompt is in it.

    Returns:
        The path.

    Raises:
        ConfigError: when the ending is not known, or something given cannot be used; nothing is written.
        OSError: when the file cannot be written; its `filename` is the path.
    """
    target = _path(path)
    text = render_export(target.suffix, turns_of(x, include_system_prompt), title=title)
    # Half a surrogate pair, which no file can hold, becomes U+FFFD.
    write_whole(target, whole_characters(text).encode())
    return target


def render_export(suffix: str, turns: Sequence[Turn], *, title: str = "Chat") -> str:
    """The text of an exported file.

    Args:
        suffix: ".md", ".html" or ".ipynb", in any case.
        turns: The turns, oldest first.
        title: Any text.

    Raises:
        ConfigError: when there is no such form, or the title is no text.
    """
    form = _FORMS.get(suffix.lower())
    if form is None:
        known = "`.md` (Markdown), `.html` (one page) and `.ipynb` (a Jupyter notebook)"
        raise ConfigError(
            f"A chat cannot be exported as {suffix or 'a file without an ending'!r}.", hint=f"There are {known}."
        )
    if not isinstance(title, str):
        raise ConfigError(f"`title` must be a text, not {type(title).__name__}.")
    return form(turns, title)


def _path(path: Any) -> Path:
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str):
        raise ConfigError(f"`path` must be a path, not {type(path).__name__}.")
    if "\0" in os.fspath(path):
        raise ConfigError("`path` holds a NUL character; no file can be called that.")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        pass
    else:
        return Path(path)
    raise ConfigError("`path` holds half a surrogate pair; no file can be called that.")
