"""The stream: every way to read it, to leave it and to end it, and what it says of itself meanwhile."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from chatkit._engine.call import Call
from chatkit._engine.loop import converse
from chatkit._engine.streams import Stream
from chatkit._errors import APIConnectionError, APIStatusError, Cancelled, ChatBusyError, ConfigError
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.turns import AssistantTurn, Usage, UserTurn

Q = UserTurn("q")
HELLO = [200, "Hel", "lo .stop"]
# Two words that come together.
TOGETHER = [200, "Hel lo", "never .stop"]


@pytest.fixture
def make(fake, talk):
    def make(*answers, hook=None, on_event=lambda event: None):
        line = fake.Line(fake.Wire(*answers), hook)
        made = Stream(Call(talk, converse(talk, Q, stream=True, concurrent=False), line), fake.Watcher(on_event))
        made.log = line.wire.log
        return made

    return make


def last(talk):
    turn = talk.history.turns[-1]
    return turn.text, turn.interrupted


def add() -> str:
    """Add."""
    return "4"


# --- reading --------------------------------------------------------------------------------------------------------


def test_iterating_gives_the_text(make, talk):
    stream = make(HELLO)
    assert list(stream) == ["Hel", "lo"]
    assert (stream.text, last(talk)) == ("Hello", ("Hello", None))
    assert stream.turn is talk.history.turns[-1]
    assert stream.log == ["send", "receive", "receive", "release", "close", "close"][: len(stream.log)]


def test_next_gives_the_text(make, talk):
    stream = make(HELLO)
    assert (next(stream), next(stream)) == ("Hel", "lo")
    for _ in range(2):
        with pytest.raises(StopIteration):
            next(stream)
    assert last(talk) == ("Hello", None)
    talk.busy.check()


def test_events_are_everything(make, fake, talk):
    stream = make(HELLO)
    assert [fake.shown(event) for event in stream.events()] == ["turn_started", "Hel", "lo", "turn_ended"]
    assert (stream.text, stream.turn) == ("Hello", talk.history.turns[-1])


def test_events_of_tools(make, talk):
    talk.toolbox = Toolbox([add])
    types = [event.type for event in make([200, "+c1 .tool_calls"], HELLO).events()]
    assert types == [
        *("turn_started", "tool_input_delta", "turn_ended", "tool_requested", "tool_returned"),
        *("turn_started", "text_delta", "text_delta", "turn_ended"),
    ]


@pytest.mark.parametrize("read", [list, lambda stream: list(stream.events()), lambda stream: next(stream, None)])
def test_the_watcher_is_told_of_all_but_text(make, read):
    heard = []
    read(make(HELLO, on_event=lambda event: heard.append(event.type)))
    assert heard in (["turn_started", "turn_ended"], ["turn_started"])


def test_a_stream_is_read_once(make):
    stream = make(HELLO)
    assert "".join(stream) == "Hello"
    for again in (stream, stream.events()):
        with pytest.raises(ConfigError, match=r"read to its end.* `text`"):
            list(again)
    assert next(stream, "over") == "over"


def test_reading_on_in_another_way(make):
    stream = make(HELLO)
    assert next(stream) == "Hel"
    assert list(stream) == ["lo"]
    assert stream.text == "Hello"


# --- leaving --------------------------------------------------------------------------------------------------------


def leave_loop(stream):
    for _ in stream:
        break


def leave_events(stream):
    for event in stream.events():
        if event.type == "text_delta":
            break


def leave_with(stream):
    with stream as same:
        assert same is stream
        next(stream)


def close(stream):
    next(stream)
    stream.close()
    stream.close()


@pytest.mark.parametrize("leave", [leave_loop, leave_events, leave_with, close])
def test_leaving_early_ends_the_answer_at_once(make, talk, leave):
    stream = make(TOGETHER)
    leave(stream)
    assert last(talk) == ("Hel", "stopped")
    assert (stream.text, stream.turn) == ("Hel", talk.history.turns[-1])
    assert stream.log[-1] == "close"
    talk.busy.check()
    assert list(stream) == []
    assert list(make(HELLO)) == ["Hel", "lo"]


def test_an_exception_in_the_loop_body_is_ones_own(make, talk):
    stream = make(TOGETHER)
    with pytest.raises(ZeroDivisionError):
        for _ in stream:
            1 / 0  # noqa: B018
    gc.collect()
    talk.busy.check()
    assert talk.history.turns[-1].interrupted is not None


@pytest.mark.parametrize("read", [list, lambda stream: list(stream.events()), leave_with])
def test_an_exception_of_the_watcher_ends_the_answer(make, talk, read):
    def on_event(event):
        raise UserWarning("as an error")

    with pytest.raises(UserWarning):
        read(make(HELLO, on_event=on_event))
    talk.busy.check()
    assert len(talk.history) == 0


def test_a_stream_that_is_dropped_ends(make, talk):
    stream = make(TOGETHER)
    next(stream)
    dropped = weakref.ref(stream)
    del stream
    gc.collect()
    assert dropped() is None
    assert last(talk) == ("Hel", "stopped")
    talk.busy.check()


def test_a_stream_that_is_never_read_sends_nothing(make, talk):
    stream = make()
    stream.close()
    with stream:
        pass
    log = stream.log
    del stream
    gc.collect()
    assert (log, len(talk.history)) == ([], 0)
    talk.busy.check()
    other = make()
    other.close()
    assert list(other) == []


def test_a_second_stream_is_refused_and_the_first_goes_on(make):
    first, second = make(HELLO), make(HELLO)
    next(first)
    with pytest.raises(ChatBusyError):
        next(second)
    assert list(first) == ["lo"]
    assert second.log == []


def test_closing_one_stream_does_not_end_another(make, talk):
    first, second = make(HELLO), make(HELLO)
    next(first)
    second.close()
    del second
    gc.collect()
    assert list(first) == ["lo"]
    assert last(talk) == ("Hello", None)


# --- failing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "read", [list, lambda stream: list(stream.events()), lambda stream: [next(stream), next(stream)]]
)
def test_an_error_is_raised_and_the_partial_answer_stays(make, talk, read):
    stream = make([200, "Hel", APIConnectionError("Reset.")])
    with pytest.raises(ConnectionError) as caught:
        read(stream)
    assert (stream.text, stream.turn) == ("Hel", caught.value.partial)
    assert last(talk)[0] == "Hel"
    talk.busy.check()


def test_a_failed_call_has_no_turn(make, talk):
    stream = make([400, "bad"])
    with pytest.raises(APIStatusError):
        list(stream)
    assert (stream.turn, stream.text, len(talk.history)) == (None, "", 0)


# --- cancelling -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["text", "events", "next"])
def test_cancelling_between_two_pieces_ends_the_iteration_there(make, talk, how):
    stream = make(TOGETHER)
    told = []
    pieces = {"text": stream, "events": stream.events(), "next": iter(lambda: next(stream, None), None)}[how]
    for piece in pieces:
        if how != "events" or piece.type == "text_delta":
            told.append(piece)
            stream.cancel("enough")
    assert len(told) == 1
    assert last(talk) == ("Hel", "enough")
    assert stream.turn is talk.history.turns[-1]
    talk.busy.check()


def test_cancelling_before_anything_sends_nothing(make, talk):
    stream = make(HELLO)
    stream.cancel()
    assert list(stream) == []
    assert (stream.log.count("receive"), len(talk.history)) == (0, 0)


def test_cancelling_afterwards_is_harmless(make, talk):
    stream = make(HELLO)
    list(stream)
    stream.cancel()
    assert (next(stream, "over"), last(talk)) == ("over", ("Hello", None))


def test_cancelling_at_the_very_end_changes_nothing(make, talk):
    stream = make(HELLO)
    for event in stream.events():
        if event.type == "turn_ended":
            stream.cancel()
    assert (stream.turn, last(talk)) == (talk.history.turns[-1], ("Hello", None))
    talk.busy.check()


def test_cancelling_in_another_thread(make, talk):
    waiting, hung_up = threading.Event(), threading.Event()

    def hook(what):
        if stream.text:
            waiting.set()
            assert hung_up.wait(5)

    stream = make([200, "Hel", "lo"], hook=hook)

    def cancel():
        assert waiting.wait(5)
        stream.cancel("enough")
        hung_up.set()

    thread = threading.Thread(target=cancel)
    thread.start()
    assert list(stream) == ["Hel"]
    thread.join(5)
    assert last(talk) == ("Hel", "enough")


def test_cancelling_in_a_tool_runs_no_more(make, talk):
    def add() -> str:
        """Add."""
        stream.cancel("enough")
        return "4"

    talk.toolbox = Toolbox([add])
    stream = make([200, "+c1 +c2 .tool_calls"])
    assert list(stream) == []
    assert [result.error for result in talk.history.turns[-1].tool_results] == [None, "The tool call was interrupted."]


def test_a_cancellation_that_is_not_ones_own_is_no_error_either(make, talk):
    # As `chat.cancel()` hangs up without telling the stream.
    stream = make([200, "Hel", Cancelled("x", reason="enough")])
    assert list(stream) == ["Hel"]
    assert last(talk) == ("Hel", "enough")


# --- what it says of itself -----------------------------------------------------------------------------------------


def test_before_during_and_after(make, talk):
    talk.toolbox = Toolbox([add])
    stream = make([200, "One +c1 .tool_calls"], [200, "Two", "three .stop"])
    assert (stream.text, stream.turn, stream.usage) == ("", None, Usage(0, 0, 0, 0, 0))
    assert repr(stream) == "<Stream not begun, 0 characters>"
    assert next(stream) == "One"
    assert (stream.text, stream.turn, stream.usage) == ("One", None, Usage(0, 0, 0, 0, 0))
    assert repr(stream) == "<Stream live, 3 characters>"
    assert next(stream) == "Two"
    assert (stream.text, stream.turn, stream.usage) == ("OneTwo", talk.history.turns[1], Usage(1, 2, None, None))
    assert list(stream) == ["three"]
    assert (stream.text, stream.turn) == ("OneTwothree", talk.history.turns[3])
    assert (stream.usage, repr(stream)) == (Usage(2, 4, None, None), "<Stream over, 11 characters>")


def test_a_stream_knows_the_turns_of_its_own_call_alone(make, talk):
    stream = make(HELLO)
    list(stream)
    whole = stream.turn
    leave_loop(make(TOGETHER))
    assert (stream.turn, last(talk)) == (whole, ("Hel", "stopped"))


def test_a_stream_that_failed_does_not_take_an_earlier_partial_turn_for_its_own(make, talk):
    leave_loop(make(TOGETHER))
    stream = make([400, "bad"])
    with pytest.raises(APIStatusError):
        list(stream)
    assert stream.turn is None


def test_a_partial_turn_stays_a_streams_own_when_the_chat_goes_on(make, talk):
    stream = make(TOGETHER)
    leave_loop(stream)
    partial = stream.turn
    assert isinstance(partial, AssistantTurn)
    list(make(HELLO))
    assert stream.turn is partial
