"""The usage of a session: across chats and threads, with unknowns kept apart, and cheap."""

import threading

import pytest

from chatkit import ConfigError, chat_openai_compatible
from chatkit._engine import entries
from chatkit._engine.entries import note_answer
from chatkit._engine.ledger import TokenUsage, UsageRow, token_usage
from chatkit._models.book import Origin
from chatkit._turns.turns import AssistantTurn, Usage, UserTurn
from chatkit.testing import Answer, FakeService, ToolCall

USAGE = {"prompt_tokens": 100, "completion_tokens": 10}
DETAILS = {
    **USAGE,
    "prompt_tokens_details": {"cached_tokens": 40, "image_tokens": 30},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
URL = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def _new_session():
    token_usage(reset=True)
    yield
    token_usage(reset=True)


def said(text="Done.", usage=USAGE, by="groq", **fields):
    headers = {"x-inference-provider": by} if by else {}
    return Answer(text, usage="finish" if usage else None, usage_body=usage, headers=headers, **fields)


SOME = Usage(100, 10)


def answer(usage=SOME, cost=None):
    return AssistantTurn("Hi", usage, cost)


def test_case_66_a_session_counts_across_chats_once_per_request(service, make_chat, talk):
    first, second = make_chat(prices={"m": (1, 1)}), make_chat(name="Other")
    service.script(said(usage=DETAILS), said(), said(by=None))
    talk(first, "One.")
    talk(first, "Two.")
    talk(second, "Three.")
    used = token_usage()
    assert [(row.service, row.model, row.served_by, row.requests) for row in used] == [
        ("OpenAI-compatible", "m", "groq", 2),
        ("Other", "m", None, 1),
    ]
    assert used[0] == UsageRow("OpenAI-compatible", "m", "groq", 2, 200, 40, 20, 5, 30, pytest.approx(220e-6))
    assert (used[1].unknown_cost, used[1].cost) == (1, 0.0)
    total = used.total
    assert (total.requests, total.input_tokens, total.output_tokens, total.unknown_cost) == (3, 300, 30, 1)


def test_case_66_tool_loops_typed_repairs_and_forgotten_turns_are_counted(service, chat, add):
    service.script(
        said("", tool_calls=[ToolCall("add", {"a": 1, "b": 2})]),
        said("3."),
    )
    chat.chat("Add.")
    chat.set_turns([])
    assert token_usage(reset=True).total.requests == 2
    chat.set_tools([])
    service.script(said('{"answer": "x"}'), said('{"answer": 3}'))
    assert chat.chat_structured("How many?", type=int) == 3
    assert token_usage().total.requests == 2


def test_a_cost_is_added_once_the_price_is_known(service, make_chat):
    service.models = [{"id": "m", "providers": [{"provider": "groq", "pricing": {"input": 1, "output": 1}}]}]
    chat = make_chat()
    service.script(said(), said(usage=None))
    chat.chat("One.")
    chat.chat("Two.", echo="none")
    assert (token_usage().total.unknown_cost, token_usage().total.unknown_tokens) == (2, 1)
    assert chat.get_cost("last") is None
    chat.models()
    total = token_usage().total
    assert (total.unknown_cost, total.cost) == (1, pytest.approx(110e-6))
    assert token_usage().total == total
    assert [request.method for request in service.requests] == ["POST", "POST", "GET"]


def test_unknown_stays_unknown():
    note_answer("S", Origin(URL, "m"), answer(Usage()))
    (row,) = token_usage()
    assert (row.unknown_tokens, row.unknown_cost, row.input_tokens, row.cost) == (1, 1, 0, 0.0)
    shown = repr(token_usage()).split("\n")[2]
    # Columns that no answer told anything for are the first to go where there is no room.
    assert shown.split() == ["m", "S", "1", "?", "?", "?"]
    assert (row.cached_tokens, row.reasoning_tokens, row.image_tokens) == (None, None, None)


def test_kinds_of_tokens_that_no_answer_told_are_unknown_and_none_of_them_is_a_count():
    note_answer("S", Origin(URL, "m"), answer(Usage(10, 5)))
    note_answer("S", Origin(URL, "n"), answer(Usage(10, 5, 0, 2)))
    quiet, open_ = token_usage()
    assert (quiet.cached_tokens, quiet.reasoning_tokens) == (None, None)
    assert (open_.cached_tokens, open_.reasoning_tokens, open_.image_tokens) == (0, 2, None)
    total = token_usage().total
    assert (total.input_tokens, total.cached_tokens, total.reasoning_tokens, total.image_tokens) == (20, 0, 2, None)


def test_sums_with_unknown_parts_are_shown_as_at_least():
    note_answer("S", Origin(URL, "org/m:groq", "", "groq"), answer(cost=0.5))
    note_answer("S", Origin(URL, "org/m:groq", "", "groq"), answer(Usage(None, 7), cost=None))
    note_answer("<b>T", Origin(URL, "n\x1b[2J"), answer(Usage(1234567, 1), cost=0.25))
    text, html = repr(token_usage()), token_usage()._repr_html_()
    assert ">= 100" in text and ">= 17" in text and ">= $0.50" in text
    assert "1,234,567" in text and "$0.25" in text
    assert "total" in text
    assert "1 of 3 answers came without token counts: ? is unknown, >= is at least." in text
    assert "1 of 3 answers have no known cost" in html
    assert "\x1b" not in text + html and "<b>" not in html
    assert "&gt;= 1,234,667" in html


def test_a_table_of_nothing_says_so():
    assert repr(token_usage()) == "<TokenUsage: no answers yet>"
    assert len(token_usage()) == 0
    assert token_usage().total == UsageRow("total", "")
    assert "<table>" in token_usage()._repr_html_()


def test_a_table_is_a_sequence_and_a_data_frame():
    for model in "abc":
        note_answer("S", Origin(URL, model), answer(cost=1.0))
    used = token_usage(reset=True)
    assert [row.model for row in used[1:]] == ["b", "c"]
    assert (used[0].model, list(used)[-1].model, used == TokenUsage(list(used))) == ("a", "c", True)
    assert used != list(used)
    assert hash(used) == hash(TokenUsage(used))
    frame = used.to_pandas()
    assert list(frame.columns)[:3] == ["service", "model", "served_by"]
    assert (len(frame), frame["cost"].sum()) == (3, 3.0)
    assert repr(used[0]).startswith("UsageRow(service='S', model='a', requests=1")
    assert len(token_usage()) == 0


def test_without_pandas_it_is_said_what_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ConfigError, match="needs pandas"):
        token_usage().to_pandas()


