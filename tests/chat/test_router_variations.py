"""Every variation that a client of the Hugging Face router has to take, after the checklist of spec "huggingface" 1.7.

Each is heard in four ways: plain and async, whole and streamed. Tool calls: see `test_router_tool_streams.py`.
"""

import json

import pytest

from chatkit import APIStatusError, BadRequestError, SourceCited, TokenLogProb, Usage, params
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, EventStyle, RawAnswer


def whole(message, finish="stop", *, usage=None, **more):
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice], **more}
    return RawAnswer(json.dumps({**body, "usage": usage}).encode())


def test_1_7_no_done(hear):
    assert hear(Answer(["a", "b"], done=False)).text == "ab"


@pytest.mark.parametrize("space", [True, False])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_1_7_data_with_and_without_space(hear, space, newline):
    assert hear(Answer(["a", "b"], style=EventStyle(newline=newline, space_after_colon=space))).text == "ab"


def test_1_7_done_without_its_blank_line(hear):
    assert hear(Answer(["a", "b"], style=EventStyle(last="nothing"))).text == "ab"


def test_1_7_empty_choices_in_the_middle(hear, chunk):
    empty = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [], "prompt_filter_results": []}
    assert hear(EventsAnswer([empty, chunk("a"), empty, chunk("b"), empty, chunk(finish="stop"), empty])).text == "ab"


@pytest.mark.parametrize("place", ["finish", "separate", "cumulative", "asked"])
def test_1_7_usage_on_finish_separate_cumulative(hear, place):
    turn = hear(Answer(["a", "b"], usage=place, usage_body={"prompt_tokens": 9, "completion_tokens": 2}))
    assert turn.usage == Usage(9, 2)


def test_1_7_usage_missing(hear):
    assert hear(Answer(["a"], usage=None)).usage == Usage()


def test_1_7_usage_null_after_a_usage_that_is_one_changes_nothing(hear, chunk):
    usage = {"prompt_tokens": 9, "completion_tokens": 2}
    last = {**chunk(), "choices": [], "usage": None}
    assert hear(EventsAnswer([chunk("a"), chunk(finish="stop", usage=usage), last])).usage == Usage(9, 2)


def test_1_7_the_last_usage_that_is_none_of_null_wins(hear, chunk):
    first, second = {"prompt_tokens": 9, "completion_tokens": 1}, {"prompt_tokens": 9, "completion_tokens": 4}
    events = [chunk("a", usage=first), chunk("b", usage=second), chunk(finish="stop")]
    assert hear(EventsAnswer(events)).usage == Usage(9, 4)


def test_1_7_repeated_role(hear):
    assert hear(Answer(["a", "b"], role="every")).text == "ab"


def test_1_7_no_role_at_all(hear):
    assert hear(Answer(["a", "b"], role=None)).text == "ab"


def test_1_7_empty_deltas(hear, chunk):
    assert hear(EventsAnswer([chunk(), chunk("a"), chunk(), chunk("b"), chunk(), chunk(finish="stop")])).text == "ab"


def test_1_7_keys_null_and_keys_missing(hear, chunk):
    null = chunk(content=None, reasoning=None, reasoning_content=None, tool_calls=None, refusal=None, audio=None)
    events = [null, chunk("a", tool_calls=None, function_call=None, annotations=None), {**chunk("b"), "usage": None}]
    assert hear(EventsAnswer([*events, chunk(finish="stop")])).text == "ab"


@pytest.mark.parametrize("name", ["", "8ff411e54b9299ab", "cmpl/0?x", "chatcmpl-1"])
def test_1_7_empty_or_non_chatcmpl_ids(hear, name):
    assert hear(Answer(["a"], id=name)).response_id == (name or None)


def test_1_7_the_served_model_is_not_the_one_asked_for_and_both_are_kept(hear):
    turn = hear(Answer(["a"], model="Qwen2.5-VL-72B-Instruct"), asked="Qwen/Qwen2.5-VL-7B-Instruct:ovhcloud")
    assert (turn.requested_model, turn.model) == ("Qwen/Qwen2.5-VL-7B-Instruct:ovhcloud", "Qwen2.5-VL-72B-Instruct")


@pytest.mark.parametrize("reason", ["eos", "eos_token", "stop_sequence", "stop"])
def test_1_7_finish_reason_aliases(hear, reason):
    turn = hear(Answer(["a"], finish_reason=reason))
    assert (turn.finish_reason, turn.raw_finish_reason) == ("stop", reason)


@pytest.mark.parametrize("leak", ["</s>", "<|eot_id|>", "<|end_of_text|>", "<|im_end|>", "<end_of_turn>"])
@pytest.mark.parametrize("cut", ["alone", "with the last word", "in pieces"])
def test_1_7_special_token_leak(hear, leak, cut):
    pieces = {
        "alone": ["It is ", "2.", leak],
        "with the last word": ["It is ", "2." + leak],
        "in pieces": "It is 2." + leak,
    }
    assert hear(Answer(list(pieces[cut]), finish_reason="eos_token")).text == "It is 2."


@pytest.mark.parametrize("text", ["It is </s>", "a < b", "a <", "<", "ends in <|eot_id|>", "<br>", "x </", "</s></s>"])
@pytest.mark.parametrize("reason", ["stop", "stop_sequence", "eos", None])
def test_1_7_what_only_looks_like_a_special_token_is_kept_to_the_letter(hear, text, reason):
    assert hear(Answer(list(text), finish_reason=reason)).text == text


