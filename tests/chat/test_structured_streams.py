"""Typed answers that are watched while they grow."""

import asyncio
import gc
import json

import pytest
from pydantic import BaseModel

from chatkit._errors import IncompleteOutputError, StructuredOutputError
from chatkit._warnings import SeveralAnswersWarning
from chatkit.testing import Answer, Delivery, ToolCall


class Recipe(BaseModel):
    """A recipe."""

    title: str
    steps: list[str]


PIECES = ('{"ti', 'tle": "Br', 'ead", ', '"steps": ["mi', 'x"', ', "bake"]', "}")
GROWN = [
    {},
    {"title": "Br"},
    {"title": "Bread"},
    {"title": "Bread", "steps": ["mi"]},
    {"title": "Bread", "steps": ["mix"]},
    {"title": "Bread", "steps": ["mix", "bake"]},
]
BREAD = Recipe(title="Bread", steps=["mix", "bake"])


@pytest.fixture(params=["plain", "async"])
def watch(request):
    """Watch a typed answer; gives the stream and all values it gave, the last of them included."""

    def act(chat, *contents, **options):
        if request.param == "plain":
            stream = chat.stream_structured(*contents, **options)
            return stream, list(stream)
        return asyncio.run(awaited(chat, contents, options))

    async def awaited(chat, contents, options):
        stream = chat.stream_structured_async(*contents, **options)
        return stream, [value async for value in stream]

    return act


def test_values_grow_and_the_last_one_is_of_the_type(service, chat, watch):
    service.say(*PIECES)
    stream, values = watch(chat, "Bread?", type=Recipe)
    assert values == [*GROWN, BREAD]
    assert stream.value is values[-1]
    assert stream.text == "".join(PIECES) == chat.last_turn().text
    assert stream.turn is chat.last_turn()
    assert stream.usage == chat.usage()


def test_no_value_comes_twice_in_a_row(service, chat, watch):
    service.say(*json.dumps({"title": "B", "steps": []}))
    _, values = watch(chat, "Bread?", type=Recipe)
    assert values == [{}, {"title": ""}, {"title": "B"}, {"title": "B", "steps": []}, Recipe(title="B", steps=[])]


def test_the_object_around_the_answer_is_not_seen(service, chat, watch):
    service.say('{"ans', 'wer": [1', ", 2", "]}")
    _, values = watch(chat, "Numbers?", type=list[int])
    assert values[-2:] == [[1, 2], [1, 2]]
    assert all(isinstance(value, list) for value in values)


def test_sentences_around_it_are_not_seen(service, chat, watch):
    service.say("Sure, {here} it is:\n", "```json\n", '{"title": "B', 'read", "steps": []}', "\n```", " Enjoy!")
    _, values = watch(chat, "Bread?", type=Recipe)
    last = Recipe(title="Bread", steps=[])
    assert values == [{"title": "B"}, {"title": "Bread", "steps": []}, last]


def test_the_arguments_of_a_tool_call_grow_too(service, chat, watch):
    call = ToolCall("Recipe", {"title": "Bread", "steps": ["mix"]}, fragment=12)
    service.script(Answer(tool_calls=[call]))
    _, values = watch(chat, "Bread?", type=Recipe, way="tool")
    assert values[0] == {"title": "B"}
    assert values[-1] == Recipe(title="Bread", steps=["mix"])
    assert len(values) > 2


def test_a_repair_begins_anew(service, chat, watch):
    service.say('{"title": ', '"Bread"}')
    service.say(*PIECES)
    stream, values = watch(chat, "Bread?", type=Recipe)
    assert values == [{}, {"title": "Bread"}, *GROWN, BREAD]
    assert stream.text == '{"title": "Bread"}' + "".join(PIECES)
    # What the failed answer cost is in the sum.
    assert stream.usage.output_tokens > chat.usage().output_tokens


def test_tools_and_a_typed_answer(service, chat, add, watch):
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    service.say("I know it now.")
    service.say(*PIECES)
    _, values = watch(chat, "Bread?", type=Recipe)
    assert values == [*GROWN, BREAD]
    assert add == [(1, 2)]


