"""What is approved is what runs, and asking that is left, cancelled or too late leaves the calls waiting."""

import asyncio
import json
import threading

import pytest

from chatkit import (
    ApprovalRequested,
    AssistantTurn,
    Cancelled,
    ConfigError,
    LimitError,
    ToolFailureWarning,
    UserTurn,
    tool,
)
from chatkit._engine.limits import Limits
from chatkit._turns.contents import ContentToolRequest
from chatkit.testing import Answer, ToolCall

DELETE = ToolCall("delete", {"path": "a.txt"}, id="c1")
LOOK = ToolCall("look", {"path": "b.txt"}, id="c2")


@pytest.fixture
def did(chat):
    """A tool that needs approval and one that does not, and what they did."""
    did = []

    @tool(requires_approval=True)
    def delete(path: str) -> str:
        """Delete a file."""
        did.append(f"deleted {path}")
        return "deleted"

    def look(path: str) -> str:
        """Look at a file."""
        did.append(f"looked at {path}")
        return "empty"

    chat.register_tools([delete, look])
    return did


@pytest.fixture
def pay(chat):
    """A tool that needs approval for large sums, and what it paid."""
    paid = []

    @tool(requires_approval=lambda request: request.arguments["sum"] > 10)
    def pay(sum: int) -> str:
        """Pay."""
        paid.append(sum)
        return "paid"

    chat.register_tool(pay)
    return paid


def waiting(*paths, ids=("0", "0")):
    """Turns that end in deletions that wait."""
    requests = [ContentToolRequest(key, "delete", {"path": path}) for key, path in zip(ids, paths, strict=False)]
    return [UserTurn("Clean up."), AssistantTurn(requests, finish_reason="tool_calls")]


def names(chat):
    return [approval.name for approval in chat.pending_approvals()]


def test_a_yes_to_one_of_two_calls_with_the_same_id_is_no_yes_to_the_other(service, chat, did):
    chat.set_turns(waiting("harmless.txt", "all"))
    first, second = chat.pending_approvals()
    with pytest.raises(ConfigError, match="Several calls have the id '0'"):
        chat.resume(approve="0")
    with pytest.raises(ConfigError, match="Several calls have the id '0'"):
        chat.resume(deny={"0": "no"})
    service.say("Done.")
    with pytest.warns(ToolFailureWarning, match="denied"):
        chat.resume(approve=[first], deny=[second.token])
    assert did == ["deleted harmless.txt"]


def test_two_calls_that_are_the_same_in_all_are_one_decision(service, chat, did):
    chat.set_turns(waiting("a", "a"))
    service.say("Done.")
    chat.resume(approve=chat.pending_approvals()[0])
    assert did == ["deleted a", "deleted a"]


@pytest.mark.parametrize("then", [waiting("all"), [], [UserTurn("Hi")]])
def test_a_decision_is_not_carried_over_to_what_waits_when_the_stream_begins(service, chat, did, then):
    chat.set_turns(waiting("harmless.txt"))
    stream = chat.stream_resume(approve=True)
    chat.set_turns(then)
    with pytest.raises(ConfigError, match="does not wait any more"):
        list(stream)
    assert did == []
    assert service.requests == []
    assert chat.turns == then


def test_the_same_decision_counts_once(service, chat, did):
    chat.set_turns(waiting("a"))
    first, second = chat.stream_resume(approve=True), chat.stream_resume(approve=True)
    service.say("Done.")
    assert "".join(first) == "Done."
    with pytest.raises(ConfigError, match="does not wait any more"):
        list(second)
    assert did == ["deleted a"]


def test_who_leaves_when_approval_is_asked_for_finds_all_waiting(service, chat, did):
    service.script(Answer(tool_calls=[DELETE, LOOK]))
    for event in chat.stream("Clean up.").events():
        if isinstance(event, ApprovalRequested):
            break
    assert names(chat) == ["delete", "look"]
    service.say("Done.")
    chat.resume(approve=True)
    assert did == ["deleted a.txt", "looked at b.txt"]


def test_who_cancels_while_being_asked_finds_all_waiting(service, chat, did, whole_talk):
    chat.on_approval(lambda approval: chat.cancel("enough") or True)
    service.script(Answer(tool_calls=[DELETE, LOOK]))
    with pytest.raises(Cancelled, match="enough"):
        whole_talk(chat, "Clean up.")
    assert did == []
    assert names(chat) == ["delete", "look"]


