"""Wording of media: every kind of attachment, alone and belonging to tool results."""

from __future__ import annotations

import base64
import json

import pytest

from chatkit._errors import ConfigError, MediaError
from chatkit._providers.encode import WordingRules
from chatkit._providers.wording import word_turns
from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, UserTurn
from chatkit.testing import check_history

IMAGE = ContentImageInline("image/png", "QUJD")


def words(*contents, parts=False):
    """The messages of a user turn, as a server reads them."""
    return json.loads(b"[" + b",".join(word_turns([UserTurn(contents)], WordingRules(parts=parts))) + b"]")


def b64(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def file(name, data):
    return {"type": "file", "file": {"filename": name, "file_data": data}}


def text(words):
    return {"type": "text", "text": words}


def result(key, *attachments, name="draw", said="done"):
    return ContentToolResult(text=said, request=ContentToolRequest(key, name, {}), attachments=attachments)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (
            ContentImageRemote("https://x.test/a.png?b", "high"),
            {"type": "image_url", "image_url": {"url": "https://x.test/a.png?b", "detail": "high"}},
        ),
        (IMAGE, {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "auto"}}),
        (ContentDocument("application/pdf", "QUJD", "a.pdf"), file("a.pdf", "data:application/pdf;base64,QUJD")),
        (ContentDocument("application/msword", "QUJD"), file("document", "data:application/msword;base64,QUJD")),
        (ContentDocumentRemote("https://x.test/a.pdf"), file("document.pdf", "https://x.test/a.pdf")),
        (ContentAudio("mp3", "QUJD"), {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}}),
    ],
)
def test_media_as_parts(content, part):
    assert words(content) == [{"role": "user", "content": [part]}]
    assert words("q", content) == [{"role": "user", "content": [text("q"), part]}]


@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown", "application/json", "application/yaml"])
def test_documents_that_are_text_are_sent_as_text(media_type):
    document = ContentDocument(media_type, b64("a\nü"), 'my "notes".md')
    told = '<document name="my \\"notes\\".md">\na\nü\n</document>'
    assert words(document) == [{"role": "user", "content": told}]
    assert words("q", document) == [{"role": "user", "content": f"q\n\n{told}"}]
    assert words("q", document, parts=True) == [{"role": "user", "content": [text("q"), text(told)]}]


def test_a_text_that_is_not_utf8_is_sent_as_far_as_it_can_be_read():
    document = ContentDocument("text/plain", b64(b"a\xff"), "a.txt")
    assert "a\N{REPLACEMENT CHARACTER}\n" in words(document)[0]["content"]


def test_a_typed_answer_is_text():
    assert words(ContentJson([1], "[ 1 ]")) == [{"role": "user", "content": "[ 1 ]"}]


def test_attachments_of_results_follow_all_tool_messages_and_are_marked_with_their_call():
    remote = ContentImageRemote("https://x.test/a.png")
    sound = ContentAudio("wav", "QUJD")
    messages = words(result("c1", IMAGE, sound), "q", result("c2"), result("c3", remote, name="look"))
    assert [message["role"] for message in messages] == ["tool", "tool", "tool", "user"]
    assert [message["tool_call_id"] for message in messages[:3]] == ["c1", "c2", "c3"]
    shown = [part.get("text", part["type"]) for part in messages[3]["content"]]
    assert shown == [
        '<attachments tool_call_id="c1" tool="draw">',
        "image_url",
        "input_audio",
        "</attachments>",
        '<attachments tool_call_id="c3" tool="look">',
        "image_url",
        "</attachments>",
        "q",
    ]


def test_attached_texts_are_one_text():
    messages = words(result("c1", ContentDocument("text/plain", b64("x"), "x.txt")))
    assert messages[1]["content"] == (
        '<attachments tool_call_id="c1" tool="draw">\n\n<document name="x.txt">\nx\n</document>\n\n</attachments>'
    )


def test_a_strict_server_takes_results_with_attachments():
    request = ContentToolRequest("c1", "draw", {})
    turns = [UserTurn("q"), AssistantTurn([request]), UserTurn([result("c1", IMAGE)])]
    messages = json.loads(b"[" + b",".join(word_turns(turns, WordingRules())) + b"]")
    assert check_history(messages) == []


@pytest.mark.parametrize("content", [ContentThinking("hm"), ContentToolRequest("c1", "draw", {})])
def test_what_is_no_user_content_is_refused(content):
    with pytest.raises(ConfigError, match=f"A user turn cannot hold {type(content).__name__}"):
        words(content)


def test_a_document_made_by_hand_of_no_base64_is_an_error_before_anything_is_sent():
    turn = UserTurn([ContentDocument("text/plain", "!", "note.txt")])
    with pytest.raises(MediaError, match=r"'note\.txt' is not base64"):
        word_turns([turn], WordingRules())
