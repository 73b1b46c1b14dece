"""The state of a conversation: who is in it, and copies that go their own way."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import pickle
import threading

import pytest

from chatkit._engine.call import Call, events, events_async
from chatkit._engine.conversation import DEFAULT_ROUNDS, Busy, Conversation
from chatkit._engine.loop import converse
from chatkit._errors import ChatBusyError
from chatkit._http.retry import RetryPolicy
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn

Q = UserTurn("q")
OK = [200, "Hello .stop"]


def test_busy_lets_one_in():
    busy = Busy()
    one, other = object(), object()
    busy.check()
    busy.enter(one)
    with pytest.raises(ChatBusyError, match=r"already streaming.*clone\(\)"):
        busy.enter(other)
    with pytest.raises(ChatBusyError):
        busy.enter(one)
    with pytest.raises(ChatBusyError):
        busy.check()
    assert busy.holder is one


def test_leaving_is_harmless_for_who_is_not_in():
    busy = Busy()
    one, other = object(), object()
    busy.leave(one)
    busy.enter(one)
    busy.leave(other)
    assert busy.holder is one
    busy.leave(one)
    busy.leave(one)
    busy.enter(other)
    assert busy.holder is other


@pytest.mark.parametrize("travel", [copy.copy, copy.deepcopy, lambda busy: pickle.loads(pickle.dumps(busy))])
def test_who_is_in_here_is_not_in_there(travel):
    busy = Busy()
    busy.enter(threading)
    twin = travel(busy)
    assert twin.holder is None
    twin.enter(1)
    assert busy.holder is threading


def test_of_many_threads_one_gets_in():
    busy, inside, refused = Busy(), [], []
    together = threading.Barrier(8)

    def come():
        together.wait(5)
        try:
            busy.enter(threading.get_ident())
            inside.append(1)
        except ChatBusyError:
            refused.append(1)

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (len(inside), len(refused)) == (1, 7)


def call(fake, talk, *answers, hook=None, line=None):
    line = (line or fake.Line)(fake.Wire(*answers), hook)
    return Call(talk, converse(talk, Q, stream=True, concurrent=False), line)


def test_a_second_thread_is_refused_and_the_first_goes_on(fake, talk):
    waiting, go = threading.Event(), threading.Event()

    def hook(what):
        if what == "receive":
            waiting.set()
            go.wait(5)

    told = []
    thread = threading.Thread(target=lambda: told.extend(events(call(fake, talk, OK, hook=hook))))
    thread.start()
    assert waiting.wait(5)
    with pytest.raises(ChatBusyError):
        list(events(call(fake, talk, OK)))
    go.set()
    thread.join(5)
    assert told[-1].type == "turn_ended"
    assert len(talk.history) == 2
    assert list(events(call(fake, talk, OK)))[-1].type == "turn_ended"


def test_a_call_inside_of_a_tool_is_refused_and_the_model_is_told(fake, talk):
    def add() -> str:
        """Add."""
        list(events(call(fake, talk, OK)))
        return "never"

    talk.toolbox = Toolbox([add])
    list(events(call(fake, talk, [200, "+c1 .tool_calls"], OK)))
    assert "busy with another call" in talk.history.turns[2].tool_results[0].error
    assert len(talk.history) == 4


def test_a_second_task_is_refused_and_the_first_goes_on(fake, talk):
    class Slow(fake.AsyncLine):
        async def receive(self):
            await asyncio.sleep(0.01)
            return await super().receive()

    async def listen():
        return [event async for event in events_async(call(fake, talk, OK, line=Slow))]

    async def main():
        return await asyncio.gather(listen(), listen(), return_exceptions=True)

    told, refused = asyncio.run(main())
    assert told[-1].type == "turn_ended"
    assert isinstance(refused, ChatBusyError)
    assert (len(talk.history), talk.busy.holder) == (2, None)


@pytest.mark.parametrize("end", ["close", "throw"])
def test_a_call_that_ends_early_lets_others_in(fake, talk, end):
    told = events(call(fake, talk, [200, "Hel", "lo"]))
    next(told)
    if end == "close":
        told.close()
    else:
        with contextlib.suppress(KeyboardInterrupt):
            told.throw(KeyboardInterrupt)
    talk.busy.check()


def test_a_call_may_be_closed_at_any_time(fake, talk):
    made = call(fake, talk, OK)
    made.close()
    made.close()
    assert list(events(made)) == []
    assert len(talk.history) == 0


def test_a_conversation_by_default(fake):
    talk = Conversation(fake.Provider())
    assert (len(talk.history), talk.system, len(talk.toolbox), talk.max_rounds) == (0, None, 0, DEFAULT_ROUNDS)
    assert talk.retries == RetryPolicy()
    assert 0 <= talk.jitter() <= 1


def test_a_copy_shares_nothing_that_changes(fake, talk):
    def add() -> int:
        """Add."""
        return 4

    talk.system, talk.max_rounds = SystemTurn("s"), 3
    talk.history.commit(Q, AssistantTurn("a"))
    talk.toolbox.register(add)
    heard = []
    talk.toolbox.on_request(heard.append)
    twin = talk.copy()
    same = ("system", "retries", "max_rounds", "jitter", "provider")
    assert all(getattr(twin, name) == getattr(talk, name) for name in same)
    assert twin.history.turns == talk.history.turns
    assert twin.toolbox.definitions == talk.toolbox.definitions
    for name in ("history", "toolbox", "busy"):
        assert getattr(twin, name) is not getattr(talk, name)

    list(events(call(fake, twin, [200, "+c1 .tool_calls"], OK)))
    twin.toolbox.replace([])
    twin.system = None
    assert (len(talk.history), len(twin.history), len(talk.toolbox)) == (2, 6, 1)
    assert heard == []
    talk.toolbox.replace([])
    talk.history.commit(Q)
    assert len(twin.history) == 6


def test_a_copy_is_not_busy(fake, talk):
    told = events(call(fake, talk, OK))
    next(told)
    twin = talk.copy()
    assert list(events(call(fake, twin, OK)))[-1].type == "turn_ended"
    assert [event.type for event in told] == ["text_delta", "turn_ended"]


def test_a_concession_made_in_a_copy_stays_there(fake, talk):
    talk.provider = fake.Provider(yields=1)
    twin = talk.copy()
    list(events(call(fake, twin, [400, "strange"], OK)))
    assert (twin.provider.yields, talk.provider.yields) == (0, 1)
