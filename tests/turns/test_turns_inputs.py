"""What users hand over: made into turns, or refused."""

from __future__ import annotations

import pytest

from chatkit._errors import ConfigError, HistoryError
from chatkit._turns.contents import ContentImageRemote, ContentText, ContentThinking
from chatkit._turns.inputs import exchange, system_turn, user_turn, whole_history
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn

IMAGE = ContentImageRemote("https://x/y.png")


@pytest.mark.parametrize(
    ("given", "contents"),
    [
        (["a"], [ContentText("a")]),
        (["a", "b"], [ContentText("a"), ContentText("b")]),
        (["a", None, IMAGE], [ContentText("a"), IMAGE]),
        ([IMAGE], [IMAGE]),
        (["", IMAGE], [ContentText(""), IMAGE]),
        ([" ", "a"], [ContentText(" "), ContentText("a")]),
        (("a",), [ContentText("a")]),
    ],
)
def test_a_user_turn_of_what_a_verb_was_given(given, contents):
    assert user_turn(given) == UserTurn(contents)


@pytest.mark.parametrize("given", [[], [None], [""], [" \n"], ["", None, "\t"]], ids=repr)
def test_nothing_to_say_is_refused(given):
    with pytest.raises(ConfigError, match="nothing to say"):
        user_turn(given)


@pytest.mark.parametrize("given", [[3], ["a", b"b"], [["a"]], [{"text": "a"}], [UserTurn("a")]], ids=repr)
def test_what_is_no_content_is_refused(given):
    with pytest.raises(ConfigError, match="made of strings and contents"):
        user_turn(given)


@pytest.mark.parametrize(
    ("given", "text"),
    [("Be brief.", "Be brief."), (["a", "b"], "a\n\nb"), (("a",), "a"), (None, None), ("", None), ([], None)],
)
def test_a_system_prompt_is_a_text_or_several_joined_by_a_blank_line(given, text):
    assert system_turn(given) == (None if text is None else SystemTurn(text))


@pytest.mark.parametrize("given", [3, b"a", ["a", None], {"a": "b"}, SystemTurn("a"), iter("a")], ids=repr)
def test_a_system_prompt_is_nothing_else(given):
    with pytest.raises(ConfigError, match="must be a string, a list of strings, or None"):
        system_turn(given)


@pytest.mark.parametrize("user", ["q", UserTurn("q")])
@pytest.mark.parametrize("assistant", ["a", AssistantTurn("a")])
def test_an_exchange_is_given_as_turns_or_as_strings(user, assistant):
    assert exchange(user, assistant) == (UserTurn("q"), AssistantTurn("a"))


@pytest.mark.parametrize(
    ("user", "assistant"),
    [(AssistantTurn("a"), UserTurn("q")), ("q", None), (None, "a"), (["q"], "a"), ("q", 3), (SystemTurn("s"), "a")],
)
def test_an_exchange_is_nothing_else(user, assistant):
    with pytest.raises(HistoryError, match="a user turn and an assistant turn, in this order"):
        exchange(user, assistant)


SAID = [UserTurn("q"), AssistantTurn([ContentThinking("Hm"), "a"])]


@pytest.mark.parametrize("collect", [list, tuple, iter])
def test_a_whole_history_without_and_with_a_system_turn(collect):
    system, history = whole_history(collect(SAID))
    assert (system, history.turns) == (None, tuple(SAID))
    system, history = whole_history(collect([SystemTurn("s"), *SAID]))
    assert (system, history.turns) == (SystemTurn("s"), tuple(SAID))


def test_a_whole_history_may_be_empty():
    system, history = whole_history([])
    assert (system, len(history)) == (None, 0)


@pytest.mark.parametrize("given", [None, "q", 3, UserTurn("q")], ids=repr)
def test_what_is_no_list_is_no_history(given):
    with pytest.raises(HistoryError, match="a list of turns, not"):
        whole_history(given)


@pytest.mark.parametrize("given", [["q"], [*SAID, SystemTurn("late")], [None], {"role": "user"}], ids=repr)
def test_what_is_no_turn_is_no_part_of_a_history(given):
    with pytest.raises(HistoryError, match="holds user and assistant turns, not"):
        whole_history(given)
