"""What echo shows of tools while they run, of calls that wait, and of every kind of content."""

import pytest

from chatkit._display.wording import content_text
from chatkit._turns.approvals import PendingApproval
from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.events import ApprovalRequested, TextDelta, ToolProgressed, ToolRequested, TurnEnded, TurnStarted
from chatkit._turns.turns import AssistantTurn, UserTurn

REQUEST = ContentToolRequest("c1", "count", {"to": 3})


def progress(value):
    return ToolProgressed(REQUEST, value)


@pytest.mark.parametrize(
    ("value", "line"),
    [("half way", "  half way\n"), (0.5, "  0.5\n"), ({"done": 1}, '  {"done": 1}\n'), ("a\nb", "  a\u240ab\n")],
)
def test_output_shows_progress_on_one_line(shown, value, line):
    assert shown("output", ToolRequested(REQUEST), progress(value)).split("\n", 1)[1] == line


def test_progress_is_cut_to_the_width_and_cannot_control_the_terminal(shown, payload):
    line = shown("output", progress(payload * 20))
    assert len(line) <= 61
    assert "\x1b" not in line
    assert line.count("\n") == 1


def test_what_json_cannot_say_has_no_preview(shown):
    assert shown("output", progress(object())) == "  (preview not available)\n"


def test_all_leaves_progress_out(shown):
    assert shown("all", progress("half way")) == ""


@pytest.mark.parametrize("mode", ["output", "all"])
def test_a_call_that_waits_ends_the_line_before_it_is_asked_about(shown, mode):
    told = shown(mode, TextDelta("I will."), ApprovalRequested(PendingApproval(REQUEST)))
    assert told.endswith("I will.\n")


def test_all_shows_the_contents_that_are_sent(shown):
    turn = UserTurn(
        [
            ContentImageRemote("https://x/y.png"),
            ContentImageInline("image/png", "AAAA"),
            ContentDocument("application/pdf", "AAAA", "a.pdf"),
            ContentDocumentRemote("https://x/y.pdf"),
            ContentAudio("wav", "AAAA"),
        ]
    )
    assert shown("all", TurnStarted(turn)).splitlines() == [
        "> [remote image]: https://x/y.png",
        "> [inline image]: image/png",
        "> [document]: a.pdf (application/pdf)",
        "> [remote document]: https://x/y.pdf",
        "> [audio]: wav",
    ]


def test_all_shows_a_typed_answer_once(shown):
    answer = AssistantTurn((ContentJson({"a": 1}, '{"a": 1}'),))
    assert shown("all", TextDelta('{"a": 1}'), TurnEnded(answer)) == '< {"a": 1}\n'


def test_a_printed_result_names_what_is_attached():
    result = ContentToolResult(request=REQUEST, text="see", attachments=(ContentAudio("wav", "AAAA"),))
    assert content_text(result) == "[tool result (c1)]: see\n[audio]: wav"
    assert content_text(ContentJson([1], "[1]")) == "[1]"
