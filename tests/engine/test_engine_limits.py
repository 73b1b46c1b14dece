"""Limits by hand: what is counted, what is refused, and what the errors name."""

import dataclasses
import math
import pickle

import pytest

from chatkit._engine.deadline import Deadline
from chatkit._engine.limits import Limits, Meter, Spent, check_limits
from chatkit._errors import ConfigError, LimitError, ToolLoopLimitError
from chatkit._http.messages import Request, TimeLimits
from chatkit._models.book import Origin
from chatkit._models.prices import Price
from chatkit._turns.contents import ContentToolRequest
from chatkit._turns.turns import AssistantTurn, Usage
from chatkit._warnings import UnknownCostWarning


def answer(tokens=10, cost=None, calls=0):
    requests = tuple(ContentToolRequest(f"c{index}", "add", {}) for index in range(calls))
    usage = Usage(tokens - 1, 1) if tokens is not None else Usage()
    return AssistantTurn(requests or "Hi", usage=usage, cost=cost)


def meter(call=None, chat=None, spent=None, rounds=10):
    return Meter(call or Limits(), chat or Limits(), spent or Spent(), rounds)


@pytest.mark.parametrize(
    "bad",
    [
        {"rounds": -1},
        {"rounds": 1.0},
        {"tool_calls": True},
        {"tokens": 0},
        {"tokens": "10"},
        {"cost": 0},
        {"cost": -0.5},
        {"cost": math.inf},
        {"cost": math.nan},
        {"cost": True},
        {"seconds": 0},
        {"seconds": "60"},
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_by_name(bad):
    with pytest.raises(ConfigError, match=f"`{next(iter(bad))}`"):
        Limits(**bad)


def test_limits_are_limits_or_none():
    assert check_limits(None) == Limits()
    assert check_limits(Limits(rounds=1)) == Limits(rounds=1)
    with pytest.raises(ConfigError, match=r"Limits\(rounds, tool_calls, tokens, cost, seconds\), not dict"):
        check_limits({"rounds": 1})


def test_what_is_known_is_added_up_and_what_is_not_is_counted():
    spent = Spent()
    spent.note(answer(10, 0.5))
    spent.note(answer(None))
    assert dataclasses.asdict(spent) | {"seconds": 0} == {
        "requests": 2,
        "rounds": 0,
        "tool_calls": 0,
        "tokens": 10,
        "cost": 0.5,
        "seconds": 0,
        "unknown_tokens": 1,
        "unknown_cost": 1,
    }
    twin = spent.copy()
    twin.note(answer(1))
    assert (twin.requests, spent.requests) == (3, 2)


@pytest.mark.parametrize("scope", ["call", "chat"])
@pytest.mark.parametrize(("name", "limit"), [("tokens", 15), ("cost", 0.6)])
def test_tokens_and_cost_end_it_once_they_are_used_up(scope, name, limit):
    made = meter(**{scope: Limits(**{name: limit})})
    made.check()
    made.note(answer(10, 0.4))
    made.check()
    made.note(answer(10, 0.4))
    with pytest.raises(LimitError, match=f"The {scope}'s limit of {limit}") as caught:
        made.check()
    error = caught.value
    assert (error.name, error.scope, error.limit, error.used) == (name, scope, limit, {"tokens": 20, "cost": 0.8}[name])
    assert error.turn.text == "Hi"
    assert isinstance(made.admit(1), LimitError)


def test_a_chats_limit_counts_what_earlier_calls_spent():
    spent = Spent(tokens=90)
    made = meter(chat=Limits(tokens=100), spent=spent)
    made.note(answer(10))
    with pytest.raises(LimitError, match=r"The chat's limit of 100 tokens is reached \(100 by now\)"):
        made.check()
    with pytest.raises(LimitError) as caught:
        meter(chat=Limits(tokens=100), spent=spent).check()
    assert caught.value.turn is None


def test_a_cost_that_nobody_knows_is_warned_about_and_ends_it():
    made = meter(Limits(cost=1))
    with pytest.warns(UnknownCostWarning, match="the next request will be refused"):
        made.note(answer(10, None))
    with pytest.raises(LimitError, match="the server did not tell what an answer cost") as caught:
        made.check()
    assert (caught.value.used, caught.value.limit) == (None, 1)


def test_a_cost_that_becomes_known_is_counted_by_call_and_chat_and_opens_the_way():
    spent, origin = Spent(), Origin("http://127.0.0.1:9/v1", "m")
    made = meter(Limits(cost=1), Limits(cost=1), spent)
    with pytest.warns(UnknownCostWarning):
        made.note(answer(1_000_000), origin)
    assert (made.limits_cost, made.servers) == (True, {"http://127.0.0.1:9/v1"})
    twin = spent.copy()
    made.settle({"other": Price(1, 1)})
    with pytest.raises(LimitError, match="did not tell"):
        made.check()
    made.settle({"m": Price(0.5, 0.5)})
    made.check()
    assert (spent.cost, spent.unknown_cost, made.servers) == (0.5, 0, set())
    assert (twin.cost, twin.unknown_cost) == (0.0, 1)
    twin.settle({"m": Price(2, 2)})
    assert (twin.cost, spent.cost) == (2.0, 0.5)


def test_what_may_still_be_settled_travels_with_a_copy_but_is_no_figure():
    spent = Spent()
    spent.note(answer(10), Origin("http://127.0.0.1:9/v1", "m"))
    again = pickle.loads(pickle.dumps(spent))
    again.settle({"m": Price(1, 1)})
    assert again.unknown_cost == 0
    assert "unpriced" not in repr(spent) + str(dataclasses.asdict(spent))
    assert not meter().limits_cost


def test_without_a_limit_on_cost_an_unknown_one_is_no_news():
    made = meter(Limits(tokens=100))
    made.note(answer(10, None))
    made.check()


def test_tokens_that_nobody_counts_end_it_too():
    made = meter(Limits(tokens=100))
    made.note(answer(None))
    with pytest.raises(LimitError, match="did not tell how many tokens"):
        made.check()


def test_rounds_and_calls_are_counted_when_they_are_let_in():
    spent = Spent()
    made = meter(Limits(rounds=2, tool_calls=5), spent=spent)
    made.note(answer(calls=2))
    assert made.admit(2) is None
    refused = made.admit(4)
    assert (refused.name, refused.limit, refused.used) == ("tool_calls", 5, 6)
    assert made.admit(3) is None
    assert (spent.rounds, spent.tool_calls) == (2, 5)
    refused = made.admit(0)
    assert isinstance(refused, ToolLoopLimitError)
    assert (refused.name, refused.limit, refused.scope) == ("rounds", 2, "call")
    assert "(add)" in str(refused)


def test_a_call_without_a_limit_of_rounds_has_the_chats_own_number():
    made = meter(rounds=0)
    assert isinstance(made.admit(1), ToolLoopLimitError)
    assert meter(Limits(rounds=1), rounds=0).admit(1) is None
    assert meter(chat=Limits(rounds=0)).admit(1).scope == "chat"


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_without_a_limit_of_time_nothing_is_bounded():
    deadline = Deadline.of(Limits(), Limits(), 5)
    request = Request("http://x/v1", b"{}")
    assert deadline.bound(request) is request
    assert deadline.pause(1000) == 1000
    deadline.check()
    assert not deadline.passed


@pytest.mark.parametrize(
    ("call", "chat", "spent", "scope", "left"),
    [(10, None, 0, "call", 10), (None, 10, 4, "chat", 6), (10, 10, 4, "chat", 6), (3, 10, 4, "call", 3)],
)
def test_the_nearer_deadline_counts(call, chat, spent, scope, left):
    deadline = Deadline.of(Limits(seconds=call), Limits(seconds=chat), spent)
    bounded = deadline.bound(Request("http://x/v1", b"{}"))
    assert bounded.limits.total == pytest.approx(left, abs=0.5)
    assert deadline.error().scope == scope


def test_a_request_never_gets_more_time_than_it_had():
    clock = Clock()
    deadline = Deadline([("call", 10, 10)], clock)
    assert deadline.bound(Request("http://x/v1", b"{}", limits=TimeLimits(total=4))).limits.total == 4
    clock.now += 7
    assert deadline.bound(Request("http://x/v1", b"{}", limits=TimeLimits(total=4))).limits.total == 3
    assert deadline.pause(2) == 2
    with pytest.raises(LimitError, match="The call's limit of 10 seconds is reached"):
        deadline.pause(3)
    clock.now += 3
    assert deadline.passed
    for act in (deadline.check, lambda: deadline.bound(Request("http://x/v1", b"{}"))):
        with pytest.raises(LimitError) as caught:
            act()
        assert (caught.value.name, caught.value.limit) == ("seconds", 10)


def test_approved_calls_that_are_too_many_for_the_call_are_refused():
    made = meter(Limits(tool_calls=2))
    made.admit_approved(2)
    with pytest.raises(LimitError, match="The call's limit of 2 tool calls") as caught:
        made.admit_approved(3)
    assert (caught.value.name, caught.value.used) == ("tool_calls", 3)


def test_limits_show_what_is_limited():
    assert repr(Limits(cost=0.5)) == "Limits(cost=0.5)"
