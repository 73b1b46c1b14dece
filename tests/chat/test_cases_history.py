"""Cases 60 to 70: what is in the history after things went wrong, and counting over it."""

import copy
import threading
import time

import pytest

from chatkit import (
    AssistantTurn,
    AuthenticationError,
    Cancelled,
    ConfigError,
    ContentImageRemote,
    ContentText,
    ContentToolRequest,
    ContentToolResult,
    HistoryError,
    StreamInterruptedError,
    SystemTurn,
    Usage,
    UserTurn,
)
from chatkit.testing import Answer, ErrorAnswer, EventsAnswer, check_history


def whole(text="b", **fields):
    return AssistantTurn([text], finish_reason="stop", **fields)


def partial(text="b", reason="stopped"):
    return AssistantTurn([text], interrupted=reason)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_case_60_a_failed_request_leaves_the_history_untouched(service, chat, talk, go_on, status):
    service.script("ok", ErrorAnswer(status))
    talk(chat, "first")
    before = chat.turns
    with pytest.raises(Exception, match=f"{status}"):
        talk(chat, "second")
    assert chat.turns == before
    assert all(now is then for now, then in zip(chat.turns, before, strict=True))
    assert [message["content"] for message in go_on(chat, talk)] == ["first", "ok", "go on"]


def test_case_61_partial_turns_tell_error_cancellation_and_interruption_apart(service, chat, chunk, stalled):
    reasons = []

    def note():
        reasons.append(chat.last_turn().interrupted)

    service.script(EventsAnswer([chunk("a")], done=False), *[stalled("a")] * 3)
    with pytest.raises(StreamInterruptedError):
        list(chat.stream("x"))
    note()
    stream = chat.stream("x")
    for _ in stream:
        stream.cancel("too long")
    note()
    for _ in chat.stream("x"):
        break
    note()
    with pytest.raises(KeyboardInterrupt):
        _interrupted_by(chat.stream("x"), KeyboardInterrupt)
    note()
    assert reasons[0].startswith("StreamInterruptedError: ")
    assert reasons[1:3] == ["too long", "stopped"]
    assert reasons[3] in ("stopped", "interrupted")


def _interrupted_by(stream, kind):
    with stream:
        for _ in stream:
            raise kind


def test_case_62_tokens_are_counted_beside_partial_and_unpaired_turns(chat):
    usage = Usage(10, 5, 4, 2)
    chat.set_turns(
        [
            UserTurn("one"),
            partial(),
            UserTurn("two"),
            UserTurn("three"),
            whole(usage=usage, cost=0.5),
            UserTurn("unanswered"),
        ]
    )
    rows = chat.get_tokens()
    assert [(row.input, row.output, row.cached_input, row.cost, row.input_preview) for row in rows] == [
        (6, 5, 4, 0.5, "Text[three]")
    ]
    assert chat.usage() == usage
    assert chat.get_cost() == 0.5


def test_case_62_previews_are_short_and_name_what_is_no_text(chat):
    chat.set_turns(
        [
            UserTurn([ContentText("x" * 41), ContentText("more"), ContentImageRemote("https://x.test/a.png")]),
            whole(),
            whole(),
        ]
    )
    preview = f"Text[{'x' * 40}...], Text, ImageRemote"
    assert [row.input_preview for row in chat.get_tokens()] == [preview, preview]
    chat.set_turns([whole()])
    assert chat.get_tokens()[0].input_preview == ""


def test_case_62_the_first_text_is_shown_wherever_it_stands(chat):
    chat.set_turns([UserTurn([ContentImageRemote("https://x.test/a.png"), "What is it?", "Hm?"]), whole()])
    assert chat.get_tokens()[0].input_preview == "ImageRemote, Text[What is it?], Text"


def test_case_63_the_last_turn_of_a_role_goes_by_the_role(chat):
    assert [chat.last_turn(role) for role in ("assistant", "user", "system")] == [None, None, None]
    chat.system_prompt = "Be terse."
    chat.set_turns([UserTurn("a")])
    assert chat.last_turn() is None
    assert chat.last_turn("user") == UserTurn("a")
    assert chat.last_turn("system") == SystemTurn("Be terse.")
    chat.set_turns([UserTurn("a"), whole("b"), UserTurn("c")])
    assert chat.last_turn() == whole("b")
    assert chat.last_turn("user") == UserTurn("c")
    with pytest.raises(ConfigError, match='"assistant", "user" or "system", not \'model\''):
        chat.last_turn("model")


