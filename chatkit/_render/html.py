"""A conversation as HTML that runs nothing and loads nothing, whatever was said in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from chatkit._render.attached import file_words, picture_kind, web_address
from chatkit._render.markdown import heading_of
from chatkit._render.markup import escaped, markdown_to_html, preformatted
from chatkit._render.subject import Subject, said, voice
from chatkit._render.tooling import arguments_of, as_json, outcome_of
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


def contents_html(x: Subject, *, heading_level: int = 2, include_system_prompt: bool = False) -> str:
    """Contents, turns, rounds or a chat as HTML: a fragment without styles, to stand in a page of your own.

    Texts are read as Markdown. Whatever came from outside is escaped: raw HTML is shown instead of obeyed, links lead
    to http, https and mailto addresses only, images elsewhere are links and are not loaded. Images that were sent
    along (PNG, JPEG, GIF, WebP) are shown. Thinking, tool calls and tool results can be unfolded. All classes begin
    with `chatkit-`. In a round, in several turns and in a chat each turn is a section under a heading with its role.

    Args:
        x: A content, a turn, a round, a chat, or a sequence of contents or of turns and rounds.
        heading_level: 1 to 6: the level of the headings.
        include_system_prompt: Whether a chat's system prompt is in it.

    Raises:
        ConfigError: when `x` is something else, or there is no such level.
    """
    level = heading_of(heading_level)
    contents, turns = said(x, include_system_prompt)
    return "\n".join([turn_html(turn, level) for turn in turns]) if turns else joined(contents)


def turn_html(turn: Turn, level: int, foot: str = "") -> str:
    """A turn as a section.

    Args:
        turn: The turn.
        level: The level of its heading.
        foot: HTML to stand at its end.
    """
    who = voice(turn)
    parts = [f"<h{level}>{who.capitalize()}</h{level}>", joined(turn.contents)]
    if isinstance(turn, AssistantTurn) and turn.interrupted is not None:
        parts.append(f'<p class="chatkit-broken">Broke off: {escaped(turn.interrupted)}</p>')
    inside = "\n".join(filter(None, [*parts, foot]))
    return f'<section class="chatkit-turn chatkit-{who}">\n{inside}\n</section>'


def joined(contents: Iterable[Content]) -> str:
    """Contents, each from a new line."""
    return "\n".join(filter(None, [_content(item) for item in contents]))


def _content(content: Content) -> str:
    match content:
        case ContentText():
            return f'<div class="chatkit-text" dir="auto">\n{markdown_to_html(content.text)}\n</div>'
        case ContentThinking():
            return _folded("thinking", "Thinking", markdown_to_html(content.thinking)) if content.thinking else ""
        case ContentJson():
            return preformatted(as_json(content.data), "json")
        case ContentToolRequest():
            name, text = arguments_of(content)
            return _folded("call", f"Tool call <code>{escaped(content.name)}</code>", preformatted(text, name))
        case ContentToolResult():
            return _result(content)
        case _:
            return _media(content)


def _media(content: ContentMedia) -> str:
    match content:
        case ContentImageInline():
            return _picture(content)
        case ContentImageRemote() | ContentDocumentRemote():
            return _remote(content)
        case ContentDocument() | ContentAudio():
            return _file(content)
        case _:
            assert_never(content)


def _folded(kind: str, summary: str, body: str) -> str:
    return f'<details class="chatkit-{kind}">\n<summary>{summary}</summary>\n{body}\n</details>'


def _result(result: ContentToolResult) -> str:
    kind, label = ("result", "Tool result") if result.error is None else ("error", "Tool error")
    name, text = outcome_of(result)
    told = f" <code>{escaped(result.name)}</code>" if result.name else ""
    shown = [_folded(kind, label + told, preformatted(text, name)), joined(result.attachments)]
    return "\n".join(filter(None, shown))


def _picture(image: ContentImageInline) -> str:
    kind = picture_kind(image)
    if not kind:
        return _file(image)
    return f'<img class="chatkit-image" alt="Image" src="data:image/{kind};base64,{image.data}">'


def _remote(content: ContentImageRemote | ContentDocumentRemote) -> str:
    label, name = ("Image", content.url) if isinstance(content, ContentImageRemote) else ("Document", content.filename)
    address = web_address(content.url)
    link = f'<a href="{escaped(address)}" rel="noopener noreferrer">{escaped(name)}</a>'
    return f'<p class="chatkit-file">{label}: {link if address else escaped(content.url)}</p>'


def _file(content: ContentDocument | ContentAudio | ContentImageInline) -> str:
    label, name, about = file_words(content)
    return f'<p class="chatkit-file">{label}: <code>{escaped(name)}</code> ({escaped(about)})</p>'
