"""OfflineService: every rule of its tables, over the wire."""

import json
import time

import pytest
import requests
import sseclient

from chatkit.testing import OfflineService, check_history


def ask(offline, *texts, model="offline-chat", system=None, messages=None, **fields):
    """Send a conversation whose messages are the user's and the assistant's by turns."""
    if messages is None:
        messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]
    if system:
        messages = [{"role": "system", "content": system}, *messages]
    url = f"{offline.base_url}/chat/completions"
    return requests.post(url, json={"model": model, "messages": messages, **fields}, timeout=5)


def words(offline, *texts, **fields):
    return ask(offline, *texts, **fields).json()["choices"][0]["message"]["content"]


def calls(offline, *texts, **fields):
    message = ask(offline, *texts, **fields).json()["choices"][0]["message"]
    functions = [call["function"] for call in message.get("tool_calls", ())]
    return [(one["name"], json.loads(one["arguments"])) for one in functions]


def offered(name, **properties):
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


ADD = offered("add", a={"type": "integer"}, b={"type": "integer"})
WEATHER = offered("get_weather", city={"type": "string"}, unit={"enum": ["celsius", "fahrenheit"]})
BOTH = [ADD, WEATHER]


@pytest.mark.parametrize("prompt", ["Hello!", "Who are you?", "Are you a language model?", "What's your name?"])
def test_it_says_what_it_is(offline, prompt):
    answer = words(offline, prompt)
    assert "offline stand-in" in answer
    assert "no language model" in answer


@pytest.mark.parametrize(
    ("texts", "answer"),
    [
        (["My name is Ada."], "I see: your name is Ada."),
        (["My name is Ada.", "ok", "What is my name?"], "Your name is Ada."),
        (["my dog is Rex", "ok", "my dog is Max", "ok", "What's my dog?"], "Your dog is Max."),
        (["What is my name?"], "You have not told me your name in this conversation."),
        (["Remember that tea is hot."], "I will remember it: tea is hot."),
        (["Remember: tea", "ok", "What do you remember?"], "You asked me to remember: tea."),
        (["What do you remember?"], "You asked me to remember nothing."),
        (["one", "x", "two", "y", "What did I say first?"], 'You said first: "one".'),
        (["one", "x", "two", "y", "What did I ask before?"], 'You said before: "two".'),
        (["What did I say?"], "This is the first thing that you have said."),
        (["a", "b", "How many messages?"], "Messages in this conversation so far: 3. Yours among them: 2."),
        (["What is 2 * (3 + 4)?"], "2 * (3 + 4) = 14."),
        (["1/0"], "The sum 1/0 has no value."),
    ],
)
def test_rules_of_words(offline, texts, answer):
    assert words(offline, *texts) == answer


def test_everything_else_is_quoted(offline):
    answer = words(offline, "Lorem ipsum")
    assert answer.startswith('You said: "Lorem ipsum". That is 2 words, in message 1 of yours.')
    assert words(offline, "x " * 500).count("x") < 200


def test_attachments_are_counted(offline):
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    answer = words(offline, messages=[{"role": "user", "content": parts}])
    assert "It came with 1 further parts: image_url." in answer


@pytest.mark.parametrize(
    ("prompt", "has", "lacks"),
    [
        ("Give me a list", "- **First**", "|--"),
        ("show a table please", "|:-----|", "```"),
        ("write some code", "```python", "- **"),
        ("Answer in Markdown", "|:-----|", "\x00"),
    ],
)
def test_markdown(offline, prompt, has, lacks):
    answer = words(offline, prompt)
    assert answer.startswith("# ")
    assert has in answer
    assert lacks not in answer


def test_a_terse_system_prompt_shortens(offline):
    assert words(offline, "Lorem", system="Be terse.") == 'You said: "Lorem".'
    assert "\n" not in words(offline, "a table", system="Be brief.")


