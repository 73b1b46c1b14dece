"""Changing the course of a conversation: retry, edit, temporary, compact."""

import asyncio

import pytest

from chatkit import AssistantTurn, ChatBusyError, ConfigError, InternalServerError, LimitError, params
from chatkit._engine.limits import Limits
from chatkit.testing import Answer, Delivery, ErrorAnswer, ToolCall, check_history


@pytest.fixture(params=["plain", "async"])
def verb(request):
    """Call `retry`, `edit` or `compact`, or its twin."""

    def act(chat, name, *arguments, **options):
        if request.param == "plain":
            return getattr(chat, name)(*arguments, **options)
        return asyncio.run(getattr(chat, f"{name}_async")(*arguments, **options))

    return act


@pytest.fixture
def three(service, chat):
    """A chat of three rounds."""
    for number in ("one", "two", "three"):
        service.say(number.upper())
        chat.chat(number)
    return chat


def texts(chat):
    return [turn.text for turn in chat.turns]


def test_retry_asks_the_same_again(service, three, verb):
    service.say("3")
    reply = verb(three, "retry")
    assert (reply, texts(three)) == ("3", ["one", "ONE", "two", "TWO", "three", "3"])
    assert service.requests[-1].messages == service.requests[-2].messages


def test_retry_of_a_partial_answer_leaves_nothing_of_it(service, chat, verb):
    service.say("So f", finish_reason=None, done=False)
    with pytest.raises(ConnectionError):
        list(chat.stream("Hi"))
    assert chat.last_turn().interrupted is not None
    service.say("So far so good.")
    verb(chat, "retry")
    assert texts(chat) == ["Hi", "So far so good."]


@pytest.mark.parametrize(("index", "left"), [(0, []), (1, ["one", "ONE"]), (-1, ["one", "ONE", "two", "TWO"])])
def test_edit_goes_back_to_a_round_and_says_something_else(service, three, verb, index, left):
    service.say("Else.")
    assert verb(three, "edit", index, "else") == "Else."
    assert texts(three) == [*left, "else", "Else."]


def test_a_failure_before_anything_arrived_leaves_the_chat_as_it_was(service, three, verb):
    before = three.turns
    service.script(*[ErrorAnswer(500)] * 3)
    with pytest.raises(InternalServerError):
        verb(three, "edit", 0, "else")
    assert three.turns == before
    service.say("Fine.")
    three.chat("go on")
    assert check_history(service.requests[-1].messages) == []


def test_what_did_arrive_is_kept_when_the_new_answer_breaks_off(service, three):
    def spend(x: int) -> int:
        """Spend."""
        return x

    three.register_tool(spend)
    service.script(Answer(tool_calls=[ToolCall("spend", {"x": 1})]), *[ErrorAnswer(500)] * 3)
    with pytest.raises(InternalServerError):
        three.retry()
    # The tool has run: its result stays in the history, whatever became of the second try.
    assert three.turns[-1].tool_results[0].value == 1


@pytest.mark.parametrize("index", [3, -4])
def test_a_round_that_is_not_there_is_refused(three, verb, index):
    with pytest.raises(ConfigError, match=f"no round {index}: the chat has 3"):
        verb(three, "edit", index, "else")
    assert len(three) == 6


def test_an_empty_chat_has_nothing_to_try_again(chat, verb):
    with pytest.raises(ConfigError, match="no round -1: the chat has 0"):
        verb(chat, "retry")
    with pytest.raises(ConfigError, match="`round_index` must be a whole number"):
        verb(chat, "edit", "first", "else")


def test_what_is_said_in_a_temporary_chat_is_forgotten(service, three):
    before = three.turns
    service.say("An aside.")
    with three.temporary() as aside:
        aside.system_prompt = "Be silly."
        aside.model = "other"
        aside.params = params(temperature=2)
        assert aside.chat("Really?") == "An aside."
        assert len(aside) == 8
    assert (three.turns, three.system_prompt, three.model) == (before, None, "m")
    assert three.params == params()
    assert service.requests[-1].messages[-1]["content"] == "Really?"
    assert three.spent.requests == 4


