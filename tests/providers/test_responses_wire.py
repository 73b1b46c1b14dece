"""Wording requests as the Responses format has them, at value level."""

from __future__ import annotations

import json
import warnings

import pytest

from chatkit._errors import ConfigError, MediaError
from chatkit._providers.params import params
from chatkit._providers.profiles import PROFILES
from chatkit._providers.responses_wire import ResponsesWire
from chatkit._providers.wording import Asked, word_turns
from chatkit._tools.tool import tool
from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn
from chatkit._types.wanted import Wanted
from chatkit._warnings import UnsupportedParameterWarning
from chatkit.testing import check_responses_request

HF, OPENAI, GENERIC = PROFILES["huggingface"], PROFILES["openai"], PROFILES["generic"]
IMAGE = ContentImageInline("image/png", "QUJD", "low")
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
FREE = {"type": "object", "additionalProperties": True}


def items(*turns, profile=HF):
    """The input items of some turns, as a server reads them."""
    return json.loads(b"[" + b",".join(word_turns(turns, ResponsesWire().rules(profile, False))) + b"]")


def body(given=None, profile=HF, **asked):
    return ResponsesWire().body(Asked("m", given or params(), profile, **asked))


def parts(*contents, profile=HF):
    (item,) = items(UserTurn(contents), profile=profile)
    return item["content"]


def test_the_whole_request_of_the_documentation():
    """The example of the AI SDK's provider page, every field of it."""
    given = params(
        temperature=0.2,
        max_tokens=200,
        reasoning_effort="high",
        instructions="Be brief",
        metadata={"run": "7"},
        strict_json_schema=False,
    )

    @tool(name="lookup")
    def look(q: str) -> str:
        """find a bird"""
        return q

    made = body(given, tools=[look], tool_choice="auto", wanted=Wanted("bird", "", SCHEMA, "json_schema"), stream=True)
    made["input"] = items(
        SystemTurn("You name birds"),
        UserTurn(["Which one?", ContentImageInline("image/png", "iVBORw0KGgo=")]),
        AssistantTurn("A robin"),
        UserTurn("As JSON"),
    )
    assert made == {
        "model": "m",
        "stream": True,
        "temperature": 0.2,
        "max_output_tokens": 200,
        "instructions": "Be brief",
        "metadata": {"run": "7"},
        "reasoning": {"effort": "high"},
        "input": [
            {"role": "system", "content": "You name birds"},
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Which one?"},
                    {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="},
                ],
            },
            {"role": "assistant", "content": [{"type": "output_text", "text": "A robin"}]},
            {"role": "user", "content": [{"type": "input_text", "text": "As JSON"}]},
        ],
        "text": {"format": {"type": "json_schema", "name": "bird", "schema": SCHEMA, "strict": False}},
        "tools": [
            {
                "type": "function",
                "name": "lookup",
                "description": "find a bird",
                "strict": False,
                "parameters": {
                    "type": "object",
                    "properties": {"q": {"type": "string"}},
                    "required": ["q"],
                    "additionalProperties": False,
                },
            }
        ],
        "tool_choice": "auto",
    }
    assert check_responses_request(made) == []


def test_images_keep_their_detail_where_it_is_known():
    remote = ContentImageRemote("https://x.test/a.png?b", "high")
    assert parts(remote, IMAGE) == [
        {"type": "input_image", "image_url": "https://x.test/a.png?b"},
        {"type": "input_image", "image_url": "data:image/png;base64,QUJD"},
    ]
    assert [part["detail"] for part in parts(remote, IMAGE, profile=OPENAI)] == ["high", "low"]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (
            ContentDocument("application/pdf", "QUJD", "a.pdf"),
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,QUJD"},
        ),
        (ContentDocumentRemote("https://x.test/a.pdf"), {"type": "input_file", "file_url": "https://x.test/a.pdf"}),
        (ContentAudio("wav", "QUJD"), {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}}),
    ],
)
def test_other_media_go_to_servers_that_may_take_them(content, part):
    assert parts(content, profile=GENERIC) == [part]
    with pytest.raises(MediaError, match="of Hugging Face takes text and images, but not"):
        parts(content)


def test_a_text_document_goes_as_text_everywhere():
    document = ContentDocument("text/plain", "aGk=", "a.txt")
    assert parts(document) == [{"type": "input_text", "text": '<document name="a.txt">\nhi\n</document>'}]


