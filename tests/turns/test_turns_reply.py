"""The reply: a string, and what it comes from."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from chatkit._turns.contents import ContentThinking
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn, Usage

TURN = AssistantTurn([ContentThinking("Hm"), "Hello ", "world"], Usage(1, 2), finish_reason="stop")


def test_a_reply_is_the_text_as_a_string():
    reply = Reply(TURN)
    assert isinstance(reply, str)
    assert reply == "Hello world"
    assert (hash(reply), len(reply), str(reply), f"{reply}") == (hash("Hello world"), 11, "Hello world", "Hello world")
    assert reply.upper() + "!" == "HELLO WORLD!"
    assert json.dumps({"said": reply}) == '{"said": "Hello world"}'
    assert {reply: 1}["Hello world"] == 1


def test_a_reply_knows_its_turn():
    assert Reply(TURN).turn is TURN
    assert Reply(TURN).turn.usage == Usage(1, 2)


def test_the_repr_does_not_repeat_what_was_shown():
    assert repr(Reply(TURN)) == "'Hello world'"
    assert repr(Reply(TURN, echoed=True)) == "<Reply of 11 characters, shown above>"
    assert str(Reply(TURN, echoed=True)) == "Hello world"


@pytest.mark.parametrize("echoed", [False, True])
@pytest.mark.parametrize("travel", [copy.copy, copy.deepcopy, lambda reply: pickle.loads(pickle.dumps(reply))])
def test_a_reply_travels_with_its_turn(echoed, travel):
    reply = Reply(TURN, echoed)
    twin = travel(reply)
    # Where it arrives, nothing stands above it.
    assert (type(twin), twin, twin.turn, repr(twin)) == (Reply, reply, TURN, "'Hello world'")
