"""How the providers behind the Hugging Face router word tool calls: the shapes of TGI's history, and what models leak.

Chunks and completions are written by hand after spec "huggingface" 1.3 and 1.7. Each call must run once, with its
arguments, and the strictest server must take the history that comes of it.
"""

import json

import pytest

from chatkit import ToolInputDelta, chat_openai_compatible
from chatkit.testing import EventsAnswer, RawAnswer, check_history


@pytest.fixture
def run(service, talk):
    """Have an answer with calls of `weather(city, unit)` sent, and "Done." after it; gives the calls that ran."""

    def act(answer):
        ran = []

        def weather(city: str, unit: str = "celsius") -> str:
            """Tell the weather."""
            ran.append((city, unit))
            return "sunny"

        service.script(answer)
        service.say("Done.")
        chat = chat_openai_compatible(service.base_url, model="m", max_retries=0, echo="none")
        chat.register_tool(weather)
        assert talk(chat, "weather?").endswith("Done.")
        assert check_history(service.requests[-1].messages) == []
        run.chat = chat
        return ran

    run = act
    return act


def calls(*tool_calls, finish=None, **delta):
    """A chunk with tool calls."""
    told = tool_calls[0] if len(tool_calls) == 1 and not isinstance(tool_calls[0], dict) else list(tool_calls)
    choice = {"index": 0, "delta": {"role": "assistant", "tool_calls": told, **delta}, "logprobs": None}
    return {"object": "chat.completion.chunk", "id": "", "model": "m", "choices": [{**choice, "finish_reason": finish}]}


def as_object(call, finish=None):
    made = calls({}, finish=finish)
    made["choices"][0]["delta"]["tool_calls"] = call
    return made


def end(reason="tool_calls"):
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": reason}
    return {"object": "chat.completion.chunk", "id": "", "model": "m", "choices": [choice]}


def whole(message, finish="tool_calls"):
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return RawAnswer(json.dumps({"object": "chat.completion", "id": "", "model": "m", "choices": [choice]}).encode())


def function(arguments, name=None):
    return {"name": name, "arguments": arguments}


def test_1_3_tgi_until_november_2024_tool_calls_is_an_object(run):
    def say(arguments, name=None):
        return as_object({"index": 0, "id": "", "type": "function", "function": function(arguments, name)})

    pieces = ['{"', "city", '": "Par', 'is"', "}"]
    events = [say("", "weather"), *map(say, pieces), end("eos_token")]
    assert run(EventsAnswer(events)) == [("Paris", "celsius")]


def test_1_3_tgi_march_2025_a_list_with_an_empty_id_and_a_null_name(run):
    def say(arguments, name=None):
        return calls({"index": 0, "id": "", "type": "function", "function": function(arguments, name)})

    events = [say('{"city"', "weather"), say(': "Par'), say('is"}'), end("stop")]
    assert run(EventsAnswer(events)) == [("Paris", "celsius")]


def test_1_3_tgi_3_2_a_list_with_id_0_and_the_name_on_the_first_delta_only(run):
    def say(arguments, name=None):
        return calls({"index": 0, "id": "0", "type": "function", "function": function(arguments, name)})

    events = [say('{"city"', "weather"), say(': "Paris"'), say("}"), end("stop")]
    assert run(EventsAnswer(events)) == [("Paris", "celsius")]


@pytest.mark.parametrize("leak", ["</s>", "<|eot_id|>", "<|eom_id|>", "<|im_end|>"])
@pytest.mark.parametrize("cut", ["whole", "with the last piece", "in pieces"])
def test_1_3_arguments_end_in_a_special_token(run, leak, cut):
    text = '{"city": "Paris"}' + leak
    pieces = {"whole": [text], "with the last piece": [text[:9], text[9:]], "in pieces": list(text)}[cut]
    first = calls({"index": 0, "id": "c", "type": "function", "function": function("", "weather")})
    rest = [calls({"index": 0, "function": {"arguments": piece}}) for piece in pieces]
    assert run(EventsAnswer([first, *rest, end()])) == [("Paris", "celsius")]


def test_1_3_a_special_token_inside_of_the_arguments_is_the_models_own_word(run):
    text = '{"city": "</s>", "unit": "a<b"}'
    events = [calls({"index": 0, "id": "c", "function": function(text, "weather")}), end()]
    assert run(EventsAnswer(events)) == [("</s>", "a<b")]


