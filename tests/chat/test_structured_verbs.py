"""The verbs that ask for data: what they take, what they refuse, and what they leave in the chat."""

import dataclasses
import enum
import json
import threading
import time
from typing import Annotated, Any, Literal, TypedDict

import pytest
from pydantic import BaseModel, Field

from chatkit import Limits, tool
from chatkit._errors import (
    BadRequestError,
    Cancelled,
    ChatBusyError,
    ConfigError,
    ContextLengthError,
    IncompleteOutputError,
    LimitError,
    StructuredOutputError,
)
from chatkit._types.values import type_from_schema, type_integer, type_object
from chatkit.testing import Answer, ErrorAnswer, RawAnswer, ToolCall


class City(BaseModel):
    """A city."""

    name: str
    size: int | None = None


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Pair(TypedDict, total=False):
    left: str
    right: list[Point]


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


SCHEMA: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        (City, '{"name": "Oslo", "size": null}', City(name="Oslo")),
        (Point, '{"x": 1}', Point(1)),
        (Pair, '{"right": [{"x": 1, "y": 2}]}', {"right": [Point(1, 2)]}),
        (list[Pair], '{"answer": [{"left": "a"}]}', [{"left": "a"}]),
        (Color, '{"answer": "red"}', Color.RED),
        (Literal["a", "b"], '{"answer": "b"}', "b"),
        (City | Point, '{"answer": {"x": 3, "y": 4}}', Point(3, 4)),
        (City | None, '{"answer": null}', None),
        (Annotated[int, Field(ge=3)], '{"answer": 3}', 3),
        (str, '{"answer": "x"}', "x"),
        (bool, '{"answer": false}', False),
        (tuple[int, str], '{"answer": [1, "a"]}', (1, "a")),
        (type_object(n=type_integer()), '{"n": 1}', {"n": 1}),
        (type_from_schema(json.dumps(SCHEMA)), '{"n": 1, "m": 2}', {"n": 1, "m": 2}),
        (SCHEMA, '{"n": 1}', {"n": 1}),
        ({"type": "array", "items": {"type": "string"}}, '{"answer": ["x"]}', ["x"]),
    ],
)
def test_the_answer_is_of_the_type(service, chat, typed, kind, said, value):
    service.say(said)
    assert typed(chat, "?", type=kind) == value


@pytest.mark.parametrize(
    "options",
    [
        {"type": None},
        {"type": "City"},
        {"type": [City]},
        {"type": object()},
        {"type": {"type": "nonsense"}},
        {"type": City, "repairs": -1},
        {"type": City, "repairs": True},
        {"type": City, "way": "magic"},
        {"type": City, "tool_mode": "sometimes"},
        {"type": City, "limits": 3},
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(service, chat, typed, options):
    with pytest.raises(ConfigError):
        typed(chat, "?", **options)
    assert not service.requests
    assert len(chat) == 0


def test_nothing_can_be_answered_when_nothing_was_said(service, chat, typed):
    for contents in ((), (None,), ("",), (" ",)):
        with pytest.raises(ConfigError):
            typed(chat, *contents, type=City)
    assert not service.requests


def test_a_system_prompt_alone_can_be_answered(service, make_chat, typed):
    chat = make_chat(system_prompt="Name a city.")
    service.say('{"name": "Oslo"}')
    assert typed(chat, type=City).name == "Oslo"
    assert [turn.role for turn in chat.turns] == ["assistant"]


def test_instructions_are_for_one_request_only(service, make_chat, typed):
    chat = make_chat(system_prompt="Be brief.")
    service.say('{"name": "Oslo"}')
    service.say("Yes.")
    typed(chat, "A city?", type=City, way="prompt")
    chat.chat("Sure?")
    first, second = [request.messages for request in service.requests]
    assert first[0]["content"].startswith("Be brief.\n\nAnswer with one JSON object")
    assert second[0]["content"] == "Be brief."
    assert chat.system_prompt == "Be brief."


def test_repairs_can_be_kept(service, chat, typed, go_on_typed):
    service.say('{"size": 1}')
    service.say('{"name": "Oslo"}')
    assert typed(chat, "A city?", type=City, keep_repairs=True).name == "Oslo"
    texts = [turn.text for turn in chat.turns]
    assert [texts[0], texts[1], texts[3]] == ["A city?", '{"size": 1}', '{"name": "Oslo"}']
    assert "$.name: required, but missing" in texts[2]
    go_on_typed(chat)


@pytest.mark.parametrize("said", ['{"size": 1}', "I do not know any."])
def test_repairs_that_came_to_nothing_can_be_kept(service, chat, typed, go_on_typed, said):
    service.say(said)
    service.say(said)
    with pytest.raises(StructuredOutputError):
        typed(chat, "A city?", type=City, keep_repairs=True, way="prompt")
    assert [turn.role for turn in chat.turns] == ["user", "assistant"] * 2
    assert chat.last_turn().text == said
    go_on_typed(chat)


def test_an_empty_answer_can_be_repaired(service, chat, typed):
    service.script(Answer(reasoning="Hm."), Answer('{"name": "Oslo"}'))
    assert typed(chat, "A city?", type=City, way="prompt").name == "Oslo"
    assert [turn.text for turn in chat.turns] == ["A city?", '{"name": "Oslo"}']


def test_a_forced_way_is_the_only_one(service, chat, typed):
    service.script(ErrorAnswer(400, {"error": {"message": "json_schema is not supported"}}))
    with pytest.raises(BadRequestError):
        typed(chat, "A city?", type=City, way="json_schema")
    assert len(service.requests) == 1
    service.say('{"name": "Oslo"}')
    typed(chat, "A city?", type=City, way="prompt")
    service.say('{"name": "Oslo"}')
    # And nothing is concluded from it.
    typed(chat, "A city?", type=City)
    assert service.requests[-1].json["response_format"]["type"] == "json_schema"


def test_the_answer_as_a_tool_call(service, chat, typed, go_on_typed):
    service.script(Answer(tool_calls=[ToolCall("City", {"name": "Oslo"}, fragment=4)]))
    assert typed(chat, "A city?", type=City, way="tool").name == "Oslo"
    turn = chat.last_turn()
    assert turn.text == '{"name": "Oslo"}'
    assert (turn.finish_reason, turn.raw_finish_reason) == ("stop", "tool_calls")
    assert not turn.tool_requests
    go_on_typed(chat)


def test_a_tool_call_that_does_not_fit_is_repaired(service, chat, typed):
    service.script(Answer(tool_calls=[ToolCall("City", {"name": 3})]))
    service.script(Answer(tool_calls=[ToolCall("City", '{"name": "Oslo",}')]))
    assert typed(chat, "A city?", type=City, way="tool").name == "Oslo"
    assert service.requests[1].messages[1] == {"role": "assistant", "content": '{"name": 3}'}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ErrorAnswer(400, {"error": {"message": "temperature must be below 2"}}), BadRequestError),
        (
            ErrorAnswer(400, {"error": {"message": "too long, with tools", "code": "context_length_exceeded"}}),
            ContextLengthError,
        ),
    ],
)
def test_an_error_about_something_else_is_raised(service, chat, typed, answer, error):
    service.script(answer)
    with pytest.raises(error):
        typed(chat, "A city?", type=City)
    assert len(service.requests) == 1
    assert len(chat) == 0


