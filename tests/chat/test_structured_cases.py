"""Typed answers, cases 71 to 80 of the list of what a chat object has to get right. Over HTTP, to a strict server.

Case 81 is about columns that are added to the results of parallel calls; it comes with them. So do the rows of
parallel and batch calls in cases 72 and 75.
"""

import json

import pytest
from pydantic import BaseModel, Field

from chatkit._errors import (
    APIResponseError,
    ContentFilterFinishReasonError,
    LengthFinishReasonError,
    RefusalError,
    StructuredOutputError,
)
from chatkit._turns.contents import ContentJson, ContentText
from chatkit._turns.turns import UserTurn
from chatkit._types.values import (
    type_array,
    type_boolean,
    type_enum,
    type_integer,
    type_number,
    type_object,
    type_string,
)
from chatkit._warnings import SeveralAnswersWarning
from chatkit.testing import Answer, ErrorAnswer, EventsAnswer, ToolCall


class Person(BaseModel):
    """A person."""

    name: str
    age: int = Field(ge=0)


ANN = '{"name": "Ann", "age": 42}'


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        (Person, ANN, Person(name="Ann", age=42)),
        (list[Person], f'{{"answer": [{ANN}]}}', [Person(name="Ann", age=42)]),
        (int, '{"answer": 3}', 3),
        # The object around the answer was asked for, and some models leave it out.
        (list[Person], f"[{ANN}]", [Person(name="Ann", age=42)]),
        (int, "3", 3),
        (dict[str, int], '{"a": 1}', {"a": 1}),
    ],
)
def test_case_71_with_and_without_an_object_around_it(service, chat, typed, kind, said, value):
    service.say(said)
    assert typed(chat, "Who?", type=kind) == value
    schema = service.requests[0].json["response_format"]["json_schema"]["schema"]
    assert schema["type"] == "object"
    assert chat.last_turn().text == said


def test_case_72_length_is_an_error_that_names_the_remedy(service, chat, typed):
    service.say('{"name": "Ann", "age": 4', finish_reason="length")
    with pytest.raises(LengthFinishReasonError, match="Raise max_tokens") as caught:
        typed(chat, "Who?", type=Person)
    # The exchange took place, and is marked.
    assert caught.value.turn is chat.last_turn()
    assert chat.last_turn().finish_reason == "length"
    assert len(chat) == 2
    assert len(service.requests) == 1


def test_case_72_even_when_what_there_is_would_do(service, chat, typed):
    service.say(ANN, finish_reason="length")
    with pytest.raises(LengthFinishReasonError):
        typed(chat, "Who?", type=Person)


def test_case_73_a_content_filter_is_an_error(service, chat, typed, go_on_typed):
    service.say('{"name"', finish_reason="content_filter")
    with pytest.raises(ContentFilterFinishReasonError, match="filter"):
        typed(chat, "Who?", type=Person)
    assert chat.last_turn().finish_reason == "content_filter"
    go_on_typed(chat)


def test_case_73_a_refusal_is_raised_with_its_words(service, chat, typed, go_on_typed):
    message = {"role": "assistant", "content": None, "refusal": "I will not say that."}
    choice = {"index": 0, "message": message, "delta": message, "finish_reason": "stop"}
    service.script(EventsAnswer([{"id": "c", "model": "m", "choices": [choice]}]))
    with pytest.raises(RefusalError, match="I will not say that") as caught:
        typed(chat, "Who?", type=Person)
    assert caught.value.turn is chat.last_turn()
    assert chat.last_turn().text == "I will not say that."
    go_on_typed(chat)


def test_case_73_null_content_is_an_error_that_names_the_field(service, chat, typed, whole):
    from chatkit.testing import RawAnswer

    service.script(RawAnswer(json.dumps(whole(content=None)).encode()))
    with pytest.raises(APIResponseError, match="content"):
        typed(chat, "Who?", type=Person)
    assert len(chat) == 0


