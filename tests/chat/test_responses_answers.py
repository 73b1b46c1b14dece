"""The AI SDK's provider for this wire, continued: whole answers (1.2), streams (1.3), and the two wires together."""

import json

import pytest

from chatkit import (
    AssistantTurn,
    Source,
    SourceCited,
    ThinkingDelta,
    TokenLogProb,
    ToolInputDelta,
    UserTurn,
    chat_huggingface,
    chat_openai_compatible,
    params,
)
from chatkit.testing import Answer, EventsAnswer, FakeService, RawAnswer, ToolCall


@pytest.fixture
def openai():
    with FakeService(strict=True, responses="openai") as service:
        yield service


def said_to(service, number=-1):
    return service.requests[number].json


def lookup(q: str) -> str:
    """Find a bird."""
    return f"{q} is a robin"


def test_ai_sdk_1_2_nulls_that_break_the_other_provider_do_no_harm(hf, make_hf, whole_talk):
    refusal = {"type": "refusal", "refusal": "I cannot."}
    items = [{"type": "brand_new", "id": "x"}, {"type": "message", "id": "m", "content": [refusal]}]
    body = {"id": "r", "object": "response", "status": "completed", "temperature": None, "output": items, "usage": None}
    hf.script(RawAnswer(json.dumps(body).encode()))
    chat = make_hf()
    with pytest.warns(match="refusal"):
        assert whole_talk(chat, "Hi") == "I cannot."
    assert chat.last_turn().finish_reason == "content_filter"


def test_ai_sdk_1_2_a_pure_call_finishes_as_tool_calls(hf, make_hf, talk):
    chat = make_hf()
    chat.register_tool(lookup)
    hf.script(Answer(tool_calls=[ToolCall("lookup", {"q": "x"})]), "A robin.")
    talk(chat, "Which?")
    assert [turn.finish_reason for turn in chat.turns if turn.role == "assistant"] == ["tool_calls", "stop"]


def test_ai_sdk_1_2_token_counts_and_those_that_nobody_knows(openai, hf, make_hf, talk):
    usage = {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 14,
    }
    openai.script(Answer("ok", usage_body=usage))
    chat = chat_openai_compatible(openai.base_url, model="m", api="responses", echo="none")
    talk(chat, "Hi")
    used = chat.last_turn().usage
    assert (used.input_tokens, used.output_tokens, used.cached_tokens, used.reasoning_tokens) == (9, 5, 4, 2)
    hf.say("ok")
    other = make_hf()
    talk(other, "Hi")
    assert other.last_turn().usage.input_tokens is other.last_turn().usage.output_tokens is None


def test_ai_sdk_1_2_sources_of_a_whole_answer_and_of_a_stream(openai, talk):
    cited = {"type": "url_citation", "url": "https://a.test/", "title": "A", "start_index": 0, "end_index": 2}
    openai.script(Answer("ok", annotations=[cited]))
    chat = chat_openai_compatible(openai.base_url, model="m", api="responses", echo="none")
    talk(chat, "Hi")
    assert chat.last_turn().sources == (Source("https://a.test/", "A", 0, 2),)
    openai.script(Answer("ok", annotations=[cited]))
    with chat.stream("Hi") as stream:
        assert [event.source.title for event in stream.events() if isinstance(event, SourceCited)] == ["A"]


def test_ai_sdk_1_2_what_really_served_stands_on_the_turn(hf, make_hf, talk):
    hf.script(
        Answer("ok", model="served", id="resp_9", headers={"x-inference-provider": "novita", "inference-id": "i"})
    )
    chat = make_hf()
    talk(chat, "Hi")
    turn = chat.last_turn()
    assert (turn.model, turn.requested_model, turn.response_id) == ("served", "org/name", "resp_9")
    assert (turn.served_by, turn.inference_id) == ("novita", "i")


EXAMPLE = [
    {
        "type": "response.created",
        "sequence_number": 0,
        "response": {
            "id": "resp_1",
            "object": "response",
            "created_at": 1700000000,
            "status": "in_progress",
            "model": "m",
        },
    },
    {
        "type": "response.output_item.added",
        "sequence_number": 1,
        "output_index": 0,
        "item": {"id": "rs_1", "type": "reasoning", "content": [], "summary": []},
    },
    {
        "type": "response.reasoning_text.delta",
        "sequence_number": 2,
        "item_id": "rs_1",
        "output_index": 0,
        "content_index": 0,
        "delta": "hm",
    },
    {
        "type": "response.reasoning_text.done",
        "sequence_number": 3,
        "item_id": "rs_1",
        "output_index": 0,
        "content_index": 0,
        "text": "hm",
    },
    {
        "type": "response.output_item.added",
        "sequence_number": 4,
        "output_index": 1,
        "item": {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "lookup", "arguments": ""},
    },
    {
        "type": "response.function_call_arguments.delta",
        "sequence_number": 5,
        "item_id": "fc_1",
        "output_index": 1,
        "delta": '{"q":1}',
    },
    {
        "type": "response.output_item.done",
        "sequence_number": 6,
        "output_index": 1,
        "item": {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "lookup", "arguments": '{"q":1}'},
    },
    {
        "type": "response.completed",
        "sequence_number": 7,
        "response": {
            "id": "resp_1",
            "status": "completed",
            "incomplete_details": None,
            "usage": {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14},
        },
    },
]


