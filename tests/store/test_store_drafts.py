"""What is in the store in the middle of a call, in every way of talking, and what becomes of it."""

import asyncio

import pydantic
import pytest

from chatkit import ContentToolResult, ToolRequested, ToolReturned, tool
from chatkit._store.recovering import NOT_RETURNED, UNFINISHED
from chatkit._turns.events import TextDelta
from chatkit.testing import Answer, ToolCall

STREAMS = ("plain", "async")


def _walk(kind, chat, words, at):
    """Stream an answer and do something at each event."""
    if kind == "plain":
        for event in chat.stream(words).events():
            at(event)
        return

    async def run():
        async for event in chat.stream_async(words).events():
            at(event)

    asyncio.run(run())


@pytest.mark.parametrize("kind", STREAMS)
def test_each_piece_is_in_the_store_before_it_is_shown(store, chat, seen, service, kind):
    store.attach(chat, id="a")
    service.script(Answer(["Hel", "lo ", "w\u00f6rld \U0001f600"], reasoning=["Hm", "m."]))
    shown = []

    def look(event):
        if type(event) is TextDelta:
            shown.append(event.text)
            user, partial = seen("a").turns
            assert (user.text, partial.text, partial.thinking) == ("Hi", "".join(shown), "Hmm.")
            assert partial.interrupted == UNFINISHED

    _walk(kind, chat, "Hi", look)
    assert shown
    assert seen("a").turns == chat.turns
    assert chat.last_turn().interrupted is None


def test_what_the_user_says_is_in_the_store_before_anything_is_sent(store, chat, seen, service):
    store.attach(chat, id="a")

    def answer(request):
        user, partial = seen("a").turns
        assert (user.text, partial.contents, partial.interrupted) == ("Hi", (), UNFINISHED)
        return Answer("Hello")

    service.on_request(answer)
    assert chat.chat("Hi") == "Hello"


@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_that_is_left_early_is_kept_as_it_stands_in_the_chat(store, chat, seen, service, kind):
    store.attach(chat, id="a")
    service.say(*[f"{number} " for number in range(50)])
    if kind == "plain":
        for _ in chat.stream("Count"):
            break
    else:

        async def run():
            async for _ in chat.stream_async("Count"):
                break

        asyncio.run(run())
    assert chat.last_turn().interrupted == "stopped"
    assert seen("a").turns == chat.turns


def test_an_answer_that_never_began_leaves_nothing(store, chat, seen):
    store.attach(chat, id="a")
    chat.add_turn("1", "one")
    with pytest.raises(Exception, match="no answer is scripted"):
        chat.chat("2")
    assert seen("a").turns == chat.turns
    assert len(chat) == 2


def test_tool_calls_and_results_are_in_the_store_as_they_happen(store, chat, seen, service):
    store.attach(chat, id="a")

    @chat.register_tool
    def work(word: str) -> str:
        """Work."""
        found = seen("a", tools=[work]).turns[-1]
        # While it runs nobody knows what comes of it.
        assert [result.error for result in found.tool_results][-1] in (NOT_RETURNED, found.tool_results[-1].error)
        runs.append([result.error or result.value for result in found.tool_results])
        return word.upper()

    runs, results = [], []
    calls = [ToolCall("work", {"word": "a"}), ToolCall("work", {"word": "b"})]
    service.script(Answer("Well.", tool_calls=calls), "Done.")
    for event in chat.stream("go").events():
        if isinstance(event, ToolReturned):
            results.append(
                [result.value for result in seen("a", tools=[work]).turns[-1].tool_results if not result.error]
            )
    unanswered = "The chat ended before the tool could be invoked."
    assert runs == [[NOT_RETURNED, unanswered], ["A", NOT_RETURNED]]
    assert results == [["A"], ["A", "B"]]
    assert seen("a", tools=[work]).turns == chat.turns


def test_calls_that_wait_for_approval_wait_in_the_store_too(store, chat, seen, service, canary):
    ran = []

    @tool(requires_approval=True)
    def send(text: str) -> str:
        """Send a text."""
        ran.append(text)
        return "sent"

    chat.register_tool(send)
    store.attach(chat, id="a")
    service.script(Answer(tool_calls=[ToolCall("send", {"text": "x"}), ToolCall("send", {"text": "y"})]))
    assert len(chat.chat("go").pending) == 2
    store.detach(chat)
    chat = store.load("a", tools=[send], credentials=canary.credentials)
    assert [waiting.arguments for waiting in chat.pending_approvals()] == [{"text": "x"}, {"text": "y"}]
    assert ran == []
    first, second = chat.pending_approvals()
    chat.resume(approve=first)
    assert ran == ["x"]
    # Decided in two steps, and in the store after each.
    assert [item.id for item in seen("a", tools=[send]).pending_approvals()] == [second.id]
    looked = []
    service.say("Good.")
    for event in chat.stream_resume(approve=True).events():
        if isinstance(event, ToolRequested):
            looked.append(seen("a", tools=[send]).turns[-1].tool_results[-1].error)
    assert looked == [NOT_RETURNED]
    assert ran == ["x", "y"]
    assert seen("a", tools=[send]).turns == chat.turns


def test_while_one_of_two_approved_calls_runs_the_other_goes_on_waiting(store, chat, seen, service):
    waiting = []

    @tool(requires_approval=True)
    def send(text: str) -> str:
        """Send a text."""
        found = seen("a", tools=[send])
        waiting.append([item.arguments["text"] for item in found.pending_approvals()])
        return "sent"

    chat.register_tool(send)
    chat.on_approval(lambda approval: True)
    store.attach(chat, id="a")
    service.script(Answer(tool_calls=[ToolCall("send", {"text": "x"}), ToolCall("send", {"text": "y"})]), "Good.")
    assert chat.chat("go") == "Good."
    assert waiting == [["y"], []]


class Person(pydantic.BaseModel):
    """A person."""

    name: str
    age: int


@pytest.mark.parametrize("kind", STREAMS)
def test_typed_answers_are_kept_and_tries_that_failed_are_not(store, chat, seen, service, kind):
    store.attach(chat, id="a")
    service.say('{"name": "Ann"}')
    service.say('{"name": "Ann", ', '"age": 3}')
    if kind == "plain":
        assert chat.chat_structured("Who?", type=Person) == Person(name="Ann", age=3)
    else:
        assert asyncio.run(chat.chat_structured_async("Who?", type=Person)).age == 3
    assert seen("a").turns == chat.turns
    assert [turn.text for turn in seen("a").turns] == ["Who?", '{"name": "Ann", "age": 3}']


def test_a_typed_stream_is_in_the_store_while_it_grows(store, chat, seen, service):
    store.attach(chat, id="a")
    service.say('{"name": "Ann", ', '"age": 3}')
    texts = []
    for _ in chat.stream_structured("Who?", type=Person):
        texts.append(seen("a").last_turn().text)
    assert '{"name": "Ann", ' in texts
    assert seen("a").turns == chat.turns


def test_the_results_of_tools_come_back_as_they_were(store, chat, seen, service):
    @chat.register_tool
    def facts() -> ContentToolResult:
        """Facts."""
        return ContentToolResult(value={"n": [1, 2]}, extra={"seen": True})

    store.attach(chat, id="a")
    service.script(Answer(tool_calls=[ToolCall("facts")]), "So.")
    chat.chat("go")
    assert seen("a", tools=[facts]).turns == chat.turns
    assert chat.turns[2].tool_results[0].extra == {"seen": True}