def test_streams_say_the_same_as_wholes(offline):
    for prompt in ("Hello", "Answer in markdown", "1 + 1"):
        response = ask(offline, prompt, stream=True, stream_options={"include_usage": True})
        chunks = [json.loads(event.data) for event in sseclient.SSEClient(response).events() if event.data != "[DONE]"]
        deltas = [one["choices"][0]["delta"].get("content", "") for one in chunks if one["choices"]]
        assert "".join(deltas) == words(offline, prompt)
        assert max(map(len, deltas)) <= 20
        assert chunks[-1]["usage"]["total_tokens"] > 0


def test_answers_carry_the_usual_extras(offline):
    response = ask(offline, "Hello", model="gpt-x")
    body = response.json()
    assert response.headers["x-request-id"] == "req-1"
    assert (body["id"], body["model"], body["system_fingerprint"]) == ("chatcmpl-1", "offline-chat", "offline-stand-in")
    longer = ask(offline, "Hello", "there " * 40, "Hello").json()
    assert longer["usage"]["prompt_tokens"] > body["usage"]["prompt_tokens"] + 50


def test_the_same_request_has_the_same_answer(offline):
    with OfflineService() as other:
        assert ask(offline, "Answer in markdown").content == ask(other, "Answer in markdown").content


def test_lengths_and_stops(offline):
    whole = words(offline, "Lorem ipsum")
    choice = ask(offline, "Lorem ipsum", max_tokens=5).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (whole[:20], "length")
    assert words(offline, "Lorem ipsum", max_completion_tokens=3) == whole[:12]
    assert ask(offline, "Lorem ipsum", max_tokens=500).json()["choices"][0]["finish_reason"] == "stop"
    stopped = ask(offline, "Lorem ipsum", stop=["nowhere", "ipsum"]).json()["choices"][0]
    assert (stopped["message"]["content"], stopped["finish_reason"]) == ('You said: "Lorem ', "stop")
    assert words(offline, "Lorem ipsum", stop="Lorem") == 'You said: "'


def test_cut_arguments(offline):
    choice = ask(offline, "call all tools", tools=BOTH, max_tokens=3).json()["choices"][0]
    (call,) = choice["message"]["tool_calls"]
    assert call["function"]["arguments"] == '{"a": 0, "b"'
    assert choice["finish_reason"] == "length"
    enough = ask(offline, "call all tools", tools=BOTH, max_tokens=300).json()["choices"][0]
    assert (len(enough["message"]["tool_calls"]), enough["finish_reason"]) == (2, "tool_calls")


@pytest.mark.parametrize(
    ("prompt", "fields", "expected"),
    [
        ("What is 17 + 25?", {}, [("add", {"a": 17, "b": 25})]),
        ("add 3 to 4", {}, [("add", {"a": 3, "b": 4})]),
        ("weather in Paris, fahrenheit", {}, [("get_weather", {"city": "Paris", "unit": "fahrenheit"})]),
        ("call get_weather for Rome", {}, [("get_weather", {"city": "Rome", "unit": "celsius"})]),
        ("use a tool on 1 and 2", {}, [("add", {"a": 1, "b": 2})]),
        ("Hello", {}, []),
        ("add 1 and 2", {"tool_choice": "none"}, []),
        ("Hello", {"tool_choice": "required"}, [("add", {"a": 0, "b": 0})]),
        (
            "in Oslo",
            {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
            [("get_weather", {"city": "Oslo", "unit": "celsius"})],
        ),
        ("x", {"tool_choice": {"type": "function", "function": {"name": "absent"}}}, []),
        ("x", {"tool_choice": {"type": "odd"}}, []),
        ("all tools", {"parallel_tool_calls": False}, [("add", {"a": 0, "b": 0})]),
    ],
)
def test_tool_calls(offline, prompt, fields, expected):
    assert calls(offline, prompt, tools=BOTH, **fields) == expected


def test_all_tools_are_called(offline):
    for prompt in ("use all tools", "Call each tool once", "the weather and add"):
        assert {name for name, _ in calls(offline, prompt, tools=BOTH)} == {"add", "get_weather"}


def test_tools_without_parameters_and_in_camel_case(offline):
    tools = [{"type": "function", "function": {"name": "currentTime"}}, {"type": "function"}, "nonsense"]
    assert calls(offline, "tell the current time", tools=tools) == [("currentTime", {})]


def run_tools(offline, prompt, **fields):
    """Play the client's part of a tool conversation; return the messages."""
    messages = [{"role": "user", "content": prompt}]
    for _ in range(5):
        message = ask(offline, messages=messages, tools=BOTH, **fields).json()["choices"][0]["message"]
        for call in message.get("tool_calls", ()):
            call.pop("index")
        messages.append(message)
        if not message.get("tool_calls"):
            return messages
        messages += [
            {"role": "tool", "tool_call_id": call["id"], "content": call["function"]["name"].upper()}
            for call in message["tool_calls"]
        ]
    raise AssertionError("the conversation does not end")


def test_results_are_told(offline):
    messages = run_tools(offline, "call all tools")
    assert messages[-1]["content"] == "The tool `add` gave: ADD. The tool `get_weather` gave: GET_WEATHER."
    assert len(messages) == 5
    assert check_history([*messages, {"role": "user", "content": "thanks"}]) == []


def test_tools_one_at_a_time_are_told_in_the_end(offline):
    messages = run_tools(offline, "call all tools", parallel_tool_calls=False)
    assert len(messages) == 6
    assert messages[-1]["content"] == "The tool `get_weather` gave: GET_WEATHER."


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "add"}}])
def test_a_demanded_call_is_made_once(offline, choice):
    assert len(run_tools(offline, "use a tool", tool_choice=choice)) == 4


