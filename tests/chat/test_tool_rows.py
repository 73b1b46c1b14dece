"""Tool calls as the fault catalogue has them, H1 to H5, H9 to H11 and H18, and how the peer's faults are not ours.

Each fault gives the model a result that it can read, the conversation goes on, and the strict server accepts it.
"""

import asyncio
import functools
import threading
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from chatkit import ToolFailureWarning, tool
from chatkit.testing import Answer, ToolCall


@pytest.fixture
def result_of(service, chat, whole_talk, go_on):
    """Let the model make a call; gives what it read, after the conversation has gone on."""

    def act(call, *, fails=True):
        service.script(Answer(tool_calls=[call]), "I see.")
        if fails:
            with pytest.warns(ToolFailureWarning):
                assert whole_talk(chat, "Go") == "I see."
        else:
            assert whole_talk(chat, "Go") == "I see."
        return go_on(chat, whole_talk)[2]["content"]

    return act


def test_h1_an_unknown_tool_is_answered_with_the_real_names(result_of, add):
    assert result_of(ToolCall("plus")) == "Unknown tool 'plus'. Available tools: add."


@pytest.mark.parametrize("arguments", ['{"a": 1, "b', "{'a': 1}", '{"a": 1,\n "b": }', "nonsense"])
def test_h2_arguments_that_are_no_json_are_answered_with_the_position(result_of, add, arguments):
    text = result_of(ToolCall("add", arguments))
    assert "not valid JSON: " in text
    assert "(character " in text
    assert add == []


@pytest.mark.parametrize("arguments", ["", "null", "{}"])
def test_h3_no_arguments_for_a_tool_without_parameters(chat, result_of, arguments):
    chat.register_tool(tool(lambda: "noon", name="now", description="The time."))
    assert result_of(ToolCall("now", arguments), fails=False) == "noon"


@pytest.mark.parametrize(("arguments", "kind"), [("[1, 2]", "an array"), ('"x"', "a string"), ("3", "a number")])
def test_h4_arguments_that_are_no_object(result_of, add, arguments, kind):
    assert f"object expected, got {kind}" in result_of(ToolCall("add", arguments))
    assert add == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"a": "one", "b": 2}, "- a: Input should be a valid integer"),
        ({"a": 1, "b": 2, "c": 3}, "- c: there is no such parameter"),
        ({"a": 1}, "- b: required, but missing"),
        ({"a": None, "b": 2}, "- a: Input should be a valid integer"),
        ({"a": 10**30, "b": [1, 2]}, "- b: Input should be a valid integer"),
    ],
)
def test_h5_wrong_extra_missing_and_null_fields_are_named_with_the_reason(result_of, add, arguments, line):
    assert line in result_of(ToolCall("add", arguments))
    assert add == []


def test_h9_what_a_tool_raises_is_told_without_a_traceback(chat, result_of):
    def fail():
        """Fail."""
        secret = "hunter2"
        raise LookupError(f"no such city, {len(secret)} letters")

    chat.register_tool(fail)
    text = result_of(ToolCall("fail"))
    assert text == "Tool `fail` failed: LookupError: no such city, 7 letters"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_h10_an_interrupt_propagates_and_every_call_is_answered(service, chat, talk, go_on, kind):
    def stop():
        """Stop."""
        raise kind

    chat.register_tools([stop, tool(lambda: "fine", name="fine", description="Fine.")])
    service.script(Answer(tool_calls=[ToolCall("fine"), ToolCall("stop"), ToolCall("fine")]))
    with pytest.raises(kind):
        talk(chat, "Go", tool_mode="sequential")
    results = chat.turns[2].tool_results
    assert results[0].value == "fine"
    assert [result.error for result in results[1:]] == ["The tool call was interrupted."] * 2
    go_on(chat, talk)


def generator():
    yield 1
    yield {"last": True}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "cannot be sent to a model"),
        (b"\xff\xfe\x00", "3 bytes"),
        (float("nan"), "NaN"),
        ([float("inf")], "Infinity"),
        ("x" * 10_000_000, "truncated"),
        (generator, "last"),
    ],
    ids=["object", "bytes", "nan", "infinity", "10 MB", "generator"],
)
def test_h11_values_of_all_kinds_have_an_outcome(service, chat, whole_talk, go_on, value, words):
    chat.register_tool(tool(lambda: value() if callable(value) else value, name="give", description="Give."))
    service.script(Answer(tool_calls=[ToolCall("give")]), "I see.")
    fails = words in ("cannot be sent to a model", "3 bytes")
    if fails:
        with pytest.warns(ToolFailureWarning):
            whole_talk(chat, "Go")
    else:
        whole_talk(chat, "Go")
    text = go_on(chat, whole_talk)[2]["content"]
    assert len(text) < 110_000
    assert words in text


@pytest.mark.parametrize("verb", ["chat", "clear", "add_turn"])
def test_h18_a_tool_that_enters_its_own_chat_is_told_that_it_is_busy(chat, result_of, verb):
    def enter():
        """Enter."""
        {"chat": lambda: chat.chat("Hi"), "clear": lambda: chat.set_turns([]), "add_turn": chat.undo}[verb]()

    chat.register_tool(enter)
    assert "ChatBusyError: The chat is already streaming" in result_of(ToolCall("enter"))


def test_t3_a_tool_gets_models_and_not_dictionaries(chat, result_of):
    class Place(BaseModel):
        city: str
        unit: Literal["c", "f"] = "c"

    def look(place, days=3):
        """Look.

        Args:
            place: Where to look.
        """
        return f"{type(place).__name__} {place.city} {days}"

    chat.register_tool(tool(look, arguments={"place": Place, "days": Annotated[int, Field(ge=1)]}))
    assert result_of(ToolCall("look", {"place": {"city": "Oslo"}}), fails=False) == "Place Oslo 3"


def test_t3_what_has_a_default_is_not_required_and_docstrings_describe(service, chat, talk):
    def look(city: str, days: int = 3, *, key: str = "secret") -> str:
        """Look ahead.

        Args:
            city: Where to look.
        """
        return f"{city} {days} {key}"

    chat.register_tool(functools.partial(look, key="other"))
    service.script(Answer(tool_calls=[ToolCall("look", {"city": "Oslo"})]), "Fine.")
    assert talk(chat, "Go") == "Fine."
    sent = service.requests[0].json["tools"][0]["function"]
    assert sent["description"] == "Look ahead."
    assert sent["parameters"]["properties"]["city"] == {"type": "string", "description": "Where to look."}
    assert "key" not in sent["parameters"]["properties"]
    assert chat.turns[2].tool_results[0].value == "Oslo 3 other"


def test_t9_a_plain_generator_runs_from_async_verbs_too(service, chat, async_talk, go_on):
    def count():
        """Count."""
        yield from (1, 2, 3)

    chat.register_tool(count)
    service.script(Answer(tool_calls=[ToolCall("count")]), "Three.")
    assert async_talk(chat, "Count") == "Three."
    assert go_on(chat, async_talk)[2]["content"] == "3"


def test_t9_plain_tools_do_not_block_the_loop(service, chat):
    ticked = threading.Event()

    def wait() -> bool:
        """Wait for the loop."""
        return ticked.wait(5)

    async def main() -> Any:
        asyncio.get_running_loop().call_later(0.05, ticked.set)
        return await chat.chat_async("Wait")

    chat.register_tool(wait)
    service.script(Answer(tool_calls=[ToolCall("wait")]), "Done.")
    asyncio.run(main())
    assert chat.turns[2].tool_results[0].value is True
