"""The chat object itself: every verb and property, and what it refuses before anything is sent."""

import asyncio
import io
import sys

import pytest

from chatkit import (
    AssistantTurn,
    AsyncStream,
    ConfigError,
    HistoryError,
    Params,
    Reply,
    Stream,
    SystemTurn,
    Usage,
    UserTurn,
    params,
    tool,
)
from chatkit.testing import Answer, ToolCall

# The verbs


def test_chat_gives_a_reply_with_its_turn(service, chat, whole_talk):
    service.say("Hel", "lo", model="real-model", headers={"x-inference-provider": "prov"}, usage="separate")
    reply = chat.chat("Hi") if not whole_talk.is_async else asyncio.run(chat.chat_async("Hi"))
    assert isinstance(reply, Reply)
    assert reply == "Hello"
    turn = reply.turn
    assert turn == chat.last_turn()
    assert (turn.model, turn.served_by, turn.request_id) == ("real-model", "prov", "req-1")
    assert (turn.response_id, turn.finish_reason, turn.interrupted) == ("chatcmpl-1", "stop", None)
    assert 0 <= turn.time_to_first_token <= turn.duration < 5


def test_whole_answers_are_asked_for_as_a_whole_and_streams_as_streams(service, chat, talk):
    service.say("ok")
    talk(chat, "Hi")
    assert service.requests[0].stream is talk.streams
    assert service.requests[0].field("stream") is talk.streams


def test_an_echoed_answer_is_streamed_and_shown(service, chat, whole_talk, capsys):
    service.say("Hel", "lo")
    assert whole_talk(chat, "Hi", echo="output") == "Hello"
    assert service.requests[0].stream
    assert capsys.readouterr().out == "Hello\n"


def test_echo_all_shows_both_sides(service, chat, whole_talk, capsys):
    service.say("Hello")
    whole_talk(chat, "Hi", echo="all")
    assert capsys.readouterr().out == "> Hi\n< Hello\n"


def test_echo_goes_by_the_call_then_the_chat_then_the_environment(service, make_chat, monkeypatch, capsys):
    service.on_request(lambda request: "ok")
    from chatkit import chat_openai_compatible

    def make(**options):
        return chat_openai_compatible(service.base_url, model="m", **options)

    assert "ps1" not in vars(sys)
    for expected, act in [
        ("", lambda: make().chat("Hi")),
        ("ok\n", lambda: make(echo="output").chat("Hi")),
        ("ok\n", lambda: make(echo=True).chat("Hi")),
        ("", lambda: make(echo="output").chat("Hi", echo="none")),
        ("", lambda: make(echo=True).chat("Hi", echo=False)),
        ("ok\n", lambda: make(echo="output").clone().chat("Hi")),
        ("", lambda: asyncio.run(make(echo="output").chat_async("Hi"))),
        ("", lambda: list(make(echo="output").stream("Hi"))),
    ]:
        act()
        assert capsys.readouterr().out == expected
    monkeypatch.setenv("CHATKIT_ECHO", "output")
    make().chat("Hi")
    make(echo="none").chat("Hi")
    assert capsys.readouterr().out == "ok\n"


def test_an_error_in_an_echoed_answer_still_ends_its_line(service, chat, chunk, capsys):
    from chatkit.testing import EventsAnswer

    service.script(EventsAnswer([chunk("so far")], done=False))
    with pytest.raises(ConnectionError):
        chat.chat("Hi", echo="output")
    assert capsys.readouterr().out == "so far\n"