def test_results_can_become_json(offline):
    schema = {"type": "json_schema", "json_schema": {"name": "r", "schema": {"properties": {"n": {"type": "integer"}}}}}
    messages = run_tools(offline, "use a tool")[:-1]
    messages[-1]["content"] = "41"
    assert json.loads(words(offline, messages=messages, response_format=schema)) == {"n": 41}


def test_json_answers(offline):
    properties = {"name": {"type": "string"}, "age": {"type": "integer"}}
    schema = {"type": "object", "properties": properties, "required": ["name", "age"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    assert json.loads(words(offline, "Susan is 13", response_format=wanted)) == {"name": "Susan", "age": 13}
    anything = json.loads(words(offline, "1 + 1", response_format={"type": "json_object"}))
    assert anything == {"prompt": "1 + 1", "answer": "1 + 1 = 2."}
    assert words(offline, "x", response_format={"type": "json_schema"}) == "null"
    assert words(offline, "My name is Ada", response_format={"type": "text"}) == "I see: your name is Ada."


def test_models_are_listed(offline):
    listed = requests.get(f"{offline.base_url}/models", timeout=5).json()["data"]
    assert listed[0]["id"] == "offline-chat"
    assert all(one["id"].startswith("offline-") for one in listed)


def test_offline_think_reasons_first(offline):
    message = ask(offline, "Lorem", model="offline-think").json()["choices"][0]["message"]
    assert message["reasoning"].startswith('The user says "Lorem".')
    cut = ask(offline, "Lorem", model="offline-think", max_tokens=2).json()["choices"][0]
    assert (cut["message"]["reasoning"], cut["message"]["content"]) == ("The user", "")
    assert cut["finish_reason"] == "length"


def test_offline_429_refuses_twice(offline):
    answers = [ask(offline, "x", model="offline-429") for _ in range(4)]
    assert [one.status_code for one in answers] == [429, 429, 200, 200]
    assert answers[0].headers["retry-after"] == "1"


def test_offline_500_and_unknown_offline_models(offline):
    assert ask(offline, "x", model="offline-500").status_code == 500
    unknown = ask(offline, "x", model="offline-1000")
    assert unknown.status_code == 404
    assert "offline-chat" in unknown.json()["error"]["message"]


@pytest.mark.parametrize("stream", [True, False])
def test_offline_drop_cuts_the_answer(offline, stream):
    response = requests.post(
        f"{offline.base_url}/chat/completions",
        json={"model": "offline-drop", "messages": [{"role": "user", "content": "Lorem"}], "stream": stream},
        stream=True,
        timeout=5,
    )
    received = []
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        received.extend(response.iter_content(10))
    if stream:
        assert b"You " in b"".join(received)


def test_offline_empty_says_nothing(offline):
    choice = ask(offline, "x", model="offline-empty").json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", "stop")


def test_offline_slow_is_slow(offline):
    body = {"model": "offline-slow", "messages": [{"role": "user", "content": "x"}], "stream": True}
    url = f"{offline.base_url}/chat/completions"
    with requests.post(url, json=body, stream=True, timeout=0.2) as response:
        pieces = response.iter_content(None)
        assert next(pieces).startswith(b"data: ")
        with pytest.raises(requests.ConnectionError, match="timed out"):
            next(pieces)


def test_delays_lie_between_deltas():
    with OfflineService(delay=0.01) as offline:
        started = time.monotonic()
        assert ask(offline, "1 + 1", stream=True).content.endswith(b"[DONE]\n\n")
        assert time.monotonic() - started > 0.05


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "messages: must be a list"),
        ({"messages": []}, "messages: must be a list"),
        ({"messages": ["hi"]}, "messages[0]: must be an object"),
        ({"messages": [{"role": "robot"}]}, "messages[0]: unknown role 'robot'"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0]: the content must be"),
        ({"messages": [{"role": "user", "content": "x"}], "model": 3}, "model: must be a string"),
        ({"messages": [{"role": "user", "content": "x"}], "tools": {}}, "tools: must be"),
        ({"messages": [{"role": "user", "content": "x"}], "stream": "yes"}, "stream: must be"),
        ({"messages": [{"role": "user", "content": "x"}], "response_format": "json"}, "response_format: must be"),
        ({"messages": [{"role": "user", "content": "x"}], "max_tokens": 0}, "max_tokens: must be"),
        ({"messages": [{"role": "user", "content": "x"}], "max_completion_tokens": "9"}, "max_completion_tokens: "),
    ],
)
def test_bad_requests_are_told_what_is_wrong(offline, body, fault):
    response = requests.post(f"{offline.base_url}/chat/completions", json=body, timeout=5)
    assert response.status_code == 422
    assert fault in response.json()["error"]["message"]


