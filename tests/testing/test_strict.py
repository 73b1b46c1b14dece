"""Strict mode: what the strictest endpoint refuses, rule by rule."""

import copy

import pytest
import requests

from chatkit.testing import FakeService, check_history, check_request


def user(content="hi", **more):
    return {"role": "user", "content": content, **more}


def assistant(content="yes", **more):
    return {"role": "assistant", "content": content, **more}


def call(name="c1", function="add", arguments='{"a": 1}', **more):
    return {"id": name, "type": "function", "function": {"name": function, "arguments": arguments}, **more}


def calling(*calls, content=None):
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


def tool(name="c1", content="3", **more):
    return {"role": "tool", "tool_call_id": name, "content": content, **more}


SYSTEM = {"role": "system", "content": "be good"}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}

LAWFUL = {
    "one prompt": [user()],
    "a system prompt": [SYSTEM, user()],
    "a developer prompt": [{"role": "developer", "content": "x"}, user()],
    "taking turns": [SYSTEM, user(), assistant(), user()],
    "parts": [user([{"type": "text", "text": "a"}, PICTURE])],
    "assistant parts": [user(), assistant([{"type": "text", "text": "a"}]), user()],
    "names": [user(name="ada")],
    "a tool round": [user(), calling(call()), tool()],
    "an empty result": [user(), calling(call()), tool(content="")],
    "words with a call": [user(), calling(call(), content="let me see"), tool()],
    "empty words with a call": [user(), calling(call(), content=""), tool()],
    "results in any order": [user(), calling(call("a"), call("b")), tool("b"), tool("a")],
    "two rounds": [user(), calling(call("a")), tool("a"), calling(call("b")), tool("b"), assistant(), user()],
    "a prompt after results": [user(), calling(call()), tool(), user()],
}

UNLAWFUL = {
    "no list": ({}, "at least one message"),
    "no messages": ([], "at least one message"),
    "no object": (["hi"], "must be an object"),
    "unknown role": ([{"role": "robot", "content": "x"}], "unknown role 'robot'"),
    "no role": ([{"content": "x"}], "unknown role None"),
    "strange role": ([{"role": ["user"], "content": "x"}], "unknown role"),
    "unknown key": ([user(reasoning="x")], "unknown key 'reasoning'"),
    "system in the middle": ([user(), SYSTEM], "must come first"),
    "two systems": ([SYSTEM, SYSTEM, user()], "must come first"),
    "empty system": ([{"role": "system", "content": ""}, user()], "content is empty"),
    "only a system prompt": ([SYSTEM], "must not be of role system"),
    "empty user": ([user("")], "content is empty"),
    "null user": ([user(None)], "content is empty"),
    "no content": ([{"role": "user"}], "content is empty"),
    "number as content": ([user(3)], "string or a list"),
    "object as content": ([user({"type": "text", "text": "a"})], "string or a list"),
    "no parts": ([user([])], "content is empty"),
    "untyped part": ([user([{"text": "a"}])], "unknown type None"),
    "string part": ([user(["a"])], "unknown type None"),
    "unknown part": ([user([{"type": "smell"}])], "unknown type 'smell'"),
    "empty text part": ([user([{"type": "text", "text": ""}])], "text is empty"),
    "missing text": ([user([{"type": "text"}])], "text is empty"),
    "text of wrong type": ([user([{"type": "text", "text": 3}])], "wrong type"),
    "image as string": ([user([{"type": "image_url", "image_url": "http://x"}])], "wrong type"),
    "image without url": ([user([{"type": "image_url", "image_url": {"detail": "low"}}])], "without a url"),
    "two users": ([user(), user()], "two user messages in a row"),
    "two assistants": ([user(), assistant(), assistant(), user()], "two assistant messages in a row"),
    "assistant last": ([user(), assistant()], "must not be of role assistant"),
    "empty assistant": ([user(), assistant(""), user()], "content is empty"),
    "null assistant": ([user(), assistant(None), user()], "content is empty"),
    "no calls in the list": ([user(), assistant(tool_calls=[]), user()], "tool_calls must be a list"),
    "null calls": ([user(), assistant(tool_calls=None), user()], "tool_calls must be a list"),
    "calls as object": ([user(), assistant(tool_calls={"id": "a"}), user()], "tool_calls must be a list"),
    "call of wrong type": ([user(), calling({**call(), "type": "x"}), tool()], "of type 'function'"),
    "string as call": ([user(), calling("add")], "of type 'function'"),
    "index in a call": ([user(), calling(call(index=0)), tool()], "unknown key 'index'"),
    "missing id": ([user(), calling({"type": "function", "function": {}})], "without an id"),
    "empty id": ([user(), calling(call("")), tool("")], "without an id"),
    "one id twice": ([user(), calling(call(), call()), tool()], "used twice"),
    "one id in two rounds": ([user(), calling(call()), tool(), calling(call()), tool()], "used twice"),
    "bad name": ([user(), calling(call(function="add it")), tool()], "bad name 'add it'"),
    "long name": ([user(), calling(call(function="a" * 65)), tool()], "bad name"),
    "no name": ([user(), calling(call(function=None)), tool()], "bad name None"),
    "arguments as object": ([user(), calling(call(arguments={})), tool()], "holds a JSON object"),
    "arguments empty": ([user(), calling(call(arguments="")), tool()], "holds a JSON object"),
    "arguments cut": ([user(), calling(call(arguments='{"a"')), tool()], "holds a JSON object"),
    "arguments a list": ([user(), calling(call(arguments="[1]")), tool()], "holds a JSON object"),
    "arguments endless": ([user(), calling(call(arguments="[" * 100_000)), tool()], "holds a JSON object"),
    "unanswered at the end": ([user(), calling(call())], "'c1' is not answered"),
    "one unanswered": ([user(), calling(call("a"), call("b")), tool("a")], "'b' is not answered"),
    "answered too late": ([user(), calling(call()), user(), tool()], "'c1' is not answered"),
    "answered twice": ([user(), calling(call()), tool(), tool()], "answered twice"),
    "answer without call": ([user(), tool()], "no call of the message before"),
    "answer without id": ([user(), calling(call()), {"role": "tool", "content": "x"}], "for None"),
    "answer of an old call": (
        [user(), calling(call()), tool(), assistant(), user(), tool()],
        "no call of the message before",
    ),
    "result of wrong type": ([user(), calling(call()), tool(content=3)], "must be a string"),
    "result in parts": ([user(), calling(call()), tool(content=[{"type": "text", "text": "x"}])], "must be a string"),
    "name on a result": ([user(), calling(call()), tool(name="c1", tool_name="add")], "unknown key 'tool_name'"),
}