@pytest.mark.parametrize(
    "said",
    [
        f"```json\n{ANN}\n```",
        f"```\n{ANN}\n```",
        f"Here you are:\n\n```json\n{ANN}\n```\n\nAnything else?",
        f"Sure! {ANN} That is all.",
        '{"name": "Ann", "age": 42,}',
        f"\ufeff  {ANN}",
        f"As in [1] and {{2}}: {ANN}",
        f'In the form {{"name": ..., "age": ...}}, it is {ANN}',
    ],
)
def test_case_74_what_stands_around_the_json_is_passed_over(service, chat, typed, said):
    service.say(said)
    assert typed(chat, "Who?", type=Person) == Person(name="Ann", age=42)
    assert len(service.requests) == 1
    # Only the JSON stays in the chat.
    assert json.loads(chat.last_turn().text) == {"name": "Ann", "age": 42}


def test_case_74_of_two_objects_the_first_is_taken_with_a_warning(service, chat, typed):
    service.say(f'{ANN}\n{{"name": "Bob", "age": 1}}')
    with pytest.warns(SeveralAnswersWarning, match="first"):
        assert typed(chat, "Who?", type=Person).name == "Ann"
    assert chat.last_turn().text == ANN


def test_case_75_violations_are_told_with_their_paths(service, chat, typed):
    service.say(f'{{"answer": [{ANN}, {{"name": 7, "age": -1}}, {{}}]}}')
    with pytest.raises(StructuredOutputError) as caught:
        typed(chat, "Who?", type=list[Person], repairs=0)
    assert caught.value.errors == {
        "$[1].name": "Input should be a valid string (got 7)",
        "$[1].age": "Input should be greater than or equal to 0 (got -1)",
        "$[2].name": "required, but missing",
        "$[2].age": "required, but missing",
    }
    assert "$[1].name: Input should be a valid string (got 7)" in str(caught.value)
    assert "and 1 more" in str(caught.value)


def test_case_76_the_model_is_asked_again_with_what_is_wrong(service, chat, typed):
    service.say('{"name": "Ann", "age": "old"}')
    service.say(ANN)
    assert typed(chat, "Who?", type=Person).age == 42
    again = service.requests[1].messages
    assert again[-2] == {"role": "assistant", "content": '{"name": "Ann", "age": "old"}'}
    assert "- $.age: Input should be a valid integer" in again[-1]["content"]
    # Only the good exchange stays.
    assert [turn.text for turn in chat.turns] == ["Who?", ANN]


def test_case_76_the_paths_told_to_the_model_are_those_of_what_it_writes(service, chat, typed):
    service.say('{"answer": ["a"]}')
    service.say('{"answer": [1]}')
    assert typed(chat, "How many?", type=list[int]) == [1]
    assert "- $.answer[0]: " in service.requests[1].messages[-1]["content"]


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    "refusals",
    [
        ["Unknown parameter: 'response_format'."],
        ["json_schema is not supported by this model", "response_format json_object is unavailable now"],
        ["json_schema", "json_object", "tool_choice is not supported"],
    ],
)
def test_case_77_a_server_that_refuses_a_way_is_asked_in_the_next(service, chat, typed, status, refusals):
    for refusal in refusals:
        service.script(ErrorAnswer(status, {"error": {"message": refusal}}))
    if len(refusals) == 2:
        service.script(Answer(tool_calls=[ToolCall("Person", ANN)]))
    else:
        service.say(ANN)
    assert typed(chat, "Who?", type=Person).name == "Ann"
    way = [_json_object, _tool, _prompt][len(refusals) - 1]
    way(service.requests[-1].json)
    # It stays known, for this chat and for new ones.
    service.script(Answer(tool_calls=[ToolCall("Person", ANN)]) if len(refusals) == 2 else Answer(ANN))
    assert typed(chat.clone(), "And?", type=Person).name == "Ann"
    way(service.requests[-1].json)
    assert len(service.requests) == len(refusals) + 2


def _json_object(body):
    assert body["response_format"] == {"type": "json_object"}
    assert '"required": ["name", "age"]' in body["messages"][0]["content"]


def _tool(body):
    assert body["tool_choice"] == {"type": "function", "function": {"name": "Person"}}
    assert [tool["function"]["name"] for tool in body["tools"]] == ["Person"]


def _prompt(body):
    assert not {"response_format", "tools", "tool_choice"} & body.keys()
    assert '"required": ["name", "age"]' in body["messages"][0]["content"]


