"""A conversation as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol, assert_never

from chatkit._errors import ConfigError
from chatkit._render.attached import file_words, picture_kind, web_address
from chatkit._render.fences import closed, code, fence
from chatkit._render.subject import Subject, said, voice
from chatkit._render.tooling import arguments_of, outcome_of
from chatkit._turns.contents import (
    Content,
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentMedia,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, Turn

_replace_line_starts = re.compile(r"^", re.M).sub
_replace_line_ends = re.compile(r"\r\n?").sub


class Form(Protocol):
    """How the parts of a turn are written that one kind of Markdown writes differently from another."""

    def text(self, text: str) -> str:
        """What was said."""
        ...

    def thoughts(self, text: str) -> str:
        """What a model thought."""
        ...

    def tool(self, label: str, name: str, body: str) -> str:
        """A tool call or its result: a label, the tool's name, and a fenced block."""
        ...

    def picture(self, kind: str, image: ContentImageInline) -> str:
        """An image that can be shown."""
        ...


class Exact:
    """Markdown in which every text stands exactly as it was said."""

    def text(self, text: str) -> str:
        """The text; a fence that it left open is closed after it."""
        return closed(text)

    def thoughts(self, text: str) -> str:
        """A quotation under a label: the one form that every viewer sets apart."""
        return f"> **Thinking**\n>\n{_replace_line_starts('> ', _replace_line_ends(chr(10), text))}"

    def tool(self, label: str, name: str, body: str) -> str:
        """A line in bold and the block."""
        return f"**{label}:** {code(name)}\n\n{body}" if name else f"**{label}**\n\n{body}"

    def picture(self, kind: str, image: ContentImageInline) -> str:
        """The image itself, in a data URL."""
        return f"![Image](data:image/{kind};base64,{image.data})"


def contents_markdown(x: Subject, *, heading_level: int = 2, include_system_prompt: bool = False) -> str:
    """Contents, turns, rounds or a chat as Markdown.

    Texts stand in it exactly as they were said, raw HTML included: this is for people, editors and files, see
    `contents_html()` for what a browser may show. Thinking is a quotation, typed answers and tool calls are fenced,
    images that were sent along are data URLs, and others are links. In a round, in several turns and in a chat each
    turn stands under a heading with its role. Parts are joined by blank lines.

    Args:
        x: A content, a turn, a round, a chat, or a sequence of contents or of turns and rounds.
        heading_level: 1 to 6: the level of the headings.
        include_system_prompt: Whether a chat's system prompt is in it.

    Raises:
        ConfigError: when `x` is something else, or there is no such level.
    """
    level = heading_of(heading_level)
    contents, turns = said(x, include_system_prompt)
    form = Exact()
    parts = [turn_markdown(turn, form, level) for turn in turns]
    return "\n\n".join(parts) if turns else joined(contents, form)


def heading_of(level: int) -> int:
    """A heading level that a user gave, checked.

    Raises:
        ConfigError: when it is not a whole number from 1 to 6.
    """
    if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= 6:
        raise ConfigError(f"`heading_level` must be a whole number from 1 to 6, not {level!r}.")
    return level


def turn_markdown(turn: Turn, form: Form, level: int) -> str:
    """A turn under a heading with its role; a partial answer says so at its end."""
    parts = [f"{'#' * level} {voice(turn).capitalize()}", joined(turn.contents, form)]
    if isinstance(turn, AssistantTurn) and turn.interrupted is not None:
        parts.append(f"**Broke off:** {code(turn.interrupted)}")
    return "\n\n".join(filter(None, parts))


def joined(contents: Iterable[Content], form: Form) -> str:
    """Contents, joined by blank lines; those without anything to show are left out."""
    return "\n\n".join(filter(None, [_content(item, form) for item in contents]))


def _content(content: Content, form: Form) -> str:
    match content:
        case ContentText():
            return form.text(content.text)
        case ContentThinking():
            return form.thoughts(content.thinking) if content.thinking else ""
        case ContentJson():
            return fence(content.text, "json")
        case ContentToolRequest():
            name, text = arguments_of(content)
            return form.tool("Tool call", content.name, fence(text, name))
        case ContentToolResult():
            return _result(content, form)
        case _:
            return _media(content, form)


def _media(content: ContentMedia, form: Form) -> str:
    match content:
        case ContentImageInline():
            kind = picture_kind(content)
            return form.picture(kind, content) if kind else _file(content)
        case ContentImageRemote() | ContentDocumentRemote():
            return _remote(content)
        case ContentDocument() | ContentAudio():
            return _file(content)
        case _:
            assert_never(content)


def _result(result: ContentToolResult, form: Form) -> str:
    label = "Tool result" if result.error is None else "Tool error"
    name, text = outcome_of(result)
    return "\n\n".join([form.tool(label, result.name, fence(text, name)), joined(result.attachments, form)]).rstrip(
        "\n"
    )


def _remote(content: ContentImageRemote | ContentDocumentRemote) -> str:
    label, name = ("Image", content.url) if isinstance(content, ContentImageRemote) else ("Document", content.filename)
    address = web_address(content.url)
    return f"**{label}:** [{code(name)}]({address})" if address else f"**{label}:** {code(content.url)}"


def _file(content: ContentDocument | ContentAudio | ContentImageInline) -> str:
    label, name, about = file_words(content)
    return f"**{label}:** {code(name)} ({code(about)})"
