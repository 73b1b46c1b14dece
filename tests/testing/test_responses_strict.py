"""Strict mode of the Responses server: what the router's server refuses, rule by rule, and what OpenAI's own takes."""

import base64
import copy

import pytest
import requests

from chatkit.testing import FakeService, check_responses_request

PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n").decode()
TOOL = {"type": "function", "name": "add", "parameters": {"type": "object", "properties": {}}}
SCHEMA = {"type": "json_schema", "name": "bird", "schema": {"type": "object"}}


def user(*parts, **more):
    return {"role": "user", "content": list(parts) or "hi", **more}


def text(words="hi", kind="input_text", **more):
    return {"type": kind, "text": words, **more}


def image(url=PNG, **more):
    return {"type": "input_image", "image_url": url, **more}


def said(*parts, **more):
    return {"role": "assistant", "content": list(parts) or "yes", **more}


def call(key="c1", name="add", arguments='{"a": 1}', **more):
    return {"type": "function_call", "call_id": key, "name": name, "arguments": arguments, **more}


def output(key="c1", value="3", **more):
    return {"type": "function_call_output", "call_id": key, "output": value, **more}


SYSTEM = {"role": "system", "content": "Be brief."}
LAWFUL = {
    "a string": "hi",
    "one message": [user()],
    "parts": [user(text(), image(), image("https://a.org/x.png"))],
    "typed": [user(text(), type="message", status="completed", id="m1")],
    "a system message": [SYSTEM, user()],
    "two system messages": [SYSTEM, SYSTEM, user()],
    "taking turns": [user(), said(text("yes", "output_text")), user()],
    "a refusal": [user(), said({"type": "refusal", "refusal": "no"}), user()],
    "annotated": [user(), said(text("yes", "output_text", annotations=[], logprobs=[])), user()],
    "a tool round": [user(), call(), output()],
    "words with a call": [user(), said(), call(), output()],
    "two calls, answered in any order": [user(), call("a"), call("b"), output("b"), output("a")],
    "an empty result": [user(), call(), output(value="")],
    "a prompt after results": [user(), call(), output(), user()],
    "ids and states": [user(), call(id="fc", status="completed"), output(id="fo", status="completed")],
    "of an MCP server": [user(), {"type": "mcp_list_tools", "id": "x"}, user()],
}
UNLAWFUL = {
    "nothing": (None, "input: must be a string, or a list"),
    "an empty string": ("", "input: must not be empty"),
    "no items": ([], "input: must be a string, or a list"),
    "an object": ({"role": "user"}, "input: must be a string, or a list"),
    "a string as item": (["hi"], "input[0]: must be an object"),
    "an unknown role": ([user(role="robot")], "input[0].role: unknown role 'robot'"),
    "no role": ([{"content": "x"}], "unknown role None"),
    "a strange role": ([user(role=["user"])], "unknown role"),
    "a tool message": ([user(role="tool", tool_call_id="c")], "unknown role 'tool'"),
    "a developer message": ([user(role="developer"), user()], "drops a developer message"),
    "system in the middle": ([user(), SYSTEM, user()], "input[1].role: a system message must come first"),
    "an unknown key": ([user(name="ada")], "input[0]: unknown key 'name'"),
    "calls of Chat Completions": ([user(), said(tool_calls=[]), user()], "unknown key 'tool_calls'"),
    "an unknown state": ([user(status="done")], "unknown status 'done'"),
    "empty content": ([user(content="")], "input[0].content: the content is empty"),
    "no parts": ([user(content=[])], "the content is empty"),
    "null content": ([user(content=None)], "a string or a list of parts"),
    "an empty text": ([user(text(""))], "input[0].content[0].text: must be a string that is not empty"),
    "a text that is none": ([user(text(5))], "must be a string that is not empty"),
    "a part that is a string": ([user("hi", "there")], "a part of type None in a message of role user"),
    "a part of Chat Completions": ([user({"type": "text", "text": "x"})], "a part of type 'text'"),
    "output_text of a user": (
        [user(text("x", "output_text"))],
        "a part of type 'output_text' in a message of role user",
    ),
    "input_text of an assistant": ([user(), said(text()), user()], "a part of type 'input_text'"),
    "an image of an assistant": ([user(), said(image()), user()], "a part of type 'input_image'"),
    "a file": ([user({"type": "input_file", "file_data": "x"})], "a part of type 'input_file'"),
    "a strange kind of part": ([user({"type": ["input_text"]})], "a part of type"),
    "an image with detail": ([user(image(detail="low"))], "input[0].content[0]: unknown key 'detail'"),
    "an image as an object": ([user(image({"url": PNG}))], "content[0].image_url: must be a string"),
    "an image by http": ([user(image("http://a.org/x.png"))], "must be an https address or a data URL"),
    "an image nowhere": ([user(image("https://"))], "must be an https address"),
    "bytes told as numbers": ([user(image("data:image/png;base64,137,80,78,71"))], "is not base64"),
    "raw bytes as text": ([user(image("data:image/png;base64,\ufffdPNG\r\n"))], "is not base64"),
    "base64 cut short": ([user(image(PNG[:-1]))], "is not base64"),
    "an empty data URL": ([user(image("data:image/png;base64,"))], "must be an https address or a data URL"),
    "no base64 at all": ([user(image("data:image/svg+xml,<svg/>"))], "must be an https address or a data URL"),
    "a reasoning item": ([user(), {"type": "reasoning", "content": []}, user()], "unknown type 'reasoning'"),
    "a strange kind of item": ([{"type": ["message"]}], "input[0].type: an item of unknown type"),
    "a reference": ([{"type": "item_reference", "id": "m1"}], "unknown type 'item_reference'"),
    "an assistant last": ([user(), said()], "the last item must not be a message of role assistant"),
    "a system message last": ([SYSTEM], "the last item must not be"),
    "a call without its answer": ([user(), call()], "input[1]: function call 'c1' is not answered"),
    "one of two unanswered": ([user(), call("a"), call("b"), output("a")], "function call 'b' is not answered"),
    "an answer before its call": ([user(), output(), call()], "input[1].call_id: an output for 'c1'"),
    "an answer without a call": ([user(), output()], "which is no earlier call"),
    "an answer without an id": ([user(), call(), output(None)], "an output for None"),
    "answered twice": ([user(), call(), output(), output()], "answered twice"),
    "an id used twice": ([user(), call(), call(), output()], "is used twice"),
    "no call id": ([user(), call("")], "without a call_id"),
    "arguments as an object": ([user(), call(arguments={}), output()], "arguments: must be a string that holds"),
    "arguments cut": ([user(), call(arguments='{"a"'), output()], "holds a JSON object"),
    "arguments a list": ([user(), call(arguments="[1]"), output()], "holds a JSON object"),
    "arguments without end": ([user(), call(arguments="[" * 100_000), output()], "holds a JSON object"),
    "a bad name": ([user(), call(name="add it"), output()], "the bad name 'add it'"),
    "no name": ([user(), call(name=None), output()], "the bad name None"),
    "a role on a call": ([user(), call(role="tool"), output()], "unknown key 'role'"),
    "an output in parts": ([user(), call(), output(value=[text("x")])], "output: the output must be a string"),
    "an output that is a number": ([user(), call(), output(value=3)], "the output must be a string"),
    "two users in a row": ([user(), user()], "input[1].role: two messages of role user in a row"),
    "two assistants in a row": ([user(), said(), said(), user()], "input[2].role: two messages of role assistant"),
    "a user between a call and its output": ([user(), call(), user(), output()], "outputs must follow their calls"),
    "an assistant between a call and its output": (
        [user(), call(), said(), output()],
        "input[2]: outputs must follow their calls directly",
    ),
    "a user between two outputs": (
        [user(), call("a"), call("b"), output("a"), user(), output("b")],
        "input[4]: outputs must follow their calls directly",
    ),
    "logprobs on what a user said": ([user(text(logprobs=[]))], "unknown key 'logprobs'"),
    "a user's text as a file": ([user(), said({"type": "input_file", "file_id": "f"}), user()], "a part of type"),
    "no call id, but null": ([user(), call(None)], "without a call_id"),
    "a call id that is no string": ([user(), call(["c"]), output()], "without a call_id"),
    "an answer by an id that is no string": ([user(), call(), output(["c1"])], "an output for ['c1']"),
    "an MCP item last is no fault, but what it follows is": (
        [user(), {"type": "mcp_call", "role": "assistant"}, said()],
        "the last item must not be a message of role assistant",
    ),
    "an output with a name": ([user(), call(), output(name="add")], "unknown key 'name'"),
}
FIELDS = [
    {"stream": True},
    {"instructions": "Be brief.", "temperature": 0.2, "top_p": 1, "max_output_tokens": 200},
    {"instructions": None, "max_output_tokens": None, "metadata": None},
    {"metadata": {f"key {number}": "x" * 512 for number in range(16)}},
    {"metadata": {"k" * 64: ""}},
    *({"reasoning": {"effort": effort}} for effort in ("low", "medium", "high")),
    {"reasoning": {"summary": "auto"}},
    {"text": {"format": {"type": "text"}}},
    {"text": {"format": {"type": "json_object"}}},
    {"text": {"format": {**SCHEMA, "strict": True, "description": "d"}}},
    {"tools": [TOOL, {**TOOL, "name": "mul", "strict": False, "description": "d"}], "tool_choice": "none"},
    {"tools": [TOOL], "tool_choice": {"type": "function", "name": "add"}},
    {"tools": [{"type": "mcp", "server_label": "x", "server_url": "https://a.org"}], "tool_choice": "required"},
]
FAULTS = [
    ({"model": ""}, "model: must be a string that is not empty"),
    *(({"model": value}, "model: must be a string") for value in (None, 3, ["m"])),
    ({"stream": 1}, "stream: must be true or false"),
    ({"instructions": ["x"]}, "instructions: must be a string"),
    *(({name: value}, f"{name}: must be a number") for name in ("temperature", "top_p") for value in (None, "1", True)),
    ({"temperature": 2.5}, "temperature: must be from 0 to 2"),
    ({"top_p": 1.1}, "top_p: must be from 0 to 1"),
    *(({"max_output_tokens": value}, "max_output_tokens: ") for value in (-1, 1.5, "9", True)),
    ({"metadata": []}, "metadata: must be an object"),
    ({"metadata": {str(number): "" for number in range(17)}}, "metadata: must have at most 16 items"),
    ({"metadata": {"k" * 65: ""}}, "the key must be at most 64 characters"),
    ({"metadata": {"k": "x" * 513}}, "metadata.k: must be at most 512 characters"),
    ({"metadata": {"k": 7}}, "metadata.k: must be a string"),
    ({"reasoning": "high"}, "reasoning: must be an object"),
    *(({"reasoning": {"effort": one}}, "reasoning.effort: ") for one in ("none", "minimal", "xhigh", None, 3, ["low"])),
    ({"reasoning": {"summary": "detailed"}}, "reasoning.summary: only 'auto'"),
    ({"reasoning": {"max_tokens": 9}}, "unknown key 'max_tokens'"),
    ({"text": {}}, "text.format: must be an object"),
    ({"text": "json"}, "text.format: must be an object"),
    ({"text": {"format": {"type": "xml"}}}, "text.format.type: unknown type 'xml'"),
    ({"text": {"format": {"type": "json_object", "name": "x"}}}, "text.format: unknown key 'name'"),
    ({"text": {"format": {"type": "json_schema", "json_schema": {}}}}, "unknown key 'json_schema'"),
    *(({"text": {"format": {**SCHEMA, "name": name}}}, "text.format.name: ") for name in ("", "a b", "x" * 65, None)),
    ({"text": {"format": {**SCHEMA, "schema": "x"}}}, "text.format.schema: must be of type dict"),
    ({"text": {"format": {**SCHEMA, "strict": None}}}, "text.format.strict: must be of type bool"),
    ({"text": {"format": {**SCHEMA, "description": None}}}, "text.format.description: must be of type str"),
    ({"tool_choice": "auto"}, "tool_choice: only allowed with tools"),
    *(({"tools": tools}, "tools: must be a list") for tools in ([], {}, None, "add", {"a": 1})),
    ({"tools": ["add"]}, "tools[0]: must be an object of type"),
    ({"tools": [{"type": "function", "function": {"name": "add"}}]}, "tools[0]: unknown key 'function'"),
    ({"tools": [{**TOOL, "name": "a b"}]}, "tools[0].name: the bad name 'a b'"),
    ({"tools": [TOOL, TOOL]}, "tools[1].name: a second tool named 'add'"),
    ({"tools": [{"type": "function", "name": "add"}]}, "tools[0].parameters: must be of type dict"),
    ({"tools": [{**TOOL, "parameters": {}}]}, "tools[0].parameters: must be a schema of type 'object'"),
    ({"tools": [{**TOOL, "strict": None}]}, "tools[0].strict: must be of type bool"),
    ({"tools": [{"type": "web_search"}]}, "tools[0]: must be an object of type"),
    ({"tools": [{"type": "mcp", "server_label": "x"}]}, "tools[0].server_url: must be of type str"),
    ({"tools": [TOOL], "tool_choice": "any"}, "tool_choice: must be"),
    ({"tools": [TOOL], "tool_choice": None}, "tool_choice: must be"),
    ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "add"}}, "tool_choice: must be"),
    ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "mul"}}, "tool_choice: must be"),
    ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "add"}}}, "tool_choice: must be"),
    ({"tools": [TOOL], "tool_choice": {"type": "function", "name": ["add"]}}, "tool_choice: must be"),
    ({"seed": 1}, "seed: unknown field"),
    ({"messages": []}, "messages: unknown field"),
    ({"max_tokens": 9}, "max_tokens: unknown field"),
    ({"response_format": {}}, "response_format: unknown field"),
]
UNSUPPORTED = {
    "previous_response_id": "resp_1",
    "store": False,
    "background": False,
    "include": [],
    "truncation": "auto",
    "parallel_tool_calls": True,
    "top_logprobs": 3,
    "max_tool_calls": 2,
    "stream_options": {},
    "user": "ada",
}


