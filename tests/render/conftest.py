"""Attacks, and a reader of HTML that refuses whatever chatkit does not write itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, SystemTurn, Turn, UserTurn

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
SAID = set(
    [
        "p",
        "em",
        "strong",
        "s",
        "a",
        "ul",
        "ol",
        "li",
        "blockquote",
        "pre",
        "code",
        "hr",
        "br",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ]
)
OWN = {"section", "div", "details", "summary", "img", "footer", "sub"}
PAGE = {"html", "head", "meta", "title", "style", "body", "header", "main"}
ATTRIBUTES = {"title", "class", "href", "rel", "src", "alt", "dir", "start"}
_classes = re.compile(r"(chatkit-[a-z]+ ?)+|language-[A-Za-z0-9_+#.-]+").fullmatch
_picture = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}|attachment:image-\d+\.png").fullmatch


class Strict(HTMLParser):
    """Reads HTML, and fails at any element, attribute, class or address that is not chatkit's own."""

    def __init__(self, tags: set[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.tags = tags
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.tags, f"<{tag}>"
        self.seen.append((tag, dict(attrs)))
        if tag in PAGE:
            return
        for name, value in attrs:
            assert name in ATTRIBUTES, f"<{tag} {name}={value!r}>"
            self._check(name, value or "")

    def _check(self, name: str, value: str) -> None:
        if name == "href":
            assert value.lower().startswith(("http://", "https://", "mailto:")), value
        if name == "src":
            assert _picture(value), value
        if name == "class":
            assert _classes(value), value

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        assert decl == "DOCTYPE html" and "html" in self.tags

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def _read(html: str, page: bool = False) -> Strict:
    reader = Strict(SAID | OWN | PAGE if page else SAID | OWN)
    reader.feed(html)
    reader.close()
    return reader


def _everywhere(attack: str) -> list[Turn]:
    call = ContentToolRequest(attack, attack, {attack: attack, "list": [attack]})
    raw = ContentToolRequest("2", attack, None, attack)
    media = (
        ContentImageRemote(attack),
        ContentImageInline(attack, PIXEL),
        ContentImageInline("image/png", attack),
        ContentImageInline("image/png", PIXEL),
        ContentDocument(attack, "QUJD", attack),
        ContentDocumentRemote(attack, attack),
        ContentDocumentRemote(f"https://example.org/{attack}", attack),
        ContentAudio(attack, "QUJD"),
    )
    return [
        SystemTurn(attack),
        UserTurn([attack, *media]),
        AssistantTurn(
            (ContentThinking(attack), ContentText(attack), ContentText(f"`{attack}` {attack}"), call, raw),
            model=attack,
            served_by=attack,
        ),
        UserTurn(
            [
                ContentToolResult(attack, request=call, attachments=media),
                ContentToolResult({attack: attack}, request=raw),
                ContentToolResult(error=attack),
                ContentToolResult(text=f"```\n{attack}\n```", request=call),
            ]
        ),
        AssistantTurn((ContentJson({attack: attack}, f'{{"a": "{attack}"}}'),), model=attack),
        UserTurn(f"- a\n  ```\n{attack}\n```\n{attack}\n\n> ```\n> {attack}\n{attack}"),
        AssistantTurn(f"```html\n{attack}", interrupted=attack),
    ]


@pytest.fixture(scope="session")
def read() -> Callable[..., Strict]:
    """Parse HTML strictly; `page=True` for a whole page."""
    return _read


@pytest.fixture
def everywhere() -> Callable[[str], list[Turn]]:
    """Turns that hold an attack in every place that a model, a tool or a user can fill."""
    return _everywhere


@pytest.fixture
def pixel() -> str:
    """A PNG of one pixel in base64."""
    return PIXEL
