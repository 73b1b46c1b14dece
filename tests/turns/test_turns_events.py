"""Events as values."""

from __future__ import annotations

import copy
import pickle

import pytest

from chatkit._turns.approvals import PendingApproval
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.events import (
    ApprovalRequested,
    Retrying,
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

EVENTS = {
    "turn_started": TurnStarted(UserTurn("q")),
    "text_delta": TextDelta("a"),
    "thinking_delta": ThinkingDelta("a"),
    "tool_input_delta": ToolInputDelta(0, "c1", "add", "{"),
    "approval_requested": ApprovalRequested(PendingApproval(ContentToolRequest("c1", "add", {}))),
    "tool_progressed": ToolProgressed(ContentToolRequest("c1", "add", {}), {"done": [1]}),
    "tool_requested": ToolRequested(ContentToolRequest("c1", "add", {})),
    "tool_returned": ToolReturned(ContentToolResult("x")),
    "retrying": Retrying(1, 0.5, "It failed."),
    "turn_ended": TurnEnded(AssistantTurn("a")),
}


@pytest.mark.parametrize(("name", "event"), EVENTS.items())
def test_an_event_has_a_type_and_is_a_value(name, event):
    assert event.type == name
    for twin in (pickle.loads(pickle.dumps(event)), copy.deepcopy(event)):
        assert (twin, hash(twin), repr(twin)) == (event, hash(event), repr(event))


def test_a_text_delta_is_a_value_although_it_is_written_by_hand():
    assert TextDelta("a") == TextDelta("a") != TextDelta("b")
    assert TextDelta("a") != "a"
    assert TextDelta("a") != ThinkingDelta("a")
    assert repr(TextDelta("a")) == "TextDelta(text='a')"
    assert {TextDelta("a"), TextDelta("a")} == {TextDelta("a")}
    with pytest.raises(AttributeError):
        TextDelta("a").other = 1
