"""What a notebook is sent, without a notebook: event by event, into areas that keep what they were given."""

import threading
import types

import pytest

from chatkit._display.notebook import showing
from chatkit._display.notebook.pieces import Note
from chatkit._display.notebook.showing import NotebookEcho
from chatkit._turns.contents import (
    ContentImageInline,
    ContentJson,
    ContentText,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.events import (
    ApprovalRequested,
    ModelLoading,
    Retrying,
    SourceCited,
    TextDelta,
    ThinkingDelta,
    ToolInputDelta,
    ToolProgressed,
    ToolRequested,
    ToolReturned,
    TurnEnded,
    TurnStarted,
)
from chatkit._turns.turns import AssistantTurn, UserTurn

CALL = ContentToolRequest("1", "add", {"a": 1})
IMAGE = ContentImageInline("image/png", "iVBORw0KGgo=")


class Areas:
    """A notebook whose outputs are lists of the bundles that they were given."""

    def __init__(self, threads=True):
        self.made = []
        self.threads = threads

    def area(self):
        return types.SimpleNamespace(put=self._new())

    def _new(self):
        held = []

        def put(bundle):
            if not held:
                self.made.append(held)
            held.append(bundle)

        return put

    def thread(self, target):
        made = threading.Thread(target=target)
        if not self.threads:
            made.start = lambda: (_ for _ in ()).throw(RuntimeError("can't start new thread"))
        return made

    @property
    def last(self):
        return [held[-1] for held in self.made]


def shown(*events, everything=False, areas=None):
    """The last state of each output after some events."""
    areas = areas or Areas()
    echo = NotebookEcho(areas, everything=everything)
    for event in events:
        echo.show(event)
    echo.close()
    echo.close()
    return areas.last


def text(*pieces):
    return [TextDelta(piece) for piece in pieces]


def live(*events):
    """What stands there before the end, when all that has to wait was sent."""
    areas = Areas()
    echo = NotebookEcho(areas)
    for event in events:
        echo.show(event)
    with echo._pace.lock:
        echo._pace.now()
    html = areas.last[-1]["text/html"] if areas.made else None
    echo.close()
    return html


def test_nothing_said_is_nothing_shown():
    assert shown() == []
    assert shown(TurnStarted(UserTurn([ContentText("hi")])), TurnEnded(AssistantTurn([]))) == []


def test_three_forms_are_kept():
    (last,) = shown(*text("**a", "b**"))
    assert "<strong>ab</strong>" in last["text/html"]
    assert (last["text/markdown"], last["text/plain"]) == ("**ab**", "**ab**")


@pytest.mark.parametrize("start", ["-", "| a |\n|-", "#", "```", "=", "  *"])
def test_a_beginning_that_may_become_anything_is_not_shown_yet(start):
    html = live(*text("Words:\n" + start))
    assert "<h2>" not in html and "<h1>" not in html and "<hr>" not in html
    assert "Words:" in html


def test_thinking_has_a_window_while_it_streams_and_is_folded_afterwards():
    assert " open>" in live(ThinkingDelta("Hm. " * 300))
    assert len(live(ThinkingDelta("Hm. " * 3000))) < 1500
    (last,) = shown(ThinkingDelta("Hm\n\nwell"), *text("Yes."))
    assert " open>" not in last["text/html"]
    assert last["text/markdown"] == "> **Thinking**\n> \n> Hm\n> \n> well\n\nYes."
    assert last["text/plain"] == "<thinking>\nHm\n\nwell\n</thinking>\nYes."


def test_very_long_thinking_is_cut_and_does_not_travel_again():
    first, second = shown(ThinkingDelta("x" * 30_000), *text("Yes."))
    assert "(30,000 characters)" in first["text/html"]
    assert "Yes." in second["text/html"]


def test_a_call_runs_tells_and_returns():
    assert "running …" in live(ToolRequested(CALL))
    assert "half <b>" not in live(ToolRequested(CALL), ToolProgressed(CALL, "half <b>"))
    assert "half &lt;b&gt;" in live(ToolRequested(CALL), ToolProgressed(CALL, "half <b>"))
    assert "0.5" in live(ToolRequested(CALL), ToolProgressed(CALL, 0.5))
    (last,) = shown(ToolRequested(CALL), ToolReturned(ContentToolResult(2, request=CALL, attachments=(IMAGE,))))
    assert "✓ <code>add(a = 1)</code>" in last["text/html"]
    assert last["text/html"].endswith('base64,iVBORw0KGgo=">')
    assert last["text/plain"] == "[tool call] add(a = 1)\n2\n[inline image]: image/png"
    assert last["text/markdown"] == "**Tool call:** `add(a = 1)`\n\n```\n2\n```\n\n**Image:** `image/png` (9 bytes)"


def test_arguments_that_the_line_has_no_room_for_stand_below_it():
    long = ContentToolRequest("1", "add", {"a": "x" * 200})
    assert "<pre" not in live(ToolRequested(CALL))
    assert "<pre" in live(ToolRequested(long))
    assert "(9,000 characters)" in live(ToolReturned(ContentToolResult("y" * 9000, request=long)))


def test_many_results_are_left_behind():
    calls = [ContentToolRequest(str(number), "add", {"a": number}) for number in range(4)]
    states = shown(*(ToolReturned(ContentToolResult("y" * 3900, request=call)) for call in calls), *text("Yes."))
    assert [state["text/plain"].count("[tool call]") for state in states] == [2, 2, 0]


def test_a_result_without_a_request_is_not_a_call():
    assert shown(ToolReturned(ContentToolResult(2))) == []


def test_a_call_that_never_returned_says_so():
    (last,) = shown(ToolRequested(CALL))
    assert "no result" in last["text/html"]
    assert last["text/plain"].endswith("no result")


def test_calls_at_once_keep_their_places():
    second = ContentToolRequest("2", "mul", {"a": 1})
    results = [
        ToolReturned(ContentToolResult(name, request=call)) for name, call in (("late", second), ("first", CALL))
    ]
    (last,) = shown(ToolRequested(CALL), ToolRequested(second), *results)
    assert last["text/plain"] == "[tool call] add(a = 1)\nfirst\n[tool call] mul(a = 1)\nlate"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (ToolInputDelta(0, "", "", "{"), "Preparing a tool call …"),
        (ToolInputDelta(0, "1", "add", "{"), "Preparing a call of add …"),
        (Retrying(1, 0.5, "Busy <b>\n."), "Attempt 1 failed, trying again in 0.5 s: Busy &lt;b&gt; ."),
        (Retrying(1, 0, "Busy.", "other"), "Busy; now other"),
        (Retrying(1, 0, "Busy.", "other", "there"), "Busy; now other at there"),
        (ModelLoading(3, 60, 1, "loading"), "The model is loading: waited 3 s of 60 s at most …"),
    ],
)
def test_what_is_waited_for_is_told_and_goes_away(event, words):
    assert words in live(event)
    assert words in live(event, event)
    (last,) = shown(*text("a"), event, *text("b"))
    assert last["text/plain"] == "a\nb"
    areas = Areas()
    assert [state["text/plain"] for state in shown(event, areas=areas)] == [""]


