"""Tool calls that need approval: they wait, are decided on, travel with the turns, and never run by themselves."""

import asyncio
import copy
import dataclasses

import pytest

from chatkit import (
    ApprovalRequested,
    ConfigError,
    ToolFailureWarning,
    ToolRequested,
    ToolReturned,
    UserTurn,
    chat_openai_compatible,
    tool,
)
from chatkit._engine.limits import Limits
from chatkit.testing import Answer, ToolCall, check_history

PENDING = [ToolCall("delete", {"path": "a.txt"}, id="c1"), ToolCall("look", {"path": "b.txt"}, id="c2")]


@pytest.fixture
def files(chat):
    """Two tools, one of which needs approval, and the list of what they did."""
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
def ask(service, talk):
    """Have the model ask for a deletion, and for something harmless beside it if wanted."""

    def act(chat, calls=PENDING[:1]):
        service.script(Answer("I will. ", tool_calls=list(calls)))
        return talk(chat, "Clean up.")

    return act


@pytest.fixture
def resume(talk):
    def act(chat, **options):
        if talk.is_async and talk.streams:
            return asyncio.run(_joined(chat.stream_resume_async(**options)))
        if talk.is_async:
            return str(asyncio.run(chat.resume_async(**options)))
        return "".join(chat.stream_resume(**options)) if talk.streams else str(chat.resume(**options))

    return act


async def _joined(stream):
    return "".join([piece async for piece in stream])


def test_a_call_that_needs_approval_pauses_the_turn(service, chat, files, ask):
    assert ask(chat) == "I will. "
    pending = chat.pending_approvals()
    assert [(item.id, item.name, dict(item.arguments)) for item in pending] == [("c1", "delete", {"path": "a.txt"})]
    assert files == []
    assert len(service.requests) == 1
    assert [turn.role for turn in chat.turns] == ["user", "assistant"]


def test_the_reply_tells_what_waits(service, chat, files):
    service.script(Answer(tool_calls=PENDING[:1]))
    reply = chat.chat("Clean up.")
    assert [item.id for item in reply.pending] == ["c1"]
    assert repr(reply) == "<Reply of 0 characters, waiting for approval of delete: see resume()>"
    service.say("Gone.")
    assert chat.resume(approve=True).pending == ()


@pytest.mark.parametrize("name", ["id", "token", "value", "all"])
def test_approved_it_runs_and_the_answer_goes_on(service, chat, files, ask, resume, go_on, talk, name):
    ask(chat)
    approval = chat.pending_approvals()[0]
    service.say("Gone.")
    what = {"id": "c1", "token": [approval.token], "value": approval, "all": True}[name]
    assert resume(chat, approve=what) == "Gone."
    assert files == ["deleted a.txt"]
    assert service.requests[1].messages[-1] == {"role": "tool", "tool_call_id": "c1", "content": "deleted"}
    assert chat.pending_approvals() == []
    go_on(chat, talk)


@pytest.mark.parametrize(
    ("deny", "words"),
    [
        ("c1", "Tool call denied. The user did not allow it."),
        (True, "Tool call denied. The user did not allow it."),
        ({"c1": "Not that one."}, "Tool call denied. Not that one."),
        ({"c1": " "}, "Tool call denied. The user did not allow it."),
    ],
)
def test_h17_denied_it_does_not_run_and_the_model_is_told(service, chat, files, ask, resume, go_on, talk, deny, words):
    ask(chat)
    service.say("As you like.")
    with pytest.warns(ToolFailureWarning):
        assert resume(chat, deny=deny) == "As you like."
    assert files == []
    assert service.requests[1].messages[-1]["content"] == words
    go_on(chat, talk)


def test_what_needs_no_approval_runs_at_once_and_all_is_answered_in_order(
    service, chat, files, ask, resume, go_on, talk
):
    ask(chat, PENDING)
    assert files == ["looked at b.txt"]
    assert [item.id for item in chat.pending_approvals()] == ["c1"]
    service.say("Both done.")
    resume(chat, approve=True)
    assert files == ["looked at b.txt", "deleted a.txt"]
    tools = [message for message in service.requests[1].messages if message["role"] == "tool"]
    assert [message["tool_call_id"] for message in tools] == ["c1", "c2"]
    go_on(chat, talk)


def test_deciding_on_some_leaves_the_others_waiting_and_sends_nothing(service, chat, files, ask, resume):
    two = [PENDING[0], dataclasses.replace(PENDING[0], id="c3", arguments={"path": "c.txt"})]
    ask(chat, two)
    assert resume(chat, approve="c1") in ("", "I will. ")
    assert files == ["deleted a.txt"]
    assert [item.id for item in chat.pending_approvals()] == ["c3"]
    assert len(service.requests) == 1
    service.say("Done.")
    with pytest.warns(ToolFailureWarning):
        resume(chat, deny="c3")
    assert check_history(service.requests[1].messages) == []
    assert [message["content"][:7] for message in service.requests[1].messages[-2:]] == ["deleted", "Tool ca"]


