"""The faults that the closest peer was measured with, rows R, T, A and M: odd deltas, tools, loops and meddling.

After each fault the next request must be accepted by the strict server (`go_on`). Row R4 is tested with the cases of
reasoning.
"""

import asyncio

import pytest

from chatkit import (
    ContentToolResult,
    InternalServerError,
    StreamInterruptedError,
    SystemTurn,
    ToolFailureWarning,
    ToolLoopLimitError,
    tool,
)
from chatkit.testing import Answer, ErrorAnswer, EventsAnswer, ToolCall


@pytest.mark.parametrize("piece", ["ha", "1", "\n", "\U0001f600"])
def test_row_r1_two_equal_leading_deltas(service, chat, talk, go_on, chunk, piece):
    service.script(EventsAnswer([chunk(piece), chunk(piece), chunk(finish="stop")]))
    assert talk(chat, "Hi") == piece * 2
    assert chat.last_turn().text == piece * 2
    assert go_on(chat, talk)[1]["content"] == piece * 2


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_row_r2_empty_reasoning_beside_content(service, chat, talk, go_on, chunk, field):
    service.script(EventsAnswer([chunk(piece, **{field: ""}) for piece in ("a", "b")] + [chunk(finish="stop")]))
    assert talk(chat, "Hi") == "ab"
    assert go_on(chat, talk)[1]["content"] == "ab"


def test_row_r3_reasoning_and_content_in_one_delta(service, chat, talk, go_on, chunk):
    service.script(EventsAnswer([chunk("a", reasoning="hm"), chunk("b"), chunk(finish="stop")]))
    assert talk(chat, "Hi") == "ab"
    assert chat.last_turn().thinking == "hm"
    go_on(chat, talk)


def test_row_r5_a_finish_reason_sent_twice(service, chat, talk, go_on, add):
    call = {"index": 0, "id": "k", "function": {"name": "add", "arguments": '{"a": 1, "b": 2}'}}
    frames = [{"delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}, {"delta": {}, "finish_reason": "stop"}]
    service.script(EventsAnswer([{"choices": [frame]} for frame in frames]), "3.")
    assert talk(chat, "1 + 2?") == "3."
    assert add == [(1, 2)]
    go_on(chat, talk)


def test_row_r6_parallel_calls_that_all_claim_index_0(service, chat, talk, go_on, add):
    calls = [ToolCall("add", {"a": n, "b": 1}, index=0, id=f"k{n}", fragment=4) for n in (1, 2, 3)]
    service.script(Answer(tool_calls=calls), "Done.")
    assert talk(chat, "Add") == "Done."
    assert sorted(add) == [(1, 1), (2, 1), (3, 1)]
    go_on(chat, talk)


def failing_tool(kind, *arguments):
    def act():
        """Act."""
        raise kind(*arguments)

    return tool(act)


def test_row_t1_a_tool_that_raises(service, chat, whole_talk, go_on, capfd):
    chat.register_tool(failing_tool(ValueError, "no luck"))
    service.script(Answer(tool_calls=[ToolCall("act")]), "I see.")
    with pytest.warns(ToolFailureWarning, match="Tool `act` failed: ValueError: no luck"):
        assert whole_talk(chat, "Go") == "I see."
    assert capfd.readouterr() == ("", "")
    go_on(chat, whole_talk)


def test_row_t2_an_unknown_tool(service, chat, whole_talk, go_on, add, capfd):
    service.script(Answer(tool_calls=[ToolCall("subtract")]), "I see.")
    with pytest.warns(ToolFailureWarning, match="Unknown tool 'subtract'. Available tools: add"):
        assert whole_talk(chat, "Go") == "I see."
    assert capfd.readouterr() == ("", "")
    go_on(chat, whole_talk)


@pytest.mark.parametrize("name", ["two words", "x" * 70, "", "<b>", "näme"])
def test_row_t2_a_tool_with_a_name_that_no_server_would_take_back(service, chat, whole_talk, go_on, add, name):
    service.script(Answer(tool_calls=[ToolCall(name)]), "I see.")
    with pytest.warns(ToolFailureWarning, match="Unknown tool"):
        assert whole_talk(chat, "Go") == "I see."
    go_on(chat, whole_talk)


@pytest.mark.parametrize(
    ("arguments", "field"), [({"city": 42, "b": 1}, "city"), ({"a": 1}, "b"), ({"a": [], "b": 1}, "a")]
)
def test_row_t3_wrong_names_or_types(service, chat, whole_talk, go_on, add, arguments, field):
    service.script(Answer(tool_calls=[ToolCall("add", arguments)]), "I see.")
    with pytest.warns(ToolFailureWarning, match=f"{field}: "):
        assert whole_talk(chat, "Go") == "I see."
    assert add == []
    go_on(chat, whole_talk)


@pytest.mark.parametrize(
    "arguments", ['{"a": 1, "b"', "nonsense", "{args}", "\x00", '{"a": NaN, "b": 1}', '{"a": 1e999, "b": 1}']
)
def test_row_t4_bad_arguments(service, chat, whole_talk, go_on, add, arguments):
    service.script(Answer(tool_calls=[ToolCall("add", arguments)]), "I see.")
    with pytest.warns(ToolFailureWarning, match="add"):
        assert whole_talk(chat, "Go") == "I see."
    assert add == []
    go_on(chat, whole_talk)


def test_row_t4_arguments_as_an_object(service, chat, talk, go_on, add):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2}, as_object=True)]), "3.")
    assert talk(chat, "Go") == "3."
    assert add == [(1, 2)]
    go_on(chat, talk)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_row_t5_ctrl_c_or_exit_in_a_tool(service, chat, talk, go_on, kind):
    chat.register_tool(failing_tool(kind))
    service.script(Answer(tool_calls=[ToolCall("act")]))
    with pytest.raises(kind):
        talk(chat, "Go")
    assert chat.turns[-1].tool_results[0].error == "The tool call was interrupted."
    assert [message["role"] for message in go_on(chat, talk)] == ["user", "assistant", "tool", "user"]