def test_models_that_served_under_several_names_are_one_row():
    for name in ("m-2024", "m-2025"):
        note_answer("S", Origin(URL, "m", name), answer(cost=1.0))
    (row,) = token_usage()
    assert (row.requests, row.cost) == (2, 2.0)


def test_threads_lose_no_answer():
    turns = [answer(cost=0.25), answer(), answer(Usage())]

    def hammer(number):
        for index in range(300):
            note_answer(f"S{number % 3}", Origin(URL, "m"), turns[index % 3])
            if index % 50 == 0:
                token_usage()

    threads = [threading.Thread(target=hammer, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = token_usage().total
    assert (total.requests, total.cost) == (3600, 300.0)
    assert (total.input_tokens, total.unknown_tokens, total.unknown_cost) == (240_000, 1200, 2400)


def test_reset_takes_all_and_loses_nothing_between_threads():
    seen = []

    def take():
        for _ in range(50):
            seen.append(token_usage(reset=True).total.requests)

    taker = threading.Thread(target=take)
    taker.start()
    for _ in range(2000):
        note_answer("S", Origin(URL, "m"), answer(cost=0.0))
    taker.join()
    assert sum(seen) + token_usage().total.requests == 2000


def test_a_long_session_keeps_few_numbers(service, make_chat):
    chat = make_chat()
    service.on_request(lambda request: said())
    for _ in range(30):
        chat.chat("Hi")
        chat.set_turns([])
    assert len(entries._kept) == 1
    assert len(list(chat._talk.spent.unpriced)) == 1


def test_a_chat_of_1000_turns_is_priced_in_linear_time(service, make_chat, monkeypatch):
    from chatkit._engine import pricing

    chat, asked = make_chat(prices={"m": (1, 1)}), []
    turns = [turn for _ in range(1000) for turn in (UserTurn("q"), AssistantTurn("a", Usage(1_000_000, 0)))]
    chat.set_turns(turns)
    whole = pricing.cost_of
    monkeypatch.setattr(pricing, "cost_of", lambda *given: asked.append(1) or whole(*given))
    assert chat.get_cost() == 1000.0
    assert len(asked) == 1000
    assert len(chat.get_tokens()) == 1000
    assert len(asked) == 2000
    assert chat.get_cost("last") == 1.0
    assert len(asked) == 2001
    assert service.requests == []


def test_many_chats_in_threads_are_all_counted():
    with FakeService() as service:
        service.on_request(lambda request: said())

        def run():
            chat = chat_openai_compatible(service.base_url, model="m", echo="none")
            for _ in range(5):
                chat.chat("Hi")

        threads = [threading.Thread(target=run) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert token_usage().total.requests == 30


def test_a_provider_spelt_in_two_ways_is_one_row():
    for served_by in ("Cerebras", "cerebras"):
        note_answer("S", Origin(URL, "m", "", served_by), answer(cost=0.5))
    assert [(row.served_by, row.requests, row.cost) for row in token_usage()] == [("Cerebras", 2, 1.0)]


def test_on_a_narrow_terminal_the_names_of_models_stay_whole(monkeypatch):
    names = ["meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-70B-Instruct"]
    for name in names:
        note_answer("HuggingFace", Origin(URL, name, "", "groq"), answer(Usage(12, 7), cost=0.5))
    monkeypatch.setenv("COLUMNS", "80")
    lines = repr(token_usage()).split("\n")
    assert [line for line in lines if "/" in line] == names
    assert lines[0].split() == ["model", "service", "served", "by", "requests", "input", "output", "cost"]
    assert max(map(len, lines)) <= 80
    note_answer("S", Origin(URL, "m"), answer(Usage(12, 7, 3, 2, 1), cost=0.5))
    assert "cached  output  reasoning  image" in repr(token_usage())
    monkeypatch.setenv("COLUMNS", "200")
    assert "meta-llama/Llama-3.1-8B-Instruct   HuggingFace" in repr(token_usage())
