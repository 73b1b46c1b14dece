"""The AI SDK's provider for this wire, row by row: what its document promises, and what it does wrong, done right.

The names say which section of the survey a row is from: 1.1 requests, 1.2 whole answers, 1.3 streams.
"""

import base64
import json
import warnings
from dataclasses import dataclass

import pytest

from chatkit import (
    ConfigError,
    MissingKeyError,
    UnsupportedParameterWarning,
    chat_huggingface,
    content_image_file,
    content_image_url,
    params,
)
from chatkit.testing import Answer, ErrorAnswer, ToolCall

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass
class Bird:
    name: str


def said_to(service, number=-1):
    return service.requests[number].json


def lookup(q: str) -> str:
    """Find a bird."""
    return f"{q} is a robin"


def test_ai_sdk_1_1_url_headers_and_key(hf, make_hf, monkeypatch):
    monkeypatch.setenv("HUGGINGFACE_API_KEY", "hf_from_env")
    hf.say("ok")
    make_hf(credentials=lambda: "hf_mine", api_headers={"x-team": "birds"}).chat("Hi")
    request = hf.requests[0]
    assert request.path == "/v1/responses"
    assert request.headers["authorization"] == "Bearer hf_mine"
    assert request.headers["x-team"] == "birds"
    assert request.headers["user-agent"].startswith("chatkit/")


def test_ai_sdk_1_1_a_missing_key_fails_when_it_is_called(monkeypatch):
    chat = chat_huggingface(model="m", api="responses", echo="none")
    with pytest.raises(MissingKeyError):
        chat.chat("Hi")


def test_ai_sdk_1_1_stream_is_always_said(hf, make_hf, talk):
    hf.say("ok")
    talk(make_hf(), "Hi")
    assert said_to(hf)["stream"] is talk.streams
    assert "stream_options" not in said_to(hf)


def test_ai_sdk_1_1_a_system_prompt_is_an_item_and_instructions_a_field(hf, make_hf):
    hf.say("ok")
    make_hf(system_prompt="You name birds", params=params(instructions="Be brief")).chat("Hi")
    assert said_to(hf)["input"][0] == {"role": "system", "content": "You name birds"}
    assert said_to(hf)["instructions"] == "Be brief"


def test_ai_sdk_1_1_text_is_always_in_the_list_form(hf, make_hf):
    hf.script("A robin", "ok")
    chat = make_hf()
    chat.chat("Which one?")
    chat.chat("Sure?")
    assert said_to(hf)["input"] == [
        {"role": "user", "content": [{"type": "input_text", "text": "Which one?"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "A robin"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "Sure?"}]},
    ]


def test_ai_sdk_1_1_images_by_url_and_by_bytes_arrive_as_they_are(hf, make_hf, tmp_path, talk):
    (tmp_path / "dot.png").write_bytes(PNG)
    hf.say("Dots.")
    url = "https://example.org/dot.png"
    talk(make_hf(), "What?", content_image_url(url), content_image_file(PNG), content_image_file(tmp_path / "dot.png"))
    first, *others = said_to(hf)["input"][0]["content"][1:]
    assert first == {"type": "input_image", "image_url": url}
    for part in others:
        head, _, data = part["image_url"].partition(",")
        assert head == "data:image/png;base64"
        assert base64.b64decode(data, validate=True) == PNG


def test_ai_sdk_1_1_past_thinking_is_not_replayed_as_an_answer(hf, make_hf, talk):
    hf.script(Answer("Four.", reasoning=["2 and ", "2"]), "ok")
    chat = make_hf()
    talk(chat, "2 + 2?")
    assert (chat.last_turn().thinking, chat.last_turn().text) == ("2 and 2", "Four.")
    talk(chat, "Sure?")
    assert "2 and 2" not in json.dumps(said_to(hf)["input"])


def test_ai_sdk_1_1_a_loop_of_two_steps_sends_calls_and_their_outputs(hf, make_hf, talk):
    chat = make_hf()
    chat.register_tool(lookup)
    hf.script(
        Answer("Let me see.", tool_calls=[ToolCall("lookup", {"q": "x"}, fragment=3)]),
        Answer(tool_calls=[ToolCall("lookup", {"q": "y"}), ToolCall("lookup", {"q": "z"})]),
        "Robins.",
    )
    assert talk(chat, "Which?").endswith("Robins.")
    kinds = [item.get("type", item.get("role")) for item in said_to(hf)["input"]]
    assert kinds == [
        "user",
        "assistant",
        *["function_call", "function_call_output"],
        *["function_call"] * 2,
        *["function_call_output"] * 2,
    ]
    call, output = said_to(hf, 1)["input"][2:]
    assert (call["name"], json.loads(call["arguments"])) == ("lookup", {"q": "x"})
    assert output == {"type": "function_call_output", "call_id": call["call_id"], "output": "x is a robin"}


