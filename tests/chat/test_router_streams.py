"""What the providers behind the Hugging Face router stream, one test for each way that was recorded of them.

The chunks are written by hand after spec "huggingface" 1.3, with the oddities of each provider and nothing else. Each
is heard in four ways: plain and async, whole and streamed.
"""

import pytest

from chatkit import StreamInterruptedError, Usage
from chatkit.testing import EventsAnswer, EventStyle

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"


@pytest.fixture
def hear_events(hear):
    """`hear` for events: keywords are fields of `EventsAnswer`."""

    def act(events, *, asked=LLAMA, **fields):
        return hear(EventsAnswer(events, **fields), asked=asked)

    return act


def piece(delta, finish=None, *, model=LLAMA, name="chatcmpl-1", usage=..., top=None, **choice):
    """A chunk: its delta, and whatever stands beside it in the choice and, with `top`, at the top."""
    if finish is not None:
        choice["finish_reason"] = finish
    made = {"id": name, "object": "chat.completion.chunk", "created": 1, "model": model, **(top or {})}
    made["choices"] = [{"index": 0, "delta": delta, **choice}]
    return made if usage is ... else {**made, "usage": usage}


def counted(taken, given, **more):
    return {"prompt_tokens": taken, "completion_tokens": given, "total_tokens": taken + given, **more}


def test_1_3_cerebras_no_done_usage_on_finish_chunk(hear_events):
    usage = counted(51, 2, prompt_tokens_details={"cached_tokens": 7})
    times = {"time_info": {"queue_time": 0.1, "total_time": 0.2}}
    events = [
        piece({"role": "assistant"}, model="llama3.1-8b"),
        piece({"content": "2"}, model="llama3.1-8b"),
        piece({}, model="llama3.1-8b"),
        piece({}, "stop", model="llama3.1-8b", usage=usage, top=times),
    ]
    headers = {"x-inference-provider": "cerebras", "inference-id": "chatcmpl-1"}
    turn = hear_events(events, done=False, headers=headers)
    assert (turn.text, turn.finish_reason) == ("2", "stop")
    assert turn.usage == Usage(51, 2, 7)
    assert (turn.model, turn.served_by, turn.inference_id) == ("llama3.1-8b", "cerebras", "chatcmpl-1")


def test_1_3_cerebras_cut_before_the_blank_line_of_the_last_event(service, talk, make_chat):
    service.script(
        EventsAnswer([piece({"content": "2"}), piece({}, "stop")], done=False, style=EventStyle(last="line"))
    )
    chat = make_chat()
    with pytest.raises(StreamInterruptedError):
        talk(chat, "hi")
    assert chat.last_turn().text == "2"
    service.say("Fine.")
    assert talk(chat, "go on") == "Fine."


def test_1_3_ovhcloud_role_and_name_on_every_delta_and_another_model_serves(hear_events):
    served = "Qwen2.5-VL-72B-Instruct"
    common = {"role": "assistant", "name": "assistant"}
    events = [
        piece({**common, "content": "A "}, model=served, usage=None),
        piece({**common, "content": "robin"}, model=served, usage=None),
        piece({**common, "content": ""}, "stop", model=served, usage=None),
        {**piece({}, model=served, usage=counted(9, 3)), "choices": []},
    ]
    turn = hear_events(events, asked="Qwen/Qwen2.5-VL-7B-Instruct", headers={"x-inference-provider": "ovhcloud"})
    assert (turn.text, turn.model, turn.served_by) == ("A robin", served, "ovhcloud")
    assert turn.requested_model == "Qwen/Qwen2.5-VL-7B-Instruct"
    assert turn.usage == Usage(9, 3)


def test_1_3_together_think_first_token_and_text_duplicate_and_seed_beyond_2_53(hear_events):
    def say(text, finish=None, usage=None):
        delta = {"token_id": 17, "role": "assistant", "content": text, "tool_calls": None}
        seed = 9313781139405380123 if finish else None
        return piece(delta, usage=usage, text=text, logprobs=None, finish_reason=finish, seed=seed)

    events = [say("<think>"), say("\nhm"), say("\n</think>"), say("\n\n4"), say("", "stop", counted(5, 4))]
    turn = hear_events(events, headers={"retry-after": "2"}, content_type="text/event-stream;charset=utf-8")
    assert turn.text == "4"
    assert turn.thinking == "hm\n"
    assert turn.usage == Usage(5, 4)


def test_1_3_together_older_finish_reason_eos(hear_events):
    events = [piece({"content": "2"}, usage=None), piece({"content": ""}, "eos", usage=counted(48, 2))]
    turn = hear_events(events)
    assert (turn.text, turn.finish_reason, turn.raw_finish_reason) == ("2", "stop", "eos")


def novita(delta, finish=None, **fields):
    safe = {"hate": {"filtered": False}, "jailbreak": {"filtered": False, "detected": False}}
    top = {"system_fingerprint": "", "sla_metrics": {"ts_us": 1}}
    return piece(delta, usage=fields.get("usage", ...), top=top, finish_reason=finish, content_filter_results=safe)


def test_1_3_novita_2026_usage_in_a_chunk_of_its_own_without_being_asked(hear_events):
    events = [
        novita({"role": "assistant"}),
        novita({}),
        novita({"content": "T"}),
        novita({}),
        novita({"content": "est"}, "stop"),
        {**novita({}, usage=counted(12, 5)), "choices": []},
    ]
    turn = hear_events(events)
    assert (turn.text, turn.finish_reason) == ("Test", "stop")
    assert turn.usage == Usage(12, 5)