def test_a_note_in_an_output_that_is_left_behind_goes_away_too():
    first, second = shown(*text("word\n\n" * 3000), ModelLoading(1, 2, 1, "x"), *text("end"))[-2:]
    assert "loading" not in first["text/html"] + second["text/html"]


def test_a_question_divides_what_is_shown(monkeypatch):
    first, second = shown(*text("a"), ApprovalRequested(types.SimpleNamespace(request=CALL)), *text("b"))
    assert (first["text/plain"], second["text/plain"]) == ("a", "b")


def test_what_is_sent_is_shown_when_everything_is():
    turn = UserTurn([ContentText("Look:"), IMAGE])
    result = ContentToolResult(2, request=CALL)
    returned = [ToolRequested(CALL), ToolReturned(result), TurnStarted(UserTurn([result]))]
    assert shown(TurnStarted(turn)) == []
    (last,) = shown(TurnStarted(turn), *returned, everything=True)
    assert last["text/plain"] == "> Look:\n> [inline image]: image/png\n[tool call] add(a = 1)\n2"
    assert last["text/markdown"].startswith("> Look:\n> \n> **Image:** `image/png`")
    assert "<img" in last["text/html"]


def test_pictures_of_an_answer_and_what_it_cites():
    (last,) = shown(*text("a"), SourceCited(None), TurnEnded(AssistantTurn([ContentText("a"), IMAGE])))
    assert "<img" in last["text/html"]
    assert last["text/markdown"] == "a\n\n**Image:** `image/png` (9 bytes)"


def test_a_typed_answer_is_json_as_soon_as_it_looks_so_and_in_any_case_at_the_end():
    assert "language-json" in live(*text('{"a": "*b*'))
    (last,) = shown(*text('["*b*"]'), TurnEnded(AssistantTurn([ContentJson(["*b*"], '["*b*"]')])))
    assert "language-json" in last["text/html"]
    assert last["text/markdown"] == '```json\n["*b*"]\n```'


def test_a_long_answer_is_left_behind_block_by_block():
    words = [f"Paragraph {number}. " + "x " * 400 + "\n\n" for number in range(30)]
    states = shown(*text(*words))
    assert 3 <= len(states) <= 6
    assert "".join(state["text/plain"] for state in states) == "".join(words)
    assert all(state["text/markdown"] for state in states)


def test_a_failed_front_end_does_not_stop_the_answer():
    class Broken(Areas):
        def area(self):
            return types.SimpleNamespace(put=self._fail)

        def _fail(self, bundle):
            raise OSError("gone")

    assert shown(*text("a"), areas=Broken()) == []


def test_without_threads_everything_is_shown_at_the_end():
    (last,) = shown(*text(*"abcdef"), areas=Areas(threads=False))
    assert last["text/plain"] == "abcdef"


def test_the_stop_button_is_told_in_one_line():
    echo = NotebookEcho(Areas())
    with pytest.raises(KeyboardInterrupt) as caught:
        try:
            raise KeyboardInterrupt
        finally:
            echo.close()
    assert caught.value._render_traceback_() == [showing._STOPPED]


def test_a_note_has_a_plain_form_too():
    assert (Note("a *b*").markdown(), Note("a").plain()) == ("a *b*", "a")
