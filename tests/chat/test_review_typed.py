"""Typed answers, looked at by one who wants them to fail: odd types, odd models, odd servers."""

import json
from collections.abc import Iterable
from datetime import date
from uuid import UUID

import pytest
from pydantic import BaseModel, HttpUrl, model_validator

from chatkit import (
    BadRequestError,
    ConfigError,
    StructuredOutputError,
    chat_openai_compatible,
    type_from_schema,
    type_object,
)
from chatkit.testing import Answer, ErrorAnswer, OfflineService, ToolCall


class Person(BaseModel):
    name: str
    age: int | None = None


class Filter(BaseModel):
    """Everything in it may be left out."""

    city: str | None = None
    limit: int = 10


RAW = {
    "type": "object",
    "properties": {
        "a": {"type": "string"},
        "b": {"type": "string"},
        "c": {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/Pair"}]}},
    },
    "required": ["a"],
    "$defs": {"Pair": {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}}},
}


def test_a_null_that_strict_mode_demands_fits_a_schema_in_which_it_is_optional(service, chat, typed):
    service.say('{"a": "x", "b": null, "c": [1, {"x": null, "y": 2}]}')
    assert typed(chat, "Go.", type=RAW) == {"a": "x", "c": [1, {"y": 2}]}
    described = service.requests[0].json["response_format"]["json_schema"]
    assert described["strict"] is True
    assert described["schema"]["required"] == ["a", "b", "c"]


def test_a_null_for_what_is_required_does_not_fit(service, chat, typed):
    service.say('{"a": null, "b": null}')
    with pytest.raises(StructuredOutputError) as caught:
        typed(chat, "Go.", type=RAW, repairs=0)
    assert set(caught.value.errors) == {"$.a", "$.b"}


@pytest.mark.parametrize("required", [True, False])
def test_a_schema_as_the_property_of_an_object(service, chat, typed, required):
    kind = type_object(o=type_from_schema(RAW, required=required))
    service.say('{"o": {"a": "x", "b": null}}')
    assert typed(chat, "Go.", type=kind) == {"o": {"a": "x"}}


SCHEMA_SAID_BACK = json.dumps(Filter.model_json_schema())


@pytest.mark.parametrize("said", [SCHEMA_SAID_BACK, '{"error": {"message": "no"}}', '{"error": 1}'])
def test_defaults_alone_are_no_answer_when_the_model_wrote_something_else(service, chat, typed, said):
    service.say(said)
    service.say('{"city": "Oslo", "limit": null}')
    assert typed(chat, "Go.", type=Filter) == Filter(city="Oslo")
    assert "$: it has none of the properties of the schema (city, limit)" in service.requests[1].messages[-1]["content"]


@pytest.mark.parametrize("said", ["{}", '{"limit": 10}', '{"city": null, "more": 1}'])
def test_defaults_may_be_the_answer(service, chat, typed, said):
    service.say(said)
    assert typed(chat, "Go.", type=Filter) == Filter()


class Incomparable(BaseModel):
    city: str = "Oslo"

    def __eq__(self, other):
        raise ValueError("arrays have no truth value")


def test_defaults_are_told_without_comparing_values(service, chat, typed):
    service.say('{"error": 1}')
    with pytest.raises(StructuredOutputError):
        typed(chat, "Go.", type=Incomparable, repairs=0)


class Renamed(BaseModel):
    city: str

    @model_validator(mode="before")
    @classmethod
    def _old_name(cls, data):
        return {"city": data["town"]} if isinstance(data, dict) and "town" in data else data


def test_a_model_may_read_what_its_schema_does_not_name(service, chat, typed):
    service.say('{"town": "Oslo"}')
    assert typed(chat, "Go.", type=Renamed, repairs=0) == Renamed(city="Oslo")


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        (Person, '{"answer": {"name": "Ann"}}', Person(name="Ann")),
        (Person, '{"Person": {"name": "Ann"}}', Person(name="Ann")),
        (Filter, '{"answer": {"limit": 3}}', Filter(limit=3)),
        (dict[str, int], '{"answer": {"a": 1}}', {"a": 1}),
        (Person, json.dumps('{"name": "Ann"}'), Person(name="Ann")),
        (list[int], '{"answer": "[1, 2]"}', [1, 2]),
        (list[int], json.dumps('{"answer": [1, 2]}'), [1, 2]),
        (str, '{"answer": "[1, 2]"}', "[1, 2]"),
    ],
)
def test_objects_and_quotes_around_the_answer_are_taken_off(service, chat, typed, kind, said, value):
    service.say(said)
    assert typed(chat, "Go.", type=kind, repairs=0) == value


@pytest.mark.parametrize("said", ['{"answer": "[1, 2"}', '{"answer": {"n": [1, 2]}}', '{"n": [1]}'])
def test_what_may_mean_anything_is_no_answer(service, chat, typed, said):
    service.say(said)
    with pytest.raises(StructuredOutputError):
        typed(chat, "Go.", type=list[int], repairs=0)


@pytest.mark.parametrize(
    "said",
    [
        'Perhaps {"name": "Bob"}? No.\n</think>\n\n{"name": "Ann"}',
        '<think>Perhaps {"name": "Bob"}? No.</think>{"name": "Ann"}',
        'Hm.</think>```json\n{"name": "Ann"}\n```',
    ],
)
def test_what_a_model_thinks_before_is_no_answer(service, chat, typed, said):
    service.say(said)
    assert typed(chat, "Go.", type=Person, repairs=0) == Person(name="Ann")