def test_case_64_any_history_can_be_printed(chat):
    request = ContentToolRequest("k", "add", {"a": 1})
    for turns in (
        [],
        [UserTurn("a")],
        [UserTurn("a"), partial()],
        [whole()],
        [UserTurn("a"), UserTurn(["b", ContentImageRemote("https://x.test/a.png")])],
        [UserTurn("a"), AssistantTurn([request]), UserTurn([ContentToolResult(1, request=request)]), whole("done")],
        [UserTurn("a"), AssistantTurn([ContentToolRequest("k", "add", None, "{bad")]), UserTurn([ContentToolResult()])],
    ):
        chat.set_turns(turns)
        assert repr(chat).startswith(f"<Chat OpenAI-compatible/m turns={len(turns)}")
        assert str(chat).startswith(repr(chat))
        for turn in turns:
            assert turn.text in str(chat)


def test_case_65_costs_are_summed_and_unknown_ones_are_unknown(chat):
    assert chat.get_cost() == 0.0
    assert chat.get_cost("last") == 0.0
    chat.set_turns([UserTurn("a"), whole(cost=0.25), UserTurn("b"), whole(cost=0.5), UserTurn("c"), partial()])
    assert (chat.get_cost(), chat.get_cost("last")) == (0.75, 0.5)
    chat.set_turns([UserTurn("a"), whole(), UserTurn("b"), whole(cost=0.0)])
    assert (chat.get_cost(), chat.get_cost("last")) == (None, 0.0)
    with pytest.raises(ConfigError, match='"all" or "last"'):
        chat.get_cost("first")


def test_case_65_a_sum_with_an_unknown_count_is_unknown(chat):
    chat.set_turns([UserTurn("a"), whole(usage=Usage(1, 2)), UserTurn("b"), whole(usage=Usage(3, None, 1))])
    assert chat.usage() == Usage(4, None, None, None)
    assert chat.get_tokens()[1].input == 2
    chat.set_turns([])
    assert chat.usage() == Usage(0, 0, 0, 0, 0)


def test_case_66_every_request_of_a_tool_loop_is_counted_once(service, chat, talk, add):
    from chatkit.testing import ToolCall

    usage = {"prompt_tokens": 10, "completion_tokens": 1}
    service.script(
        Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})], usage="separate", usage_body=usage),
        Answer("3.", usage="separate", usage_body=usage),
    )
    talk(chat, "1 + 2?")
    assert (chat.usage().input_tokens, chat.usage().output_tokens) == (20, 2)
    assert [row.input_preview for row in chat.get_tokens()] == ["Text[1 + 2?]", "ToolResult"]


def test_case_67_set_turns_keeps_the_system_prompt_or_takes_the_one_it_brings(chat):
    chat.system_prompt = "Be terse."
    chat.set_turns([UserTurn("a"), whole()])
    assert chat.system_prompt == "Be terse."
    chat.set_turns([SystemTurn("Be kind."), UserTurn("a"), whole()])
    assert chat.system_prompt == "Be kind."
    assert [turn.role for turn in chat.get_turns(include_system_prompt=True)] == ["system", "user", "assistant"]
    assert [turn.role for turn in chat.get_turns()] == ["user", "assistant"]
    chat.set_turns([])
    assert (chat.system_prompt, len(chat)) == ("Be kind.", 0)


@pytest.mark.parametrize("bad", ["text", 5, None, [UserTurn("a"), SystemTurn("late")], [UserTurn("a"), "b"], {"a": 1}])
def test_case_67_what_is_no_history_changes_nothing(chat, bad):
    chat.system_prompt = "Be terse."
    chat.set_turns([UserTurn("a"), whole()])
    with pytest.raises(HistoryError):
        chat.set_turns(bad)
    with pytest.raises(HistoryError):
        chat.turns = bad
    assert (chat.system_prompt, len(chat)) == ("Be terse.", 2)


def test_case_68_rounds_begin_with_what_a_user_said(chat):
    request = ContentToolRequest("k", "add", {})
    result = UserTurn([ContentToolResult(1, request=request)])
    first, asks, second, third = UserTurn("a"), AssistantTurn([request]), UserTurn("b"), UserTurn("c")
    chat.set_turns([first, asks, result, whole(), second, third, partial()])
    rounds = chat.rounds()
    assert [(item.input, item.response) for item in rounds] == [
        ((first,), (asks, result, whole())),
        ((second, third), (partial(),)),
    ]
    assert [item.complete for item in rounds] == [True, False]
    chat.set_turns([first, asks])
    assert not chat.rounds()[0].complete
    chat.set_turns([first])
    assert not chat.rounds()[0].complete
    chat.set_turns([])
    assert chat.rounds() == []


