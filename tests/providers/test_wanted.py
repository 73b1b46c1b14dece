"""Wording what form an answer shall have."""

import dataclasses
import json

import pytest

from chatkit._errors import BadRequestError
from chatkit._providers.concessions import conceded_profile
from chatkit._providers.credentials import no_credentials
from chatkit._providers.openai_compatible import OpenAICompatible
from chatkit._providers.profiles import PROFILES
from chatkit._tools.tool import tool
from chatkit._turns.turns import SystemTurn, UserTurn
from chatkit._types.wanted import WAYS, Wanted

SCHEMA = {
    "type": "object",
    "description": "A person.",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "default": 3}},
    "required": ["name"],
}
STRICT = {
    "type": "object",
    "description": "A person.",
    "properties": {"name": {"type": "string"}, "age": {"type": ["integer", "null"]}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
FREE = {"type": "object", "additionalProperties": {"type": "integer"}}
Q = UserTurn("Who?")


def sent(way, *, profile="generic", schema=SCHEMA, description="A person.", system=None, tools=(), **about):
    if isinstance(profile, str):
        profile = PROFILES[profile]
    provider = OpenAICompatible("Test", "m", "http://x/v1", credentials=no_credentials(), profile=profile, **about)
    wanted = Wanted("Person", description, schema, way)
    request = provider.request([Q], system=system, tools=tools, stream=False, wanted=wanted)
    # The next request of the same provider is an ordinary one.
    plain = json.loads(provider.request([Q], system=system, tools=tools, stream=False).body)
    assert not {"response_format", "tool_choice"} & (plain.keys() - about.get("api_args", {}).keys())
    return json.loads(request.body)


def test_a_json_schema():
    described = {"name": "Person", "description": "A person.", "schema": STRICT, "strict": True}
    body = sent("json_schema")
    assert body["response_format"] == {"type": "json_schema", "json_schema": described}
    assert body["messages"] == [{"role": "user", "content": "Who?"}]


def test_a_schema_that_strict_cannot_say_is_sent_as_it_is():
    described = sent("json_schema", schema=FREE, description="")["response_format"]["json_schema"]
    assert described == {"name": "Person", "schema": FREE, "strict": False}


def test_a_server_that_does_not_know_strict_is_not_told_of_it():
    profile = dataclasses.replace(PROFILES["generic"], strict_answers=False)
    described = sent("json_schema", profile=profile)["response_format"]["json_schema"]
    assert described == {"name": "Person", "description": "A person.", "schema": SCHEMA}


@pytest.mark.parametrize(("profile", "parameters", "strict"), [("generic", SCHEMA, None), ("openai", STRICT, True)])
def test_a_tool_that_has_to_be_called(profile, parameters, strict):
    body = sent("tool", profile=profile)
    function = body["tools"][0]["function"]
    assert (function["name"], function["parameters"], function.get("strict")) == ("Person", parameters, strict)
    assert function["description"].startswith("A person.\n\n")
    assert body["tool_choice"] == {"type": "function", "function": {"name": "Person"}}


def test_a_tool_without_a_description_and_beside_others():
    @tool
    def look(city: str) -> str:
        """Look up the weather."""
        return city

    body = sent("tool", description="", schema=FREE, profile="openai", tools=[look])
    assert [item["function"]["name"] for item in body["tools"]] == ["look", "Person"]
    assert body["tools"][1]["function"]["description"] == "Give the answer by calling this function, once."
    assert "strict" not in body["tools"][1]["function"]
    body = sent("tool", schema=FREE, profile="lmstudio", tools=[look])
    assert ([item["function"]["name"] for item in body["tools"]], body["tool_choice"]) == (["Person"], "required")


@pytest.mark.parametrize("way", ["json_object", "prompt"])
@pytest.mark.parametrize("system", [None, SystemTurn("Be kind."), SystemTurn("")])
def test_instructions_stand_at_the_end_of_the_system_prompt(way, system):
    body = sent(way, system=system)
    role, text = body["messages"][0]["role"], body["messages"][0]["content"]
    assert role == "system"
    assert text.startswith("Be kind.\n\nAnswer with one JSON object" if system and system.text else "Answer with one")
    assert json.loads(text.rpartition("schema:\n")[2]) == SCHEMA
    assert body.get("response_format") == ({"type": "json_object"} if way == "json_object" else None)
    assert "tools" not in body


def test_the_system_prompt_is_left_alone_where_no_instructions_are_needed():
    for way in ("json_schema", "tool"):
        assert sent(way, system=SystemTurn("Be kind."))["messages"][0]["content"] == "Be kind."


def test_the_users_own_arguments_win():
    body = sent("json_schema", api_args={"response_format": {"json_schema": {"strict": None}}, "seed": 1})
    assert "strict" not in body["response_format"]["json_schema"]
    assert body["response_format"]["json_schema"]["name"] == "Person"
    assert body["seed"] == 1


def test_the_ways_from_the_best_to_the_last():
    assert WAYS == ("json_schema", "json_object", "tool", "prompt")
    assert len({Wanted("a", "", SCHEMA, way) for way in WAYS}) == 4


@pytest.mark.parametrize(
    "message",
    [
        "Unknown parameter: 'response_format.json_schema.strict'.",
        "json_schema: extra field strict",
    ],
)
def test_strict_answers_are_given_up_once(message):
    profile = PROFILES["openai"]
    error = BadRequestError("no", status_code=400, server_message=message)
    conceded = conceded_profile(error, profile)
    assert conceded == dataclasses.replace(profile, strict_answers=False)
    assert conceded_profile(error, conceded) in (None, dataclasses.replace(conceded, strict_tools=False))


def test_one_invalid_schema_is_no_reason_to_give_them_up():
    message = "Invalid schema for response_format 'Person': In context=(), 'allOf' is not permitted."
    assert conceded_profile(BadRequestError("no", status_code=400, server_message=message), PROFILES["openai"]) is None


def test_a_request_without_any_turn():
    provider = OpenAICompatible("Test", "m", "http://x/v1", credentials=no_credentials(), profile=PROFILES["generic"])
    assert json.loads(provider.request([], system=None, tools=(), stream=False).body)["messages"] == []
