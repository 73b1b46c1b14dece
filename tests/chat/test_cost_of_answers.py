"""What answers cost, over real sockets: by whose price, when it is asked for, and when it is not known."""

import threading

import pytest

from chatkit import (
    AssistantTurn,
    ConfigError,
    LimitError,
    Limits,
    Price,
    UnknownCostWarning,
    Usage,
    UserTurn,
    chat_huggingface,
)
from chatkit._models import shelf
from chatkit.testing import Answer, Delivery, ErrorAnswer, ToolCall

USAGE = {"prompt_tokens": 1_000_000, "completion_tokens": 100_000}
GROQ = {"provider": "groq", "status": "live", "pricing": {"input": 1.0, "output": 10.0}}
NOVITA = {"provider": "novita", "status": "live", "pricing": {"input": 0.5, "output": 1.0}}
FREE = {"provider": "free", "status": "live", "is_free": True}
BARE = {"provider": "bare", "status": "live"}


def said(text="Done.", by="groq", usage=USAGE, **fields):
    headers = {"x-inference-provider": by} if by else {}
    return Answer(text, usage="finish", usage_body=usage, headers=headers, **fields)


@pytest.fixture
def service(service):
    service.models = [{"id": "m", "object": "model", "providers": [GROQ, NOVITA, FREE, BARE]}]
    return service


@pytest.fixture
def methods(service):
    return lambda: [request.method for request in service.requests]


def test_an_ordinary_chat_sends_no_further_request(service, chat, talk, methods):
    for _ in range(3):
        service.script(said())
        talk(chat, "Hi")
    assert [row.cost for row in chat.get_tokens()] == [None] * 3
    assert chat.last_turn().cost is None
    assert methods() == ["POST"] * 3


@pytest.mark.parametrize(("by", "cost"), [("groq", 2.0), ("novita", 0.6), ("free", 0.0), ("bare", None), ("x", None)])
def test_get_cost_asks_for_the_list_once_and_prices_by_who_served(service, chat, methods, by, cost):
    service.script(said(by=by), said(by=by))
    chat.chat("One.")
    assert chat.get_cost() == pytest.approx(cost)
    chat.chat("Two.")
    assert chat.last_turn().cost == pytest.approx(cost)
    assert (chat.get_cost("last"), chat.get_cost()) == (
        pytest.approx(cost),
        None if cost is None else pytest.approx(2 * cost),
    )
    assert [row.cost for row in chat.get_tokens()] == [pytest.approx(cost)] * 2
    assert methods() == ["POST", "GET", "POST"]


def test_without_a_served_provider_the_cost_is_unknown_unless_all_charge_alike(service, chat):
    service.script(said(by=None))
    chat.chat("One.")
    assert chat.get_cost() is None
    service.models = [{"id": "m", "providers": [GROQ, {**GROQ, "provider": "other"}]}]
    chat.models(refresh=True)
    assert chat.get_cost() == pytest.approx(2.0)


def test_what_the_server_tells_goes_before_all_prices(service, make_chat, talk, methods):
    chat = make_chat(prices={"m": (9, 9)})
    service.script(said(usage={**USAGE, "cost": 0.125}))
    talk(chat, "Hi")
    assert (chat.get_cost(), chat.last_turn().cost) == (0.125, 0.125)
    assert methods() == ["POST"]


def test_case_65_a_price_table_of_the_user_with_and_without_cached_tokens(service, make_chat, talk, methods):
    chat = make_chat(prices={"m": Price(2, 10), "m:groq": (2, 10, 0.5)})
    cached = {**USAGE, "prompt_tokens_details": {"cached_tokens": 400_000}}
    service.script(said(by="groq", usage=cached), said(by="novita", usage=cached), said(by="novita"))
    for _ in range(3):
        talk(chat, "Hi")
    assert [row.cost for row in chat.get_tokens()] == pytest.approx([1.2 + 0.2 + 1, 3.0, 3.0])
    assert chat.get_cost() == pytest.approx(8.4)
    assert methods() == ["POST"] * 3