class Paper(io.StringIO):
    """A standard output on which writing fails."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error


def test_nobody_listening_is_no_reason_to_lose_the_answer(service, chat, whole_talk, monkeypatch):
    service.say("Hel", "lo")
    monkeypatch.setattr("sys.stdout", Paper(BrokenPipeError()))
    assert whole_talk(chat, "Hi", echo="output") == "Hello"
    assert chat.last_turn().interrupted is None


def test_ctrl_c_while_echoing_leaves_a_partial_turn(service, chat, whole_talk, monkeypatch, go_on):
    service.say("Hel", "lo")
    monkeypatch.setattr("sys.stdout", Paper(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        whole_talk(chat, "Hi", echo="output")
    monkeypatch.undo()
    assert chat.last_turn().text == "Hel"
    assert chat.last_turn().interrupted is not None
    go_on(chat, whole_talk)


def test_streams_are_lazy_and_know_their_answer(service, chat):
    stream = chat.stream("Hi")
    assert isinstance(stream, Stream)
    assert (stream.turn, stream.text, len(chat)) == (None, "", 0)
    assert service.requests == []
    assert repr(stream) == "<Stream not begun, 0 characters>"
    service.say("Hel", "lo", usage="separate")
    assert list(stream) == ["Hel", "lo"]
    assert (stream.text, stream.turn) == ("Hello", chat.last_turn())
    assert stream.usage == chat.usage() != Usage()
    assert repr(stream) == "<Stream over, 5 characters>"
    assert next(stream, "over") == "over"


def test_async_streams_are_lazy_and_know_their_answer(service, chat):
    async def main():
        stream = chat.stream_async("Hi")
        assert isinstance(stream, AsyncStream)
        assert (stream.turn, stream.text) == (None, "")
        assert service.requests == []
        assert repr(stream) == "<AsyncStream not begun, 0 characters>"
        service.say("Hel", "lo", usage="separate")
        assert [piece async for piece in stream] == ["Hel", "lo"]
        assert (stream.text, stream.turn) == ("Hello", chat.last_turn())
        assert stream.usage == chat.usage() != Usage()
        assert repr(stream) == "<AsyncStream over, 5 characters>"
        with pytest.raises(ConfigError, match="read to its end"):
            _ = [piece async for piece in stream]

    asyncio.run(main())


# What is refused before anything is sent

BAD = [(), ("",), (" \n",), (None,), (5,), (b"bytes",), (["a"],), ({"a": 1},), (UserTurn("a"),), ("a", object())]


@pytest.mark.parametrize("given", BAD, ids=repr)
def test_what_cannot_be_said_is_refused_at_once(service, chat, given):
    for verb in (chat.chat, chat.stream, chat.stream_async):
        with pytest.raises(ConfigError):
            verb(*given)
    with pytest.raises(ConfigError):
        asyncio.run(chat.chat_async(*given))
    assert service.requests == []
    assert chat.turns == []
    service.say("ok")
    assert chat.chat("Hi") == "ok"


@pytest.mark.parametrize(
    "act",
    [
        lambda chat: chat.chat("Hi", echo="loud"),
        lambda chat: asyncio.run(chat.chat_async("Hi", echo=5)),
        lambda chat: chat.chat("Hi", tool_mode="both"),
        lambda chat: chat.stream("Hi", tool_mode=None),
        lambda chat: chat.stream_async("Hi", tool_mode=True),
        lambda chat: setattr(chat, "model", ""),
        lambda chat: chat.set_model(None),
        lambda chat: setattr(chat, "params", {"temperature": 1}),
        lambda chat: setattr(chat, "system_prompt", 5),
        lambda chat: chat.set_system_prompt([5]),
        lambda chat: chat.last_turn("tool"),
        lambda chat: chat.get_cost("none"),
        lambda chat: chat.undo(0),
        lambda chat: chat.undo(True),
        lambda chat: chat.undo(1.5),
        lambda chat: chat.set_turns(5),
        lambda chat: chat.add_turn("a", 5),
        lambda chat: chat.add_turn(AssistantTurn("a"), UserTurn("b")),
        lambda chat: chat.register_tool(5),
        lambda chat: chat.register_tool(lambda: 1),
        lambda chat: chat.set_tools([tool(lambda: 1, name="a", description="x")] * 2),
        lambda chat: chat.fork("one"),
    ],
)
def test_bad_input_is_an_error_of_chatkits_own_and_changes_nothing(service, chat, act):
    chat.system_prompt = "Be terse."
    chat.add_turn("a", "b")
    chat.register_tool(tool(lambda: 1, name="kept", description="x"))
    before = (chat.turns, chat.system_prompt, chat.model, chat.params, list(chat.tools))
    with pytest.raises((ConfigError, HistoryError)):
        act(chat)
    assert (chat.turns, chat.system_prompt, chat.model, chat.params, list(chat.tools)) == before
    assert service.requests == []


# The turns


def test_turns_are_copies(chat):
    chat.add_turn("a", "b")
    for turns in (chat.turns, chat.get_turns(), chat.get_turns(include_system_prompt=True)):
        turns.clear()
    assert len(chat) == 2
    chat.tools["x"] = 1
    chat.get_tools()["x"] = 1
    assert chat.tools == chat.get_tools() == {}


def test_a_chat_is_as_long_as_its_turns_and_true_without_any(chat):
    assert (len(chat), bool(chat), list(chat)) == (0, True, [])
    assert chat.add_turn("a", "b") is chat
    chat.add_turn(UserTurn("c"), AssistantTurn("d"))
    assert len(chat) == 4
    assert [turn.text for turn in chat] == ["a", "b", "c", "d"]
    assert chat.turns == chat.get_turns() == list(chat)
    chat.turns = chat.turns[:2]
    assert len(chat) == 2
    assert chat.set_turns([]) is chat


def test_undo_takes_back_whole_rounds_with_their_tool_calls(service, chat, talk, add):
    service.script("one", Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]), "3.")
    talk(chat, "first")
    talk(chat, "1 + 2?")
    taken = chat.undo()
    assert [turn.role for turn in taken] == ["user", "assistant", "user", "assistant"]
    assert [turn.text for turn in chat] == ["first", "one"]
    chat.add_turn("x", "y")
    assert [turn.text for turn in chat.undo(9)] == ["first", "one", "x", "y"]
    assert chat.undo() == []
    service.say("ok")
    talk(chat, "afresh")
    assert service.requests[-1].messages == [{"role": "user", "content": "afresh"}]


@pytest.mark.parametrize(("rounds", "kept"), [(None, 3), (0, 0), (1, 1), (2, 2), (9, 3), (-1, 2), (-9, 0)])
def test_fork_goes_on_from_an_earlier_point(chat, rounds, kept):
    for number in range(3):
        chat.add_turn(f"q{number}", f"a{number}")
    fork = chat.fork(rounds)
    assert fork.turns == chat.turns[: 2 * kept]
    assert len(chat) == 6
    fork.add_turn("x", "y")
    assert len(chat) == 6


def test_undo_in_a_clone_leaves_the_chat_alone(chat):
    chat.add_turn("a", "b")
    chat.clone().undo()
    assert len(chat) == 2


# What it is made of


def test_the_system_prompt_in_all_its_forms(chat):
    assert (chat.system_prompt, chat.get_system_prompt(), chat.last_turn("system")) == (None, None, None)
    assert chat.set_system_prompt(["a", "b"]) is chat
    assert chat.system_prompt == chat.get_system_prompt() == "a\n\nb"
    assert chat.get_turns(include_system_prompt=True) == [SystemTurn("a\n\nb")]
    chat.system_prompt = None
    assert chat.get_turns(include_system_prompt=True) == []


def test_model_and_params_may_change_on_the_way(service, chat, talk):
    service.script("ok", "ok", "ok")
    talk(chat, "Hi")
    assert chat.set_model("other") is chat
    chat.params = params(temperature=0.5)
    talk(chat, "Hi")
    chat.params = None
    talk(chat, "Hi")
    sent = [(request.model, request.field("temperature")) for request in service.requests]
    assert sent == [("m", None), ("other", 0.5), ("other", None)]
    assert (chat.model, chat.get_model(), chat.params) == ("other", "other", Params())
    assert chat.provider.model == "other"


def test_tools_are_registered_replaced_and_taken_away(service, chat, talk):
    def one(a: int) -> int:
        """One."""
        return a

    two = tool(one, name="two")
    registered = chat.register_tool(one)
    assert registered(7) == 7
    assert [item.name for item in chat.register_tools([two])] == ["two"]
    assert list(chat.tools) == ["one", "two"]
    assert chat.set_tools([two]) is chat
    service.script("ok", "ok")
    talk(chat, "Hi")
    assert [item["function"]["name"] for item in service.requests[0].json["tools"]] == ["two"]
    chat.set_tools([])
    talk(chat, "Hi")
    assert "tools" not in service.requests[1].json


def test_repr_and_str_name_service_model_and_turns(chat, make_chat):
    chat.system_prompt = "Be terse."
    chat.set_turns([UserTurn("Hi"), AssistantTurn("Hello", Usage(10, 5), cost=0.5)])
    assert repr(chat) == "<Chat OpenAI-compatible/m turns=3 input=10 output=5 cost=$0.50>"
    text = str(chat)
    assert text.splitlines()[0] == repr(chat)
    assert [line for line in text.splitlines() if line in ("Be terse.", "Hi", "Hello")] == ["Be terse.", "Hi", "Hello"]
    assert repr(make_chat(name="Mine")).startswith("<Chat Mine/m")
