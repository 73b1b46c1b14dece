"""Section 1.11: what echo="all" shows; K1, K5, K8, F24: what the model sends is shown, in every mode, as it is."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._turns.contents import (
    ContentImageRemote,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.events import (
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolRequested,
    ToolReturned,
    TurnEnded,
    TurnStarted,
)
from chatkit._turns.turns import AssistantTurn, UserTurn

REQUEST = ContentToolRequest("call_1", "add", {"x": 1, "y": "two"})
RESULT = ContentToolResult(value=3, text="3", request=REQUEST)
FAILURE = ContentToolResult(error="no such number", request=REQUEST)
ANSWER = AssistantTurn((ContentText("Hello"),))
CALL = AssistantTurn((ContentThinking("Hm"), REQUEST))


def text(words):
    return [TextDelta(piece) for piece in re.findall(r"\s*\S+|\s+$", words)]


def own(written):
    """What is written, without chatkit's own SGR."""
    return re.sub("\x1b\\[(1|2|3|22|23|31|32|34|39)m", "", written)


def test_all_shows_both_sides_and_each_result_once(shown):
    assert shown(
        "all",
        TurnStarted(UserTurn(["1 + two?\n\nQuick.", ContentImageRemote("https://a.example/b.png")])),
        ThinkingDelta("Hm"),
        TurnEnded(CALL),
        ToolRequested(REQUEST),
        ToolReturned(RESULT),
        ToolReturned(FAILURE),
        TurnStarted(UserTurn([RESULT, FAILURE, ContentText("")])),
        *text("It is\n3."),
        TurnEnded(ANSWER),
    ) == (
        "> 1 + two?\n> \n> Quick.\n> [remote image]: https://a.example/b.png\n"
        "< <thinking>\n< Hm\n< </thinking>\n"
        '< [tool request (call_1)]: add(x = 1, y = "two")\n'
        "> [tool result (call_1)]: 3\n"
        "> [tool result (call_1)]: Error: no such number\n"
        "< It is\n< 3.\n"
    )


def test_all_shows_results_that_were_not_told_before(shown):
    later = UserTurn([RESULT])
    assert shown("all", ToolReturned(RESULT), TurnStarted(later), TurnStarted(later)).count("tool result") == 2


def test_all_on_a_terminal_wraps_with_the_prefix_and_reddens_failures(shown, Screen):
    written = shown(
        "all",
        TurnStarted(UserTurn("word " * 14)),
        ToolReturned(FAILURE),
        ThinkingDelta("Hm"),
        *text("word " * 14),
        stream=Screen(),
    )
    assert "\x1b[31m> [tool result (call_1)]: Error: no such number\x1b[39m\n" in written
    assert "\x1b[2m< Hm\n\x1b[22m< \n< word" in written
    lines = own(written).split("\n")
    assert lines.pop() == ""
    assert all(len(line) <= 60 and line[:2] in ("> ", "< ") for line in lines)


def hostile(payload):
    request = ContentToolRequest(payload, payload, {payload: payload})
    return [
        TurnStarted(UserTurn(payload)),
        Retrying(1, 1, payload),
        ThinkingDelta(payload),
        TextDelta(payload),
        TurnEnded(AssistantTurn((request,))),
        ToolRequested(request),
        ToolRequested(ContentToolRequest(payload, payload, None, raw=payload)),
        ToolReturned(ContentToolResult(text=payload, request=request)),
        ToolReturned(ContentToolResult({payload: payload})),
        ToolReturned(ContentToolResult(error=payload, request=request)),
    ]


@pytest.mark.parametrize("mode", ["output", "all"])
def test_K1_F24_payload_everywhere_it_could_be(shown, Screen, mode, payload):
    written = own(shown(mode, *hostile(payload), stream=Screen()))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", written)


@pytest.mark.parametrize("kind", [TextDelta, ThinkingDelta])
@pytest.mark.parametrize("wrapped", [True, False])
def test_K1_payload_byte_by_byte_gives_the_same(shown, Screen, payload, kind, wrapped):
    screen = Screen if wrapped else io.StringIO
    whole = shown("output", kind(payload), stream=screen())
    assert shown("output", *map(kind, payload), stream=screen()) == whole


@pytest.mark.parametrize("words", ["a < b & c", "[bold]x[/bold]", "{x} {0}", "%s %d", "C:\\new\\t", "`*_~", "<b>&lt;"])
def test_K8_text_is_shown_literally(shown, Screen, words):
    for mode in ("output", "all"):
        assert words in shown(mode, TextDelta(words), stream=Screen())
        assert words in shown(mode, ToolReturned(ContentToolResult(words)))


@given(st.lists(st.tuples(st.sampled_from([TextDelta, ThinkingDelta]), st.text("ab \n\x1b\r", max_size=30))), st.data())
def test_any_split_of_the_deltas_gives_the_same_bytes(shown, Screen, pieces, data):
    split = []
    for kind, words in pieces:
        at = data.draw(st.integers(0, len(words)))
        split += [kind(words[:at]), kind(words[at:])]
    for screen in (Screen, io.StringIO):
        for mode in ("output", "all"):
            whole = shown(mode, *[kind(words) for kind, words in pieces], stream=screen())
            assert shown(mode, *split, stream=screen()) == whole


@pytest.mark.parametrize("delta", ["word ", "*", "`"])
def test_K5_twice_the_deltas_write_twice_as_much(shown, Screen, delta):
    # Nothing that was shown is shown again. What it costs in time is a benchmark.
    sizes = [len(shown("output", *[TextDelta(delta)] * count, stream=Screen())) for count in (2000, 4000)]
    assert sizes[1] <= 2 * sizes[0]
    assert sizes[0] < 1.2 * 2000 * len(delta)