def test_row_t5_an_exception_in_a_callback(service, chat, talk, go_on, add):
    chat.on_tool_result(lambda result: 1 / 0)
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    with pytest.raises(ZeroDivisionError):
        talk(chat, "Go")
    assert chat.turns[-1].tool_results[0].value == 3
    go_on(chat, talk)


def test_row_t6_the_request_after_the_tools_fails(service, make_chat, talk, go_on):
    chat = make_chat(max_retries=0)
    chat.register_tool(tool(lambda: "noon", name="now", description="The time."))
    service.script(Answer(tool_calls=[ToolCall("now")]), ErrorAnswer(500))
    with pytest.raises(InternalServerError):
        talk(chat, "Time?")
    assert go_on(chat, talk)[2]["content"] == "noon"


def test_row_t6_the_answer_after_the_tools_breaks(service, chat, talk, go_on, stalled):
    chat.register_tool(tool(lambda: "noon", name="now", description="The time."))
    service.script(Answer(tool_calls=[ToolCall("now")]), stalled("It ", stall_after=None, cut_after=9999, cut="rst"))
    with pytest.raises(StreamInterruptedError):
        talk(chat, "Time?")
    assert [turn.role for turn in chat] == ["user", "assistant", "user", "assistant"]
    assert chat.last_turn().text == "It "
    assert [message["role"] for message in go_on(chat, talk)] == ["user", "assistant", "tool", "assistant", "user"]


def test_row_t7_a_tool_that_returns_an_image(service, chat, talk, go_on):
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 20
    chat.register_tool(tool(lambda: png, name="draw", description="Draw."))
    service.script(Answer(tool_calls=[ToolCall("draw")]), "Nice.")
    assert talk(chat, "Draw") == "Nice."
    messages = go_on(chat, talk)
    assert [message["role"] for message in messages[:5]] == ["user", "assistant", "tool", "user", "assistant"]
    assert messages[3]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("name", ["same", ""])
