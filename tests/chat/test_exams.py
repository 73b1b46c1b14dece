"""The exams that every provider sits: one function per skill, each taking a constructor.

A new constructor is added to `PROVIDERS` and has then to pass them all.
"""

import asyncio
import functools

import pytest

from chatkit import (
    AssistantTurn,
    AuthenticationError,
    BadRequestError,
    StreamInterruptedError,
    TextDelta,
    ToolFailureWarning,
    ToolReturned,
    TurnEnded,
    UserTurn,
    chat_huggingface,
    chat_openai_compatible,
)
from chatkit.testing import Answer, Delivery, ErrorAnswer, OfflineService, ToolCall, check_request

PROVIDERS = {"openai_compatible": chat_openai_compatible, "huggingface": chat_huggingface}


def examine_simple_request(make, service):
    service.say("Four.")
    chat = make()
    assert chat.chat("2 + 2?") == "Four."
    assert [turn.text for turn in chat] == ["2 + 2?", "Four."]
    assert chat.usage().output_tokens > 0


def examine_simple_request_async(make, service):
    service.say("Four.")
    chat = make()
    assert asyncio.run(chat.chat_async("2 + 2?")) == "Four."
    assert [turn.text for turn in chat] == ["2 + 2?", "Four."]


def examine_streaming(make, service):
    service.say("Fo", "ur", ".", delivery=Delivery(piece=3))
    chat = make()
    with chat.stream("2 + 2?") as stream:
        assert list(stream) == ["Fo", "ur", "."]
    assert stream.turn.text == chat.last_turn().text == "Four."
    assert stream.usage.output_tokens > 0


def examine_streaming_async(make, service):
    async def main():
        async with chat.stream_async("2 + 2?") as stream:
            return [event async for event in stream.events()]

    service.say("Fo", "ur", ".")
    chat = make()
    events = asyncio.run(main())
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Fo", "ur", "."]
    assert events[-1] == TurnEnded(chat.last_turn())


def examine_system_prompt_is_respected(make, service):
    chat = make(system_prompt="Be terse.")
    service.script("ok", "ok")
    chat.chat("Hi")
    chat.system_prompt = "Be kind."
    chat.chat("Hi")
    assert [request.messages[0]["content"] for request in service.requests] == ["Be terse.", "Be kind."]
    assert all(turn.role != "system" for turn in chat)


def examine_turns_interface(make, service):
    chat = make()
    chat.set_turns([UserTurn("My name is Ada."), AssistantTurn("Hello Ada.")])
    service.say("Ada.")
    assert chat.chat("What is my name?") == "Ada."
    assert [message["content"] for message in service.requests[0].messages] == [
        "My name is Ada.",
        "Hello Ada.",
        "What is my name?",
    ]
    assert len(chat) == 4
    assert chat.last_turn("user").text == "What is my name?"


def examine_one_tool(make, service):
    def current_date() -> str:
        """Tell the date."""
        return "2024-01-01"

    chat = make()
    chat.register_tool(current_date)
    service.script(Answer(tool_calls=[ToolCall("current_date")]), "It is 2024-01-01.")
    assert chat.chat("What is the date?") == "It is 2024-01-01."
    assert service.requests[1].messages[-1]["content"] == "2024-01-01"


def examine_parallel_tools(make, service):
    def favourite(person: str) -> str:
        """Tell the favourite colour of a person."""
        return {"Joe": "sage", "Hadley": "red"}[person]

    chat = make()
    chat.register_tool(favourite)
    calls = [ToolCall("favourite", {"person": person}, fragment=5) for person in ("Joe", "Hadley")]
    service.script(Answer(tool_calls=calls, interleave=True), "sage and red")
    events = list(chat.stream("Colours?").events())
    assert [event.result.value for event in events if isinstance(event, ToolReturned)] == ["sage", "red"]
    assert [message["content"] for message in service.requests[1].messages[-2:]] == ["sage", "red"]


def examine_sequential_tools(make, service):
    def weather(place: str) -> str:
        """Tell the weather."""
        return f"rain in {place}"

    def equipment(weather: str) -> str:
        """Tell what to take along."""
        return "umbrella"

    chat = make()
    chat.register_tools([weather, equipment])
    service.script(
        Answer(tool_calls=[ToolCall("weather", {"place": "Delft"})]),
        Answer(tool_calls=[ToolCall("equipment", {"weather": "rain in Delft"})]),
        "An umbrella.",
    )
    assert chat.chat("What to take to Delft?") == "An umbrella."
    assert len(chat) == 6
    assert len(chat.rounds()) == 1


def examine_async_tools(make, service):
    async def now() -> str:
        """Tell the time."""
        await asyncio.sleep(0)
        return "noon"

    chat = make()
    chat.register_tool(now)
    service.script(*[Answer(tool_calls=[ToolCall("now")]), "It is noon."] * 2)
    assert asyncio.run(chat.chat_async("Time?")) == "It is noon."
    assert chat.chat("Time?") == "It is noon."


def examine_tool_errors(make, service):
    def broken() -> None:
        """Break."""
        raise ValueError("no luck")

    chat = make()
    chat.register_tool(broken)
    service.script(Answer(tool_calls=[ToolCall("broken")]), "I see.")
    with pytest.warns(ToolFailureWarning, match="no luck"):
        assert chat.chat("Go") == "I see."
    assert "no luck" in service.requests[1].messages[-1]["content"]


def examine_errors(make, service):
    chat = make()
    service.script(
        ErrorAnswer(401, {"error": "Invalid username or password."}),
        ErrorAnswer(400, {"error": {"message": "model is not supported"}}),
        Answer(["so ", "far"], delivery=Delivery(cut_after=400, cut="rst", piece=50)),
        "ok",
    )
    with pytest.raises(AuthenticationError, match="Invalid username or password"):
        chat.chat("Hi")
    with pytest.raises(BadRequestError, match="model is not supported"):
        list(chat.stream("Hi"))
    assert chat.turns == []
    with pytest.raises(StreamInterruptedError):
        list(chat.stream("Hi"))
    assert chat.last_turn().interrupted is not None
    assert chat.chat("Hi") == "ok"


def examine_offline_model(make, service):
    """The same chat with a server that nobody has written a script for."""
    with OfflineService() as offline:
        chat = make(base_url=offline.base_url)
        assert chat.chat("Hello!")
        assert chat.last_turn().finish_reason == "stop"


EXAMS = [value for name, value in list(globals().items()) if name.startswith("examine_")]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("exam", EXAMS, ids=lambda exam: exam.__name__.removeprefix("examine_"))
def test_exam(service, provider, exam):
    def make(**options):
        options.setdefault("base_url", service.base_url)
        return PROVIDERS[provider](model="org/name", echo="none", max_retries=0, **options)

    exam(functools.wraps(PROVIDERS[provider])(make), service)
    assert [problem for request in service.requests for problem in check_request(request.json)] == []