@pytest.mark.parametrize("flavour", ["huggingface", "openai"])
@pytest.mark.parametrize("items", LAWFUL.values(), ids=LAWFUL)
def test_lawful_items(items, flavour):
    before = copy.deepcopy(items)
    assert check_responses_request({"model": "m", "input": items}, flavour) == []
    assert items == before


@pytest.mark.parametrize(("items", "fault"), UNLAWFUL.values(), ids=UNLAWFUL)
def test_unlawful_items(items, fault):
    assert any(fault in problem for problem in check_responses_request({"model": "m", "input": items}))


@pytest.mark.parametrize("more", FIELDS)
def test_lawful_fields(more):
    assert check_responses_request({"model": "m", "input": "hi", **more}) == []


@pytest.mark.parametrize(("more", "fault"), FAULTS)
def test_unlawful_fields(more, fault):
    problems = check_responses_request({"model": "m", "input": "hi", **more})
    assert any(problem.startswith(fault) or fault in problem for problem in problems)


@pytest.mark.parametrize(("name", "value"), UNSUPPORTED.items(), ids=UNSUPPORTED)
def test_what_the_router_does_not_support_and_openai_does(name, value):
    body = {"model": "m", "input": "hi", name: value}
    assert check_responses_request(body) == [f"{name}: this server does not support it"]
    assert check_responses_request(body, "openai") == []