def test_an_answer_that_does_not_fit_is_an_error_at_the_end(service, chat):
    service.say('{"title": 3}')
    stream = chat.stream_structured("Bread?", type=Recipe, repairs=0)
    values = []
    with pytest.raises(StructuredOutputError):
        for value in stream:
            values.append(value)
    assert values == [{"title": 3}]
    with pytest.raises(IncompleteOutputError):
        _ = stream.value
    assert len(chat) == 0


def test_two_answers_are_warned_of_at_the_end(service, chat, watch):
    service.say('{"title": "A", "steps": []}', '{"title": "B", "steps": []}')
    with pytest.warns(SeveralAnswersWarning):
        _, values = watch(chat, "Bread?", type=Recipe)
    assert values[-1].title == "A"


def test_nothing_is_sent_before_the_first_step(service, chat):
    stream = chat.stream_structured("Bread?", type=Recipe)
    assert not service.requests
    assert "not begun" in repr(stream)
    with pytest.raises(IncompleteOutputError):
        _ = stream.value
    stream.close()
    assert len(chat) == 0


def test_a_loop_that_is_left_ends_the_answer(service, chat, go_on_typed):
    service.say(*PIECES, delivery=Delivery(pause=0.02))
    for value in chat.stream_structured("Bread?", type=Recipe):
        if value:
            break
    assert chat.last_turn().interrupted == "stopped"
    assert chat.last_turn().text == '{"title": "Br'
    go_on_typed(chat)


def test_a_with_block_that_is_left_ends_the_answer(service, chat):
    service.say(*PIECES, delivery=Delivery(pause=0.02))
    with chat.stream_structured("Bread?", type=Recipe) as stream:
        assert next(stream) == {}
        assert next(stream) == {"title": "Br"}
    assert chat.last_turn().interrupted == "stopped"
    assert stream.turn is chat.last_turn()
    with pytest.raises(IncompleteOutputError, match="not there"):
        _ = stream.value


def test_after_cancel_it_just_ends(service, chat):
    service.say(*PIECES, delivery=Delivery(pause=0.02))
    stream = chat.stream_structured("Bread?", type=Recipe)
    values = []
    for value in stream:
        values.append(value)
        stream.cancel("enough")
    assert values == [{}]
    assert chat.last_turn().interrupted == "enough"


def test_async_a_loop_that_is_left_ends_the_answer(service, chat, go_on_typed):
    service.say(*PIECES, delivery=Delivery(pause=0.02))

    async def main():
        async for value in chat.stream_structured_async("Bread?", type=Recipe):
            if value:
                break
        gc.collect()
        assert chat.last_turn().interrupted == "stopped"

    asyncio.run(main())
    go_on_typed(chat)


def test_async_a_with_block_and_cancel(service, chat):
    for _ in range(2):
        service.say(*PIECES, delivery=Delivery(pause=0.02))

    async def main():
        async with chat.stream_structured_async("Bread?", type=Recipe) as stream:
            async for _ in stream:
                break
        assert chat.last_turn().interrupted == "stopped"
        stream = chat.stream_structured_async("Bread?", type=Recipe)
        values = []
        async for value in stream:
            values.append(value)
            stream.cancel("enough")
        assert values == [{}]
        await stream.aclose()

    asyncio.run(main())
    assert chat.last_turn().interrupted == "enough"


def test_async_it_is_over_when_it_is_over(service, chat):
    service.say(*PIECES)

    async def main():
        values = aiter(chat.stream_structured_async("Bread?", type=Recipe))
        assert aiter(values) is values
        assert [value async for value in values][-1] == BREAD
        with pytest.raises(StopAsyncIteration):
            await anext(values)

    asyncio.run(main())


def test_a_long_answer_in_small_pieces(service, chat):
    text = json.dumps({"title": "T", "steps": ["a step of some length"] * 2000})
    service.say(*[text[at : at + 3] for at in range(0, len(text), 3)])
    values = list(chat.stream_structured("Bread?", type=Recipe))
    assert len(values[-1].steps) == 2000
    # It is not looked at with every piece, or the time would grow with the square of the length.
    assert 100 < len(values) < 1000
    counts = [len(value.get("steps", ())) for value in values[:-1]]
    assert counts == sorted(counts)