@pytest.mark.filterwarnings("ignore::chatkit.ToolFailureWarning")
@pytest.mark.parametrize(
    "text", ['{"city": "a<', '{"city": "Rome"}<', '{"city": "Rome"}</s>', '{"city": "Rome"}</s> x']
)
@pytest.mark.parametrize("reason", ["tool_calls", "stop"])
def test_1_3_what_was_streamed_of_the_arguments_is_what_was_stored(service, chat, text, reason):
    events = [calls({"index": 0, "id": "c", "function": function(piece, "weather")}) for piece in text]
    service.script(EventsAnswer([*events, end(reason)]), "Done.")
    heard = list(chat.stream("x").events())
    streamed = "".join(event.delta for event in heard if isinstance(event, ToolInputDelta))
    (request,) = chat.turns[1].tool_requests
    assert streamed == text.removesuffix("</s>")
    assert (json.loads(streamed) == request.arguments) if request.raw is None else (streamed == request.raw)


def test_1_3_whole_answers_of_old_tgi_hold_parameters_as_an_object(run):
    call = {"id": 0, "type": "function", "function": {"description": None, "name": "weather"}}
    call["function"]["parameters"] = {"city": "Paris", "unit": "kelvin"}
    assert run(whole({"content": None, "tool_calls": [call]}, "eos_token")) == [("Paris", "kelvin")]


def test_1_3_whole_answers_of_tgi_hold_arguments_as_an_object(run):
    call = {"id": "0", "type": "function", "function": function({"city": "Paris"}, "weather")}
    assert run(whole({"tool_calls": [call]}, "stop")) == [("Paris", "celsius")]


@pytest.mark.parametrize("content", [None, ""], ids=["null, as of R1", "empty, as of Llama-4"])
def test_1_3_content_null_or_empty_beside_tool_calls(run, content):
    call = {"index": 0, "id": "call_1", "type": "function", "function": function('{"city": "Paris"}', "weather")}
    assert run(whole({"content": content, "tool_calls": [call]})) == [("Paris", "celsius")]


def test_1_3_together_calls_carry_an_index_in_a_whole_answer_too(run):
    made = [
        {
            "index": place,
            "id": f"call_{place}",
            "type": "function",
            "function": function(json.dumps({"city": city}), "weather"),
        }
        for place, city in enumerate(("Paris", "Rome"))
    ]
    assert run(whole({"content": "", "tool_calls": made})) == [("Paris", "celsius"), ("Rome", "celsius")]


def test_1_7_two_calls_with_empty_ids_get_ids_of_their_own(run, service):
    made = [
        {"index": place, "id": "", "type": "function", "function": function(json.dumps({"city": city}), "weather")}
        for place, city in enumerate(("Paris", "Rome"))
    ]
    assert len(run(EventsAnswer([calls(*made), end()]))) == 2
    ids = [call["id"] for call in service.requests[-1].messages[1]["tool_calls"]]
    assert len(set(ids)) == 2
    assert all(ids)


def test_1_7_two_calls_with_the_same_id_are_two(run):
    made = [
        {"index": place, "id": "0", "type": "function", "function": function(json.dumps({"city": city}), "weather")}
        for place, city in enumerate(("Paris", "Rome"))
    ]
    assert run(EventsAnswer([calls(*made), end()])) == [("Paris", "celsius"), ("Rome", "celsius")]


def test_1_3_llama_on_cerebras_answers_twice_without_a_call_and_the_loop_survives(service, make_chat, talk):
    chat = make_chat()

    def get_date() -> str:
        """Tell the date."""
        return "2024-01-01"

    chat.register_tool(get_date)
    service.say("It is 'get_date'.")
    assert talk(chat, "the date?") == "It is 'get_date'."
    service.say('{"type": "function", "name": "get_date", "parameters": {}}')
    assert talk(chat, "use the tool") == '{"type": "function", "name": "get_date", "parameters": {}}'
    assert [turn.role for turn in chat.get_turns()] == ["user", "assistant"] * 2
    service.say("Fine.")
    assert talk(chat, "go on") == "Fine."
