"""An exception at every single step of the loop: what it leaves in the history, whoever raises it."""

from __future__ import annotations

import json

import pytest

from chatkit._engine.loop import converse
from chatkit._errors import APIConnectionError, Cancelled
from chatkit._providers.encode import WordingRules
from chatkit._providers.wording import word_turns
from chatkit._turns.contents import ContentToolResult
from chatkit._turns.turns import AssistantTurn, UserTurn
from chatkit.testing import check_history


def worded(turns, rules):
    return b",".join(word_turns(turns, rules))


Q = UserTurn("q")
ANSWERS = ([200, "Let me", "+c1 +c2 .tool_calls"], [200, "Hel", "lo .stop"])
STEPS = [
    *("turn_started", "send", "receive", "Let", "me", "receive", "+c1", "+c2", "release", "turn_ended"),
    *("requested c1", "run c1", "returned c1", "requested c2", "run c2", "returned c2"),
    *("turn_started", "send", "receive", "Hel", "receive", "lo", "release", "turn_ended"),
]
ERRORS = {
    "KeyboardInterrupt": (KeyboardInterrupt, "interrupted"),
    "GeneratorExit": (GeneratorExit, "stopped"),
    "Cancelled": (lambda: Cancelled("x", reason="enough"), "enough"),
    "APIError": (
        lambda: APIConnectionError("Reset."),
        ("APIConnectionError: Reset.", "StreamInterruptedError: Broken: Reset."),
    ),
    "another": (lambda: ValueError("mine"), "ValueError: mine"),
}
# What stands in the history after so many steps: turns that are whole, and the text of a partial one.
WHOLE = {**dict.fromkeys(range(1, 10), 0), **dict.fromkeys(range(10, 17), 2), **dict.fromkeys(range(17, 24), 3), 24: 4}
PARTIAL = {
    4: "Let",
    5: "Letme",
    6: "Letme",
    7: "Letme",
    8: "Letme",
    9: "Letme",
    20: "Hel",
    21: "Hel",
    22: "Hello",
    23: "Hello",
}


def test_the_steps_are_those(fake, talk):
    assert fake.play(converse(talk, Q, stream=True, concurrent=False), fake.Wire(*ANSWERS)).log == STEPS


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("at", range(1, len(STEPS) + 1), ids=lambda at: f"{at} {STEPS[at - 1]}")
def test_an_exception_at_any_step(fake, talk, name, at):
    make, reason = ERRORS[name]
    error = make if make is GeneratorExit else make()
    script = converse(talk, Q, stream=True, concurrent=False)
    played = fake.play(script, fake.Wire(*ANSWERS), at=at, throw=error)
    assert played.log == STEPS[:at]
    expect_raised(played.error, error)

    turns = talk.history.turns
    results = 1 if 11 <= at <= 16 else 0
    user = 1 if at < 10 and at in PARTIAL else 0
    assert len(turns) == WHOLE[at] + results + user + (at in PARTIAL)
    if at in PARTIAL:
        assert turns[-1].text == PARTIAL[at]
        assert turns[-1].interrupted in reason if isinstance(reason, tuple) else turns[-1].interrupted == reason
        if isinstance(error, Cancelled | APIConnectionError):
            assert played.error.partial is turns[-1]
    elif turns:
        assert all(turn.interrupted is None for turn in turns if isinstance(turn, AssistantTurn))
        assert getattr(error, "partial", None) is None
    if results:
        done = {12: 0, 13: 1, 14: 1, 15: 1, 16: 2}.get(at, 0)
        errors = [result.error for result in turns[-1].tool_results]
        # What came back before the exception is kept.
        assert errors == [None] * done + ["The tool call was interrupted."] * (2 - done)
    go_on(talk)


def expect_raised(raised, error):
    if error is GeneratorExit:
        assert raised is None
    elif isinstance(error, APIConnectionError):
        assert raised is error or "Broken: Reset." in str(raised)
    else:
        assert raised is error


def go_on(talk):
    messages = json.loads(b"[" + worded(talk.history.sendable(UserTurn("go on")), WordingRules()) + b"]")
    assert check_history(messages) == []
    assert messages[-1]["content"].endswith("go on")


@pytest.mark.parametrize("name", ERRORS)
def test_an_exception_while_tools_run_at_once_keeps_what_is_done(fake, talk, name):
    error = ERRORS[name][0]()

    def run(request):
        if request.id == "c2":
            raise error
        return ContentToolResult("4", request=request, text="4")

    played = fake.play(converse(talk, Q, stream=True, concurrent=True), fake.Wire(*ANSWERS), run=run)
    assert played.error is error
    assert [result.error for result in talk.history.turns[-1].tool_results] == [None, "The tool call was interrupted."]
    assert talk.history.turns[-1].tool_results[0].text == "4"
    go_on(talk)


@pytest.mark.parametrize("name", ERRORS)
def test_an_exception_in_a_pause_leaves_no_trace(fake, talk, name):
    error = ERRORS[name][0] if name == "GeneratorExit" else ERRORS[name][0]()
    script = converse(talk, Q, stream=True, concurrent=False)
    played = fake.play(script, fake.Wire([(503, None), "busy"]), at=5, throw=error)
    assert played.log == ["turn_started", "send", "receive", "retrying 1 0.5", "pause 0.5"]
    assert len(talk.history) == 0
    expect_raised(played.error, error)


def test_a_script_that_was_never_begun_leaves_no_trace(talk):
    converse(talk, Q, stream=True, concurrent=False).close()
    assert (len(talk.history), talk.provider.asked) == (0, [])