def test_unknown_usage_is_unknown_and_asks_for_nothing(service, make_chat, methods):
    chat = make_chat(prices={"m": (1, 1)})
    service.script(Answer("Done.", usage=None), said())
    chat.chat("One.", echo="output")
    chat.chat("Two.")
    assert (chat.get_cost(), chat.usage().input_tokens) == (None, None)
    assert chat.get_cost("last") == pytest.approx(1.1)
    assert methods() == ["POST"] * 2


def test_an_empty_chat_costs_nothing_and_asks_for_nothing(chat, methods):
    assert (chat.get_cost(), chat.get_cost("last"), chat.get_tokens()) == (0.0, 0.0, [])
    assert methods() == []
    with pytest.raises(ConfigError, match="`include`"):
        chat.get_cost("some")


@pytest.mark.parametrize(
    "listing",
    [ErrorAnswer(404), ErrorAnswer(500), ErrorAnswer(401), ErrorAnswer(200, "no json"), ErrorAnswer(200, "[1, 2]")],
)
def test_a_list_that_cannot_be_had_makes_the_cost_unknown_and_no_error(service, make_chat, monkeypatch, listing):
    from chatkit.testing import _fake_service

    chat = make_chat()
    service.script(said())
    chat.chat("Hi")
    monkeypatch.setattr(_fake_service, "answer_elsewhere", lambda *_: listing)
    assert chat.get_cost() is None
    asked = len(service.requests)
    assert chat.get_cost() is None
    assert len(service.requests) == asked


def test_a_server_that_is_gone_makes_the_cost_unknown_and_no_error(service, chat):
    service.script(said())
    chat.chat("Hi")
    service.close()
    assert chat.get_cost() is None


def test_get_cost_may_be_asked_while_an_answer_streams(service, chat):
    service.script(said("One."), said(["Two", "."]))
    chat.chat("One?")
    pieces = iter(chat.stream("Two?"))
    assert next(pieces) == "Two"
    assert chat.get_cost() == pytest.approx(2.0)
    assert "".join(pieces) == "."
    assert chat.get_cost() == pytest.approx(4.0)


def test_a_model_that_was_changed_is_priced_by_what_was_asked(service, chat):
    service.models = [{"id": "m", "providers": [GROQ]}, {"id": "n", "providers": [NOVITA]}]
    service.script(said(by="groq"), said(by="novita"))
    chat.chat("One.")
    chat.model = "n"
    chat.chat("Two.")
    assert chat.get_cost() == pytest.approx(2.6)


def test_a_limit_on_cost_works_with_real_prices(service, chat, talk, methods):
    chat.limits = Limits(cost=3)
    service.script(said(), said())
    talk(chat, "One.")
    assert chat.last_turn().cost == pytest.approx(2.0)
    talk(chat, "Two.")
    with pytest.raises(LimitError, match=r"3 US dollars is reached \(4 by now\)"):
        talk(chat, "Three.")
    assert methods() == ["POST", "GET", "POST"]
    assert (chat.spent.cost, chat.spent.unknown_cost) == (pytest.approx(4.0), 0)


def test_a_limit_on_cost_ends_a_loop_of_tools(service, chat, talk, add):
    service.on_request(lambda request: said("", tool_calls=[ToolCall("add", {"a": request.number, "b": 1})]))
    with pytest.raises(LimitError, match="5 US dollars"):
        talk(chat, "Add.", limits=Limits(cost=5))
    assert len(add) == 2
    assert chat.spent.requests == 3


def test_a_limit_on_cost_counts_typed_answers(service, chat, typed, methods):
    service.script(said('{"answer": 3}'))
    assert typed(chat, "How many?", type=int, limits=Limits(cost=3)) == 3
    assert chat.last_turn().cost == pytest.approx(2.0)
    with pytest.raises(LimitError, match="1 US dollars"):
        chat.limits = Limits(cost=1)
        typed(chat, "How many?", type=int)
    assert methods() == ["POST", "GET"]


def test_a_user_price_needs_no_list(service, make_chat, methods):
    chat = make_chat(prices={"m": (1, 1)}, limits=Limits(cost=5))
    service.script(said())
    chat.chat("Hi")
    assert chat.spent.cost == pytest.approx(1.1)
    assert methods() == ["POST"]