def test_row_t8_duplicate_or_empty_ids(service, chat, talk, go_on, add, name):
    calls = [ToolCall("add", {"a": n, "b": 1}, id=name) for n in (1, 2)]
    service.script(Answer(tool_calls=calls), "Done.")
    assert talk(chat, "Add") == "Done."
    results = chat.turns[2].tool_results
    assert [result.value for result in results] == [2, 3]
    assert all(isinstance(result, ContentToolResult) and result.id for result in results)
    go_on(chat, talk)


def test_row_t9_a_generator_tool_that_yields_nothing(service, chat, talk, go_on):
    def nothing():
        """Yield nothing."""
        yield from ()

    async def nothing_async():
        """Yield nothing."""
        for item in ():
            yield item

    chat.register_tools([nothing, nothing_async])
    service.script(Answer(tool_calls=[ToolCall("nothing"), ToolCall("nothing_async")]), "Done.")
    assert talk(chat, "Go") == "Done."
    assert [result.value for result in chat.turns[2].tool_results] == [None, None]
    go_on(chat, talk)


def test_row_t10_a_model_that_never_stops_asking(service, chat, talk, go_on, add):
    service.on_request(lambda request: Answer(tool_calls=[ToolCall("add", {"a": 1, "b": request.number})]))
    with pytest.raises(ToolLoopLimitError, match="more than 10 rounds"):
        talk(chat, "Go")
    assert len(service.requests) == 11
    go_on(chat, talk)


def test_row_a1_a_second_event_loop_on_the_same_chat(service, chat):
    service.script("one", "two", "three")
    assert asyncio.run(chat.chat_async("Hi")) == "one"
    assert asyncio.run(chat.chat_async("Hi")) == "two"
    assert chat.chat("Hi") == "three"


def test_row_a2_an_async_result_callback_and_a_failing_tool(service, chat, whole_talk, go_on):
    seen = []

    async def note(result):
        await asyncio.sleep(0)
        seen.append(result.error)

    chat.on_tool_result(note)
    chat.register_tool(failing_tool(ValueError, "no luck"))
    service.script(Answer(tool_calls=[ToolCall("act")]), "I see.")
    with pytest.warns(ToolFailureWarning):
        assert whole_talk(chat, "Go") == "I see."
    assert seen == ["Tool `act` failed: ValueError: no luck"]
    go_on(chat, whole_talk)


def test_row_m1_a_system_prompt_set_while_streaming_counts_from_the_next_request_on(service, chat, go_on, stream_talk):
    service.say("a", "b")
    stream = chat.stream("Hi")
    assert next(stream) == "a"
    chat.system_prompt = "Be terse."
    assert "".join(stream) == "b"
    assert [turn.text for turn in chat.get_turns(include_system_prompt=True)] == ["Be terse.", "Hi", "ab"]
    assert go_on(chat, stream_talk)[0] == {"role": "system", "content": "Be terse."}
    assert chat.last_turn("system") == SystemTurn("Be terse.")


def test_row_m2_turns_cannot_be_set_while_streaming(service, chat, go_on, stream_talk):
    service.say("a", "b")
    stream = chat.stream("Hi")
    assert next(stream) == "a"
    for act in (lambda: chat.set_turns([]), lambda: chat.add_turn("x", "y"), chat.undo):
        with pytest.raises(RuntimeError, match="already streaming"):
            act()
    assert "".join(stream) == "b"
    assert [turn.text for turn in chat] == ["Hi", "ab"]
    go_on(chat, stream_talk)


def test_after_a_tool_all_four_ways_say_the_same(service, make_chat, talk, add):
    chat = make_chat()
    chat.register_tool(tool(lambda: "noon", name="now", description="The time."))
    service.script(Answer(tool_calls=[ToolCall("now")]), "It is noon.")
    assert talk(chat, "Time?") == "It is noon."
