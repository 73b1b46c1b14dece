"""The Responses wire: which tools may be called, log probabilities, tools of remote servers, odd names, whole items."""

import json
import warnings

import pytest
from pydantic import create_model

from chatkit import (
    Chat,
    ConfigError,
    FinishReasonWarning,
    TokenLogProb,
    ToolFailureWarning,
    UnsupportedParameterWarning,
    chat_huggingface,
    chat_openai_compatible,
    params,
)
from chatkit.testing import Answer, ErrorAnswer, EventsAnswer, FakeService, RawAnswer, ToolCall

CALL = Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})])
NAMED = {"type": "function", "name": "add"}
REMOTE = {"type": "mcp", "server_label": "x", "server_url": "https://x.test"}


@pytest.fixture
def openai():
    with FakeService(strict=True, responses="openai") as service:
        yield service


@pytest.fixture
def adder(make_hf):
    """A chat with a tool, and the list of calls that it had."""
    calls = []

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        calls.append((a, b))
        return a + b

    chat = make_hf()
    chat.register_tool(add)
    return chat, calls


def sent(service):
    """The choice of each request; "-" where there is none."""
    return [request.json.get("tool_choice", "-") for request in service.requests]


def answer_of(*output, streams, **fields):
    """An answer that is told all at once, at the end of a stream or as a body."""
    body = {"id": "r", "object": "response", "status": "completed", "output": list(output), **fields}
    if streams:
        return EventsAnswer([{"type": "response.completed", "response": body}], done=False)
    return RawAnswer(json.dumps(body).encode())


def message(text, **more):
    return {"type": "message", "id": "m", "content": [{"type": "output_text", "text": text, **more}]}


@pytest.mark.parametrize(
    ("choice", "first", "further"),
    [(None, "-", "-"), ("auto", "auto", "auto"), ("required", "required", "-"), ("add", NAMED, "-")],
)
def test_ai_sdk_1_1_a_demand_counts_for_the_first_request_the_rest_for_all(hf, adder, talk, choice, first, further):
    chat, calls = adder
    hf.script(CALL, CALL, "3")
    assert talk(chat, "1 + 2?", tool_choice=choice).endswith("3")
    assert sent(hf) == [first, further, further]
    assert calls == [(1, 2)] * 2
    assert all([tool["name"] for tool in request.json["tools"]] == ["add"] for request in hf.requests)


def test_ai_sdk_1_1_none_is_said_each_time_and_no_tool_runs_whatever_the_server_does(hf, adder, talk):
    chat, calls = adder
    hf.script(CALL, "Three.")
    with pytest.warns(ToolFailureWarning, match="does not want tools"):
        assert talk(chat, "1 + 2?", tool_choice="none").endswith("Three.")
    assert (sent(hf), calls) == (["none", "none"], [])


@pytest.mark.parametrize("choice", ["sub", "", {"type": "function", "name": "add"}])
def test_a_choice_that_cannot_be_is_refused_before_anything_is_sent(hf, adder, talk, choice):
    with pytest.raises(ConfigError, match="tool_choice"):
        talk(adder[0], "Hi", tool_choice=choice)
    assert (hf.requests, adder[0].turns) == ([], [])


def test_a_refused_auto_is_left_out_in_the_words_of_the_schema_checker(hf, adder, talk):
    issue = {"code": "invalid_union", "path": ["tool_choice"], "message": "Invalid input"}
    hf.script(ErrorAnswer(400, {"success": False, "error": [issue], "details": [issue]}), "a")
    assert talk(adder[0], "Hi", tool_choice="auto") == "a"
    assert sent(hf) == ["auto", "-"]