def test_case_68_results_together_with_words_begin_a_round(chat):
    request = ContentToolRequest("k", "add", {})
    both = UserTurn([ContentToolResult(1, request=request), ContentText("and now?")])
    chat.set_turns([UserTurn("a"), AssistantTurn([request]), both, whole()])
    assert len(chat.rounds()) == 2


def test_case_68_a_history_that_begins_with_an_answer_has_no_rounds(chat):
    chat.set_turns([whole()])
    with pytest.raises(HistoryError, match="cannot begin with an answer"):
        chat.rounds()


@pytest.mark.parametrize("twin", [lambda chat: chat.clone(), lambda chat: chat.fork(), copy.copy, copy.deepcopy])
def test_case_70_clones_go_their_own_way_in_both_directions(service, chat, talk, twin, add):
    chat.system_prompt = "Be terse."
    service.script("one")
    talk(chat, "first")
    clone = twin(chat)
    assert clone.turns == chat.turns
    service.script("two", "three")
    talk(clone, "second")
    assert len(chat) == 2
    talk(chat, "third")
    assert [message["content"] for message in service.requests[2].messages] == ["Be terse.", "first", "one", "third"]
    clone.system_prompt, clone.model = "Be kind.", "other"
    clone.set_tools([])
    assert (chat.system_prompt, chat.model, list(chat.tools)) == ("Be terse.", "m", ["add"])
    chat.model = "third"
    chat.register_tool(add_more)
    assert (clone.model, clone.tools) == ("other", {})


def add_more(a: int) -> int:
    """Add one."""
    return a + 1


def test_i1_an_unanswered_call_at_the_end_is_answered_when_the_chat_goes_on(service, chat, talk, go_on):
    chat.set_turns([UserTurn("a"), AssistantTurn([ContentToolRequest("k", "add", {})])])
    messages = go_on(chat, talk)
    assert messages[2]["content"] == "The chat ended before the tool could be invoked."
    assert len(chat.turns) == 4


def test_i2_what_is_stored_is_not_touched_by_what_is_sent(service, chat, talk, go_on):
    odd = [UserTurn([ContentToolResult(1)]), UserTurn("a"), AssistantTurn([]), UserTurn("b")]
    chat.set_turns(odd)
    assert go_on(chat, talk) == [{"role": "user", "content": "a\n\nb\n\ngo on"}]
    assert chat.turns[:4] == odd


def test_i3_after_a_partial_turn_its_text_is_sent_and_its_tool_calls_are_not(service, chat, talk, go_on):
    chat.set_turns(
        [UserTurn("a"), AssistantTurn(["so far", ContentToolRequest("k", "add", {})], interrupted="stopped")]
    )
    assert go_on(chat, talk)[1] == {"role": "assistant", "content": "so far"}
    chat.set_turns([UserTurn("a"), AssistantTurn([ContentToolRequest("k", "add", {})], interrupted="stopped")])
    assert go_on(chat, talk) == [{"role": "user", "content": "a\n\ngo on"}]


def test_a_failure_after_a_partial_turn_is_not_mistaken_for_it(service, chat, chunk):
    """A stream knows its own turns only."""
    service.script(EventsAnswer([chunk("a")], done=False), ErrorAnswer(401))
    with pytest.raises(StreamInterruptedError):
        list(chat.stream("one"))
    stream = chat.stream("two")
    with pytest.raises(AuthenticationError):
        list(stream)
    assert chat.last_turn().text == "a"
    assert stream.turn is None


@pytest.mark.parametrize("reason", ["cancelled", "too long"])
def test_a_cancelled_blocking_call_says_why_and_keeps_what_came(service, chat, reason, stalled):
    service.script(stalled("so far"))
    caught = []

    def ask():
        try:
            chat.chat("x", echo="none")
        except Cancelled as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert _until(lambda: service.requests)
    time.sleep(0.1)
    chat.cancel(reason)
    thread.join(2)
    assert not thread.is_alive()
    assert caught[0].reason == reason
    assert caught[0].partial == chat.last_turn()
    assert (chat.last_turn().text, chat.last_turn().interrupted) == ("so far", reason)
    service.say("ok")
    assert chat.chat("y") == "ok"
    assert check_history(service.requests[-1].messages) == []


def _until(condition, seconds=2.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()