def test_answers_that_came_without_a_price_are_counted_once_there_is_one(service, chat, methods):
    service.script(said(), said(), said())
    chat.chat("One.")
    chat.chat("Two.")
    assert (chat.spent.unknown_cost, chat.spent.cost) == (2, 0.0)
    chat.limits = Limits(cost=5)
    chat.chat("Three.")
    assert methods() == ["POST", "POST", "GET", "POST"]
    assert (chat.spent.unknown_cost, chat.spent.cost) == (0, pytest.approx(6.0))
    assert chat.clone().spent == chat.spent


def test_a_cost_that_stays_unknown_is_warned_about_and_refused(service, chat, methods):
    service.script(said(by="bare"))
    with pytest.warns(UnknownCostWarning):
        chat.chat("One.", limits=Limits(cost=5))
    with pytest.raises(LimitError, match="did not tell what an answer cost") as caught:
        chat.limits = Limits(cost=5)
        chat.chat("Two.")
    assert "prices=" in str(caught.value)
    assert methods() == ["POST", "GET"]


def test_who_cancels_while_prices_are_looked_up_keeps_the_answer(service, chat, monkeypatch):
    from chatkit.testing import _fake_service

    service.script(said("Whole."))
    late = ErrorAnswer(404, delivery=Delivery(pause_before_headers=30))

    def slow(request, *_):
        if request.method == "GET":
            threading.Timer(0.05, chat.cancel).start()
            return late
        return None

    monkeypatch.setattr(_fake_service, "answer_elsewhere", slow)
    with pytest.warns(UnknownCostWarning):
        assert chat.chat("Hi", limits=Limits(cost=5)) == "Whole."
    assert chat.last_turn().interrupted is None
    assert chat.spent.requests == 1


def test_a_fallback_is_priced_by_its_own_model(service, make_chat):
    service.models = [{"id": "n", "providers": [NOVITA]}]
    chat = make_chat(fallback=["n"], prices={"m": (100, 100)}, max_retries=0)
    answer = AssistantTurn("Done.", Usage(1_000_000, 100_000), requested_model="n", served_by="novita")
    chat.set_turns([UserTurn("Hi"), answer])
    assert chat.get_cost() == pytest.approx(0.6)


def test_estimate_says_nothing_and_asks_for_the_list_once(service, make_chat, methods):
    chat = make_chat(system_prompt="Be terse.")
    made = chat.estimate("x" * 4000, output_tokens=1000)
    assert made.cost == (0.0, pytest.approx((made.input_tokens + 10_000) / 1e6))
    assert chat.estimate("x" * 4000, output_tokens=1000) == made
    assert (methods(), chat.turns) == (["GET"], [])
    assert made.input_tokens == 1011


def test_estimate_counts_history_tools_and_nothing_new(service, chat, add):
    empty = chat.estimate("Hi").input_tokens
    service.script(said("word " * 100))
    chat.chat("Hi")
    assert chat.estimate().input_tokens > empty + 100
    assert chat.estimate("Hi").input_tokens == chat.estimate().input_tokens + 5
    with pytest.raises(ConfigError):
        chat.estimate({"no": "content"})


def test_estimate_without_any_price_is_unknown(service, make_chat):
    service.models = ["m"]
    assert make_chat().estimate("Hi").cost is None
    assert make_chat(prices={"m": (1, 1)}).estimate("Hi", output_tokens=0).cost[0] > 0


def test_a_route_chooses_the_offer(service):
    chat = chat_huggingface(
        model="m:novita", base_url=service.base_url, credentials=lambda: "hf_x", echo="none", max_retries=0
    )
    assert chat.estimate("x", output_tokens=1).cost[0] == pytest.approx(5 * 0.5e-6)
    service.script(said(by=None))
    chat.chat("Hi")
    assert chat.get_cost() == pytest.approx(0.6)


def test_a_stale_list_is_fetched_again(service, chat, methods, clock):
    service.script(said())
    chat.chat("Hi")
    assert chat.get_cost() == chat.get_cost() == pytest.approx(2.0)
    now = shelf.time.monotonic()
    clock(shelf, lambda: now + shelf.FRESH_SECONDS + 60)
    assert chat.get_cost() == pytest.approx(2.0)
    assert methods() == ["POST", "GET", "GET"]