@pytest.mark.parametrize("wire", ["responses", "chat_completions"])
def test_none_rules_out_tools_in_the_servers_own_form_too(wire):
    with FakeService() as service:
        chat = chat_huggingface(
            base_url=service.base_url, model="m", api=wire, echo="none", params=params(tools=[REMOTE])
        )
        service.script("a", "b")
        chat.chat("Hi", tool_choice="none")
        chat.chat("Hi")
        assert sent(service) == ["none", "-"]
        assert [request.json["tools"] for request in service.requests] == [[REMOTE]] * 2


def test_remote_tools_stand_beside_ones_own_in_every_request_of_a_loop(hf, make_hf, talk):
    chat = make_hf(params=params(tools=[REMOTE]))

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    chat.register_tool(add)
    hf.script(CALL, "3")
    assert talk(chat, "1 + 2?", tool_choice="required").endswith("3")
    assert [[tool.get("name", "remote") for tool in request.json["tools"]] for request in hf.requests] == [
        ["add", "remote"]
    ] * 2


def test_ai_sdk_1_2_what_a_server_ran_itself_is_neither_run_nor_sent_back(hf, make_hf, talk):
    ran = {"type": "mcp_call", "id": "x", "name": "add", "arguments": '{"a": 1, "b": 2}', "output": "3"}
    listed = {"type": "mcp_list_tools", "id": "l", "server_label": "x", "tools": [{"name": "add"}]}
    hf.script(answer_of(listed, ran, message("Three."), streams=talk.streams), "ok")
    chat = make_hf(params=params(tools=[REMOTE]))
    assert talk(chat, "1 + 2?") == "Three."
    assert (chat.last_turn().tool_requests, chat.last_turn().finish_reason) == ((), "stop")
    talk(chat, "Sure?")
    assert [item["role"] for item in hf.requests[-1].items] == ["user", "assistant", "user"]


def test_a_server_that_waits_for_a_yes_does_not_do_so_in_silence(hf, make_hf, talk):
    waiting = {"type": "mcp_approval_request", "id": "w", "name": "pay", "arguments": "{}", "server_label": "x"}
    hf.script(answer_of(waiting, streams=talk.streams), "ok")
    chat = make_hf(params=params(tools=[REMOTE]))
    with pytest.warns(FinishReasonWarning, match='"require_approval": "never"'):
        assert talk(chat, "Pay!") == ""
    assert talk(chat, "And now?") == "ok"


def test_ai_sdk_1_2_an_output_that_stands_on_a_call_is_not_believed(hf, adder, talk):
    chat, calls = adder
    asked = {"type": "function_call", "id": "f", "call_id": "c", "name": "add", "arguments": '{"a":1,"b":2}'}
    hf.script(answer_of({**asked, "output": "400"}, streams=talk.streams), "3")
    assert talk(chat, "1 + 2?").endswith("3")
    assert calls == [(1, 2)]
    assert hf.requests[-1].items[-1]["output"] == "3"


def test_ai_sdk_1_2_output_text_beside_the_output_is_not_told_twice(hf, make_hf, talk):
    hf.script(answer_of(message("Four."), streams=talk.streams, output_text="Four."))
    assert talk(make_hf(), "2 + 2?") == "Four."


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "content_filter"), ("odd", "odd")],
)
def test_ai_sdk_1_2_reasons_of_the_end(hf, make_hf, talk, reason, finish):
    hf.script(answer_of(message("Four."), streams=talk.streams, incomplete_details={"reason": reason}))
    chat = make_hf()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FinishReasonWarning)
        assert talk(chat, "2 + 2?") == "Four."
    assert (chat.last_turn().finish_reason, chat.last_turn().raw_finish_reason) == (finish, reason)


def test_ai_sdk_1_1_the_key_may_stand_in_the_variable_of_the_ai_sdk_and_goes_to_hugging_face_alone(
    hf, make_hf, monkeypatch
):
    monkeypatch.setenv("HUGGINGFACE_API_KEY", "hf_from_env")
    routed = chat_huggingface(model="m", api="responses", echo="none").provider
    assert (routed.base_url, routed.credentials.source) == ("https://router.huggingface.co/v1", "HUGGINGFACE_API_KEY")
    hf.say("ok")
    make_hf().chat("Hi")
    assert "authorization" not in hf.requests[0].headers


