"""`Chat.run()`: several turns, decided beforehand."""

import asyncio
import copy
import json
import pickle

import pytest
from pydantic import BaseModel

from chatkit import (
    APIError,
    ConfigError,
    InternalServerError,
    StructuredOutputError,
    ToolRejectError,
    UserTurn,
    content_image_url,
    params,
    tool,
)
from chatkit._chat.prompts import Prompt
from chatkit.testing import Answer, ErrorAnswer, ToolCall


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture(params=["plain", "async"])
def run(request):
    """Run prompts in the one way or the other."""

    def act(chat, prompts, **options):
        if request.param == "async":
            return asyncio.run(chat.run_async(prompts, **options))
        return chat.run(prompts, **options)

    return act


def test_prompts_are_said_in_order_and_each_after_the_answer_before(run, chat, service):
    service.say("Hello.")
    service.say("4")
    transcript = run(chat, ["Hi", ["How much is", "2 + 2?"]])
    assert transcript.answers == ["Hello.", "4"]
    assert [message["role"] for message in service.requests[1].messages] == ["user", "assistant", "user"]
    assert transcript.turns == chat.turns
    assert [item.text for item in transcript] == ["Hello.", "4"]
    assert (transcript.ok, len(transcript), transcript.model, transcript.title) == (True, 2, "m", "Chat")
    assert transcript.usage == chat.usage()
    assert transcript.seconds > 0


def test_a_run_goes_on_from_what_was_said_before(run, chat, service):
    service.say("Hello.")
    chat.chat("Hi")
    service.say("Well.")
    transcript = run(chat, ["How are you?"])
    assert len(chat.turns) == 4
    assert transcript.turns == chat.turns[2:]


def test_a_prompt_may_ask_for_a_typed_answer(run, chat, service):
    service.say('{"name": "Ada", "age": 36}')
    service.say('{"answer": [1, 2]}')
    prompts = [
        Prompt("Who?", type=Person, expect={"json": {"name": "Ada"}, "contains": "36"}),
        Prompt("Which?", type=list[int], expect={"json": [1, 2], "equals": "[1, 2]"}),
    ]
    transcript = run(chat, prompts)
    assert transcript.answers == [Person(name="Ada", age=36), [1, 2]]
    assert transcript.ok, transcript.failures
    assert len(transcript.outcomes) == 4


def test_a_typed_answer_that_is_a_text_is_compared_as_it_is(run, chat, service):
    service.say('{"answer": "yes"}')
    assert run(chat, [Prompt("Sure?", type=str, expect={"equals": "yes"})]).ok


def test_a_prompt_has_parameters_of_its_own(run, chat, service):
    chat.params = params(temperature=1, top_k=5)
    service.say("a")
    service.say("b")
    run(chat, [Prompt("A", params=params(temperature=0, seed=3)), "B"])
    first, second = [request.json for request in service.requests]
    assert (first["temperature"], first["seed"]) == (0, 3)
    assert second["temperature"] == 1
    assert "seed" not in second
    assert chat.params == params(temperature=1, top_k=5)


def test_parameters_are_put_back_when_a_turn_fails(run, chat, service):
    service.script(*[ErrorAnswer(400, {"error": {"message": "no"}})] * 3)
    with pytest.raises(APIError):
        run(chat, [Prompt("A", params=params(seed=3))])
    assert chat.params == params()


def test_an_answer_that_is_given_is_not_asked_for(run, chat, service):
    service.say("Red.")
    transcript = run(chat, [Prompt("A fruit?", answer="Apple."), Prompt("A colour?", expect={"contains": "Red"})])
    assert len(service.requests) == 1
    assert [message["content"] for message in service.requests[0].messages] == ["A fruit?", "Apple.", "A colour?"]
    assert transcript.answers == ["Apple.", "Red."]
    assert transcript.usage.output_tokens == 1
    assert len(transcript.asked_turns) == 2


def test_calls_of_tools_are_among_what_is_expected(run, chat, service):
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    chat.register_tool(add)
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    service.say("It is 3.")
    expected = {"calls_tool": {"name": "add", "arguments": {"b": 2}}, "matches": r"\d"}
    transcript = run(chat, [Prompt("1 + 2?", expect=expected, tool_choice="add")])
    assert transcript.ok, transcript.failures
    assert service.requests[0].json["tool_choice"]["function"]["name"] == "add"
    assert len(transcript.exchanges[0].turns) == 4


def test_what_does_not_hold_is_told_and_the_run_goes_on(run, chat, service):
    service.say("4")
    service.say("5")
    transcript = run(chat, [Prompt("A", expect={"contains": ["5", "6"], "max_seconds": 60}), "B"])
    assert not transcript.ok
    assert bool(transcript)
    assert [outcome.problem for outcome in transcript.failures] == ["it should contain '5' and '6', and it is '4'"]
    assert transcript.answers == ["4", "5"]
    assert "1 of 2 expectations hold" in repr(transcript)


def test_the_cost_is_held_against_prices_that_the_server_lists(run, service, chat):
    service.models = [{"id": "m", "object": "model", "pricing": {"input": 1.0, "output": 2.0}}]
    service.say("4")
    transcript = run(chat, [Prompt("A", expect={"max_cost": 0.5})])
    looked = [request for request in service.requests if request.path.endswith("/models")]
    assert len(looked) == 1
    assert transcript.outcomes[0].ok is (transcript.cost is not None)


