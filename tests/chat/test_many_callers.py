"""Many callers: of one chat, who get in one by one or are told that it is busy, and of many chats, each its own."""

import asyncio
import os
import random
import threading
import warnings

import pytest

from chatkit import Cancelled, Chat, ChatBusyError, ConfigError, TimeLimits, chat_openai_compatible
from chatkit.testing import Answer, FakeService, ToolCall, check_history

MANY = 1000
CALLS = int(os.environ.get("CHATKIT_CALLS", "200"))


@pytest.fixture
def hammered(service, make_chat):
    """A chat with a tool and some turns, whose server repeats what it was asked last."""
    chat = make_chat()

    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    chat.register_tool(add)
    chat.add_turn("Before.", "Yes.")
    service.on_request(echoed)
    return chat


def echoed(request):
    """Ask for a tool first, now and then; say what was asked last otherwise."""
    last = request.messages[-1]
    if last["role"] == "user" and last["content"].endswith("7"):
        return Answer("So. ", tool_calls=[ToolCall("add", {"a": 1, "b": 2})])
    asked = [message["content"] for message in request.messages if message["role"] == "user"]
    # What was left unanswered before stands in front of it.
    text = f"You said {asked[-1].splitlines()[-1]}"
    return Answer([text[at : at + 3] for at in range(0, len(text), 3)])


def fits(told, said, *, whole):
    """Whether an answer is to what was said; a stream that another caller cancels just ends."""
    text = f"You said {said}"
    return told == text if whole else f"So. {text}".startswith(told) or text.startswith(told)


def verbs(chat, folder, rng, name):
    """Ways to use a chat; those that give an answer say whether it fits."""
    said = f"{name} {rng.randrange(100)}"

    def streamed():
        return fits("".join(chat.stream(said)), said, whole=False)

    def left():
        for _ in chat.stream(said):
            return

    def saved():
        path = folder / f"{name}.json"
        chat.save(path)
        return lawful(Chat.load(path, timeout=1))

    def turned():
        chat.set_turns([*chat.turns][:6])

    return {
        "chat": lambda: fits(str(chat.chat(said)), said, whole=True),
        "stream": streamed,
        "leave": left,
        "undo": lambda: chat.undo(),
        "set_turns": turned,
        "add_turn": lambda: chat.add_turn("a", "b"),
        "save": saved,
        "fork": lambda: lawful(chat.fork()),
        "retry": lambda: chat.retry(),
        "compact": lambda: chat.compact(100),
        "cancel": lambda: chat.cancel(name),
        "look": lambda: str(chat) and chat.usage() and lawful(chat),
    }


def lawful(chat):
    messages = chat.to_messages()
    if messages and messages[-1]["role"] == "assistant":
        messages.append({"role": "user", "content": "And?"})
    return not messages or check_history(messages) == []


def test_a14_two_threads_that_hammer_one_chat_are_refused_or_served_whole(service, hammered, tmp_path):
    outcomes, faults = [], []

    def hammer(name):
        rng = random.Random(name)
        for _ in range(CALLS):
            verb, act = rng.choice(list(verbs(hammered, tmp_path, rng, name).items()))
            try:
                good = act() is not False
            except (ChatBusyError, Cancelled, ConfigError) as error:
                outcomes.append(type(error).__name__)
            except BaseException as error:
                faults.append((verb, error))
            else:
                outcomes.append(verb)
                faults.extend([] if good else [verb])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run([threading.Thread(target=hammer, args=(name,)) for name in ("ann", "bob")])
    assert faults == []
    assert len(outcomes) == 2 * CALLS
    assert {"ChatBusyError", "chat", "stream", "undo", "save"} <= set(outcomes)
    assert lawful(hammered)
    assert [request.number for request in service.requests if check_history(request.messages)] == []
    hammered.set_turns([])
    assert hammered.chat("Are you there?") == "You said Are you there?"