@pytest.mark.parametrize(
    "more",
    [
        {"input": [user(), {"type": "reasoning", "id": "rs", "summary": []}, said(), user()]},
        {"input": [user({"type": "input_file", "file_id": "f"}, image(detail="low"))]},
        {"input": [{"role": "developer", "content": "x"}, user()]},
        {"input": [user(), call(), output(value=[text("x")])]},
        *({"reasoning": {"effort": effort}} for effort in ("none", "minimal", "xhigh")),
        {"tools": [{"type": "web_search"}], "tool_choice": {"type": "web_search"}},
    ],
)
def test_what_only_openai_takes(more):
    body = {"model": "m", "input": "hi", **more}
    assert check_responses_request(body, "openai") == []
    assert check_responses_request(body) != []


@pytest.mark.parametrize(
    "more",
    [
        {"input": [user(), {"content": "x"}]},
        {"input": [{"role": "developer", "content": "x"}, {"role": "tool", "content": "x"}]},
        {"input": [user(), said({"type": "input_file", "file_id": "f"}), user()]},
        {"input": [user({"type": "input_image"})]},
        {"input": [{"type": 3}, user()]},
        {"input": [user(), call(), output(value=3)]},
        {"reasoning": {"effort": "huge"}},
        {"tools": [{"name": "x"}]},
        {"tools": [TOOL], "tool_choice": "any"},
    ],
)
def test_what_not_even_openai_takes(more):
    assert check_responses_request({"model": "m", "input": "hi", **more}, "openai") != []