def test_a_yes_that_comes_too_late_leaves_the_calls_waiting(service, chat, did, talk):
    late = threading.Event()
    chat.on_approval(lambda approval: not late.wait(0.3))
    service.script(Answer(tool_calls=[DELETE]))
    with pytest.raises(LimitError, match=r"The call.s limit of 0\.2 seconds"):
        talk(chat, "Clean up.", limits=Limits(seconds=0.2))
    assert did == []
    assert names(chat) == ["delete"]
    service.say("Done.")
    chat.resume(approve=True)
    assert did == ["deleted a.txt"]


def test_an_async_approver_is_not_waited_for_beyond_the_limit(service, chat, did, async_talk):
    async def never(approval):
        await asyncio.Event().wait()

    chat.on_approval(never)
    service.script(Answer(tool_calls=[DELETE]))
    with pytest.raises(LimitError, match="seconds"):
        async_talk(chat, "Clean up.", limits=Limits(seconds=0.3))
    assert names(chat) == ["delete"]


def test_an_approvers_own_timeout_is_its_own(service, chat, did, async_talk):
    async def impatient(approval):
        raise TimeoutError("nobody came")

    chat.on_approval(impatient)
    service.script(Answer(tool_calls=[DELETE]))
    with pytest.raises(TimeoutError, match="nobody came"):
        async_talk(chat, "Clean up.", limits=Limits(seconds=60))
    assert names(chat) == ["delete"]


def test_a_chat_without_time_left_runs_nothing_and_the_calls_wait_on(service, chat, did):
    chat.limits = Limits(seconds=5)
    chat.set_turns(waiting("a"))
    chat._talk.spent.seconds = 6
    with pytest.raises(LimitError, match="The chat's limit of 5 seconds"):
        chat.resume(approve=True)
    assert did == []
    assert names(chat) == ["delete"]
    chat.limits = None
    service.say("Done.")
    chat.resume(approve=True)
    assert did == ["deleted a"]


def test_the_calls_limit_of_tool_calls_counts_those_approved(service, chat, did):
    chat.set_turns(waiting("a", "b", ids=("1", "2")))
    with pytest.raises(LimitError, match="The call's limit of 1 tool calls"):
        chat.resume(approve=True, limits=Limits(tool_calls=1))
    assert names(chat) == ["delete", "delete"]
    service.script(Answer(tool_calls=[LOOK]))
    with pytest.warns(ToolFailureWarning), pytest.raises(LimitError, match="The call's limit of 1 tool calls"):
        chat.resume(approve="1", deny="2", limits=Limits(tool_calls=1))
    assert did == ["deleted a"]


@pytest.mark.parametrize("arguments", [{"sum": "1000"}, {"sum": [1000]}, json.dumps(json.dumps({"sum": 1000}))])
def test_a_rule_looks_at_the_arguments_as_they_would_be_used(service, chat, pay, talk, arguments):
    service.script(Answer(tool_calls=[ToolCall("pay", arguments, id="c1")]))
    talk(chat, "Pay.")
    assert names(chat) == ["pay"]
    assert pay == []
    service.say("Paid.")
    chat.resume(approve=True)
    assert pay == [1000]


@pytest.mark.parametrize("arguments", ['{"sum": 1', "[]", {}, {"sum": "much"}])
def test_a_rule_is_not_asked_about_arguments_that_cannot_be_used(service, chat, pay, arguments):
    service.script(Answer(tool_calls=[ToolCall("pay", arguments, id="c1")]), Answer("Oh."))
    with pytest.warns(ToolFailureWarning, match="its arguments are wrong"):
        assert chat.chat("Pay.") == "Oh."
    assert pay == []


def test_a_rule_that_fails_leaves_the_calls_waiting(service, chat, did, talk):
    @tool(requires_approval=lambda request: request.arguments["nothing"])
    def burn(path: str) -> str:
        """Burn."""
        did.append(f"burnt {path}")
        return "burnt"

    chat.register_tool(burn)
    service.script(Answer(tool_calls=[LOOK, ToolCall("burn", {"path": "a"}, id="c3")]))
    with pytest.raises(KeyError, match="nothing"):
        talk(chat, "Clean up.")
    assert did == []
    assert names(chat) == ["look", "burn"]
    service.say("Done.")
    with pytest.warns(ToolFailureWarning, match="No fire"):
        chat.resume(deny={"c3": "No fire."}, approve="c2")
    assert did == ["looked at b.txt"]