def test_a_temporary_chat_is_forgotten_also_after_an_error(service, three):
    before = three.turns
    with pytest.raises(LookupError), three.temporary():
        three.set_turns([])
        raise LookupError
    assert three.turns == before


def test_an_answer_that_streams_beyond_its_temporary_chat_is_cancelled(service, three, stalled, go_on, talk):
    before = three.turns
    service.script(stalled("An ", "aside"))
    with three.temporary():
        stream = three.stream("Really?")
        assert next(stream) == "An "
    # What had arrived by then may still be read; nothing more is waited for.
    assert "".join(stream) in ("", "aside")
    assert three.turns == before
    go_on(three, talk)


def test_a_busy_chat_is_not_rewritten(service, three):
    service.say("a", "b", delivery=Delivery(pause=0.01))
    with three.stream("Hi") as stream:
        next(stream)
        for act in (three.retry, lambda: three.compact(10), lambda: three.temporary().__enter__()):
            with pytest.raises(ChatBusyError):
                act()


def test_compact_drops_the_oldest_rounds_that_do_not_fit(service, three, verb, go_on, talk):
    done = verb(three, "compact", 25)
    assert texts(three) == ["two", "TWO", "three", "THREE"]
    assert [turn.text for turn in done.dropped] == ["one", "ONE"]
    assert (done.before, done.after, done.summary) == (32, 22, None)
    go_on(three, talk)


def test_compact_keeps_the_newest_rounds_however_long_they_are(three, verb):
    assert len(verb(three, "compact", 1).dropped) == 4
    assert texts(three) == ["three", "THREE"]
    assert verb(three, "compact", 1).dropped == ()


def test_compact_changes_nothing_where_all_fits(three, verb):
    before = three.turns
    done = verb(three, "compact", 1000, keep_rounds=2)
    assert (done.dropped, done.before, done.after, three.turns) == ((), 32, 32, before)


def test_compact_keeps_tool_calls_whole(service, chat, add, verb, go_on, talk):
    for number in range(3):
        service.script(Answer(tool_calls=[ToolCall("add", {"a": number, "b": 1})]), Answer("So be it."))
        chat.chat("Add.")
    verb(chat, "compact", 30)
    assert len(chat.rounds()) == 1
    assert chat.rounds()[0].complete
    go_on(chat, talk)


def test_compact_can_put_a_summary_in_their_place(service, three, verb, add, go_on, talk):
    three.system_prompt = "Be terse."
    service.say("We counted to two.")
    done = verb(three, "compact", 10, how="summarise")
    assert (done.summary, len(done.dropped)) == ("We counted to two.", 4)
    assert texts(three)[1:] == ["We counted to two.", "three", "THREE"]
    assert "Summarise our conversation so far" in texts(three)[0]
    asked = service.requests[-1]
    assert [message["content"] for message in asked.messages[:-1]] == ["Be terse.", "one", "ONE", "two", "TWO"]
    assert "tools" not in asked.json
    assert three.spent.requests == 4
    go_on(three, talk)


def test_a_summary_that_fails_leaves_the_history_alone(service, three, verb):
    before = three.turns
    service.script(*[ErrorAnswer(500)] * 3)
    with pytest.raises(InternalServerError):
        verb(three, "compact", 10, how="summarise")
    assert three.turns == before
    three.limits = Limits(tokens=1)
    with pytest.raises(LimitError):
        verb(three, "compact", 10, how="summarise")
    assert three.turns == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_tokens": 0}, "`max_tokens`"),
        ({"max_tokens": "10"}, "`max_tokens`"),
        ({"max_tokens": 10, "keep_rounds": 0}, "`keep_rounds`"),
        ({"max_tokens": 10, "how": "forget"}, "`how` must be"),
    ],
)
def test_compact_refuses_what_makes_no_sense(three, verb, options, words):
    with pytest.raises(ConfigError, match=words):
        verb(three, "compact", **options)
    assert len(three) == 6


def test_an_added_exchange_is_a_round_like_any_other(service, chat, verb):
    chat.add_turn("one", AssistantTurn("ONE"))
    service.say("1")
    verb(chat, "retry")
    assert texts(chat) == ["one", "1"]