@pytest.mark.parametrize("body", [[], None, "x", 7])
def test_a_body_that_is_no_object(body):
    assert check_responses_request(body) == ["the body must be a JSON object"]


def test_the_router_refuses_in_the_words_of_its_schema_checker():
    with FakeService(strict=True) as service:
        service.say("a")
        body = {"model": "m", "input": [user(role="robot")], "store": True}
        refused = requests.post(f"{service.base_url}/responses", json=body, timeout=5)
        assert refused.status_code == 400
        issues = [
            {"code": "invalid_enum_value", "path": ["input", 0, "role"], "message": "unknown role 'robot'"},
            {"code": "unrecognized_keys", "path": ["store"], "message": "this server does not support it"},
        ]
        assert refused.json() == {"success": False, "error": issues, "details": issues}
        assert service.unsaid == 1
        good = {"model": "m", "input": "hi"}
        assert requests.post(f"{service.base_url}/responses", json=good, timeout=5).ok
        service.strict = False
        service.say("b")
        assert requests.post(f"{service.base_url}/responses", json=body, timeout=5).ok


def test_openai_refuses_in_its_own_words():
    with FakeService(strict=True, responses="openai") as service:
        body = {"model": "m", "input": [user(role="robot")]}
        refused = requests.post(f"{service.base_url}/responses", json=body, timeout=5)
        assert refused.json()["error"]["message"] == "input[0].role: unknown role 'robot'"
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "input")