def test_a_call_and_its_output_stand_next_to_each_other():
    request = ContentToolRequest("c1", "look up!", {"q": "x"})
    broken = ContentToolRequest("c2", "", None, '{"q"')
    drawn = ContentToolResult(text="drawn", request=request, attachments=(IMAGE,))
    said = items(
        UserTurn("Go"),
        AssistantTurn([ContentThinking("hm"), ContentText("Let me."), request, broken]),
        UserTurn([drawn, ContentToolResult(error="no JSON", request=broken), ContentText("Go on")]),
    )
    assert said == [
        {"role": "user", "content": [{"type": "input_text", "text": "Go"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Let me."}]},
        {"type": "function_call", "call_id": "c1", "name": "look_up_", "arguments": '{"q":"x"}'},
        {"type": "function_call", "call_id": "c2", "name": "unnamed", "arguments": '{"INVALID_JSON":"{\\"q\\""}'},
        {"type": "function_call_output", "call_id": "c1", "output": "drawn"},
        {"type": "function_call_output", "call_id": "c2", "output": "no JSON"},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": '<attachments tool_call_id="c1" tool="look up!">'},
                {"type": "input_image", "image_url": "data:image/png;base64,QUJD"},
                {"type": "input_text", "text": "</attachments>"},
                {"type": "input_text", "text": "Go on"},
            ],
        },
    ]


def test_thoughts_are_never_sent_back():
    assert items(AssistantTurn([ContentThinking("hm")])) == []
    with pytest.warns(UnsupportedParameterWarning, match="`preserve_thinking` was left out"):
        rules = ResponsesWire().rules(GENERIC, True)
    turn = AssistantTurn([ContentThinking("hm"), ContentJson({"a": 1}, '{"a": 1}')])
    assert list(rules.messages(turn)) == [
        {"role": "assistant", "content": [{"type": "output_text", "text": '{"a": 1}'}]}
    ]


LEFT_OUT = {
    "top_k": 5,
    "frequency_penalty": 0.5,
    "presence_penalty": 0.5,
    "seed": 7,
    "log_probs": True,
    "stop_sequences": "x",
    "reasoning_tokens": 9,
}


@pytest.mark.parametrize(("name", "value"), LEFT_OUT.items())
def test_parameters_without_a_place_are_left_out_with_one_warning(name, value):
    warned: set[str] = set()
    with pytest.warns(UnsupportedParameterWarning, match=rf"`{name}` was left out: .*huggingface \(Responses\)"):
        made = ResponsesWire().body(Asked("m", params(**{name: value}), HF, warned=warned))
    assert made == {"model": "m", "input": [], "stream": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ResponsesWire().body(Asked("m", params(**{name: value}), HF, warned=warned)) == made


def test_a_profile_without_reasoning_effort_has_none_here_either():
    with pytest.warns(UnsupportedParameterWarning, match="`reasoning_effort`"):
        assert "reasoning" not in body(params(reasoning_effort="low"), PROFILES["tgi"])


def test_openai_is_asked_to_keep_nothing_and_for_log_probabilities():
    assert body(profile=OPENAI)["store"] is False
    assert body(params(store=True), OPENAI)["store"] is True
    assert "store" not in body() and "store" not in body(profile=GENERIC)
    assert body(params(log_probs=True), OPENAI)["include"] == ["message.output_text.logprobs"]
    both = body(params(log_probs=True, include=["reasoning.encrypted_content"]), OPENAI)
    assert both["include"] == ["reasoning.encrypted_content", "message.output_text.logprobs"]
    assert "include" not in body(params(log_probs=False), OPENAI)
    assert body(params(log_probs=True, include="odd"), OPENAI)["include"] == ["message.output_text.logprobs"]


def test_further_fields_pass_as_they_are():
    made = body(params(reasoning_effort="low", reasoning={"summary": "auto"}, parallel_tool_calls=False))
    assert made["reasoning"] == {"summary": "auto", "effort": "low"}
    assert made["parallel_tool_calls"] is False


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"instructions": ["x"]}, "`instructions` must be a text, not list"),
        ({"strict_json_schema": "yes"}, "`strict_json_schema` must be True or False, not 'yes'"),
        ({"metadata": "x"}, "`metadata` must be a dict of texts"),
        ({"metadata": {"a": 1}}, "`metadata` must be a dict of texts"),
        ({"metadata": {str(n): "x" for n in range(17)}}, "may have 16 entries, not 17"),
        ({"metadata": {"k" * 65: "x"}}, "may have keys of 64 characters, not 65"),
        ({"metadata": {"k": "x" * 513}}, "may have values of 512 characters, not 513 as under 'k'"),
    ],
)
def test_fields_of_this_format_are_checked_before_anything_is_sent(given, words):
    with pytest.raises(ConfigError, match=words):
        body(params(**given))