def test_without_a_limit_of_cost_no_price_is_looked_for(run, service, chat):
    service.say("4")
    assert run(chat, ["A"]).cost is None
    assert len(service.requests) == 1


def test_an_error_is_raised_or_ends_the_run(run, chat, service):
    def fail() -> None:
        service.say("4")
        service.script(*[ErrorAnswer(500, {"error": {"message": "broken"}})] * 3)

    prompts = ["A", Prompt("B", expect={"contains": "x"}), "C"]
    fail()
    with pytest.raises(InternalServerError):
        run(chat, prompts)
    chat.turns = []
    fail()
    transcript = run(chat, prompts, on_error="return")
    assert isinstance(transcript.error, InternalServerError)
    assert not transcript.ok
    assert (len(transcript), transcript.outcomes, transcript.answers) == (2, [], ["4", None])
    assert "ended by InternalServerError" in transcript.summary
    assert service.unsaid == 0


def test_a_typed_answer_that_does_not_fit_ends_the_run(run, chat, service):
    service.on_request(lambda request: "no JSON")
    transcript = run(chat, [Prompt("Who?", type=Person), "B"], on_error="return")
    assert isinstance(transcript.error, StructuredOutputError)
    assert len(transcript) == 1


def test_a_call_that_waits_for_approval_ends_the_run(run, chat, service):
    @tool(requires_approval=True)
    def wipe() -> str:
        """Wipe."""
        raise ToolRejectError

    chat.register_tool(wipe)
    service.script(Answer(tool_calls=[ToolCall("wipe", {})]))
    transcript = run(chat, ["Go", "on"], on_error="return")
    assert "A call of wipe waits for approval" in str(transcript.error)
    assert len(transcript) == 1


def test_progress_is_told_before_each_prompt_that_is_asked(run, chat, service):
    service.say("a")
    service.say("b")
    told = []
    run(
        chat,
        ["A", Prompt("given", answer="x"), "B"],
        progress=lambda number, count, prompt: told.append((number, count, prompt.text, len(service.requests))),
    )
    assert told == [(1, 3, "A", 0), (3, 3, "B", 1)]


def test_answers_are_echoed_as_asked_and_streamed_where_that_is_wanted(run, chat, service, capsys):
    service.on_request(lambda request: "Hello")
    assert run(chat, ["A"]).answers == ["Hello"]
    assert run(chat, ["A"], stream=True).answers == ["Hello"]
    assert capsys.readouterr().out == ""
    assert run(chat, ["A"], echo="output").answers == ["Hello"]
    assert capsys.readouterr().out == "Hello\n"
    assert [request.json.get("stream", False) for request in service.requests] == [False, True, True]


@pytest.mark.parametrize(
    ("prompts", "words"),
    [
        ("A", "takes a list of prompts"),
        (Prompt("A"), "takes a list of prompts"),
        (None, "takes a list of prompts"),
        ([], "nothing to run"),
        (["A", ""], "Prompt 2: There is nothing to say"),
        (["A", 3], "Prompt 2: A turn is made of strings and contents"),
        ([Prompt("A", tool_choice="add")], "has no tools"),
    ],
)
def test_what_cannot_be_said_is_refused_before_anything_is_sent(run, chat, service, prompts, words):
    with pytest.raises(ConfigError) as caught:
        run(chat, prompts)
    assert words in str(caught.value)
    assert service.requests == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"params": {"seed": 1}}, "made with params()"),
        ({"type": 3}, ""),
        ({"type": int, "tool_choice": "auto"}, "takes no `tool_choice`"),
        ({"answer": 3}, "must be a text"),
        ({"answer": "x", "expect": {"contains": "x"}}, "not asked for"),
        ({"answer": "x", "type": int}, "not asked for"),
        ({"expect": {"contians": "x"}}, "Did you mean 'contains'?"),
    ],
)
def test_a_prompt_that_cannot_be_is_refused(options, words):
    with pytest.raises(ConfigError) as caught:
        Prompt("A", **options)
    assert words in str(caught.value)


def test_options_of_a_run_are_checked(run, chat):
    with pytest.raises(ConfigError, match="on_error"):
        run(chat, ["A"], on_error="ignore")
    with pytest.raises(ConfigError, match="title"):
        run(chat, ["A"], title=3)


def test_a_prompt_is_a_value():
    prompt = Prompt(["Look", content_image_url("https://example.org/a.png")], expect={"contains": "a"}, type=int)
    assert prompt == copy.copy(prompt) == pickle.loads(pickle.dumps(prompt))
    assert prompt.text == "Look"
    assert isinstance(prompt.turn, UserTurn)
    assert Prompt("A").schema is None
    assert prompt.schema == {"type": "integer"}
    assert Prompt("A", type=list[Person]).schema["items"] == {"$ref": "#/$defs/Person"}


def test_a_transcript_pickles_with_its_error(chat, service):
    service.script(*[ErrorAnswer(500, {"error": {"message": "broken"}})] * 3)
    transcript = chat.run(["A"], on_error="return")
    again = pickle.loads(pickle.dumps(transcript))
    assert again.exchanges == transcript.exchanges
    assert str(again.error) == str(transcript.error)
    assert json.loads(json.dumps(transcript.to_dict()))["error"]["type"] == "InternalServerError"