@pytest.mark.parametrize("cut", [1, 3, 100])
def test_1_7_what_closes_an_element_of_html_is_no_special_token(hear, cut):
    text = "Write <s>old</s> new, or <s>old</s>"
    pieces = [text[start : start + cut] for start in range(0, len(text), cut)]
    assert hear(Answer(pieces, finish_reason="eos_token")).text == text


def test_1_7_a_special_token_after_html_is_left_out(hear):
    assert hear(Answer(["Write <s>old</s>", "</s>"], finish_reason="eos_token")).text == "Write <s>old</s>"


def test_1_7_a_special_token_in_the_middle_is_kept(hear):
    assert hear(Answer(["Llama ends in ", "</s>", ", as you know."], finish_reason="eos_token")).text.count("</s>") == 1


@pytest.mark.parametrize("cut", range(1, 9))
def test_1_7_think_tags_split_across_chunks(hear, cut):
    text = "<think>\nI <wonder>.</think>\n\nFour."
    turn = hear(Answer([text[start : start + cut] for start in range(0, len(text), cut)]))
    assert (turn.text, turn.thinking) == ("Four.", "I <wonder>.")


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_1_3_reasoning_beside_the_content(hear, field):
    turn = hear(Answer(["Four."], reasoning=["I ", "wonder."], reasoning_field=field))
    assert (turn.text, turn.thinking) == ("Four.", "I wonder.")


def test_1_7_an_error_event_inside_200(service, make_chat, talk):
    chat = make_chat()
    body = {"error": "Input validation error: `inputs` must have less than 4096 tokens", "error_type": "validation"}
    service.script(EventsAnswer([body], done=False))
    with pytest.raises(APIStatusError, match="less than 4096 tokens"):
        talk(chat, "hi")
    assert chat.get_turns() == []
    service.say("Fine.")
    assert talk(chat, "hi") == "Fine."


def test_1_7_a_json_body_on_a_stream_request(hear):
    assert hear(whole({"content": "Four."}, usage={"prompt_tokens": 3, "completion_tokens": 1})).usage == Usage(3, 1)


def test_1_7_a_json_error_body_on_a_stream_request(service, make_chat, talk):
    chat = make_chat()
    service.script(ErrorAnswer(400, {"error": "Model not supported by provider groq"}))
    with pytest.raises(BadRequestError, match="not supported by provider groq"):
        talk(chat, "hi")


@pytest.mark.parametrize("calls", [[], None])
def test_1_7_tool_calls_empty_or_null(hear, calls):
    assert hear(whole({"content": "Four.", "tool_calls": calls})).text == "Four."


def test_1_3_extra_keys_of_a_whole_message(hear):
    extra = dict.fromkeys(("reasoning", "reasoning_content", "refusal", "audio", "function_call", "tool_calls"))
    turn = hear(whole({"content": "Four.", **extra, "annotations": []}))
    assert (turn.text, turn.sources, len(turn.contents)) == ("Four.", (), 1)


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        ({"cached_tokens": 5}, 5),
        ({"prompt_tokens_details": {"cached_tokens": 5}}, 5),
        ({"prompt_tokens_details": None, "completion_tokens_details": None}, None),
        ({"total_latency": 0.2, "time_to_first_token": 0.1, "acceptance_rate": 1.5, "is_last_response": True}, None),
    ],
    ids=["together", "cerebras", "details null", "sambanova"],
)
def test_1_3_extra_usage_keys(hear, usage, cached):
    turn = hear(whole({"content": "Four."}, usage={"prompt_tokens": 9, "completion_tokens": 2, **usage}))
    assert turn.usage == Usage(9, 2, cached)


def test_1_3_pages_that_an_answer_cites_are_told_and_kept_once(service, make_chat, stream_talk):
    nested = {"type": "url_citation", "url_citation": {"url": "https://a.org/", "title": "A", "start_index": 0}}
    flat = {"type": "url_citation", "url": "https://b.org/", "title": "B"}
    odd = [{"type": "file_citation", "file_id": "f"}, {"url": 5}, "https://c.org", None]
    service.script(
        Answer(["Four."], annotations=[nested, flat, nested, *[part for part in odd if isinstance(part, dict)]])
    )
    chat = make_chat()
    told = [event.source for event in stream_talk.events(chat, "hi") if isinstance(event, SourceCited)]
    assert [(source.url, source.title) for source in told] == [("https://a.org/", "A"), ("https://b.org/", "B")]
    assert chat.last_turn().sources == tuple(told)


@pytest.mark.parametrize("piece", [1, 2, 7, 64])
def test_1_7_any_cut_of_the_bytes(hear, piece):
    answer = Answer(["Vier ü ", "\N{GRINNING FACE}", "</s>"], finish_reason="eos_token", delivery=Delivery(piece=piece))
    assert hear(answer).text == "Vier ü \N{GRINNING FACE}"


def test_log_probabilities_are_asked_for_and_kept(service, hear, chunk):
    def weighed(text, value):
        made = chunk(text)
        made["choices"][0]["logprobs"] = {"content": [{"token": text, "logprob": value, "top_logprobs": []}]}
        return made

    events = [weighed("a", -0.5), weighed("b", -1.5), chunk(finish="stop")]
    turn = hear(EventsAnswer(events), params=params(log_probs=True))
    assert service.requests[0].json["logprobs"] is True
    assert turn.log_probs == (TokenLogProb("a", -0.5), TokenLogProb("b", -1.5))