@pytest.mark.parametrize("said", ['Here: {"name": "</think>"}', 'Here: {"name": "</think>"} {'])
def test_the_tag_may_stand_in_the_answer(service, chat, typed, said):
    service.say(said)
    assert typed(chat, "Go.", type=Person, repairs=0) == Person(name="</think>")


@pytest.mark.parametrize("kind", [Iterable[int], list[Iterable[int]]])
def test_an_iterable_would_never_be_checked(service, chat, typed, kind):
    with pytest.raises(ConfigError, match=r"say list\[...\]"):
        typed(chat, "Go.", type=kind)
    assert not service.requests


class Page(BaseModel):
    url: HttpUrl
    tags: set[str]
    seen: date
    key: UUID


def test_what_strict_servers_do_not_know_is_said_in_words(service, chat, typed):
    said = {"url": "https://example.com/", "tags": ["a"], "seen": "2024-01-02", "key": str(UUID(int=1))}
    service.say(json.dumps(said))
    page = typed(chat, "Go.", type=Page)
    assert page == Page.model_validate(said)
    described = service.requests[0].json["response_format"]["json_schema"]
    assert described["strict"] is True
    parts = described["schema"]["properties"]
    assert "format" not in parts["url"]
    assert "format: uri" in parts["url"]["description"]
    assert parts["tags"] == {"type": "array", "items": {"type": "string"}, "description": "(uniqueItems: true)"}
    assert parts["seen"] == {"type": "string", "format": "date"}


def refused(message):
    return ErrorAnswer(400, {"error": {"message": message}})


@pytest.mark.parametrize(
    "message",
    ["Failed to parse grammar", "Unsupported JSON schema: recursion", "The schema is too deep for this model"],
)
def test_a_schema_that_is_refused_says_nothing_of_other_types(service, chat, typed, message):
    service.script(*[refused(message)] * 2)
    service.say('{"name": "Ann"}')
    service.say('{"city": "Oslo"}')
    assert typed(chat, "Go.", type=Person).name == "Ann"
    assert typed(chat, "Go.", type=Filter).city == "Oslo"
    formats = [request.json["response_format"]["type"] for request in service.requests]
    assert formats == ["json_schema", "json_schema", "json_object", "json_schema"]
    service.say('{"name": "Bob"}')
    assert typed(chat, "Go.", type=Person).name == "Bob"
    assert service.requests[-1].json["response_format"]["type"] == "json_object"


@pytest.mark.parametrize("message", ["System role not supported", "Developer instruction is not enabled for m"])
def test_a_model_without_system_prompt_is_asked_by_a_tool(service, chat, typed, message):
    service.script(refused("response_format of type json_schema is not supported"), refused(message))
    service.script(Answer(tool_calls=[ToolCall("Person", {"name": "Ann"})]))
    assert typed(chat, "Go.", type=Person) == Person(name="Ann")
    assert "tool_choice" in service.requests[2].json


def test_a_system_prompt_of_the_users_that_is_refused_is_another_matter(service, make_chat, typed):
    chat = make_chat(system_prompt="Be kind.")
    service.script(refused("System role not supported"))
    with pytest.raises(BadRequestError):
        typed(chat, "Go.", type=Person)
    assert len(service.requests) == 1


def test_a_complaint_about_the_history_is_no_refusal_of_a_way(service, chat, typed):
    service.script(refused("messages with role 'tool' must be a response to a message with 'tool_calls'"))
    with pytest.raises(BadRequestError):
        typed(chat, "Go.", type=Person)
    assert len(service.requests) == 1


def test_a_schema_that_strict_mode_refuses_is_strict_for_no_other_reason(service, chat, typed):
    invalid = "Invalid schema for response_format 'Person': In context=(), 'x' is not permitted."
    service.script(refused(invalid))
    for said in ('{"name": "Ann"}', '{"name": "Bob"}', '{"city": "Oslo"}'):
        service.say(said)
    assert [typed(chat, "Go.", type=kind) for kind in (Person, Person, Filter)] == [
        Person(name="Ann"),
        Person(name="Bob"),
        Filter(city="Oslo"),
    ]
    strict = [request.json["response_format"]["json_schema"].get("strict") for request in service.requests]
    assert strict == [True, None, None, True]


@pytest.mark.parametrize("way", ["json_schema", "json_object", "tool", "prompt"])
def test_the_offline_service_answers_in_every_way(typed, way):
    with OfflineService() as offline:
        chat = chat_openai_compatible(
            base_url=offline.base_url, model="offline-chat", system_prompt="Be kind.", echo="none"
        )
        assert typed(chat, 'His name is "Bob", age: 7', type=Person, way=way) == Person(name="Bob", age=7)
        assert len(offline.requests) == 1


def test_a_call_of_the_answers_tool_with_json_in_a_string(service, chat, typed):
    call = ToolCall("Person", json.dumps(json.dumps({"name": "Ann"})))
    service.script(Answer(tool_calls=[call]))
    assert typed(chat, "Go.", type=Person, way="tool", repairs=0) == Person(name="Ann")