def test_metadata_may_have_all_that_is_allowed():
    most = {f"{n:064}": "x" * 512 for n in range(16)}
    assert body(params(metadata=most))["metadata"] == most


@tool(name="add", strict=None)
def add(a: int) -> int:
    """Add."""
    return a


@tool(name="now")
def now() -> str:
    """Tell the time."""
    return "noon"


@pytest.mark.parametrize(
    ("choice", "sent"),
    [("auto", "auto"), ("none", "none"), ("required", "required"), ("add", {"type": "function", "name": "add"})],
)
def test_a_choice_of_tools_has_the_servers_own_shape(choice, sent):
    assert body(tools=[add], tool_choice=choice)["tool_choice"] == sent
    assert "tool_choice" not in body(tools=[add])
    assert "tools" not in body()


def test_strictness_of_tools_is_always_said():
    (loose,), (strict,) = body(tools=[add])["tools"], body(profile=OPENAI, tools=[add])["tools"]
    assert (loose["strict"], strict["strict"]) == (False, True)
    (bare,) = body(profile=PROFILES["databricks"], tools=[now])["tools"]
    assert bare["parameters"] == {"type": "object", "properties": {}}


def test_tools_in_the_servers_own_form_stand_next_to_ones_own():
    remote = {"type": "mcp", "server_label": "x", "server_url": "https://x.test"}
    assert body(params(tools=[remote]))["tools"] == [remote]
    assert body(params(tools=[remote]), tools=[add])["tools"][1] == remote
    assert body(params(tools="odd"), tools=[add])["tools"][0]["name"] == "add"
    assert body(params(tools=[remote]), wanted=Wanted("bird", "", SCHEMA, "json_schema"))["tools"] == [remote]


def format_of(way="json_schema", schema=SCHEMA, profile=HF, strict=True, description="", **given):
    made = body(params(**given), profile, wanted=Wanted("bird", description, schema, way, strict))
    return made["text"]["format"]


def test_the_form_of_a_typed_answer():
    assert format_of(description="A bird") == {
        "type": "json_schema",
        "name": "bird",
        "description": "A bird",
        "schema": SCHEMA,
        "strict": True,
    }
    assert format_of("json_object") == {"type": "json_object"}
    assert "text" not in body(wanted=Wanted("bird", "", SCHEMA, "prompt"))
    made = body(wanted=Wanted("bird", "", SCHEMA, "tool"), tools=[add])
    assert [tool["name"] for tool in made["tools"]] == ["add", "bird"]
    assert made["tool_choice"] == {"type": "function", "name": "bird"}


def test_what_else_is_said_of_text_stays():
    made = body(params(text={"verbosity": "low"}), wanted=Wanted("bird", "", SCHEMA, "json_schema"))
    assert made["text"]["verbosity"] == "low"
    assert body(params(text="odd"), wanted=Wanted("bird", "", SCHEMA, "json_object"))["text"] == {
        "format": {"type": "json_object"}
    }


@pytest.mark.parametrize(
    ("schema", "strict", "given", "sent"),
    [
        (SCHEMA, True, {}, True),
        (SCHEMA, False, {}, False),
        (FREE, True, {}, False),
        (SCHEMA, True, {"strict_json_schema": False}, False),
        (SCHEMA, True, {"strict_json_schema": True}, True),
        (FREE, True, {"strict_json_schema": True}, True),
        # The ladder has learnt that the server refuses it.
        (SCHEMA, False, {"strict_json_schema": True}, False),
    ],
)
def test_strictness_of_typed_answers(schema, strict, given, sent):
    form = format_of(schema=schema, strict=strict, **given)
    assert form["strict"] is sent
    assert "strict_json_schema" not in body(params(**given))