def test_a_server_that_refuses_all_ways(service, chat, typed):
    for _ in range(4):
        service.script(ErrorAnswer(400, {"error": {"message": "no tools, no schema, no structured output"}}))
    with pytest.raises(BadRequestError):
        typed(chat, "A city?", type=City)
    assert len(service.requests) == 4
    assert len(chat) == 0


def test_a_schema_that_strict_mode_does_not_know_is_sent_without_it(service, chat, typed):
    message = "Invalid schema for response_format 'City': In context=(), 'x' is not permitted."
    service.script(ErrorAnswer(400, {"error": {"message": message}}))
    service.say('{"name": "Oslo"}')
    assert typed(chat, "A city?", type=City).name == "Oslo"
    first, second = [request.json["response_format"]["json_schema"] for request in service.requests]
    assert first["strict"] is True
    assert "strict" not in second
    assert second["schema"]["required"] == ["name"]


def test_an_answer_that_breaks_off_stays_as_a_partial_turn(service, chat, chunk, go_on_typed):
    service.say('{"size": 1}')
    service.script(
        RawAnswer(f"data: {json.dumps(chunk('{' + chr(34)))}\n\n".encode(), content_type="text/event-stream")
    )
    with pytest.raises(ConnectionError):
        list(chat.stream_structured("A city?", type=City))
    # The exchange before, which was to be repaired, is not kept.
    assert [turn.text for turn in chat.turns] == ["A city?", '{"']
    assert chat.last_turn().interrupted
    go_on_typed(chat)


def test_echo_shows_the_json(service, chat, capsys):
    service.say('{"name": ', '"Oslo"}')
    assert chat.chat_structured("A city?", type=City, echo="output").name == "Oslo"
    assert capsys.readouterr().out == '{"name": "Oslo"}\n'
    service.say('{"na', finish_reason="length")
    with pytest.raises(IncompleteOutputError):
        chat.chat_structured("A city?", type=City, echo="all")
    assert '< {"na' in capsys.readouterr().out


def test_limits_hold(service, chat, typed):
    service.say('{"size": 1}', usage_body={"prompt_tokens": 10, "completion_tokens": 10})
    with pytest.raises(LimitError):
        typed(chat, "A city?", type=City, limits=Limits(tokens=15), repairs=5)
    assert len(service.requests) == 1


def test_tool_calls_that_wait_for_approval_are_told(service, chat, typed):
    @tool(requires_approval=True)
    def launch() -> str:
        """Launch it."""
        raise AssertionError("not approved")

    chat.register_tool(launch)
    service.script(Answer(tool_calls=[ToolCall("launch", {})]))
    with pytest.raises(IncompleteOutputError, match="approval"):
        typed(chat, "A city?", type=City)
    assert [turn.role for turn in chat.turns] == ["user", "assistant"]


def test_one_caller_at_a_time(service, chat):
    service.say("He", "llo")
    with chat.stream("Hi") as stream:
        next(stream)
        with pytest.raises(ChatBusyError):
            chat.chat_structured("A city?", type=City)


def test_cancelled_in_the_middle(service, chat, stalled, go_on_typed):
    service.script(stalled('{"na'))

    def cancel():
        while not service.requests:
            time.sleep(0.005)
        time.sleep(0.3)
        chat.cancel("enough")

    thread = threading.Thread(target=cancel, daemon=True)
    thread.start()
    with pytest.raises(Cancelled):
        chat.chat_structured("A city?", type=City, echo="output")
    thread.join()
    assert chat.last_turn().interrupted == "enough"
    assert chat.last_turn().text == '{"na'
    go_on_typed(chat)


def test_a_validator_of_the_users_that_fails_is_the_users_matter(service, chat, typed, go_on_typed):
    from pydantic import field_validator

    class Odd(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def look_up(cls, name: str) -> str:
            raise LookupError(name)

    service.say('{"name": "Oslo"}')
    with pytest.raises(LookupError):
        typed(chat, "A city?", type=Odd)
    go_on_typed(chat)