@pytest.mark.parametrize("messages", LAWFUL.values(), ids=LAWFUL)
def test_lawful_histories(messages):
    before = copy.deepcopy(messages)
    assert check_history(messages) == []
    assert messages == before


@pytest.mark.parametrize(("messages", "fault"), UNLAWFUL.values(), ids=UNLAWFUL)
def test_unlawful_histories(messages, fault):
    assert any(fault in problem for problem in check_history(messages))


def test_problems_tell_their_place():
    assert check_history([user(), assistant(), user("")]) == ["messages[2]: the content is empty"]


GOOD = {"model": "m", "messages": [user()]}
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
SHAPE = {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"stream": False},
        {"stream": True, "stream_options": {"include_usage": True}},
        {"tools": [TOOL]},
        {"tools": [{"type": "function", "function": {"name": "now"}}], "tool_choice": "auto"},
        {"response_format": {"type": "text"}},
        {"response_format": SHAPE},
    ],
)
def test_lawful_requests(more):
    assert check_request({**GOOD, **more}) == []


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"model": None}, "model: "),
        ({"model": ""}, "model: "),
        ({"messages": []}, "messages: "),
        ({"stream": 1}, "stream: "),
        ({"stream_options": {}}, "only allowed when stream is true"),
        ({"stream": True, "stream_options": 1}, "must be an object"),
        ({"tools": []}, "tools: "),
        ({"tools": {}}, "tools: "),
        ({"tools": ["add"]}, "tools[0]: must be an object"),
        ({"tools": [{"type": "function"}]}, "tools[0]: must be an object"),
        ({"tools": [{**TOOL, "type": "x"}]}, "tools[0]: must be an object"),
        ({"tools": [TOOL, TOOL]}, "tools[1]: a second tool named 'add'"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "bad name 'a b'"),
        ({"tools": [{"type": "function", "function": {"name": "a", "parameters": {}}}]}, "type 'object'"),
        (
            {
                "tools": [
                    {"type": "function", "function": {"name": "a", "parameters": {"type": "object", "properties": []}}}
                ]
            },
            "properties",
        ),
        ({"tool_choice": "auto"}, "tool_choice: "),
        ({"response_format": "json"}, "unknown type None"),
        ({"response_format": {"type": "xml"}}, "unknown type 'xml'"),
        ({"response_format": {"type": "json_schema"}}, "needs a name and a schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "needs a name"),
    ],
)
def test_unlawful_requests(more, fault):
    assert any(fault in problem for problem in check_request({**GOOD, **more}))


def test_a_body_that_is_no_object():
    assert check_request([]) == ["the body must be a JSON object"]


def test_the_service_refuses_and_keeps_its_answer():
    with FakeService(strict=True) as service:
        service.say("a")
        url = f"{service.base_url}/chat/completions"
        refused = requests.post(url, json={"model": "m", "messages": [user(), user()]}, timeout=5)
        assert refused.status_code == 400
        assert refused.json()["error"] == {
            "message": "messages[1]: two user messages in a row",
            "type": "invalid_request_error",
            "param": "messages",
            "code": None,
        }
        assert requests.post(url, json={**GOOD, "tools": []}, timeout=5).json()["error"]["param"] == "tools"
        assert requests.post(url, json=GOOD, timeout=5).ok
        service.strict = False
        service.say("b")
        assert requests.post(url, json={"messages": []}, timeout=5).ok


def test_strictness_is_for_chats_only():
    with FakeService(strict=True, paths=None) as service:
        service.say("a")
        assert requests.post(f"{service.origin}/other", json={}, timeout=5).ok