def test_ai_sdk_1_3_the_stream_of_the_documentation(hf, make_hf, stream_talk):
    asked = []
    chat = make_hf()

    @chat.register_tool
    def lookup(q: int) -> str:
        """Look up."""
        asked.append(q)
        return "seven"

    hf.script(EventsAnswer(EXAMPLE, done=False), "It is seven.")
    events = stream_talk.events(chat, "What?")
    assert asked == [1]
    assert [event.thinking for event in events if isinstance(event, ThinkingDelta)] == ["hm"]
    assert [event.delta for event in events if isinstance(event, ToolInputDelta)] == ["", '{"q":1}']
    first = chat.turns[1]
    assert (first.thinking, first.finish_reason, first.response_id) == ("hm", "tool_calls", "resp_1")
    assert (first.usage.input_tokens, first.usage.output_tokens) == (9, 5)
    assert chat.last_turn().text == "It is seven."


def test_ai_sdk_1_3_arguments_are_told_while_they_are_written(hf, make_hf, stream_talk):
    chat = make_hf()
    chat.register_tool(lookup)
    hf.script(
        Answer(tool_calls=[ToolCall("lookup", {"q": "x"}, fragment=2), ToolCall("lookup", {"q": "y"}, fragment=2)]),
        "ok",
    )
    deltas = [event for event in stream_talk.events(chat, "Which?") if isinstance(event, ToolInputDelta)]
    assert len(deltas) > 8
    told = ["".join(event.delta for event in deltas if event.index == place) for place in (0, 1)]
    assert [json.loads(text) for text in told] == [{"q": "x"}, {"q": "y"}]


def test_ai_sdk_1_3_names_of_events_are_not_looked_at(hf, make_hf, stream_talk):
    events = [
        b'event: response.completed\ndata: {"type":"response.output_text.delta","item_id":"m","delta":"so "}\n\n',
        b'data: {"type":"response.output_text.delta","item_id":"m","delta":"far"}\n\n',
        b'event: x\ndata: {"type":"response.completed","response":{"status":"completed"}}\n\n',
    ]
    hf.script(EventsAnswer(events, done=True))
    assert stream_talk(make_hf(), "Hi") == "so far"


def test_log_probabilities_are_asked_for_and_kept(openai, talk):
    odds = [{"token": "ok", "logprob": -0.5, "top_logprobs": []}]
    part = {"type": "output_text", "text": "ok", "annotations": [], "logprobs": odds}
    body = {
        "id": "r",
        "object": "response",
        "status": "completed",
        "output": [{"type": "message", "id": "m", "content": [part]}],
    }
    event = {"type": "response.completed", "response": body}
    openai.script(EventsAnswer([event], done=False) if talk.streams else RawAnswer(json.dumps(body).encode()))
    chat = chat_openai_compatible(
        openai.base_url, model="m", api="responses", echo="none", profile="openai", params=params(log_probs=True)
    )
    assert talk(chat, "Hi") == "ok"
    assert chat.last_turn().log_probs == (TokenLogProb("ok", -0.5),)
    assert said_to(openai)["include"] == ["message.output_text.logprobs"]
    assert said_to(openai)["store"] is False


def test_what_was_said_on_one_wire_can_be_sent_on_the_other(hf, make_hf, talk):
    chat = make_hf(system_prompt="Be terse.")
    chat.register_tool(lookup)
    hf.script(Answer(reasoning="hm", tool_calls=[ToolCall("lookup", {"q": "x"})]), "A robin.")
    talk(chat, "Which?")
    older = chat_huggingface(base_url=hf.base_url, model="m", echo="none")
    older.register_tool(lookup)
    older.set_turns(chat.turns)
    hf.script(Answer(reasoning="hm", tool_calls=[ToolCall("lookup", {"q": "y"})]), "A wren.")
    talk(older, "And this?")
    assert [request.path for request in hf.requests[-2:]] == ["/v1/chat/completions"] * 2
    hf.requests[-2:] = []
    newer = make_hf()
    newer.register_tool(lookup)
    newer.set_turns(older.turns)
    hf.say("ok")
    talk(newer, "Sure?")
    assert len(said_to(hf)["input"]) == 9


def test_a_responses_chat_may_be_a_fallback_and_be_cloned(hf, make_hf, talk):
    chat = chat_huggingface(base_url=hf.base_url, model="m", echo="none", max_retries=0, fallback=[make_hf()])
    (fallback,) = chat._talk.fallbacks
    assert (chat.provider.api, fallback.api) == ("chat_completions", "responses")
    clone = make_hf().clone()
    clone.set_turns([UserTurn("Hi"), AssistantTurn("Hello")])
    hf.say("ok")
    assert talk(clone, "Hi") == "ok"
    assert [item["role"] for item in said_to(hf)["input"]] == ["user", "assistant", "user"]