@pytest.mark.parametrize("name", ["Vögel", "B" * 80, "Bird"])
def test_1_5_a_typed_answer_has_a_name_that_the_server_takes(hf, make_hf, typed, name):
    hf.say('{"name": "robin"}')
    assert typed(make_hf(), "Which?", type=create_model(name, name=(str, ...))).name == "robin"


def odds(token, value):
    return {"token": token, "logprob": value, "bytes": list(token.encode()), "top_logprobs": []}


TOKENS = [odds("Hel", -0.5), odds("lo", -1.5)]
READ = (TokenLogProb("Hel", -0.5), TokenLogProb("lo", -1.5))


def likely(request):
    """An answer as OpenAI gives it, with log probabilities in deltas and again at each end."""
    if "message.output_text.logprobs" not in request.json.get("include", []):
        return Answer("Hello")
    told = message("Hello", logprobs=TOKENS)
    if not request.stream:
        return answer_of(told, streams=False)
    where = {"item_id": "m", "output_index": 0, "content_index": 0}
    events = [
        {"type": "response.output_text.delta", **where, "delta": token["token"], "logprobs": [token]}
        for token in TOKENS
    ]
    events.append({"type": "response.output_text.done", **where, "text": "Hello", "logprobs": TOKENS})
    body = {"id": "r", "object": "response", "status": "completed", "output": [told]}
    return EventsAnswer([*events, {"type": "response.completed", "response": body}], done=False)


def test_log_probabilities_of_a_stream_and_of_a_whole_answer_are_kept_once(openai, talk, tmp_path):
    openai.on_request(likely)

    def make(**options):
        return chat_openai_compatible(
            openai.base_url, model="m", api="responses", profile="openai", echo="none", **options
        )

    chat = make(params=params(log_probs=True, top_logprobs=2))
    assert talk(chat, "Hi") == "Hello"
    assert chat.last_turn().log_probs == READ
    assert openai.requests[0].json["top_logprobs"] == 2
    talk(chat, "Again")
    assert "logprob" not in json.dumps(openai.requests[1].json["input"])
    chat.save(tmp_path / "talk.json")
    again = Chat.load(tmp_path / "talk.json", echo="none")
    assert again.last_turn().log_probs == READ
    assert (again.provider.api, again.clone().provider.api) == ("responses", "responses")
    plain = make()
    assert talk(plain, "Hi") == "Hello"
    assert plain.last_turn().log_probs is None


def test_log_probabilities_are_left_out_by_name_where_the_server_has_none(hf, make_hf, talk):
    hf.say("Hello")
    chat = make_hf(params=params(log_probs=True))
    with pytest.warns(UnsupportedParameterWarning, match="`log_probs` was left out"):
        assert talk(chat, "Hi") == "Hello"
    assert chat.last_turn().log_probs is None
    assert hf.requests[0].json.keys() == {"model", "input", "stream"}


def test_metadata_and_instructions_may_change_and_go_with_copies_of_the_chat(hf, make_hf, talk, tmp_path):
    hf.on_request(lambda request: Answer("ok"))
    chat = make_hf(params=params(instructions="A", metadata={"run": "1"}))
    talk(chat, "Hi")
    chat.save(tmp_path / "talk.json")
    talk(Chat.load(tmp_path / "talk.json", echo="none"), "Hi")
    talk(chat.clone(), "Hi")
    chat.params = params(instructions="", metadata={})
    talk(chat, "Hi")
    chat.params = params(instructions=None, metadata=None)
    talk(chat, "Hi")
    told = [(request.json.get("instructions"), request.json.get("metadata")) for request in hf.requests]
    assert told == [*[("A", {"run": "1"})] * 3, ("", {}), (None, None)]