def test_other_bad_requests(offline):
    assert requests.post(f"{offline.base_url}/chat/completions", data="{", timeout=5).status_code == 400
    assert requests.post(f"{offline.base_url}/completions", json={}, timeout=5).status_code == 404


def test_a_conversation_without_user_or_with_odd_parts(offline):
    assert words(offline, messages=[{"role": "system", "content": "x"}]).startswith('You said: ""')
    odd = [{"role": "user", "content": [{"type": "text", "text": None}, "hi"]}]
    assert words(offline, messages=odd).startswith('You said: ""')
    assert "gave: x" in words(offline, messages=[{"role": "tool", "content": "x"}])


@pytest.mark.parametrize(
    ("system", "text"),
    [
        (
            'Be kind.\n\nIt must conform to this JSON schema:\n{"properties": {"age": {"type": "integer"}}}',
            '{"age": 13}',
        ),
        ("JSON schema: you know it.", 'You said: "Susan is 13".'),
        ("JSON schema: [1]", 'You said: "Susan is 13".'),
    ],
)
def test_a_schema_in_the_system_prompt_is_filled_in(offline, system, text):
    messages = [{"role": "system", "content": system}, {"role": "user", "content": "Susan is 13"}]
    assert words(offline, messages=messages).startswith(text)


def test_what_the_tools_gave_is_the_first_to_be_filled_in(offline):
    call = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 17, "b": 25}'}}
    messages = [
        {"role": "user", "content": "17 + 25?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "42"},
    ]
    schema = {"type": "object", "properties": {"total": {"type": "integer"}}, "required": ["total"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "sum", "schema": schema}}
    assert json.loads(words(offline, messages=messages, response_format=wanted)) == {"total": 42}
