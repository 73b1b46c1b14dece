"""Group H of the fault catalogue: tools, each row whole."""

from __future__ import annotations

import threading

import pytest

from chatkit import (
    InternalServerError,
    LengthFinishReasonError,
    Limits,
    StreamError,
    StreamInterruptedError,
    ToolLoopLimitError,
    tool,
)
from chatkit.testing import Answer, ErrorAnswer, EventsAnswer, ToolCall


@pytest.fixture
def calls():
    return []


@pytest.fixture
def chat(row, calls):
    """A chat of the row with a tool that counts its calls."""
    made = row.make()

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        calls.append((a, b))
        return a + b

    return made.set_tools([add])


@pytest.fixture
def told(row, chat):
    """Let the model make calls, once; gives what it read of the first, once the row is whole."""

    def act(*made, warns=(), **expected):
        expected = {"history": "HT", "requests": 2, **expected}
        row(Answer(tool_calls=made), "I see.", chat=chat, warns=warns, **expected)
        posts = [request for request in row.service.requests if request.method == "POST"]
        return next(message["content"] for message in posts[1].messages if message["role"] == "tool")

    return act


def test_h1_an_unknown_tool(told, calls):
    assert told(ToolCall("plus"), warns=["plus"]) == "Unknown tool 'plus'. Available tools: add."
    assert calls == []


@pytest.mark.parametrize("arguments", ['{"a": 1, "b', "{'a': 1}", "nonsense"])
def test_h2_arguments_that_are_no_json(told, calls, arguments):
    text = told(ToolCall("add", arguments), warns=["add"])
    assert "not valid JSON: " in text
    assert "(character " in text
    assert calls == []


@pytest.mark.parametrize("arguments", ["", "null", "{}"])
def test_h3_no_arguments_for_a_tool_without_parameters(chat, told, arguments):
    chat.register_tool(tool(lambda: "noon", name="now", description="The time."))
    assert told(ToolCall("now", arguments)) == "noon"


@pytest.mark.parametrize("arguments", ["[1, 2]", '"x"', "3"])
def test_h4_arguments_that_are_no_object(told, calls, arguments):
    assert "object expected" in told(ToolCall("add", arguments), warns=["add"])
    assert calls == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"a": "one", "b": 2}, "- a: Input should be a valid integer"),
        ({"a": 1, "b": 2, "c": 3}, "- c: there is no such parameter"),
        ({"a": 1}, "- b: required, but missing"),
        ({"a": None, "b": 2}, "- a: Input should be a valid integer"),
        ('{"a": NaN, "b": 2}', "a: "),
        ({"a": 1, "b": [1, 2]}, "- b: Input should be a valid integer"),
    ],
)
def test_h5_fields_that_do_not_fit(told, calls, arguments, line):
    assert line in told(ToolCall("add", arguments), warns=["add"])
    assert calls == []


@pytest.mark.parametrize("arguments", ['{"a": 1, "b": 2}', '{"a": 1, '])
def test_h6_cut_off_at_max_tokens(row, chat, calls, arguments):
    row(
        Answer(tool_calls=[ToolCall("add", arguments)], finish_reason="length"), chat=chat, warns=["max_tokens"],
        raises=LengthFinishReasonError, names=["max_tokens", "(add)", "no tool was run"], history="HT",
    )  # fmt: skip
    assert calls == []


def fragment(arguments):
    return [{"index": 0, "id": "k", "type": "function", "function": {"name": "add", "arguments": arguments}}]


def test_h7_cut_after_arguments_that_look_complete(row, chat, chunk, calls):
    answer = EventsAnswer([chunk("So: "), chunk(tool_calls=fragment('{"a":1,"b":2}'))], done=False)
    row(
        answer, chat=chat, raises=StreamInterruptedError, names=["the tool calls in it were not run"], history="HP",
        text="So: ",
    )  # fmt: skip
    assert calls == []


def test_h8_invalid_json_between_arguments(row, chat, chunk, calls):
    answer = EventsAnswer([chunk(tool_calls=fragment('{"a":1,')), '{"choices": [', chunk(finish="tool_calls")])
    row(answer, chat=chat, raises=StreamError, names=["Event 2", "not valid JSON"], history="HP")
    assert calls == []


def test_h9_a_tool_that_raises(chat, told):
    def fail():
        """Fail."""
        raise LookupError("no such city")

    chat.register_tool(fail)
    assert told(ToolCall("fail"), warns=["fail"]) == "Tool `fail` failed: LookupError: no such city"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_h10_an_interrupt_in_a_tool(row, chat, kind):
    def stop():
        """Stop."""
        raise kind

    chat.register_tool(stop)
    row(
        Answer(tool_calls=[ToolCall("stop"), ToolCall("add", {"a": 1, "b": 2})]), chat=chat,
        act=lambda: row.say(chat, "Hi", tool_mode="sequential"), raises=kind, history="HT",
    )  # fmt: skip
    assert [result.error for result in chat.turns[4].tool_results] == ["The tool call was interrupted."] * 2


