"""The estimate of tokens, and where a history is split."""

import pytest

from chatkit._turns.compacting import split_at_budget
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
from chatkit._turns.estimating import estimate_tokens
from chatkit._turns.turns import AssistantTurn, UserTurn

IMAGE = ContentImageInline("image/png", "AAAA")
REQUEST = ContentToolRequest("c1", "add", {"a": 1})


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        (ContentText("x" * 40), 10),
        (ContentText("x"), 1),
        (ContentJson({"a": 1}, '{"a":1}'), 2),
        (ContentThinking("x" * 400), 0),
        (IMAGE, 765),
        (ContentImageRemote("https://x/y.png"), 765),
        (ContentDocument("application/pdf", "A" * 3200), 100),
        (ContentAudio("mp3", "A" * 64000), 30),
        (ContentDocumentRemote("https://x/y.pdf"), 765),
        (REQUEST, 3),
        (ContentToolRequest("c1", "add", None, "{broken}"), 3),
        (ContentToolResult(request=REQUEST, text="x" * 40), 10),
        (ContentToolResult(request=REQUEST, error="x" * 40), 10),
        (ContentToolResult(value=1234, request=REQUEST), 1),
        (ContentToolResult(request=REQUEST, text="x" * 40, attachments=(IMAGE,)), 775),
    ],
)
def test_every_content_has_an_estimate(content, tokens):
    holder = AssistantTurn if isinstance(content, ContentToolRequest | ContentThinking) else UserTurn
    assert estimate_tokens([holder((content,))]) == tokens + 4


def test_a_split_leaves_rounds_whole_and_loses_nothing():
    turns = [
        UserTurn("x" * 400),
        AssistantTurn((REQUEST,)),
        UserTurn([ContentToolResult(3, request=REQUEST, text="3")]),
        AssistantTurn("x" * 400),
        UserTurn("y"),
        AssistantTurn("z"),
    ]
    for budget in (1, 10, 11, 200, 1000):
        old, new = split_at_budget(turns, budget, 1)
        assert old + new == turns
        assert len(old) in (0, 4)
    assert split_at_budget(turns, 1, 2) == ([], turns)
    assert split_at_budget([], 1, 1) == ([], [])
