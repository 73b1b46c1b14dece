"""Case 64: a chat can be printed whatever is in it, and what it prints is true."""

import re

import pytest

from chatkit._display.summary import chat_text
from chatkit._turns.contents import (
    ContentImageInline,
    ContentImageRemote,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, SystemTurn, Usage, UserTurn

REQUEST = ContentToolRequest("call_1", "add", {"x": 1, "y": 2})


def printed(*turns, system=None, **options):
    return chat_text("HuggingFace", "org/model", system, turns, **options)


def header(*turns):
    return printed(*turns).split("\n")[0]


def test_64_a_whole_chat():
    text = printed(
        UserTurn("1 + 2?"),
        AssistantTurn((REQUEST,), usage=Usage(120, 8, 100), cost=0.0125),
        UserTurn([ContentToolResult(value=3, text="3", request=REQUEST)]),
        AssistantTurn("3", usage=Usage(30, 2), cost=0.5),
        system="Be brief.",
        width=60,
    )
    assert text == (
        "<Chat HuggingFace/org/model turns=5 input=50+100 output=10 cost=$0.51>\n"
        "── system ──────────────────────────────────────────────────\n"
        "Be brief.\n"
        "── user ────────────────────────────────────────────────────\n"
        "1 + 2?\n"
        "── assistant [input=20+100 output=8 cost=$0.01] ────────────\n"
        "[tool request (call_1)]: add(x = 1, y = 2)\n"
        "── user ────────────────────────────────────────────────────\n"
        "[tool result (call_1)]: 3\n"
        "── assistant [input=30 output=2 cost=$0.50] ────────────────\n"
        "3"
    )


def test_64_empty_chat():
    assert printed() == "<Chat HuggingFace/org/model turns=0>"
    assert chat_text("Local", None, "", []) == "<Chat Local turns=0>"


def test_64_unpaired_user_and_turns_without_contents_or_tokens():
    text = printed(UserTurn(), AssistantTurn(()), UserTurn("Hello?"), UserTurn(["", "Still there?"]))
    assert text.split("\n")[0] == "<Chat HuggingFace/org/model turns=4>"
    assert text.endswith("\nHello?\n── user " + "─" * 72 + "\nStill there?")


def test_a_system_turn_among_the_turns_is_printed_as_one():
    assert "── system ──" in printed(SystemTurn("Be kind."))


def test_61_partial_turns_say_why():
    assert "── assistant [cancelled] ───" in printed(AssistantTurn("So", interrupted="cancelled", usage=Usage(1, 1)))


def test_a_long_reason_is_cut_to_the_rule():
    line = printed(AssistantTurn("So", interrupted="x" * 200), width=40).split("\n")[1]
    assert len(line) == 40
    assert line.endswith("…] ─")


@pytest.mark.parametrize(
    ("usages", "shown"),
    [
        ([Usage()], ""),
        ([Usage(5, None)], " input=5"),
        ([Usage(None, 7)], " output=7"),
        ([Usage(0, 0)], " input=0 output=0"),
        ([Usage(5, 1), Usage()], " input=5 output=1"),
        ([Usage(5, 1, 0), Usage(5, 1, 3)], " input=7+3 output=2"),
        ([Usage(None, 1, 3)], " output=1"),
    ],
)
def test_tokens_only_as_far_as_they_are_known(usages, shown):
    turns = [AssistantTurn("x", usage=usage) for usage in usages]
    assert header(*turns) == f"<Chat HuggingFace/org/model turns={len(usages)}{shown}>"


@pytest.mark.parametrize(
    ("costs", "shown"),
    [
        ([0.0], " cost=$0.00"),
        ([1e-9], " cost=<$0.000001"),
        ([0.00042], " cost=$0.00042"),
        ([0.0000123], " cost=$0.000012"),
        ([0.009], " cost=$0.0090"),
        ([0.02], " cost=$0.02"),
        ([1.0, 2.345], " cost=$3.35"),
        ([None], ""),
        ([0.5, None], ""),
    ],
)
def test_cost_only_when_all_of_it_is_known_and_a_tiny_one_is_not_none(costs, shown):
    turns = [AssistantTurn("x", cost=cost) for cost in costs]
    assert header(*turns) == f"<Chat HuggingFace/org/model turns={len(costs)}{shown}>"


def test_every_content_has_a_form():
    text = printed(
        UserTurn(["Look", ContentImageRemote("https://a.example/b.png"), ContentImageInline("image/png", "AAAA")]),
        AssistantTurn((ContentThinking("Hm.\n"), ContentText("Yes"), ContentToolRequest("c", "f", None, raw='{"x": '))),
        UserTurn([ContentToolResult(error="no", request=REQUEST), ContentToolResult(value=[1])]),
        UserTurn([ContentToolResult("ok", attachments=(ContentImageInline("image/png", "AAAA"),))]),
    )
    for form in (
        "Look\n[remote image]: https://a.example/b.png\n[inline image]: image/png\n",
        '<thinking>\nHm.\n</thinking>\nYes\n[tool request (c)]: f({"x": )\n',
        "[tool result (call_1)]: Error: no\n[tool result]: [1]\n",
        "[tool result]: ok\n[inline image]: image/png",
    ):
        assert form in text


def test_long_results_are_shown_in_part():
    result = ContentToolResult("\n".join("abcdefgh"), request=REQUEST)
    assert printed(UserTurn([result])).endswith("(call_1)]: a\nb\nc\nd\ne\n…")


def test_colours_of_roles_errors_and_thinking():
    text = printed(
        UserTurn([ContentToolResult(error="no")]), AssistantTurn((ContentThinking("Hm"),)), system="S", color=True
    )
    for form in (
        "\x1b[1msystem\x1b[22m",
        "\x1b[34muser\x1b[39m",
        "\x1b[32massistant\x1b[39m",
        "\x1b[31m[tool result]: Error: no\x1b[39m",
        "\x1b[2m<thinking>\nHm\n</thinking>\x1b[22m",
    ):
        assert form in text


def test_K3_in_ascii():
    text = printed(UserTurn("café 😀"), AssistantTurn("x", interrupted="y" * 99), encoding="ascii", width=30)
    assert text.isascii()
    assert "-- user ---------" in text
    assert "caf? ?" in text
    assert "...] -" in text


def test_K1_payload_in_a_printed_chat(payload):
    request = ContentToolRequest(payload, payload, {payload: payload}, None)
    text = chat_text(
        payload,
        payload,
        payload,
        [
            UserTurn([payload, ContentImageRemote(payload), ContentImageInline(payload, "")]),
            AssistantTurn((ContentThinking(payload), request), interrupted=payload),
            UserTurn([ContentToolResult(error=payload, request=request), ContentToolResult(payload, text=payload)]),
        ],
        color=True,
    )
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", own(text))


def own(text):
    """The text without chatkit's own SGR."""
    return re.sub("\x1b\\[(1|2|3|22|23|31|32|34|39)m", "", text)