def verbs_awaited(chat, said, name):
    """The same for tasks."""

    async def asked():
        return fits(str(await chat.chat_async(said)), said, whole=True)

    async def streamed():
        return fits("".join([piece async for piece in chat.stream_async(said)]), said, whole=False)

    async def left():
        async for _ in chat.stream_async(said):
            return

    async def undone():
        chat.undo()

    async def cancelled():
        chat.cancel(name)

    return [asked, streamed, left, undone, cancelled]


def test_a14_two_tasks_that_hammer_one_chat_are_refused_or_served_whole(service, hammered):
    outcomes = []

    async def hammer(name):
        rng = random.Random(name)
        for number in range(100):
            try:
                assert await rng.choice(verbs_awaited(hammered, f"{name} {number}", name))() is not False
            except (ChatBusyError, Cancelled) as error:
                outcomes.append(type(error).__name__)
            else:
                outcomes.append("done")
            await asyncio.sleep(rng.choice((0, 0, 0.002)))

    async def main():
        await asyncio.gather(hammer("ann"), hammer("bob"))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asyncio.run(main())
    assert len(outcomes) == 200
    assert {"ChatBusyError", "done"} <= set(outcomes)
    assert lawful(hammered)
    assert [request.number for request in service.requests if check_history(request.messages)] == []


def test_turns_that_are_changed_from_beside_at_once_are_never_lost_halfway(make_chat):
    chat = make_chat()

    def add(name):
        for number in range(300):
            chat.add_turn(f"{name} {number}", f"{name} {number}")
            if number % 3 == 2:
                chat.undo()

    run([threading.Thread(target=add, args=(name,)) for name in ("ann", "bob")])
    assert len(chat) == 2 * (300 - 100) * 2
    pairs = zip(chat.turns[::2], chat.turns[1::2], strict=True)
    assert all(user.text == answer.text for user, answer in pairs)


# --- many chats -----------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd():
    """A service that answers to who asks, and some chats of its callers."""
    with FakeService(strict=True) as service:
        service.on_request(named)
        patient = TimeLimits(connect=60, first_byte=60, idle=60)

        def make(number, **options):
            return chat_openai_compatible(
                service.base_url, model=f"m{number}", timeout=patient, echo="none", system_prompt=str(number), **options
            )

        make.service = service
        yield make


def named(request):
    users = [message["content"] for message in request.messages if message["role"] == "user"]
    who = request.messages[0]["content"]
    return Answer([f"{who} ", f"{request.json['model']} ", " ".join(users)])


def test_a_thousand_chats_in_a_thousand_threads_are_each_correct(crowd):
    wrong, ready = [], threading.Barrier(MANY)

    def converse(number):
        chat = crowd(number)
        ready.wait()
        first = str(chat.chat(f"a{number}"))
        second = "".join(chat.stream(f"b{number}"))
        expected = f"{number} m{number} a{number}"
        if (first, second, len(chat)) != (expected, f"{expected} b{number}", 4):
            wrong.append((number, first, second))

    run([threading.Thread(target=converse, args=(number,)) for number in range(MANY)])
    assert wrong == []
    assert len(crowd.service.requests) == 2 * MANY


def test_a_thousand_chats_in_a_thousand_tasks_are_each_correct(crowd):
    async def converse(number):
        chat = crowd(number)
        first = str(await chat.chat_async(f"a{number}"))
        second = "".join([piece async for piece in chat.stream_async(f"b{number}")])
        return first, second, len(chat)

    async def main():
        return await asyncio.gather(*map(converse, range(MANY)))

    expected = [f"{number} m{number} a{number}" for number in range(MANY)]
    told = asyncio.run(main())
    assert told == [(text, f"{text} b{number}", 4) for number, text in enumerate(expected)]
    assert len(crowd.service.requests) == 2 * MANY


def run(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert not any(thread.is_alive() for thread in threads)
