"""Plain text of contents, turns and rounds."""

from __future__ import annotations

import pytest

from chatkit._render.text import contents_text
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
from chatkit._turns.turns import AssistantTurn, Round, SystemTurn, UserTurn


@pytest.mark.parametrize(
    "content",
    [
        ContentThinking("hm"),
        ContentImageRemote("https://a/b"),
        ContentImageInline("image/png", "QUJD"),
        ContentDocument("application/pdf", "QUJD"),
        ContentDocumentRemote("https://a/b"),
        ContentAudio("wav", "QUJD"),
        ContentToolRequest("1", "f", {}),
        ContentToolResult("x"),
    ],
)
def test_only_what_was_said_has_a_text(content):
    assert contents_text(content) == ""


def test_a_text_is_itself():
    assert contents_text(ContentText("a < b\r\n **c** \ud800")) == "a < b\r\n **c** \ud800"


def test_a_typed_answer_is_its_json():
    assert contents_text(ContentJson({"a": 1}, '{"a":1}')) == '{"a":1}'


def test_texts_of_a_turn_are_joined_as_they_are():
    turn = AssistantTurn((ContentText("a"), ContentToolRequest("1", "f", {}), ContentText("b")))
    assert contents_text(turn) == turn.text == "ab"


def test_a_round_has_each_turn_between_tags_of_its_role():
    request = ContentToolRequest("1", "f", {})
    ask = AssistantTurn((ContentText("Let me see."), request))
    whole = Round(
        (SystemTurn("Be brief."), UserTurn("1 + 1?")),
        (ask, UserTurn([ContentToolResult(2, request=request)]), AssistantTurn("2.")),
    )
    assert contents_text(whole) == (
        "<system>\nBe brief.\n</system>\n\n<user>\n1 + 1?\n</user>\n\n"
        "<assistant>\nLet me see.\n</assistant>\n\n<assistant>\n2.\n</assistant>"
    )
