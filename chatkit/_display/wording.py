"""How contents, tool calls and their results are put into words; whatever came from outside is sanitised here."""

from __future__ import annotations

import json
from typing import Any, assert_never

from chatkit._display.layout import TAB, cells, cut
from chatkit._display.sanitize import one_line, visible
from chatkit._display.terminal import Terminal
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

SHOWN_LINES = 5
THINKING, END_THINKING = "<thinking>", "</thinking>"
_NO_PREVIEW = "(preview not available)"


def call_text(request: ContentToolRequest) -> str:
    """A tool call on one line, `name(arg = value, ...)`, with the values as JSON.

    Arguments that were no JSON object stand there as the model wrote them.
    """
    if request.arguments is None:
        return one_line(f"{request.name}({request.raw or ''})")
    pairs = [f"{_argument_name(name)} = {_as_json(value)}" for name, value in request.arguments.items()]
    return one_line(f"{request.name}({', '.join(pairs)})")


def _argument_name(name: str) -> str:
    # Quoted when it is no identifier, so that a name cannot pass itself off as several arguments.
    return name if name.isidentifier() else _as_json(name)


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return _NO_PREVIEW


def result_text(result: ContentToolResult) -> str:
    """What a tool gave back, as the model reads it, or `Error: ...`."""
    if result.error is not None:
        return visible(f"Error: {result.error}")
    if result.text is not None:
        return visible(result.text)
    return visible(result.value if isinstance(result.value, str) else _as_json(result.value))


def head(text: str, mark: str) -> list[str]:
    """The first lines of a text, and a mark when there are more."""
    lines = text.removesuffix("\n").split("\n", SHOWN_LINES)
    return [*lines[:SHOWN_LINES], mark] if len(lines) > SHOWN_LINES else lines


def request_line(request: ContentToolRequest, terminal: Terminal) -> str:
    """The line that announces a tool call, cut to the terminal's width."""
    label = f"{terminal.symbol('◯', '( )')} [tool call] "
    call = cut(call_text(request), terminal.width - cells(label), terminal.symbol("…", "..."))
    return f"{terminal.style.blue(label.rstrip())} {call}\n"


def progress_line(value: Any, terminal: Terminal) -> str:
    """The line that shows what a running tool reported, cut to the terminal's width."""
    text = one_line(value if isinstance(value, str) else _as_json(value))
    return terminal.style.dim(cut(f"  {text}", terminal.width, terminal.symbol("…", "..."))) + "\n"


def result_lines(result: ContentToolResult, terminal: Terminal) -> str:
    """The lines that show what came of a tool call: the first five, each cut to the terminal's width."""
    style, mark = terminal.style, terminal.symbol("…", "...")
    failed = result.error is not None
    dot = style.red(terminal.symbol("■", "#")) if failed else style.green(terminal.symbol("●", "o"))
    paint = style.red if failed else style.italic
    room = terminal.width - len("● #> ")
    lines = [cut(line.replace("\t", TAB), room, mark) for line in head(result_text(result), mark)]
    shown = [f"#> {paint(line)}" if line else "#>" for line in lines]
    return f"{dot} " + "\n  ".join(shown) + "\n"


def content_text(content: Content) -> str:
    """A content as it stands in a printed turn, possibly of several lines; empty for an empty text."""
    match content:
        case ContentText() | ContentJson():
            return visible(content.text)
        case ContentThinking():
            return f"{THINKING}\n{visible(content.thinking).rstrip()}\n{END_THINKING}"
        case ContentToolRequest():
            return f"{_tag('tool request', content.id)}: {call_text(content)}"
        case ContentToolResult():
            images = [content_text(image) for image in content.attachments]
            return "\n".join([f"{_tag('tool result', content.id)}: {result_text(content)}", *images])
        case _:
            return _media_text(content)


def _media_text(content: ContentMedia) -> str:
    match content:
        case ContentImageRemote():
            return f"[remote image]: {one_line(content.url)}"
        case ContentImageInline():
            return f"[inline image]: {one_line(content.media_type)}"
        case ContentDocument():
            return f"[document]: {one_line(content.filename)} ({one_line(content.media_type)})"
        case ContentDocumentRemote():
            return f"[remote document]: {one_line(content.url)}"
        case ContentAudio():
            return f"[audio]: {one_line(content.format)}"
        case _:
            assert_never(content)


def _tag(kind: str, ident: str) -> str:
    return f"[{kind} ({one_line(ident)})]" if ident else f"[{kind}]"