def test_case_77_a_server_that_ignores_a_way_is_asked_in_the_next(service, chat, typed):
    service.say("Ann is 42 years old.")
    service.say(ANN)
    assert typed(chat, "Who?", type=Person, repairs=0).name == "Ann"
    assert service.requests[1].json["response_format"] == {"type": "json_object"}
    assert [turn.text for turn in chat.turns] == ["Who?", ANN]


def test_case_78_no_prompt(service, chat, typed):
    chat.set_turns([*chat.turns])
    chat.add_turn("Tell me of Ann.", "Ann is 42.")
    service.say(ANN)
    assert typed(chat, type=Person).name == "Ann"
    # Nothing that the user did not say is in the chat.
    assert [turn.role for turn in chat.turns] == ["user", "assistant", "assistant"]
    assert [turn.text for turn in chat.turns][-1] == ANN


def test_case_78_no_prompt_but_a_question_that_is_still_open(service, chat, typed):
    chat.set_turns([UserTurn("Who?")])
    service.say(ANN)
    assert typed(chat, type=Person).name == "Ann"
    assert [message["content"] for message in service.requests[0].messages] == ["Who?"]


def test_case_79_the_answer_is_remembered(service, chat, typed, go_on_typed):
    service.script(Answer(ANN, reasoning="Hm."))
    typed(chat, "Who?", type=Person)
    turn = chat.last_turn()
    assert turn.contents[-1] == ContentJson({"name": "Ann", "age": 42}, ANN)
    assert turn.thinking == "Hm."
    assert turn.finish_reason == "stop"
    assert turn.usage.output_tokens is not None
    assert not any(isinstance(item, ContentText) for item in turn.contents)
    assert go_on_typed(chat)[-2] == {"role": "assistant", "content": ANN}


OBJECT = type_object(
    i=type_integer(),
    n=type_number(),
    s=type_string(),
    b=type_boolean(),
    e=type_enum(["a", "b"]),
    l=type_array(type_integer()),
    o=type_object(x=type_string(), y=type_string(required=False)),
    maybe=type_string(required=False),
)
GOOD = {"i": 1, "n": 1.5, "s": "x", "b": True, "e": "a", "l": [1, 2], "o": {"x": "x", "y": "y"}, "maybe": "m"}


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({}, {}),
        # An optional property that is null or missing is None, and always there.
        ({"maybe": None}, {"maybe": None}),
        ({"maybe": ...}, {"maybe": None}),
        ({"o": {"x": "x"}}, {"o": {"x": "x", "y": None}}),
        # A lone item for a scalar is taken out of its list.
        ({"i": [3], "s": ["y"], "b": [False]}, {"i": 3, "s": "y", "b": False}),
        # Whole numbers are numbers, and numbers without a fraction are whole.
        ({"n": 2, "i": 3.0}, {"n": 2.0, "i": 3}),
        # Unknown keys are dropped; the order is that of the type.
        ({"unknown": 1}, {}),
        ({"l": []}, {"l": []}),
    ],
)
def test_case_80_what_is_converted(service, chat, changes, value):
    service.say(json.dumps({key: part for key, part in {**GOOD, **changes}.items() if part is not ...}))
    found = chat.chat_structured("?", type=OBJECT)
    assert found == {**GOOD, **value}
    assert list(found) == list(GOOD)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        # Where ellmer gives NA, or cuts in silence, there is an error.
        ({"i": None}, "$.i"),
        ({"s": ...}, "$.s"),
        ({"i": "1"}, "$.i"),
        ({"i": 1.5}, "$.i"),
        ({"b": "true"}, "$.b"),
        ({"e": "c"}, "$.e"),
        ({"l": [1, "x"]}, "$.l[1]"),
        ({"l": None}, "$.l"),
        ({"s": ["a", "b"]}, "$.s"),
        ({"o": {"y": "y"}}, "$.o.x"),
    ],
)
def test_case_80_what_is_an_error(service, chat, changes, path):
    service.say(json.dumps({key: part for key, part in {**GOOD, **changes}.items() if part is not ...}))
    with pytest.raises(StructuredOutputError) as caught:
        chat.chat_structured("?", type=OBJECT, repairs=0)
    assert list(caught.value.errors) == [path]