def test_saying_something_else_answers_what_waits_and_nothing_runs(service, chat, files, ask, go_on, talk):
    ask(chat)
    messages = go_on(chat, talk, "Never mind.")
    assert messages[2]["role"] == "tool"
    assert files == []
    assert chat.pending_approvals() == []


def test_the_pause_is_in_the_turns_and_travels_with_them(service, chat, files, ask, resume, make_chat):
    ask(chat)
    other = make_chat()
    other.set_turns(chat.turns)
    for twin in (other, chat.clone(), copy.deepcopy(chat), chat.fork()):
        assert [item.token for item in twin.pending_approvals()] == [chat.pending_approvals()[0].token]
    assert files == []
    service.say("Hm.")
    with pytest.warns(ToolFailureWarning, match="Unknown tool 'delete'"):
        resume(other, approve=True)
    assert files == []


def test_an_approval_is_bound_to_id_name_and_arguments(service, chat, files, ask):
    ask(chat)
    approval = chat.pending_approvals()[0]
    for change in ({"arguments": {"path": "/"}}, {"name": "look"}, {"id": "c9"}):
        forged = dataclasses.replace(approval, request=dataclasses.replace(approval.request, **change))
        assert forged.token != approval.token
        with pytest.raises(ConfigError, match=r"waits for approval; these do: c1 \(delete\)"):
            chat.resume(approve=forged)
        with pytest.raises(ConfigError, match="waits for approval"):
            chat.resume(approve=forged.token)
    same = dataclasses.replace(approval.request, arguments=dict(reversed(approval.request.arguments.items())))
    assert dataclasses.replace(approval, request=same).token == approval.token
    assert files == []
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ({}, "Nothing is decided"),
        ({"approve": False}, "Nothing is decided"),
        ({"approve": "c2"}, "No call 'c2' waits"),
        ({"approve": "c1", "deny": "c1"}, "both approved and denied"),
        ({"approve": 3}, "`approve` must be True, or name calls"),
        ({"deny": {"c1": 3}}, "reason to deny a call must be a text, not int"),
        ({"approve": [3]}, "No call 3 waits"),
        ({"approve": True, "tool_mode": "both"}, "tool_mode"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused_and_nothing_runs(service, chat, files, ask, decision, words):
    ask(chat)
    with pytest.raises(ConfigError, match=words):
        chat.resume(**decision)
    assert files == []
    assert [item.id for item in chat.pending_approvals()] == ["c1"]
    assert len(service.requests) == 1


def test_without_anything_that_waits_there_is_nothing_to_resume(chat, service, talk):
    with pytest.raises(ConfigError, match="No tool call waits"):
        chat.resume(approve=True)
    service.say("Hi.")
    talk(chat, "Hi")
    with pytest.raises(ConfigError, match="No tool call waits"):
        chat.stream_resume(approve=True)


def test_events_tell_the_request_the_call_and_the_result(service, chat, files):
    service.script(Answer(tool_calls=PENDING[:1]))
    told = list(chat.stream("Clean up.").events())
    assert isinstance(told[-1], ApprovalRequested)
    assert told[-1].approval == chat.pending_approvals()[0]
    service.say("Gone.")
    told = list(chat.stream_resume(approve=True).events())
    assert [type(event) for event in told[:2]] == [ToolRequested, ToolReturned]


@pytest.mark.parametrize(("verdict", "did"), [(True, ["deleted a.txt"]), (False, []), ("Not now.", [])])
def test_a_callback_decides_without_a_pause(service, chat, files, talk, verdict, did):
    asked = []
    chat.on_approval(lambda approval: asked.append(approval.name) or verdict)
    service.script(Answer(tool_calls=PENDING[:1]))
    service.say("Well.")
    if verdict is True:
        assert talk(chat, "Clean up.") == "Well."
    else:
        with pytest.warns(ToolFailureWarning, match="denied"):
            talk(chat, "Clean up.")
    assert (asked, files) == (["delete"], did)


def test_the_newest_callback_is_asked_first_and_none_passes_it_on(service, chat, files, talk):
    asked = []
    chat.on_approval(lambda approval: asked.append("older") or True)
    remove = chat.on_approval(lambda approval: asked.append("newer"))
    service.script(Answer(tool_calls=PENDING[:1]), Answer("Gone."))
    talk(chat, "Clean up.")
    assert asked == ["newer", "older"]
    remove()
    service.script(Answer(tool_calls=[dataclasses.replace(PENDING[0], id="c5")]), Answer("Gone."))
    talk(chat, "Again.")
    assert asked == ["newer", "older", "older"]


def test_an_async_callback_is_awaited(service, chat, files, talk):
    async def decide(approval):
        await asyncio.sleep(0)
        return True

    chat.on_approval(decide)
    service.script(Answer(tool_calls=PENDING[:1]), Answer("Gone."))
    assert talk(chat, "Clean up.") == "Gone."
    assert files == ["deleted a.txt"]


def test_h17_what_a_callback_raises_propagates_and_the_calls_wait_on(service, chat, files, talk, resume, go_on):
    def decide(approval):
        raise LookupError("nobody there")

    remove = chat.on_approval(decide)
    service.script(Answer(tool_calls=PENDING))
    with pytest.raises(LookupError, match="nobody there"):
        talk(chat, "Clean up.")
    assert files == []
    assert {item.id for item in chat.pending_approvals()} == {"c1", "c2"}
    remove()
    service.say("Done.")
    resume(chat, approve=True)
    assert files == ["deleted a.txt", "looked at b.txt"]
    go_on(chat, talk)


def test_a_callback_that_gives_something_else_is_told_so(service, chat, files, talk):
    chat.on_approval(lambda approval: 1)
    service.script(Answer(tool_calls=PENDING[:1]))
    with pytest.raises(ConfigError, match="An approval is True, False, a reason to deny, or None to wait, not int"):
        talk(chat, "Clean up.")
    assert files == []


def test_clones_do_not_share_callbacks(service, chat, files, talk):
    chat.on_approval(lambda approval: True)
    twin = chat.clone()
    service.script(Answer(tool_calls=PENDING[:1]))
    talk(twin, "Clean up.")
    assert files == []
    assert len(twin.pending_approvals()) == 1


def test_a_function_can_decide_what_needs_approval(service, chat, talk):
    did = []

    @tool(requires_approval=lambda request: request.arguments["path"].startswith("/"))
    def delete(path: str) -> str:
        """Delete a file."""
        did.append(path)
        return "deleted"

    chat.register_tool(delete)
    paths = ["a.txt", "/etc"]
    calls = [ToolCall("delete", {"path": path}, id=f"c{number}") for number, path in enumerate(paths)]
    service.script(Answer(tool_calls=calls))
    talk(chat, "Clean up.")
    assert did == ["a.txt"]
    assert [dict(item.arguments) for item in chat.pending_approvals()] == [{"path": "/etc"}]


def test_an_unknown_tool_needs_no_approval(service, chat, files, talk):
    service.script(Answer(tool_calls=[ToolCall("shred", {}, id="c1")]), Answer("Oh."))
    with pytest.warns(ToolFailureWarning, match="Unknown tool"):
        assert talk(chat, "Shred it.") == "Oh."


def test_a_call_that_broke_off_cannot_be_approved(service, chat, files, stream_talk):
    service.script(Answer(tool_calls=PENDING[:1], finish_reason=None, done=False))
    with pytest.raises(ConnectionError):
        stream_talk(chat, "Clean up.")
    assert chat.pending_approvals() == []


def test_results_that_the_user_wrote_end_the_waiting(chat, service, files, ask):
    ask(chat)
    chat.set_turns([*chat.turns, UserTurn("Never mind.")])
    assert chat.pending_approvals() == []
    chat.set_turns([UserTurn("Hi")])
    assert chat.pending_approvals() == []


def test_limits_count_for_the_resumed_call_too(service, chat, files, ask, resume):
    ask(chat)
    service.on_request(lambda request: Answer(tool_calls=[ToolCall("look", {"path": str(request.number)})]))
    with pytest.raises(RuntimeError, match="more than 1 rounds"):
        resume(chat, approve=True, limits=Limits(rounds=1))
    assert files == ["deleted a.txt", "looked at 2"]


def test_ctrl_c_while_approved_tools_run_leaves_no_call_waiting(service, chat, files, ask, go_on, talk):
    def interrupted(request):
        raise KeyboardInterrupt

    ask(chat)
    remove = chat.on_tool_request(interrupted)
    with pytest.raises(KeyboardInterrupt):
        chat.resume(approve=True)
    remove()
    assert chat.pending_approvals() == []
    assert files == []
    go_on(chat, talk)


def test_nobody_is_asked_in_a_script(service, monkeypatch):
    def never(prompt=""):
        raise AssertionError("asked")

    monkeypatch.setattr("builtins.input", never)
    chat = chat_openai_compatible(service.base_url, model="m", echo="none")
    chat.register_tool(_deleting())
    service.script(Answer(tool_calls=PENDING[:1]))
    assert len(chat.chat("Clean up.").pending) == 1


def _deleting():
    @tool(requires_approval=True)
    def delete(path: str) -> str:
        """Delete a file."""
        return path

    return delete