def test_1_3_novita_february_2025_no_usage_stays_unknown(hear_events):
    turn = hear_events([novita({"role": "assistant"}), novita({}), novita({"content": "Test"}, "stop")])
    assert (turn.text, turn.usage) == ("Test", Usage())


def test_1_3_novita_march_2025_usage_is_cumulative_and_never_summed(hear_events):
    events = [
        novita({"role": "assistant", "content": ""}, usage=counted(12, 0)),
        novita({"content": "Te"}, usage=counted(12, 1)),
        novita({"content": "st"}, usage=counted(12, 2)),
        novita({}, "stop", usage=counted(12, 2)),
    ]
    assert hear_events(events).usage == Usage(12, 2)


def test_1_3_hyperbolic_cumulative_usage_and_json_with_spaces(hear_events):
    spaced = '{"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": '
    events = [
        spaced + '{"role": "assistant", "content": ""}, "finish_reason": null}], "usage": {"prompt_tokens": 4, '
        '"total_tokens": 4, "completion_tokens": 0}}',
        spaced + '{"content": "two"}, "finish_reason": null}], "usage": {"prompt_tokens": 4, "total_tokens": 5, '
        '"completion_tokens": 1}}',
        spaced + '{"content": ""}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 4, "total_tokens": 6, '
        '"completion_tokens": 2}}',
    ]
    turn = hear_events(events, content_type="text/event-stream; charset=utf-8")
    assert (turn.text, turn.usage) == ("two", Usage(4, 2))


def test_1_3_fireworks_role_only_first_delta_think_in_content_usage_on_finish(hear_events):
    events = [
        piece({"role": "assistant"}),
        piece({"content": "<think>\n"}),
        piece({"content": "hm"}),
        piece({"content": "\n</think>\n\n"}),
        piece({"content": "4"}),
        piece({}, "stop", usage=counted(8, 6)),
    ]
    turn = hear_events(events)
    assert (turn.text, turn.thinking, turn.usage) == ("4", "hm\n", Usage(8, 6))


def test_1_3_nebius_no_usage_and_a_stop_reason_of_null(hear_events):
    events = [
        piece({"content": "", "role": "assistant"}, logprobs=None, finish_reason=None),
        piece({"content": "2"}, logprobs=None, finish_reason=None),
        piece({"content": ""}, "stop", logprobs=None, stop_reason=None),
    ]
    turn = hear_events(events)
    assert (turn.text, turn.finish_reason, turn.usage) == ("2", "stop", Usage())
    assert turn.log_probs is None


def test_1_3_sambanova_only_a_handful_of_large_deltas(hear_events):
    large = "All happy families are alike. " * 400
    events = [
        piece({"content": "", "role": "assistant"}),
        piece({"content": large, "role": "assistant"}),
        piece({"content": large, "role": "assistant"}),
        piece({"content": ""}, "stop"),
    ]
    turn = hear_events(events)
    assert (turn.text, turn.usage) == (large + large, Usage())


def test_1_3_cohere_finish_delta_is_empty_and_carries_the_usage(hear_events):
    events = [
        piece({"role": "assistant", "content": ""}),
        piece({"content": "two"}),
        piece({}, "stop", usage=counted(10, 2)),
    ]
    turn = hear_events(events)
    assert (turn.text, turn.usage) == ("two", Usage(10, 2))


def test_1_3_mistral_usage_on_finish_chunk(hear_events):
    events = [
        piece({"role": "assistant", "content": ""}, finish_reason=None, logprobs=None),
        piece({"content": "two"}, finish_reason=None, logprobs=None),
        piece({"content": ""}, "stop", logprobs=None, usage=counted(19, 11)),
    ]
    turn = hear_events(events)
    assert (turn.text, turn.usage) == ("two", Usage(19, 11))


def tgi3(content, finish=None):
    return piece({"role": "assistant", "content": content}, name="", usage=None, logprobs=None, finish_reason=finish)


def test_1_3_tgi_3_empty_id_role_on_every_delta_and_usage_null(hear_events):
    turn = hear_events([tgi3(" The"), tgi3(" answer"), tgi3("", "stop")])
    assert (turn.text, turn.response_id, turn.usage) == (" The answer", None, Usage())


def test_1_3_tgi_3_with_include_usage_a_last_chunk_without_choices(hear_events):
    last = {**tgi3(""), "choices": [], "usage": counted(23, 2)}
    turn = hear_events([tgi3(" The"), tgi3("", "stop"), last])
    assert turn.usage == Usage(23, 2)


def tgi2(content, finish=None):
    return {**tgi3(content, finish), "object": "text_completion"}


def test_1_3_tgi_2_0_no_space_no_done_and_its_own_last_token(hear_events):
    turn = hear_events(
        [tgi2(" is"), tgi2(" 2."), tgi2("</s>", "eos_token")], done=False, style=EventStyle(space_after_colon=False)
    )
    assert (turn.text, turn.finish_reason, turn.raw_finish_reason) == (" is 2.", "stop", "eos_token")


def test_1_3_keep_alive_comments_of_tgi_are_no_events(hear_events):
    turn = hear_events([tgi3("a"), tgi3("b"), tgi3("", "stop")], style=EventStyle(comment="keep-alive"))
    assert turn.text == "ab"


@pytest.mark.parametrize(
    "kind", ["text/event-stream", "text/event-stream; charset=utf-8", "text/event-stream;charset=utf-8"]
)
def test_1_3_content_types_seen(hear_events, kind):
    assert hear_events([tgi3("ä"), tgi3("", "stop")], content_type=kind).text == "ä"
