"""The exams that every provider sits: one function per skill, each taking a constructor.

A new constructor is added to `PROVIDERS` and has then to pass them all.
"""

import asyncio
import base64
import dataclasses
import functools
import inspect

import pytest

from chatkit import (
    AssistantTurn,
    AuthenticationError,
    BadRequestError,
    Chat,
    StreamInterruptedError,
    TextDelta,
    ThinkingDelta,
    ToolFailureWarning,
    ToolReturned,
    TurnEnded,
    UserTurn,
    chat_huggingface,
    chat_openai_compatible,
    content_image_file,
    content_image_url,
    content_pdf_file,
    tool,
)
from chatkit.testing import Answer, Delivery, ErrorAnswer, OfflineService, ToolCall, check_request

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
DOT_URL = f"data:image/png;base64,{base64.b64encode(DOT).decode()}"
PROVIDERS = {"openai_compatible": chat_openai_compatible, "huggingface": chat_huggingface}


@dataclasses.dataclass
class Person:
    name: str
    age: int


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


def examine_thinking(make, service):
    service.script(*[Answer("Four.", reasoning="2 and 2 make 4.")] * 2, "ok")
    chat = make()
    assert chat.chat("2 + 2?") == "Four."
    told = list(chat.stream("2 + 2?").events())
    assert "".join(event.thinking for event in told if isinstance(event, ThinkingDelta)) == "2 and 2 make 4."
    assert chat.last_turn().thinking == "2 and 2 make 4."
    chat.chat("Sure?")
    assert "2 and 2 make 4." not in str(service.requests[-1].messages)


def examine_images(make, service):
    chat = make()
    service.script("A dot.", "A dot.", "A dot.")
    for image in (
        content_image_url("https://example.org/dot.png"),
        content_image_file(DOT),
        content_image_url(DOT_URL),
    ):
        assert chat.chat("What is this?", image) == "A dot."
    parts = [message["content"][1] for message in service.requests[-1].messages if message["role"] == "user"]
    assert [part["type"] for part in parts] == ["image_url"] * 3
    assert parts[0]["image_url"]["url"] == "https://example.org/dot.png"
    assert parts[1]["image_url"]["url"] == parts[2]["image_url"]["url"] == DOT_URL


def examine_images_of_tools(make, service):
    def draw() -> bytes:
        """Draw a dot."""
        return DOT

    chat = make()
    chat.register_tool(draw)
    service.script(Answer(tool_calls=[ToolCall("draw")]), "A dot.")
    assert chat.chat("Draw.") == "A dot."
    *_, result, following = service.requests[1].messages
    assert (result["role"], following["role"]) == ("tool", "user")
    assert DOT_URL in str(following["content"])


def examine_pdf(make, service):
    chat = make()
    service.script("One page.")
    assert chat.chat("How long?", content_pdf_file(b"%PDF-1.4\n%%EOF\n", filename="short.pdf")) == "One page."
    part = service.requests[0].messages[0]["content"][1]
    assert (part["type"], part["file"]["filename"]) == ("file", "short.pdf")
    assert part["file"]["file_data"].startswith("data:application/pdf;base64,")


def examine_structured(make, service):
    chat = make()
    service.script('{"name": "Ada", "age": 36}', '{"name": "Bob", "age": 42}')
    assert chat.chat_structured("Who?", type=Person) == Person("Ada", 36)
    assert asyncio.run(chat.chat_structured_async("And who?", type=Person)) == Person("Bob", 42)
    assert service.requests[0].json["response_format"]["type"] == "json_schema"
    assert len(chat) == 4


def examine_structured_streaming(make, service):
    chat = make()
    service.say('{"name": "A', 'da", "age"', ": 36}")
    *partial, last = chat.stream_structured("Who?", type=Person)
    assert last == Person("Ada", 36)
    assert len(partial) >= 1


def examine_structured_after_tools(make, service):
    def age(name: str) -> int:
        """Look up an age."""
        return 36

    chat = make()
    chat.register_tool(age)
    service.script(Answer(tool_calls=[ToolCall("age", {"name": "Ada"})]), "She is 36.", '{"name": "Ada", "age": 36}')
    assert chat.chat_structured("Who is Ada?", type=Person) == Person("Ada", 36)


def examine_approval(make, service):
    @tool(requires_approval=True)
    def delete(path: str) -> str:
        """Delete a file."""
        return f"{path} is gone"

    chat = make()
    chat.register_tool(delete)
    service.script(Answer(tool_calls=[ToolCall("delete", {"path": "a.txt"})]), "Done.")
    assert [item.name for item in chat.chat("Delete a.txt.").pending] == ["delete"]
    assert chat.resume(approve=True) == "Done."
    assert service.requests[1].messages[-1]["content"] == "a.txt is gone"


def examine_saving(make, service, tmp_path):
    chat = make(system_prompt="Be terse.")
    service.script("Four.", "Five.")
    chat.chat("2 + 2?", content_image_file(DOT))
    chat.save(tmp_path / "chat.json")
    again = Chat.load(tmp_path / "chat.json", echo="none")
    assert (again.turns, again.system_prompt, again.model) == (chat.turns, "Be terse.", "org/name")
    assert again.chat("2 + 3?") == "Five."
    assert service.requests[1].messages[:-1] == [
        *service.requests[0].messages,
        {"role": "assistant", "content": "Four."},
    ]


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
def test_exam(service, provider, exam, tmp_path):
    def make(**options):
        options.setdefault("base_url", service.base_url)
        return PROVIDERS[provider](model="org/name", echo="none", max_retries=0, **options)

    given = {"tmp_path": tmp_path} if "tmp_path" in inspect.signature(exam).parameters else {}
    exam(functools.wraps(PROVIDERS[provider])(make), service, **given)
    # After "no such model" the list of models is asked for, too, which has no body.
    posted = [request for request in service.requests if request.method == "POST"]
    assert [problem for request in posted for problem in check_request(request.json)] == []