def test_ai_sdk_1_1_parameters_have_their_names_here_and_absent_ones_are_absent(hf, make_hf):
    hf.script("ok", "ok")
    make_hf(
        params=params(temperature=0.2, top_p=0.9, max_tokens=200, reasoning_effort="high", metadata={"run": "7"})
    ).chat("Hi")
    sent = said_to(hf)
    assert [sent[name] for name in ("temperature", "top_p", "max_output_tokens")] == [0.2, 0.9, 200]
    assert (sent["reasoning"], sent["metadata"]) == ({"effort": "high"}, {"run": "7"})
    make_hf().chat("Hi")
    assert said_to(hf).keys() == {"model", "input", "stream"}


def test_ai_sdk_1_1_unsupported_parameters_are_left_out_with_a_warning_each_once(hf, make_hf):
    hf.script("ok", "ok")
    given = params(top_k=5, seed=1, presence_penalty=1, frequency_penalty=1, stop_sequences="x")
    chat = make_hf(params=given)
    with pytest.warns(UnsupportedParameterWarning) as caught:
        chat.chat("Hi")
    names = {str(warning.message).split("`")[1] for warning in caught}
    assert names == {"top_k", "seed", "presence_penalty", "frequency_penalty", "stop_sequences"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chat.chat("Hi")


def test_ai_sdk_1_1_metadata_is_checked_before_anything_is_sent(hf, make_hf):
    chat = make_hf(params=params(metadata={"run": 7}))
    with pytest.raises(ConfigError, match="`metadata` must be a dict of texts"):
        chat.chat("Hi")
    assert (hf.requests, chat.turns) == ([], [])


@pytest.mark.parametrize("way", [None, "json_schema", "json_object", "tool", "prompt"])
def test_ai_sdk_1_1_typed_answers_in_all_ways(hf, make_hf, typed, way):
    def act(request):
        if way != "tool":
            return Answer(['{"name": ', '"robin"}'])
        return Answer(tool_calls=[ToolCall(request.json["tools"][0]["name"], {"name": "robin"}, fragment=4)])

    hf.on_request(act)
    chat = make_hf(system_prompt="You name birds")
    assert typed(chat, "Which?", type=Bird, **({"way": way} if way else {})) == Bird("robin")
    sent = said_to(hf)
    if way in (None, "json_schema"):
        assert sent["text"]["format"]["schema"]["required"] == ["name"]
    elif way == "json_object":
        assert sent["text"] == {"format": {"type": "json_object"}}
    elif way == "tool":
        assert sent["tool_choice"] == {"type": "function", "name": sent["tools"][0]["name"]}
    else:
        assert sent.keys() == {"model", "input", "stream"}
    assert ("JSON schema" in sent["input"][0]["content"]) is (way in ("json_object", "prompt"))


def test_ai_sdk_1_1_strict_json_schema_is_no_field_of_the_body(hf, make_hf):
    hf.say('{"name": "robin"}')
    make_hf(params=params(strict_json_schema=False)).chat_structured("Which?", type=Bird)
    assert said_to(hf)["text"]["format"]["strict"] is False
    assert "strict_json_schema" not in said_to(hf)


def test_ai_sdk_1_1_a_named_tool_choice_has_the_shape_of_the_server(hf, make_hf):
    chat = make_hf()
    chat.register_tool(lookup)
    hf.script(Answer(tool_calls=[ToolCall("lookup", {"q": "x"})]), "A robin.")
    assert chat.chat("Which?", tool_choice="lookup") == "A robin."
    assert said_to(hf, 0)["tool_choice"] == {"type": "function", "name": "lookup"}
    assert "tool_choice" not in said_to(hf, 1)


def test_ai_sdk_1_1_tool_choice_none_is_said(hf, make_hf):
    chat = make_hf()
    chat.register_tool(lookup)
    hf.say("No.")
    chat.chat("Which?", tool_choice="none")
    assert said_to(hf)["tool_choice"] == "none"


def test_a_refused_way_of_asking_for_a_typed_answer_leads_to_the_next(hf, make_hf, typed):
    issue = {"code": "invalid_union", "path": ["text", "format"], "message": "Invalid input"}
    refusal = ErrorAnswer(400, {"success": False, "error": [issue], "details": [issue]})
    hf.script(refusal, '{"name": "robin"}')
    assert typed(make_hf(), "Which?", type=Bird) == Bird("robin")
    assert [said_to(hf, number)["text"]["format"]["type"] for number in (0, 1)] == ["json_schema", "json_object"]