@pytest.mark.parametrize(
    ("value", "words", "warns"),
    [
        (object(), "cannot be sent to a model", ["give"]),
        (b"\xff\xfe\x00", "3 bytes", ["give"]),
        (float("nan"), "NaN", ()),
        ("x" * 10_000_000, "truncated", ()),
        ((n for n in range(3)), "2", ()),
    ],
    ids=["object", "bytes", "nan", "10 MB", "generator"],
)
def test_h11_results_of_all_kinds(chat, told, value, words, warns):
    made = [value] if not hasattr(value, "__next__") else None
    chat.register_tool(tool(lambda: made[0] if made else (n for n in range(3)), name="give", description="Give."))
    text = told(ToolCall("give"), warns=warns)
    assert words in text
    assert len(text) < 110_000


def test_h12_a_tool_that_hangs(row, chat, told):
    release = threading.Event()

    def hang():
        """Hang."""
        release.wait(20)

    chat.register_tool(tool(hang, timeout=0.1))
    assert "timed out after 0.1 s" in told(ToolCall("hang"), warns=["hang"])
    release.set()


def test_h13_tools_for_ever(row, chat, calls):
    row(
        lambda request: Answer(tool_calls=[ToolCall("add", {"a": request.number, "b": 1})]), chat=chat,
        act=lambda: row.say(chat, "Hi", limits=Limits(rounds=3)), raises=ToolLoopLimitError,
        names=["3 rounds", "(add)", "Raise"], history="HT", requests=4,
    )  # fmt: skip
    assert len(calls) == 3


def test_h14_the_same_call_again_and_again(row, chat, calls):
    same = Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 1})])
    row(same, same, same, "I see.", chat=chat, warns=["3 times running", "add"], history="HT", requests=4)
    assert len(calls) == 3


def two(**fields):
    return [ToolCall("add", {"a": n, "b": 1}, **fields) for n in (1, 2)]


@pytest.mark.parametrize(
    "made",
    [
        two(id="k"),
        two(id=""),
        two(omit=["index", "id"]),
        two(omit=["index"]),
        two(id="k", name_fragment=1, fragment=2),
        two(as_object=True),
        two(repeat=True, fragment=3),
    ],
)
def test_h15_calls_numbered_oddly(row, chat, calls, made):
    row(Answer(tool_calls=made), "I see.", chat=chat, history="HT", requests=2)
    assert sorted(calls) == [(1, 1), (2, 1)]
    ids = [request.id for request in chat.turns[3].tool_requests]
    assert len(set(ids)) == 2
    assert all(ids)


def test_h16_two_hundred_calls_in_one_message(told, chat, calls):
    told(*[ToolCall("add", {"a": n, "b": 1}) for n in range(200)], warns=["64"])
    errors = [result.error for result in chat.turns[4].tool_results if result.error is not None]
    assert (len(calls), len(errors)) == (64, 136)
    assert "64" in errors[0]


@pytest.fixture
def wipe(chat, calls):
    """A tool of the chat that must be approved."""
    chat.register_tool(tool(lambda: calls.append("wiped"), name="wipe", description="Wipe.", requires_approval=True))


def test_h17_an_approval_that_is_denied(chat, told, calls, wipe):
    chat.on_approval(lambda request: "not on a Sunday")
    assert "not on a Sunday" in told(ToolCall("wipe"), warns=["wipe"])
    assert calls == []


class Mine(Exception):
    """Raised by the user's own code."""


def test_h17_an_approval_that_raises(row, chat, calls, wipe):
    def ask(request):
        raise Mine("not now")

    chat.on_approval(ask)
    # The call waits for a decision, and is answered when the chat goes on without one.
    row(
        Answer("So: ", tool_calls=[ToolCall("wipe")]),
        chat=chat,
        raises=Mine,
        names=["not now"],
        history="HC",
        text="So: ",
    )
    assert calls == []


def test_h18_a_tool_that_enters_its_own_chat(chat, told):
    def enter():
        """Enter."""
        chat.chat("Hi")

    chat.register_tool(enter)
    assert "ChatBusyError: The chat is already streaming" in told(ToolCall("enter"), warns=["enter"])


@pytest.mark.parametrize("finish", ["tool_calls", "stop"])
def test_h19_text_and_a_call_in_one_answer(row, chat, calls, finish):
    answer = Answer("So: ", tool_calls=[ToolCall("add", {"a": 1, "b": 2})], finish_reason=finish)
    row(answer, "I see.", chat=chat, history="HT", requests=2)
    assert chat.turns[3].text == "So: "
    assert calls == [(1, 2)]


def test_h20_the_request_after_the_tools_fails(row, chat, calls):
    call = Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})])
    row(
        call, *[ErrorAnswer(500, {"error": "own words"})] * 3, chat=chat, raises=InternalServerError,
        names=["own words", "after 3 attempts"], history="HT", requests=4,
    )  # fmt: skip
    assert calls == [(1, 2)]


def test_h21_a_call_although_no_tools_were_sent(row):
    row(Answer(tool_calls=[ToolCall("add")]), "I see.", warns=["add"], history="HT", requests=2)
